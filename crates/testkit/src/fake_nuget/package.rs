//! Packages for a fake gallery, described by a test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};

use crate::packages::Nupkg;

/// When a version was published that does not say otherwise.
const SOME_TIME_AGO: &str = "2020-02-02T20:20:20.2+00:00";

/// A package as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeNugetPackage {
    pub(super) id: String,
    pub(super) versions: Vec<FakeNugetVersion>,
    pub(super) page_size: Option<usize>,
}

impl FakeNugetPackage {
    /// A package without versions. The id is as the package spells it.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            versions: Vec::new(),
            page_size: None,
        }
    }

    /// Adds a version that needs nothing.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        let package = Nupkg::new(&self.id, version);
        self.release(FakeNugetVersion::of(&package))
    }

    /// Adds a version. The same version is replaced.
    #[must_use]
    pub fn release(mut self, release: FakeNugetVersion) -> Self {
        self.versions
            .retain(|known| known.version != release.version);
        self.versions.push(release);
        self
    }

    /// Has its versions on pages of so many, each a document of its own.
    #[must_use]
    pub const fn pages_of(mut self, versions: usize) -> Self {
        self.page_size = Some(versions);
        self
    }

    /// Changes a version that was added.
    #[must_use]
    pub fn change(
        mut self,
        version: &str,
        change: impl FnOnce(FakeNugetVersion) -> FakeNugetVersion,
    ) -> Self {
        let known = self
            .versions
            .iter()
            .position(|known| known.version == version);
        let at = known.expect("the test has added this version");
        let changed = change(self.versions[at].clone());
        self.versions[at] = changed;
        self
    }
}

/// A version of a package as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeNugetVersion {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) bytes: Bytes,
    pub(super) manifest: String,
    /// What its catalog entry says of its bytes.
    pub(super) hash: Option<String>,
    /// What its registration says besides, or instead.
    pub(super) members: Vec<(String, Value)>,
}

impl FakeNugetVersion {
    /// A version with this package file.
    #[must_use]
    pub fn of(package: &Nupkg) -> Self {
        let bytes = package.build();
        Self {
            id: package.id().to_owned(),
            version: package.version().to_owned(),
            hash: Some(STANDARD.encode(Sha512::digest(&bytes))),
            bytes,
            manifest: package.manifest(),
            members: Vec::new(),
        }
    }

    /// Sets a member of what its registration says of it.
    #[must_use]
    pub fn member(mut self, name: &str, value: Value) -> Self {
        self.members.push((name.to_owned(), value));
        self
    }

    /// Is not listed, as the gallery writes it.
    #[must_use]
    pub fn unlisted(self) -> Self {
        self.member("listed", json!(false))
            .member("published", json!("1900-01-01T00:00:00+00:00"))
    }

    /// Says nothing of its digest.
    #[must_use]
    pub fn without_hash(mut self) -> Self {
        self.hash = None;
        self
    }

    /// Has these bytes instead; the digest stays.
    #[must_use]
    pub fn with_other_bytes(mut self, bytes: impl Into<Bytes>) -> Self {
        self.bytes = bytes.into();
        self
    }

    /// The version as addresses have it.
    pub(super) fn lower(&self) -> String {
        let version = self.version.split('+').next().unwrap_or_default();
        version.to_lowercase()
    }

    /// What its registration says of it.
    pub(super) fn entry(&self, catalog: &str, content: &str) -> Value {
        let mut entry = json!({
            "@id": catalog,
            "@type": "PackageDetails",
            "authors": "Acme",
            "description": format!("The package {}", self.id),
            "id": self.id,
            "listed": true,
            "packageContent": content,
            "published": SOME_TIME_AGO,
            "tags": [""],
            "version": self.version,
        });
        for (name, value) in &self.members {
            entry[name] = value.clone();
        }
        entry
    }
}
