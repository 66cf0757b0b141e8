//! Authorization tokens: what GetAuthorizationToken hands out and package clients send.
//!
//! A token is three parts joined by dots, each URL-safe base64 without padding: a header, `{"ver":1,"isu":...,
//! "exp":...,"kid":...}`, which only helps to find the key; a nonce; and the claims, sealed so that who holds a
//! token learns nothing from it. One algorithm, XChaCha20-Poly1305 with the header as associated data, fixed by the
//! code: no field of a token chooses anything. Tokens grant nothing by themselves: they name a principal and a
//! domain, and every request is authorised afresh. Public document: <https://docs.aws.amazon.com/codeartifact/latest/ug/tokens-authentication.html>;
//! the layout inside is our own.

mod key;
mod lifetime;
mod sealed;
#[cfg(test)]
mod tests;

use model::{AccountId, DomainName, EpochMillis, Principal};

pub use key::{TokenKey, TokenKeyError, TokenKeys};
pub use lifetime::TokenLifetime;

use crate::sealing::Unsealable;
use crate::session::Session;

/// How far ahead a token's time of issue may lie: clocks of several nodes are never quite the same.
const ISSUED_AHEAD_MAX_MS: i64 = 15 * 60 * 1000;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenClaims {
    /// Who asked for it, and in whose name requests with it are authorised.
    pub principal: Principal,
    /// The owner of the domain it is for.
    pub domain_owner: AccountId,
    /// The domain it is for.
    pub domain: DomainName,
    /// When it was made.
    pub issued_at: EpochMillis,
    /// When it ends; at this instant it is no longer good.
    pub expires_at: EpochMillis,
    /// The long-term access key that asked for it, if one did: it ends with the key.
    pub access_key: Option<String>,
    /// The session it was made in, if any: requests with it are authorised as the session.
    pub session: Option<Session>,
    /// Different for every token.
    pub serial: u128,
}

impl TokenClaims {
    /// Whether the token is for this domain. A token for another one must be refused, whoever its principal is.
    #[must_use]
    pub fn is_for(&self, domain_owner: &AccountId, domain: &DomainName) -> bool {
        self.domain_owner == *domain_owner && self.domain == *domain
    }
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not of a token's form.
    #[error(
        "this is not an authorization token; get one with GetAuthorizationToken and copy it whole"
    )]
    Malformed,
    /// Made with a key that this installation does not have (any more).
    #[error("the authorization token was not made here or its key was withdrawn; get a new one")]
    UnknownKey,
    /// Changed after it was made, or made by someone else.
    #[error(
        "the authorization token is not genuine; get a new one with GetAuthorizationToken and copy it whole"
    )]
    BadSignature,
    /// Over.
    #[error("the authorization token expired at {}; get a new one with GetAuthorizationToken", rfc3339(*at))]
    Expired {
        /// When it ended.
        at: EpochMillis,
    },
    /// From the future.
    #[error("the authorization token is not good before {}; check the clocks of the servers", rfc3339(*from))]
    NotYetValid {
        /// When it was made, by its own account.
        from: EpochMillis,
    },
}

impl From<Unsealable> for TokenError {
    fn from(why: Unsealable) -> Self {
        match why {
            Unsealable::Malformed => Self::Malformed,
            Unsealable::NotGenuine => Self::BadSignature,
        }
    }
}

impl From<TokenError> for model::Error {
    fn from(error: TokenError) -> Self {
        Self::unauthenticated(error.to_string())
    }
}

/// Whether a text could be a token: for choosing between the two fields of Basic credentials, nothing more.
pub(crate) fn looks_like_token(text: &[u8]) -> bool {
    text.starts_with(b"eyJ")
}

fn rfc3339(at: EpochMillis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| format!("{} ms", at.0), |instant| instant.to_string())
}
