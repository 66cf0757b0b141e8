//! Pages of the simple repository API in JSON (PEP 691, with the members of PEP 592, 700, 708, 714, 740 and 792). Written
//! file by file; no tree is built.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use model::{Error, Result};
use serde::Serialize;
use serde::ser::SerializeSeq as _;

use super::API_VERSION;
use super::link::push_file;
use super::shown::{Shown, ShownFile, ShownVersion};
use super::version_metadata::{CoreMetadataFact, Hashes, Yanked};

#[derive(Serialize)]
struct Meta<'p> {
    #[serde(rename = "api-version")]
    api_version: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tracks: &'p [String],
}

#[derive(Serialize)]
struct Project<'p> {
    meta: Meta<'p>,
    name: &'p str,
    #[serde(
        rename = "alternate-locations",
        skip_serializing_if = "<[String]>::is_empty"
    )]
    alternate_locations: &'p [String],
    #[serde(rename = "project-status", skip_serializing_if = "Option::is_none")]
    project_status: Option<Status<'p>>,
    versions: Vec<&'p str>,
    files: Files<'p>,
}

#[derive(Serialize)]
struct Status<'p> {
    status: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'p str>,
}

/// All files, each made when it is written.
struct Files<'p>(&'p [ShownVersion<'p>]);

impl Serialize for Files<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(None)?;
        for version in self.0 {
            for file in &version.files {
                list.serialize_element(&File::of(version, file))?;
            }
        }
        list.end()
    }
}

#[derive(Serialize)]
struct File<'p> {
    filename: &'p str,
    url: String,
    hashes: &'p Hashes,
    #[serde(rename = "requires-python", skip_serializing_if = "Option::is_none")]
    requires_python: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    #[serde(rename = "upload-time", skip_serializing_if = "Option::is_none")]
    upload_time: Option<&'p str>,
    yanked: &'p Yanked,
    #[serde(rename = "core-metadata", skip_serializing_if = "Option::is_none")]
    core_metadata: Option<CoreMetadata<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provenance: Option<Cow<'p, str>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum CoreMetadata<'p> {
    There(bool),
    Digest { sha256: &'p str },
}

impl<'p> File<'p> {
    fn of(version: &'p ShownVersion<'_>, file: &'p ShownFile<'_>) -> Self {
        let facts = &file.facts;
        let mut url = String::with_capacity(version.link.len() + file.name.len() + 8);
        url.push_str(&version.link);
        push_file(&mut url, &file.name);
        Self {
            filename: &file.name,
            url,
            hashes: &facts.hashes,
            requires_python: facts.requires_python.as_deref(),
            size: facts.size,
            upload_time: facts.upload_time.as_deref(),
            yanked: facts.yanked.as_ref().unwrap_or(&Yanked::NO),
            core_metadata: facts.core_metadata.as_ref().map(|fact| match fact {
                CoreMetadataFact::There(there) => CoreMetadata::There(*there),
                CoreMetadataFact::Sha256(sha256) => CoreMetadata::Digest { sha256 },
            }),
            provenance: provenance(version, file),
        }
    }
}

/// Where a file's provenance is: here, when its attestations came with it; else where its source says.
pub(super) fn provenance<'f>(
    version: &ShownVersion<'_>,
    file: &'f ShownFile<'_>,
) -> Option<Cow<'f, str>> {
    if file.facts.attestations.is_some() {
        let mut address = version.link.clone();
        push_file(&mut address, &file.name);
        address.push_str(".provenance");
        return Some(Cow::Owned(address));
    }
    file.facts.provenance.as_deref().map(Cow::Borrowed)
}

