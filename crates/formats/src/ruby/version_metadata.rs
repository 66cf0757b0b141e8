//! What is kept of a version: facts of each of its gems, and the specification of one of them, as JSON that only this format
//! reads.
//!
//! `{"spec_of": "a-1.0.gem", "spec": {...}, "gems": {"a-1.0.gem": {"needs": "b:>= 1", "requires": "ruby:>= 3"}}}`. A public
//! source's versions have the same form without `spec`: an index says nothing of that.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Dependency, PackageName, VersionDetails};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::gemspec::Gemspec;
use super::platform;

/// A version's metadata.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct VersionMetadata<'a> {
    /// The gem that `spec` is out of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    spec_of: Option<String>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    spec: Option<Cow<'a, RawValue>>,
    #[serde(default)]
    pub(super) gems: BTreeMap<String, GemFacts>,
}

/// What is known of a gem beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct GemFacts {
    /// What it needs to run, as the compact index writes it: `a:>= 1&< 2,b:>= 0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) needs: Option<String>,
    /// What it requires of Ruby and of RubyGems, and what else a public source's index says behind its checksum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) requires: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    /// Its line in the index of its public source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<u32>,
    /// Taken out of the index by `gem yank`, while other gems of its version stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) yanked: Option<bool>,
}

impl GemFacts {
    pub(super) fn is_yanked(&self) -> bool {
        self.yanked == Some(true)
    }

    /// Takes over what the other says. What a public source says goes before what its bytes say: lines of the index are
    /// the same everywhere then.
    pub(super) fn merge(&mut self, new: Self) {
        let is_better = new.at.is_some() || self.at.is_none();
        take(&mut self.needs, new.needs, is_better);
        take(&mut self.requires, new.requires, is_better);
        take(&mut self.sha256, new.sha256, is_better);
        take(&mut self.at, new.at, true);
        take(&mut self.yanked, new.yanked, true);
    }
}

fn take<T>(held: &mut Option<T>, new: Option<T>, is_better: bool) {
    if new.is_some() && (is_better || held.is_none()) {
        *held = new;
    }
}

/// What is kept of a specification for people, and of what it needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SpecFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) authors: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) licenses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) homepage: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<SpecDependency>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SpecDependency {
    pub(super) name: String,
    pub(super) requirement: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) development: bool,
}

impl SpecFacts {
    pub(super) fn of(spec: &Gemspec) -> Self {
        let dependencies = spec.dependencies.iter().map(|needed| SpecDependency {
            name: needed.name.clone(),
            requirement: needed.requirement.joined(", "),
            development: needed.is_development,
        });
        Self {
            summary: spec.summary.clone(),
            description: spec.description.clone(),
            authors: spec.authors.clone(),
            licenses: spec.licenses.clone(),
            homepage: spec.homepage.clone(),
            metadata: spec.metadata.iter().cloned().collect(),
            dependencies: dependencies.collect(),
        }
    }

    /// An address of the specification, where it is one that a page may link to.
    fn address(&self, key: &str) -> Option<String> {
        let found = match key {
            "homepage" => self.homepage.as_ref().or(self.metadata.get("homepage_uri")),
            key => self.metadata.get(key),
        };
        found
            .filter(|text| text.starts_with("https://") || text.starts_with("http://"))
            .cloned()
    }
}

