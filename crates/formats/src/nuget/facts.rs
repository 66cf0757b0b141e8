//! What is kept of a version: what its package says of itself, and what its public source says of it. Both in one form,
//! made of the manifest ("nuspec reference") or of a registration.

use model::{Dependency, PackageName, VersionDetails};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id;
use super::version::Range;

/// What is known of a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Facts {
    /// As its author spells it.
    pub(super) id: String,
    /// As its author writes it.
    pub(super) version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) authors: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) project_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) icon_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_expression: Option<String>,
    /// The path of the licence inside the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) license_file: Option<String>,
    /// The path of the readme inside the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) readme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min_client_version: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) require_license_acceptance: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tags: Vec<String>,
    /// The address of its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repository_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) package_types: Vec<PackageType>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependency_groups: Vec<DependencyGroup>,
    /// What a public source says: whether clients are to find it, why not to use it, what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) listed: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deprecation: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) vulnerabilities: Option<Value>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde calls"
)]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What a package is for, e.g. `DotnetTool`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PackageType {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
}

/// What a version needs on one framework, or on all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct DependencyGroup {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) framework: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) dependencies: Vec<PackageDependency>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PackageDependency {
    pub(super) id: String,
    pub(super) range: String,
}

impl Facts {
    /// Whether it needs something that clients who know only SemVer 1.0.0 cannot read.
    pub(super) fn needs_semver2(&self) -> bool {
        let groups = self.dependency_groups.iter();
        groups
            .flat_map(|group| &group.dependencies)
            .any(|needed| Range::parse(&needed.range).is_some_and(|range| range.needs_semver2()))
    }

    /// Whether it is of a type; what says nothing is a `Dependency`.
    pub(super) fn types(&self) -> impl Iterator<Item = &str> {
        let none = self.package_types.is_empty().then_some("Dependency");
        let own = self.package_types.iter().map(|kind| kind.name.as_str());
        own.chain(none)
    }
}

/// What is kept of a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct VersionMetadata {
    /// What its package says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) package: Option<Facts>,
    /// What its public source says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Facts>,
}

impl VersionMetadata {
    pub(super) fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("text, numbers and JSON are always written as JSON")
    }

    /// What is shown: the source's words for what came from it, so that a version looks the same before and after it is
    /// fetched.
    pub(super) fn into_shown(self) -> Option<Facts> {
        self.source.or(self.package)
    }
}

/// What is held of a version and what came anew.
pub(super) fn merged(held: &str, new: &str) -> String {
    let (held, new) = (
        VersionMetadata::read(held.as_bytes()),
        VersionMetadata::read(new.as_bytes()),
    );
    let all = VersionMetadata {
        package: new.package.or(held.package),
        source: new.source.or(held.source),
    };
    all.to_json()
}

/// The direct dependencies of a version, each once.
pub(super) fn dependencies(metadata: &str) -> Vec<Dependency> {
    let facts = VersionMetadata::read(metadata.as_bytes()).into_shown();
    let mut found: Vec<Dependency> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for needed in facts
        .unwrap_or_default()
        .dependency_groups
        .into_iter()
        .flat_map(|group| group.dependencies)
    {
        let Ok(package) = PackageName::parse(&id::lower(&needed.id)) else {
            continue;
        };
        if seen.insert((package.clone(), needed.range.clone())) {
            found.push(Dependency {
                namespace: None,
                package,
                dependency_type: None,
                version_requirement: Some(needed.range),
            });
        }
    }
    found
}

/// What a version says for people.
pub(super) fn details(metadata: &str) -> VersionDetails {
    let facts = VersionMetadata::read(metadata.as_bytes()).into_shown();
    let Some(facts) = facts else {
        return VersionDetails::default();
    };
    let licenses = match (facts.license_expression, facts.license_url) {
        (Some(expression), _) => vec![(expression, None)],
        (None, Some(url)) => vec![(url.clone(), Some(url))],
        (None, None) => Vec::new(),
    };
    VersionDetails {
        display_name: Some(facts.id).filter(|id| !id.is_empty()),
        summary: facts.description.or(facts.summary),
        home_page: facts.project_url,
        source_code_repository: facts.repository_url,
        licenses,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_source_says_anew_takes_the_place_of_what_it_said() {
        let held = json!({"package": {"id": "A", "version": "1"}, "source": {"id": "A", "version": "1", "listed": true}});
        let new = json!({"source": {"id": "A", "version": "1", "listed": false}});
        let merged = merged(&held.to_string(), &new.to_string());
        let merged = VersionMetadata::read(merged.as_bytes());
        assert_eq!(merged.package.as_ref().unwrap().listed, None);
        assert_eq!(merged.into_shown().unwrap().listed, Some(false));
        assert_eq!(super::merged("no json", "{}"), "{}");
    }

    #[test]
    fn f_nu_2_dependencies_and_details_are_told_as_the_api_has_them() {
        let group = |framework: &str| json!({"framework": framework, "dependencies": [{"id": "Other.Lib", "range": "[1.0.0, )"}]});
        let metadata = json!({"package": {
            "id": "Acme.Lib", "version": "1.0", "description": "what it is", "project_url": "https://acme.example/",
            "license_expression": "MIT", "license_url": "https://licenses.example/MIT",
            "repository_url": "https://git.example/lib", "dependency_groups": [group("net45"), group("net6.0")],
        }})
        .to_string();
        let found = dependencies(&metadata);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].package.as_str(), "other.lib");
        assert_eq!(found[0].dependency_type, None);
        assert_eq!(found[0].version_requirement.as_deref(), Some("[1.0.0, )"));
        let details = details(&metadata);
        assert_eq!(details.display_name.as_deref(), Some("Acme.Lib"));
        assert_eq!(details.summary.as_deref(), Some("what it is"));
        assert_eq!(details.licenses, [("MIT".to_owned(), None)]);
        assert_eq!(super::details("{}"), VersionDetails::default());
        assert_eq!(dependencies("[]"), []);
    }
}
