//! Generic packages: files without a package manager.
//!
//! The service itself serves them through its API alone (user guide, "Working with generic packages"). Here plain HTTP
//! does too, for curl and whatever else can fetch a file: a repository looks like a tree of folders, whose files are
//! the assets at `{namespace}/{package}/{version}/{asset}`. Only what the repository itself holds is in it.

mod asset;
mod asset_name;
mod declared_digests;
mod listing;
mod page;
mod publish;
mod routes;

use catalog::{FormatRules, Growth};
use model::{
    AssetName, Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result,
    VersionDetails,
};

use crate::namespace_rule::NAMESPACE_NEEDED;
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
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
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
