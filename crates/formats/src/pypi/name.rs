//! Names of projects ("Names and normalization" in PyPA's specifications; PEP 503, PEP 508).

use model::{Error, PackageCoordinates, PackageName, ResourceType, Result};

use super::ID;

/// The longest name: what coordinates may have.
const NAME_BYTES: usize = 255;

/// Lower case, with every run of `-`, `_` and `.` as one hyphen.
pub(super) fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut in_run = false;
    for c in name.chars() {
        let separates = matches!(c, '-' | '_' | '.');
        if !separates {
            out.push(c.to_ascii_lowercase());
        } else if !in_run {
            out.push('-');
        }
        in_run = separates;
    }
    out
}

/// Whether a project can have this name: letters and digits of ASCII, with `-`, `_` and `.` between them.
pub(super) fn is_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    bytes.len() <= NAME_BYTES
        && bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.iter().all(is_inner)
}

/// The project of this name, in any of its spellings.
pub(super) fn find_project(text: &str) -> Option<PackageCoordinates> {
    if !is_name(text) {
        return None;
    }
    let name = PackageName::parse(&normalized(text)).ok()?;
    Some(PackageCoordinates {
        format: ID,
        namespace: None,
        name,
    })
}

/// The project that a segment of an address names. No project can have another name, so the answer is that there is
/// none: clients go on from that, and a public source is never asked for it.
pub(super) fn project_of_segment(text: &str) -> Result<PackageCoordinates> {
    find_project(text).ok_or_else(|| {
        let message = format!("'{text}' is not the name of a Python project.");
        Error::not_found(ResourceType::Package, text, message)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn f_py_1_equal_names_become_one_and_others_stay_apart() {
        for name in [
            "PyHamcrest.Extra",
            "pyhamcrest-extra",
            "pyhamcrest__extra",
            "PYHAMCREST._-EXTRA",
        ] {
            assert_eq!(normalized(name), "pyhamcrest-extra", "{name}");
        }
        assert_ne!(normalized("foo-bar"), normalized("foobar"));
        assert_ne!(normalized("foo"), normalized("foo-bar"));
    }

    #[test]
    fn f_py_1_what_no_project_can_be_called_is_no_name() {
        for good in ["a", "A1", "zope.interface", "a-_.b", "2to3"] {
            assert!(is_name(good), "{good}");
        }
        let long = "a".repeat(256);
        for bad in [
            "",
            "-a",
            "a-",
            ".",
            "..",
            "_",
            "a b",
            "a/b",
            "é",
            "a%2fb",
            "a\u{202e}b",
            "a+b",
            "*",
            &long,
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn f_py_1_normalizing_twice_changes_nothing(name in "[A-Za-z0-9._-]{0,40}") {
            let once = normalized(&name);
            prop_assert_eq!(normalized(&once), once);
        }
    }
}
