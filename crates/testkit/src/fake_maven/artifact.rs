//! Artifacts for a fake Maven repository, described by a test.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::packages::{Pom, jar};

/// An artifact as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeArtifact {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) builds: Vec<FakeBuild>,
    pub(super) has_metadata: bool,
    pub(super) last_updated: String,
}

impl FakeArtifact {
    /// An artifact without versions.
    #[must_use]
    pub fn new(group: &str, name: &str) -> Self {
        Self {
            group: group.to_owned(),
            name: name.to_owned(),
            builds: Vec::new(),
            has_metadata: true,
            last_updated: "20200202202020".to_owned(),
        }
    }

    /// Adds a version: a POM and a jar.
    #[must_use]
    pub fn version(self, version: &str) -> Self {
        self.build(FakeBuild::new(version))
    }

    /// Adds a version. The same version is replaced.
    #[must_use]
    pub fn build(mut self, build: FakeBuild) -> Self {
        self.builds.retain(|known| known.version != build.version);
        self.builds.push(build);
        self
    }

    /// Has no list of versions; its files are there all the same.
    #[must_use]
    pub const fn without_metadata(mut self) -> Self {
        self.has_metadata = false;
        self
    }

    /// Sets what its list says of its last change, e.g. `20200202202020`.
    #[must_use]
    pub fn last_updated(mut self, time: &str) -> Self {
        time.clone_into(&mut self.last_updated);
        self
    }
}

/// A version of an artifact as a test describes it.
#[derive(Debug, Clone)]
pub struct FakeBuild {
    pub(super) version: String,
    pub(super) has_checksums: bool,
    /// By the file's ending.
    pub(super) wrong_checksums: BTreeMap<String, String>,
    pom: Option<Bytes>,
    files: Vec<(String, Bytes)>,
    has_jar: bool,
}

impl FakeBuild {
    /// A version with a POM and a jar.
    #[must_use]
    pub fn new(version: &str) -> Self {
        Self {
            version: version.to_owned(),
            has_checksums: true,
            wrong_checksums: BTreeMap::new(),
            pom: None,
            files: Vec::new(),
            has_jar: true,
        }
    }

    /// Gives it this POM instead of a made one.
    #[must_use]
    pub fn pom(mut self, xml: impl Into<Bytes>) -> Self {
        self.pom = Some(xml.into());
        self
    }

    /// Adds a file with this ending, e.g. `-sources.jar` or `.module`, or gives it other content.
    #[must_use]
    pub fn file(mut self, ending: &str, content: impl Into<Bytes>) -> Self {
        self.files.retain(|(known, _)| known != ending);
        self.files.push((ending.to_owned(), content.into()));
        self
    }

    /// Has no jar, as the version of a parent.
    #[must_use]
    pub const fn without_jar(mut self) -> Self {
        self.has_jar = false;
        self
    }

    /// Has no checksum files.
    #[must_use]
    pub const fn without_checksums(mut self) -> Self {
        self.has_checksums = false;
        self
    }

    /// Has this text as the checksum files of the file with this ending.
    #[must_use]
    pub fn wrong_checksum(mut self, ending: &str, text: &str) -> Self {
        self.wrong_checksums
            .insert(ending.to_owned(), text.to_owned());
        self
    }

    /// Its files by their endings.
    pub(super) fn files(&self, group: &str, artifact: &str) -> Vec<(String, Bytes)> {
        let mut files = self.files.clone();
        let made = |ending: &str| !self.files.iter().any(|(known, _)| known == ending);
        if made(".pom") {
            let pom = || Pom::new(group, artifact, &self.version).xml();
            files.push((".pom".to_owned(), self.pom.clone().unwrap_or_else(pom)));
        }
        if self.has_jar && made(".jar") {
            let text = format!("{artifact} {}\n", self.version);
            files.push((".jar".to_owned(), jar(&[("about.txt", text.as_bytes())])));
        }
        files
    }
}
