//! The signature in the query string.

use std::borrow::Cow;

use super::instant::SignedAt;
use super::query::SignatureParameters;
use super::{ALGORITHM, Form, RequestParts, Signature, SignatureError};

const EXPIRES_MAX_S: u32 = 604_800;

/// Reads a signature from the query string.
pub(super) fn read<'a>(request: &'a RequestParts<'a>) -> Result<Signature<'a>, SignatureError> {
    let found = SignatureParameters::read(request.raw_query)?;
    if require(found.algorithm, "X-Amz-Algorithm")? != ALGORITHM {
        return Err(SignatureError::incomplete(
            "Unsupported AWS 'algorithm': only AWS4-HMAC-SHA256 is served here.",
        ));
    }
    let credential = require(found.credential, "X-Amz-Credential")?;
    super::check_credential(&credential)?;
    let signed_at = SignedAt::parse(require(found.date, "X-Amz-Date")?).ok_or_else(|| {
        SignatureError::incomplete(
            "Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z, in 'X-Amz-Date'.",
        )
    })?;
    let expires_in_s = read_expires(&require(found.expires, "X-Amz-Expires")?)?;
    let token_header = request.single_text("x-amz-security-token")?;
    if token_header.is_some() && found.security_token.is_some() {
        return Err(SignatureError::incomplete(
            "The security token was sent both as a header and in the query string.",
        ));
    }
    let payload_header = request.single_text("x-amz-content-sha256")?;
    if payload_header.is_some() && found.content_sha256.is_some() {
        return Err(SignatureError::incomplete(
            "The body's hash was sent both as a header and in the query string.",
        ));
    }
    Ok(Signature {
        request,
        form: Form::Presigned { expires_in_s },
        credential,
        signed_headers: require(found.signed_headers, "X-Amz-SignedHeaders")?,
        signature: super::read_signature(&require(found.signature, "X-Amz-Signature")?)?,
        signed_at,
        session_token: token_header.map(Cow::Borrowed).or(found.security_token),
        payload_header,
        payload_parameter: found.content_sha256,
    })
}

fn require<'a>(value: Option<Cow<'a, str>>, name: &str) -> Result<Cow<'a, str>, SignatureError> {
    value.ok_or_else(|| {
        SignatureError::incomplete(format!(
            "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
        ))
    })
}

fn read_expires(text: &str) -> Result<u32, SignatureError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u32>() {
        Ok(seconds @ 1..=EXPIRES_MAX_S) if digits => Ok(seconds),
        _ => Err(SignatureError::incomplete(
            "X-Amz-Expires must be a number of seconds from 1 to 604800.",
        )),
    }
}
