//! Packuments: a package's document, full or as installing needs it. Written in time linear in its size, out of
//! slices of what is held; no tree is built.

use bytes::Bytes;
use catalog::PackageView;
use model::{Error, Result};

use super::members::{Members, ObjectWriter, write_text};
use super::name::tarball_address;
use super::shown::{Shown, write_time};
use super::version_object;

/// The members that a packument takes over from its latest version, unless a public source says them.
const HOISTED: [&str; 10] = [
    "description",
    "homepage",
    "keywords",
    "repository",
    "author",
    "contributors",
    "bugs",
    "license",
    "maintainers",
    "readmeFilename",
];

/// The longest readme in a packument: the public registry's limit. The whole one is in the API.
const README_CHARS: usize = 64 * 1024;

/// The full packument.
pub(super) fn render_full(view: &PackageView, base: &str) -> Result<Bytes> {
    let shown = Shown::of(view)?;
    let mut out = Vec::with_capacity(estimate(view));
    let mut writer = ObjectWriter::begin(&mut out);
    writer.text("_id", &shown.name);
    writer.text("name", &shown.name);
    write_tags(writer.key("dist-tags"), &shown);
    write_versions(writer.key("versions"), &shown, base, false)?;
    write_times(writer.key("time"), &shown);
    let latest = shown
        .latest()
        .and_then(|found| std::str::from_utf8(found.metadata.as_bytes()).ok());
    let latest = latest
        .and_then(|text| Members::read(text).ok())
        .unwrap_or_default();
    for name in HOISTED {
        if let Some(value) = shown.extras.get(name).or_else(|| latest.get(name)) {
            writer.raw(name, value.get());
        }
    }
    write_readme(&mut writer, &shown);
    writer.end();
    Ok(out.into())
}

/// The abbreviated packument. It has the times, beyond what is documented: clients that wait for a version to be of
/// some age need them, and would fetch the full form for them.
pub(super) fn render_abbreviated(view: &PackageView, base: &str) -> Result<Bytes> {
    let shown = Shown::of(view)?;
    let mut out = Vec::with_capacity(estimate(view) / 2);
    let mut writer = ObjectWriter::begin(&mut out);
    writer.text("name", &shown.name);
    write_tags(writer.key("dist-tags"), &shown);
    if let Some(modified) = shown.created_and_modified().1.and_then(write_time) {
        writer.text("modified", &modified);
    }
    write_versions(writer.key("versions"), &shown, base, true)?;
    write_times(writer.key("time"), &shown);
    writer.end();
    Ok(out.into())
}

fn estimate(view: &PackageView) -> usize {
    let versions: usize = view
        .versions
        .iter()
        .map(|found| found.metadata.as_bytes().len() + 256)
        .sum();
    versions + view.extras.len() + 1024
}

pub(super) fn write_tags(out: &mut Vec<u8>, shown: &Shown<'_>) {
    let mut writer = ObjectWriter::begin(out);
    for (tag, version) in &shown.tags {
        writer.text(tag, version);
    }
    writer.end();
}

fn write_versions(
    out: &mut Vec<u8>,
    shown: &Shown<'_>,
    base: &str,
    abbreviated: bool,
) -> Result<()> {
    let mut writer = ObjectWriter::begin(out);
    for found in &shown.versions {
        let version = found.version.as_str();
        let tarball = tarball_address(base, &shown.view.coordinates, version);
        version_object::write(writer.key(version), found, &tarball, abbreviated).map_err(
            |error| {
                Error::internal(format!(
                    "the metadata of version {version} of {} cannot be read: {error}",
                    shown.name
                ))
            },
        )?;
    }
    writer.end();
    Ok(())
}

/// A version whose time nobody knows has no entry: clients take it for new, which is the careful reading, and stumble
/// over null.
fn write_times(out: &mut Vec<u8>, shown: &Shown<'_>) {
    let (created, modified) = shown.created_and_modified();
    let mut writer = ObjectWriter::begin(out);
    for (name, at) in [("created", created), ("modified", modified)] {
        if let Some(text) = at.and_then(write_time) {
            writer.text(name, &text);
        }
    }
    for found in &shown.versions {
        if let Some(text) = found.published_at.and_then(write_time) {
            writer.text(found.version.as_str(), &text);
        }
    }
    writer.end();
}

