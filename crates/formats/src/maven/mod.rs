//! Maven: the repository layout (Maven's "Repository Layout - Default" page) and its metadata files.
//!
//! So far only what the API needs to know: names and connections. Package requests are told that they are not served.

mod connections;

use catalog::{FormatRules, PublicConnection};
use model::{
    Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result, VersionDetails,
};

use crate::not_served::{NAMESPACE_NEEDED, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("maven");

/// The Maven format.
pub(crate) struct Maven;

impl FormatRules for Maven {
    fn id(&self) -> FormatId {
        ID
    }

    /// The namespace is the group id.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        let namespace = Some(namespace.ok_or(NAMESPACE_NEEDED)?);
        Ok(PackageCoordinates {
            format: ID,
            namespace,
            name,
        })
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn has_readme(&self) -> bool {
        false
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Maven {
    fn route(&self, _: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        not_served(ID)
    }

    fn is_served(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_id_is_needed_and_nothing_is_normalized() {
        let name = PackageName::parse("Log4J-core").unwrap();
        assert_eq!(
            Maven.coordinates(None, name.clone()).unwrap_err(),
            NAMESPACE_NEEDED
        );
        let group = Some(Namespace::parse("org.Apache.logging").unwrap());
        let coordinates = Maven.coordinates(group, name).unwrap();
        assert_eq!(
            coordinates.to_string(),
            "maven/org.Apache.logging/Log4J-core"
        );
    }
}
