//! The documents of a package that are kept ready.

use std::sync::Arc;

use bytes::Bytes;
use catalog::PackageView;
use model::{Error, Result};
use serde_json::json;

use super::address::Hive;
use super::registration::Registration;
use super::search_entry::{self, Wanted};
use super::shown::Shown;

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// The list of versions.
    Versions,
    Index(Hive),
    Page(Hive),
    Leaf(Hive),
    /// What a search shows.
    SearchEntry(Wanted),
}

impl Variant {
    const ALL: [Self; 11] = [
        Self::Versions,
        Self::Index(Hive::SemVer1),
        Self::Index(Hive::SemVer2),
        Self::Page(Hive::SemVer1),
        Self::Page(Hive::SemVer2),
        Self::Leaf(Hive::SemVer1),
        Self::Leaf(Hive::SemVer2),
        Self::SearchEntry(Wanted::ALL[0]),
        Self::SearchEntry(Wanted::ALL[1]),
        Self::SearchEntry(Wanted::ALL[2]),
        Self::SearchEntry(Wanted::ALL[3]),
    ];

    pub(super) const fn number(self) -> u8 {
        const fn of(hive: Hive) -> u8 {
            match hive {
                Hive::SemVer1 => 0,
                Hive::SemVer2 => 1,
            }
        }
        match self {
            Self::Versions => 0,
            Self::Index(hive) => 1 + of(hive),
            Self::Page(hive) => 3 + of(hive),
            Self::Leaf(hive) => 5 + of(hive),
            Self::SearchEntry(wanted) => 7 + wanted.number(),
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Versions => "list-versions",
            Self::Index(_) => "read-registration",
            Self::Page(_) => "read-registration-page",
            Self::Leaf(_) => "read-registration-leaf",
            Self::SearchEntry(_) => "search",
        }
    }
}

/// What a document is made for: the repository's address, and, behind a line break, which part of a package it is about. No
/// address has a line break in it.
pub(super) fn place(base: &Arc<str>, part: Option<&str>) -> Arc<str> {
    match part {
        None => Arc::clone(base),
        Some(part) => format!("{base}\n{part}").into(),
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready.
pub(super) fn render(view: &PackageView, place: &str, variant: u8) -> Result<Bytes> {
    let (base, part) = place.split_once('\n').unwrap_or((place, ""));
    let shown = Shown::of(view, base);
    let known = Variant::ALL.get(usize::from(variant)).copied();
    match known.unwrap_or(Variant::Versions) {
        Variant::Versions => versions(shown),
        Variant::Index(hive) => Registration::of(shown, hive)?.index(),
        Variant::Page(hive) => {
            let (lower, upper) = part.split_once('/').unwrap_or((part, ""));
            Registration::of(shown, hive)?.page(lower, upper)
        }
        Variant::Leaf(hive) => Registration::of(shown, hive)?.leaf(part),
        Variant::SearchEntry(wanted) => search_entry::render(&shown, wanted),
    }
}

/// The list of versions. Those that are not listed are in it: who names one is to get it.
fn versions(shown: Shown<'_>) -> Result<Bytes> {
    let shown = shown.with_versions()?;
    let versions = shown.versions.iter().map(|found| found.version.lower());
    let document = json!({ "versions": versions.collect::<Vec<_>>() });
    serde_json::to_vec(&document)
        .map(Bytes::from)
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nuget::shown::tests::{facts, package, version};

    #[test]
    fn each_document_has_a_number_of_its_own() {
        for (number, variant) in Variant::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(variant.number()), number, "{variant:?}");
        }
    }

    #[test]
    fn f_nu_1_the_list_of_versions_is_in_lower_case_and_has_the_unlisted_ones() {
        let mut unlisted = version("1.0.0-RC", &facts("1.0.0-RC"));
        unlisted.is_listed = false;
        let view = package(vec![version("1.0.0", &facts("1.0.0")), unlisted]);
        let list = render(&view, "b/", 0).unwrap();
        assert_eq!(list, r#"{"versions":["1.0.0-rc","1.0.0"]}"#);
        assert!(render(&package(Vec::new()), "b/", 0).is_err());
    }
}
