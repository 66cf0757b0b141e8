//! Ids of packages: letters, digits and underscores, with single dots and hyphens between them, at most 100 characters (the
//! rule of NuGet's own clients and of the gallery). Case means nothing.

use model::{Error, InvalidReason, PackageCoordinates, PackageName, Result};

use super::ID;

const MOST_CHARACTERS: usize = 100;

/// The form that rows and addresses have. Character by character, as .NET does it without regard to language: a
/// character whose lower case is several stays as it is.
pub(super) fn lower(id: &str) -> String {
    id.chars()
        .map(|c| {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(lower), None) => lower,
                _ => c,
            }
        })
        .collect()
}

/// Whether a text can be an id.
pub(super) fn is_id(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_within = text.chars().count() <= MOST_CHARACTERS;
    is_within
        && text
            .split(['.', '-'])
            .all(|word| !word.is_empty() && word.chars().all(is_word))
}

/// The package of an id, in any spelling.
pub(super) fn find_package(id: &str) -> Option<PackageCoordinates> {
    let name = PackageName::parse(&lower(id)).ok()?;
    is_id(id).then_some(PackageCoordinates {
        format: ID,
        namespace: None,
        name,
    })
}

/// The package that a segment of an address names.
pub(super) fn package_of_segment(segment: &str) -> Result<PackageCoordinates> {
    find_package(segment).ok_or_else(|| {
        let message = format!(
            "'{segment}' cannot be the id of a package: letters, digits and underscores, with single dots and hyphens \
             between them, at most {MOST_CHARACTERS} characters."
        );
        Error::invalid(InvalidReason::FieldValidation, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_nu_1_p08_ids_have_one_form_whatever_the_language_says() {
        for (id, expected) in [
            ("Newtonsoft.Json", "newtonsoft.json"),
            ("A_b-C.9", "a_b-c.9"),
            ("ÉCOLE", "école"),
            // Neither grows into two characters, nor depends on what follows it.
            ("İx", "İx"),
            ("ΣΑΣ", "σασ"),
        ] {
            assert_eq!(lower(id), expected);
            assert!(is_id(id), "{id}");
            assert_eq!(find_package(id).unwrap().name.as_str(), expected);
        }
        assert!(is_id(&"a".repeat(100)));
    }

    #[test]
    fn f_nu_1_p05_p09_p10_what_cannot_be_an_id_is_refused() {
        for bad in [
            "",
            ".",
            "..",
            "a.",
            ".a",
            "a..b",
            "a.-b",
            "-a",
            "a/b",
            "a\\b",
            "a b",
            "a+b",
            "a%b",
            "a\u{200b}b",
            "a\u{202e}b",
            "a;b",
            "a#b",
            "a\0b",
            "<a>",
            "@a",
        ] {
            assert!(find_package(bad).is_none(), "{bad}");
        }
        assert!(!is_id(&"a".repeat(101)));
    }
}
