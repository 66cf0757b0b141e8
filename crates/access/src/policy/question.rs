//! What a policy is asked, and what it says.

use model::{AccountId, Action, Arn, Identity};

use crate::decision::RequestContext;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub enum Asker<'a> {
    /// A principal with credentials of this installation.
    Identity(&'a Identity),
    /// Somebody whom an identity provider vouches for, and who has no credentials here yet.
    Federated {
        /// The provider, e.g. `arn:aws:iam::111122223333:oidc-provider/ci.example`.
        provider_arn: &'a str,
    },
}

/// One question to a policy.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub asker: Asker<'a>,
    /// What is asked for.
    pub action: Action,
    /// The resource that will really be touched; `*` for actions that have none. Trust policies do not look at it.
    pub resource: &'a Arn,
    /// The account that owns the resource.
    pub resource_owner: &'a AccountId,
    /// What conditions can see.
    pub context: &'a RequestContext,
}

/// What a statement does where it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It forbids.
    Deny,
}

impl Effect {
    /// The spelling in policies.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        }
    }
}

/// What a policy says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// A statement allows it, and none forbids it.
    Allow,
    /// A statement forbids it.
    Deny,
    /// No statement speaks of it.
    Silent,
}

/// To whom a resource-based policy gave what it gave, which decides what else has to agree. Later is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// To the account: the account may hand it on, by policies of its users and roles.
    Account,
    /// To the user or the role: the policies of a session can still narrow it.
    Principal,
    /// To the session itself, or to everyone: nothing but an explicit deny takes it away.
    Direct,
}

/// What a policy said, and which statement decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judgement {
    /// What it said.
    pub verdict: Verdict,
    /// Whom the allowing statements named; the strongest, where there are several. `None` unless it allows.
    pub grant: Option<Grant>,
    /// The statement that decided, counted from 0.
    pub statement: Option<usize>,
}

impl Judgement {
    /// Whether it allows.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.verdict == Verdict::Allow
    }

    /// Whether it forbids.
    #[must_use]
    pub fn forbids(&self) -> bool {
        self.verdict == Verdict::Deny
    }
}

/// A statement that applied, for people who want to know why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchedStatement {
    /// Its place in the policy, counted from 0.
    pub index: usize,
    /// Its `Sid`, where it has one.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
}
