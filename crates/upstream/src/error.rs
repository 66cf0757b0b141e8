//! How asking a source fails. Values are cheap to clone, so that everyone who waited for one fetch gets the same
//! failure. No message holds a URL's user, password, query or fragment.

use thiserror::Error;

/// Why a source gave no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SourceError {
    /// The source says that it has no such thing (404 or 410), now or a short while ago.
    #[error("the source has no such resource")]
    Absent,
    /// The source refuses us (401 or 403).
    #[error(
        "the source refused access with status {status}; check the credentials configured for it"
    )]
    Refused {
        /// The status.
        status: u16,
    },
    /// The source asks us to come back later (429, or 503 with `Retry-After`).
    #[error("the source asks to slow down; try again in {retry_after_seconds} seconds")]
    Throttled {
        /// When to try again.
        retry_after_seconds: u32,
    },
    /// Any other status that is not an answer.
    #[error("the source answered with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// No answer: name, connection, TLS, protocol or time-out.
    #[error("the source cannot be reached: {reason}")]
    Unavailable {
        /// What happened, without secrets.
        reason: String,
    },
    /// All places for requests to this source stayed taken.
    #[error("{open} requests to the source are open already and none ended in time")]
    Busy {
        /// How many may be open.
        open: usize,
    },
    /// The source failed many times in a row and is left alone for a while.
    #[error("the source failed repeatedly and is left alone for {retry_after_seconds} seconds")]
    BreakerOpen {
        /// When it will be asked again.
        retry_after_seconds: u32,
    },
    /// The body ended before its end.
    #[error("the source cut the body short after {received} bytes{}", expected_text(*.expected))]
    Truncated {
        /// The length that was announced, if one was.
        expected: Option<u64>,
        /// The bytes that came.
        received: u64,
    },
    /// The body is larger than allowed.
    #[error("the body is larger than the limit of {limit_bytes} bytes")]
    TooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The body came too slowly or not at all.
    #[error("the source stopped sending after {received} bytes")]
    Stalled {
        /// The bytes that came.
        received: u64,
    },
    /// The name or address leads into a network that must not be reached from here.
    #[error(
        "the host {host} is in a network that connections may not reach; if that is intended, allow private networks for this connection"
    )]
    ForbiddenAddress {
        /// The host as it stands in the URL.
        host: String,
    },
    /// The URL to ask cannot be asked: its scheme, its user part, plain HTTP where the source has TLS, or plain HTTP to
    /// another host.
    #[error("the URL cannot be asked: {reason}")]
    ForbiddenUrl {
        /// Why.
        reason: &'static str,
    },
    /// The source redirects to where we do not follow.
    #[error("the source redirects to where nobody follows: {reason}")]
    ForbiddenRedirect {
        /// Why.
        reason: &'static str,
    },
    /// Something else came instead of the document: a log-in page, or nothing at all.
    #[error("the source answered with {found} instead of the document that was asked for")]
    NotADocument {
        /// The content type that came, or `an empty body`.
        found: String,
    },
    /// The body cannot be decompressed, or not within the limits.
    #[error("the source's compressed body is unusable: {reason}")]
    Decompression {
        /// Why.
        reason: &'static str,
    },
}

fn expected_text(expected: Option<u64>) -> String {
    expected.map_or_else(String::new, |expected| format!(" of {expected}"))
}

impl SourceError {
    /// Whether the same request may succeed later without anyone changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        match self {
            Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Busy { .. }
            | Self::BreakerOpen { .. }
            | Self::Truncated { .. }
            | Self::Stalled { .. } => true,
            Self::Status { status } => *status >= 500 || *status == 408 || *status == 425,
            Self::Absent
            | Self::Refused { .. }
            | Self::TooLarge { .. }
            | Self::ForbiddenAddress { .. }
            | Self::ForbiddenUrl { .. }
            | Self::ForbiddenRedirect { .. }
            | Self::NotADocument { .. }
            | Self::Decompression { .. } => false,
        }
    }

    /// When to try again, where that is known.
    #[must_use]
    pub const fn retry_after_seconds(&self) -> Option<u32> {
        match self {
            Self::Throttled {
                retry_after_seconds,
            }
            | Self::BreakerOpen {
                retry_after_seconds,
            } => Some(*retry_after_seconds),
            _ => None,
        }
    }

    /// A short fixed word for logs and metric labels.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::Status { .. } => "status",
            Self::Unavailable { .. } => "unavailable",
            Self::Busy { .. } => "busy",
            Self::BreakerOpen { .. } => "breaker-open",
            Self::Truncated { .. } => "truncated",
            Self::TooLarge { .. } => "too-large",
            Self::Stalled { .. } => "stalled",
            Self::ForbiddenAddress { .. } => "forbidden-address",
            Self::ForbiddenUrl { .. } => "forbidden-url",
            Self::ForbiddenRedirect { .. } => "forbidden-redirect",
            Self::NotADocument { .. } => "not-a-document",
            Self::Decompression { .. } => "decompression",
        }
    }

    /// What the failure says about the source's health.
    pub(crate) const fn health(&self) -> Health {
        match self {
            Self::Unavailable { .. }
            | Self::Truncated { .. }
            | Self::Stalled { .. }
            | Self::Throttled { .. } => Health::Bad,
            Self::Status { status } if *status >= 500 => Health::Bad,
            // It answered, if not what we wanted.
            Self::Absent
            | Self::Refused { .. }
            | Self::Status { .. }
            | Self::TooLarge { .. }
            | Self::NotADocument { .. }
            | Self::Decompression { .. } => Health::Good,
            // Nothing was asked, or the last hop was not asked.
            Self::Busy { .. }
            | Self::BreakerOpen { .. }
            | Self::ForbiddenAddress { .. }
            | Self::ForbiddenUrl { .. }
            | Self::ForbiddenRedirect { .. } => Health::Unknown,
        }
    }
}

/// What one exchange says about a source's health, for the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Good,
    Bad,
    Unknown,
}

/// The error value of the layers above: not found stays not found, and everything else is a source that failed, with
/// this error as its cause for the log.
impl From<SourceError> for model::Error {
    fn from(error: SourceError) -> Self {
        let kind = match error {
            SourceError::Absent => model::ErrorKind::NotFound,
            _ => model::ErrorKind::UpstreamUnavailable,
        };
        Self {
            kind,
            message: error.to_string(),
            resource: None,
            retry_after_seconds: error.retry_after_seconds(),
            source: Some(Box::new(error)),
        }
    }
}

/// Why the client or a source could not be set up. These are faults of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SetupError {
    /// The instance name cannot stand in a `Via` header.
    #[error(
        "the instance name {0:?} may only hold letters, digits, '-', '_' and '.', and must not be empty"
    )]
    Instance(String),
    /// The base URL cannot be used.
    #[error("the address of connection {name} cannot be used: {reason}")]
    Base {
        /// The source.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The credentials cannot be sent.
    #[error(
        "the credentials of connection {name} cannot be sent in a header; remove control characters, and colons from the user name"
    )]
    Credentials {
        /// The source.
        name: String,
    },
    /// The extra certificate authority is not one.
    #[error("the certificate authority of connection {name} is not a PEM certificate: {reason}")]
    Authority {
        /// The source.
        name: String,
        /// Why.
        reason: String,
    },
    /// TLS or the HTTP client could not start.
    #[error("the HTTP client cannot start: {0}")]
    Client(String),
}
