//! Tests of the whole check: requests are signed, rightly or wrongly, changed, and verified.

mod canonical_form;
mod keys;
mod library;
mod payload;
mod presigned_form;
mod signed_parts;
mod time_and_scope;
mod vectors;

use sha2::{Digest as _, Sha256};

use super::*;

const NOW: EpochMillis = EpochMillis(1_767_225_600_000);
const AT: &str = "20260101T000000Z";
const KEY: &str = "AKIAABCDEFGHIJKLMNOP";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SCOPE: &str = "20260101/us-west-2/codeartifact/aws4_request";
const SIGNED: &str = "content-type;host;x-amz-date";
const BODY: &[u8] = br#"{"description":"the team's packages"}"#;

fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A request that can be changed after it was signed.
#[derive(Clone, Debug)]
struct Wire {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Wire {
    fn new() -> Self {
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            method: "POST".into(),
            path: "/v1/repository".into(),
            query: "domain=acme&repository=team-a".into(),
            headers: vec![
                header("host", "127.0.0.1:8740"),
                header("content-type", "application/json"),
                header("x-amz-date", AT),
            ],
            body: BODY.into(),
        }
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    fn replaced(self, name: &str, value: &str) -> Self {
        self.without(name).header(name, value)
    }

    fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    fn changed(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn authorization(&mut self) -> &mut String {
        &mut self
            .headers
            .iter_mut()
            .find(|(name, _)| name == "authorization")
            .unwrap()
            .1
    }

    fn with<T>(&self, run: impl FnOnce(&RequestParts<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> = self
            .headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_bytes()))
            .collect();
        run(&RequestParts {
            method: &self.method,
            raw_path: &self.path,
            raw_query: &self.query,
            headers: &headers,
        })
    }

    /// What a signer does that follows its orders, however wrong they are.
    fn calculate(
        &self,
        signed: &str,
        scope: &str,
        at: &str,
        payload: &str,
        presigned: bool,
    ) -> String {
        let canonical =
            self.with(|parts| canonical::request(parts, signed, presigned, payload).unwrap());
        let part = |index: usize| scope.split('/').nth(index).unwrap_or_default();
        let scope = signing::Scope {
            date: part(0),
            region: part(1),
            service: part(2),
            terminator: part(3),
        };
        hex::encode(signing::signature(SECRET, &scope, at, &canonical))
    }

    fn signed_as(self, signed: &str, scope: &str, at: &str) -> Self {
        let declared = self
            .headers
            .iter()
            .find(|(name, _)| name == "x-amz-content-sha256");
        let payload = declared.map_or_else(|| sha256(&self.body), |(_, value)| value.clone());
        self.signed_over(&payload, signed, scope, at)
    }

    /// The header form with a last line of its own.
    fn signed_over(self, payload: &str, signed: &str, scope: &str, at: &str) -> Self {
        let signature = self.calculate(signed, scope, at, payload, false);
        let value = format!(
            "{ALGORITHM} Credential={KEY}/{scope}, SignedHeaders={signed}, Signature={signature}"
        );
        self.header("authorization", &value)
    }

    fn signed(self) -> Self {
        self.signed_as(SIGNED, SCOPE, AT)
    }

    /// The query form, with these parameters instead of or beside the usual ones.
    fn presigned_with(mut self, replace: &[(&str, &str)], payload: &str) -> Self {
        self.headers
            .retain(|(name, _)| name == "host" || name.starts_with("x-amz-content"));
        let credential = format!("{KEY}%2F{}", SCOPE.replace('/', "%2F"));
        let signed = self
            .headers
            .iter()
            .map(|(name, _)| name.as_str())
            .rev()
            .collect::<Vec<_>>()
            .join("%3B");
        let mut parameters = vec![
            ("X-Amz-Algorithm", ALGORITHM),
            ("X-Amz-Credential", &credential),
            ("X-Amz-Date", AT),
            ("X-Amz-Expires", "60"),
            ("X-Amz-SignedHeaders", &signed),
        ];
        for (name, value) in replace {
            parameters.retain(|(other, _)| other != name);
            parameters.push((name, value));
        }
        let find = |wanted: &str| {
            parameters
                .iter()
                .find(|(name, _)| *name == wanted)
                .map_or("", |(_, value)| value)
        };
        let (signed, at) = (
            find("X-Amz-SignedHeaders").replace("%3B", ";"),
            find("X-Amz-Date").to_owned(),
        );
        for (name, value) in &parameters {
            self.query = format!("{}&{name}={value}", self.query);
        }
        let signature = self.calculate(&signed, SCOPE, &at, payload, true);
        self.query = format!("{}&X-Amz-Signature={signature}", self.query);
        self
    }