fn write_readme(writer: &mut ObjectWriter<'_>, shown: &Shown<'_>) {
    let said = shown.extras.text("readme");
    let Some(readme) = shown.view.readme.as_deref().or(said.as_deref()) else {
        return;
    };
    let end = readme
        .char_indices()
        .nth(README_CHARS)
        .map_or(readme.len(), |(end, _)| end);
    write_text(writer.key("readme"), &readme[..end]);
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use catalog::{Metadata, VersionView};
    use model::{EpochMillis, ErrorKind, VersionName};
    use serde_json::{Value, json};

    use super::*;
    use crate::npm::name::read_segments;

    fn view(name: &str, versions: &[(&str, Option<i64>)], tags: &[(&str, &str)]) -> PackageView {
        let versions = versions.iter().map(|(version, at)| VersionView {
            version: VersionName::parse(version).unwrap(),
            metadata: Metadata::Row(
                json!({ "name": name, "version": version, "license": "MIT" }).to_string(),
            ),
            published_at: at.map(EpochMillis),
            assets: Vec::new(),
            origin: None,
            is_listed: true,
            followed: None,
        });
        PackageView {
            coordinates: read_segments(&[name]).unwrap().0,
            versions: versions.collect(),
            tags: tags
                .iter()
                .map(|(tag, version)| ((*tag).to_owned(), (*version).to_owned()))
                .collect::<BTreeMap<_, _>>(),
            readme: None,
            extras: Bytes::new(),
        }
    }

    fn full(view: &PackageView) -> Value {
        serde_json::from_slice(&render_full(view, "http://h.example/npm/x/").unwrap()).unwrap()
    }

    #[test]
    fn a_packument_says_all_that_is_known() {
        let mut view = view(
            "@s/a",
            &[("1.10.0", Some(2000)), ("1.9.0", Some(1000))],
            &[("latest", "1.10.0")],
        );
        view.extras = json!({ "description": "d", "time": { "modified": "1970-01-01T00:00:09.000Z" }, "readme": "r" })
            .to_string()
            .into();
        let document = full(&view);
        assert_eq!(document["_id"], "@s/a");
        assert_eq!(document["description"], "d");
        assert_eq!(document["license"], "MIT");
        assert_eq!(document["readme"], "r");
        assert_eq!(
            document["versions"]
                .as_object()
                .unwrap()
                .keys()
                .collect::<Vec<_>>(),
            ["1.9.0", "1.10.0"]
        );
        assert_eq!(
            document["versions"]["1.9.0"]["dist"]["tarball"],
            "http://h.example/npm/x/@s/a/-/a-1.9.0.tgz"
        );
        assert_eq!(
            document["time"],
            json!({
                "created": "1970-01-01T00:00:01.000Z", "modified": "1970-01-01T00:00:09.000Z",
                "1.9.0": "1970-01-01T00:00:01.000Z", "1.10.0": "1970-01-01T00:00:02.000Z",
            })
        );
        let short: Value =
            serde_json::from_slice(&render_abbreviated(&view, "b/").unwrap()).unwrap();
        assert_eq!(short["modified"], document["time"]["modified"]);
        assert_eq!(short["time"], document["time"]);
        assert_eq!(short["versions"]["1.9.0"].get("license"), None);
    }

    #[test]
    fn y02_latest_never_points_into_the_void() {
        let versions = &[("1.0.0", None), ("2.0.0-rc.1", None), ("1.2.0", None)][..];
        for tags in [&[][..], &[("latest", "9.9.9")], &[("next", "9.9.9")]] {
            assert_eq!(
                full(&view("a", versions, tags))["dist-tags"],
                json!({ "latest": "1.2.0" }),
                "{tags:?}"
            );
        }
        let only_prerelease = view("a", &[("1.0.0-a", None), ("1.0.0-b", None)], &[]);
        assert_eq!(full(&only_prerelease)["dist-tags"]["latest"], "1.0.0-b");
        let old_names = view("a", &[("not-semver", None), ("0.0.1", None)], &[]);
        assert_eq!(full(&old_names)["dist-tags"]["latest"], "0.0.1");
        let error = render_full(&view("a", &[], &[("latest", "1.0.0")]), "b/").unwrap_err();
        assert_eq!(error.kind, ErrorKind::NotFound);
    }

    #[test]
    fn f_npm_5_unknown_times_are_left_out_and_never_null() {
        let document = full(&view("a", &[("1.0.0", None), ("1.1.0", Some(0))], &[]));
        let times = document["time"].as_object().unwrap();
        assert!(!times.contains_key("1.0.0"));
        assert!(times.values().all(Value::is_string), "{times:?}");
    }

    #[test]
    fn f_npm_2_words_of_a_language_are_data() {
        let document = render_full(
            &view("__proto__", &[("1.0.0", None)], &[("constructor", "1.0.0")]),
            "b/",
        )
        .unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!(document["name"], "__proto__");
        assert_eq!(document["dist-tags"]["constructor"], "1.0.0");
    }

    #[test]
    fn i09_the_order_of_versions_does_not_depend_on_where_they_are_held() {
        let one = view("a", &[("1.0.0", Some(1)), ("2.0.0", Some(2))], &[]);
        let other = view("a", &[("2.0.0", Some(2)), ("1.0.0", Some(1))], &[]);
        assert_eq!(
            render_full(&one, "b/").unwrap(),
            render_full(&other, "b/").unwrap()
        );
    }

    #[test]
    fn long_readmes_are_cut_between_characters() {
        let mut view = view("a", &[("1.0.0", None)], &[]);
        view.readme = Some("é".repeat(README_CHARS + 5));
        assert_eq!(
            full(&view)["readme"].as_str().unwrap().chars().count(),
            README_CHARS
        );
    }
}
