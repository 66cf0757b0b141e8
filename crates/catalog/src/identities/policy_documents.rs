//! What a policy document must be before it is written down.

use access::{Policy, PolicyKind};
use model::{Error, InvalidReason, Result};

/// Characters of a document as IAM counts them: white space is free.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

fn check(kind: PolicyKind, document: &str, limit: usize) -> Result<()> {
    // Bounded before it is read.
    if document.len() > 131_072 || size(document) > limit {
        return Err(Error::invalid(
            InvalidReason::Other,
            format!(
                "Cannot exceed quota for PolicySize: {limit} characters, white space not counted."
            ),
        ));
    }
    Policy::parse(kind, document).map(drop).map_err(|error| {
        Error::invalid(
            InvalidReason::Other,
            format!("The policy document is malformed: {error}"),
        )
    })
}

/// A policy of a user or role, of at most `limit` characters.
pub(crate) fn check_identity_policy(document: &str, limit: usize) -> Result<()> {
    check(PolicyKind::Identity, document, limit)
}

/// A policy about who may assume a role.
pub(super) fn check_trust_policy(document: &str) -> Result<()> {
    check(PolicyKind::Trust, document, 4096)
}
