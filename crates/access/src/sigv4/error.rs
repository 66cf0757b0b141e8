//! Why a signature is refused, in the names, statuses and words of AWS.
//!
//! Nothing of an `Authorization` header, a signature or a secret is ever repeated in a message.

use std::borrow::Cow;

use model::{Violation, violations_message};

/// Why a request's signature is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no signature where one is needed.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// A part of the signature is missing or can not be read.
    #[error("{0}")]
    Incomplete(Cow<'static, str>),
    /// The signature breaks a rule: time, scope, what must be signed.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
    /// The signature is another one than the request's.
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access \
         Key and signing method. Consult the service documentation for details."
    )]
    Mismatch,
    /// No such active access key, or a session token that is not the key's.
    #[error("The security token included in the request is invalid.")]
    UnrecognizedClient,
    /// The temporary credentials are over. For callers that know when they end.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// The body is not what the signature says.
    #[error(
        "The provided x-amz-content-sha256 {declared} does not match the SHA-256 of the body, {actual}."
    )]
    PayloadMismatch {
        /// The hash that the client declared and signed.
        declared: String,
        /// The hash of what came.
        actual: String,
    },
    /// The declared hash of an asset is missing or no hash.
    #[error("{}", violations_message(std::slice::from_ref(.0)))]
    DeclaredHash(Violation),
}

impl SignatureError {
    pub(super) fn incomplete(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Incomplete(message.into())
    }

    pub(super) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(message.into())
    }

    /// The exception's name.
    #[must_use]
    pub const fn exception(&self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::Invalid(_) | Self::Mismatch => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::PayloadMismatch { .. } | Self::DeclaredHash(_) => "ValidationException",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Incomplete(_) | Self::PayloadMismatch { .. } | Self::DeclaredHash(_) => 400,
            Self::MissingAuthenticationToken
            | Self::Invalid(_)
            | Self::Mismatch
            | Self::UnrecognizedClient
            | Self::ExpiredToken => 403,
        }
    }
}

/// The beginning of something a caller sent, fit for a message: bounded, and without control characters.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}
