//! Statuses of package versions (the service's user guide, "Package version status").

use std::fmt;

/// The state a package version is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageVersionStatus {
    /// Being uploaded; not listed, not downloadable.
    Unfinished,
    /// Listed and downloadable.
    Published,
    /// Not listed, still downloadable.
    Unlisted,
    /// Neither listed nor downloadable; can be published again by a status call.
    Archived,
    /// Neither listed nor downloadable; its assets are gone.
    Disposed,
    /// Seen in results of delete calls only, never stored.
    Deleted,
}

impl PackageVersionStatus {
    /// Every status, in the order of the API reference.
    pub const ALL: [Self; 6] = [
        Self::Published,
        Self::Unfinished,
        Self::Unlisted,
        Self::Archived,
        Self::Disposed,
        Self::Deleted,
    ];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "Unfinished",
            Self::Published => "Published",
            Self::Unlisted => "Unlisted",
            Self::Archived => "Archived",
            Self::Disposed => "Disposed",
            Self::Deleted => "Deleted",
        }
    }

    /// Reads the spelling of the API.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether package managers see the version in lists.
    #[must_use]
    pub const fn is_listed(self) -> bool {
        matches!(self, Self::Published)
    }

    /// Whether package managers may download the version's assets.
    #[must_use]
    pub const fn is_downloadable(self) -> bool {
        matches!(self, Self::Published | Self::Unlisted)
    }
}

impl fmt::Display for PackageVersionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
