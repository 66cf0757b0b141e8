//! `Principal` and `NotPrincipal`: whom a statement of a resource-based or trust policy is about.
//!
//! An account names all its principals, a role all its sessions, a session only itself. What an allowing statement
//! gives depends on which of them it named: [`Grant`]. Wildcards never stand for a part of a name.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use model::{AccountId, Identity, Principal, PrincipalKind};

use super::error::{PolicyError, quoted};
use super::json::Json;
use super::question::{Asker, Effect, Grant};

/// The element with its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Principals {
    /// Whether the element was `NotPrincipal`.
    not: bool,
    named: Box<[Named]>,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Named {
    /// `"*"`.
    Everyone,
    /// `{"AWS": "*"}`.
    EveryIdentity,
    /// `{"Federated": "*"}`.
    EveryProvider,
    /// An account, by its id or as its root.
    Account(AccountId),
    /// A user, or a role with all its sessions.
    Principal(Principal),
    /// One session of a role.
    Session(Identity),
    /// An identity provider.
    Provider(Box<str>),
    /// Somebody who does not exist here: services, canonical users, sessions of federated users.
    Nobody,
}

impl Principals {
    pub(super) fn parse(element: &str, not: bool, json: Json) -> Result<Self, PolicyError> {
        let mut named = Vec::new();
        match json {
            Json::Text(text) if text == "*" => named.push(Named::Everyone),
            Json::Object(kinds) if kinds.is_empty() => {
                return Err(PolicyError::new(format!("{element} names nobody.")));
            }
            Json::Object(kinds) => {
                for (kind, values) in kinds {
                    for text in values.into_texts(&format!("{element}.{kind}"))? {
                        named.push(parse_named(&kind, &text)?);
                    }
                }
            }
            other => {
                return Err(PolicyError::new(format!(
                    "{element} must be \"*\" or an object such as {{\"AWS\": \"arn:aws:iam::111122223333:root\"}}, not {}.",
                    match other {
                        Json::Text(text) => quoted(&text),
                        other => other.noun().into(),
                    }
                )));
            }
        }
        Ok(Self {
            not,
            named: named.into(),
        })
    }

    /// Whether a statement of this effect is about the asker, and what it gives if it allows.
    pub(super) fn grant(&self, asker: Asker<'_>, effect: Effect) -> Option<Grant> {
        if !self.not {
            return self.strongest(asker);
        }
        let excepted = match effect {
            // Whoever is named in any way gets nothing from the statement.
            Effect::Allow => self.strongest(asker).is_some(),
            // Only who is named together with role and account escapes, as the public documents demand.
            Effect::Deny => self.names_whole_chain(asker),
        };
        (!excepted).then_some(Grant::Direct)
    }

    fn strongest(&self, asker: Asker<'_>) -> Option<Grant> {
        self.named
            .iter()
            .filter_map(|named| named.grant(asker))
            .max()
    }

    fn names_whole_chain(&self, asker: Asker<'_>) -> bool {
        let mut everyone = self.named.iter();
        if everyone.any(|named| named.grant(asker) == Some(Grant::Direct) && named.is_wide()) {
            return true;
        }
        let has = |wanted: &dyn Fn(&Named) -> bool| self.named.iter().any(wanted);
        match asker {
            Asker::Federated { .. } => self.strongest(asker).is_some(),
            Asker::Identity(identity) => {
                let principal = &identity.principal;
                let account =
                    has(&|named| matches!(named, Named::Account(id) if *id == principal.account));
                let itself = principal.kind == PrincipalKind::Root
                    || has(&|named| matches!(named, Named::Principal(one) if one == principal));
                let session = identity.session.is_none()
                    || has(
                        &|named| matches!(named, Named::Session(one) if is_session(one, identity)),
                    );
                account && itself && session
            }
        }
    }
}

impl Named {
    const fn is_wide(&self) -> bool {
        matches!(
            self,
            Self::Everyone | Self::EveryIdentity | Self::EveryProvider
        )
    }

