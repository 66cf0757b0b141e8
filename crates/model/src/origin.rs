//! Where a package version came from, and what may still come.

use crate::{ExternalConnectionName, RepositoryName};

/// The kind of a version's origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OriginType {
    /// Published into the domain.
    Internal,
    /// Ingested through an external connection.
    External,
    /// Not known.
    Unknown,
}

impl OriginType {
    /// Every type, in the order of the API reference.
    pub const ALL: [Self; 3] = [Self::Internal, Self::External, Self::Unknown];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL",
            Self::External => "EXTERNAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}

/// A version's origin: its type and the place where it entered the domain. It never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Published into this repository first.
    Internal(RepositoryName),
    /// Ingested through this connection.
    External(ExternalConnectionName),
    /// Not known.
    Unknown,
}

impl Origin {
    /// The type alone.
    #[must_use]
    pub const fn origin_type(&self) -> OriginType {
        match self {
            Self::Internal(_) => OriginType::Internal,
            Self::External(_) => OriginType::External,
            Self::Unknown => OriginType::Unknown,
        }
    }
}

/// One switch of a package's origin controls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OriginRestriction {
    /// It may.
    Allow,
    /// It may not.
    Block,
}

impl OriginRestriction {
    /// Every value.
    pub const ALL: [Self; 2] = [Self::Allow, Self::Block];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "ALLOW",
            Self::Block => "BLOCK",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|restriction| restriction.as_str() == text)
    }

    /// Whether this is `ALLOW`.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// A package's origin controls in one repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginRestrictions {
    /// May clients publish new versions here?
    pub publish: OriginRestriction,
    /// May versions arrive from upstream repositories and public sources?
    pub upstream: OriginRestriction,
}

impl OriginRestrictions {
    /// The defaults of a package that first appears by a publish.
    pub const PUBLISHED_FIRST: Self = Self {
        publish: OriginRestriction::Allow,
        upstream: OriginRestriction::Block,
    };
    /// The defaults of a package that first appears by ingestion or retention.
    pub const INGESTED_FIRST: Self = Self {
        publish: OriginRestriction::Block,
        upstream: OriginRestriction::Allow,
    };
}
