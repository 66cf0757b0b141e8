//! Sessions: temporary credentials, as the security token service hands them out.
//!
//! They have no row. Everything about them is sealed into their session token with the installation's token keys, so
//! any node can check them; the keys are derived for this purpose alone, so neither kind of token is ever taken for the
//! other. A session grants nothing by itself: it names a principal, which must still be the one it was made for, and
//! policies that narrow what that principal may do.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html>.

mod sealed;
#[cfg(test)]
mod tests;

use std::fmt;

use model::{EpochMillis, Principal};

use crate::sealing::{Parts, Purpose, Sealer, Unsealable};
use crate::secret::SecretKey;
use crate::token::TokenKeys;

pub(crate) use sealed::SessionDocument;

/// The most that policies and tags of a session may take, in bytes. A token goes into a header, and at package
/// endpoints into one in base64 once more, which proxies take up to 8 KB of.
pub const PACKED_LIMIT_BYTES: usize = 3072;

/// Longer than any session token made here.
const TOKEN_MAX_BYTES: usize = 8192;

const PURPOSE: Purpose = Purpose {
    seal: b"reliquary/session-token/1/seal",
    nonce: b"reliquary/session-token/1/nonce",
};

/// A session, whichever credential of it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The principal's number. One of the same name that was made later has another.
    pub principal_id: i64,
    /// The name of a role's session; none where a user asked for temporary credentials of its own.
    pub name: Option<String>,
    /// Policies that narrow what the principal may do, as JSON. None do not narrow.
    pub policies: Vec<String>,
    /// Tags of the session.
    pub tags: Vec<(String, String)>,
    /// The keys of those that go on into sessions begun out of it.
    pub transitive_tag_keys: Vec<String>,
    /// When it began.
    pub started_at: EpochMillis,
}

impl Session {
    /// What its policies and tags take, in bytes.
    #[must_use]
    pub fn packed_bytes(&self) -> usize {
        let policies: usize = self.policies.iter().map(String::len).sum();
        let tags: usize = self.tags.iter().map(|(k, v)| k.len() + v.len() + 5).sum();
        let keys: usize = self.transitive_tag_keys.iter().map(|k| k.len() + 3).sum();
        policies + tags + keys
    }
}

/// Temporary credentials: an access key that is only good together with its session token.
#[derive(Debug, Clone)]
pub struct TemporaryCredentials {
    /// The id of the access key, `ASIA...`.
    pub access_key_id: String,
    /// Its secret.
    pub secret: SecretKey,
    /// In whose name requests are authorised.
    pub principal: Principal,
    /// The session.
    pub session: Session,
    /// The long-term access key that asked, where it was the principal's own: the credentials end with it.
    pub access_key: Option<String>,
    /// When they end; at this instant they are no longer good.
    pub expires_at: EpochMillis,
}

/// Why a session token is refused. That it is over is for the caller to see, after the signature was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// Not of a session token's form.
    #[error("this is not a session token")]
    Malformed,
    /// Made with a key that this installation does not have (any more).
    #[error("the session token was not made here, or its key was withdrawn")]
    UnknownKey,
    /// Changed after it was made, or made by someone else.
    #[error("the session token is not genuine")]
    NotGenuine,
}

impl From<Unsealable> for SessionError {
    fn from(why: Unsealable) -> Self {
        match why {
            Unsealable::Malformed => Self::Malformed,
            Unsealable::NotGenuine => Self::NotGenuine,
        }
    }
}

/// The keys that session tokens are sealed with: those of the installation's token keys, derived for this purpose.
pub struct SessionKeys(Vec<(String, Sealer)>);

impl SessionKeys {
    /// The session keys of an installation.
    #[must_use]
    pub fn of(keys: &TokenKeys) -> Self {
        let derive = |key: &crate::TokenKey| {
            let sealer = Sealer::new(key.secret(), PURPOSE);
            (key.id().to_owned(), sealer)
        };
        Self(keys.all().iter().map(derive).collect())
    }

    /// Makes the session token of temporary credentials, with the newest key.
    #[must_use]
    pub fn seal(&self, credentials: &TemporaryCredentials) -> String {
        let (id, sealer) = &self.0[0];
        sealer.seal(sealed::write_header(id), sealed::write(credentials))
    }

    /// Opens a session token. Whether the credentials are over, and whether a request was signed with their secret, is
    /// for the caller to check.
    pub fn open(&self, token: &str) -> Result<TemporaryCredentials, SessionError> {
        let parts = Parts::read(token, TOKEN_MAX_BYTES)?;
        let id = sealed::read_key_id(parts.header).ok_or(SessionError::Malformed)?;
        let key = self.0.iter().find(|(known, _)| *known == id);
        let (_, sealer) = key.ok_or(SessionError::UnknownKey)?;
        sealed::read(&sealer.open(&parts)?).ok_or(SessionError::Malformed)
    }
}

impl fmt::Debug for SessionKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(|(id, _)| id.as_str()).collect();
        f.debug_tuple("SessionKeys").field(&ids).finish()
    }
}
