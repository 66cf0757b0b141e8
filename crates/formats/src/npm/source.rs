//! The public registry: what to ask, how to read it, which digests to expect.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourcePackage, SourceRequest, SourceVersion,
    Unreadable,
};
use model::{PackageCoordinates, VersionName};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::members::{Members, ObjectWriter, read_text};
use super::name::{display_name, names, tarball_address};
use super::shown::read_time;
use super::{LATEST, asset_name, integrity};

/// What is kept of a packument beside versions and tags. Stars, revisions and the like are the registry's own.
const EXTRAS: [&str; 11] = [
    "description",
    "homepage",
    "keywords",
    "repository",
    "author",
    "contributors",
    "bugs",
    "license",
    "maintainers",
    "readme",
    "readmeFilename",
];

/// npm's public source.
pub(super) struct NpmSource;

/// What is read of a version.
#[derive(Deserialize)]
struct VersionHead<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
    #[serde(borrow)]
    dist: Dist<'a>,
    // Most registries have one readme for the whole package; some have one in each version.
    #[serde(borrow)]
    readme: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Dist<'a> {
    #[serde(borrow)]
    tarball: Option<Cow<'a, str>>,
    #[serde(borrow)]
    shasum: Option<Cow<'a, str>>,
    #[serde(borrow)]
    integrity: Option<Cow<'a, str>>,
}

impl PublicSource for NpmSource {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let mut url = base.clone();
        // A scoped name is one segment, its slash encoded: what every npm registry understands.
        url.path_segments_mut()
            .map_err(|()| Unreadable("the address of the source takes no path".into()))?
            .pop_if_empty()
            .push(&display_name(package));
        Ok(SourceRequest {
            url,
            accept: "application/json",
        })
    }

    fn read(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let unreadable = |error: &dyn std::fmt::Display| Unreadable(error.to_string());
        let text = std::str::from_utf8(document).map_err(|error| unreadable(&error))?;
        let top = Members::read(text).map_err(|error| unreadable(&error))?;
        let said = top
            .text("name")
            .ok_or_else(|| Unreadable("it names no package".into()))?;
        if !names(package, &said) {
            return Err(Unreadable("it is about another package".into()));
        }
        let times = top.object("time").unwrap_or_default();
        let by_version: HashMap<&str, &RawValue> = times
            .0
            .iter()
            .map(|(name, value)| (name.as_ref(), *value))
            .collect();
        let tags = top.object("dist-tags").unwrap_or_default();
        // The readme of the whole package is that of the version that is installed when none is named.
        let (latest, readme) = (tags.text(LATEST), top.text("readme"));
        let mut seen = HashSet::new();
        let mut found = SourcePackage::default();
        for (name, value) in top.object("versions").unwrap_or_default().0 {
            let Some((version, asset, own_readme)) = read_version(base, package, &name, value)
            else {
                continue;
            };
            if seen.insert(version.clone()) {
                let published_at = by_version
                    .get(name.as_ref())
                    .and_then(|time| read_time(&read_text(time)?));
                let metadata = document.slice_ref(value.get().as_bytes());
                let is_latest = latest.as_deref() == Some(version.as_str());
                let readme = own_readme
                    .or_else(|| readme.clone().filter(|_| is_latest))
                    .filter(|text| !text.is_empty());
                found.versions.push(SourceVersion {
                    version,
                    metadata,
                    readme: readme.map(|text| Bytes::from(text.into_owned())),
                    published_at,
                    assets: vec![asset],
                });
            }
        }
        for (tag, version) in tags.0 {
            if let Some(version) = read_text(version) {
                found.tags.push((tag.into_owned(), version.into_owned()));
            }
        }
        found.extras = extras(&top, &times);
        Ok(found)
    }
}

/// A version, its tarball and its own readme; `None` when it is not well-formed, or says that it is another one.
fn read_version<'v>(
    base: &Url,
    package: &PackageCoordinates,
    name: &str,
    value: &'v RawValue,
) -> Option<(VersionName, SourceAsset, Option<Cow<'v, str>>)> {
    let version = VersionName::parse(name).ok()?;
    let head: VersionHead<'_> = serde_json::from_str(value.get()).ok()?;
    if head.version != name || !names(package, &head.name) {
        return None;
    }
    let url = tarball_url(base, package, name, head.dist.tarball.as_deref())?;
    let expected = expected_digests(&head.dist)?;
    Some((
        version,
        SourceAsset::new(asset_name(), url, expected),
        head.readme.and_then(read_text),
    ))
}

