//! Features of a crate ("Features" and "Index Format" in The Cargo Book): which names and values Cargo can resolve, and
//! which of them stand in `features2`.

use std::collections::{BTreeMap, HashMap};

use super::name::shown;

/// Longer names and values are refused.
const TEXT_BYTES: usize = 255;

/// The features of a manifest.
pub(super) type Features<'p> = BTreeMap<&'p str, Vec<&'p str>>;

/// Whether a text can be the name of a feature: Cargo's own rule.
pub(super) fn is_feature_name(text: &str) -> bool {
    let mut chars = text.chars();
    let begins_well = chars
        .next()
        .is_some_and(|first| first.is_alphanumeric() || first == '_');
    begins_well
        && text.len() <= TEXT_BYTES
        && chars.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '.'))
}

/// What stands against the features of a crate whose dependencies have these names in its manifest, each with whether it is
/// optional everywhere. Cargo would pass over a version that has such features, without a word.
pub(super) fn check(
    features: &Features<'_>,
    dependencies: &HashMap<&str, bool>,
) -> Result<(), String> {
    for (name, values) in features {
        if !is_feature_name(name) {
            return Err(format!("'{}' cannot be the name of a feature", shown(name)));
        }
        for value in values {
            check_value(value, features, dependencies).map_err(|reason| {
                format!("the feature '{name}' names '{}', {reason}", shown(value))
            })?;
        }
    }
    Ok(())
}

fn check_value(
    value: &str,
    features: &Features<'_>,
    dependencies: &HashMap<&str, bool>,
) -> Result<(), &'static str> {
    let is_optional = |name: &str| dependencies.get(name).copied().unwrap_or(false);
    if let Some(dependency) = value.strip_prefix("dep:") {
        return match dependencies.get(dependency) {
            Some(true) => Ok(()),
            Some(false) => Err("a dependency that is not optional"),
            None => Err("which is no dependency"),
        };
    }
    if let Some((dependency, feature)) = value.split_once('/') {
        let (dependency, is_weak) = match dependency.strip_suffix('?') {
            Some(dependency) => (dependency, true),
            None => (dependency, false),
        };
        return if !is_feature_name(feature) {
            Err("whose feature has a name that cannot be")
        } else if !dependencies.contains_key(dependency) {
            Err("which is no dependency")
        } else if is_weak && !is_optional(dependency) {
            Err("a dependency that is not optional")
        } else {
            Ok(())
        };
    }
    if features.contains_key(value) || is_optional(value) {
        Ok(())
    } else {
        Err("which is neither a feature nor an optional dependency")
    }
}

/// The features that every Cargo can read, and those that older ones cannot.
pub(super) fn split(features: Features<'_>) -> (Features<'_>, Features<'_>) {
    let is_new = |value: &&str| value.starts_with("dep:") || value.contains("?/");
    features
        .into_iter()
        .partition(|(_, values)| !values.iter().any(is_new))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(features: &[(&str, &[&str])]) -> bool {
        let features = features
            .iter()
            .map(|(name, values)| (*name, values.to_vec()));
        let dependencies = HashMap::from([("opt", true), ("need", false)]);
        check(&features.collect(), &dependencies).is_ok()
    }

    #[test]
    fn f_cr_3_features_that_cargo_cannot_resolve_are_refused() {
        for good in [
            &[
                ("default", &["std"][..]),
                ("std", &["opt", "need/std", "opt/x", "opt?/x"]),
            ][..],
            &[("a", &["dep:opt"])],
            &[
                ("c++20", &[]),
                ("64-column-tables", &[]),
                ("_x", &[]),
                ("v1.2", &[]),
            ],
            &[("größe", &[])],
            &[],
        ] {
            assert!(judged(good), "{good:?}");
        }
        for bad in [
            &[("", &[][..])][..],
            &[("-a", &[])],
            &[("a b", &[])],
            &[("dep:a", &[])],
            &[("a/b", &[])],
            &[("a\u{0}", &[])],
            &[("a", &["nothing"])],
            &[("a", &["need"])],
            &[("a", &["dep:need"])],
            &[("a", &["dep:nothing"])],
            &[("a", &["nothing/x"])],
            &[("a", &["need?/x"])],
            &[("a", &["opt/x/y"])],
            &[("a", &[""])],
        ] {
            assert!(!judged(bad), "{bad:?}");
        }
        assert!(!judged(&[(&"a".repeat(256), &[])]));
    }

    #[test]
    fn features_with_new_syntax_stand_apart() {
        let all: Features<'_> = [
            ("a", vec!["dep:x"]),
            ("b", vec!["c", "x?/y"]),
            ("c", vec!["x/y"]),
        ]
        .into();
        let (old, new) = split(all);
        assert_eq!(old.into_keys().collect::<Vec<_>>(), ["c"]);
        assert_eq!(new.into_keys().collect::<Vec<_>>(), ["a", "b"]);
    }
}
