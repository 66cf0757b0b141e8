//! What the API tells of a version by its POM: words for people, and dependencies.

use model::{Dependency, VersionDetails};

use super::name::package;
use super::pom;
use super::version_metadata::VersionMetadata;

/// Reads a version's metadata. Licences are those of this POM only; what its parent says is not looked at.
pub(super) fn details(metadata: &str) -> VersionDetails {
    let pom = VersionMetadata::read(metadata).pom.unwrap_or_default();
    VersionDetails {
        display_name: pom.name,
        summary: pom.description,
        home_page: pom.url,
        source_code_repository: pom.source_url,
        licenses: pom
            .licenses
            .into_iter()
            .map(|license| (license.name, license.url))
            .collect(),
    }
}

/// The parent, then the dependencies in the order of the POM. What names no package is left out.
pub(super) fn dependencies(metadata: &str) -> Vec<Dependency> {
    let pom = VersionMetadata::read(metadata).pom.unwrap_or_default();
    let parent = pom
        .parent
        .and_then(|parent| dependency(parent, |_| "parent"));
    let others = pom.dependencies.into_iter();
    parent
        .into_iter()
        .chain(others.filter_map(|found| dependency(found, kind)))
        .collect()
}

fn dependency(
    found: pom::Dependency,
    kind: impl Fn(&pom::Dependency) -> &'static str,
) -> Option<Dependency> {
    let named = package(&found.group, &found.artifact)?;
    let dependency_type = Some(kind(&found));
    Some(Dependency {
        namespace: named.namespace,
        package: named.name,
        dependency_type,
        version_requirement: found.version,
    })
}

/// The kinds that the API knows: the scopes, and `optional`.
fn kind(found: &pom::Dependency) -> &'static str {
    if found.optional {
        return "optional";
    }
    match found.scope.as_deref() {
        Some("provided") => "provided",
        Some("runtime") => "runtime",
        Some("test") => "test",
        Some("system") => "system",
        Some("import") => "import",
        _ => "compile",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_a_dependency_and_scopes_are_the_kinds_of_the_others() {
        let metadata = r#"{"pom":{"name":"N","description":"D","url":"U","licenses":[{"name":"L","url":"https://l.example"}],
            "parent":{"group":"g","artifact":"p","version":"1"},
            "dependencies":[{"group":"g","artifact":"a"},{"group":"g","artifact":"b","version":"[1,2)","scope":"test"},
            {"group":"g","artifact":"c","optional":true,"scope":"runtime"},{"group":"${g}","artifact":"d"},
            {"group":"g","artifact":"e/f"},{"group":"g","artifact":"h","scope":"odd"}]}}"#;
        let told: Vec<String> = dependencies(metadata)
            .iter()
            .map(|found| {
                format!(
                    "{} {} {} {}",
                    found.dependency_type.unwrap(),
                    found.namespace.as_ref().unwrap(),
                    found.package,
                    found.version_requirement.as_deref().unwrap_or("-")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "parent g p 1",
                "compile g a -",
                "test g b [1,2)",
                "optional g c -",
                "compile g h -"
            ]
        );
        let found = details(metadata);
        assert_eq!(found.display_name.as_deref(), Some("N"));
        assert_eq!(found.summary.as_deref(), Some("D"));
        assert_eq!(found.home_page.as_deref(), Some("U"));
        assert_eq!(
            found.licenses,
            [("L".to_owned(), Some("https://l.example".to_owned()))]
        );
        for bad in ["", "{}", "[]", "{\"pom\":7}"] {
            assert!(dependencies(bad).is_empty());
            assert_eq!(details(bad), VersionDetails::default());
        }
    }
}
