//! The one place that decides whether a principal may do something to a resource.
//!
//! No handler compares accounts or names by itself: it asks [`authorize`]. An explicit deny in any policy wins. Within
//! an account a policy of the principal or one of the resource must allow, across accounts both; the policies of a
//! session narrow what it gets through its role. The root of an account needs no policy of its own. The wording of
//! refusals is that of AWS.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>.

use std::net::IpAddr;
use std::sync::Arc;

use model::{AccountId, Action, Arn, EpochMillis, Error, Identity, PrincipalKind};

use crate::policy::{Asker, Grant, Judgement, Policy, PolicyKind, Question};

/// One question: may this identity do this to that.
#[derive(Debug, Clone, Copy)]
pub struct AuthorizeInput<'a> {
    /// Who asks.
    pub identity: &'a Identity,
    /// What is asked for.
    pub action: Action,
    /// The resource that will really be touched.
    pub resource: &'a Arn,
    /// The account that owns the resource.
    pub resource_owner: &'a AccountId,
    /// What conditions can see.
    pub context: &'a RequestContext,
}

/// What conditions of policies can see of a request, beside who asks, what for, and of what.
#[derive(Debug, Clone, Default)]
pub struct RequestContext {
    /// When it is asked: `aws:CurrentTime`, `aws:EpochTime`.
    pub now: EpochMillis,
    /// Where it came from: `aws:SourceIp`. `None` for what the operator does on the machine itself.
    pub source_ip: Option<IpAddr>,
    /// Whether it came over TLS: `aws:SecureTransport`.
    pub secure_transport: bool,
    /// When the temporary credentials were made: `aws:TokenIssueTime`. `None` for long-term ones.
    pub token_issued_at: Option<EpochMillis>,
    /// Tags of the caller: `aws:PrincipalTag/key`.
    pub principal_tags: Vec<(String, String)>,
    /// Tags of the resource: `aws:ResourceTag/key`.
    pub resource_tags: Vec<(String, String)>,
    /// Tags in the request: `aws:RequestTag/key`.
    pub request_tags: Vec<(String, String)>,
    /// The keys of tags in the request: `aws:TagKeys`.
    pub tag_keys: Vec<String>,
    /// The unique id of the user or role: `aws:userid`. `None` where it has none.
    pub principal_id: Option<String>,
    /// The region that was asked: `aws:RequestedRegion`. `None` for that of the resource.
    pub requested_region: Option<String>,
    /// Other condition keys, lower-case, with their values: `sts:durationseconds`, `issuer:aud` ...
    pub other: Vec<(String, Vec<String>)>,
}

/// The policies that speak about one question.
#[derive(Debug, Clone, Default)]
pub struct Policies<'a> {
    /// Those of the principal.
    pub identity: &'a [Arc<Policy>],
    /// Those that came with the session, which can only narrow.
    pub session: &'a [Arc<Policy>],
    /// Those of the resource and of what contains it, where they count for this action.
    pub resource: &'a [Arc<Policy>],
}

/// Why the answer is no. `tail` is what AWS appends to the refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DenyReason {
    /// None of the principal's policies allows it, and the resource's policy does not either or is not enough.
    NoIdentityPolicy,
    /// A principal of another account, and the resource's policy does not let it in.
    NoResourcePolicy,
    /// The role does not trust who wants to assume it.
    NoTrustPolicy,
    /// The session was made with policies that do not allow it.
    NoSessionPolicy,
    /// A policy of the principal forbids it.
    ExplicitIdentityDeny,
    /// The resource's policy forbids it.
    ExplicitResourceDeny,
    /// The policy of the role forbids that it is assumed.
    ExplicitTrustDeny,
    /// A policy of the session forbids it.
    ExplicitSessionDeny,
}

impl DenyReason {
    /// What the refusal ends with.
    pub(crate) fn tail(self, action: Action) -> String {
        let none_allows = |kind| format!(" because no {kind} policy allows the {action} action");
        match self {
            Self::NoIdentityPolicy => none_allows("identity-based"),
            Self::NoResourcePolicy => none_allows("resource-based"),
            Self::NoTrustPolicy => none_allows("role trust"),
            Self::NoSessionPolicy => none_allows("session"),
            Self::ExplicitIdentityDeny => {
                " with an explicit deny in an identity-based policy".into()
            }
            Self::ExplicitResourceDeny => {
                " with an explicit deny in a resource-based policy".into()
            }
            Self::ExplicitTrustDeny => " with an explicit deny in the role trust policy".into(),
            Self::ExplicitSessionDeny => " with an explicit deny in a session policy".into(),
        }
    }
}

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a decision that nobody looks at allows everything"]
pub enum Decision {
    /// Yes.
    Allow,
    /// No.
    Deny(DenyReason),
}

