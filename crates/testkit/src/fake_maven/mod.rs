//! A public Maven repository in this process: real POMs and jars with their checksum files on a [`FakeSource`].
//!
//! See "Repository Layout" and "Repository Metadata" in the documentation of Maven.

mod artifact;
mod metadata;

use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

pub use artifact::{FakeArtifact, FakeBuild};

use crate::fake_source::{Document, FakeSource, lock};

/// The date of everything.
const SOME_TIME_AGO: &str = "Sun, 02 Feb 2020 20:20:20 GMT";

/// A fake public Maven repository. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeMaven {
    source: FakeSource,
    /// The artifacts, to change single ones.
    artifacts: Mutex<Vec<FakeArtifact>>,
}

/// A plugin, as a group's metadata lists it.
#[derive(Debug, Clone, Copy)]
pub struct FakePlugin<'p> {
    /// What is written on the command line, e.g. `jar` of `jar:jar`.
    pub prefix: &'p str,
    /// The artifact.
    pub artifact: &'p str,
    /// What it calls itself.
    pub name: &'p str,
}

impl FakeMaven {
    /// Starts an empty repository on a free port.
    pub async fn start() -> Self {
        Self {
            source: FakeSource::start().await,
            artifacts: Mutex::default(),
        }
    }

    /// The path of an artifact's list of versions.
    #[must_use]
    pub fn metadata_path(group: &str, artifact: &str) -> String {
        format!("{}maven-metadata.xml", folder(group, artifact))
    }

    /// The path of a file, e.g. of the one ending in `.jar` or `-sources.jar`.
    #[must_use]
    pub fn file_path(group: &str, artifact: &str, version: &str, ending: &str) -> String {
        format!(
            "{}{version}/{artifact}-{version}{ending}",
            folder(group, artifact)
        )
    }

    /// The bytes of a file as the repository would serve them.
    #[must_use]
    pub fn file(&self, group: &str, artifact: &str, version: &str, ending: &str) -> Option<Bytes> {
        self.bytes(&Self::file_path(group, artifact, version, ending))
    }

    /// Adds an artifact, or replaces the one of its name.
    pub fn add_artifact(&self, artifact: FakeArtifact) {
        let (group, name) = (artifact.group.clone(), artifact.name.clone());
        self.remove_artifact(&group, &name);
        for build in &artifact.builds {
            for (ending, bytes) in build.files(&group, &name) {
                let path = Self::file_path(&group, &name, &build.version, &ending);
                self.put_dated(&path, bytes.clone());
                if build.has_checksums {
                    self.put_checksums(&path, build.wrong_checksums.get(&ending), &bytes);
                }
            }
        }
        if artifact.has_metadata {
            let path = Self::metadata_path(&group, &name);
            let document: Bytes = metadata::of_artifact(&artifact).into();
            self.put_dated(&path, document.clone());
            self.put_checksums(&path, None, &document);
        }
        lock(&self.artifacts).push(artifact);
    }

    /// Changes an artifact that was added.
    pub fn change_artifact(
        &self,
        group: &str,
        name: &str,
        change: impl FnOnce(FakeArtifact) -> FakeArtifact,
    ) {
        let known = self.remove_artifact(group, name);
        self.add_artifact(change(known.expect("the test has added this artifact")));
    }

    /// Takes an artifact and its files away, as if the public repository had removed it.
    pub fn remove_artifact(&self, group: &str, name: &str) -> Option<FakeArtifact> {
        let mut artifacts = lock(&self.artifacts);
        let known = artifacts
            .iter()
            .position(|artifact| artifact.group == group && artifact.name == name)?;
        self.remove_below(&folder(group, name));
        Some(artifacts.remove(known))
    }

    /// Serves the metadata of a group: its plugins.
    pub fn set_plugins(&self, group: &str, plugins: &[FakePlugin<'_>]) {
        let path = format!("/{}/maven-metadata.xml", group.replace('.', "/"));
        let document: Bytes = metadata::of_group(plugins).into();
        self.put_dated(&path, document.clone());
        self.put_checksums(&path, None, &document);
    }

    fn put_dated(&self, path: &str, bytes: Bytes) {
        let content_type = if path.ends_with(".xml") || path.ends_with(".pom") {
            "text/xml"
        } else {
            "application/java-archive"
        };
        let document = Document::new(content_type, bytes).last_modified(SOME_TIME_AGO);
        self.put(path, document);
    }

    /// The four files beside a file, or, in place of all of them, a text that is no checksum of it.
    fn put_checksums(&self, path: &str, wrong: Option<&String>, bytes: &[u8]) {
        for (ending, right) in [
            ("md5", hex::encode(Md5::digest(bytes))),
            ("sha1", hex::encode(Sha1::digest(bytes))),
            ("sha256", hex::encode(Sha256::digest(bytes))),
            ("sha512", hex::encode(Sha512::digest(bytes))),
        ] {
            let text = wrong.cloned().unwrap_or(right);
            self.put(
                &format!("{path}.{ending}"),
                Document::new("text/plain", text).last_modified(SOME_TIME_AGO),
            );
        }
    }
}

/// The path of an artifact, with a slash at the end.
fn folder(group: &str, artifact: &str) -> String {
    format!("/{}/{artifact}/", group.replace('.', "/"))
}

impl Deref for FakeMaven {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakeMaven {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}
