//! What is held of a release beside its archive, as one JSON document: how its package was spelled, what its publisher
//! says of it, and its signatures. Signatures are kept and passed on; only clients judge them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::VersionDetails;
use serde::{Deserialize, Serialize};

use super::release_metadata::{self, Members};

/// What is held of a release.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct VersionMetadata {
    /// `scope.name` as the publisher wrote it.
    pub(super) identity: String,
    /// What the publisher says of the release.
    pub(super) metadata: Members,
    /// The signature of the archive, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signing: Option<Signing>,
    /// The signature of what the publisher says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata_signature_base64: Option<String>,
}

/// A signature, as the registry specification writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Signing {
    #[serde(rename = "signatureBase64Encoded")]
    pub(super) signature_base64: String,
    #[serde(rename = "signatureFormat")]
    pub(super) format: String,
}

impl Signing {
    pub(super) fn new(signature: &[u8], format: &str) -> Self {
        Self {
            signature_base64: STANDARD.encode(signature),
            format: format.to_owned(),
        }
    }
}

impl VersionMetadata {
    /// Reads what is held; nothing where that is not this format's.
    pub(super) fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and maps of texts can be written as JSON")
    }

    /// Whether the other release is said to be the same and is signed the same.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        self.metadata == other.metadata
            && self.signing == other.signing
            && self.metadata_signature_base64 == other.metadata_signature_base64
    }
}

/// What a release says of itself for people.
pub(super) fn details(json: &str) -> VersionDetails {
    let held = VersionMetadata::read(json.as_bytes());
    let name = held
        .identity
        .split_once('.')
        .map(|(_, name)| name.to_owned());
    let said = |name| release_metadata::text(&held.metadata, name).map(str::to_owned);
    let is_page =
        |address: &&str| address.starts_with("https://") || address.starts_with("http://");
    let mut pages = release_metadata::repositories(&held.metadata).filter(is_page);
    let repository = pages.next().map(str::to_owned);
    VersionDetails {
        display_name: name,
        summary: said("description")
            .and_then(|text| text.lines().next().map(|line| line.trim().to_owned())),
        home_page: said("readmeURL").filter(|page| is_page(&page.as_str())),
        source_code_repository: repository,
        licenses: said("licenseURL")
            .into_iter()
            .map(|address| (address.clone(), Some(address)))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_release_is_described_by_what_its_publisher_says() {
        let held = json!({
            "identity": "Mona.LinkedList",
            "metadata": {
                "description": "One thing.\nAnd another.",
                "licenseURL": "https://example.com/LICENSE",
                "readmeURL": "javascript:alert(1)",
                "repositoryURLs": ["git@git.example:mona/LinkedList.git", "https://git.example/mona/LinkedList"],
            },
        });
        let details = details(&held.to_string());
        assert_eq!(details.display_name.as_deref(), Some("LinkedList"));
        assert_eq!(details.summary.as_deref(), Some("One thing."));
        assert_eq!(details.home_page, None);
        assert_eq!(
            details.source_code_repository.as_deref(),
            Some("https://git.example/mona/LinkedList")
        );
        assert_eq!(details.licenses[0].0, "https://example.com/LICENSE");
    }

    #[test]
    fn what_is_written_is_read_and_what_is_not_ours_says_nothing() {
        let written = VersionMetadata {
            identity: "a.b".into(),
            signing: Some(Signing::new(b"\x01\x02", "cms-1.0.0")),
            ..VersionMetadata::default()
        };
        let json = written.to_json();
        assert!(
            json.contains("\"signatureBase64Encoded\":\"AQI=\""),
            "{json}"
        );
        assert_eq!(VersionMetadata::read(json.as_bytes()), written);
        for odd in ["", "[]", "{}", "{\"identity\":7}"] {
            let read = VersionMetadata::read(odd.as_bytes());
            assert_eq!(read, VersionMetadata::default(), "{odd}");
        }
    }
}
