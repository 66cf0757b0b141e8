//! Versions of crates: Semantic Versioning 2.0.0, where of those that differ in build metadata alone one may be published.

use model::{Error, InvalidReason, ResourceType, Result, VersionName};
use semver::{BuildMetadata, Version};

use super::name::shown;

/// The longest version.
const VERSION_BYTES: usize = 255;

/// A version, read. What is none sorts before all that are.
pub(super) fn read(text: &str) -> Option<Version> {
    if text.len() > VERSION_BYTES {
        return None;
    }
    Version::parse(text).ok()
}

/// What versions have in common of which one may be published.
pub(super) fn number(text: &str) -> String {
    read(text).map_or_else(
        || text.to_owned(),
        |mut version| {
            version.build = BuildMetadata::EMPTY;
            version.to_string()
        },
    )
}

/// The version that a segment of an address names.
pub(super) fn version_of_segment(segment: &str) -> Result<VersionName> {
    let name = read(segment).and_then(|_| VersionName::parse(segment).ok());
    name.ok_or_else(|| {
        let message = format!("'{}' is not the version of a crate.", shown(segment));
        Error::not_found(ResourceType::PackageVersion, shown(segment), message)
    })
}

/// Refuses what may not be published as a version.
pub(super) fn check_publishable(text: &str) -> Result<VersionName> {
    let name = read(text).and_then(|_| VersionName::parse(text).ok());
    name.ok_or_else(|| {
        let message = format!(
            "'{}' cannot be published as a version: it is not a semantic version such as 1.2.3 or 1.2.3-rc.1, of at most \
             {VERSION_BYTES} characters.",
            shown(text)
        );
        Error::invalid(InvalidReason::FieldValidation, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_cr_2_build_metadata_makes_no_other_number() {
        assert_eq!(number("1.0.0+a"), number("1.0.0"));
        assert_eq!(number("1.0.0-rc.1+a.b"), "1.0.0-rc.1");
        assert_ne!(number("1.0.0-rc.1"), number("1.0.0"));
        assert_eq!(number("old"), "old");
    }

    #[test]
    fn only_semantic_versions_may_be_published() {
        for good in ["0.0.0", "1.2.3-rc.1+build.5", "18446744073709551615.0.0"] {
            assert!(check_publishable(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "1",
            "1.0",
            "01.0.0",
            "1.0.0-",
            "1.0.0+",
            "v1.0.0",
            " 1.0.0",
            "1.0.0\n",
            "../1.0.0",
            "1.0.0/x",
            "18446744073709551616.0.0",
        ] {
            assert!(check_publishable(bad).is_err(), "{bad}");
            assert!(version_of_segment(bad).is_err(), "{bad}");
        }
        let long = format!("1.0.0-{}", "a".repeat(255));
        assert!(check_publishable(&long).is_err());
    }
}