    fn presigned(self) -> Self {
        let payload = sha256(&self.body);
        self.presigned_with(&[], &payload)
    }

    fn verify_by<'i>(
        &self,
        change: impl FnOnce(&mut VerifyInput<'i>),
    ) -> Result<(), SignatureError> {
        // Leaked, so that the input can also hold what a test lends it; tests are short.
        let body_sha256: &str = sha256(&self.body).leak();
        let mut input = VerifyInput {
            secret: Some(SECRET),
            session_token: None,
            payload: Payload::Known(body_sha256),
            now: NOW,
            service: "codeartifact",
            region: Some("us-west-2"),
        };
        change(&mut input);
        self.with(|parts| match Signature::read(parts)? {
            Some(signature) => signature.verify(&input),
            None => Err(SignatureError::MissingAuthenticationToken),
        })
    }

    fn verify(&self) -> Result<(), SignatureError> {
        self.verify_by(|_| {})
    }
}

#[track_caller]
fn assert_invalid(outcome: Result<(), SignatureError>, text: &str) {
    let error = outcome.expect_err("must be refused");
    assert_eq!(
        (error.exception(), error.status()),
        ("InvalidSignatureException", 403),
        "{error}"
    );
    assert!(error.to_string().contains(text), "{error}");
}

#[track_caller]
fn assert_incomplete(outcome: Result<(), SignatureError>, text: &str) {
    let error = outcome.expect_err("must be refused");
    assert_eq!(
        (error.exception(), error.status()),
        ("IncompleteSignatureException", 400),
        "{error}"
    );
    assert!(error.to_string().contains(text), "{error}");
}

#[test]
fn a_signed_request_verifies_and_tells_who_signed() {
    let wire = Wire::new().signed();
    assert_eq!(wire.verify(), Ok(()));
    wire.with(|parts| {
        let signature = Signature::read(parts).unwrap().unwrap();
        assert_eq!(
            (signature.access_key_id(), signature.region()),
            (KEY, "us-west-2")
        );
        assert_eq!(
            (signature.session_token(), signature.payload_hash()),
            (None, None)
        );
        assert!(!signature.is_presigned());
        let shown = format!("{signature:?}");
        assert!(
            shown.contains(KEY) && !shown.contains("Signature="),
            "{shown}"
        );
    });
    Wire::new().presigned().with(|parts| {
        let signature = Signature::read(parts).unwrap().unwrap();
        assert!(signature.is_presigned());
        assert_eq!(signature.access_key_id(), KEY);
    });
}

#[test]
fn requests_without_a_signature_carry_none() {
    for wire in [
        Wire::new(),
        Wire::new().header("authorization", "Bearer eyJ2ZXIiOjF9"),
        Wire::new().header("authorization", "Basic YXdzOng="),
        Wire::new().header("authorization", ""),
        Wire::new().query("x-amz-signature=00"),
    ] {
        assert_eq!(
            wire.verify(),
            Err(SignatureError::MissingAuthenticationToken),
            "{wire:?}"
        );
    }
    let missing = SignatureError::MissingAuthenticationToken;
    assert_eq!(
        (missing.exception(), missing.status()),
        ("MissingAuthenticationTokenException", 403)
    );
}
