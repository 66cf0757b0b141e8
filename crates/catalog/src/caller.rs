//! Who asks.

use std::fmt;

use model::{AccountId, Principal};

/// A principal whose identity was proved, by a signature or by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    principal: Principal,
    access_key: Option<String>,
}

impl Caller {
    /// A principal that signed with this access key.
    #[must_use]
    pub fn signed(principal: Principal, access_key: String) -> Self {
        Self {
            principal,
            access_key: Some(access_key),
        }
    }

    /// A principal known by other means: a token, or the operator's own command line.
    #[must_use]
    pub const fn known(principal: Principal) -> Self {
        Self {
            principal,
            access_key: None,
        }
    }

    /// The principal.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The principal's account.
    #[must_use]
    pub const fn account(&self) -> &AccountId {
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
