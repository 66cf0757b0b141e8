//! Which room may depend on which. See the architecture in `docs/`: arrows never turn back, and three libraries have
//! one room each.

use std::path::Path;

use serde_json::Value;

/// A room and the rooms that it may depend on. `server` puts everything together; `testkit` starts a server for tests.
const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("access", &["model"]),
    ("store", &["model"]),
    ("blobs", &["model"]),
    ("upstream", &["model"]),
    ("carriage", &["store", "blobs", "model"]),
    (
        "catalog",
        &["store", "blobs", "upstream", "access", "model"],
    ),
    ("control", &["catalog", "access", "model"]),
    ("formats", &["catalog", "access", "model"]),
    ("console", &["catalog", "model"]),
    (
        "server",
        &[
            "control", "formats", "console", "catalog", "carriage", "store", "blobs", "upstream",
            "access", "model",
        ],
    ),
    (
        TESTKIT,
        &[
            "server", "control", "formats", "catalog", "store", "blobs", "upstream", "access",
            "model",
        ],
    ),
    ("xtask", &[]),
];

const TESTKIT: &str = "testkit";

/// A library and the one room that may use it.
const OWNED: &[(&str, &str)] = &[
    ("sqlx", "store"),
    ("object_store", "blobs"),
    ("reqwest", "upstream"),
];

/// Libraries that would bring in a second implementation of something that is settled.
const UNWANTED: &[&str] = &["openssl", "native-tls", "aws-lc-rs", "aws-lc-sys"];

const LICENCE: &str = "Apache-2.0";

/// Checks the manifests of the workspace.
pub(crate) fn check(root: &Path) -> Result<Vec<String>, String> {
    let output = crate::cargo(
        root,
        &["metadata", "--format-version", "1", "--no-deps", "--locked"],
    )
    .output()
    .map_err(|error| format!("cargo metadata could not be run: {error}"))?;
    if !output.status.success() {
        return Err(format!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        ));
    }
    let metadata = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cargo metadata: {error}"))?;
    complaints(&metadata)
}

/// The short name of a package of the workspace: its library's name.
fn room(package: &str) -> &str {
    if package == "reliquary" {
        "server"
    } else {
        package.strip_prefix("reliquary-").unwrap_or(package)
    }
}

/// Whether arrows lead from one room down to the other. Tests may build what their room stands on.
fn is_below(lower: &str, upper: &str) -> bool {
    let direct = ROOMS
        .iter()
        .find(|(one, _)| *one == upper)
        .map_or(&[][..], |(_, below)| below);
    direct
        .iter()
        .any(|below| *below == lower || is_below(lower, below))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn complaints(metadata: &Value) -> Result<Vec<String>, String> {
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo metadata names no packages")?;
    let names: Vec<&str> = packages
        .iter()
        .map(|package| text(package, "name"))
        .collect();
    let mut complaints = Vec::new();
    for package in packages {
        let name = text(package, "name");
        let Some((here, allowed)) = ROOMS.iter().find(|(one, _)| *one == room(name)) else {
            let advice = "give it arrows in xtask/src/arrows.rs";
            complaints.push(format!(
                "{name} is no room that the architecture knows: {advice}"
            ));
            continue;
        };
        if text(package, "license") != LICENCE {
            complaints.push(format!(
                "{name}: its licence is {:?}; use license.workspace = true",
                text(package, "license")
            ));
        }
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = text(dependency, "name");
            let is_for_tests = text(dependency, "kind") == "dev";
            if names.contains(&other) {
                let there = room(other);
                let reaches = allowed.contains(&there)
                    || is_for_tests && (there == TESTKIT || is_below(there, here));
                if !reaches && there != *here {
                    complaints.push(format!(
                        "{here} may not depend on {there}; it may on: {}",
                        allowed.join(", ")
                    ));
                }
            }
            if let Some((_, owner)) = OWNED
                .iter()
                .find(|(library, owner)| *library == other && owner != here)
            {
                complaints.push(format!(
                    "{here} may not use {other}: that belongs to {owner} alone"
                ));
            }
            if UNWANTED.contains(&other) {
                complaints.push(format!("{here} may not use {other}: TLS is rustls on ring"));
            }
        }
    }
    Ok(complaints)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(name, kind)| json!({ "name": name, "kind": kind }))
            .collect();
        json!({ "name": name, "license": LICENCE, "dependencies": dependencies })
    }

    fn complaints_of(extra: Value) -> String {
        let mut packages = vec![
            package("reliquary-model", &[]),
            package(
                "reliquary-store",
                &[("reliquary-model", None), ("sqlx", None)],
            ),
            package(
                "reliquary-catalog",
                &[
                    ("reliquary-store", None),
                    ("reliquary-testkit", Some("dev")),
                ],
            ),
            package(
                "reliquary",
                &[("reliquary-catalog", None), ("reliquary-store", None)],
            ),
            package("reliquary-testkit", &[("reliquary", None)]),
        ];
        packages.push(extra);
        complaints(&json!({ "packages": packages }))
            .unwrap()
            .join("\n")
    }

    #[test]
    fn arrows_that_go_down_are_fine() {
        assert_eq!(
            complaints_of(package(
                "reliquary-formats",
                &[("reliquary-catalog", None), ("serde", None)]
            )),
            ""
        );
    }

    #[test]
    fn arrows_that_turn_back_or_skip_a_room_are_not() {
        let text = complaints_of(package("reliquary-access", &[("reliquary-catalog", None)]));
        assert!(text.contains("access may not depend on catalog"), "{text}");
        for kind in [None, Some("build")] {
            let text = complaints_of(package("reliquary-formats", &[("reliquary-store", kind)]));
            assert!(text.contains("formats may not depend on store"), "{text}");
        }
        let text = complaints_of(package("reliquary-formats", &[("reliquary-testkit", None)]));
        assert!(text.contains("formats may not depend on testkit"), "{text}");
    }

    #[test]
    fn tests_may_reach_what_is_below_and_no_neighbour() {
        let text = complaints_of(package(
            "reliquary-formats",
            &[("reliquary-store", Some("dev"))],
        ));
        assert_eq!(text, "");
        let text = complaints_of(package(
            "reliquary-access",
            &[("reliquary-store", Some("dev"))],
        ));
        assert!(text.contains("access may not depend on store"), "{text}");
    }

    #[test]
    fn libraries_with_one_room_stay_there() {
        let text = complaints_of(package(
            "reliquary-control",
            &[("sqlx", None), ("reqwest", Some("dev"))],
        ));
        assert!(
            text.contains("sqlx")
                && text.contains("store alone")
                && text.contains("upstream alone"),
            "{text}"
        );
        assert!(
            complaints_of(package("reliquary-upstream", &[("openssl", None)])).contains("rustls")
        );
    }

    #[test]
    fn unknown_rooms_and_licences_are_named() {
        assert!(
            complaints_of(package("reliquary-utils", &[])).contains("reliquary-utils is no room")
        );
        let mut other = package("reliquary-blobs", &[]);
        other["license"] = json!(null);
        assert!(complaints_of(other).contains("reliquary-blobs: its licence"));
    }
}
