//! A public gem host in this process: real gems on a [`FakeSource`], with a compact index.
//!
//! See the `compact_index` gem for the documents. Specifications beside gems are bytes that nobody is to read.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;
use md5::{Digest as _, Md5};

use crate::fake_source::{Document, FakeSource, lock};
use crate::packages::GemFile;

const TEXT: &str = "text/plain; charset=utf-8";

/// A fake public gem host. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeRuby {
    source: FakeSource,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    gems: BTreeMap<String, Vec<GemFile>>,
    /// The lines of `versions`; none while it has no such document.
    versions: Option<String>,
}

impl FakeRuby {
    /// Starts an empty host on a free port.
    pub async fn start() -> Self {
        Self {
            source: FakeSource::start().await,
            state: Mutex::default(),
        }
    }

    /// The path of a gem's lines.
    #[must_use]
    pub fn info_path(gem: &str) -> String {
        format!("/info/{gem}")
    }

    /// The path of a gem's file.
    #[must_use]
    pub fn file_path(file_name: &str) -> String {
        format!("/gems/{file_name}")
    }

    /// The path of the specification beside a gem's file.
    #[must_use]
    pub fn quick_path(file_name: &str) -> String {
        let stem = file_name.trim_end_matches(".gem");
        format!("/quick/Marshal.4.8/{stem}.gemspec.rz")
    }

    /// The specification beside a gem's file, as the host would serve it.
    #[must_use]
    pub fn specification(file_name: &str) -> Bytes {
        format!("the specification of {file_name}").into()
    }

    /// What `info/{gem}` says of these files.
    #[must_use]
    pub fn info_of(files: &[GemFile]) -> String {
        let lines = files.iter().map(|file| format!("{}\n", file.info_line()));
        format!("---\n{}", lines.collect::<String>())
    }

    /// From now on the host has a list of all gems, that grows with every gem.
    pub fn list_gems(&self) {
        let mut state = lock(&self.state);
        state.versions = Some("created_at: 2024-04-01T00:00:05Z\n---\n".to_owned());
        let names: Vec<String> = state.gems.keys().cloned().collect();
        for name in names {
            self.list(&mut state, &name);
        }
        self.put_versions(&state);
    }

    /// Makes the host have this gem, with exactly these files.
    pub fn show(&self, gem: &str, files: Vec<GemFile>) {
        let mut state = lock(&self.state);
        if let Some(old) = state.gems.get(gem) {
            for file in old {
                self.source.remove(&Self::file_path(&file.file_name));
                self.source.remove(&Self::quick_path(&file.file_name));
            }
        }
        for file in &files {
            let path = Self::file_path(&file.file_name);
            self.source.put(&path, Document::file(file.bytes.clone()));
            let beside = Document::file(Self::specification(&file.file_name));
            self.source.put(&Self::quick_path(&file.file_name), beside);
        }
        let info = Document::new(TEXT, Self::info_of(&files)).compressible();
        self.source.put(&Self::info_path(gem), info);
        state.gems.insert(gem.to_owned(), files);
        self.list(&mut state, gem);
        self.put_versions(&state);
    }

    /// Takes a gem and its files away, as if the host had removed it.
    pub fn withdraw(&self, gem: &str) {
        self.show(gem, Vec::new());
        self.source.remove(&Self::info_path(gem));
        lock(&self.state).gems.remove(gem);
    }

    fn list(&self, state: &mut State, gem: &str) {
        let files = state.gems.get(gem).cloned().unwrap_or_default();
        let md5 = hex::encode(Md5::digest(Self::info_of(&files)));
        let rests: Vec<&str> = files.iter().map(|file| file.rest.as_str()).collect();
        if let Some(versions) = &mut state.versions {
            versions.push_str(&format!("{gem} {} {md5}\n", rests.join(",")));
        }
    }

    fn put_versions(&self, state: &State) {
        if let Some(versions) = &state.versions {
            let document = Document::new(TEXT, versions.clone()).compressible();
            self.source.put("/versions", document);
        }
    }
}

impl Deref for FakeRuby {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakeRuby {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}
