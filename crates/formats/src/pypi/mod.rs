//! Python: the simple repository API and the upload API that pip, uv, poetry, twine and their like speak.
//!
//! Reading and writing of documents ([`core_metadata`], [`wheel`], [`sdist`], [`source`], [`simple_html`], [`simple_json`],
//! [`releases`]) knows no HTTP; the endpoints beside it know no more of documents than where they are. The protocol is
//! described in PyPA's specifications (PEP 440, 503, 592, 625, 658, 691, 700, 708, 714, 740, 792), uploads and the JSON API
//! in the documentation of the public index.

mod connections;
mod core_metadata;
mod distribution;
mod file;
mod file_name;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod link;
mod name;
mod project_json;
mod provenance;
mod releases;
mod routes;
mod sdist;
mod shown;
mod simple;
mod simple_html;
mod simple_json;
mod source;
mod source_html;
mod upload;
mod upload_form;
mod version;
mod version_metadata;
mod wheel;

use bytes::Bytes;
use catalog::{
    AssetBytes, Examined, FormatRules, Growth, PackageView, PublicConnection, PublicSource,
};
use model::{
    AssetName, Constraint, Dependency, FormatId, Namespace, PackageCoordinates, PackageName,
    Result, VersionDetails, VersionKey, VersionName,
};

use self::link::project_link;
use self::shown::Shown;
use crate::namespace_rule::NO_NAMESPACE;
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("pypi");

/// The version of the simple repository API that pages are written in.
const API_VERSION: &str = "1.4";

/// The Python format.
pub(crate) struct Pypi;

impl FormatRules for Pypi {
    fn id(&self) -> FormatId {
        ID
    }

    /// Lower case, with every run of `-`, `_` and `.` as one hyphen (PEP 503, "Normalized Names").
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        name: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        if namespace.is_some() {
            return Err(NO_NAMESPACE);
        }
        let normalized = name::normalized(name.as_str());
        let name = PackageName::parse(&normalized).map_err(|e| ("package", e))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: None,
            name,
        })
    }

    fn version_key(&self, version: &VersionName) -> VersionKey {
        VersionKey::new(version::key(version.as_str()))
    }

    fn growth(&self) -> Growth {
        Growth::Always
    }

    fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> Result<Examined> {
        distribution::examine(package, version, asset, bytes)
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        version_metadata::merged(held, new)
    }

    fn follows_source(&self) -> bool {
        true
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::PypiSource)
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        version_metadata::dependencies(metadata)
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        version_metadata::details(metadata)
    }
}

impl Format for Pypi {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }
}

/// The documents of a project that are kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// The page in HTML.
    Html,
    /// The page in JSON.
    Json,
    /// What the JSON API is cut out of.
    Releases,
    /// The provenance of all files that have attestations.
    Provenance,
}

impl Variant {
    const ALL: [Self; 4] = [Self::Html, Self::Json, Self::Releases, Self::Provenance];

    fn number(self) -> u8 {
        match self {
            Self::Html => 0,
            Self::Json => 1,
            Self::Releases => 2,
            Self::Provenance => 3,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
fn render(view: &PackageView, base: &str, variant: u8) -> Result<Bytes> {
    let variant = Variant::ALL
        .into_iter()
        .find(|known| known.number() == variant);
    match variant.unwrap_or(Variant::Html) {
        Variant::Html => Ok(simple_html::render_project(&Shown::of(view, base)).into()),
        Variant::Json => simple_json::render_project(&Shown::of(view, base)),
        Variant::Releases => {
            let shown = Shown::of(view, base);
            let link = project_link(base, shown.name);
            releases::render(&shown, link)
        }
        Variant::Provenance => provenance::render(view),
    }
}
