//! The policy language of IAM, as far as this service's requests can meet it.
//!
//! A [`Policy`] is parsed once and asked many times; nothing here does I/O. How the policies of one question are
//! combined into an answer is [`crate::decision`]'s.
//! Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>.

use std::fmt;

/// Where a policy hangs, which decides what it may and must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PolicyKind {
    /// On a user or role: no principals, resources needed.
    Identity,
    /// On a domain or repository: principals needed.
    Resource,
    /// On a role, about who may assume it: principals needed, no resources.
    Trust,
}

/// A policy, ready to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {}

/// Why a text is not a policy; the message says where and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    message: String,
}

impl Policy {
    /// Reads a policy document.
    pub fn parse(_kind: PolicyKind, _document: &str) -> Result<Self, PolicyError> {
        Err(PolicyError {
            message: "policies cannot be read yet".into(),
        })
    }
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
