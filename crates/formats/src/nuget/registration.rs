//! Registrations: all versions of a package with what is known of each ("Package metadata" in the NuGet Server API).
//!
//! Up to so many versions stand in the index itself; of more, the index names pages, and each is a document of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::{Error, OriginType, Result};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::address::Hive;
use super::facts::{DependencyGroup, PackageType};
use super::shown::{Shown, ShownVersion, not_found};
use super::version::Version;

/// The versions of a page, and the most that stand in an index.
pub(super) const PAGE: usize = 64;

#[derive(Serialize)]
struct Index<'s> {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: [&'static str; 3],
    count: usize,
    items: Vec<Page<'s>>,
}

#[derive(Serialize)]
struct Page<'s> {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: &'static str,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Leaf<'s>>>,
    parent: String,
    lower: String,
    upper: String,
}

#[derive(Serialize)]
struct Leaf<'s> {
    #[serde(rename = "@id")]
    id: String,
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(rename = "commitTimeStamp", skip_serializing_if = "Option::is_none")]
    committed: Option<String>,
    #[serde(rename = "catalogEntry")]
    entry: Entry<'s>,
    #[serde(rename = "packageContent")]
    content: String,
    registration: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'s> {
    #[serde(rename = "@id")]
    at: String,
    #[serde(rename = "@type", serialize_with = "one_or_several")]
    kind: &'static [&'static str],
    authors: &'s str,
    dependency_groups: Vec<Group<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deprecation: Option<&'s Value>,
    description: &'s str,
    icon_url: &'s str,
    id: &'s str,
    language: &'s str,
    license_expression: &'s str,
    license_url: &'s str,
    listed: bool,
    min_client_version: &'s str,
    package_content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_hash_algorithm: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package_types: Option<&'s [PackageType]>,
    project_url: &'s str,
    published: String,
    require_license_acceptance: bool,
    summary: &'s str,
    tags: &'s [String],
    title: &'s str,
    version: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    vulnerabilities: Option<&'s Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Group<'s> {
    #[serde(rename = "@type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target_framework: Option<&'s str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<Needed<'s>>,
}

#[derive(Serialize)]
struct Needed<'s> {
    #[serde(rename = "@type")]
    kind: &'static str,
    id: &'s str,
    range: &'s str,
    registration: String,
}

/// The registration of one version alone. It names a document for the details, and is that document too.
#[derive(Serialize)]
struct Alone<'s> {
    #[serde(flatten)]
    details: Entry<'s>,
    #[serde(rename = "catalogEntry")]
    entry: String,
    registration: String,
}

/// Writes a package's registrations in one of the two sets.
pub(super) struct Registration<'v> {
    shown: Shown<'v>,
    hive: Hive,
}

impl<'v> Registration<'v> {
    /// Fails when the set has nothing of the package.
    pub(super) fn of(shown: Shown<'v>, hive: Hive) -> Result<Self> {
        let shown = match hive {
            Hive::SemVer1 => shown.for_semver1(),
            Hive::SemVer2 => shown,
        };
        let shown = shown.with_versions()?;
        Ok(Self { shown, hive })
    }

    pub(super) fn index(&self) -> Result<Bytes> {
        let is_small = self.shown.versions.len() <= PAGE;
        let pages = self.shown.versions.chunks(PAGE);
        let items = pages.map(|versions| self.page_of(versions, is_small));
        let items: Vec<Page<'_>> = items.collect();
        written(&Index {
            id: self.shown.addresses.index(self.hive, self.shown.id),
            kind: [
                "catalog:CatalogRoot",
                "PackageRegistration",
                "catalog:Permalink",
            ],
            count: items.len(),
            items,
        })
    }

