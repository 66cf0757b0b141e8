//! Packages to publish.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};
use sha2::Sha512;
use testkit::fake_npm::tgz;

/// A version of a package: its tarball, and the document that npm would send.
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) tarball: Bytes,
    pub(crate) manifest: Value,
    pub(crate) tag: String,
}

impl Release {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self::with(name, version, json!({}), b"module.exports = 1;\n")
    }

    /// With more members in its manifest, and this as its one file.
    #[expect(clippy::needless_pass_by_value, reason = "tests build it in the call")]
    pub(crate) fn with(name: &str, version: &str, members: Value, index: &[u8]) -> Self {
        let mut manifest = json!({ "name": name, "version": version, "description": "a package" });
        manifest
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        let inside = manifest.to_string();
        let tarball = tgz(
            name,
            version,
            &[("package.json", inside.as_bytes()), ("index.js", index)],
        );
        Self {
            name: name.into(),
            version: version.into(),
            tarball,
            manifest,
            tag: "latest".into(),
        }
    }

    pub(crate) fn tagged(mut self, tag: &str) -> Self {
        self.tag = tag.into();
        self
    }

    pub(crate) fn integrity(&self) -> String {
        format!("sha512-{}", STANDARD.encode(Sha512::digest(&self.tarball)))
    }

    pub(crate) fn shasum(&self) -> String {
        hex::encode(Sha1::digest(&self.tarball))
    }

    /// The path to put it to.
    pub(crate) fn path(&self) -> String {
        self.name.replace('/', "%2f")
    }

    pub(crate) fn document(&self) -> Value {
        let mut manifest = self.manifest.clone();
        manifest["_id"] = json!(format!("{}@{}", self.name, self.version));
        manifest["readme"] = json!("# a readme");
        manifest["dist"] = json!({
            "integrity": self.integrity(),
            "shasum": self.shasum(),
            "tarball": format!("http://elsewhere.example/{}-{}.tgz", self.name, self.version),
        });
        json!({
            "_id": self.name,
            "name": self.name,
            "description": self.manifest["description"],
            "dist-tags": { &self.tag: self.version },
            "versions": { &self.version: manifest },
            "access": null,
            "_attachments": { format!("{}-{}.tgz", self.name, self.version): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&self.tarball),
                "length": self.tarball.len(),
            } },
        })
    }
}

impl crate::wire::Client<'_> {
    /// Publishes, which must succeed.
    pub(crate) async fn publish(&self, release: &Release) {
        let answer = self.put(&release.path(), &release.document()).await;
        assert!(
            matches!(answer.status, 200 | 201),
            "{} {:?}",
            answer.status,
            answer.body
        );
    }
}
