//! Keys that tokens are made and checked with.

use std::fmt;

use model::EpochMillis;

use super::sealed::{self, TOKEN_MAX_BYTES};
use super::{ISSUED_AHEAD_MAX_MS, TokenClaims, TokenError};
use crate::sealing::{Parts, Purpose, Sealer};
use crate::secret::{RandomnessError, random_bytes};

/// What the keys below are for; a token made for any other purpose with the same secret does not open here.
const PURPOSE: Purpose = Purpose {
    seal: b"reliquary/package-token/1/seal",
    nonce: b"reliquary/package-token/1/nonce",
};

/// Why a key can not be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenKeyError {
    /// An id with characters that have no place in a header.
    #[error("a token key's id is 1 to 64 characters of [A-Za-z0-9_-], but {0:?} is not")]
    BadId(String),
    /// A secret that is not 32 bytes.
    #[error("the secret of token key {id} has {bytes} bytes instead of 32")]
    WrongLength {
        /// The key's id.
        id: String,
        /// The length found.
        bytes: usize,
    },
    /// A secret that anyone could guess.
    #[error("the secret of token key {0} is blank; make a new key")]
    BlankSecret(String),
    /// Two keys of one id.
    #[error("there are two token keys with the id {0}")]
    DuplicateId(String),
    /// No key at all.
    #[error("there is no token key; make one before tokens are needed")]
    NoKeys,
}

/// A key that tokens are made with. `Debug` shows only the id.
pub struct TokenKey {
    id: String,
    secret: [u8; 32],
    pub(super) sealer: Sealer,
}

impl TokenKey {
    /// The key with this id and secret. A secret of one repeated byte is refused: it is a blank, not a secret.
    pub fn new(id: impl Into<String>, secret: &[u8]) -> Result<Self, TokenKeyError> {
        let id = id.into();
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=64).contains(&id.len()) || !id.bytes().all(plain) {
            return Err(TokenKeyError::BadId(id.chars().take(64).collect()));
        }
        let Ok(secret) = <[u8; 32]>::try_from(secret) else {
            return Err(TokenKeyError::WrongLength {
                id,
                bytes: secret.len(),
            });
        };
        if secret.iter().all(|byte| *byte == secret[0]) {
            return Err(TokenKeyError::BlankSecret(id));
        }
        Ok(Self::derive(id, secret))
    }

    /// A new random key.
    ///
    /// # Panics
    /// When the id is not 1 to 64 characters of `[A-Za-z0-9_-]`: ids of new keys are made by the program.
    pub fn generate(id: impl Into<String>) -> Result<Self, RandomnessError> {
        let secret = random_bytes::<32>()?;
        Ok(Self::new(id, &secret)
            .expect("32 random bytes are never all the same, and the id is the program's own"))
    }

    fn derive(id: String, secret: [u8; 32]) -> Self {
        Self {
            sealer: Sealer::new(&secret, PURPOSE),
            id,
            secret,
        }
    }

    /// The key's id. Not secret.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The secret, for keeping it.
    #[must_use]
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }

    /// Makes a token. The same claims always make the same token, so give each a serial of its own.
    #[must_use]
    pub fn mint(&self, claims: &TokenClaims) -> String {
        let header = sealed::write_header(&self.id, claims);
        self.sealer.seal(header, sealed::write_claims(claims))
    }

    fn open(&self, parts: &Parts<'_>) -> Result<TokenClaims, TokenError> {
        sealed::read_claims(&self.sealer.open(parts)?).ok_or(TokenError::Malformed)
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The keys of an installation. The newest makes tokens; all of them check tokens, so that keys can be changed
/// without refusing what was handed out a minute before.
#[derive(Debug)]
pub struct TokenKeys(Vec<TokenKey>);

impl TokenKeys {
    /// These keys, newest first. At least one, and no two of one id.
    pub fn new(newest_first: Vec<TokenKey>) -> Result<Self, TokenKeyError> {
        if newest_first.is_empty() {
            return Err(TokenKeyError::NoKeys);
        }
        for (index, key) in newest_first.iter().enumerate() {
            if newest_first[..index].iter().any(|other| other.id == key.id) {
                return Err(TokenKeyError::DuplicateId(key.id.clone()));
            }
        }
        Ok(Self(newest_first))
    }

    /// All keys, newest first.
    pub(crate) fn all(&self) -> &[TokenKey] {
        &self.0
    }

    /// The key that new tokens are made with.
    #[must_use]
    pub fn newest(&self) -> &TokenKey {
        &self.0[0]
    }

    /// Makes a token with the newest key.
    #[must_use]
    pub fn mint(&self, claims: &TokenClaims) -> String {
        self.newest().mint(claims)
    }

    /// Checks a token and reads it. Space around it is ignored. Whether it is for the domain asked for is for the
    /// caller to check with [`TokenClaims::is_for`]; what its principal may do, with [`crate::authorize`].
    pub fn verify(&self, token: &str, now: EpochMillis) -> Result<TokenClaims, TokenError> {
        let parts = Parts::read(token, TOKEN_MAX_BYTES)?;
        let key = sealed::read_key_id(parts.header, |id| self.0.iter().find(|key| key.id == id))?;
        let claims = key.ok_or(TokenError::UnknownKey)?.open(&parts)?;
        if now >= claims.expires_at {
            return Err(TokenError::Expired {
                at: claims.expires_at,
            });
        }
        if claims.issued_at > now.plus_ms(ISSUED_AHEAD_MAX_MS) {
            return Err(TokenError::NotYetValid {
                from: claims.issued_at,
            });
        }
        Ok(claims)
    }
}
