//! Attestations of files and the provenance made of them ("Index hosted attestations" in PyPA's specifications; PEP 740).
//!
//! What is checked is that an attestation is well-formed and about the bytes it came with. Whether its signature is one to
//! trust is for who installs: this server knows no identity providers of publishers.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use catalog::PackageView;
use model::{Error, InvalidReason, Result, Sha256Digest};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::version_metadata::VersionMetadata;

/// The largest set of attestations: each is a few kilobytes.
pub(super) const ATTESTATION_BYTES: usize = 512 << 10;
const ATTESTATIONS: usize = 16;
const STATEMENT: &str = "https://in-toto.io/Statement/v1";

#[derive(Deserialize)]
struct Attestation<'a> {
    version: u64,
    #[serde(borrow)]
    verification_material: Material<'a>,
    #[serde(borrow)]
    envelope: Envelope<'a>,
}

#[derive(Deserialize)]
struct Material<'a> {
    certificate: String,
    #[serde(borrow)]
    transparency_entries: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    statement: &'a str,
    #[serde(borrow)]
    signature: &'a str,
}

#[derive(Deserialize)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    #[serde(rename = "predicateType")]
    predicate_type: String,
}

#[derive(Deserialize)]
struct Subject {
    name: String,
    digest: BTreeMap<String, String>,
}

/// Checks the attestations that came with a file: a JSON list.
pub(super) fn check<'a>(json: &'a str, file: &str, sha256: &Sha256Digest) -> Result<&'a RawValue> {
    let refuse = |reason: &str| {
        let message = format!("The attestations of '{file}' cannot be accepted: {reason}.");
        Error::invalid(InvalidReason::Other, message)
    };
    if json.len() > ATTESTATION_BYTES {
        return Err(refuse("they are too large"));
    }
    let list: Vec<&RawValue> =
        serde_json::from_str(json).map_err(|_| refuse("they are not a JSON list"))?;
    if list.is_empty() || list.len() > ATTESTATIONS {
        return Err(refuse("they must be at least 1 and at most 16"));
    }
    let mut predicates = Vec::new();
    for attestation in &list {
        let predicate = check_one(attestation.get(), file, sha256).map_err(refuse)?;
        if predicates.contains(&predicate) {
            return Err(refuse("two of them are of the same type"));
        }
        predicates.push(predicate);
    }
    serde_json::from_str(json.trim()).map_err(Error::internal)
}

/// The type of what one attests.
fn check_one(json: &str, file: &str, sha256: &Sha256Digest) -> Result<String, &'static str> {
    let attestation: Attestation<'_> =
        serde_json::from_str(json).map_err(|_| "one of them is not well-formed")?;
    if attestation.version != 1 {
        return Err("one of them is of an unknown version");
    }
    let material = &attestation.verification_material;
    if material.transparency_entries.is_empty() || STANDARD.decode(&material.certificate).is_err() {
        return Err("the verification material of one of them is not well-formed");
    }
    if STANDARD.decode(attestation.envelope.signature).is_err() {
        return Err("the signature of one of them is not well-formed");
    }
    let statement: Statement = STANDARD
        .decode(attestation.envelope.statement)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or("the statement of one of them is not well-formed")?;
    if statement.kind != STATEMENT || statement.predicate_type.is_empty() {
        return Err("the statement of one of them is of an unknown kind");
    }
    let [subject] = statement.subject.as_slice() else {
        return Err("the statement of one of them must have exactly one subject");
    };
    let is_about_file = subject.name.eq_ignore_ascii_case(file)
        && subject
            .digest
            .get("sha256")
            .and_then(|digest| Sha256Digest::from_hex(digest))
            .as_ref()
            == Some(sha256);
    if is_about_file {
        Ok(statement.predicate_type)
    } else {
        Err("one of them is about another file")
    }
}

#[derive(Serialize)]
struct Provenance<'a> {
    version: u8,
    attestation_bundles: [Bundle<'a>; 1],
}

#[derive(Serialize)]
struct Bundle<'a> {
    publisher: Publisher,
    attestations: &'a RawValue,
}

