//! Swift: the package registry service that `swift package` and Xcode speak.
//!
//! Reading and writing of documents ([`archive`], [`manifest`], [`release_metadata`], [`repository_url`], [`publish_form`])
//! knows no HTTP. The protocol is described in the package manager's own documentation ("Swift Package Registry Service
//! Specification", version 1; proposals SE-0292, SE-0321, SE-0378, SE-0391); what clients read beside it, by their source.

mod accept;
mod archive;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod identifiers;
mod link;
mod login;
mod manifest;
mod name;
mod problem;
mod publish;
mod publish_form;
mod read_manifest;
mod release;
mod release_metadata;
mod releases;
mod repository_url;
mod routes;
mod source_archive;
mod version;
mod version_metadata;

use bytes::Bytes;
use catalog::{AssetBytes, Examined, FormatRules, PackageView};
use model::{
    AssetName, Constraint, Error, FormatId, Namespace, PackageCoordinates, PackageName, Result,
    VersionDetails, VersionKey, VersionName,
};

use self::problem::Versioned;
use crate::kit::body::Response;
use crate::namespace_rule::NAMESPACE_NEEDED;
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

    fn version_key(&self, version: &VersionName) -> VersionKey {
        version::key(version)
    }

    fn examine(
        &self,
        _: &PackageCoordinates,
        _: &VersionName,
        _: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> Result<Examined> {
        archive::examine(bytes)
    }

    fn beside_document(&self, package: &PackageView, base: &str, variant: u8) -> Bytes {
        if variant == Variant::Releases.number() {
            releases::links_of_list(package, base)
        } else {
            Bytes::new()
        }
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        version_metadata::details(metadata)
    }
}

impl Format for Swift {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        Ok(Box::new(Versioned(routes::route(head)?)))
    }

    fn render_error(&self, error: &Error) -> Response {
        problem::render(error)
    }
}

/// The documents of a package that are kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// The list of releases.
    Releases,
    /// What single releases need to know of the others; see [`releases::Overview`].
    Overview,
}

impl Variant {
    const fn number(self) -> u8 {
        match self {
            Self::Releases => 0,
            Self::Overview => 1,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
fn render(view: &PackageView, base: &str, variant: u8) -> Result<Bytes> {
    if variant == Variant::Releases.number() {
        releases::render_list(view, base)
    } else {
        releases::render_overview(view)
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
