//! Query strings: their canonical form, and the signature's own parameters.
//!
//! The canonical form is made from decoded text, so it says what the request means: `%2f` and `%2F` are one, and `+`
//! is a space, as it is for whoever reads the parameters later. What can not be decoded is refused, since two
//! different query strings could otherwise have one canonical form.

use std::borrow::Cow;

use super::SignatureError;

/// The parameter that is not part of what it signs.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Appends one byte, encoded unless it is unreserved.
pub(super) fn push_encoded(out: &mut Vec<u8>, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(byte);
    } else {
        out.extend_from_slice(&[
            b'%',
            HEX[usize::from(byte >> 4)],
            HEX[usize::from(byte & 15)],
        ]);
    }
}

/// Calls `with` for each decoded byte.
fn decode(text: &str, mut with: impl FnMut(u8)) -> Result<(), SignatureError> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        with(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16));
                let (Some(high), Some(low)) = (digit(), digit()) else {
                    return Err(SignatureError::incomplete(
                        "The query string has a percent sign without two hex digits behind it.",
                    ));
                };
                u8::try_from(high * 16 + low).expect("two hex digits fit a byte")
            }
            plain => plain,
        });
    }
    Ok(())
}

/// The names and values of a query string, still encoded.
fn raw_pairs(raw_query: &str) -> impl Iterator<Item = (&str, &str)> {
    raw_query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// One name or value as text. Decoded bytes that are no text are an error: nothing that is read this way has such.
fn text(raw: &str) -> Result<Cow<'_, str>, SignatureError> {
    if !raw.contains(['%', '+']) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    decode(raw, |byte| bytes.push(byte))?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| {
        SignatureError::incomplete("The query string has encoded bytes that are not text.")
    })
}

/// Appends the canonical query string: encoded anew, sorted by name and then by value.
pub(super) fn write_canonical(
    out: &mut Vec<u8>,
    raw_query: &str,
    without_signature: bool,
) -> Result<(), SignatureError> {
    let mut encoded = Vec::with_capacity(raw_query.len() * 2);
    let mut ranges = Vec::with_capacity(raw_pairs(raw_query).count());
    for (name, value) in raw_pairs(raw_query) {
        let start = encoded.len();
        decode(name, |byte| push_encoded(&mut encoded, byte))?;
        let middle = encoded.len();
        decode(value, |byte| push_encoded(&mut encoded, byte))?;
        if !(without_signature && encoded[start..middle] == *SIGNATURE.as_bytes()) {
            ranges.push((start..middle, middle..encoded.len()));
        }
    }
    ranges.sort_unstable_by(|a, b| {
        (&encoded[a.0.clone()], &encoded[a.1.clone()])
            .cmp(&(&encoded[b.0.clone()], &encoded[b.1.clone()]))
    });
    for (index, (name, value)) in ranges.into_iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(&encoded[name]);
        out.push(b'=');
        out.extend_from_slice(&encoded[value]);
    }
    Ok(())
}

/// Whether a query string carries a signature, or a part of one.
pub(super) fn has_signature(raw_query: &str) -> bool {
    raw_pairs(raw_query).any(|(name, _)| {
        // A name that can not be decoded is refused when the canonical form is made.
        text(name)
            .is_ok_and(|name| matches!(&*name, "X-Amz-Algorithm" | "X-Amz-Credential" | SIGNATURE))
    })
}

/// The parameters of the presigned form.
#[derive(Default)]
pub(super) struct SignatureParameters<'a> {
    pub(super) algorithm: Option<Cow<'a, str>>,
    pub(super) credential: Option<Cow<'a, str>>,
    pub(super) date: Option<Cow<'a, str>>,
    pub(super) expires: Option<Cow<'a, str>>,
    pub(super) signed_headers: Option<Cow<'a, str>>,
    pub(super) signature: Option<Cow<'a, str>>,
    pub(super) security_token: Option<Cow<'a, str>>,
    pub(super) content_sha256: Option<Cow<'a, str>>,
}

impl<'a> SignatureParameters<'a> {
    pub(super) fn read(raw_query: &'a str) -> Result<Self, SignatureError> {
        let mut found = Self::default();
        for (raw_name, raw_value) in raw_pairs(raw_query) {
            let Ok(name) = text(raw_name) else { continue };
            let place = match &*name {
                "X-Amz-Algorithm" => &mut found.algorithm,
                "X-Amz-Credential" => &mut found.credential,
                "X-Amz-Date" => &mut found.date,
                "X-Amz-Expires" => &mut found.expires,
                "X-Amz-SignedHeaders" => &mut found.signed_headers,
                SIGNATURE => &mut found.signature,
                "X-Amz-Security-Token" => &mut found.security_token,
                "X-Amz-Content-Sha256" => &mut found.content_sha256,
                _ => continue,
            };
            if place.replace(text(raw_value)?).is_some() {
                return Err(SignatureError::incomplete(format!(
                    "The query parameter '{name}' was sent more than once."
                )));
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(raw: &str) -> Result<String, SignatureError> {
        let mut out = Vec::new();
        write_canonical(&mut out, raw, true)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn s04_query_strings_have_one_canonical_form() {
        for (raw, expected) in [
            ("", ""),
            ("&", ""),
            ("a", "a="),
            ("a=", "a="),
            ("=", "="),
            ("a=b=c", "a=b%3Dc"),
            ("b=1&a=2", "a=2&b=1"),
            ("a=2&a=10&a=1", "a=1&a=10&a=2"),
            ("a-=1&a=2", "a=2&a-=1"),
            ("a=%2f", "a=%2F"),
            ("a=/", "a=%2F"),
            ("a=x+y", "a=x%20y"),
            ("a=x%20y", "a=x%20y"),
            ("a=x%2By", "a=x%2By"),
            ("a=%7E~", "a=~~"),
            ("a=%2541", "a=%2541"),
            ("a=ü", "a=%C3%BC"),
            ("a=%ff", "a=%FF"),
            ("a=*%2A", "a=%2A%2A"),
            ("b=1&X-Amz-Signature=00&a=1", "a=1&b=1"),
            ("b=1&X%2DAmz-Signature=00", "b=1"),
            ("x-amz-signature=00", "x-amz-signature=00"),
        ] {
            assert_eq!(canonical(raw).as_deref(), Ok(expected), "{raw}");
        }
    }

    #[test]
    fn p12_query_strings_that_can_not_be_decoded_are_refused() {
        for bad in ["a=%", "a=%2", "a=%zz", "%=a", "a=%2g&b", "a=%%41", "a=%é"] {
            assert!(
                matches!(canonical(bad), Err(SignatureError::Incomplete(_))),
                "{bad}"
            );
        }
    }

    #[test]
    fn s05_signature_parameters_are_found_by_their_decoded_names() {
        assert!(has_signature("a=b&X-Amz-Signature=00"));
        assert!(has_signature("X%2dAmz-Algorithm=x"));
        assert!(has_signature("X-Amz-Credential"));
        assert!(!has_signature("a=X-Amz-Signature&x-amz-signature=1"));
        assert!(!has_signature(""));
    }
}
