//! Checking of AWS Signature Version 4: the header form and the presigned query form, for a service that
//! normalises paths. Signing is not here; neither is finding the secret, which is the caller's.
//!
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>. Considered were
//! `scratchstack-aws-signature` (checks inside an async key service of its own, brings a second HTTP layer and clock,
//! has no say over the payload rules here) and `aws-sigv4` (signs only): the first is too much and the second too
//! little, so the canonical form is our own, held to the published test vectors.

mod canonical;
mod error;
mod header_form;
mod instant;
mod presigned_form;
mod query;
mod signing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use model::{Constraint, EpochMillis, Violation};

pub use error::SignatureError;
use instant::SignedAt;

/// The one algorithm.
const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far the client's clock may be from ours, either way.
const SKEW_MS: i64 = 15 * 60 * 1000;

/// The marker of a body that is not part of the signature.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What of a request a signature is about.
#[derive(Debug, Clone, Copy)]
pub struct RequestParts<'a> {
    /// The method, in upper case.
    pub method: &'a str,
    /// The path as on the wire, still percent-encoded.
    pub raw_path: &'a str,
    /// The query string as on the wire, without the question mark; empty if there is none.
    pub raw_query: &'a str,
    /// The headers in the order in which they came, names in lower case. Where the protocol has `:authority`
    /// instead of `host`, the caller puts it here under the name `host`.
    pub headers: &'a [(&'a str, &'a [u8])],
}

impl<'a> RequestParts<'a> {
    fn values(&self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |(other, _)| *other == name)
            .map(|(_, value)| *value)
    }

    /// The value of a header that may come once at most; space around it is not part of it.
    fn single(&self, name: &'static str) -> Result<Option<&'a [u8]>, SignatureError> {
        let mut values = self.values(name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value.map(<[u8]>::trim_ascii)),
            (_, Some(_)) => Err(SignatureError::incomplete(format!(
                "The header '{name}' was sent more than once."
            ))),
        }
    }

    /// The same as text.
    fn single_text(&self, name: &'static str) -> Result<Option<&'a str>, SignatureError> {
        let Some(value) = self.single(name)? else {
            return Ok(None);
        };
        std::str::from_utf8(value).map(Some).map_err(|_| {
            SignatureError::incomplete(format!("The header '{name}' has bytes that are not text."))
        })
    }
}

/// How the body takes part in the check.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The SHA-256 of the whole body, in lower-case hex. A hash that the client declared must equal it.
    Known(&'a str),
    /// The body is still to come and its hash is checked by whoever receives it: the header `x-amz-content-sha256`
    /// must hold 64 lower-case hex digits.
    StreamedWithDeclaredHash,
}

/// What a signature is checked against.
#[derive(Clone, Copy)]
pub struct VerifyInput<'a> {
    /// The secret of the access key, or `None` when there is no such active key: then the same work is done and the
    /// signature refused, so that the time taken does not tell which keys exist.
    pub secret: Option<&'a str>,
    /// The session token that belongs to the access key; `None` for a long-term key.
    pub session_token: Option<&'a str>,
    /// The body.
    pub payload: Payload<'a>,
    /// The present instant.
    pub now: EpochMillis,
    /// The name of the service in the credential scope.
    pub service: &'a str,
    /// The region in the credential scope; `None` accepts any.
    pub region: Option<&'a str>,
}

impl std::fmt::Debug for VerifyInput<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifyInput")
            .field("now", &self.now)
            .field("service", &self.service)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Where a signature was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Header,
    Presigned { expires_in_s: u32 },
}

/// The signature of a request, read and well-formed but not yet checked.
pub struct Signature<'a> {
    request: &'a RequestParts<'a>,
    form: Form,
    /// `key/date/region/service/terminator`: exactly five parts.
    credential: Cow<'a, str>,
    /// Lower-case names, sorted, each once, each present in the request, joined by semicolons.
    signed_headers: Cow<'a, str>,
    signature: [u8; 32],
    signed_at: SignedAt<'a>,
    session_token: Option<Cow<'a, str>>,
    payload_header: Option<&'a str>,
    payload_parameter: Option<Cow<'a, str>>,
}

impl std::fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature")
            .field("access_key_id", &self.access_key_id())
            .field("form", &self.form)
            .finish_non_exhaustive()
    }
}

impl<'a> Signature<'a> {
    /// Reads the signature of a request. `None` when it has none; that is
    /// [`SignatureError::MissingAuthenticationToken`] where one is needed.
    pub fn read(request: &'a RequestParts<'a>) -> Result<Option<Self>, SignatureError> {
        let authorization = request.single("authorization")?;
        let fields = authorization
            .map(header_form::fields)
            .transpose()?
            .flatten();
        let signature = match (fields, query::has_signature(request.raw_query)) {
            (None, false) => return Ok(None),
            (Some(fields), false) => header_form::read(request, fields)?,
            (None, true) if authorization.is_none() => presigned_form::read(request)?,
            (_, true) => {
                return Err(SignatureError::incomplete(
                    "Only one way of authentication is allowed: the Authorization header or the query string.",
                ));
            }
        };
        signature.check_signed_headers()?;
        Ok(Some(signature))
    }

