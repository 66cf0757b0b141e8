//! Why a question is answered as it is: which statements of which policies applied.
//!
//! For administrators, never for the one who asked: what policies say is not for everyone. The answer itself is
//! [`authorize`]'s.

use std::fmt;
use std::sync::Arc;

use model::{Action, PrincipalKind};

use crate::decision::{AuthorizeInput, Decision, Policies, authorize};
use crate::policy::{MatchedStatement, Policy, PolicyKind, Question, Verdict};

/// The answer to a question, with what led to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The answer.
    pub decision: Decision,
    /// What was asked for.
    pub action: Action,
    /// Whether the root of the account asked, which needs no policies of its own.
    pub is_root: bool,
    /// Whether principal and resource belong to one account.
    pub is_same_account: bool,
    /// Every policy that was asked, in the order in which they count.
    pub policies: Vec<PolicyFinding>,
}

/// What one policy said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFinding {
    /// Where it hangs.
    pub place: PolicyPlace,
    /// What it is called.
    pub label: String,
    /// What it said.
    pub verdict: Verdict,
    /// The statements that applied.
    pub statements: Vec<MatchedStatement>,
}

/// What a policy hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyPlace {
    /// The principal.
    Identity,
    /// The session.
    Session,
    /// The resource, or what contains it.
    Resource,
    /// The role that is to be assumed.
    Trust,
}

/// Answers a question as [`authorize`] does, and says why.
#[must_use]
pub fn explain(input: &AuthorizeInput<'_>, policies: &Policies<'_>) -> Explanation {
    let question = input.question();
    let mut findings = Vec::new();
    for (place, policies) in [
        (PolicyPlace::Identity, policies.identity),
        (PolicyPlace::Session, policies.session),
        (PolicyPlace::Resource, policies.resource),
    ] {
        let finding = |policy: &Arc<Policy>| PolicyFinding::of(place, policy, &question);
        findings.extend(policies.iter().map(finding));
    }
    let principal = &input.identity.principal;
    Explanation {
        decision: authorize(input, policies),
        action: input.action,
        is_root: principal.kind == PrincipalKind::Root,
        is_same_account: principal.account == *input.resource_owner,
        policies: findings,
    }
}

impl PolicyFinding {
    fn of(place: PolicyPlace, policy: &Policy, question: &Question<'_>) -> Self {
        Self {
            place: match policy.kind() {
                PolicyKind::Trust => PolicyPlace::Trust,
                PolicyKind::Identity | PolicyKind::Resource => place,
            },
            label: policy.label().to_owned(),
            verdict: policy.judge(question).verdict,
            statements: policy.matched(question),
        }
    }
}

impl fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Session => "session policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "role trust policy",
        })
    }
}

impl fmt::Display for Explanation {
    /// The answer on the first line, one line for each policy, one for each statement that applied.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.decision {
            Decision::Allow => write!(f, "allowed")?,
            Decision::Deny(reason) => write!(f, "denied{}", reason.tail(self.action))?,
        }
        if self.is_root {
            write!(
                f,
                "\nthe root of the account needs no identity-based policy"
            )?;
        }
        if !self.is_same_account {
            write!(
                f,
                "\nthe resource belongs to another account: its policy must allow as well"
            )?;
        }
        for policy in &self.policies {
            let said = match policy.verdict {
                Verdict::Allow => "allows",
                Verdict::Deny => "explicitly denies",
                Verdict::Silent => "no statement applies",
            };
            match policy.label.as_str() {
                "" => write!(f, "\n{}: {said}", policy.place)?,
                label => write!(f, "\n{} {label}: {said}", policy.place)?,
            }
            for statement in &policy.statements {
                write!(f, "\n  statement {}", statement.index + 1)?;
                if let Some(sid) = &statement.sid {
                    write!(f, " ({sid})")?;
                }
                write!(f, ": {}", statement.effect.as_str())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decision::RequestContext;
    use model::{AccountId, Arn, Identity, Principal};

    fn policy(kind: PolicyKind, label: &str, statements: &str) -> Arc<Policy> {
        let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#);
        let policy = Policy::parse(kind, &document).unwrap();
        Arc::new(policy.labelled(label.into()))
    }

    #[test]
    fn an_explanation_names_the_policies_and_the_statements_that_applied() {
        let account = AccountId::parse("111122223333").unwrap();
        let jane = Identity::from(Principal {
            account: account.clone(),
            kind: PrincipalKind::User,
            name: "jane".into(),
        });
        let (any, context) = (Arn::any(), RequestContext::default());
        let input = AuthorizeInput {
            identity: &jane,
            action: Action::of("ListDomains"),
            resource: &any,
            resource_owner: &account,
            context: &context,
        };
        let list = policy(
            PolicyKind::Identity,
            "list",
            r#"{"Effect": "Allow", "Action": "sts:*", "Resource": "*"},
               {"Sid": "Lists", "Effect": "Allow", "Action": "codeartifact:List*", "Resource": "*"},
               {"Effect": "Allow", "Action": "*", "Resource": "*"}"#,
        );
        let other = policy(
            PolicyKind::Identity,
            "",
            r#"{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}"#,
        );
        let no_jane = policy(
            PolicyKind::Resource,
            "domain acme",
            r#"{"Sid": "NotJane", "Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:user/jane"},
                "Action": "*", "Resource": "*"}"#,
        );
        let identity = [list, other];
        let allowed = explain(
            &input,
            &Policies {
                identity: &identity,
                ..Policies::default()
            },
        );
        assert_eq!(allowed.decision, Decision::Allow);
        assert_eq!(
            allowed.to_string(),
            "allowed\n\
             identity-based policy list: allows\n  statement 2 (Lists): Allow\n  statement 3: Allow\n\
             identity-based policy: no statement applies"
        );
        let denied = explain(
            &input,
            &Policies {
                identity: &identity[1..],
                resource: &[no_jane],
                ..Policies::default()
            },
        );
        assert_eq!(
            denied.to_string(),
            "denied with an explicit deny in a resource-based policy\n\
             identity-based policy: no statement applies\n\
             resource-based policy domain acme: explicitly denies\n  statement 1 (NotJane): Deny"
        );
        let nothing = explain(&input, &Policies::default());
        assert_eq!(
            nothing.to_string(),
            "denied because no identity-based policy allows the codeartifact:ListDomains action"
        );
    }
}
