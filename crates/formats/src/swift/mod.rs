//! Swift: the package registry service (Swift Evolution proposal 0292 and the registry specification).
//!
//! So far only what the API needs to know: names. Package requests are told that they are not served.

use catalog::FormatRules;
use model::{
    Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result, VersionDetails,
};

use crate::not_served::{NAMESPACE_NEEDED, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("swift");

/// The Swift format.
pub(crate) struct Swift;

impl FormatRules for Swift {
    fn id(&self) -> FormatId {
        ID
    }

    /// The namespace is the scope; both are held in lower case.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        let namespace = namespace.ok_or(NAMESPACE_NEEDED)?;
        let namespace =
            Namespace::parse(&namespace.as_str().to_lowercase()).map_err(|e| ("namespace", e))?;
        let name = PackageName::parse(&name.as_str().to_lowercase()).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: Some(namespace),
            name,
        })
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Swift {
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
    fn f_sw_1_names_are_held_in_lower_case_and_have_a_scope() {
        let name = PackageName::parse("LinkedList").unwrap();
        assert_eq!(
            Swift.coordinates(None, name.clone()).unwrap_err(),
            NAMESPACE_NEEDED
        );
        let coordinates = Swift
            .coordinates(Some(Namespace::parse("Mona").unwrap()), name)
            .unwrap();
        assert_eq!(coordinates.to_string(), "swift/mona/linkedlist");
    }
}