    /// The page between two versions, which must be one of those that the index names.
    pub(super) fn page(&self, lower: &str, upper: &str) -> Result<Bytes> {
        let mut pages = self.shown.versions.chunks(PAGE);
        let found = pages.find(|versions| {
            let (first, last) = (versions.first(), versions.last());
            let is = |found: Option<&ShownVersion<'_>>, text: &str| {
                found.is_some_and(|found| found.version.lower() == text)
            };
            is(first, lower) && is(last, upper)
        });
        let Some(versions) = found else {
            return Err(not_found(self.shown.id, "has no such page of versions"));
        };
        written(&self.page_of(versions, true))
    }

    pub(super) fn leaf(&self, version: &str) -> Result<Bytes> {
        let mut versions = self.shown.versions.iter();
        let Some(found) = versions.find(|found| found.version.lower() == version) else {
            return Err(not_found(self.shown.id, "has no such version"));
        };
        let mut details = self.entry(found, true);
        details.kind = &["Package", "PackageDetails", "catalog:Permalink"];
        written(&Alone {
            entry: details.at.clone(),
            registration: self.shown.addresses.index(self.hive, self.shown.id),
            details,
        })
    }

    fn page_of<'s>(&'s self, versions: &'s [ShownVersion<'v>], with_items: bool) -> Page<'s> {
        let lower = bounds(versions, Version::lower);
        let index = self.shown.addresses.index(self.hive, self.shown.id);
        let is_inlined = self.shown.versions.len() <= PAGE;
        let normal = bounds(versions, Version::normal);
        Page {
            id: if is_inlined {
                format!("{index}#page/{}/{}", lower.0, lower.1)
            } else {
                let addresses = &self.shown.addresses;
                addresses.page(self.hive, self.shown.id, &lower.0, &lower.1)
            },
            kind: "catalog:CatalogPage",
            count: versions.len(),
            items: with_items.then(|| versions.iter().map(|found| self.leaf_of(found)).collect()),
            parent: index,
            lower: normal.0,
            upper: normal.1,
        }
    }

    fn leaf_of<'s>(&'s self, found: &'s ShownVersion<'v>) -> Leaf<'s> {
        let entry = self.entry(found, false);
        Leaf {
            id: entry.at.clone(),
            kind: "Package",
            committed: found.committed(),
            content: entry.package_content.clone(),
            registration: self.shown.addresses.index(self.hive, self.shown.id),
            entry,
        }
    }

    fn entry<'s>(&'s self, found: &'s ShownVersion<'v>, is_alone: bool) -> Entry<'s> {
        let (addresses, id) = (&self.shown.addresses, self.shown.id);
        let (lower, facts) = (found.version.lower(), &found.facts);
        let text = |text: &'s Option<String>| text.as_deref().unwrap_or_default();
        // In an index only of what was published here: what came from a source is to look the same before it is fetched.
        let is_told = is_alone || found.view.origin == Some(OriginType::Internal);
        let file = found.view.assets.first().filter(|_| is_told);
        Entry {
            at: addresses.leaf(self.hive, id, &lower),
            kind: &["PackageDetails"],
            authors: text(&facts.authors),
            dependency_groups: facts
                .dependency_groups
                .iter()
                .map(|group| self.group(group))
                .collect(),
            deprecation: facts.deprecation.as_ref(),
            description: text(&facts.description),
            icon_url: text(&facts.icon_url),
            id: &facts.id,
            language: text(&facts.language),
            license_expression: text(&facts.license_expression),
            license_url: text(&facts.license_url),
            listed: found.is_listed,
            min_client_version: text(&facts.min_client_version),
            package_content: addresses.content(id, &lower),
            package_hash: file.map(|file| STANDARD.encode(file.digests.sha512.as_bytes())),
            package_hash_algorithm: file.map(|_| "SHA512"),
            package_types: Some(facts.package_types.as_slice()).filter(|types| !types.is_empty()),
            project_url: text(&facts.project_url),
            published: found.published(),
            require_license_acceptance: facts.require_license_acceptance,
            summary: text(&facts.summary),
            tags: &facts.tags,
            title: text(&facts.title),
            version: &facts.version,
            vulnerabilities: facts.vulnerabilities.as_ref(),
        }
    }

    fn group<'s>(&'s self, group: &'s DependencyGroup) -> Group<'s> {
        let needed = group.dependencies.iter().map(|needed| Needed {
            kind: "PackageDependency",
            id: &needed.id,
            range: &needed.range,
            registration: self
                .shown
                .addresses
                .index(self.hive, &super::id::lower(&needed.id)),
        });
        Group {
            kind: "PackageDependencyGroup",
            target_framework: group.framework.as_deref(),
            dependencies: needed.collect(),
        }
    }
}

