//! What a search shows of a package: its newest version, and which others there are ("Search" in the NuGet Server API).

use bytes::Bytes;
use model::{Error, Result};
use serde::{Deserialize, Serialize};

use super::address::Hive;
use super::facts::PackageType;
use super::shown::{Shown, ShownVersion};

/// Which versions a client wants to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) prerelease: bool,
    pub(super) semver2: bool,
}

impl Wanted {
    pub(super) const ALL: [Self; 4] = [
        Self {
            prerelease: false,
            semver2: false,
        },
        Self {
            prerelease: true,
            semver2: false,
        },
        Self {
            prerelease: false,
            semver2: true,
        },
        Self {
            prerelease: true,
            semver2: true,
        },
    ];

    pub(super) const fn number(self) -> u8 {
        self.prerelease as u8 | (self.semver2 as u8) << 1
    }

    fn takes(self, found: &ShownVersion<'_>) -> bool {
        found.is_listed
            && (self.prerelease || !found.version.is_prerelease())
            && (self.semver2 || !found.needs_semver2())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'s> {
    #[serde(rename = "@id")]
    at: &'s str,
    #[serde(rename = "@type")]
    kind: &'static str,
    registration: &'s str,
    id: &'s str,
    version: &'s str,
    description: &'s str,
    summary: &'s str,
    title: &'s str,
    icon_url: &'s str,
    license_url: &'s str,
    project_url: &'s str,
    tags: &'s [String],
    authors: [&'s str; 1],
    owners: [&'s str; 0],
    total_downloads: u8,
    verified: bool,
    package_types: Vec<PackageType>,
    versions: Vec<EntryVersion<'s>>,
    vulnerabilities: [u8; 0],
}

#[derive(Serialize)]
struct EntryVersion<'s> {
    version: &'s str,
    downloads: u8,
    #[serde(rename = "@id")]
    at: String,
}

/// What is read of such an entry again.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Read {
    pub(super) id: String,
    pub(super) package_types: Vec<PackageType>,
    pub(super) versions: Vec<ReadVersion>,
}

#[derive(Deserialize)]
pub(super) struct ReadVersion {
    pub(super) version: String,
}

/// Writes the entry of a package; nothing, when none of its versions is wanted.
pub(super) fn render(shown: &Shown<'_>, wanted: Wanted) -> Result<Bytes> {
    let hive = if wanted.semver2 {
        Hive::SemVer2
    } else {
        Hive::SemVer1
    };
    let versions = shown.versions.iter().filter(|found| wanted.takes(found));
    let versions: Vec<&ShownVersion<'_>> = versions.collect();
    let Some(newest) = versions.last() else {
        return Ok(Bytes::new());
    };
    let facts = &newest.facts;
    let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    let (description, summary, title) = (
        text(&facts.description),
        text(&facts.summary),
        text(&facts.title),
    );
    let (icon, license, project) = (
        text(&facts.icon_url),
        text(&facts.license_url),
        text(&facts.project_url),
    );
    let index = shown.addresses.index(hive, shown.id);
    let entry = Entry {
        at: &index,
        kind: "Package",
        registration: &index,
        id: &facts.id,
        version: &facts.version,
        description: &description,
        summary: &summary,
        title: if title.is_empty() { &facts.id } else { &title },
        icon_url: &icon,
        license_url: &license,
        project_url: &project,
        tags: &facts.tags,
        authors: [facts.authors.as_deref().unwrap_or_default()],
        owners: [],
        total_downloads: 0,
        verified: false,
        package_types: facts
            .types()
            .map(|name| PackageType {
                name: name.to_owned(),
                version: None,
            })
            .collect(),
        versions: versions
            .iter()
            .map(|found| EntryVersion {
                version: &found.facts.version,
                downloads: 0,
                at: shown.addresses.leaf(hive, shown.id, &found.version.lower()),
            })
            .collect(),
        vulnerabilities: [],
    };
    let json = serde_json::to_vec(&entry);
    json.map(Bytes::from).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nuget::shown::tests::{facts, package, version};

    #[test]
    fn y02_only_versions_that_are_listed_and_wanted_are_shown() {
        let mut unlisted = version("3.0.0", &facts("3.0.0"));
        unlisted.is_listed = false;
        let names = ["1.0.0", "1.1.0-beta", "1.2.0-beta.1"];
        let mut all = names.map(|name| version(name, &facts(name))).to_vec();
        all.push(unlisted);
        let view = package(all);
        let versions = |wanted: Wanted| {
            let bytes = render(&Shown::of(&view, "b/"), wanted).unwrap();
            let read: Read = serde_json::from_slice(&bytes).unwrap();
            assert_eq!(
                (read.id.as_str(), read.package_types[0].name.as_str()),
                ("Acme.Lib", "Dependency")
            );
            let versions = read.versions.into_iter().map(|found| found.version);
            versions.collect::<Vec<_>>()
        };
        let expected: [&[&str]; 4] = [
            &["1.0.0"],
            &["1.0.0", "1.1.0-beta"],
            &["1.0.0"],
            &["1.0.0", "1.1.0-beta", "1.2.0-beta.1"],
        ];
        for (wanted, expected) in Wanted::ALL.into_iter().zip(expected) {
            assert_eq!(versions(wanted), expected, "{wanted:?}");
            assert_eq!(Wanted::ALL[usize::from(wanted.number())], wanted);
        }
        let hidden = package(vec![version("1.0.0-a", &facts("1.0.0-a"))]);
        assert!(
            render(&Shown::of(&hidden, "b/"), Wanted::ALL[0])
                .unwrap()
                .is_empty()
        );
    }
}
