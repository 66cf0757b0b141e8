//! The signature in the `Authorization` header.

use std::borrow::Cow;

use super::instant::SignedAt;
use super::{ALGORITHM, Form, RequestParts, SKEW_MS, Signature, SignatureError};

/// The parts of an `Authorization` header.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// Reads an `Authorization` header; `None` when it is of another scheme, and so no signature.
pub(super) fn fields(header: &[u8]) -> Result<Option<Fields<'_>>, SignatureError> {
    let end = header
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(header.len());
    let (scheme, rest) = header.split_at(end);
    if scheme != ALGORITHM.as_bytes() {
        // The old signature and the one for many regions begin alike; they are signatures, but none we can check.
        return if scheme.starts_with(b"AWS") {
            Err(SignatureError::incomplete(
                "Unsupported AWS 'algorithm': only AWS4-HMAC-SHA256 is served here.",
            ))
        } else {
            Ok(None)
        };
    }
    let rest = std::str::from_utf8(rest).map_err(|_| {
        SignatureError::incomplete("The Authorization header has bytes that are not text.")
    })?;
    let (mut credential, mut signed_headers, mut signature) = (None, None, None);
    for field in rest.split(',') {
        let (name, value) = field.split_once('=').ok_or_else(|| {
            SignatureError::incomplete(
                "The Authorization header is not a list of key=value pairs with commas between.",
            )
        })?;
        let place = match name.trim_ascii() {
            "Credential" => &mut credential,
            "SignedHeaders" => &mut signed_headers,
            "Signature" => &mut signature,
            _ => {
                return Err(SignatureError::incomplete(
                    "The Authorization header has a parameter that is none of 'Credential', 'SignedHeaders', \
                     'Signature'.",
                ));
            }
        };
        if place.replace(value.trim_ascii()).is_some() {
            return Err(SignatureError::incomplete(
                "A parameter of the Authorization header was sent more than once.",
            ));
        }
    }
    let missing = |name| {
        SignatureError::incomplete(format!("Authorization header requires '{name}' parameter."))
    };
    Ok(Some(Fields {
        credential: credential.ok_or_else(|| missing("Credential"))?,
        signed_headers: signed_headers.ok_or_else(|| missing("SignedHeaders"))?,
        signature: signature.ok_or_else(|| missing("Signature"))?,
    }))
}

/// Reads the rest of the signature from the other headers.
pub(super) fn read<'a>(
    request: &'a RequestParts<'a>,
    fields: Fields<'a>,
) -> Result<Signature<'a>, SignatureError> {
    super::check_credential(fields.credential)?;
    Ok(Signature {
        request,
        form: Form::Header,
        credential: Cow::Borrowed(fields.credential),
        signed_headers: Cow::Borrowed(fields.signed_headers),
        signature: super::read_signature(fields.signature)?,
        signed_at: read_date(request)?,
        session_token: request
            .single_text("x-amz-security-token")?
            .map(Cow::Borrowed),
        payload_header: request.single_text("x-amz-content-sha256")?,
        payload_parameter: None,
    })
}

/// `x-amz-date` if sent, else `date`; both must tell about the same time.
fn read_date<'a>(request: &RequestParts<'a>) -> Result<SignedAt<'a>, SignatureError> {
    let date = request.single_text("date")?.map(|text| {
        SignedAt::parse_date_header(text).ok_or_else(|| {
            SignatureError::incomplete(
                "The 'Date' header is not a date; leave it out or correct it.",
            )
        })
    });
    let date = date.transpose()?;
    let Some(text) = request.single_text("x-amz-date")? else {
        return date.ok_or_else(|| {
            SignatureError::incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
            )
        });
    };
    let signed_at = SignedAt::parse(Cow::Borrowed(text)).ok_or_else(|| {
        SignatureError::incomplete(
            "Date must be in ISO-8601 'basic format', e.g. 20150830T123600Z, in 'X-Amz-Date'.",
        )
    })?;
    match date {
        // A client's HTTP layer may set `Date` a moment after the signer has read its clock.
        Some(date) if date.instant().0.abs_diff(signed_at.instant().0) > SKEW_MS.unsigned_abs() => {
            Err(SignatureError::invalid(
                "The headers 'X-Amz-Date' and 'Date' tell different times.",
            ))
        }
        _ => Ok(signed_at),
    }
}
