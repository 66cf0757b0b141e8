//! Who asks.

use std::fmt;

use crate::AccountId;

/// The kind of a principal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PrincipalKind {
    /// The account itself.
    Root,
    /// A user of the account.
    User,
    /// A role of the account.
    Role,
}

impl PrincipalKind {
    /// The spelling in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::User => "user",
            Self::Role => "role",
        }
    }

    /// Reads the spelling in the store.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Root, Self::User, Self::Role]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A principal: the root of an account, a user or a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    /// The account it belongs to.
    pub account: AccountId,
    /// What it is.
    pub kind: PrincipalKind,
    /// Its name; empty for the root.
    pub name: String,
}

impl Principal {
    /// The root of an account.
    #[must_use]
    pub fn root(account: AccountId) -> Self {
        Self {
            account,
            kind: PrincipalKind::Root,
            name: String::new(),
        }
    }
}

impl fmt::Display for Principal {
    /// The principal's ARN, e.g. `arn:aws:iam::111122223333:user/jane`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            PrincipalKind::Root => write!(f, "arn:aws:iam::{}:root", self.account),
            PrincipalKind::User => write!(f, "arn:aws:iam::{}:user/{}", self.account, self.name),
            PrincipalKind::Role => write!(f, "arn:aws:iam::{}:role/{}", self.account, self.name),
        }
    }
}

/// Who asks: a principal, and the session it acts through when it has assumed a role.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The principal whose policies count: for a session, the role.
    pub principal: Principal,
    /// The session's name, where a role was assumed.
    pub session: Option<String>,
}

impl From<Principal> for Identity {
    fn from(principal: Principal) -> Self {
        Self {
            principal,
            session: None,
        }
    }
}

impl fmt::Display for Identity {
    /// The ARN that asks: the principal's, or `arn:aws:sts::111122223333:assumed-role/ci/build-7` for a session.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.session {
            None => self.principal.fmt(f),
            Some(session) => write!(
                f,
                "arn:aws:sts::{}:assumed-role/{}/{session}",
                self.principal.account, self.principal.name
            ),
        }
    }
}
