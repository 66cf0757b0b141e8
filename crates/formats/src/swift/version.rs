//! Versions of releases (semver.org 2.0.0, as the package manager compares them).

use std::cmp::Ordering;

use model::{Error, InvalidReason, Result, VersionKey, VersionName};
use semver::Version;

/// The largest number that the package manager can hold.
const LARGEST_NUMBER: u64 = i64::MAX as u64;
/// Endings that addresses of a release have besides its version.
const ENDINGS: [&str; 2] = [".zip", ".json"];

/// What versions of equal precedence have in common. The package manager takes versions that differ in their build
/// metadata for the same one, so a package has only one of them.
pub(super) fn key(version: &VersionName) -> VersionKey {
    let text = version.as_str();
    VersionKey::new(text.split('+').next().unwrap_or(text))
}

/// Precedence, the lowest first; what is no version comes before all that are.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    let parsed = |text: &str| Version::parse(text).ok();
    match (parsed(one), parsed(other)) {
        (Some(a), Some(b)) => a.cmp_precedence(&b).then_with(|| one.cmp(other)),
        (a, b) => a.is_some().cmp(&b.is_some()).then_with(|| one.cmp(other)),
    }
}

/// Reads the version of an address.
pub(super) fn parse(text: &str) -> Result<VersionName> {
    let is_version = Version::parse(text).is_ok_and(|version| {
        [version.major, version.minor, version.patch]
            .iter()
            .all(|number| *number <= LARGEST_NUMBER)
    });
    VersionName::parse(text)
        .ok()
        .filter(|_| is_version)
        .ok_or_else(|| {
            let message = "The address names no release: versions are semantic versions such as 1.2.3 or 1.2.3-beta.1.";
            Error::invalid(InvalidReason::FieldValidation, message)
        })
}

/// Refuses to publish a version whose address would be read as that of another release's archive or metadata.
pub(super) fn check_publishable(version: &VersionName) -> Result<()> {
    let text = version.as_str();
    let Some(ending) = ENDINGS.iter().find(|ending| text.ends_with(*ending)) else {
        return Ok(());
    };
    let message = format!(
        "Version '{text}' cannot be published: its address would be that of another release, since it ends in '{ending}'."
    );
    Err(Error::invalid(InvalidReason::Other, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> VersionName {
        VersionName::parse(text).unwrap()
    }

    #[test]
    fn f_sw_1_versions_are_semantic_versions() {
        for good in [
            "1.0.0",
            "0.0.0",
            "1.2.3-beta.1",
            "1.0.0+build.5",
            "1.0.0-a-b+c",
        ] {
            assert!(parse(good).is_ok(), "{good}");
        }
        let long = format!("1.0.0-{}", "a".repeat(255));
        for bad in [
            "",
            "1",
            "1.0",
            "v1.0.0",
            "01.0.0",
            "1.0.0-01",
            "1.0.0 ",
            "1.0.0+",
            "9223372036854775808.0.0",
            "99999999999999999999.0.0",
            "latest",
            "1.0.0/..",
            &long,
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_sw_1_build_metadata_tells_no_versions_apart() {
        assert_eq!(key(&name("1.0.0+a")), key(&name("1.0.0+b")));
        assert_eq!(key(&name("1.0.0")), key(&name("1.0.0+b")));
        assert_ne!(key(&name("1.0.0-a")), key(&name("1.0.0")));
    }

    #[test]
    fn f_sw_1_versions_that_look_like_other_addresses_are_not_published() {
        for bad in ["1.0.0-a.zip", "1.0.0+json.json", "1.0.0-b.json"] {
            assert!(check_publishable(&name(bad)).is_err(), "{bad}");
        }
        for good in ["1.0.0-zip", "1.0.0+json"] {
            assert!(check_publishable(&name(good)).is_ok(), "{good}");
        }
    }

    #[test]
    fn order_is_that_of_precedence() {
        let mut versions = ["1.10.0", "1.9.0", "2.0.0", "2.0.0-rc.1", "odd", "1.9.0-0"];
        versions.sort_by(|a, b| compare(a, b));
        assert_eq!(
            versions,
            ["odd", "1.9.0-0", "1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]
        );
    }
}
