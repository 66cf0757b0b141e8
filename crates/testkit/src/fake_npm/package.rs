//! Packages for a fake registry, described by a test.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::packages::tgz;

/// When a version was published that does not say otherwise.
const SOME_TIME_AGO: &str = "2020-02-02T20:20:20.200Z";

/// A package as a test describes it.
#[derive(Debug, Clone)]
pub struct FakePackage {
    pub(super) name: String,
    pub(super) versions: Vec<FakeVersion>,
    pub(super) dist_tags: Vec<(String, String)>,
    pub(super) description: String,
    pub(super) readme: String,
    pub(super) tarball_base: Option<String>,
}

impl FakePackage {
    /// A package without versions. A scoped name is written `@scope/name`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            versions: Vec::new(),
            dist_tags: Vec::new(),
            description: format!("The package {name}"),
            readme: format!("# {name}\n"),
            tarball_base: None,
        }
    }

    /// A package with so many versions, `1.0.0`, `1.0.1` and so on. To be quick about it, they share one small tarball.
    #[must_use]
    pub fn large(name: &str, versions: usize) -> Self {
        let tarball = tgz(name, "1.0.0", &[("index.js", b"module.exports = 1;\n")]);
        let mut package = Self::new(name);
        for patch in 0..versions {
            let day = patch / 86_400;
            let (hour, minute, second) = (patch / 3600 % 24, patch / 60 % 60, patch % 60);
            let version = FakeVersion::new(&format!("1.0.{patch}"))
                .published_at(&format!(
                    "2020-01-{:02}T{hour:02}:{minute:02}:{second:02}.000Z",
                    day + 1
                ))
                .dependency("left-pad", "^1.0.0")
                .tarball(tarball.clone());
            package = package.version(version);
        }
        package
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a version. `latest` is the one added last, unless a dist-tag says otherwise.
    #[must_use]
    pub fn version(mut self, version: FakeVersion) -> Self {
        self.versions.push(version);
        self
    }

    /// Sets a dist-tag, whether there is such a version or not.
    #[must_use]
    pub fn dist_tag(mut self, tag: &str, version: &str) -> Self {
        self.dist_tags.retain(|(known, _)| known != tag);
        self.dist_tags.push((tag.to_owned(), version.to_owned()));
        self
    }

    /// Sets the text that search looks at.
    #[must_use]
    pub fn description(mut self, description: &str) -> Self {
        description.clone_into(&mut self.description);
        self
    }

    /// Makes documents point to tarballs below another address than the registry's own.
    #[must_use]
    pub fn tarball_base(mut self, base_url: &str) -> Self {
        self.tarball_base = Some(base_url.trim_end_matches('/').to_owned() + "/");
        self
    }

    /// The last part of the name, from which tarballs have theirs.
    pub(super) fn base_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }
}

/// A version of a package as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeVersion {
    pub(super) version: String,
    pub(super) published_at: Option<String>,
    pub(super) manifest: Map<String, Value>,
    pub(super) signatures: Vec<(String, String)>,
    pub(super) digests: bool,
    files: Vec<(String, Vec<u8>)>,
    tarball: Option<Bytes>,
}

impl FakeVersion {
    /// A version with a manifest and one small file.
    #[must_use]
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            published_at: Some(SOME_TIME_AGO.to_owned()),
            manifest: Map::new(),
            signatures: Vec::new(),
            digests: true,
            files: Vec::new(),
            tarball: None,
        }
    }

    /// Sets when it was published, as the document's `time` writes it.
    #[must_use]
    pub fn published_at(mut self, time: &str) -> Self {
        self.published_at = Some(time.to_owned());
        self
    }

    /// Leaves it out of the document's `time`.
    #[must_use]
    pub fn without_time(mut self) -> Self {
        self.published_at = None;
        self
    }

    /// Adds a file to its tarball.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    /// Adds a dependency.
    #[must_use]
    pub fn dependency(mut self, name: &str, range: &str) -> Self {
        let dependencies = self
            .manifest
            .entry("dependencies")
            .or_insert_with(|| json!({}));
        dependencies[name] = json!(range);
        self
    }

    /// Marks it deprecated.
    #[must_use]
    pub fn deprecated(self, message: &str) -> Self {
        self.field("deprecated", json!(message))
    }

    /// Sets any member of its manifest.
    #[must_use]
    pub fn field(mut self, name: &str, value: Value) -> Self {
        self.manifest.insert(name.to_owned(), value);
        self
    }

    /// Adds a signature to its `dist`. Nothing checks that it fits.
    #[must_use]
    pub fn signature(mut self, key_id: &str, signature: &str) -> Self {
        self.signatures
            .push((key_id.to_owned(), signature.to_owned()));
        self
    }

    /// Leaves `integrity` and `shasum` out of its `dist`, as very old versions have it.
    #[must_use]
    pub fn without_digests(mut self) -> Self {
        self.digests = false;
        self
    }

    /// Gives it these bytes as its tarball instead of made ones.
    #[must_use]
    pub fn tarball(mut self, bytes: Bytes) -> Self {
        self.tarball = Some(bytes);
        self
    }

    /// The tarball's bytes: what was given, or name, version, manifest and files packed.
    pub(super) fn packed(&self, name: &str) -> Bytes {
        if let Some(bytes) = &self.tarball {
            return bytes.clone();
        }
        let mut manifest = json!({ "name": name, "version": self.version });
        for (member, value) in &self.manifest {
            // Said by the registry, not by the package.
            if member != "deprecated" {
                manifest[member] = value.clone();
            }
        }
        let manifest = manifest.to_string();
        let index = format!("module.exports = '{name}@{}';\n", self.version);
        let mut files = vec![("package.json", manifest.as_bytes())];
        if !self.files.iter().any(|(path, _)| path == "index.js") {
            files.push(("index.js", index.as_bytes()));
        }
        files.extend(
            self.files
                .iter()
                .map(|(path, content)| (path.as_str(), content.as_slice())),
        );
        tgz(name, &self.version, &files)
    }
}
