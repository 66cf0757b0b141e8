//! Versions: which may be published, and their order (semver.org 2.0.0, as npm reads it).

use model::{Error, InvalidReason, Result};
use semver::Version;

/// The largest number that JavaScript's clients can compare.
const LARGEST_NUMBER: u64 = (1 << 53) - 1;

/// A version for comparing. What is not one sorts before all that are.
pub(super) fn read(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

/// Refuses what may not be published as a version.
pub(super) fn check_publishable(text: &str) -> Result<Version> {
    let refuse = |reason: &str| {
        let message = format!(
            "'{}' cannot be published as a version: {reason}.",
            shorten(text)
        );
        Error::invalid(InvalidReason::FieldValidation, message)
    };
    if text.len() > 255 {
        return Err(refuse("it is longer than 255 characters"));
    }
    let version = read(text)
        .ok_or_else(|| refuse("it is not a semantic version such as 1.2.3 or 1.2.3-rc.1"))?;
    if [version.major, version.minor, version.patch]
        .iter()
        .any(|number| *number > LARGEST_NUMBER)
    {
        return Err(refuse("a number in it is too large"));
    }
    // npm takes `1.0.0+a` and `1.0.0+b` for the same version, so two of them would hide one another.
    if !version.build.is_empty() {
        return Err(refuse(
            "build metadata, the part after '+', is no part of a version in npm",
        ));
    }
    Ok(version)
}

/// A version as npm writes it into the index: without the `v` or `=` before it, space around it, or build metadata.
pub(super) fn cleaned(text: &str) -> &str {
    let text = text.trim().trim_start_matches(['=', 'v', ' ']);
    text.split('+').next().unwrap_or(text)
}

fn shorten(text: &str) -> String {
    text.chars()
        .take(64)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_npm_2_only_semantic_versions_are_published() {
        for good in ["1.0.0", "0.0.0", "1.2.3-rc.1", "1.0.0-x-y.0a"] {
            assert!(check_publishable(good).is_ok(), "{good}");
        }
        let long = format!("1.0.0-{}", "a".repeat(255));
        for bad in [
            "",
            " ",
            "1",
            "1.0",
            "v1.0.0",
            "=1.0.0",
            " 1.0.0",
            "1.0.0 ",
            "01.0.0",
            "1.0.0-01",
            "1.0.0+build",
            "latest",
            "__proto__",
            "constructor",
            "toString",
            "1.0.0/../x",
            "9007199254740992.0.0",
            "99999999999999999999.0.0",
            &long,
        ] {
            assert!(check_publishable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn order_is_that_of_semantic_versions() {
        let mut versions =
            ["1.10.0", "1.9.0", "2.0.0-rc.1", "2.0.0", "1.9.0-0"].map(|text| read(text).unwrap());
        versions.sort();
        assert_eq!(
            versions.map(|v| v.to_string()),
            ["1.9.0-0", "1.9.0", "1.10.0", "2.0.0-rc.1", "2.0.0"]
        );
    }

    #[test]
    fn versions_are_cleaned_as_npm_cleans_them() {
        for text in ["1.0.0", "v1.0.0", " =v1.0.0 ", "1.0.0+build"] {
            assert_eq!(cleaned(text), "1.0.0", "{text}");
        }
    }
}
