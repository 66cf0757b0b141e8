//! Who asks, and from where.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use model::{AccountId, EpochMillis, Identity, Principal};

/// An identity that was proved, by a signature or by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    identity: Arc<Identity>,
    access_key: Option<String>,
    token_issued_at: Option<EpochMillis>,
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

    /// An identity known by other means: a token, or the operator's own command line.
    #[must_use]
    pub fn known(identity: Arc<Identity>) -> Self {
        Self {
            identity,
            access_key: None,
            token_issued_at: None,
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
