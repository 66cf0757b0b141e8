//! The manifest inside a crate's file, as far as it is looked at here ("The Manifest Format" in The Cargo Book).
//!
//! Cargo resolves by the index line and builds by the manifest; a publish in which the two tell different stories is
//! refused. `Cargo.toml.orig` is not read by anyone.

use std::collections::BTreeSet;

use semver::{Version, VersionReq};
use toml::{Table, Value};

use super::new_crate::{Kind, NewCrate};
use super::version_metadata::About;

/// A manifest.
#[derive(Debug, Default, PartialEq)]
pub(super) struct CrateManifest {
    pub(super) name: String,
    pub(super) version: String,
    links: Option<String>,
    rust_version: Option<String>,
    dependencies: BTreeSet<Need>,
    pub(super) about: About,
    /// The readme's path; `Some` and empty where the manifest says that there is none.
    pub(super) readme: Option<String>,
}

/// A dependency, as far as the index and the manifest must agree on it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Need {
    name: String,
    package: String,
    kind: u8,
    target: String,
    optional: bool,
    requirement: String,
}

impl Need {
    fn new(
        (name, package): (&str, &str),
        kind: Kind,
        target: Option<&str>,
        optional: bool,
        requirement: &str,
    ) -> Self {
        // Cargo writes the same target with other spaces, and the same requirement with other signs.
        let target = target.unwrap_or_default();
        let requirement = VersionReq::parse(requirement)
            .map_or_else(|_| requirement.to_owned(), |read| read.to_string());
        Self {
            name: name.to_owned(),
            package: package.to_owned(),
            kind: kind as u8,
            target: target
                .chars()
                .filter(|c| !c.is_whitespace() && *c != ',')
                .collect(),
            optional,
            requirement,
        }
    }
}

impl CrateManifest {
    /// Reads a manifest. The text says why not.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "is not UTF-8".to_owned())?;
        let text = text.trim_start_matches('\u{feff}');
        let table: Table = toml::from_str(text).map_err(|error| {
            let reason: String = error.message().chars().take(200).collect();
            format!("cannot be read: {reason}")
        })?;
        let package = table
            .get("package")
            .or_else(|| table.get("project"))
            .and_then(Value::as_table)
            .ok_or_else(|| "has no [package]".to_owned())?;
        let name = text_of(package, "name").ok_or_else(|| "has no name".to_owned())?;
        let version = text_of(package, "version").ok_or_else(|| "has no version".to_owned())?;
        Ok(Self {
            name,
            version,
            links: text_of(package, "links"),
            rust_version: text_of(package, "rust-version"),
            dependencies: all_dependencies(&table),
            about: About {
                description: text_of(package, "description"),
                homepage: text_of(package, "homepage"),
                documentation: text_of(package, "documentation"),
                repository: text_of(package, "repository"),
                license: text_of(package, "license"),
                authors: texts_of(package, "authors"),
                keywords: texts_of(package, "keywords"),
                categories: texts_of(package, "categories"),
            },
            readme: match package.get("readme") {
                Some(Value::String(path)) => Some(path.clone()),
                Some(Value::Boolean(false)) => Some(String::new()),
                _ => None,
            },
        })
    }

    /// What the manifest says otherwise than the metadata of its publish, if anything.
    pub(super) fn contradiction(&self, said: &NewCrate<'_>) -> Option<String> {
        if self.name != said.name {
            return Some(format!(
                "names the crate '{}', not '{}'",
                self.name, said.name
            ));
        }
        let versions = (Version::parse(&self.version), Version::parse(&said.vers));
        if !matches!(&versions, (Ok(own), Ok(said)) if own == said) {
            return Some(format!(
                "is of version '{}', not '{}'",
                self.version, said.vers
            ));
        }
        if self.links.as_deref() != said.links.as_deref() {
            return Some("says another 'links'".to_owned());
        }
        if self.rust_version.as_deref() != said.rust_version.as_deref() {
            return Some("says another 'rust-version'".to_owned());
        }
        let needs = said.deps.iter().map(|dependency| {
            let names = (dependency.name_in_toml(), dependency.name.as_ref());
            let target = dependency.target.as_deref();
            let (kind, optional) = (dependency.kind(), dependency.optional);
            Need::new(names, kind, target, optional, &dependency.version_req)
        });
        let needs: BTreeSet<Need> = needs.collect();
        let other = needs.symmetric_difference(&self.dependencies).next()?;
        Some(format!("says otherwise of the dependency '{}'", other.name))
    }
}

