//! Who asks, and from where.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use access::Policy;
use model::{AccountId, EpochMillis, Identity, Principal};

use crate::sessions::CallerSession;

/// An identity that was proved, by a signature or by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    identity: Arc<Identity>,
    access_key: Option<String>,
    token_issued_at: Option<EpochMillis>,
    session: Option<Arc<CallerSession>>,
    place: RequestPlace,
}

/// Where a request came from, as conditions of policies see it. Travels in the request's extensions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestPlace {
    /// The other end's address. `None` for what the operator does on the machine itself.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS.
    pub secure_transport: bool,
}

impl Caller {
    /// An identity that signed with this access key.
    #[must_use]
    pub fn signed(identity: impl Into<Identity>, access_key: String) -> Self {
        Self {
            access_key: Some(access_key),
            ..Self::known(Arc::new(identity.into()))
        }
    }

    /// The same caller, who signed with this access key.
    pub(crate) fn with_key(mut self, access_key: String) -> Self {
        self.access_key = Some(access_key);
        self
    }

    /// An identity known by other means: a token, or the operator's own command line.
    #[must_use]
    pub fn known(identity: Arc<Identity>) -> Self {
        Self {
            identity,
            access_key: None,
            token_issued_at: None,
            session: None,
            place: RequestPlace::default(),
        }
    }

    /// The operator, or the service itself, in the name of an account's root.
    #[must_use]
    pub fn root(account: AccountId) -> Self {
        Self::known(Arc::new(Principal::root(account).into()))
    }

    /// The same caller, asking from this place.
    #[must_use]
    pub const fn at(mut self, place: RequestPlace) -> Self {
        self.place = place;
        self
    }

    /// The same caller, known by a token that was made at this instant.
    pub(crate) const fn by_token_of(mut self, issued_at: EpochMillis) -> Self {
        self.token_issued_at = Some(issued_at);
        self
    }

    /// The same caller, acting through temporary credentials.
    pub(crate) fn in_session(mut self, session: Arc<CallerSession>) -> Self {
        self.session = Some(session);
        self
    }

    /// The session that the caller acts through, where it uses temporary credentials.
    #[must_use]
    pub fn session(&self) -> Option<&CallerSession> {
        self.session.as_deref()
    }

    /// The long-term access key that all this goes back to, where there is one: what the caller makes ends with it.
    pub(crate) fn long_term_key(&self) -> Option<&str> {
        match &self.session {
            Some(session) => session.access_key(),
            None => self.access_key(),
        }
    }

    /// When the token was made that the caller is known by.
    #[must_use]
    pub const fn token_issued_at(&self) -> Option<EpochMillis> {
        self.token_issued_at
    }

    /// Where the caller asks from.
    #[must_use]
    pub const fn place(&self) -> RequestPlace {
        self.place
    }

    /// Who it is: the principal, and the session where a role was assumed.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The principal.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.identity.principal
    }

    /// The principal's account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.identity.principal.account
    }

    /// The policies that came with the session, which can only narrow.
    #[must_use]
    pub fn session_policies(&self) -> &[Arc<Policy>] {
        self.session
            .as_ref()
            .map_or(&[], |session| session.policies())
    }

    /// The access key the request was signed with.
    #[must_use]
    pub fn access_key(&self) -> Option<&str> {
        self.access_key.as_deref()
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.identity.fmt(f)
    }
}
