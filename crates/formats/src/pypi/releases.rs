//! The releases of a project, as the JSON API of the public index has them (Warehouse, "JSON API"): one document for the
//! project, out of which `{project}/json` and `{project}/{version}/json` are cut.
//!
//! What a version says of itself is in its core metadata, which may have to be fetched: this document names the file that
//! has it beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use model::{Error, Result};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::core_metadata::CoreMetadata;
use super::file_name::{Form, WheelName};
use super::link::push_file;
use super::shown::{Shown, ShownFile, ShownVersion};
use super::version;
use super::version_metadata::Yanked;

/// The document.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Releases<'d> {
    /// Where the project's page is.
    pub(super) link: String,
    /// The place of the version that installers choose.
    pub(super) latest: Option<usize>,
    #[serde(borrow)]
    pub(super) versions: Vec<Release<'d>>,
}

/// A version.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Release<'d> {
    pub(super) version: String,
    /// A file that has its core metadata beside it.
    pub(super) described_by: Option<String>,
    /// What is kept of the core metadata.
    #[serde(borrow)]
    core: Option<Cow<'d, RawValue>>,
    yanked: bool,
    yanked_reason: Option<String>,
    /// Its files, in the form of the JSON API.
    #[serde(borrow)]
    files: Cow<'d, RawValue>,
}

#[derive(Serialize)]
struct File<'p> {
    comment_text: &'static str,
    digests: BTreeMap<&'static str, String>,
    downloads: i8,
    filename: &'p str,
    has_sig: bool,
    md5_digest: Option<String>,
    packagetype: &'static str,
    python_version: &'p str,
    requires_python: Option<&'p str>,
    size: Option<u64>,
    upload_time: Option<&'p str>,
    upload_time_iso_8601: Option<&'p str>,
    url: String,
    yanked: bool,
    yanked_reason: Option<&'p str>,
}

impl<'p> File<'p> {
    fn of(version: &'p ShownVersion<'_>, file: &'p ShownFile<'_>) -> Self {
        let facts = &file.facts;
        let mut url = version.link.clone();
        push_file(&mut url, &file.name);
        let assets = &version.view.assets;
        let held = assets.iter().find(|asset| asset.name.as_str() == file.name);
        let md5 = held.map_or_else(
            || facts.hashes.md5.clone(),
            |asset| Some(asset.digests.md5.to_hex()),
        );
        let digests = [
            ("md5", md5.clone()),
            ("sha256", facts.hashes.sha256.clone()),
        ];
        let form = Form::of(&file.name).map(|(form, _)| form);
        let python_version = match form {
            Some(Form::Wheel) => WheelName::parse(&file.name).map(|name| name.python),
            _ => None,
        };
        let time = facts.upload_time.as_deref();
        Self {
            comment_text: "",
            digests: digests
                .into_iter()
                .filter_map(|(name, digest)| Some((name, digest?)))
                .collect(),
            downloads: -1,
            filename: &file.name,
            has_sig: false,
            md5_digest: md5,
            packagetype: form.map_or("sdist", Form::package_type),
            python_version: python_version.unwrap_or("source"),
            requires_python: facts.requires_python.as_deref(),
            size: facts.size,
            // Without fraction and zone, as the API has it.
            upload_time: time.map(|time| time.get(..19).unwrap_or(time)),
            upload_time_iso_8601: time,
            url,
            yanked: file.is_yanked(),
            yanked_reason: facts.yanked.as_ref().and_then(Yanked::reason),
        }
    }
}

/// Writes the document.
pub(super) fn render(shown: &Shown<'_>, link: String) -> Result<Bytes> {
    let latest = shown.latest().map(|found| found.view.version.clone());
    let mut releases = Releases {
        link,
        latest: shown
            .versions
            .iter()
            .position(|found| Some(&found.view.version) == latest.as_ref()),
        versions: Vec::with_capacity(shown.versions.len()),
    };
    for found in &shown.versions {
        let files: Vec<File<'_>> = found
            .files
            .iter()
            .map(|file| File::of(found, file))
            .collect();
        let yanked = found.files.iter().all(ShownFile::is_yanked);
        let reason = found
            .files
            .iter()
            .find_map(|file| file.facts.yanked.as_ref()?.reason());
        // A wheel's metadata is that of what is installed.
        let described = || found.files.iter().filter(|file| file.has_core_metadata());
        let described_by = described()
            .find(|file| file.name.ends_with(".whl"))
            .or_else(|| described().next());
        releases.versions.push(Release {
            version: found.view.version.to_string(),
            described_by: described_by.map(|file| file.name.clone()),
            core: found.metadata.core_json().map(Cow::Borrowed),
            yanked,
            yanked_reason: reason.filter(|_| yanked).map(str::to_owned),
            files: Cow::Owned(serde_json::value::to_raw_value(&files).map_err(Error::internal)?),
        });
    }
    serde_json::to_vec(&releases)
        .map(Bytes::from)
        .map_err(Error::internal)
}

impl<'d> Releases<'d> {
    pub(super) fn read(document: &'d [u8]) -> Result<Self> {
        serde_json::from_slice(document).map_err(Error::internal)
    }

