//! npm: the registry API that npm, pnpm, Yarn and Bun speak.
//!
//! Parsing and writing of documents ([`packument`], [`publish_document`], [`package_archive`], [`source`]) knows no HTTP;
//! the endpoints beside it know no JSON beyond their own answers. The protocol is described in the npm project's
//! `registry` repository (`docs/REGISTRY-API.md`, `docs/responses/package-metadata.md`), the rest by its clients' sources.

mod access;
mod connections;
mod dependencies;
mod deprecation;
mod dist_tags;
mod identity;
mod integrity;
mod manifest;
mod members;
mod name;
mod overview;
mod package_archive;
mod packument;
mod publication;
mod publish;
mod publish_document;
mod read;
mod routes;
mod search;
mod shown;
mod source;
mod tag;
mod tarball;
mod unpublish;
mod version;
mod version_object;

use bytes::Bytes;
use catalog::{FormatRules, PackageView, PublicConnection, PublicSource};
use http::header::HeaderValue;
use model::{
    AssetName, Constraint, Dependency, Error, FormatId, Namespace, PackageCoordinates, PackageName,
    Result, VersionDetails,
};

use crate::kit::body::Response;
use crate::kit::error_reply;
use crate::{Endpoint, Format, RequestHead};

pub(crate) const ID: FormatId = FormatId::new("npm");

/// The tag that clients install when none is named.
const LATEST: &str = "latest";

/// The npm format.
pub(crate) struct Npm;

impl FormatRules for Npm {
    fn id(&self) -> FormatId {
        ID
    }

    /// The namespace is the scope without its `@`; nothing is normalized, and case counts.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        Ok(PackageCoordinates {
            format: ID,
            namespace,
            name,
        })
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::NpmSource)
    }

    fn default_tag(&self) -> Option<&'static str> {
        Some(LATEST)
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        dependencies::read(metadata)
    }

    fn details(&self, package: &PackageCoordinates, metadata: &str) -> VersionDetails {
        manifest::details(package, metadata)
    }
}

impl Format for Npm {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }

    /// npm prints `error`; the other clients print `message`, or the status alone.
    fn render_error(&self, error: &Error) -> Response {
        let body = serde_json::json!({ "error": error.message, "message": error.message });
        error_reply::with_body(
            error,
            HeaderValue::from_static("application/json"),
            body.to_string(),
        )
    }
}

/// The forms of a package's document that are kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// The full packument.
    Full,
    /// The packument that installing needs.
    Abbreviated,
    /// What writes need to know of a package; see [`overview`].
    Overview,
}

impl Variant {
    const fn number(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::Abbreviated => 1,
            Self::Overview => 2,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
fn render(view: &PackageView, base: &str, variant: u8) -> Result<Bytes> {
    if variant == Variant::Full.number() {
        packument::render_full(view, base)
    } else if variant == Variant::Abbreviated.number() {
        packument::render_abbreviated(view, base)
    } else {
        overview::render(view)
    }
}

/// The one asset of a version.
fn asset_name() -> AssetName {
    AssetName::parse("package.tgz").expect("a constant that is a good name")
}