impl Decision {
    /// Nothing for yes; for no, the error in the wording of AWS. `input` is the question that was asked.
    pub fn into_result(self, input: &AuthorizeInput<'_>) -> model::Result<()> {
        match self {
            Self::Allow => Ok(()),
            Self::Deny(reason) => Err(Error::access_denied(format!(
                "User: {} is not authorized to perform: {} on resource: {}{}",
                input.identity,
                input.action,
                input.resource,
                reason.tail(input.action),
            ))),
        }
    }
}

impl<'a> AuthorizeInput<'a> {
    /// The question as each policy is asked it.
    #[must_use]
    pub const fn question(&self) -> Question<'a> {
        Question {
            asker: Asker::Identity(self.identity),
            action: self.action,
            resource: self.resource,
            resource_owner: self.resource_owner,
            context: self.context,
        }
    }
}

/// Answers one question.
///
/// Among the policies of the resource there may be the trust policy of a role that is to be assumed: such a policy
/// has to allow even within the account.
pub fn authorize(input: &AuthorizeInput<'_>, policies: &Policies<'_>) -> Decision {
    let question = input.question();
    let identity = Said::by(policies.identity, &question);
    let session = Said::by(policies.session, &question);
    let resource = Said::by(policies.resource, &question);
    let is_trust = policies
        .resource
        .iter()
        .any(|policy| policy.kind() == PolicyKind::Trust);
    if identity.forbids {
        return Decision::Deny(DenyReason::ExplicitIdentityDeny);
    }
    if session.forbids {
        return Decision::Deny(DenyReason::ExplicitSessionDeny);
    }
    if resource.forbids {
        return Decision::Deny(if is_trust {
            DenyReason::ExplicitTrustDeny
        } else {
            DenyReason::ExplicitResourceDeny
        });
    }

    let principal = &input.identity.principal;
    let same_account = principal.account == *input.resource_owner;
    let identity_allows = principal.kind == PrincipalKind::Root || identity.grant.is_some();
    let session_allows = policies.session.is_empty() || session.grant.is_some();
    if is_trust && resource.grant.is_none() {
        return Decision::Deny(DenyReason::NoTrustPolicy);
    }
    if !same_account && resource.grant.is_none() {
        return Decision::Deny(DenyReason::NoResourcePolicy);
    }
    // Within the account, whom the policy of the resource named decides what can still narrow that.
    let (enough_without_identity, enough_without_session) = match resource.grant {
        Some(Grant::Direct) if same_account => (true, true),
        Some(Grant::Principal) if same_account => (true, false),
        _ => (false, false),
    };
    if !identity_allows && !enough_without_identity {
        Decision::Deny(DenyReason::NoIdentityPolicy)
    } else if !session_allows && !enough_without_session {
        Decision::Deny(DenyReason::NoSessionPolicy)
    } else {
        Decision::Allow
    }
}

/// What policies of one sort said together.
struct Said {
    forbids: bool,
    grant: Option<Grant>,
}

