//! Crates as `cargo package` makes them, and what `cargo publish` sends ("Web API: Publish" in The Cargo Book).

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::archive::tar_gz;

/// A crate as a test describes it.
#[derive(Debug, Clone)]
pub struct CargoCrate {
    name: String,
    version: String,
    description: Option<String>,
    dependencies: Vec<(String, String)>,
    features: Vec<(String, Vec<String>)>,
    files: Vec<(String, Vec<u8>)>,
    manifest: Option<String>,
    folder: Option<String>,
    metadata: Vec<(String, Value)>,
}

impl CargoCrate {
    /// A crate with a library that does nothing.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            description: None,
            dependencies: Vec::new(),
            features: Vec::new(),
            files: vec![("src/lib.rs".to_owned(), Vec::new())],
            manifest: None,
            folder: None,
            metadata: Vec::new(),
        }
    }

    /// Its name, as its author spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Says what it is.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        self.description = Some(text.to_owned());
        self
    }

    /// Adds a dependency.
    #[must_use]
    pub fn dependency(mut self, name: &str, requirement: &str) -> Self {
        self.dependencies
            .push((name.to_owned(), requirement.to_owned()));
        self
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(mut self, name: &str, values: &[&str]) -> Self {
        let values = values.iter().map(|value| (*value).to_owned());
        self.features.push((name.to_owned(), values.collect()));
        self
    }

    /// Adds a file below its folder.
    #[must_use]
    pub fn file(mut self, path: &str, content: &[u8]) -> Self {
        self.files.push((path.to_owned(), content.to_vec()));
        self
    }

    /// Has this manifest instead of its own.
    #[must_use]
    pub fn manifest(mut self, text: &str) -> Self {
        self.manifest = Some(text.to_owned());
        self
    }

    /// Keeps its files in this folder instead of its own.
    #[must_use]
    pub fn folder(mut self, folder: &str) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Is published with this member of its metadata instead of its own.
    #[must_use]
    pub fn metadata_with(mut self, member: &str, value: Value) -> Self {
        self.metadata.push((member.to_owned(), value));
        self
    }

    /// The bytes of its file. The same crate gives the same bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let own = format!("{}-{}", self.name, self.version);
        let folder = self.folder.as_ref().unwrap_or(&own);
        let manifest = self.manifest.clone().unwrap_or_else(|| self.own_manifest());
        let mut entries = vec![(format!("{folder}/Cargo.toml"), manifest.as_bytes())];
        entries.extend(
            self.files
                .iter()
                .map(|(path, content)| (format!("{folder}/{path}"), content.as_slice())),
        );
        tar_gz(&entries)
    }

    fn own_manifest(&self) -> String {
        let mut text = format!(
            "[package]\nname = {}\nversion = {}\n",
            json!(self.name),
            json!(self.version)
        );
        let mut put = |line: String| writeln!(text, "{line}").expect("a String takes every write");
        if let Some(description) = &self.description {
            put(format!("description = {}", json!(description)));
        }
        for (name, requirement) in &self.dependencies {
            put(format!(
                "[dependencies.{name}]\nversion = {}",
                json!(requirement)
            ));
        }
        if !self.features.is_empty() {
            put("[features]".to_owned());
        }
        for (name, values) in &self.features {
            put(format!("{} = {}", json!(name), json!(values)));
        }
        text
    }

    /// The metadata that it is published with.
    #[must_use]
    pub fn metadata(&self) -> Value {
        let dependencies = self.dependencies.iter().map(|(name, requirement)| {
            json!({
                "optional": false, "default_features": true, "name": name, "features": [],
                "version_req": requirement, "target": null, "kind": "normal",
            })
        });
        let mut all = json!({
            "name": self.name, "vers": self.version, "deps": dependencies.collect::<Vec<_>>(),
            "features": self.features(), "authors": [], "description": self.description, "documentation": null,
            "homepage": null, "readme": null, "readme_file": null, "keywords": [], "categories": [],
            "license": "MIT", "license_file": null, "repository": null, "badges": {}, "links": null,
            "rust_version": null,
        });
        for (member, value) in &self.metadata {
            all[member] = value.clone();
        }
        all
    }

    fn features(&self) -> Map<String, Value> {
        let features = self.features.iter();
        features
            .map(|(name, values)| (name.clone(), json!(values)))
            .collect()
    }

    /// The body of its publish.
    #[must_use]
    pub fn publish_body(&self) -> Bytes {
        publish_frame(self.metadata().to_string().as_bytes(), &self.bytes())
    }

    /// The line that a public index has for it, with a blank behind each comma, as the public index writes lines today.
    #[must_use]
    pub fn index_line(&self, yanked: bool) -> String {
        let dependencies: Vec<String> = self
            .dependencies
            .iter()
            .map(|(name, requirement)| {
                format!(
                    r#"{{"name": {}, "req": {}, "features": [], "optional": false, "default_features": true, "target": null, "kind": "normal"}}"#,
                    json!(name),
                    json!(requirement)
                )
            })
            .collect();
        format!(
            r#"{{"name": {}, "vers": {}, "deps": [{}], "cksum": "{}", "features": {}, "yanked": {yanked}, "pubtime": "2020-02-02T20:20:20Z"}}"#,
            json!(self.name),
            json!(self.version),
            dependencies.join(", "),
            hex::encode(Sha256::digest(self.bytes())),
            Value::Object(self.features()),
        )
    }
}

/// Metadata and a file as `cargo publish` sends them.
#[must_use]
pub fn publish_frame(metadata: &[u8], file: &[u8]) -> Bytes {
    let length = |bytes: &[u8]| {
        let length = u32::try_from(bytes.len()).expect("crates of tests are small");
        length.to_le_bytes()
    };
    [&length(metadata)[..], metadata, &length(file), file]
        .concat()
        .into()
}
