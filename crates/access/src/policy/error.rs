//! Why a text is not a policy. The wording is that of IAM where IAM has one; the place in the document is said first.

use std::fmt::Display;

/// Why a text is not a policy; the message says where and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PolicyError {
    message: String,
}

impl PolicyError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }

    /// The same fault, found inside of something.
    pub(super) fn within(self, place: impl Display) -> Self {
        Self {
            message: format!("{place}: {}", self.message),
        }
    }

    /// The sentence for whoever wrote the policy.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

/// A piece of the document for a message: quoted, escaped, and never long.
pub(super) fn quoted(text: &str) -> String {
    const SHOWN: usize = 100;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}
