//! What is inside a token: the header in the open and the claims as they are sealed.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, DomainName, EpochMillis, Principal, PrincipalKind};
use serde::{Deserialize, Serialize};

use super::{TokenClaims, TokenError};
use crate::session::SessionDocument;

/// Longer than any token made here: one with a session of the largest size.
pub(super) const TOKEN_MAX_BYTES: usize = 8192;

/// The one version of the layout.
const VERSION: u8 = 1;

/// The header. It says which key to try; everything else in it is for people who look into a token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    ver: u8,
    #[serde(rename = "isu")]
    _issued_s: i64,
    #[serde(rename = "exp")]
    _expires_s: i64,
    #[serde(borrow)]
    kid: Cow<'a, str>,
}

/// The header part of a token with these claims. `key_id` has no character that JSON would escape.
pub(super) fn write_header(key_id: &str, claims: &TokenClaims) -> String {
    let (issued_s, expires_s) = (
        claims.issued_at.0.div_euclid(1000),
        claims.expires_at.0.div_euclid(1000),
    );
    URL_SAFE_NO_PAD.encode(format!(
        r#"{{"ver":{VERSION},"isu":{issued_s},"exp":{expires_s},"kid":"{key_id}"}}"#
    ))
}

/// Calls `with` with the key id of a header part. A header with any field more or less is no header.
pub(super) fn read_key_id<T>(header: &str, with: impl FnOnce(&str) -> T) -> Result<T, TokenError> {
    let json = URL_SAFE_NO_PAD
        .decode(header)
        .map_err(|_| TokenError::Malformed)?;
    let header: Header<'_> = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
    if header.ver == VERSION {
        Ok(with(&header.kid))
    } else {
        Err(TokenError::Malformed)
    }
}

/// The claims as they are sealed: short names, because every request carries them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow, rename = "a")]
    account: Cow<'a, str>,
    #[serde(borrow, rename = "k")]
    kind: Cow<'a, str>,
    #[serde(borrow, rename = "n")]
    name: Cow<'a, str>,
    #[serde(borrow, rename = "o")]
    domain_owner: Cow<'a, str>,
    #[serde(borrow, rename = "d")]
    domain: Cow<'a, str>,
    #[serde(rename = "i")]
    issued_at_ms: i64,
    #[serde(rename = "e")]
    expires_at_ms: i64,
    #[serde(borrow, rename = "s", default, skip_serializing_if = "Option::is_none")]
    access_key: Option<Cow<'a, str>>,
    #[serde(rename = "q", default, skip_serializing_if = "Option::is_none")]
    session: Option<SessionDocument>,
    #[serde(borrow, rename = "r")]
    serial: Cow<'a, str>,
}

pub(super) fn write_claims(claims: &TokenClaims) -> Vec<u8> {
    let document = Document {
        account: claims.principal.account.as_str().into(),
        kind: claims.principal.kind.as_str().into(),
        name: claims.principal.name.as_str().into(),
        domain_owner: claims.domain_owner.as_str().into(),
        domain: claims.domain.as_str().into(),
        issued_at_ms: claims.issued_at.0,
        expires_at_ms: claims.expires_at.0,
        access_key: claims.access_key.as_deref().map(Cow::Borrowed),
        session: claims.session.as_ref().map(SessionDocument::of),
        serial: format!("{:032x}", claims.serial).into(),
    };
    serde_json::to_vec(&document).expect("strings and numbers always have a JSON form")
}

pub(super) fn read_claims(json: &[u8]) -> Option<TokenClaims> {
    let document: Document<'_> = serde_json::from_slice(json).ok()?;
    Some(TokenClaims {
        principal: Principal {
            account: AccountId::parse(&document.account).ok()?,
            kind: PrincipalKind::parse(&document.kind)?,
            name: document.name.into_owned(),
        },
        domain_owner: AccountId::parse(&document.domain_owner).ok()?,
        domain: DomainName::parse(&document.domain).ok()?,
        issued_at: EpochMillis(document.issued_at_ms),
        expires_at: EpochMillis(document.expires_at_ms),
        access_key: document.access_key.map(Cow::into_owned),
        session: document.session.map(SessionDocument::read),
        serial: u128::from_str_radix(&document.serial, 16).ok()?,
    })
}