/// Where a tarball is: where the index says, if that is at the registry itself; else where the ecosystem's registries
/// have it. A registry's index is not followed to other hosts: nothing there was configured by anyone.
fn tarball_url(
    base: &Url,
    package: &PackageCoordinates,
    version: &str,
    said: Option<&str>,
) -> Option<Url> {
    let acceptable = |url: &Url| {
        url.origin() == base.origin()
            && url.username().is_empty()
            && url.password().is_none()
            && url.fragment().is_none()
    };
    if let Some(url) = said
        .and_then(|text| Url::parse(text).ok())
        .filter(acceptable)
    {
        return Some(url);
    }
    Url::parse(&tarball_address(base.as_str(), package, version)).ok()
}

/// The digests the index names. Where one of two cannot be read, the other decides; where none can, there is nothing
/// to check the bytes against although there was meant to be, and the version is left out.
fn expected_digests(dist: &Dist<'_>) -> Option<ExpectedDigests> {
    let (strong, weak) = (dist.integrity.as_deref(), dist.shasum.as_deref());
    let alone = |integrity: Option<&str>, shasum: Option<&str>| {
        integrity.or(shasum)?;
        integrity::read(integrity, shasum).ok()
    };
    integrity::read(strong, weak)
        .ok()
        .or_else(|| alone(strong, None))
        .or_else(|| alone(None, weak))
}

fn extras(top: &Members<'_>, times: &Members<'_>) -> Bytes {
    let mut out = Vec::new();
    let mut writer = ObjectWriter::begin(&mut out);
    let mut written = ObjectWriter::begin(writer.key("time"));
    for name in ["created", "modified"] {
        if let Some(time) = times.text(name) {
            written.text(name, &time);
        }
    }
    written.end();
    for name in EXTRAS {
        if let Some(value) = top.get(name) {
            writer.raw(name, value.get());
        }
    }
    writer.end();
    out.into()
}

#[cfg(test)]
mod tests {
    use model::EpochMillis;
    use serde_json::json;

    use super::*;
    use crate::npm::name::read_segments;

    const BASE: &str = "https://registry.example/npm/";

    fn package(name: &str) -> PackageCoordinates {
        read_segments(&[name]).unwrap().0
    }

    fn read(name: &str, document: &serde_json::Value) -> Result<SourcePackage, Unreadable> {
        NpmSource.read(
            &Url::parse(BASE).unwrap(),
            &package(name),
            &Bytes::from(document.to_string()),
        )
    }

    fn version(name: &str, version: &str, dist: &serde_json::Value) -> serde_json::Value {
        json!({ "name": name, "version": version, "dist": dist })
    }

    #[test]
    fn p07_the_address_of_a_packument_is_rebuilt_from_the_parsed_name() {
        let request = |base: &str, name| {
            NpmSource
                .metadata(&Url::parse(base).unwrap(), &package(name))
                .unwrap()
                .url
                .to_string()
        };
        assert_eq!(
            request(BASE, "lodash"),
            "https://registry.example/npm/lodash"
        );
        assert_eq!(
            request("https://registry.example", "lodash"),
            "https://registry.example/lodash"
        );
        assert_eq!(
            request(BASE, "@types/node"),
            "https://registry.example/npm/@types%2Fnode"
        );
        assert_eq!(request(BASE, "a?b"), "https://registry.example/npm/a%3Fb");
        assert_eq!(
            request(BASE, "a%2fb"),
            "https://registry.example/npm/a%252fb"
        );
    }

    #[test]
    fn a_packument_is_read_into_slices_of_itself() {
        let document = json!({
            "_id": "a", "name": "a", "description": "d", "users": { "x": true },
            "dist-tags": { "latest": "1.0.0", "odd": 1 },
            "time": { "created": "2015-01-01T00:00:00.000Z", "1.0.0": "2015-01-01T00:00:01.500Z", "2.0.0": null },
            "versions": {
                "1.0.0": version("a", "1.0.0", &json!({ "tarball": "https://registry.example/npm/a/-/a-1.0.0.tgz",
                    "shasum": "ab".repeat(20) })),
                "2.0.0": version("a", "2.0.0", &json!({})),
            },
        });
        let bytes = Bytes::from(document.to_string());
        let found = NpmSource
            .read(&Url::parse(BASE).unwrap(), &package("a"), &bytes)
            .unwrap();
        assert_eq!(found.versions.len(), 2);
        let first = &found.versions[0];
        assert_eq!(first.published_at, Some(EpochMillis(1_420_070_401_500)));
        assert_eq!(found.versions[1].published_at, None);
        assert!(
            bytes.as_ptr_range().contains(&first.metadata.as_ptr()),
            "a slice, not a copy"
        );
        assert!(first.assets[0].expected.sha1.is_some());
        assert_eq!(
            found.versions[1].assets[0].url.as_str(),
            "https://registry.example/npm/a/-/a-2.0.0.tgz"
        );
        assert_eq!(found.tags, [("latest".to_owned(), "1.0.0".to_owned())]);
        let extras: serde_json::Value = serde_json::from_slice(&found.extras).unwrap();
        assert_eq!(
            extras,
            json!({ "time": { "created": "2015-01-01T00:00:00.000Z" }, "description": "d" })
        );
    }