/// The page of a project.
pub(super) fn render_project(shown: &Shown<'_>) -> Result<Bytes> {
    let extras = &shown.extras;
    let status = extras.status.as_deref().map(|status| Status {
        status,
        reason: extras.status_reason.as_deref(),
    });
    let project = Project {
        meta: Meta {
            api_version: API_VERSION,
            tracks: &extras.tracks,
        },
        name: shown.name,
        alternate_locations: &extras.alternate_locations,
        project_status: status,
        versions: shown
            .versions
            .iter()
            .map(|found| found.view.version.as_str())
            .collect(),
        files: Files(&shown.versions),
    };
    write(&project)
}

/// The list of projects.
pub(super) fn render_root<'n>(names: impl Iterator<Item = &'n str>) -> Result<Bytes> {
    #[derive(Serialize)]
    struct Root<'p> {
        meta: Meta<'p>,
        projects: Vec<BTreeMap<&'static str, &'p str>>,
    }
    write(&Root {
        meta: Meta {
            api_version: API_VERSION,
            tracks: &[],
        },
        projects: names.map(|name| BTreeMap::from([("name", name)])).collect(),
    })
}

fn write(page: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(page)
        .map(Bytes::from)
        .map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use model::OriginType;
    use serde_json::{Value, json};

    use super::*;
    use crate::pypi::shown::tests::{asset, version, view};

    fn page(view: &catalog::PackageView) -> Value {
        serde_json::from_slice(&render_project(&Shown::of(view, "https://r.example/")).unwrap())
            .unwrap()
    }

    #[test]
    fn a_page_says_what_is_known_of_each_file() {
        let kept = json!({"widget-1.0.tar.gz": {"requires_python": ">=3", "core_metadata": "aa"}});
        let ours = version(
            "1.0",
            Some(OriginType::Internal),
            &kept,
            vec![asset("widget-1.0.tar.gz", 1)],
        );
        let source = json!({"widget-2.0.zip": {"hashes": {"sha256": "bb"}, "yanked": "bad", "core_metadata": false,
            "size": 7, "upload_time": "2020-01-01T00:00:00Z", "provenance": "https://p.example/"}});
        let extras = json!({"tracks": ["https://t.example/"], "alternate_locations": ["https://a.example/"],
            "status": "quarantined"});
        let view = view(vec![version("2.0", None, &source, vec![]), ours], &extras);
        let base = "https://r.example/simple/widget";
        let expected = json!({
            "meta": {"api-version": "1.4", "tracks": ["https://t.example/"]},
            "name": "widget",
            "alternate-locations": ["https://a.example/"],
            "project-status": {"status": "quarantined"},
            "versions": ["1.0", "2.0"],
            "files": [
                {
                    "filename": "widget-1.0.tar.gz",
                    "url": format!("{base}/1.0/widget-1.0.tar.gz"),
                    "hashes": {"sha256": "01".repeat(32)},
                    "requires-python": ">=3",
                    "size": 10,
                    "upload-time": "1970-01-01T00:00:00.000000Z",
                    "yanked": false,
                    "core-metadata": {"sha256": "aa"},
                },
                {
                    "filename": "widget-2.0.zip",
                    "url": format!("{base}/2.0/widget-2.0.zip"),
                    "hashes": {"sha256": "bb"},
                    "size": 7,
                    "upload-time": "2020-01-01T00:00:00Z",
                    "yanked": "bad",
                    "core-metadata": false,
                    "provenance": "https://p.example/",
                },
            ],
        });
        assert_eq!(page(&view), expected);
    }

    #[test]
    fn a_project_without_files_has_an_empty_page() {
        let expected =
            json!({"meta": {"api-version": "1.4"}, "name": "widget", "versions": [], "files": []});
        assert_eq!(page(&view(vec![], &json!({}))), expected);
    }

    #[test]
    fn the_list_of_projects_names_each() {
        let root: Value =
            serde_json::from_slice(&render_root(["a", "b"].into_iter()).unwrap()).unwrap();
        assert_eq!(root["projects"], json!([{"name": "a"}, {"name": "b"}]));
        assert_eq!(root["meta"]["api-version"], "1.4");
    }
}
