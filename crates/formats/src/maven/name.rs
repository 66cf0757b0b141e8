//! What groups, artifacts and versions can be called ("POM Reference", section "Maven Coordinates", and the checks of
//! Maven's own model validator).
//!
//! Nothing is normalized, and case counts. A group's dots are slashes in an address, so that each group has one spelling.

use model::{Constraint, Namespace, PackageCoordinates, PackageName, VersionName};

use super::ID;
use super::snapshot::{is_build, is_snapshot};

/// What Maven's validator and its resolver take for a part of an address, a range or an unresolved property.
const NEVER: &[char] = &[
    '\\', '/', ':', '"', '<', '>', '|', '?', '*', '[', ']', '(', ')', '{', '}', ',', '$', '%', '&',
    '\'', '`', '^', '=', ';', '@', '!',
];

const GROUP: Constraint = Constraint::Pattern(r"[^\s.]+(\.[^\s.]+)*");
const ARTIFACT: Constraint = Constraint::Pattern(r"[A-Za-z0-9_.+~\-]+");

fn has_good_characters(text: &str) -> bool {
    !text.contains(NEVER)
}

/// What stands against a group id.
pub(super) fn check_group(group: &Namespace) -> Result<(), Constraint> {
    let parts_are_good = group.as_str().split('.').all(|part| !part.is_empty());
    if parts_are_good && has_good_characters(group.as_str()) {
        Ok(())
    } else {
        Err(GROUP)
    }
}

/// What stands against an artifact id. One that looks like a snapshot's version would make its metadata's address mean
/// two things.
pub(super) fn check_artifact(artifact: &PackageName) -> Result<(), Constraint> {
    if has_good_characters(artifact.as_str()) && !artifact.as_str().ends_with("-SNAPSHOT") {
        Ok(())
    } else {
        Err(ARTIFACT)
    }
}

/// Whether a version can be published under this name. `LATEST` and `RELEASE` are questions that clients ask.
pub(super) fn is_version(version: &VersionName) -> bool {
    has_good_characters(version.as_str()) && !matches!(version.as_str(), "LATEST" | "RELEASE")
}

/// Whether a version is a release: neither a snapshot nor a build of one.
pub(super) fn is_release(version: &VersionName) -> bool {
    is_version(version) && !is_snapshot(version.as_str()) && !is_build(version.as_str())
}

/// The package of a group and an artifact, when both can be.
pub(super) fn package(group: &str, artifact: &str) -> Option<PackageCoordinates> {
    let (namespace, name) = (
        Namespace::parse(group).ok()?,
        PackageName::parse(artifact).ok()?,
    );
    check_group(&namespace).ok()?;
    check_artifact(&name).ok()?;
    Some(PackageCoordinates {
        format: ID,
        namespace: Some(namespace),
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_coordinates_are_names() {
        for (group, artifact) in [
            ("junit", "junit"),
            ("org.apache.maven.plugins", "maven-jar-plugin"),
            ("org.typelevel", "cats-core_2.13"),
            ("com.github.User_1", "a.b-c_D"),
            ("androidx.compose.ui", "ui-android"),
        ] {
            assert!(package(group, artifact).is_some(), "{group}:{artifact}");
        }
        for version in [
            "1.0",
            "31.1-jre",
            "2.0.0.M1",
            "1.0+build.5",
            "r09",
            "20040616",
            "1_2~3",
        ] {
            assert!(
                is_release(&VersionName::parse(version).unwrap()),
                "{version}"
            );
        }
    }

    #[test]
    fn f_mvn_1_names_that_would_mean_something_else_are_none() {
        for (group, artifact) in [
            ("", "a"),
            (".", "a"),
            ("..", "a"),
            ("a..b", "a"),
            (".a", "a"),
            ("a.", "a"),
            ("a/b", "a"),
            ("a\\b", "a"),
            ("${project.groupId}", "a"),
            ("a", ""),
            ("a", ".."),
            ("a", "b/c"),
            ("a", "b:c"),
            ("a", "${x}"),
            ("a", "b-SNAPSHOT"),
            ("a", "b c"),
        ] {
            assert!(package(group, artifact).is_none(), "{group}:{artifact}");
        }
        for version in [
            "[1.0,2.0)",
            "(,1.0]",
            "1.0,2.0",
            "LATEST",
            "RELEASE",
            "${revision}",
            "1.0:x",
            "1.0-SNAPSHOT",
            "SNAPSHOT",
            "1.0-20260101.120000-1",
        ] {
            let found = VersionName::parse(version).is_ok_and(|version| is_release(&version));
            assert!(!found, "{version}");
        }
    }
}
