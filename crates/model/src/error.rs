//! The one error value. Business code picks a kind and a message, never a status.

use std::fmt;

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, for whoever asked, and why, for whoever operates the service.
#[derive(Debug)]
pub struct Error {
    /// The kind: decides the exception and the status.
    pub kind: ErrorKind,
    /// A sentence for the caller: what was wrong, with which value, and what to do.
    pub message: String,
    /// The resource it is about, where the kind has one.
    pub resource: Option<Resource>,
    /// The cause. Logged once, never sent to a client.
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
    /// When to try again, in seconds.
    pub retry_after_seconds: Option<u32>,
}

/// When to come back while the storage does not answer.
const STORAGE_RETRY_AFTER_SECONDS: u32 = 5;

/// The kinds of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request can never succeed as sent.
    Invalid(InvalidReason),
    /// Who asks is not known: no credentials, or bad or expired ones. Package endpoints answer 401.
    Unauthenticated,
    /// Who asks may not; also for "exists, but you may not know".
    AccessDenied,
    /// There is no such thing.
    NotFound,
    /// The state of the resource stands against it.
    Conflict,
    /// The request was made on a condition that does not hold.
    PreconditionFailed,
    /// A limit is reached.
    QuotaExceeded,
    /// Too many requests.
    Throttled,
    /// A body is larger than the limit.
    TooLarge,
    /// A public source failed, and nothing held can answer instead.
    UpstreamUnavailable,
    /// What the service itself stands on, its database, does not answer now. The same request may succeed in a moment.
    Unavailable,
    /// Our fault. The message sent is fixed.
    Internal,
}

impl ErrorKind {
    /// A short fixed word for logs and metric labels.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::AccessDenied => "access-denied",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::PreconditionFailed => "precondition-failed",
            Self::QuotaExceeded => "quota-exceeded",
            Self::Throttled => "throttled",
            Self::TooLarge => "too-large",
            Self::UpstreamUnavailable => "upstream-unavailable",
            Self::Unavailable => "unavailable",
            Self::Internal => "internal",
        }
    }
}

/// Why a request is invalid: the `reason` member of `ValidationException`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvalidReason {
    /// The body is not what it claims to be.
    CannotParse,
    /// A problem with an encryption key.
    EncryptionKey,
    /// A member breaks a constraint.
    FieldValidation,
    /// No such operation.
    UnknownOperation,
    /// A rule of the service stands against it.
    Other,
}

impl InvalidReason {
    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotParse => "CANNOT_PARSE",
            Self::EncryptionKey => "ENCRYPTION_KEY_ERROR",
            Self::FieldValidation => "FIELD_VALIDATION_FAILED",
            Self::UnknownOperation => "UNKNOWN_OPERATION",
            Self::Other => "OTHER",
        }
    }
}

/// The types of resource that errors name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A domain.
    Domain,
    /// A repository.
    Repository,
    /// A package.
    Package,
    /// A package version.
    PackageVersion,
    /// An asset.
    Asset,
}

impl ResourceType {
    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::Repository => "repository",
            Self::Package => "package",
            Self::PackageVersion => "package-version",
            Self::Asset => "asset",
        }
    }
}

/// The resource an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its type.
    pub kind: ResourceType,
    /// Its id, as the caller knows it.
    pub id: String,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            resource: None,
            source: None,
            retry_after_seconds: None,
        }
    }

    /// The request can never succeed as sent.
    pub fn invalid(reason: InvalidReason, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid(reason), message)
    }

    /// No credentials, or bad or expired ones.
    pub fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unauthenticated, message)
    }

    /// Known, but not allowed.
    pub fn access_denied(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AccessDenied, message)
    }

    /// No such resource.
    pub fn not_found(
        kind: ResourceType,
        id: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::NotFound, message).about(kind, id)
    }

    /// The state of the resource stands against it.
    pub fn conflict(kind: ResourceType, id: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Conflict, message).about(kind, id)
    }

    /// The request was made on a condition that does not hold.
    pub fn precondition_failed(
        kind: ResourceType,
        id: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::PreconditionFailed, message).about(kind, id)
    }

    /// A limit is reached.
    pub fn quota_exceeded(
        kind: ResourceType,
        id: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(ErrorKind::QuotaExceeded, message).about(kind, id)
    }

    /// Too many requests; try again after some seconds.
    pub fn throttled(message: impl Into<String>, retry_after_seconds: u32) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds),
            ..Self::new(ErrorKind::Throttled, message)
        }
    }

    /// A body above a limit.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::TooLarge, message)
    }

    /// What the service stands on does not answer now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, message)
    }

    /// A public source failed.
    pub fn upstream_unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::UpstreamUnavailable, message)
    }

    /// Rows or bytes cannot be reached now; the cause is logged, the caller learns when to come back.
    pub fn storage_unavailable(
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self {
            source: Some(source.into()),
            retry_after_seconds: Some(STORAGE_RETRY_AFTER_SECONDS),
            ..Self::new(
                ErrorKind::Unavailable,
                "The storage of this service does not answer at the moment. Try again in a few seconds.",
            )
        }
    }

    /// Our fault; the cause is logged, the caller learns only that it happened.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self {
            source: Some(source.into()),
            ..Self::new(ErrorKind::Internal, "An internal error occurred.")
        }
    }

    /// The same error with the resource it is about.
    #[must_use]
    pub fn about(mut self, kind: ResourceType, id: impl Into<String>) -> Self {
        self.resource = Some(Resource {
            kind,
            id: id.into(),
        });
        self
    }

    /// The same error without the resource: for package groups, which no type of the API stands for.
    #[must_use]
    pub fn without_resource(mut self) -> Self {
        self.resource = None;
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}
