//! What is kept of a version: the core metadata of one of its files, and facts of each of them, as JSON that only this
//! format reads.
//!
//! `{"core_of": "a-1.0-py3-none-any.whl", "core": {...}, "files": {"a-1.0-py3-none-any.whl": {...}}}`. A public source's
//! versions have the same form without `core`: an index says nothing of that.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Dependency, Digests, VersionDetails};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::core_metadata::CoreMetadata;

/// A version's metadata.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct VersionMetadata<'a> {
    /// The file that `core` is out of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    core_of: Option<String>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    core: Option<Cow<'a, RawValue>>,
    #[serde(default, borrow)]
    pub(super) files: BTreeMap<String, FileFacts<'a>>,
}

/// What is known of a file beside its bytes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct FileFacts<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(default, skip_serializing_if = "Hashes::is_empty")]
    pub(super) hashes: Hashes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) requires_python: Option<String>,
    /// Said by public sources alone, and there always: a yank can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) yanked: Option<Yanked>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) upload_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) core_metadata: Option<CoreMetadataFact>,
    /// Where a public source has the file's provenance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) provenance: Option<String>,
    /// The attestations that came with the file.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub(super) attestations: Option<&'a RawValue>,
}

/// Digests of a file, in hexadecimal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hashes {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha512: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha1: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) md5: Option<String>,
}

impl Hashes {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The strongest that installers know by name.
    pub(super) fn best(&self) -> Option<(&'static str, &str)> {
        let all = [
            ("sha256", &self.sha256),
            ("sha512", &self.sha512),
            ("sha1", &self.sha1),
            ("md5", &self.md5),
        ];
        all.into_iter()
            .find_map(|(name, digest)| Some((name, digest.as_deref()?)))
    }

    pub(super) fn of(digests: &Digests) -> Self {
        Self {
            sha256: Some(digests.sha256.to_hex()),
            ..Self::default()
        }
    }
}

/// Whether a file is yanked (PEP 592): no, yes, or yes for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Yanked {
    Flag(bool),
    Reason(String),
}

impl Yanked {
    pub(super) const NO: Self = Self::Flag(false);

    pub(super) const fn is_yanked(&self) -> bool {
        !matches!(self, Self::Flag(false))
    }

    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Reason(reason) => Some(reason),
            Self::Flag(_) => None,
        }
    }
}

/// Whether a file's core metadata can be had beside it (PEP 658), and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum CoreMetadataFact {
    There(bool),
    Sha256(String),
}

impl<'a> VersionMetadata<'a> {
    /// Reads what is kept. What cannot be read says nothing.
    pub(super) fn read(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// What is known of one file.
    pub(super) fn of_file(file: &str, facts: FileFacts<'a>) -> Self {
        let mut files = BTreeMap::new();
        files.insert(file.to_owned(), facts);
        Self {
            core_of: None,
            core: None,
            files,
        }
    }

    pub(super) fn set_core(&mut self, file: &str, core: &CoreMetadata) {
        let json = serde_json::value::to_raw_value(core)
            .expect("text and lists of text are always written as JSON");
        (self.core_of, self.core) = (Some(file.to_owned()), Some(Cow::Owned(json)));
    }

    pub(super) fn core(&self) -> Option<CoreMetadata> {
        serde_json::from_str(self.core.as_ref()?.get()).ok()
    }

    /// The core metadata's own JSON.
    pub(super) fn core_json(&self) -> Option<&RawValue> {
        self.core.as_deref()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text, numbers and JSON are always written as JSON")
    }

    /// The core metadata of a wheel is that of what is installed; that of an sdist may still be changed by building it.
    /// Of two of a kind, the first stands.
    fn merge(&mut self, new: Self) {
        let is_wheel =
            |file: &Option<String>| file.as_ref().is_some_and(|name| name.ends_with(".whl"));
        let is_better = !is_wheel(&self.core_of) && is_wheel(&new.core_of);
        if new.core.is_some() && (self.core.is_none() || is_better) {
            (self.core_of, self.core) = (new.core_of, new.core);
        }
        for (name, facts) in new.files {
            self.files.entry(name).or_default().merge(facts);
        }
    }
}

impl<'a> FileFacts<'a> {
    /// Takes over what the other says.
    pub(super) fn merge(&mut self, new: Self) {
        self.size = new.size.or(self.size);
        if !new.hashes.is_empty() {
            self.hashes = new.hashes;
        }
        take(&mut self.requires_python, new.requires_python);
        take(&mut self.yanked, new.yanked);
        take(&mut self.upload_time, new.upload_time);
        take(&mut self.core_metadata, new.core_metadata);
        take(&mut self.provenance, new.provenance);
        take(&mut self.attestations, new.attestations);
    }
}

fn take<T>(held: &mut Option<T>, new: Option<T>) {
    if new.is_some() {
        *held = new;
    }
}

/// What is held of a version and what came with one more file.
pub(super) fn merged(held: &str, new: &str) -> String {
    let mut all = VersionMetadata::read(held.as_bytes());
    all.merge(VersionMetadata::read(new.as_bytes()));
    all.to_json()
}

/// The direct dependencies of a version.
pub(super) fn dependencies(metadata: &str) -> Vec<Dependency> {
    VersionMetadata::read(metadata.as_bytes())
        .core()
        .map(|core| core.dependencies())
        .unwrap_or_default()
}

/// What a version says for people.
pub(super) fn details(metadata: &str) -> VersionDetails {
    VersionMetadata::read(metadata.as_bytes())
        .core()
        .map(|core| core.details())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn merge(held: &Value, new: &Value) -> Value {
        serde_json::from_str(&merged(&held.to_string(), &new.to_string())).unwrap()
    }

    #[test]
    fn files_are_brought_together_and_what_is_new_is_taken_over() {
        let held =
            json!({"files": {"a.whl": {"size": 1, "yanked": "bad", "requires_python": ">=3"}}});
        let new = json!({"files": {
            "a.whl": {"yanked": false, "core_metadata": "00"},
            "b.tar.gz": {"hashes": {"sha256": "11"}, "yanked": true, "attestations": [{"version": 1}]},
        }});
        let expected = json!({"files": {
            "a.whl": {"size": 1, "yanked": false, "requires_python": ">=3", "core_metadata": "00"},
            "b.tar.gz": {"hashes": {"sha256": "11"}, "yanked": true, "attestations": [{"version": 1}]},
        }});
        assert_eq!(merge(&held, &new), expected);
        assert_eq!(merge(&expected, &json!({})), expected);
        assert_eq!(merge(&json!({}), &expected), expected);
        let text = merged("no json", &expected.to_string());
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    }

    #[test]
    fn a_wheel_speaks_for_its_version_before_an_sdist_and_else_the_first_file() {
        let of = |file: &str, summary: &str| json!({"core_of": file, "core": {"name": "a", "version": "1", "summary": summary}, "files": {}});
        let (sdist, wheel, other) = (of("a.tar.gz", "s"), of("a.whl", "w"), of("b.whl", "o"));
        assert_eq!(merge(&sdist, &wheel), wheel);
        assert_eq!(merge(&wheel, &sdist), wheel);
        assert_eq!(merge(&wheel, &other), wheel);
        assert_eq!(merge(&sdist, &of("a.zip", "z")), sdist);
        assert_eq!(details(&wheel.to_string()).summary.as_deref(), Some("w"));
        assert_eq!(details("{}"), VersionDetails::default());
        assert_eq!(dependencies("[]"), []);
    }
}
