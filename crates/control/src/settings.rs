//! What an operator, or the server for it, sets of the API.

use std::fmt;
use std::sync::Arc;

use model::{DomainRef, FormatId, RepositoryName};

/// Settings of the API. The region that requests must be signed for is the catalog's.
#[derive(Clone)]
pub struct ControlSettings {
    /// The largest JSON body.
    pub body_limit_bytes: usize,
    /// How the status of an external connection is spelled: `Available` as documented, or `AVAILABLE` as the
    /// original has been seen to send it.
    pub connection_status_text: String,
    /// Makes the address of a repository for package managers.
    pub endpoint: EndpointBuilder,
    /// How many requests an account may make in a second; `None` for any number.
    pub requests_per_second: Option<u32>,
}

/// Makes the address of a repository for package managers. Only the server knows where it can be reached.
pub type EndpointBuilder =
    Arc<dyn Fn(&DomainRef, &RepositoryName, FormatId, EndpointType) -> String + Send + Sync>;

impl ControlSettings {
    /// The defaults around an address builder.
    #[must_use]
    pub fn new(endpoint: EndpointBuilder) -> Self {
        Self {
            body_limit_bytes: 1024 * 1024,
            connection_status_text: "Available".to_owned(),
            endpoint,
            requests_per_second: None,
        }
    }
}

impl fmt::Debug for ControlSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlSettings")
            .field("body_limit_bytes", &self.body_limit_bytes)
            .field("connection_status_text", &self.connection_status_text)
            .field("requests_per_second", &self.requests_per_second)
            .finish_non_exhaustive()
    }
}

/// The network protocols that an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointType {
    /// IPv4 alone.
    Ipv4,
    /// IPv4 and IPv6.
    Dualstack,
}

impl EndpointType {
    /// Every type, in the order of the API reference.
    pub const ALL: [Self; 2] = [Self::Dualstack, Self::Ipv4];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ipv4 => "ipv4",
            Self::Dualstack => "dualstack",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}
