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
    /// Its name, with its path before it where it has one (`team/build/jane`); empty for the root.
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

    /// The name without the path: what is unique in its account.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// The path as IAM writes it: `/`, or `/team/build/`.
    #[must_use]
    pub fn path(&self) -> String {
        match self.name.rsplit_once('/') {
            Some((path, _)) => format!("/{path}/"),
            None => "/".into(),
        }
    }

    /// Puts a path and a name together. The path is `/`, or begins and ends with one.
    #[must_use]
    pub fn at_path(account: AccountId, kind: PrincipalKind, path: &str, name: &str) -> Self {
        Self {
            account,
            kind,
            name: format!("{}{name}", path.strip_prefix('/').unwrap_or(path)),
        }
    }

    /// Reads a principal's ARN.
    #[must_use]
    pub fn parse_arn(text: &str) -> Option<Self> {
        let (account, rest) = text.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let account = AccountId::parse(account).ok()?;
        if rest == "root" {
            return Some(Self::root(account));
        }
        let (kind, name) = rest.split_once('/')?;
        let kind = match kind {
            "user" => PrincipalKind::User,
            "role" => PrincipalKind::Role,
            _ => return None,
        };
        (!name.is_empty() && !name.ends_with('/') && !name.starts_with('/')).then(|| Self {
            account,
            kind,
            name: name.into(),
        })
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
                self.principal.account,
                self.principal.short_name()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_principals_are_read_as_they_are_written() {
        for arn in [
            "arn:aws:iam::111122223333:root",
            "arn:aws:iam::111122223333:user/jane",
            "arn:aws:iam::111122223333:role/team/build/ci",
        ] {
            assert_eq!(Principal::parse_arn(arn).unwrap().to_string(), arn);
        }
        for bad in [
            "arn:aws:iam::1:root",
            "arn:aws:iam::111122223333:user/",
            "arn:aws:iam::111122223333:user//jane",
            "arn:aws:iam::111122223333:group/jane",
            "arn:aws:sts::111122223333:assumed-role/ci/7",
            "*",
        ] {
            assert!(Principal::parse_arn(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_path_is_part_of_the_arn_but_not_of_a_sessions() {
        let account = AccountId::parse("111122223333").unwrap();
        let role = Principal::at_path(account, PrincipalKind::Role, "/team/build/", "ci");
        assert_eq!(
            (role.path().as_str(), role.short_name()),
            ("/team/build/", "ci")
        );
        let session = Identity {
            principal: role,
            session: Some("run-7".into()),
        };
        assert_eq!(
            session.to_string(),
            "arn:aws:sts::111122223333:assumed-role/ci/run-7"
        );
    }
}
