//! Ruby: the compact index, the older index and dependency API, and pushing, as RubyGems and Bundler speak them (the
//! RubyGems.org API guides, and the clients' own sources).
//!
//! Reading and writing of documents ([`archive`], [`gemspec`], [`yaml`], [`info`], [`lists`], [`marshal`], [`marshalled`],
//! [`source`]) knows no HTTP; the endpoints beside it know no more of documents than where they are. No Ruby is run, and
//! nothing in Ruby's own serialization is ever read.

mod account;
mod archive;
mod connections;
mod dependency_api;
mod described;
mod described_json;
mod entity_tag;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gem;
mod gemspec;
mod index;
mod info;
mod lists;
mod marshal;
mod marshalled;
mod name;
mod owners;
mod platform;
mod push;
mod routes;
mod shown;
mod source;
mod version;
mod version_metadata;
mod yaml;
mod yank;

use bytes::Bytes;
use catalog::{
    AssetBytes, Examined, FormatRules, Growth, PackageView, PublicConnection, PublicSource,
};
use model::{
    AssetName, Constraint, Dependency, FormatId, Namespace, PackageCoordinates, PackageName,
    Result, VersionDetails, VersionKey, VersionName,
};

use self::shown::Shown;
use crate::namespace_rule::NO_NAMESPACE;
use crate::{Endpoint, Format, RequestHead};

const ID: FormatId = FormatId::new("ruby");

/// What stands for all gems where a name is asked for. No gem can be called so.
const LIST: &str = "*";

/// The Ruby format.
pub(crate) struct Ruby;

impl FormatRules for Ruby {
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
        gem::examine(package, version, asset, bytes)
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        version_metadata::merged(held, new)
    }

    fn follows_source(&self) -> bool {
        true
    }

    fn entity_tag(&self, document: &[u8]) -> String {
        entity_tag::both(document)
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::RubySource)
    }

    fn has_readme(&self) -> bool {
        false
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        version_metadata::dependencies(metadata)
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        version_metadata::details(metadata)
    }
}

impl Format for Ruby {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }
}

/// The documents of a gem that are kept ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variant {
    /// Its lines in the compact index.
    Info,
    /// Its versions in JSON.
    Versions,
    /// The gem in JSON.
    Gem,
    /// What a public source says of all gems.
    List,
}

impl Variant {
    const fn number(self) -> u8 {
        match self {
            Self::Info => 0,
            Self::Versions => 1,
            Self::Gem => 2,
            Self::List => 3,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
fn render(view: &PackageView, base: &str, variant: u8) -> Result<Bytes> {
    if variant == Variant::List.number() {
        return Ok(view.extras.clone());
    }
    let shown = Shown::of(view);
    if variant == Variant::Info.number() {
        Ok(info::render(&shown).into())
    } else if variant == Variant::Versions.number() {
        described_json::versions(&shown)
    } else {
        described_json::gem(&shown, base)
    }
}

/// What stands for all gems.
fn all_gems() -> PackageCoordinates {
    PackageCoordinates {
        format: ID,
        namespace: None,
        name: PackageName::parse(LIST).expect("a constant that is a good name"),
    }
}

/// The name of the specification beside a gem's file.
fn quick_name(file: &str) -> String {
    format!("{}.gemspec.rz", file.strip_suffix(".gem").unwrap_or(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_spelling_and_have_no_namespace() {
        let name = PackageName::parse("JSON-ld").unwrap();
        assert_eq!(Ruby.coordinates(None, name.clone()).unwrap().name, name);
        let namespace = Some(Namespace::parse("x").unwrap());
        assert_eq!(Ruby.coordinates(namespace, name).unwrap_err(), NO_NAMESPACE);
        assert!(!name::is_name(LIST));
    }
}
