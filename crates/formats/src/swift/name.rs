//! Identities of packages: a scope and a name ("Package identification" in the registry specification, section 3.6).

use model::{Error, InvalidReason, Namespace, PackageCoordinates, PackageName, Result};

use super::ID;

const SCOPE_CHARACTERS: usize = 39;
const NAME_CHARACTERS: usize = 100;

/// A package, and how whoever asked spells it.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) package: PackageCoordinates,
    /// The name as it was written.
    pub(super) name: String,
    /// `scope.name` as it was written.
    pub(super) spelling: String,
}

impl Identity {
    /// Reads the two segments of an address. Case does not count; packages are held in lower case.
    pub(super) fn parse(scope: &str, name: &str) -> Result<Self> {
        if !is_word(scope, SCOPE_CHARACTERS, b"-") {
            return Err(refuse(
                "scope of a package has 1 to 39 letters, digits and single hyphens between them",
            ));
        }
        if !is_word(name, NAME_CHARACTERS, b"-_") {
            return Err(refuse(
                "name of a package has 1 to 100 letters, digits and single hyphens or underscores between them",
            ));
        }
        let lower = (scope.to_ascii_lowercase(), name.to_ascii_lowercase());
        let parsed = (Namespace::parse(&lower.0), PackageName::parse(&lower.1));
        let (Ok(namespace), Ok(package)) = parsed else {
            return Err(refuse("package has an identity of the form scope.name"));
        };
        Ok(Self {
            package: PackageCoordinates {
                format: ID,
                namespace: Some(namespace),
                name: package,
            },
            name: name.to_owned(),
            spelling: format!("{scope}.{name}"),
        })
    }
}

/// Letters and digits, with single joints between them.
fn is_word(text: &str, most: usize, joints: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let is_joint = |b: &u8| joints.contains(b);
    let is_edge_plain = [bytes.first(), bytes.last()]
        .into_iter()
        .all(|edge| edge.is_some_and(u8::is_ascii_alphanumeric));
    bytes.len() <= most
        && is_edge_plain
        && bytes
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || is_joint(b))
        && !bytes.windows(2).any(|pair| pair.iter().all(is_joint))
}

/// The text that was sent stays out of the answer, whatever it is.
fn refuse(rule: &str) -> Error {
    let message = format!("The address names no Swift package: the {rule}.");
    Error::invalid(InvalidReason::FieldValidation, message)
}

/// An identity for people and clients: as it is held, where nobody said how it is spelled.
pub(super) fn plain_identity(package: &PackageCoordinates) -> String {
    format!("{}.{}", package.namespace_str(), package.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_sw_1_scopes_and_names_follow_the_patterns_of_the_specification() {
        let long_scope = "a".repeat(39);
        let long_name = "b".repeat(100);
        for (scope, name) in [
            ("mona", "LinkedList"),
            ("m", "l"),
            ("9", "0"),
            ("my-org-1", "swift-nio_2-x"),
            (&long_scope, &long_name),
        ] {
            let identity = Identity::parse(scope, name).unwrap();
            assert_eq!(identity.spelling, format!("{scope}.{name}"));
            let package = identity.package;
            assert_eq!(package.namespace_str(), scope.to_lowercase());
            assert_eq!(package.name.as_str(), name.to_lowercase());
        }
        let (too_long_scope, too_long_name) = ("a".repeat(40), "b".repeat(101));
        for (scope, name) in [
            ("", "a"),
            ("a", ""),
            ("-a", "a"),
            ("a-", "a"),
            ("a--b", "a"),
            ("a_b", "a"),
            ("a.b", "a"),
            ("é", "a"),
            (&too_long_scope, "a"),
            ("a", "_a"),
            ("a", "a-"),
            ("a", "a-_b"),
            ("a", "a__b"),
            ("a", "a.b"),
            ("a", "a b"),
            ("a", "a/b"),
            ("a", "\u{212a}"),
            ("a", &too_long_name),
        ] {
            assert!(Identity::parse(scope, name).is_err(), "{scope} {name}");
        }
    }

    #[test]
    fn f_sw_1_case_does_not_tell_packages_apart() {
        let one = Identity::parse("Mona", "LinkedList").unwrap();
        let other = Identity::parse("MONA", "linkedlist").unwrap();
        assert_eq!(one.package, other.package);
        assert_eq!(plain_identity(&one.package), "mona.linkedlist");
    }
}