    fn credential_part(&self, index: usize) -> &str {
        self.credential.split('/').nth(index).unwrap_or_default()
    }

    /// The id of the access key that is said to have signed.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        self.credential_part(0)
    }

    /// The region that the request was signed for.
    #[must_use]
    pub fn region(&self) -> &str {
        self.credential_part(2)
    }

    /// The session token that came with the request, as temporary credentials have one.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_deref()
    }

    /// What the request says of its body: a hash in hex or the marker `UNSIGNED-PAYLOAD`. `None` when it says
    /// nothing, so that the body must be hashed before the signature can be checked.
    #[must_use]
    pub fn payload_hash(&self) -> Option<&str> {
        self.payload_header.or(self.payload_parameter.as_deref())
    }

    /// Whether the signature came in the query string.
    #[must_use]
    pub fn is_presigned(&self) -> bool {
        matches!(self.form, Form::Presigned { .. })
    }

    /// Checks the signature.
    pub fn verify(&self, input: &VerifyInput<'_>) -> Result<(), SignatureError> {
        self.check_scope(input)?;
        self.check_time(input.now)?;
        let payload = self.canonical_payload(&input.payload)?;
        // Without a key the work is done all the same, with a secret that no key has, and its outcome is not used.
        let known = input.secret.filter(|secret| !secret.is_empty());
        let secret = known.unwrap_or("-");
        let mut matches = self.is_signed_over(payload, secret)?;
        if !matches && self.may_be_streamed_unread(&input.payload) {
            matches = self.is_signed_over(UNSIGNED_PAYLOAD, secret)?;
        }
        if known.is_none() {
            return Err(SignatureError::UnrecognizedClient);
        }
        if !matches {
            return Err(SignatureError::Mismatch);
        }
        self.check_session_token(input.session_token)?;
        match input.payload {
            Payload::Known(actual)
                if payload != UNSIGNED_PAYLOAD && !payload.eq_ignore_ascii_case(actual) =>
            {
                Err(SignatureError::PayloadMismatch {
                    declared: payload.to_owned(),
                    actual: actual.to_owned(),
                })
            }
            _ => Ok(()),
        }
    }

    /// Whether the signature is that of a secret over the request with this last line.
    fn is_signed_over(&self, payload: &str, secret: &str) -> Result<bool, SignatureError> {
        let canonical = canonical::request(
            self.request,
            &self.signed_headers,
            self.is_presigned(),
            payload,
        )?;
        let calculated =
            signing::signature(secret, &self.scope(), self.signed_at.compact(), &canonical);
        Ok(std::hint::black_box(signing::equal(
            &calculated,
            &self.signature,
        )))
    }

    /// The AWS SDK for Rust signs a body that it streams from disk as if nothing were known of it, although the
    /// header with its hash is there. That header is signed, so the hash is as sure as in the other form.
    fn may_be_streamed_unread(&self, payload: &Payload<'_>) -> bool {
        matches!(payload, Payload::StreamedWithDeclaredHash) && !self.is_presigned()
    }

    fn check_session_token(&self, expected: Option<&str>) -> Result<(), SignatureError> {
        match (expected, self.session_token()) {
            (None, None) => Ok(()),
            (Some(expected), Some(sent))
                if signing::equal(expected.as_bytes(), sent.as_bytes()) =>
            {
                Ok(())
            }
            _ => Err(SignatureError::UnrecognizedClient),
        }
    }

    /// `date/region/service/terminator`.
    fn scope(&self) -> signing::Scope<'_> {
        signing::Scope {
            date: self.credential_part(1),
            region: self.region(),
            service: self.credential_part(3),
            terminator: self.credential_part(4),
        }
    }

    fn check_scope(&self, input: &VerifyInput<'_>) -> Result<(), SignatureError> {
        let signing::Scope {
            date,
            region,
            service,
            terminator,
        } = self.scope();
        if terminator != signing::TERMINATOR {
            return Err(SignatureError::invalid(
                "Credential should be scoped with a valid terminator: 'aws4_request'.",
            ));
        }
        if service != input.service {
            let expected = input.service;
            return Err(SignatureError::invalid(format!(
                "Credential should be scoped to correct service: '{expected}'."
            )));
        }
        if let Some(expected) = input.region.filter(|expected| *expected != region) {
            return Err(SignatureError::invalid(format!(
                "Credential should be scoped to a valid region: '{expected}'."
            )));
        }
        if date != self.signed_at.day() {
            return Err(SignatureError::invalid(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
                 '{}', from '{}'.",
                error::excerpt(date),
                self.signed_at.day(),
                self.signed_at.compact(),
            )));
        }
        Ok(())
    }

    fn check_time(&self, now: EpochMillis) -> Result<(), SignatureError> {
        let signed = self.signed_at.instant();
        let (lifetime_ms, lifetime) = match self.form {
            Form::Header => (SKEW_MS, "15 min.".to_owned()),
            Form::Presigned { expires_in_s } => (
                i64::from(expires_in_s) * 1000,
                format!("{expires_in_s} sec."),
            ),
        };
        let (oldest, newest) = (now.plus_ms(-lifetime_ms), now.plus_ms(SKEW_MS));
        if signed < oldest {
            return Err(SignatureError::invalid(format!(
                "Signature expired: {} is now earlier than {} ({} - {lifetime})",
                self.signed_at.compact(),
                instant::compact(oldest),
                instant::compact(now),
            )));
        }
        if signed > newest {
            return Err(SignatureError::invalid(format!(
                "Signature not yet current: {} is still later than {} ({} + 15 min.)",
                self.signed_at.compact(),
                instant::compact(newest),
                instant::compact(now),
            )));
        }
        Ok(())
    }

    /// The last line of the canonical request.
    fn canonical_payload<'s>(&'s self, payload: &Payload<'s>) -> Result<&'s str, SignatureError> {
        let declared = self.payload_hash();
        match payload {
            Payload::StreamedWithDeclaredHash => {
                declared_asset_hash(self.payload_header).map_err(SignatureError::DeclaredHash)
            }
            Payload::Known(actual) => match declared {
                None => Ok(actual),
                Some(UNSIGNED_PAYLOAD) if self.is_presigned() => Ok(UNSIGNED_PAYLOAD),
                Some(hash) if hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit()) => {
                    Ok(hash)
                }
                Some(marker) if marker.starts_with("STREAMING-") => Err(SignatureError::invalid(
                    "Bodies in signed chunks are not served here: send x-amz-content-sha256 with the SHA-256 of the \
                     whole body.",
                )),
                Some(_) => Err(SignatureError::invalid(
                    "The header x-amz-content-sha256 must be the SHA-256 of the body in hex.",
                )),
            },
        }
    }

    /// The host and everything that AWS gives a meaning must be signed, and what is signed must be there.
    fn check_signed_headers(&self) -> Result<(), SignatureError> {
        let mut last = "";
        for name in self.signed_headers.split(';') {
            let plain = |b: u8| {
                b.is_ascii_graphic()
                    && !b.is_ascii_uppercase()
                    && !b"\"(),/:;<=>?@[\\]{}".contains(&b)
            };
            if name.is_empty() || !name.bytes().all(plain) || name <= last {
                return Err(SignatureError::invalid(
                    "SignedHeaders must be lower-case header names, sorted, each once, joined by semicolons.",
                ));
            }
            if self.request.values(name).next().is_none() {
                return Err(SignatureError::invalid(format!(
                    "The signed header '{}' is not in the request.",
                    error::excerpt(name)
                )));
            }
            last = name;
        }
        let signed = |wanted: &str| self.signed_headers.split(';').any(|name| name == wanted);
        self.request.single("host")?;
        if !signed("host") {
            return Err(SignatureError::invalid(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            ));
        }
        for (name, _) in self.request.headers {
            if name.starts_with("x-amz-") && !signed(name) {
                return Err(SignatureError::invalid(format!(
                    "'{}' must be a 'SignedHeader' in the AWS Authorization.",
                    error::excerpt(name)
                )));
            }
        }
        if self.signed_at.is_from_date_header() && !signed("date") {
            return Err(SignatureError::invalid(
                "'Date' must be a 'SignedHeader' in the AWS Authorization.",
            ));
        }
        Ok(())
    }
}

