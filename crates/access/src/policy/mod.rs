//! The policy language of IAM, as far as this service's requests can meet it.
//!
//! A [`Policy`] is parsed once and asked many times; nothing here does I/O. How the policies of one question are
//! combined into an answer is [`crate::decision`]'s. Written here because the libraries there are take the policies
//! of a question as one list: they know no accounts, sessions or grants, and parse more than they evaluate.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

mod action;
mod condition;
mod date;
mod document;
mod error;
mod json;
mod key;
mod managed;
mod network;
mod number;
mod operator;
mod pattern;
mod principal;
mod question;
mod resource;
mod statement;
#[cfg(test)]
mod tests;
mod variable;

use std::fmt;

use document::parse_document;
use statement::Statement;

pub use error::PolicyError;
pub use managed::{managed, managed_policies};
pub use question::{Asker, Effect, Grant, Judgement, MatchedStatement, Question, Verdict};

/// Where a policy hangs, which decides what it may and must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// On a user, a role or a session: no principals, resources needed.
    Identity,
    /// On a domain or repository: principals and resources needed.
    Resource,
    /// On a role, about who may assume it: principals needed, no resources.
    Trust,
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policy",
            Self::Resource => "resource-based policy",
            Self::Trust => "trust policy",
        })
    }
}

/// A policy, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    kind: PolicyKind,
    label: String,
    statements: Box<[Statement]>,
}

impl Policy {
    /// Reads a policy document.
    pub fn parse(kind: PolicyKind, document: &str) -> Result<Self, PolicyError> {
        Ok(Self {
            kind,
            label: String::new(),
            statements: parse_document(kind, document)?,
        })
    }

    /// The same policy with a name that explanations call it by, e.g. its ARN.
    #[must_use]
    pub fn labelled(self, label: String) -> Self {
        Self { label, ..self }
    }

    /// Where it hangs.
    #[must_use]
    pub const fn kind(&self) -> PolicyKind {
        self.kind
    }

    /// What explanations call it; empty unless set.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// What the policy says to a question. A statement that forbids ends the matter.
    #[must_use]
    pub fn judge(&self, question: &Question<'_>) -> Judgement {
        let mut judgement = Judgement {
            verdict: Verdict::Silent,
            grant: None,
            statement: None,
        };
        for (index, statement) in self.statements.iter().enumerate() {
            let Some(grant) = statement.applies(question) else {
                continue;
            };
            if statement.effect == Effect::Deny {
                return Judgement {
                    verdict: Verdict::Deny,
                    grant: None,
                    statement: Some(index),
                };
            }
            if judgement.grant.is_none_or(|before| before < grant) {
                judgement = Judgement {
                    verdict: Verdict::Allow,
                    grant: Some(grant),
                    statement: Some(index),
                };
            }
        }
        judgement
    }

    /// Every statement that applies to a question, for explanations.
    #[must_use]
    pub fn matched(&self, question: &Question<'_>) -> Vec<MatchedStatement> {
        self.statements
            .iter()
            .enumerate()
            .filter(|(_, statement)| statement.applies(question).is_some())
            .map(|(index, statement)| MatchedStatement {
                index,
                sid: statement.sid.as_deref().map(String::from),
                effect: statement.effect,
            })
            .collect()
    }
}
