//! A public index of crates in this process: index files and the files of crates on a [`FakeSource`].
//!
//! See "Index Format" in The Cargo Book, and its sparse protocol.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use serde_json::json;

use crate::fake_source::{Document, FakeSource, lock};
use crate::packages::CargoCrate;

/// A fake public index. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeCargo {
    source: FakeSource,
    /// The versions of each crate, by its name in lower case.
    crates: Mutex<BTreeMap<String, Vec<Shown>>>,
}

#[derive(Debug, Clone)]
struct Shown {
    version: CargoCrate,
    line: String,
}

impl FakeCargo {
    /// Starts an empty index on a free port.
    pub async fn start() -> Self {
        let source = FakeSource::start().await;
        let fake = Self {
            source,
            crates: Mutex::default(),
        };
        let downloads = format!("{}files", fake.base_url());
        fake.set_downloads(&downloads);
        fake
    }

    /// Says where files are, as `dl` in the index's configuration does.
    pub fn set_downloads(&self, dl: &str) {
        let config = Document::json(&json!({ "dl": dl, "api": "https://index.example" }));
        self.put(Self::CONFIG, config);
    }

    /// The path of the index's configuration.
    pub const CONFIG: &str = "/index/config.json";

    /// The address that Cargo would be given behind `sparse+`, with a slash at the end.
    #[must_use]
    pub fn index_url(&self) -> String {
        format!("{}index/", self.base_url())
    }

    /// The path of a crate's index file.
    #[must_use]
    pub fn index_path(name: &str) -> String {
        let name = name.to_lowercase();
        match name.len() {
            1 | 2 => format!("/index/{}/{name}", name.len()),
            3 => format!("/index/3/{}/{name}", &name[..1]),
            _ => format!("/index/{}/{}/{name}", &name[..2], &name[2..4]),
        }
    }

    /// The path of a version's file, unless the index says that files are elsewhere.
    #[must_use]
    pub fn file_path(name: &str, version: &str) -> String {
        format!("/files/{name}/{version}/download")
    }

    /// Adds a version, or replaces the one of its number.
    pub fn add(&self, version: CargoCrate) {
        let line = version.index_line(false);
        self.add_with_line(version, line);
    }

    /// Adds a version with a line of the test's own.
    pub fn add_with_line(&self, version: CargoCrate, line: String) {
        let path = Self::file_path(version.name(), version.version());
        self.put(&path, Document::file(version.bytes()));
        let name = version.name().to_lowercase();
        {
            let mut crates = lock(&self.crates);
            let shown = crates.entry(name.clone()).or_default();
            shown.retain(|known| known.version.version() != version.version());
            shown.push(Shown { version, line });
        }
        self.write_index(&name);
    }

    /// Yanks a version that was added, or takes that back.
    pub fn yank(&self, name: &str, version: &str, yanked: bool) {
        let name = name.to_lowercase();
        if let Some(shown) = lock(&self.crates).get_mut(&name) {
            for known in shown.iter_mut() {
                if known.version.version() == version {
                    known.line = known.version.index_line(yanked);
                }
            }
        }
        self.write_index(&name);
    }

    /// Takes a crate and its files away, as if the public index had removed it.
    pub fn remove_crate(&self, name: &str) {
        let shown = lock(&self.crates).remove(&name.to_lowercase());
        for known in shown.into_iter().flatten() {
            self.remove(&Self::file_path(
                known.version.name(),
                known.version.version(),
            ));
        }
        self.remove(&Self::index_path(name));
    }

    /// The file of a crate in the index, as it is served.
    #[must_use]
    pub fn index_file(&self, name: &str) -> String {
        let bytes = self.bytes(&Self::index_path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn write_index(&self, name: &str) {
        let lines: String = lock(&self.crates)
            .get(name)
            .into_iter()
            .flatten()
            .map(|shown| format!("{}\n", shown.line))
            .collect();
        let document = Document::new("text/plain", lines).compressible();
        self.put(&Self::index_path(name), document);
    }
}

impl Deref for FakeCargo {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakeCargo {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}
