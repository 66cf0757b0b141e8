//! Cargo: the sparse registry index and the registry web API (the Cargo book, "Registries").
//!
//! So far only what the API needs to know: names and connections. Package requests are told that they are not served.

mod connections;

use catalog::{FormatRules, PublicConnection};
use model::{
    Constraint, FormatId, Namespace, PackageCoordinates, PackageName, Result, VersionDetails,
};

use crate::not_served::{NO_NAMESPACE, not_served};
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("cargo");

/// The Cargo format.
pub(crate) struct Cargo;

impl FormatRules for Cargo {
    fn id(&self) -> FormatId {
        ID
    }

    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_some() {
            return Err(NO_NAMESPACE);
        }
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn details(&self, _: &PackageCoordinates, _: &str) -> VersionDetails {
        VersionDetails::default()
    }
}

impl Format for Cargo {
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
    fn names_keep_their_spelling_and_have_no_namespace() {
        let name = PackageName::parse("Serde_json").unwrap();
        assert_eq!(Cargo.coordinates(None, name.clone()).unwrap().name, name);
        let namespace = Some(Namespace::parse("x").unwrap());
        assert_eq!(
            Cargo.coordinates(namespace, name).unwrap_err(),
            NO_NAMESPACE
        );
    }
}