fn text_of(table: &Table, key: &str) -> Option<String> {
    let text = table.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn texts_of(table: &Table, key: &str) -> Vec<String> {
    let list = table.get(key).and_then(Value::as_array);
    let texts = list.into_iter().flatten().filter_map(Value::as_str);
    texts.take(64).map(str::to_owned).collect()
}

fn all_dependencies(table: &Table) -> BTreeSet<Need> {
    let mut all = BTreeSet::new();
    add_dependencies(&mut all, table, None);
    let targets = table.get("target").and_then(Value::as_table);
    for (target, table) in targets.into_iter().flatten() {
        if let Some(table) = table.as_table() {
            add_dependencies(&mut all, table, Some(target));
        }
    }
    all
}

fn add_dependencies(all: &mut BTreeSet<Need>, table: &Table, target: Option<&str>) {
    for (key, kind) in [
        ("dependencies", Kind::Normal),
        ("build-dependencies", Kind::Build),
        ("build_dependencies", Kind::Build),
        ("dev-dependencies", Kind::Dev),
        ("dev_dependencies", Kind::Dev),
    ] {
        let dependencies = table.get(key).and_then(Value::as_table);
        for (name, value) in dependencies.into_iter().flatten() {
            let (package, requirement, optional) = match value {
                Value::Table(table) => (
                    table.get("package").and_then(Value::as_str),
                    table.get("version").and_then(Value::as_str),
                    table.get("optional").and_then(Value::as_bool),
                ),
                value => (None, value.as_str(), None),
            };
            all.insert(Need::new(
                (name, package.unwrap_or(name)),
                kind,
                target,
                optional.unwrap_or(false),
                requirement.unwrap_or("*"),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TOML: &str = r#"
        [package]
        name = "widget"
        version = "1.0.0"
        rust-version = "1.70"
        description = "text"
        readme = false
        [dependencies.other2]
        version = "1.0"
        package = "other"
        optional = true
        [target."cfg(any(unix, windows))".build-dependencies.cc]
        version = ">=1, <2"
        [dev-dependencies]
        tests = "*"
    "#;

    fn said(change: &[(&str, serde_json::Value)]) -> String {
        let mut all = json!({
            "name": "widget", "vers": "1.0.0", "rust_version": "1.70", "links": null,
            "deps": [
                {"name": "other", "explicit_name_in_toml": "other2", "version_req": "^1.0", "optional": true},
                {"name": "cc", "version_req": ">=1, <2", "kind": "build", "target": "cfg(any(unix,windows))"},
                {"name": "tests", "version_req": "*", "kind": "dev"},
            ],
        });
        for (path, value) in change {
            *all.pointer_mut(path).unwrap() = value.clone();
        }
        all.to_string()
    }

    fn contradiction(change: &[(&str, serde_json::Value)]) -> Option<String> {
        let text = said(change);
        let read = NewCrate::read(text.as_bytes()).unwrap();
        CrateManifest::parse(TOML.as_bytes())
            .unwrap()
            .contradiction(&read)
    }

    #[test]
    fn f_cr_3_a_manifest_that_tells_another_story_than_the_metadata_is_found() {
        assert_eq!(contradiction(&[]), None);
        assert_eq!(
            contradiction(&[("/deps/0/version_req", json!("1.0"))]),
            None
        );
        for change in [
            ("/name", json!("Widget")),
            ("/vers", json!("1.0.1")),
            ("/rust_version", json!("1.71")),
            ("/rust_version", json!(null)),
            ("/links", json!("z")),
            ("/deps", json!([])),
            ("/deps/0/name", json!("evil")),
            ("/deps/0/version_req", json!("^2")),
            ("/deps/0/optional", json!(false)),
            ("/deps/1/kind", json!("normal")),
            ("/deps/1/target", json!("cfg(unix)")),
        ] {
            assert!(
                contradiction(std::slice::from_ref(&change)).is_some(),
                "{change:?}"
            );
        }
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for bad in [
            "",
            "[package]",
            "[package]\nname = \"a\"",
            "[package]\nname = 1\nversion = \"1.0.0\"",
            "package = 7",
            "name = \"a\nb\"",
            "[package]\nname = \"a\"\nname = \"b\"\nversion = \"1.0.0\"",
        ] {
            assert!(CrateManifest::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(CrateManifest::parse(b"\xff").is_err());
        let deep = format!("a = {}", "[".repeat(100_000));
        assert!(CrateManifest::parse(deep.as_bytes()).is_err());
        let old = CrateManifest::parse(b"[project]\nname = \"a\"\nversion = \"0.1.0\"\n").unwrap();
        assert_eq!(old.name, "a");
    }
}
