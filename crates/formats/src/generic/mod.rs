//! Generic packages: no package manager, everything through the API.
//!
//! Its package endpoint has an address and nothing behind it, as in the service itself.

mod asset_name;

use catalog::{FormatRules, Growth};
use model::{
    AssetName, Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result,
    VersionDetails,
};

use crate::not_served::{NAMESPACE_NEEDED, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("generic");

/// The generic format.
pub(crate) struct Generic;

impl FormatRules for Generic {
    fn id(&self) -> FormatId {
        ID
    }

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

    fn growth(&self) -> Growth {
        Growth::WhileUnfinished
    }

    fn is_published_through_api(&self) -> bool {
        true
    }

    fn check_asset_name(&self, name: &AssetName) -> Result<(), Constraint> {
        asset_name::check(name)
    }

    fn has_readme(&self) -> bool {
        false
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Generic {
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
    fn a_namespace_is_needed() {
        let name = PackageName::parse("installer").unwrap();
        assert_eq!(
            Generic.coordinates(None, name.clone()).unwrap_err(),
            NAMESPACE_NEEDED
        );
        let coordinates = Generic
            .coordinates(Some(Namespace::parse("Tools").unwrap()), name)
            .unwrap();
        assert_eq!(coordinates.to_string(), "generic/Tools/installer");
    }
}