    fn grant(&self, asker: Asker<'_>) -> Option<Grant> {
        let (applies, grant) = match (self, asker) {
            (Self::Everyone, _)
            | (Self::EveryIdentity, Asker::Identity(_))
            | (Self::EveryProvider, Asker::Federated { .. }) => (true, Grant::Direct),
            (Self::Provider(arn), Asker::Federated { provider_arn }) => {
                (**arn == *provider_arn, Grant::Direct)
            }
            (Self::Account(account), Asker::Identity(identity)) => {
                (*account == identity.principal.account, Grant::Account)
            }
            (Self::Principal(principal), Asker::Identity(identity)) => {
                (*principal == identity.principal, Grant::Principal)
            }
            (Self::Session(session), Asker::Identity(identity)) => {
                (is_session(session, identity), Grant::Direct)
            }
            _ => return None,
        };
        applies.then_some(grant)
    }
}

/// Whether an identity is this session. Its ARN has the role's name without the path.
fn is_session(session: &Identity, identity: &Identity) -> bool {
    let (named, asking) = (&session.principal, &identity.principal);
    session.session == identity.session
        && named.kind == asking.kind
        && named.account == asking.account
        && named.short_name() == asking.short_name()
}

fn parse_named(kind: &str, text: &str) -> Result<Named, PolicyError> {
    let invalid = |why: &str| {
        Err(PolicyError::new(format!(
            "Invalid principal in policy: {}:{}. {why}",
            quoted(kind),
            quoted(text)
        )))
    };
    let has_wildcard = text.contains(['*', '?']);
    match kind {
        "AWS" if text == "*" => Ok(Named::EveryIdentity),
        "AWS" if has_wildcard => invalid(
            "A wildcard cannot be part of a principal; name each one, or use \"*\" with a condition on aws:PrincipalArn.",
        ),
        "AWS" => match parse_aws(text) {
            Some(named) => Ok(named),
            None => invalid(
                "Write an account id, or an ARN such as arn:aws:iam::111122223333:root, :user/NAME, :role/NAME or \
                 arn:aws:sts::111122223333:assumed-role/ROLE/SESSION.",
            ),
        },
        "Federated" if text == "*" => Ok(Named::EveryProvider),
        "Federated" | "Service" | "CanonicalUser"
            if text.is_empty() || text.contains(char::is_whitespace) =>
        {
            invalid("It is empty, or has spaces.")
        }
        "Federated" if has_wildcard => invalid("A wildcard cannot be part of a provider's name."),
        "Federated" => Ok(Named::Provider(text.into())),
        "Service" | "CanonicalUser" => Ok(Named::Nobody),
        _ => invalid("The kinds of principals are AWS, Federated, Service and CanonicalUser."),
    }
}

/// Reads an account id or the ARN of an account, a user, a role or a session. An installation has one partition, so
/// that of the ARN names nobody else.
fn parse_aws(text: &str) -> Option<Named> {
    if let Ok(account) = AccountId::parse(text) {
        return Some(Named::Account(account));
    }
    let mut parts = text.splitn(6, ':');
    let mut part = || parts.next();
    let (arn, partition, service) = (part()?, part()?, part()?);
    let (region, account, resource) = (part()?, part()?, part()?);
    if arn != "arn" || !(partition == "aws" || partition.starts_with("aws-")) || !region.is_empty()
    {
        return None;
    }
    let account = AccountId::parse(account).ok()?;
    let (noun, name) = resource.split_once('/').unwrap_or((resource, ""));
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == ':';
    if name.contains(odd) || name.split('/').any(str::is_empty) != (noun == "root") {
        return None;
    }
    let principal = |kind, name: &str| Principal {
        account: account.clone(),
        kind,
        name: name.into(),
    };
    match (service, noun) {
        ("iam", "root") if resource == "root" => Some(Named::Account(account)),
        ("iam", "user") => Some(Named::Principal(principal(PrincipalKind::User, name))),
        ("iam", "role") => Some(Named::Principal(principal(PrincipalKind::Role, name))),
        ("sts", "assumed-role") => {
            let (role, session) = name.rsplit_once('/')?;
            Some(Named::Session(Identity {
                principal: principal(PrincipalKind::Role, role),
                session: Some(session.into()),
            }))
        }
        ("sts", "federated-user") => Some(Named::Nobody),
        _ => None,
    }
}