/// The declared hash of an asset: required, 64 lower-case hex digits.
fn declared_asset_hash(header: Option<&str>) -> Result<&str, Violation> {
    let constraint = match header {
        None => Constraint::NotNull,
        Some(hash) if hash.len() < 64 => Constraint::MinLength(64),
        Some(hash) if hash.len() > 64 => Constraint::MaxLength(64),
        Some(hash) if hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => {
            return Ok(hash);
        }
        Some(_) => Constraint::Pattern("[0-9a-f]+"),
    };
    Err(Violation {
        member: "assetSHA256".into(),
        value: header.map(str::to_owned),
        constraint,
    })
}

/// The parts of a credential: there must be five.
fn check_credential(credential: &str) -> Result<(), SignatureError> {
    if credential.split('/').count() == 5 && credential.split('/').all(|part| !part.is_empty()) {
        Ok(())
    } else {
        Err(SignatureError::incomplete(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.",
        ))
    }
}

/// 64 lower-case hex digits; whatever else a client sends can not be what we calculate.
fn read_signature(hex_text: &str) -> Result<[u8; 32], SignatureError> {
    let mut bytes = [0; 32];
    if hex_text.bytes().any(|b| b.is_ascii_uppercase())
        || hex::decode_to_slice(hex_text, &mut bytes).is_err()
    {
        return Err(SignatureError::Mismatch);
    }
    Ok(bytes)
}
