//! What a call about several versions of a package came to, version by version (the API's `successfulVersions` and
//! `failedVersions`). Such calls do all or nothing: where one version fails, the others are told to be skipped.

use std::collections::BTreeMap;
use std::fmt;

use crate::{PackageVersionStatus, VersionName};

/// What a call about several versions came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionOutcome {
    /// The versions that are now as the call wanted them.
    pub successful: BTreeMap<VersionName, SuccessfulVersion>,
    /// The versions that stood against it, and those that were skipped for them.
    pub failed: BTreeMap<VersionName, FailedVersion>,
}

/// A version that the call was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuccessfulVersion {
    /// Its revision; that of a deleted version is its last.
    pub revision: String,
    /// Its status now.
    pub status: PackageVersionStatus,
}

/// A version that the call was not done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedVersion {
    /// Why, in one word.
    pub code: PackageVersionErrorCode,
    /// Why, in a sentence.
    pub message: String,
}

/// Why a call was not done to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PackageVersionErrorCode {
    /// Another version of that name is there.
    AlreadyExists,
    /// It has another revision than the caller expected.
    MismatchedRevision,
    /// It has another status than the caller expected.
    MismatchedStatus,
    /// Its status does not allow it.
    NotAllowed,
    /// There is no such version.
    NotFound,
    /// Another version of the call failed.
    Skipped,
}

impl PackageVersionErrorCode {
    /// Every code, in the order of the API reference.
    pub const ALL: [Self; 6] = [
        Self::AlreadyExists,
        Self::MismatchedRevision,
        Self::MismatchedStatus,
        Self::NotAllowed,
        Self::NotFound,
        Self::Skipped,
    ];

    /// The spelling of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::MismatchedRevision => "MISMATCHED_REVISION",
            Self::MismatchedStatus => "MISMATCHED_STATUS",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::NotFound => "NOT_FOUND",
            Self::Skipped => "SKIPPED",
        }
    }
}

impl fmt::Display for PackageVersionErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FailedVersion {
    /// There is no such version: the service's own text.
    #[must_use]
    pub fn not_found(version: &VersionName) -> Self {
        Self::new(
            PackageVersionErrorCode::NotFound,
            format!("Could not find version {version}"),
        )
    }

    /// Something else is there under this name: the service's own text.
    #[must_use]
    pub fn already_exists(version: &VersionName) -> Self {
        Self::new(
            PackageVersionErrorCode::AlreadyExists,
            format!("Version {version} already exists"),
        )
    }

    /// The status is not the one that the caller expected: the service's own text.
    #[must_use]
    pub fn mismatched_status(
        current: PackageVersionStatus,
        expected: PackageVersionStatus,
    ) -> Self {
        Self::new(
            PackageVersionErrorCode::MismatchedStatus,
            format!("current status: {current}, expected status: {expected}"),
        )
    }

    /// The revision is not the one that the caller expected: the service's own text.
    #[must_use]
    pub fn mismatched_revision(current: &str, expected: &str) -> Self {
        Self::new(
            PackageVersionErrorCode::MismatchedRevision,
            format!("current revision: {current}, expected revision: {expected}"),
        )
    }

    /// The status of the version, or of the one in its place, stands against it.
    #[must_use]
    pub fn not_allowed(message: String) -> Self {
        Self::new(PackageVersionErrorCode::NotAllowed, message)
    }

    /// Another version failed. The service words this differently from call to call.
    #[must_use]
    pub const fn skipped(message: String) -> Self {
        Self::new(PackageVersionErrorCode::Skipped, message)
    }

    const fn new(code: PackageVersionErrorCode, message: String) -> Self {
        Self { code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_the_service() {
        let version = VersionName::parse("5.6.7").unwrap();
        for (failed, code, message) in [
            (
                FailedVersion::not_found(&version),
                "NOT_FOUND",
                "Could not find version 5.6.7",
            ),
            (
                FailedVersion::already_exists(&version),
                "ALREADY_EXISTS",
                "Version 5.6.7 already exists",
            ),
            (
                FailedVersion::mismatched_status(
                    PackageVersionStatus::Published,
                    PackageVersionStatus::Unlisted,
                ),
                "MISMATCHED_STATUS",
                "current status: Published, expected status: Unlisted",
            ),
            (
                FailedVersion::mismatched_revision("A", "B"),
                "MISMATCHED_REVISION",
                "current revision: A, expected revision: B",
            ),
        ] {
            assert_eq!(
                (failed.code.as_str(), failed.message.as_str()),
                (code, message)
            );
        }
    }
}
