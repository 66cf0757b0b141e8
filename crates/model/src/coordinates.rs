//! What a package, a version and an asset are called.

use std::fmt;

use crate::Constraint;
use crate::name::{check_length, is_unprintable, name_display};

/// A package format's id, e.g. the `npm` of a URL. Only the formats themselves make these values, as constants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FormatId(&'static str);

impl FormatId {
    /// The id of a format. Called once by each format.
    #[must_use]
    pub const fn new(id: &'static str) -> Self {
        Self(id)
    }

    /// The id's text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Debug for FormatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Display for FormatId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// `[^#/\s]+` in 1 to 255 characters, without control or invisible characters, and never a dot segment.
fn check_coordinate(text: &str) -> Result<(), Constraint> {
    check_length(text, 1, 255)?;
    let bad = |c: char| c == '#' || c == '/' || c == '\\' || c.is_whitespace() || is_unprintable(c);
    if text.chars().any(bad) || text == "." || text == ".." {
        return Err(Constraint::Pattern(r"[^#/\s]+"));
    }
    Ok(())
}

/// A package's namespace: an npm scope without `@`, a Maven group id, a Swift scope, a generic namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Box<str>);
name_display!(Namespace);

impl Namespace {
    /// Parses `[^#/\s]+`, 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_coordinate(text).map(|()| Self(text.into()))
    }
}

/// A package's name inside its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PackageName(Box<str>);
name_display!(PackageName);

impl PackageName {
    /// Parses `[^#/\s]+`, 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_coordinate(text).map(|()| Self(text.into()))
    }
}

/// A package version's name, e.g. `1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionName(Box<str>);
name_display!(VersionName);

impl VersionName {
    /// Parses `[^#/\s]+`, 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_coordinate(text).map(|()| Self(text.into()))
    }
}

/// What the spellings of one version have in common, by the rules of its package's format: versions of a package are
/// found by it, and shown by their names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionKey(Box<str>);
name_display!(VersionKey);

impl VersionKey {
    /// The key that a format makes of a name.
    #[must_use]
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The key of a version that has no other spelling.
    #[must_use]
    pub fn of_name(name: &VersionName) -> Self {
        Self(name.0.clone())
    }
}

/// An asset's name inside its version, e.g. `package.tgz`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetName(Box<str>);
name_display!(AssetName);

impl AssetName {
    /// Parses `\P{C}+`, 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, Constraint> {
        check_length(text, 1, 255)?;
        if text.chars().any(is_unprintable) {
            Err(Constraint::Pattern(r"\P{C}+"))
        } else {
            Ok(Self(text.into()))
        }
    }
}

/// The coordinates of a package, normalised by its format's rules.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PackageCoordinates {
    /// The format.
    pub format: FormatId,
    /// The namespace, where the format has one.
    pub namespace: Option<Namespace>,
    /// The name.
    pub name: PackageName,
}

impl PackageCoordinates {
    /// The namespace's text, empty when there is none (how rows and ARNs hold it).
    #[must_use]
    pub fn namespace_str(&self) -> &str {
        self.namespace.as_ref().map_or("", Namespace::as_str)
    }
}

impl fmt::Display for PackageCoordinates {
    /// As a package path: `npm/types/node`, `npm//react`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.format, self.namespace_str(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p01_p05_p09_hostile_coordinates_are_refused() {
        let long = "x".repeat(256);
        let hostile = [
            "",
            ".",
            "..",
            "../x",
            "a/b",
            "a\\b",
            "a#b",
            "a b",
            "a\tb",
            "x\0y",
            "x\r\ny",
            "a\u{202e}b",
            "a\u{200b}b",
            "\u{feff}",
            &long,
        ];
        for bad in hostile {
            assert!(PackageName::parse(bad).is_err(), "{bad:?}");
            assert!(Namespace::parse(bad).is_err(), "{bad:?}");
            assert!(VersionName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn f_npm_2_names_that_are_words_of_a_language_are_ordinary_data() {
        for good in [
            "__proto__",
            "constructor",
            "toString",
            "hasOwnProperty",
            "%",
            "_",
            "*",
            "?",
            "'\";--",
        ] {
            assert!(PackageName::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn asset_names_may_hold_slashes_and_spaces_but_no_controls() {
        assert!(AssetName::parse("setup x64.exe").is_ok());
        assert!(AssetName::parse("a/b.txt").is_ok());
        for bad in ["", "a\nb", "a\u{202e}b"] {
            assert!(AssetName::parse(bad).is_err(), "{bad:?}");
        }
    }
}
