//! Who asks.

use std::fmt;
use std::sync::Arc;

use model::{AccountId, EpochMillis, Principal};

/// A principal whose identity was proved, by a signature or by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    principal: Arc<Principal>,
    access_key: Option<String>,
    token_issued_at: Option<EpochMillis>,
}

impl Caller {
    /// A principal that signed with this access key.
    #[must_use]
    pub fn signed(principal: Principal, access_key: String) -> Self {
        Self {
            principal: Arc::new(principal),
            access_key: Some(access_key),
            token_issued_at: None,
        }
    }

    /// A principal known by other means: a token, or the operator's own command line.
    #[must_use]
    pub fn known(principal: impl Into<Arc<Principal>>) -> Self {
        Self {
            principal: principal.into(),
            access_key: None,
            token_issued_at: None,
        }
    }

    /// The same caller, known by a token that was made at this instant.
    pub(crate) fn by_token_of(mut self, issued_at: EpochMillis) -> Self {
        self.token_issued_at = Some(issued_at);
        self
    }

    /// When the token was made that the caller is known by.
    pub(crate) const fn token_issued_at(&self) -> Option<EpochMillis> {
        self.token_issued_at
    }

    /// The principal.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The principal's account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.principal.account
    }

    /// The access key the request was signed with.
    #[must_use]
    pub fn access_key(&self) -> Option<&str> {
        self.access_key.as_deref()
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.principal.fmt(f)
    }
}
