//! Cargo: the sparse registry index and the web API of registries (The Cargo Book, "Running a Registry").
//!
//! Reading and writing of documents ([`frame`], [`new_crate`], [`features`], [`crate_archive`], [`crate_manifest`],
//! [`index_line`], [`version_metadata`], [`source`]) knows no HTTP; the endpoints beside it know no more of documents than
//! where they are.

mod connections;
mod crate_archive;
mod crate_manifest;
mod download;
mod features;
mod frame;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod index;
mod index_line;
mod name;
mod new_crate;
mod overview;
mod owners;
mod publish;
mod routes;
mod search;
mod source;
mod version;
mod version_metadata;
mod yank;

use bytes::Bytes;
use catalog::{
    AssetBytes, Examined, FormatRules, NameFold, PackageView, PublicConnection, PublicSource,
};
use http::header::HeaderValue;
use model::{
    AssetName, Constraint, Dependency, Error, FormatId, InvalidReason, Namespace,
    PackageCoordinates, PackageName, Result, VersionDetails, VersionKey, VersionName,
};
use serde_json::json;

use crate::kit::body::Response;
use crate::kit::error_reply;
use crate::namespace_rule::NO_NAMESPACE;
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("cargo");

/// The Cargo format.
pub(crate) struct Cargo;

impl FormatRules for Cargo {
    fn id(&self) -> FormatId {
        ID
    }

    /// Lower case: by that the index has a crate, whatever its author's spelling.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_some() {
            return Err(NO_NAMESPACE);
        }
        let lower = name.as_str().to_ascii_lowercase();
        let name = PackageName::parse(&lower).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    /// The public index has versions of old that differ in build metadata alone, and lock files that name them. None are
    /// added.
    fn number_key(&self, version: &VersionName) -> Option<VersionKey> {
        Some(VersionKey::new(version::number(version.as_str())))
    }

    fn name_fold(&self, package: &PackageCoordinates) -> Option<NameFold> {
        name::name_fold(package.name.as_str())
    }

    /// What a pulled crate says of itself beyond its index line.
    fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        _: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> Result<Examined> {
        let refused = |reason: String| {
            let message = format!("The file of the crate cannot be read: {reason}.");
            Error::invalid(InvalidReason::FieldValidation, message)
        };
        let contents = crate_archive::read(bytes).map_err(|fault| refused(fault.0))?;
        let folder = format!("{}-{version}", package.name);
        if !contents.folder.eq_ignore_ascii_case(&folder) {
            return Err(refused(format!("its folder is '{}'", contents.folder)));
        }
        let about = version_metadata::write_about(&contents.manifest.about);
        Ok(Examined {
            metadata: Some(version_metadata::write(None, Some(&about))),
            readme: contents.readme,
            companion: None,
        })
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        version_metadata::merged(held, new)
    }

    /// Yanks of the public index reach what was pulled from it.
    fn follows_source(&self) -> bool {
        true
    }

    /// An unlisted version is a yanked one: it stays in the index, or lock files that name it would break.
    fn shows_unlisted(&self) -> bool {
        true
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::CargoSource)
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        version_metadata::dependencies(metadata)
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        version_metadata::details(metadata)
    }
}

impl Format for Cargo {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }

    /// Cargo prints the details of errors in this shape, and a wall of headers for everything else.
    fn render_error(&self, error: &Error) -> Response {
        let body = json!({ "errors": [{ "detail": error.message }] });
        let json = HeaderValue::from_static("application/json");
        error_reply::with_body(error, json, body.to_string())
    }
}

/// The documents of a crate that are kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Its file of the index.
    Index,
    /// What the web API says of it.
    Overview,
}

impl Variant {
    const fn number(self) -> u8 {
        match self {
            Self::Index => 0,
            Self::Overview => 1,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
fn render(view: &PackageView, base: &str, variant: u8) -> Result<Bytes> {
    if variant == Variant::Overview.number() {
        overview::render_overview(view, base)
    } else {
        index::render_index(view)
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn f_cr_2_names_are_one_in_any_case_and_have_no_namespace() {
        let name = PackageName::parse("Serde_json").unwrap();
        let found = Cargo.coordinates(None, name.clone()).unwrap();
        assert_eq!(found.name.as_str(), "serde_json");
        let namespace = Some(Namespace::parse("x").unwrap());
        assert_eq!(
            Cargo.coordinates(namespace, name).unwrap_err(),
            NO_NAMESPACE
        );
    }

    #[test]
    fn errors_have_the_shape_that_cargo_prints() {
        let refused = Cargo.render_error(&Error::unauthenticated("who?"));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.headers()["www-authenticate"],
            "Basic realm=\"reliquary\""
        );
        assert_eq!(refused.headers()["content-type"], "application/json");
    }
}
