//! A public npm registry in this process: real packages with real digests on a [`FakeSource`].
//!
//! It serves documents and tarballs; it takes no publishes and knows no users. The protocol is described in the npm
//! project's `registry` repository, `docs/REGISTRY-API.md` and `docs/responses/package-metadata.md`.

mod package;
mod packument;

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

pub use crate::fake_source::{Behaviour, RecordedRequest};
pub use crate::packages::tgz;
pub use package::{FakePackage, FakeVersion};

use crate::fake_source::{Document, FakeSource, lock};
use packument::Rendered;

/// A fake public npm registry. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeNpm {
    source: FakeSource,
    listed: Arc<Mutex<BTreeMap<String, Listed>>>,
}

/// What a search tells of a package.
#[derive(Debug)]
struct Listed {
    description: String,
    latest: Value,
}

impl FakeNpm {
    /// Starts an empty registry on a free port.
    pub async fn start() -> Self {
        let source = FakeSource::start().await;
        let listed: Arc<Mutex<BTreeMap<String, Listed>>> = Arc::default();
        let searched = Arc::clone(&listed);
        source.set_lookup(move |path, query| match path {
            "/" | "/-/ping" => Some(Document::json(&json!({}))),
            "/-/v1/search" => Some(search(&lock(&searched), query)),
            _ => None,
        });
        Self { source, listed }
    }

    /// Adds a package, or replaces the one of its name.
    pub fn add_package(&self, package: FakePackage) {
        let name = package.name().to_owned();
        let rendered = Rendered::new(&package, self.base_url());
        self.remove_package(&name);
        let listed = Listed {
            description: package.description,
            latest: rendered.latest,
        };
        lock(&self.listed).insert(name.clone(), listed);
        self.put_forms(&format!("/{name}"), rendered.packument);
        for (path, document) in rendered.below {
            self.put(&format!("/{name}/{path}"), document);
        }
    }

    /// Takes a package away, as if the public registry had removed it.
    pub fn remove_package(&self, name: &str) {
        lock(&self.listed).remove(name);
        self.remove(&format!("/{name}"));
        self.remove_below(&format!("/{name}/"));
    }

    /// The bytes of a version's tarball as the registry would serve them.
    #[must_use]
    pub fn tarball(&self, name: &str, version: &str) -> Option<bytes::Bytes> {
        let base_name = name.rsplit('/').next().unwrap_or(name);
        self.bytes(&format!("/{name}/-/{base_name}-{version}.tgz"))
    }
}

impl Deref for FakeNpm {
    type Target = FakeSource;

    fn deref(&self) -> &FakeSource {
        &self.source
    }
}

impl DerefMut for FakeNpm {
    fn deref_mut(&mut self) -> &mut FakeSource {
        &mut self.source
    }
}

/// Packages whose name or description contains the text asked for.
fn search(listed: &BTreeMap<String, Listed>, query: &str) -> Document {
    let text = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("text="))
        .unwrap_or("")
        .replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let objects: Vec<Value> = listed
        .iter()
        .filter(|(name, package)| name.contains(&text) || package.description.contains(&text))
        .map(|(name, package)| {
            json!({ "package": { "name": name, "version": package.latest, "description": package.description } })
        })
        .collect();
    Document::json(&json!({ "total": objects.len(), "objects": objects }))
}