/// Who published: not by way of a trusted publisher, so there are no claims.
#[derive(Serialize)]
struct Publisher {
    kind: &'static str,
    claims: Option<()>,
}

/// The provenance of all files of a project that have attestations, by name.
pub(super) fn render(view: &PackageView) -> Result<Bytes> {
    let mut all: BTreeMap<String, Provenance<'_>> = BTreeMap::new();
    for found in &view.versions {
        for (file, facts) in VersionMetadata::read(found.metadata.as_bytes()).files {
            if let Some(attestations) = facts.attestations {
                let publisher = Publisher {
                    kind: "CodeArtifact",
                    claims: None,
                };
                let bundle = Bundle {
                    publisher,
                    attestations,
                };
                let provenance = Provenance {
                    version: 1,
                    attestation_bundles: [bundle],
                };
                all.insert(file, provenance);
            }
        }
    }
    serde_json::to_vec(&all)
        .map(Bytes::from)
        .map_err(Error::internal)
}

/// The provenance of one file out of that document.
pub(super) fn find(document: &Bytes, file: &str) -> Result<Option<Bytes>> {
    let all: BTreeMap<String, &RawValue> =
        serde_json::from_slice(document).map_err(Error::internal)?;
    Ok(all
        .get(file)
        .map(|provenance| document.slice_ref(provenance.get().as_bytes())))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    const FILE: &str = "widget-1.0-py3-none-any.whl";

    pub(crate) fn attestation(file: &str, sha256: &Sha256Digest) -> Value {
        let statement = json!({
            "_type": STATEMENT,
            "subject": [{"name": file, "digest": {"sha256": sha256.to_hex()}}],
            "predicateType": "https://predicate.example/v1",
            "predicate": null,
        });
        json!({
            "version": 1,
            "verification_material": {"certificate": "AAAA", "transparency_entries": [{"logIndex": "1"}]},
            "envelope": {"statement": STANDARD.encode(statement.to_string()), "signature": "AAAA"},
        })
    }

    #[test]
    fn attestations_are_kept_as_they_came() {
        let digest = Sha256Digest::from_bytes([7; 32]);
        let list = json!([attestation(FILE, &digest)]).to_string();
        let kept = check(&list, FILE, &digest).unwrap();
        assert_eq!(kept.get(), list);
    }

    #[test]
    fn f_py_4_attestations_that_are_malformed_or_for_another_file_are_refused() {
        let digest = Sha256Digest::from_bytes([7; 32]);
        let good = attestation(FILE, &digest);
        let changed = |pointer: &str, value: Value| {
            let mut one = good.clone();
            *one.pointer_mut(pointer).unwrap() = value;
            json!([one])
        };
        for bad in [
            json!({}),
            json!([]),
            json!([1]),
            json!([good, good]),
            json!([attestation("widget-1.1-py3-none-any.whl", &digest)]),
            json!([attestation(FILE, &Sha256Digest::from_bytes([8; 32]))]),
            changed("/version", json!(2)),
            changed("/verification_material/transparency_entries", json!([])),
            changed("/verification_material/certificate", json!("!")),
            changed("/envelope/signature", json!("!")),
            changed("/envelope/statement", json!("!")),
            changed("/envelope/statement", json!(STANDARD.encode("{}"))),
        ] {
            assert!(check(&bad.to_string(), FILE, &digest).is_err(), "{bad}");
        }
        assert!(check("[", FILE, &digest).is_err());
        let deep = "[".repeat(100_000);
        assert!(check(&deep, FILE, &digest).is_err());
        let large = format!("[{}]", " ".repeat(ATTESTATION_BYTES));
        assert!(check(&large, FILE, &digest).is_err());
    }

    #[test]
    fn provenance_is_found_by_file() {
        let document = Bytes::from_static(br#"{"a.whl":{"version":1}}"#);
        assert_eq!(
            find(&document, "a.whl").unwrap().unwrap(),
            r#"{"version":1}"#
        );
        assert!(find(&document, "b.whl").unwrap().is_none());
    }
}