impl<'a> VersionMetadata<'a> {
    /// Reads what is kept. What cannot be read says nothing.
    pub(super) fn read(json: &'a [u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    /// What is known of one gem.
    pub(super) fn of_gem(file: &str, facts: GemFacts) -> Self {
        Self {
            gems: BTreeMap::from([(file.to_owned(), facts)]),
            ..Self::default()
        }
    }

    pub(super) fn set_spec(&mut self, file: &str, spec: &SpecFacts) {
        let json = serde_json::value::to_raw_value(spec)
            .expect("text and lists of text are always written as JSON");
        (self.spec_of, self.spec) = (Some(file.to_owned()), Some(Cow::Owned(json)));
    }

    pub(super) fn spec(&self) -> Option<SpecFacts> {
        serde_json::from_str(self.spec.as_ref()?.get()).ok()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text, numbers and JSON are always written as JSON")
    }

    /// The gem that runs anywhere speaks for its version; of others, the first.
    fn merge(&mut self, new: Self) {
        let has_platform = |file: &Option<String>| {
            let stem = file.as_deref().and_then(|file| file.strip_suffix(".gem"));
            stem.is_some_and(|stem| {
                stem.rsplit_once('-')
                    .is_some_and(|(_, last)| platform::is_platform(last))
            })
        };
        let is_better = has_platform(&self.spec_of) && !has_platform(&new.spec_of);
        if new.spec.is_some() && (self.spec.is_none() || is_better) {
            (self.spec_of, self.spec) = (new.spec_of, new.spec);
        }
        for (file, facts) in new.gems {
            self.gems.entry(file).or_default().merge(facts);
        }
    }
}

/// What is held of a version and what came with one more gem.
pub(super) fn merged(held: &str, new: &str) -> String {
    let mut all = VersionMetadata::read(held.as_bytes());
    all.merge(VersionMetadata::read(new.as_bytes()));
    all.to_json()
}

/// The direct dependencies of a version, those for running before those for working on it.
pub(super) fn dependencies(metadata: &str) -> Vec<Dependency> {
    let kept = VersionMetadata::read(metadata.as_bytes());
    let mut found = kept.spec().unwrap_or_default().dependencies;
    found.sort_by_key(|needed| needed.development);
    let read = |needed: SpecDependency| {
        Some(Dependency {
            namespace: None,
            package: PackageName::parse(&needed.name).ok()?,
            dependency_type: Some(if needed.development {
                "development"
            } else {
                "runtime"
            }),
            version_requirement: Some(needed.requirement),
        })
    };
    found.into_iter().filter_map(read).collect()
}

/// What a version says for people.
pub(super) fn details(metadata: &str) -> VersionDetails {
    let Some(spec) = VersionMetadata::read(metadata.as_bytes()).spec() else {
        return VersionDetails::default();
    };
    VersionDetails {
        display_name: None,
        home_page: spec.address("homepage"),
        source_code_repository: spec.address("source_code_uri"),
        licenses: spec.licenses.into_iter().map(|name| (name, None)).collect(),
        summary: spec.summary,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn merge(held: &Value, new: &Value) -> Value {
        serde_json::from_str(&merged(&held.to_string(), &new.to_string())).unwrap()
    }

    #[test]
    fn what_a_source_says_stays_before_what_the_bytes_say() {
        let said =
            json!({"gems": {"a-1.gem": {"needs": "b:>= 1", "requires": "ruby:>= 3,x:y", "at": 4}}});
        let told = json!({"spec_of": "a-1.gem", "spec": {"summary": "s"},
            "gems": {"a-1.gem": {"needs": "c:>= 1", "requires": "ruby:>= 3"}}});
        let expected =
            json!({"spec_of": "a-1.gem", "spec": {"summary": "s"}, "gems": said["gems"]});
        assert_eq!(merge(&said, &told), expected);
        assert_eq!(merge(&told, &said), expected);
        let newer = json!({"gems": {"a-1.gem": {"needs": "b:>= 2", "requires": "", "at": 5}}});
        assert_eq!(
            merge(&expected, &newer)["gems"]["a-1.gem"]["needs"],
            "b:>= 2"
        );
        assert_eq!(merge(&json!("no"), &said), said);
    }

    #[test]
    fn the_gem_that_runs_anywhere_speaks_for_its_version() {
        let of = |file: &str, summary: &str| json!({"spec_of": file, "spec": {"summary": summary}, "gems": {}});
        let (ruby, java) = (of("a-1.0.gem", "r"), of("a-1.0-java.gem", "j"));
        assert_eq!(merge(&java, &ruby), ruby);
        assert_eq!(merge(&ruby, &java), ruby);
        assert_eq!(merge(&java, &of("a-1.0-x86_64-linux.gem", "l")), java);
        let read = details(&ruby.to_string());
        assert_eq!(read.summary.as_deref(), Some("r"));
    }

    #[test]
    fn dependencies_are_told_apart_by_what_they_are_for() {
        let spec = json!({"spec": {"dependencies": [
            {"name": "rake", "requirement": ">= 0", "development": true},
            {"name": "rack", "requirement": "< 4, >= 2"},
        ]}, "gems": {}});
        let found = dependencies(&spec.to_string());
        let said: Vec<_> = found
            .iter()
            .map(|d| (d.package.as_str(), d.dependency_type.unwrap()))
            .collect();
        assert_eq!(said, [("rack", "runtime"), ("rake", "development")]);
        assert_eq!(found[0].version_requirement.as_deref(), Some("< 4, >= 2"));
        assert_eq!(dependencies("[]"), []);
    }

    #[test]
    fn only_addresses_of_pages_are_told() {
        let spec = json!({"spec": {"homepage": "javascript:alert(1)", "licenses": ["MIT"],
            "metadata": {"source_code_uri": "https://example.org/src"}}, "gems": {}});
        let found = details(&spec.to_string());
        assert_eq!(found.home_page, None);
        assert_eq!(
            found.source_code_repository.as_deref(),
            Some("https://example.org/src")
        );
        assert_eq!(found.licenses, [("MIT".to_owned(), None)]);
    }
}
