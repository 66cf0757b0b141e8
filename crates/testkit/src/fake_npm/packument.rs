//! The documents of a package: full, abbreviated, and of one version.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Map, Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha512};

use super::package::{FakePackage, FakeVersion};
use crate::fake_source::Document;

const ABBREVIATED_JSON: &str = "application/vnd.npm.install-v1+json";

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

/// A package's documents, ready to be served.
#[derive(Debug)]
pub(super) struct Rendered {
    /// Full and abbreviated.
    pub(super) packument: Vec<Document>,
    /// By their path below the package's: manifests by version and by dist-tag, and tarballs.
    pub(super) below: Vec<(String, Document)>,
    /// The version that `latest` names.
    pub(super) latest: Value,
}

impl Rendered {
    pub(super) fn new(package: &FakePackage, registry_url: &str) -> Self {
        let tarball_base = package.tarball_base.as_deref().unwrap_or(registry_url);
        let mut manifests = Map::new();
        let mut below = Vec::new();
        for version in &package.versions {
            let bytes = version.packed(&package.name);
            let file_name = format!("{}-{}.tgz", package.base_name(), version.version);
            let url = format!("{tarball_base}{}/-/{file_name}", package.name);
            let manifest = manifest(package, version, &bytes, &url);
            below.push((version.version.clone(), Document::json(&manifest)));
            below.push((format!("-/{file_name}"), Document::file(bytes)));
            manifests.insert(version.version.clone(), manifest);
        }
        let dist_tags = dist_tags(package);
        for (tag, version) in &dist_tags {
            if let Some(manifest) = manifests.get(version.as_str().unwrap_or_default()) {
                below.push((tag.clone(), Document::json(manifest)));
            }
        }
        let abbreviated = Document::json(&abbreviated(package, &manifests, &dist_tags));
        Self {
            packument: vec![
                Document::json(&full(package, &manifests, &dist_tags)),
                abbreviated.content_type(ABBREVIATED_JSON),
            ],
            below,
            latest: dist_tags.get("latest").cloned().unwrap_or_default(),
        }
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