    #[test]
    fn a_readme_is_that_of_its_version_and_the_packages_own_that_of_the_latest() {
        let mut own = version("a", "1.0.0", &json!({}));
        own["readme"] = json!("# own");
        let mut odd = version("a", "3.0.0", &json!({}));
        odd["readme"] = json!({ "not": "text" });
        let mut document = json!({
            "name": "a", "readme": "# latest \u{0}é", "dist-tags": { "latest": "2.0.0" },
            "versions": { "1.0.0": own, "2.0.0": version("a", "2.0.0", &json!({})), "3.0.0": odd },
        });
        let readmes = |document: &serde_json::Value| -> Vec<Option<String>> {
            let found = read("a", document).unwrap();
            let text = |bytes: &Bytes| std::str::from_utf8(bytes).unwrap().to_owned();
            let of = |found: &SourceVersion| found.readme.as_ref().map(text);
            found.versions.iter().map(of).collect()
        };
        assert_eq!(
            readmes(&document),
            [Some("# own".into()), Some("# latest \u{0}é".into()), None]
        );
        document["readme"] = json!("");
        assert_eq!(readmes(&document), [Some("# own".into()), None, None]);
        document["readme"] = json!(7);
        assert_eq!(readmes(&document), [Some("# own".into()), None, None]);
    }

    #[test]
    fn x11_documents_about_other_packages_are_unreadable() {
        for name in ["b", "A", "@s/a", ""] {
            assert!(
                read("a", &json!({ "name": name, "versions": {} })).is_err(),
                "{name}"
            );
        }
        assert!(read("a", &json!({ "versions": {} })).is_err());
        assert!(read("a", &json!(["a"])).is_err());
        assert!(
            NpmSource
                .read(
                    &Url::parse(BASE).unwrap(),
                    &package("a"),
                    &Bytes::from_static(b"\xff{}")
                )
                .is_err()
        );
    }

    #[test]
    fn x11_versions_that_are_malformed_or_say_something_else_are_left_out() {
        let document = json!({ "name": "a", "versions": {
            "1.0.0": version("a", "1.0.0", &json!({})),
            "1.0.1": version("b", "1.0.1", &json!({})),
            "1.0.2": version("a", "9.9.9", &json!({})),
            "1.0.3": { "name": "a", "version": "1.0.3" },
            "1.0.4": version("a", "1.0.4", &json!({ "integrity": "sha512-!", "shasum": "zz" })),
            "1.0.5": version("a", "1.0.5", &json!({ "integrity": "sha512-!", "shasum": "ab".repeat(20) })),
            "../x": version("a", "../x", &json!({})),
            "1.0.6": version("a", "1.0.6", &json!({ "tarball": 1 })),
            "1.0.7": 7,
        } });
        let found = read("a", &document).unwrap();
        let names: Vec<_> = found
            .versions
            .iter()
            .map(|found| found.version.as_str())
            .collect();
        assert_eq!(names, ["1.0.0", "1.0.5"]);
    }

    #[test]
    fn x11_an_index_does_not_lead_to_other_hosts() {
        for tarball in [
            "https://evil.example/a.tgz",
            "http://registry.example/a.tgz",
            "https://registry.example:8443/a.tgz",
            "https://user:pw@registry.example/a.tgz",
            "https://registry.example/a.tgz#f",
            "file:///etc/passwd",
            "//x",
            "",
        ] {
            let document = json!({ "name": "@s/a", "versions": { "1.0.0": version("@s/a", "1.0.0", &json!({ "tarball": tarball })) } });
            let url = read("@s/a", &document).unwrap().versions[0].assets[0]
                .url
                .to_string();
            assert_eq!(
                url, "https://registry.example/npm/@s/a/-/a-1.0.0.tgz",
                "{tarball}"
            );
        }
        let own = json!({ "name": "a", "versions": { "1.0.0":
            version("a", "1.0.0", &json!({ "tarball": "https://registry.example/files/1/a.tgz" })) } });
        let url = read("a", &own).unwrap().versions[0].assets[0]
            .url
            .to_string();
        assert_eq!(url, "https://registry.example/files/1/a.tgz");
    }
}
