//! What a version's manifest says for people. The fields are those of npm's `package.json` page.

use std::borrow::Cow;

use model::{PackageCoordinates, VersionDetails};
use serde_json::value::RawValue;

use super::members::{Members, read_text};
use super::name::display_name;

/// Reads a manifest. What is not there, or not of the documented form, is left empty.
pub(super) fn details(package: &PackageCoordinates, metadata: &str) -> VersionDetails {
    let manifest = Members::read(metadata).unwrap_or_default();
    let text = |name: &str| {
        manifest
            .text(name)
            .map(Cow::into_owned)
            .filter(|text| !text.is_empty())
    };
    VersionDetails {
        display_name: Some(display_name(package)),
        summary: text("description"),
        home_page: text("homepage"),
        source_code_repository: manifest.get("repository").and_then(text_or_url),
        licenses: licenses(&manifest),
    }
}

/// `"…"`, or the `url` of an object.
fn text_or_url(value: &RawValue) -> Option<String> {
    let object = || Members::read(value.get()).ok()?.text("url");
    read_text(value)
        .or_else(object)
        .map(Cow::into_owned)
        .filter(|text| !text.is_empty())
}

/// `license` as text, as the older object, or the still older list `licenses`.
fn licenses(manifest: &Members<'_>) -> Vec<(String, Option<String>)> {
    let one = |value: &RawValue| {
        if let Some(name) = read_text(value) {
            return (!name.is_empty()).then(|| (name.into_owned(), None));
        }
        let object = Members::read(value.get()).ok()?;
        let name = object.text("type").or_else(|| object.text("name"))?;
        Some((name.into_owned(), object.text("url").map(Cow::into_owned)))
    };
    if let Some(value) = manifest.get("license") {
        return one(value).into_iter().collect();
    }
    let list = manifest
        .get("licenses")
        .and_then(|value| serde_json::from_str::<Vec<&RawValue>>(value.get()).ok());
    list.unwrap_or_default()
        .into_iter()
        .filter_map(one)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::npm::name::read_segments;

    fn read(metadata: &str) -> VersionDetails {
        details(&read_segments(&["@s/a"]).unwrap().0, metadata)
    }

    #[test]
    fn every_known_form_of_a_field_is_read() {
        let found = read(
            r#"{"description":"d","homepage":"h","repository":{"type":"git","url":"git+https://r.example/a.git"},
                "license":"MIT"}"#,
        );
        assert_eq!(
            found,
            VersionDetails {
                display_name: Some("@s/a".into()),
                summary: Some("d".into()),
                home_page: Some("h".into()),
                source_code_repository: Some("git+https://r.example/a.git".into()),
                licenses: vec![("MIT".into(), None)],
            }
        );
        assert_eq!(
            read(r#"{"repository":"o/r"}"#)
                .source_code_repository
                .as_deref(),
            Some("o/r")
        );
        let old = read(r#"{"licenses":[{"type":"BSD","url":"http://l.example"},"X",7]}"#).licenses;
        assert_eq!(
            old,
            [
                ("BSD".to_owned(), Some("http://l.example".to_owned())),
                ("X".to_owned(), None)
            ]
        );
    }

    #[test]
    fn odd_manifests_say_nothing_and_fail_nothing() {
        for odd in [
            "",
            "7",
            "[]",
            r#"{"description":{},"homepage":1,"repository":[],"license":null,"licenses":{}}"#,
        ] {
            let expected = VersionDetails {
                display_name: Some("@s/a".into()),
                ..VersionDetails::default()
            };
            assert_eq!(read(odd), expected, "{odd}");
        }
    }
}
