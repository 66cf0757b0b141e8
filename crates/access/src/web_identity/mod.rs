//! Tokens of identity providers (OpenID Connect), as CI systems give them to their jobs.
//!
//! A token is read without belief, to learn which provider to ask for keys; then it is checked with keys that came from
//! that provider's own discovery document, and with nothing that the token itself names: its header chooses among the
//! provider's keys and no more. Only signatures with public keys are known here. Fetching is not done here.
//! Public documents: RFC 7515, RFC 7517, RFC 7519; OpenID Connect Core 1.0, section 3.1.3.7; OpenID Connect Discovery 1.0.

mod claims;
mod key_set;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::EpochMillis;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use claims::WebIdentity;
pub use key_set::{KeySet, read_discovery};

/// The published limit of the member `WebIdentityToken`.
const TOKEN_MAX_BYTES: usize = 20_000;

/// Why a token is refused. Holds nothing of the token but names of claims and values that help to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebIdentityError {
    /// Not of a token's form.
    #[error("it is not a signed JSON Web Token: {0}")]
    Malformed(&'static str),
    /// Signed in a way that is not taken.
    #[error(
        "it is signed with '{0}'; RS256, RS384, RS512, PS256, PS384, PS512, ES256 and ES384 are taken"
    )]
    Algorithm(String),
    /// The provider has no such key.
    #[error("the provider's key set has no key for it")]
    UnknownKey,
    /// Changed, or made by someone else.
    #[error("its signature is not the provider's")]
    BadSignature,
    /// A claim that must be there is not, or is of another type.
    #[error("it has no claim '{0}', or one of another type")]
    Claim(&'static str),
    /// Made by another provider.
    #[error("its issuer is not the provider's")]
    Issuer,
    /// Made for someone else.
    #[error("its audience '{0}' is none of the provider's audiences")]
    Audience(String),
    /// Over.
    #[error("it expired at {}", rfc3339(*.0))]
    Expired(EpochMillis),
    /// From the future.
    #[error("it is not good before {}", rfc3339(*.0))]
    NotYetValid(EpochMillis),
}

/// What a token must satisfy.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The issuer, exactly.
    pub issuer: &'a str,
    /// The audiences, of which the token must name one.
    pub audiences: &'a [String],
    /// The present instant.
    pub now: EpochMillis,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    crit: Option<Value>,
}

/// A token that was read and not yet checked.
pub struct WebIdentityToken<'a> {
    header: Header,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

impl std::fmt::Debug for WebIdentityToken<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebIdentityToken").finish_non_exhaustive()
    }
}

impl<'a> WebIdentityToken<'a> {
    /// Reads a token.
    pub fn read(text: &'a str) -> Result<Self, WebIdentityError> {
        let malformed = WebIdentityError::Malformed;
        if text.len() > TOKEN_MAX_BYTES {
            return Err(malformed("it is longer than 20000 characters"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(malformed("it has no dots"))?;
        let (header, claims) = signed.split_once('.').ok_or(malformed("it has one dot"))?;
        let decode = |part: &str| {
            let decoded = URL_SAFE_NO_PAD.decode(part);
            decoded.map_err(|_| malformed("a part of it is not base64"))
        };
        let header: Header = serde_json::from_slice(&decode(header)?)
            .map_err(|_| malformed("its header is not one"))?;
        let claims = serde_json::from_slice(&decode(claims)?)
            .map_err(|_| malformed("its claims are not a JSON object"))?;
        if header.crit.is_some() {
            return Err(malformed("its header demands extensions"));
        }
        // Access tokens of the same issuer are for other ears.
        if header
            .typ
            .as_ref()
            .is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT"))
        {
            return Err(malformed("its type is not JWT"));
        }
        Ok(Self {
            signature: decode(signature)?,
            header,
            claims,
            signed,
        })
    }

    /// Who it says that it is from. Not proved yet: good for finding the provider, and for nothing else.
    pub fn issuer(&self) -> Result<&str, WebIdentityError> {
        claims::text(&self.claims, "iss")
    }

    /// Checks it: signature first, then what it says.
    pub fn verify(
        self,
        keys: &KeySet,
        expected: &Expected<'_>,
    ) -> Result<WebIdentity, WebIdentityError> {
        let Header { alg, kid, .. } = &self.header;
        keys.check(alg, kid.as_deref(), self.signed.as_bytes(), &self.signature)?;
        claims::check(self.claims, expected)
    }
}

fn rfc3339(at: EpochMillis) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1000))
        .map_or_else(|_| format!("{} ms", at.0), |instant| instant.to_string())
}