    /// The version that a request names, in any of its spellings; without one, that which installers choose.
    pub(super) fn find(&self, asked: Option<&str>) -> Option<&Release<'d>> {
        match asked {
            None => self.versions.get(self.latest?),
            Some(asked) => {
                let exact = self.versions.iter().find(|found| found.version == asked);
                exact.or_else(|| {
                    let is_same = |found: &&Release<'_>| version::same(&found.version, asked);
                    self.versions.iter().find(is_same)
                })
            }
        }
    }

    /// The answer about a version; about the project, when all releases are to be in it.
    pub(super) fn answer(
        &self,
        release: &Release<'_>,
        core: Option<(CoreMetadata, Option<String>)>,
        with_all: bool,
    ) -> Result<String> {
        #[derive(Serialize)]
        struct Answer<'r> {
            info: Value,
            last_serial: u64,
            #[serde(skip_serializing_if = "Option::is_none")]
            releases: Option<BTreeMap<&'r str, &'r RawValue>>,
            urls: &'r RawValue,
            vulnerabilities: [(); 0],
        }
        let all = || {
            let all = self.versions.iter();
            all.map(|found| (found.version.as_str(), &*found.files))
                .collect()
        };
        let answer = Answer {
            info: self.info(release, core),
            last_serial: 0,
            releases: with_all.then(all),
            urls: &release.files,
            vulnerabilities: [],
        };
        serde_json::to_string(&answer).map_err(Error::internal)
    }

    fn info(&self, release: &Release<'_>, core: Option<(CoreMetadata, Option<String>)>) -> Value {
        let kept = || {
            let core: CoreMetadata = serde_json::from_str(release.core.as_ref()?.get()).ok()?;
            Some((core, None))
        };
        let (core, description) = core.or_else(kept).unwrap_or_default();
        let project = self
            .link
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or_default();
        let name = if core.name.is_empty() {
            project
        } else {
            &core.name
        };
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let urls: BTreeMap<&str, &str> = core
            .project_urls
            .iter()
            .map(|(label, url)| (label.as_str(), url.as_str()))
            .collect();
        json!({
            "author": text(&core.author),
            "author_email": text(&core.author_email),
            "bugtrack_url": null,
            "classifiers": core.classifiers,
            "description": text(&description),
            "description_content_type": core.description_content_type,
            "docs_url": null,
            "download_url": text(&core.download_url),
            "downloads": {"last_day": -1, "last_month": -1, "last_week": -1},
            "dynamic": core.dynamic,
            "home_page": text(&core.home_page),
            "keywords": text(&core.keywords),
            "license": text(&core.license),
            "license_expression": core.license_expression,
            "license_files": core.license_files,
            "maintainer": text(&core.maintainer),
            "maintainer_email": text(&core.maintainer_email),
            "name": name,
            "package_url": self.link,
            "platform": core.platforms.first(),
            "project_url": self.link,
            "project_urls": urls,
            "provides_extra": core.provides_extra,
            "release_url": self.link,
            "requires_dist": core.requires_dist,
            "requires_python": text(&core.requires_python),
            "summary": text(&core.summary),
            "version": release.version,
            "yanked": release.yanked,
            "yanked_reason": release.yanked_reason,
        })
    }
}

#[cfg(test)]
mod tests {
    use model::OriginType;

    use super::*;
    use crate::pypi::shown::tests::{asset, version, view};

    #[test]
    fn answers_about_a_project_and_about_a_version_are_cut_out_of_one_document() {
        let kept = json!({"widget-1.0-py2.py3-none-any.whl": {"core_metadata": "aa"}, "widget-1.0.tar.gz": {}});
        let assets = vec![
            asset("widget-1.0-py2.py3-none-any.whl", 1),
            asset("widget-1.0.tar.gz", 2),
        ];
        let ours = version("1.0", Some(OriginType::Internal), &kept, assets);
        let source =
            json!({"widget-0.9.zip": {"yanked": "bad", "upload_time": "2020-01-01T00:00:00.5Z"}});
        let view = view(
            vec![ours, version("0.9", None, &source, vec![])],
            &json!({}),
        );
        let shown = Shown::of(&view, "https://r.example/");
        let document = render(&shown, "https://r.example/simple/widget/".into()).unwrap();
        let releases = Releases::read(&document).unwrap();
        let latest = releases.find(None).unwrap();
        assert_eq!(
            latest.described_by.as_deref(),
            Some("widget-1.0-py2.py3-none-any.whl")
        );
        let metadata = b"Metadata-Version: 2.1\nName: Widget\nVersion: 1.0\nSummary: s\nRequires-Dist: a>1\n\nText";
        let core = CoreMetadata::parse(metadata).unwrap();
        let answer: Value =
            serde_json::from_str(&releases.answer(latest, Some(core), true).unwrap()).unwrap();
        assert_eq!(answer["info"]["name"], "Widget");
        assert_eq!(answer["info"]["requires_dist"], json!(["a>1"]));
        assert_eq!(answer["info"]["description"], "Text");
        assert_eq!(answer["info"]["version"], "1.0");
        assert_eq!(answer["urls"][0]["python_version"], "py2.py3");
        assert_eq!(answer["urls"][1]["packagetype"], "sdist");
        assert_eq!(answer["urls"][1]["digests"]["md5"], "02".repeat(16));
        assert_eq!(
            answer["urls"][1]["url"],
            "https://r.example/simple/widget/1.0/widget-1.0.tar.gz"
        );
        assert_eq!(answer["releases"]["1.0"], answer["urls"]);
        let old = releases.find(Some("0.9.0")).unwrap();
        let answer: Value =
            serde_json::from_str(&releases.answer(old, None, false).unwrap()).unwrap();
        assert_eq!(answer["info"]["name"], "widget");
        assert_eq!(
            (&answer["info"]["yanked"], &answer["info"]["yanked_reason"]),
            (&json!(true), &json!("bad"))
        );
        assert_eq!(answer["urls"][0]["upload_time"], "2020-01-01T00:00:00");
        assert!(answer.get("releases").is_none());
        assert!(releases.find(Some("7")).is_none());
    }
}
