//! The dependencies that a version's manifest names (npm's documentation of `package.json`).

use std::collections::HashSet;

use model::{Dependency, Namespace, PackageName};

use super::members::{Members, read_text};

/// The members with dependencies, and the kinds they stand for. What is optional stands first: npm writes it into
/// `dependencies` as well, and there it is not to be told again.
const KINDS: [(&str, &str); 4] = [
    ("optionalDependencies", "optional"),
    ("dependencies", "regular"),
    ("devDependencies", "dev"),
    ("peerDependencies", "peer"),
];

/// Reads them in the order regular, dev, peer, optional, and in the manifest's own order within each. Names that no
/// package can have are left out; so is everything, when the metadata cannot be read.
pub(super) fn read(metadata: &str) -> Vec<Dependency> {
    let manifest = Members::read(metadata).unwrap_or_default();
    let [optional, regular, dev, peer] = KINDS.map(|(member, kind)| {
        let found = manifest.object(member).unwrap_or_default();
        let mut seen = HashSet::new();
        let mut of_kind: Vec<_> = found
            .0
            .iter()
            // Of a name that occurs twice the last counts, as for JavaScript.
            .rev()
            .filter(|(name, _)| seen.insert(name.as_ref()))
            .filter_map(|(name, range)| {
                let range = read_text(range).map(std::borrow::Cow::into_owned);
                dependency(name, kind, range)
            })
            .collect();
        of_kind.reverse();
        of_kind
    });
    let known: HashSet<_> = optional.iter().map(coordinates).collect();
    let mut all: Vec<_> = regular
        .into_iter()
        .filter(|found| !known.contains(&coordinates(found)))
        .collect();
    all.extend(dev);
    all.extend(peer);
    all.extend(optional);
    all
}

fn coordinates(found: &Dependency) -> (Option<&Namespace>, &PackageName) {
    (found.namespace.as_ref(), &found.package)
}

fn dependency(
    name: &str,
    kind: &'static str,
    version_requirement: Option<String>,
) -> Option<Dependency> {
    let (namespace, package) = match name.strip_prefix('@') {
        Some(scoped) => {
            let (scope, package) = scoped.split_once('/')?;
            (Some(Namespace::parse(scope).ok()?), package)
        }
        None => (None, name),
    };
    Some(Dependency {
        namespace,
        package: PackageName::parse(package).ok()?,
        dependency_type: Some(kind),
        version_requirement,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(metadata: &str) -> Vec<String> {
        read(metadata)
            .iter()
            .map(|found| {
                format!(
                    "{} {} {} {}",
                    found.dependency_type.unwrap(),
                    found.namespace.as_ref().map_or("-", Namespace::as_str),
                    found.package,
                    found.version_requirement.as_deref().unwrap_or("-")
                )
            })
            .collect()
    }

    #[test]
    fn every_kind_is_read_in_the_order_of_the_manifest_and_scopes_lose_their_sign() {
        let manifest = json!({
            "name": "a",
            "optionalDependencies": { "fsevents": "2" },
            "peerDependencies": { "react": ">=16" },
            "devDependencies": { "@types/node": "*" },
            "dependencies": { "zod": "^3.0.0", "fsevents": "2", "@babel/core": "npm:other@1", "abc": "" },
        });
        assert_eq!(
            told(&manifest.to_string()),
            [
                "regular - zod ^3.0.0",
                "regular babel core npm:other@1",
                "regular - abc ",
                "dev types node *",
                "peer - react >=16",
                "optional - fsevents 2",
            ]
        );
    }

    #[test]
    fn f_npm_2_u17_hostile_manifests_name_what_can_be_read_of_them() {
        let manifest = r#"{ "dependencies": { "../x": "1", "@s": "1", "@/a": "1", "a b": "1", "": "1",
            "__proto__": "1", "x": { "y": 1 }, "twice": "1", "b": null, "twice": "2" },
            "devDependencies": ["a"], "peerDependencies": 7, "optionalDependencies": null }"#;
        assert_eq!(
            told(manifest),
            [
                "regular - __proto__ 1",
                "regular - x -",
                "regular - b -",
                "regular - twice 2"
            ]
        );
        for bad in ["", "[]", "7", "{", "null", r#"{"dependencies":"#] {
            assert_eq!(told(bad), Vec::<String>::new(), "{bad}");
        }
    }
}
