//! Reading the token that a package client sends.
//!
//! Clients put the same token into different places of the `Authorization` header: Basic with any user name (pip,
//! Maven, NuGet, gem, curl), Bearer (npm, pnpm, Yarn, SwiftPM), or the bare token (cargo). Whatever the place, the
//! result is the same text, so no place can have a check of its own. A query string is never looked at.
//! What the token says is for [`crate::token`]. Public document: RFC 7617 (Basic), RFC 6750 (Bearer).

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::token::looks_like_token;

/// Some clients leave the padding out.
const BASIC: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// An `Authorization` header that can not be read. Holds nothing of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialsError {
    /// Neither Basic, nor Bearer, nor a bare token.
    #[error(
        "the Authorization header has a scheme that is not served here; send the token as Basic or Bearer"
    )]
    UnknownScheme,
    /// The part after `Basic` is not base64 of `user:password`.
    #[error(
        "the Basic credentials are not base64 of `user:token`; check how the client was given the token"
    )]
    MalformedBasic,
    /// Bytes that no token has.
    #[error(
        "the token has characters that no token has; ask GetAuthorizationToken for a new one and copy it whole"
    )]
    MalformedToken,
}

impl From<CredentialsError> for model::Error {
    fn from(error: CredentialsError) -> Self {
        Self::unauthenticated(error.to_string())
    }
}

/// The token in the value of an `Authorization` header.
///
/// `None` when the header carries no token: an empty value, Basic without a password, or a request signature
/// (which is [`crate::sigv4`]'s to read). Space around the token, line ends included, is trimmed: cargo on Windows
/// sends what a command printed, as it is.
pub fn read_package_token(header: &[u8]) -> Result<Option<Cow<'_, str>>, CredentialsError> {
    let value = header.trim_ascii();
    let end = value
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(value.len());
    let (scheme, rest) = (&value[..end], value[end..].trim_ascii());
    if scheme.eq_ignore_ascii_case(b"basic") {
        read_basic(rest)
    } else if scheme.eq_ignore_ascii_case(b"bearer") {
        read_text(rest)
    } else if scheme.starts_with(b"AWS4-") {
        Ok(None)
    } else if rest.is_empty() {
        read_text(scheme)
    } else {
        Err(CredentialsError::UnknownScheme)
    }
}

fn read_basic(encoded: &[u8]) -> Result<Option<Cow<'static, str>>, CredentialsError> {
    let decoded = BASIC
        .decode(encoded)
        .map_err(|_| CredentialsError::MalformedBasic)?;
    if decoded.is_empty() {
        return Ok(None);
    }
    let colon = decoded
        .iter()
        .position(|byte| *byte == b':')
        .ok_or(CredentialsError::MalformedBasic)?;
    let (user, password) = (
        decoded[..colon].trim_ascii(),
        decoded[colon + 1..].trim_ascii(),
    );
    // Some tools only have a field for the user name, or put the token there and a fixed word into the other.
    let token = if !looks_like_token(password) && looks_like_token(user) {
        user
    } else {
        password
    };
    Ok(read_text(token)?.map(|token| Cow::Owned(token.into_owned())))
}

fn read_text(token: &[u8]) -> Result<Option<Cow<'_, str>>, CredentialsError> {
    if token.is_empty() {
        return Ok(None);
    }
    if !token.iter().all(u8::is_ascii_graphic) {
        return Err(CredentialsError::MalformedToken);
    }
    std::str::from_utf8(token)
        .map(|token| Some(Cow::Borrowed(token)))
        .map_err(|_| CredentialsError::MalformedToken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

    const TOKEN: &str = "eyJ2ZXIiOjF9.AAAA.BBBB-_";

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    fn read(header: &str) -> Result<Option<String>, CredentialsError> {
        read_package_token(header.as_bytes()).map(|token| token.map(Cow::into_owned))
    }

    #[test]
    fn a05_every_carrier_of_a_token_gives_the_same_token() {
        let carriers = [
            basic(&format!("aws:{TOKEN}")),
            basic(&format!(":{TOKEN}")),
            basic(&format!("anything at all:{TOKEN}")),
            basic(&format!("{TOKEN}:")),
            basic(&format!("{TOKEN}:x-oauth-basic")),
            basic(&format!("{TOKEN}:{TOKEN}")),
            basic(&format!("aws:{TOKEN}\r\n")),
            basic(&format!("aws: {TOKEN} ")),
            format!("Basic {}", STANDARD_NO_PAD.encode(format!("aws:{TOKEN}"))),
            format!("bAsIc   {}", STANDARD.encode(format!("aws:{TOKEN}"))),
            format!("Bearer {TOKEN}"),
            format!("BEARER \t {TOKEN}\r\n"),
            TOKEN.to_owned(),
            format!("  {TOKEN}\r\n"),
        ];
        for carrier in carriers {
            assert_eq!(read(&carrier), Ok(Some(TOKEN.to_owned())), "{carrier:?}");
        }
    }

    #[test]
    fn a05_the_password_is_preferred_when_both_fields_look_like_tokens() {
        assert_eq!(
            read(&basic(&format!("eyJother:{TOKEN}"))),
            Ok(Some(TOKEN.to_owned()))
        );
    }

    #[test]
    fn a_password_that_is_no_token_is_passed_on_to_be_refused_as_one() {
        assert_eq!(read(&basic("aws:hunter2")), Ok(Some("hunter2".to_owned())));
        assert_eq!(
            read(&basic("aws:with:colons")),
            Ok(Some("with:colons".to_owned()))
        );
    }

    #[test]
    fn headers_without_a_token_carry_none() {
        for empty in [
            "",
            "   ",
            "Bearer",
            "Bearer   ",
            "Basic",
            &basic(":"),
            &basic("aws:"),
            &basic("aws: \r\n"),
        ] {
            assert_eq!(read(empty), Ok(None), "{empty:?}");
        }
        assert_eq!(
            read("AWS4-HMAC-SHA256 Credential=a/b/c/d/e, SignedHeaders=host, Signature=00"),
            Ok(None)
        );
    }

    #[test]
    fn a05_unreadable_headers_are_refused_without_repeating_them() {
        assert_eq!(
            read("Digest username=x"),
            Err(CredentialsError::UnknownScheme)
        );
        assert_eq!(
            read(&format!("{TOKEN} {TOKEN}")),
            Err(CredentialsError::UnknownScheme)
        );
        assert_eq!(read("Basic !!!!"), Err(CredentialsError::MalformedBasic));
        assert_eq!(
            read(&format!("Basic {}", STANDARD.encode("no colon"))),
            Err(CredentialsError::MalformedBasic)
        );
        assert_eq!(
            read(&format!("Basic aws:{TOKEN}")),
            Err(CredentialsError::MalformedBasic)
        );
        assert_eq!(
            read("Bearer secret-\u{e9}"),
            Err(CredentialsError::MalformedToken)
        );
        assert_eq!(
            read(&basic("aws:se\0cret")),
            Err(CredentialsError::MalformedToken)
        );
        assert_eq!(
            read("Bearer se cret"),
            Err(CredentialsError::MalformedToken)
        );
        assert_eq!(
            read_package_token(b"Bearer \xff\xfe"),
            Err(CredentialsError::MalformedToken)
        );
        let error = model::Error::from(read("Bearer se cret").unwrap_err());
        assert_eq!(error.kind, model::ErrorKind::Unauthenticated);
        assert!(!error.message.contains("cret"));
    }
}
