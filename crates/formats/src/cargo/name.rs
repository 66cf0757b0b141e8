//! Names of crates: which can be, which may be new, and where the index has them ("Registry Index" in The Cargo Book).
//!
//! Cargo asks for a crate by its name in lower case, whatever its spelling, so that is the name it has in the API and in
//! every rule; the spelling of its author is in its index lines. Names that differ by `-` and `_` alone are different
//! packages of which a repository has one only.

use catalog::NameFold;
use model::{Error, InvalidReason, PackageCoordinates, PackageName, ResourceType, Result};

use super::ID;

/// The longest name: the public index's own limit.
const NAME_BYTES: usize = 64;

/// Names that a crate cannot be used by: those of crates that come with the compiler, and of devices that Windows has in
/// every folder.
const RESERVED: [&str; 31] = [
    "alloc",
    "aux",
    "com1",
    "com2",
    "com3",
    "com4",
    "com5",
    "com6",
    "com7",
    "com8",
    "com9",
    "con",
    "core",
    "lpt1",
    "lpt2",
    "lpt3",
    "lpt4",
    "lpt5",
    "lpt6",
    "lpt7",
    "lpt8",
    "lpt9",
    "nul",
    "prn",
    "proc-macro",
    "proc_macro",
    "rustc",
    "rustdoc",
    "self",
    "std",
    "test",
];

/// Whether a text can be the name of a crate: letters and digits of ASCII, `-` and `_`.
pub(super) fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The crate of a name, in any spelling of letters.
pub(super) fn find_crate(name: &str) -> Option<PackageCoordinates> {
    if !is_name(name) {
        return None;
    }
    Some(PackageCoordinates {
        format: ID,
        namespace: None,
        name: PackageName::parse(&name.to_ascii_lowercase()).ok()?,
    })
}

/// The crate that a segment of an address names.
pub(super) fn crate_of_segment(segment: &str) -> Result<PackageCoordinates> {
    find_crate(segment).ok_or_else(|| {
        let message = format!(
            "'{}' is not the name of a crate: names have letters, digits, '-' and '_', at most {NAME_BYTES} of them.",
            shown(segment)
        );
        Error::not_found(ResourceType::Package, shown(segment), message)
    })
}

/// Refuses a name that no new crate may have.
pub(super) fn check_publishable(name: &str) -> Result<PackageCoordinates> {
    let refuse = |reason: &str| {
        let message = format!("'{}' cannot be the name of a crate: {reason}.", shown(name));
        Err(Error::invalid(InvalidReason::FieldValidation, message))
    };
    if name.len() > NAME_BYTES {
        return refuse("it is longer than 64 characters");
    }
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return refuse("it does not begin with a letter from a to z");
    }
    let Some(package) = find_crate(name) else {
        return refuse("it has something else than letters from a to z, digits, '-' and '_'");
    };
    if RESERVED.contains(&package.name.as_str()) {
        return refuse("it is reserved by the compiler or by an operating system");
    }
    Ok(package)
}

/// A text of a client as messages show it.
pub(super) fn shown(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().take(NAME_BYTES).map(visible).collect()
}

/// The folders of the index that a name is in, in the name's own spelling.
pub(super) fn folders(name: &str) -> String {
    match name.len() {
        0..=2 => name.len().to_string(),
        3 => format!("3/{}", &name[..1]),
        _ => format!("{}/{}", &name[..2], &name[2..4]),
    }
}

/// What names that are taken for each other have in common. `None` for names that begin with a separator, which no new
/// crate has: everything would have to be looked at for them.
pub(super) fn name_fold(name: &str) -> Option<NameFold> {
    let stem = name.split(['-', '_']).next().unwrap_or_default();
    (!stem.is_empty()).then(|| NameFold {
        stem: stem.to_owned(),
        fold: |name| name.replace('_', "-"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_cr_2_names_are_found_in_any_case_and_nothing_else_is_a_name() {
        for name in ["a", "Serde_JSON", "serde_json", "_x", "1x", &"a".repeat(64)] {
            let found = find_crate(name).unwrap();
            assert_eq!(found.name.as_str(), name.to_ascii_lowercase());
        }
        for bad in [
            "",
            ".",
            "..",
            "a.b",
            "a b",
            "a/b",
            "a\\b",
            "a::b",
            "é",
            "\u{212a}elvin",
            "a\0",
            "a%2f",
            &"a".repeat(65),
        ] {
            assert!(find_crate(bad).is_none(), "{bad}");
            assert!(crate_of_segment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_cr_2_p14_names_that_are_reserved_or_odd_may_not_be_new() {
        for good in [
            "a", "A1", "api", "config", "crates", "new", "me", "lpt10", "r-std",
        ] {
            assert!(check_publishable(good).is_ok(), "{good}");
        }
        for bad in [
            "std",
            "Core",
            "proc-macro",
            "NUL",
            "com1",
            "1a",
            "_a",
            "-a",
            "ä",
            "",
            "a.b",
            &"a".repeat(65),
        ] {
            assert!(check_publishable(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn f_cr_2_the_index_has_short_names_in_folders_of_their_own() {
        for (name, expected) in [
            ("a", "1"),
            ("ab", "2"),
            ("abc", "3/a"),
            ("Abcd", "Ab/cd"),
            ("serde_json", "se/rd"),
        ] {
            assert_eq!(folders(name), expected);
        }
    }

    #[test]
    fn f_cr_2_names_that_differ_by_separators_fold_to_the_same() {
        let names = ["foo-bar_baz", "foo_bar-baz", "foo_bar_baz"];
        for name in names {
            let NameFold { stem, fold } = name_fold(name).unwrap();
            assert_eq!(stem, "foo");
            assert!(names.iter().all(|other| fold(other) == fold(name)));
            assert_ne!(fold(name), fold("foobarbaz"));
        }
        assert!(name_fold("_a").is_none());
    }
}
