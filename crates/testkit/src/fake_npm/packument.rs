//! The documents of a package: full, abbreviated, and of one version.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha512};

use super::package::{FakePackage, FakeVersion};

/// The members of a version that the abbreviated document keeps.
const ABBREVIATED: [&str; 18] = [
    "name",
    "version",
    "deprecated",
    "dependencies",
    "optionalDependencies",
    "devDependencies",
    "bundleDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "bin",
    "directories",
    "dist",
    "engines",
    "os",
    "cpu",
    "libc",
    "_hasShrinkwrap",
    "hasInstallScript",
];

/// A document, plain and compressed, with its ETag.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) plain: Bytes,
    pub(super) etag: String,
    gzip: OnceLock<Bytes>,
}

impl Document {
    pub(super) fn new(value: &Value) -> Self {
        let plain = Bytes::from(value.to_string());
        let etag = etag_of(&plain);
        Self {
            plain,
            etag,
            gzip: OnceLock::new(),
        }
    }

    pub(super) fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| gzip(&self.plain)).clone()
    }
}

pub(super) fn etag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Sha1::digest(bytes)))
}

pub(super) fn gzip(bytes: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.expect("memory takes every write").into()
}

/// A package, ready to be served.
#[derive(Debug)]
pub(super) struct RenderedPackage {
    pub(super) full: Document,
    pub(super) abbreviated: Document,
    pub(super) description: String,
    manifests: BTreeMap<String, Value>,
    dist_tags: Map<String, Value>,
    /// By file name.
    tarballs: BTreeMap<String, Bytes>,
    base_name: String,
}

impl RenderedPackage {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "tests build a package in the call"
    )]
    pub(super) fn new(package: FakePackage, registry_url: &str) -> Self {
        let tarball_base = package.tarball_base.as_deref().unwrap_or(registry_url);
        let mut manifests = BTreeMap::new();
        let mut ordered = Map::new();
        let mut tarballs = BTreeMap::new();
        for version in &package.versions {
            let bytes = version.packed(&package.name);
            let file_name = format!("{}-{}.tgz", package.base_name(), version.version);
            let url = format!("{tarball_base}{}/-/{file_name}", package.name);
            let manifest = manifest(&package, version, &bytes, &url);
            ordered.insert(version.version.clone(), manifest.clone());
            manifests.insert(version.version.clone(), manifest);
            tarballs.insert(file_name, bytes);
        }
        let dist_tags = dist_tags(&package);
        Self {
            full: Document::new(&full(&package, &ordered, &dist_tags)),
            abbreviated: Document::new(&abbreviated(&package, &ordered, &dist_tags)),
            description: package.description.clone(),
            manifests,
            dist_tags,
            tarballs,
            base_name: package.base_name().to_owned(),
        }
    }

    /// The manifest of a version, or of the version that a dist-tag names.
    pub(super) fn manifest(&self, version_or_tag: &str) -> Option<&Value> {
        let tagged = self.dist_tags.get(version_or_tag).and_then(Value::as_str);
        self.manifests.get(tagged.unwrap_or(version_or_tag))
    }

    pub(super) fn dist_tags(&self) -> &Map<String, Value> {
        &self.dist_tags
    }

    pub(super) fn tarball_file(&self, file_name: &str) -> Option<Bytes> {
        self.tarballs.get(file_name).cloned()
    }

    pub(super) fn tarball(&self, version: &str) -> Option<Bytes> {
        self.tarball_file(&format!("{}-{version}.tgz", self.base_name))
    }
}

fn manifest(package: &FakePackage, version: &FakeVersion, tarball: &[u8], url: &str) -> Value {
    let mut manifest = version.manifest.clone();
    manifest.insert("name".to_owned(), json!(package.name));
    manifest.insert("version".to_owned(), json!(version.version));
    manifest.insert(
        "_id".to_owned(),
        json!(format!("{}@{}", package.name, version.version)),
    );
    manifest
        .entry("description")
        .or_insert_with(|| json!(package.description));
    let mut dist = json!({ "tarball": url, "fileCount": 2, "unpackedSize": tarball.len() });
    if version.digests {
        dist["shasum"] = json!(hex::encode(Sha1::digest(tarball)));
        dist["integrity"] = json!(format!(
            "sha512-{}",
            BASE64_STANDARD.encode(Sha512::digest(tarball))
        ));
    }
    if !version.signatures.is_empty() {
        let signatures = version
            .signatures
            .iter()
            .map(|(key_id, sig)| json!({ "keyid": key_id, "sig": sig }));
        dist["signatures"] = signatures.collect();
    }
    manifest.insert("dist".to_owned(), dist);
    Value::Object(manifest)
}

fn dist_tags(package: &FakePackage) -> Map<String, Value> {
    let mut tags = Map::new();
    if let Some(last) = package.versions.last() {
        tags.insert("latest".to_owned(), json!(last.version));
    }
    for (tag, version) in &package.dist_tags {
        tags.insert(tag.clone(), json!(version));
    }
    tags
}

/// When anything was last published.
fn modified(package: &FakePackage) -> &str {
    let times = package
        .versions
        .iter()
        .filter_map(|version| version.published_at.as_deref());
    times.max().unwrap_or("2020-01-01T00:00:00.000Z")
}

fn full(
    package: &FakePackage,
    versions: &Map<String, Value>,
    dist_tags: &Map<String, Value>,
) -> Value {
    let times = || {
        package
            .versions
            .iter()
            .filter_map(|version| version.published_at.as_deref())
    };
    let mut time = Map::new();
    time.insert(
        "created".to_owned(),
        json!(times().min().unwrap_or(modified(package))),
    );
    time.insert("modified".to_owned(), json!(modified(package)));
    for version in &package.versions {
        if let Some(published_at) = &version.published_at {
            time.insert(version.version.clone(), json!(published_at));
        }
    }
    json!({
        "_id": package.name,
        "_rev": format!("{}-0123456789abcdef", versions.len()),
        "name": package.name,
        "description": package.description,
        "dist-tags": dist_tags,
        "versions": versions,
        "time": time,
        "maintainers": [{ "name": "somebody", "email": "somebody@mail.example" }],
        "license": "MIT",
        "readme": package.readme,
        "readmeFilename": "README.md",
    })
}

fn abbreviated(
    package: &FakePackage,
    versions: &Map<String, Value>,
    dist_tags: &Map<String, Value>,
) -> Value {
    let mut short_versions = Map::new();
    for (version, manifest) in versions {
        let mut short = Map::new();
        for member in ABBREVIATED {
            if let Some(value) = manifest.get(member) {
                short.insert(member.to_owned(), value.clone());
            }
        }
        short_versions.insert(version.clone(), Value::Object(short));
    }
    json!({
        "name": package.name,
        "modified": modified(package),
        "dist-tags": dist_tags,
        "versions": short_versions,
    })
}
