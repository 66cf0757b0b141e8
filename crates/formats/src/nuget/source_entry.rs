//! A version in a registration of a public source, read leniently: galleries differ in which members they have, and in
//! whether lists are lists.

use catalog::ExpectedDigests;
use serde::Deserialize;
use serde_json::Value;

use super::facts::{DependencyGroup, Facts, PackageDependency, PackageType};
use super::id::is_id;
use super::source::read_digest;
use super::version::Range;

/// The longest text that is kept.
const TEXT_BYTES: usize = 32 << 10;
/// The largest of what is passed on as it is.
const JSON_BYTES: usize = 64 << 10;
const MOST_DEPENDENCIES: usize = 10_000;

/// What a registration says of a version.
#[derive(Debug)]
pub(super) struct SourceEntry {
    pub(super) facts: Facts,
    /// The address of its catalog entry.
    pub(super) at: Option<String>,
    pub(super) content: Option<String>,
    pub(super) published: Option<String>,
    pub(super) digest: Option<ExpectedDigests>,
}

#[derive(Deserialize)]
struct Leaf {
    #[serde(rename = "catalogEntry")]
    entry: Entry,
    #[serde(default, rename = "packageContent")]
    content: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    #[serde(rename = "@id")]
    at: Option<String>,
    authors: Words,
    dependency_groups: Option<Vec<Group>>,
    deprecation: Option<Value>,
    description: Option<String>,
    icon_url: Option<String>,
    id: String,
    language: Option<String>,
    license_expression: Option<String>,
    license_url: Option<String>,
    listed: Option<bool>,
    min_client_version: Option<String>,
    package_content: Option<String>,
    package_hash: Option<String>,
    package_hash_algorithm: Option<String>,
    package_types: Option<Vec<Kind>>,
    project_url: Option<String>,
    published: Option<String>,
    require_license_acceptance: Option<bool>,
    summary: Option<String>,
    tags: Words,
    title: Option<String>,
    version: String,
    vulnerabilities: Option<Value>,
}

/// One text or several.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Words {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Group {
    target_framework: Option<String>,
    dependencies: Option<Vec<Needed>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Needed {
    id: String,
    range: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Kind {
    name: String,
    version: Option<String>,
}

impl SourceEntry {
    pub(super) fn read(json: &str) -> Option<Self> {
        let Leaf { entry, content } = serde_json::from_str(json).ok()?;
        let at = entry.at.clone();
        let content = content.or_else(|| entry.package_content.clone());
        let published = entry.published.clone();
        let digest = read_digest(
            entry.package_hash.as_deref(),
            entry.package_hash_algorithm.as_deref(),
        );
        Some(Self {
            facts: entry.into_facts(),
            at,
            content,
            published,
            digest,
        })
    }
}

impl Entry {
    fn into_facts(self) -> Facts {
        let text =
            |text: Option<String>| text.filter(|text| !text.is_empty() && text.len() <= TEXT_BYTES);
        let json = |value: Option<Value>| {
            let value = value.filter(|value| value.is_object() || value.is_array());
            value.filter(|value| value.to_string().len() <= JSON_BYTES)
        };
        let authors = match self.authors {
            Words::None => None,
            Words::One(authors) => Some(authors),
            Words::Several(authors) => Some(authors.join(", ")),
        };
        let tags = match self.tags {
            Words::None => Vec::new(),
            Words::One(tags) => tags.split_whitespace().map(str::to_owned).collect(),
            Words::Several(tags) => tags,
        };
        let tags = tags
            .into_iter()
            .filter(|tag| !tag.is_empty() && tag.len() <= 1024);
        let types = self.package_types.unwrap_or_default().into_iter();
        let types = types
            .filter(|kind| is_id(&kind.name))
            .map(|kind| PackageType {
                name: kind.name,
                version: text(kind.version),
            });
        let mut left = MOST_DEPENDENCIES;
        let groups = self.dependency_groups.unwrap_or_default().into_iter();
        let groups = groups.map(|group| group.into_group(&mut left)).collect();
        Facts {
            id: self.id,
            version: self.version,
            title: text(self.title),
            authors: text(authors),
            description: text(self.description),
            summary: text(self.summary),
            language: text(self.language),
            project_url: text(self.project_url),
            icon_url: text(self.icon_url),
            license_url: text(self.license_url),
            license_expression: text(self.license_expression),
            min_client_version: text(self.min_client_version),
            require_license_acceptance: self.require_license_acceptance.unwrap_or(false),
            tags: tags.take(500).collect(),
            package_types: types.take(64).collect(),
            dependency_groups: groups,
            listed: self.listed,
            deprecation: json(self.deprecation),
            vulnerabilities: json(self.vulnerabilities),
            ..Facts::default()
        }
    }
}

impl Group {
    fn into_group(self, left: &mut usize) -> DependencyGroup {
        let mut dependencies = Vec::new();
        for needed in self.dependencies.unwrap_or_default() {
            if *left == 0 || !is_id(&needed.id) {
                continue;
            }
            *left -= 1;
            // A range in words that are not known here may be known to clients.
            let said = needed.range.unwrap_or_default();
            let range = Range::parse(&said).map_or(said, |range| range.to_string());
            if range.len() <= 1024 {
                dependencies.push(PackageDependency {
                    id: needed.id,
                    range,
                });
            }
        }
        DependencyGroup {
            framework: self.target_framework.filter(|text| !text.is_empty()),
            dependencies,
        }
    }
}