/// The first and the last version of a page, as `form` writes them: addresses are in lower case, what clients compare is not.
fn bounds(versions: &[ShownVersion<'_>], form: fn(&Version) -> String) -> (String, String) {
    let written = |found: Option<&ShownVersion<'_>>| {
        found.map_or_else(String::new, |found| form(&found.version))
    };
    (written(versions.first()), written(versions.last()))
}

/// One type stands alone, as clients expect it of what they read most.
fn one_or_several<S: Serializer>(kind: &[&str], serializer: S) -> Result<S::Ok, S::Error> {
    match kind {
        [only] => serializer.serialize_str(only),
        several => several.serialize(serializer),
    }
}

fn written(document: &impl Serialize) -> Result<Bytes> {
    let json = serde_json::to_vec(document);
    json.map(Bytes::from).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::nuget::shown::tests::{facts, package, version};

    fn json_of(bytes: Result<Bytes>) -> Value {
        serde_json::from_slice(&bytes.unwrap()).unwrap()
    }

    #[test]
    fn an_entry_says_what_clients_read() {
        let mut told = facts("1.0.0");
        told["dependency_groups"] = json!([{"framework": "net45", "dependencies": [{"id": "Other", "range": "[1.0.0, )"}]}, {"framework": "net6.0"}]);
        told["tags"] = json!(["<script>"]);
        let view = package(vec![version("1.0.0", &told)]);
        let registration =
            Registration::of(Shown::of(&view, "http://h/r/"), Hive::SemVer2).unwrap();
        let index = json_of(registration.index());
        assert_eq!(index["count"], 1);
        let page = &index["items"][0];
        assert_eq!(
            (page["lower"].as_str(), page["upper"].as_str()),
            (Some("1.0.0"), Some("1.0.0"))
        );
        let leaf = &page["items"][0];
        let content = "http://h/r/v3/flatcontainer/acme.lib/1.0.0/acme.lib.1.0.0.nupkg";
        assert_eq!(leaf["packageContent"], content);
        let entry = &leaf["catalogEntry"];
        assert_eq!(entry["id"], "Acme.Lib");
        assert_eq!(entry["listed"], true);
        assert_eq!(entry["tags"], json!(["<script>"]));
        let groups = &entry["dependencyGroups"];
        assert_eq!(groups[0]["targetFramework"], "net45");
        assert_eq!(
            groups[0]["dependencies"][0]["registration"],
            "http://h/r/v3/registrations-semver2/other/index.json"
        );
        assert!(groups[1].get("dependencies").is_none());
        assert_eq!(entry["@type"], "PackageDetails");
        let alone = json_of(registration.leaf("1.0.0"));
        let address = "http://h/r/v3/registrations-semver2/acme.lib/1.0.0.json";
        assert_eq!(
            (&alone["@id"], &alone["catalogEntry"]),
            (&json!(address), &json!(address)),
            "the details are at an address, which is its own"
        );
        assert_eq!(alone["description"], "about 1.0.0");
        assert_eq!(
            alone["@type"],
            json!(["Package", "PackageDetails", "catalog:Permalink"])
        );
        assert_eq!(
            (&alone["packageContent"], &alone["listed"]),
            (&json!(content), &json!(true))
        );
        assert!(registration.leaf("2.0.0").is_err());
    }

    #[test]
    fn f_nu_1_versions_are_shown_in_normal_form_with_what_is_said_of_the_build() {
        let view = package(vec![
            version("1.0.0-RC.1", &facts("01.0.0.0-RC.1+Build.5")),
            version("1.2.0", &facts("1.2")),
            version("2.0.0", &facts("9.9.9+other")),
        ]);
        let registration =
            Registration::of(Shown::of(&view, "http://h/r/"), Hive::SemVer2).unwrap();
        let index = json_of(registration.index());
        let page = &index["items"][0];
        assert_eq!(
            (&page["lower"], &page["upper"]),
            (&json!("1.0.0-RC.1"), &json!("2.0.0"))
        );
        let leaves = page["items"].as_array().unwrap().iter();
        let shown = leaves.map(|leaf| leaf["catalogEntry"]["version"].as_str().unwrap());
        assert_eq!(
            shown.collect::<Vec<_>>(),
            ["1.0.0-RC.1+Build.5", "1.2.0", "2.0.0"]
        );
        let first = &page["items"][0];
        assert_eq!(
            first["@id"],
            "http://h/r/v3/registrations-semver2/acme.lib/1.0.0-rc.1.json"
        );
        assert_eq!(
            first["packageContent"],
            "http://h/r/v3/flatcontainer/acme.lib/1.0.0-rc.1/acme.lib.1.0.0-rc.1.nupkg"
        );
        assert!(registration.page("1.0.0-rc.1", "2.0.0").is_ok());
    }

    #[test]
    fn f_nu_3_more_than_64_versions_stand_on_pages_that_cover_them_all() {
        for (count, pages) in [(1, 1), (64, 1), (65, 2), (10_000, 157)] {
            let names = (0..count).map(|n| format!("1.0.{n}"));
            let view = package(names.map(|name| version(&name, &facts(&name))).collect());
            let registration =
                Registration::of(Shown::of(&view, "http://h/r/"), Hive::SemVer1).unwrap();
            let index = json_of(registration.index());
            assert_eq!(index["count"], pages, "{count}");
            let mut seen = 0;
            for page in index["items"].as_array().unwrap() {
                let (lower, upper) = (
                    page["lower"].as_str().unwrap(),
                    page["upper"].as_str().unwrap(),
                );
                assert_eq!(page.get("items").is_some(), count <= 64);
                let address =
                    format!("http://h/r/v3/registrations/acme.lib/page/{lower}/{upper}.json");
                assert_eq!(page["@id"] == address, count > 64);
                let whole = json_of(registration.page(lower, upper));
                assert_eq!(whole["count"], page["count"]);
                seen += whole["items"].as_array().unwrap().len();
            }
            assert_eq!(seen, count);
            assert!(registration.page("1.0.0", "9.9.9").is_err());
        }
    }

    #[test]
    fn older_clients_are_shown_what_they_can_read() {
        let mut needing = facts("3.0.0");
        needing["dependency_groups"] =
            json!([{"dependencies": [{"id": "Other", "range": "[1.0.0-a.b, )"}]}]);
        let view = package(vec![
            version("1.0.0", &facts("1.0.0")),
            version("2.0.0-a.b", &facts("2.0.0-a.b")),
            version("2.0.0", &facts("2.0.0+build")),
            version("3.0.0", &needing),
        ]);
        let count = |hive| {
            let registration = Registration::of(Shown::of(&view, "b/"), hive).unwrap();
            json_of(registration.index())["items"][0]["count"].clone()
        };
        assert_eq!(
            (count(Hive::SemVer1), count(Hive::SemVer2)),
            (json!(1), json!(4))
        );
        let only = package(vec![version("2.0.0-a.b", &facts("2.0.0-a.b"))]);
        assert!(Registration::of(Shown::of(&only, "b/"), Hive::SemVer1).is_err());
    }
}
