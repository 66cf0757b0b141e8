//! What is held of a version beside its assets, as JSON: what its POM says, the prefix of its goals, and which checksums
//! did not match while it was uploaded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::pom::Pom;

/// What is held of a version, or what came with one more upload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct VersionMetadata {
    /// What its POM says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pom: Option<Pom>,
    /// The prefix of its goals, if it is a plugin with a descriptor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) goal_prefix: Option<String>,
    /// The files whose checksums did not match, with the suffixes of these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) mismatched: BTreeMap<String, BTreeSet<String>>,
    /// Checksums that match after all. Only on its way in: nothing is held of it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) matched: BTreeMap<String, BTreeSet<String>>,
}

impl VersionMetadata {
    /// Reads it. Versions that came from elsewhere than a publish have none.
    pub(super) fn read(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("texts under texts are always JSON")
    }

    /// That a checksum of a file does not match, or does.
    pub(super) fn of_checksum(file: &str, suffix: &str, matches: bool) -> Self {
        let noted = BTreeMap::from([(file.to_owned(), BTreeSet::from([suffix.to_owned()]))]);
        let mut found = Self::default();
        if matches {
            found.matched = noted;
        } else {
            found.mismatched = noted;
        }
        found
    }

    /// Whether this checksum of a file is known not to match.
    pub(super) fn is_mismatched(&self, file: &str, suffix: &str) -> bool {
        self.mismatched
            .get(file)
            .is_some_and(|suffixes| suffixes.contains(suffix))
    }

    /// Whether the version is a plugin.
    pub(super) fn is_plugin(&self) -> bool {
        let packaging = self.pom.as_ref().and_then(|pom| pom.packaging.as_deref());
        packaging == Some("maven-plugin")
    }

    fn take_in(&mut self, new: Self) {
        self.pom = new.pom.or_else(|| self.pom.take());
        self.goal_prefix = new.goal_prefix.or_else(|| self.goal_prefix.take());
        for (file, suffixes) in new.mismatched {
            self.mismatched.entry(file).or_default().extend(suffixes);
        }
        for (file, suffixes) in new.matched {
            if let Some(held) = self.mismatched.get_mut(&file) {
                held.retain(|suffix| !suffixes.contains(suffix));
            }
        }
        self.mismatched.retain(|_, suffixes| !suffixes.is_empty());
    }
}

/// Brings together what is held and what came.
pub(super) fn merge(held: &str, new: &str) -> String {
    let mut merged = VersionMetadata::read(held);
    merged.take_in(VersionMetadata::read(new));
    merged.write()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_later_is_added_and_the_order_of_uploads_does_not_matter() {
        let pom = r#"{"pom":{"name":"n","packaging":"maven-plugin"}}"#;
        let jar = r#"{"goalPrefix":"x"}"#;
        let both = merge(&merge("{}", pom), jar);
        assert_eq!(both, merge(&merge("{}", jar), pom));
        assert_eq!(
            both,
            r#"{"pom":{"name":"n","packaging":"maven-plugin"},"goalPrefix":"x"}"#
        );
        assert!(VersionMetadata::read(&both).is_plugin());
        assert_eq!(merge(&both, "{}"), both);
        assert_eq!(merge("not json", pom), pom);
    }

    #[test]
    fn f_mvn_2_a_mismatch_is_remembered_until_the_same_checksum_matches() {
        let note =
            |suffix, matches| VersionMetadata::of_checksum("a-1.jar", suffix, matches).write();
        let mut held = merge("{}", &note("sha1", false));
        held = merge(&held, &note("md5", false));
        assert!(VersionMetadata::read(&held).is_mismatched("a-1.jar", "sha1"));
        held = merge(&held, &note("sha1", true));
        let found = VersionMetadata::read(&held);
        assert!(!found.is_mismatched("a-1.jar", "sha1"));
        assert!(found.is_mismatched("a-1.jar", "md5"));
        assert_eq!(merge(&held, &note("md5", true)), "{}");
        assert_eq!(
            merge("{}", &note("md5", true)),
            "{}",
            "nothing is held of a match"
        );
    }
}
