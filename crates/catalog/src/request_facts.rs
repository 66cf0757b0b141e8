//! What a request was about, as the audit record tells it. Travels in the extensions of the reply, beside
//! [`crate::RequestLabels`]; whoever answers moves here what it knows, and the record is made from it elsewhere.
//!
//! Values are those that the request was decided by, never a second reading of it. No token, signature or document
//! comes in here.

use model::{
    AccountId, DomainRef, Error, ErrorKind, PackageCoordinates, RepositoryName, VersionName,
};

use crate::Caller;

/// What a request was about.
#[derive(Debug, Clone)]
pub struct RequestFacts {
    /// The service that was asked, as records call it.
    pub source: &'static str,
    /// The operation's name; for a package client's request the permission it needed.
    pub event: &'static str,
    /// Whether it only read.
    pub is_read_only: bool,
    /// Who asked, once that was proved.
    pub caller: Option<Caller>,
    /// The owner of the domain it was about.
    pub owner: Option<AccountId>,
    /// The administrator of the repository it was about.
    pub administrator: Option<AccountId>,
    /// What it named.
    pub parameters: RequestParameters,
    /// Why it was not answered as asked.
    pub failure: Option<RequestFailure>,
}

impl RequestFacts {
    /// This service, as records call it.
    pub const SERVICE: &str = "codeartifact.amazonaws.com";
}

/// What a request named.
#[derive(Debug, Clone)]
pub enum RequestParameters {
    /// The members of a call, under the names of audit records.
    Call(Vec<(&'static str, String)>),
    /// What the address of a package client's request leads to.
    Package(Box<PackageRequest>),
}

/// What the address of a package client's request leads to, as far as it was understood.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "the names say it")]
pub struct PackageRequest {
    pub domain: Option<DomainRef>,
    pub repository: Option<RepositoryName>,
    /// The format's id, also where no package was named.
    pub format: &'static str,
    pub package: Option<PackageCoordinates>,
    pub version: Option<VersionName>,
    /// How many segments of the path, behind the first, only name domain and repository.
    pub address_segments: usize,
}

/// Why a request was not answered as asked, in the words that the caller got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFailure {
    /// The exception's name.
    pub code: &'static str,
    /// The message.
    pub message: String,
}

impl RequestFailure {
    /// The failure that an error is to its caller.
    #[must_use]
    pub fn of(error: &Error) -> Self {
        let code = match error.kind {
            ErrorKind::Invalid(_) => "ValidationException",
            ErrorKind::Unauthenticated => "UnrecognizedClientException",
            ErrorKind::AccessDenied => "AccessDeniedException",
            ErrorKind::NotFound => "ResourceNotFoundException",
            ErrorKind::Conflict | ErrorKind::PreconditionFailed => "ConflictException",
            ErrorKind::QuotaExceeded => "ServiceQuotaExceededException",
            ErrorKind::Throttled => "ThrottlingException",
            ErrorKind::TooLarge => "RequestEntityTooLargeException",
            ErrorKind::UpstreamUnavailable | ErrorKind::Unavailable | ErrorKind::Internal => {
                "InternalServerException"
            }
        };
        Self {
            code,
            message: error.message.clone(),
        }
    }
}
