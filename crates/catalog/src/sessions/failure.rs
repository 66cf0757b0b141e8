//! Why there is no session: failures that only the security token service knows.

use model::Error;

use crate::failure::Failure;

/// Why no session was made.
#[derive(Debug, thiserror::Error)]
pub enum SessionFailure {
    /// A session policy is not one.
    #[error("{0}")]
    MalformedPolicy(String),
    /// Policies and tags of the session take more than there is room for.
    #[error(
        "Serialized token too large for session: packed size of session policies and session tags is {0}% of the allowed \
         size. Use shorter policies or fewer tags."
    )]
    PackedPolicyTooLarge(usize),
    /// The token of an identity provider is refused.
    #[error("{0}")]
    InvalidIdentityToken(String),
    /// The token of an identity provider is over.
    #[error("{0}")]
    ExpiredIdentityToken(String),
    /// The keys of an identity provider cannot be had.
    #[error("{0}")]
    ProviderUnreachable(String),
    /// Everything else.
    #[error(transparent)]
    Other(#[from] Error),
}

impl From<Failure> for SessionFailure {
    fn from(failure: Failure) -> Self {
        Self::Other(failure.into())
    }
}