impl Said {
    fn by(policies: &[Arc<Policy>], question: &Question<'_>) -> Self {
        let mut said = Self {
            forbids: false,
            grant: None,
        };
        for policy in policies {
            let Judgement { grant, .. } = match policy.judge(question) {
                judgement if judgement.forbids() => {
                    said.forbids = true;
                    return said;
                }
                judgement => judgement,
            };
            said.grant = said.grant.max(grant);
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{ArnScope, DomainName, ErrorKind, Principal, PrincipalKind, RepositoryName};

    fn account(id: &str) -> AccountId {
        AccountId::parse(id).unwrap()
    }

    fn repository(owner: &AccountId) -> Arn {
        ArnScope {
            partition: "aws".into(),
            region: "us-west-2".into(),
        }
        .repository(
            owner,
            &DomainName::parse("acme").unwrap(),
            &RepositoryName::parse("team-a").unwrap(),
        )
    }

    #[test]
    fn s10_without_policies_only_the_root_may_and_only_in_its_own_account() {
        let owner = account("111122223333");
        let resource = repository(&owner);
        for (kind, name, expected) in [
            (PrincipalKind::Root, "", Decision::Allow),
            (
                PrincipalKind::User,
                "jane",
                Decision::Deny(DenyReason::NoIdentityPolicy),
            ),
            (
                PrincipalKind::Role,
                "ci",
                Decision::Deny(DenyReason::NoIdentityPolicy),
            ),
        ] {
            let principal = Identity::from(Principal {
                account: owner.clone(),
                kind,
                name: name.into(),
            });
            let input = AuthorizeInput {
                context: &RequestContext::default(),
                identity: &principal,
                action: Action::READ_FROM_REPOSITORY,
                resource: &resource,
                resource_owner: &owner,
            };
            let decision = authorize(&input, &Policies::default());
            assert_eq!(decision, expected, "{principal}");
            assert_eq!(
                decision.into_result(&input).is_ok(),
                expected == Decision::Allow
            );
        }
    }

    #[test]
    fn a_session_is_refused_by_its_own_name() {
        let owner = account("111122223333");
        let session = Identity {
            principal: Principal {
                account: owner.clone(),
                kind: PrincipalKind::Role,
                name: "ci".into(),
            },
            session: Some("build-7".into()),
        };
        let input = AuthorizeInput {
            context: &RequestContext::default(),
            identity: &session,
            action: Action::READ_FROM_REPOSITORY,
            resource: &repository(&owner),
            resource_owner: &owner,
        };
        let refusal = authorize(&input, &Policies::default()).into_result(&input);
        assert_eq!(
            refusal.unwrap_err().message,
            "User: arn:aws:sts::111122223333:assumed-role/ci/build-7 is not authorized to perform: \
             codeartifact:ReadFromRepository on resource: \
             arn:aws:codeartifact:us-west-2:111122223333:repository/acme/team-a because no identity-based policy \
             allows the codeartifact:ReadFromRepository action"
        );
    }

    #[test]
    fn s10_principals_of_other_accounts_are_denied_in_the_wording_of_aws() {
        let owner = account("111122223333");
        let resource = repository(&owner);
        for kind in [
            PrincipalKind::Root,
            PrincipalKind::User,
            PrincipalKind::Role,
        ] {
            let principal = Identity::from(Principal {
                account: account("111122223334"),
                kind,
                name: "jane".into(),
            });
            let input = AuthorizeInput {
                context: &RequestContext::default(),
                identity: &principal,
                action: Action::of("DescribeRepository"),
                resource: &resource,
                resource_owner: &owner,
            };
            let error = authorize(&input, &Policies::default())
                .into_result(&input)
                .unwrap_err();
            assert_eq!(error.kind, ErrorKind::AccessDenied);
            assert_eq!(
                error.message,
                format!(
                    "User: {principal} is not authorized to perform: codeartifact:DescribeRepository on resource: \
                     arn:aws:codeartifact:us-west-2:111122223333:repository/acme/team-a because no resource-based \
                     policy allows the codeartifact:DescribeRepository action"
                )
            );
        }
    }

    #[test]
    fn each_reason_has_its_own_wording() {
        for (reason, tail) in [
            (
                DenyReason::NoIdentityPolicy,
                " because no identity-based policy allows the codeartifact:PublishPackageVersion action",
            ),
            (
                DenyReason::NoResourcePolicy,
                " because no resource-based policy allows the codeartifact:PublishPackageVersion action",
            ),
            (
                DenyReason::NoSessionPolicy,
                " because no session policy allows the codeartifact:PublishPackageVersion action",
            ),
            (
                DenyReason::NoTrustPolicy,
                " because no role trust policy allows the codeartifact:PublishPackageVersion action",
            ),
            (
                DenyReason::ExplicitIdentityDeny,
                " with an explicit deny in an identity-based policy",
            ),
            (
                DenyReason::ExplicitResourceDeny,
                " with an explicit deny in a resource-based policy",
            ),
            (
                DenyReason::ExplicitSessionDeny,
                " with an explicit deny in a session policy",
            ),
            (
                DenyReason::ExplicitTrustDeny,
                " with an explicit deny in the role trust policy",
            ),
        ] {
            assert_eq!(reason.tail(Action::PUBLISH_PACKAGE_VERSION), tail);
        }
    }
}
