//! Sessions: temporary credentials, and what a caller with them may do.
//!
//! A session has no row: its token says everything ([`access::session`]). What can end before the token does is looked up
//! with every request: the principal, and the long-term key where the session belongs to one.
//! Public document: <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>.

mod assume_role;
mod failure;
mod issuer_keys;
mod issuing;
mod trust;
mod web_identity;

use std::sync::Arc;

use access::{Policy, PolicyKind, RequestContext, Session, TemporaryCredentials};
use model::{EpochMillis, Error, Identity, Principal, Result};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::{Caller, Catalog};

pub use assume_role::AssumeRole;
pub use failure::SessionFailure;
pub use issuing::IssuedSession;
pub use web_identity::{AssumeRoleWithWebIdentity, FederatedSession};

pub(crate) use issuer_keys::IssuerKeys;

/// Session tokens remembered after they were opened.
const OPENED: usize = 4096;

/// The session that a caller acts through.
#[derive(Debug)]
pub struct CallerSession {
    session: Session,
    policies: Vec<Arc<Policy>>,
    access_key: Option<String>,
    expires_at: Option<EpochMillis>,
}

impl PartialEq for CallerSession {
    fn eq(&self, other: &Self) -> bool {
        self.session == other.session
    }
}

impl Eq for CallerSession {}

impl CallerSession {
    /// Reads the policies of a session; `None` when one cannot be read, and then nothing may be done with it.
    pub(crate) fn new(
        session: Session,
        access_key: Option<String>,
        expires_at: Option<EpochMillis>,
    ) -> Option<Self> {
        let parse = |text: &String| {
            let policy = Policy::parse(PolicyKind::Identity, text).ok()?;
            Some(Arc::new(policy.labelled("session policy".to_owned())))
        };
        Some(Self {
            policies: session.policies.iter().map(parse).collect::<Option<_>>()?,
            session,
            access_key,
            expires_at,
        })
    }

    /// The policies that narrow what the caller may do. None do not narrow.
    #[must_use]
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// What the session says.
    pub(crate) const fn session(&self) -> &Session {
        &self.session
    }

    /// The long-term key that the session ends with.
    pub(crate) fn access_key(&self) -> Option<&str> {
        self.access_key.as_deref()
    }

    /// When the temporary credentials end, where the caller is known by them.
    pub(crate) const fn expires_at(&self) -> Option<EpochMillis> {
        self.expires_at
    }

    /// Puts what conditions can see of the session beside what they see of its principal. Tags of the session stand
    /// before those of the role.
    pub(crate) fn add_to(&self, context: &mut RequestContext) {
        context.token_issued_at = Some(self.session.started_at);
        let own = &self.session.tags;
        let same = |(a, _): &(String, String), (b, _): &(String, String)| {
            a.to_lowercase() == b.to_lowercase()
        };
        context
            .principal_tags
            .retain(|tag| !own.iter().any(|other| same(tag, other)));
        context.principal_tags.extend(own.iter().cloned());
        if let (Some(id), Some(name)) = (&mut context.principal_id, &self.session.name) {
            *id = format!("{id}:{name}");
        }
    }
}

/// Temporary credentials out of a session token, for checking a signature made with them.
#[derive(Debug)]
pub struct OpenedSession {
    credentials: TemporaryCredentials,
    identity: Arc<Identity>,
    session: Arc<CallerSession>,
}

impl OpenedSession {
    /// The id of the access key that the token belongs to.
    #[must_use]
    pub fn access_key_id(&self) -> &str {
        &self.credentials.access_key_id
    }

    /// The secret of that access key.
    #[must_use]
    pub fn secret(&self) -> &str {
        self.credentials.secret.expose()
    }

    /// Whether the credentials are over.
    #[must_use]
    pub fn has_ended(&self, now: EpochMillis) -> bool {
        now >= self.credentials.expires_at
    }
}

/// What was found in session tokens when they were opened, by their SHA-256: a token's contents cannot change.
#[derive(Debug)]
pub(crate) struct OpenedSessions(Cache<[u8; 32], Arc<OpenedSession>>);

impl Default for OpenedSessions {
    fn default() -> Self {
        Self(Cache::new(OPENED))
    }
}

impl Catalog {
    /// The credentials behind a session token; `None` when it is not one of this installation's.
    #[must_use]
    pub fn open_session(&self, token: &str) -> Option<Arc<OpenedSession>> {
        let key: [u8; 32] = Sha256::digest(token).into();
        if let Some(opened) = self.opened_sessions.0.get(&key) {
            return Some(opened);
        }
        let credentials = self.session_keys.open(token).ok()?;
        let session = CallerSession::new(
            credentials.session.clone(),
            credentials.access_key.clone(),
            Some(credentials.expires_at),
        )?;
        let opened = Arc::new(OpenedSession {
            identity: Arc::new(Identity {
                principal: credentials.principal.clone(),
                session: credentials.session.name.clone(),
            }),
            session: Arc::new(session),
            credentials,
        });
        self.opened_sessions.0.insert(key, Arc::clone(&opened));
        Some(opened)
    }

    /// Who signs with temporary credentials; `None` when what they were made for is gone. The signature was checked.
    pub async fn session_caller(&self, opened: &OpenedSession) -> Result<Option<Caller>> {
        let credentials = &opened.credentials;
        let is_alive = self
            .is_session_alive(
                &credentials.principal,
                &credentials.session,
                credentials.access_key.as_deref(),
            )
            .await?;
        Ok(is_alive.then(|| {
            Caller::known(Arc::clone(&opened.identity))
                .with_key(credentials.access_key_id.clone())
                .in_session(Arc::clone(&opened.session))
        }))
    }

    /// Whether the principal of a session is still the one that it was made for, and its key still active.
    pub(crate) async fn is_session_alive(
        &self,
        principal: &Principal,
        session: &Session,
        access_key: Option<&str>,
    ) -> Result<bool> {
        if let Some(key) = access_key
            && !self
                .find_access_key(key)
                .await?
                .is_some_and(|key| key.active)
        {
            return Ok(false);
        }
        let rights = self.identity_rights(principal).await?;
        Ok(rights.row_id == Some(session.principal_id))
    }
}

/// Why someone is refused whose credentials were good a moment ago.
pub(crate) fn session_is_gone() -> Error {
    Error::unauthenticated(
        "The role, user or access key that this authorization token was made for is not there any more.",
    )
}
