//! What is shown of a project: its versions in order, and the files of each with what is known of them.
//!
//! A version's files are those that are held and those that its public source has now. What the source says of a file
//! stands as long as it means the same bytes; a file whose bytes the source has exchanged is still the one that is held.

use std::collections::BTreeMap;

use catalog::{PackageView, VersionView};
use jiff::Timestamp;
use model::{Asset, EpochMillis, OriginType};
use serde::{Deserialize, Serialize};

use super::link::{project_link, version_link};
use super::version::Version;
use super::version_metadata::{CoreMetadataFact, FileFacts, Hashes, VersionMetadata, Yanked};

/// A project, ready to be written.
pub(super) struct Shown<'v> {
    /// The normalized name.
    pub(super) name: &'v str,
    /// In ascending order. Each has a file.
    pub(super) versions: Vec<ShownVersion<'v>>,
    pub(super) extras: Extras,
}

pub(super) struct ShownVersion<'v> {
    pub(super) view: &'v VersionView,
    /// Its name, read. `None` for versions of old.
    pub(super) parsed: Option<Version>,
    /// Where its files are; ends with a slash.
    pub(super) link: String,
    /// What is kept of it.
    pub(super) metadata: VersionMetadata<'v>,
    /// By name.
    pub(super) files: Vec<ShownFile<'v>>,
}

pub(super) struct ShownFile<'v> {
    pub(super) name: String,
    pub(super) facts: FileFacts<'v>,
}

impl ShownFile<'_> {
    pub(super) fn is_yanked(&self) -> bool {
        self.facts.yanked.as_ref().is_some_and(Yanked::is_yanked)
    }

    pub(super) fn has_core_metadata(&self) -> bool {
        !matches!(
            self.facts.core_metadata,
            None | Some(CoreMetadataFact::There(false))
        )
    }
}

/// What a public source says of a project beside its versions.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Extras {
    /// Repositories that the project is also in by the same owner's will, or whose it extends (PEP 708).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tracks: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) alternate_locations: Vec<String>,
    /// `active`, `archived`, `quarantined` or `deprecated` (PEP 792), and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status_reason: Option<String>,
}

impl<'v> Shown<'v> {
    pub(super) fn of(view: &'v PackageView, base: &str) -> Self {
        let name = view.coordinates.name.as_str();
        let project = project_link(base, name);
        let mut versions: Vec<ShownVersion<'v>> = view
            .versions
            .iter()
            .map(|found| ShownVersion::of(found, &project))
            .filter(|found| !found.files.is_empty())
            .collect();
        versions.sort_by(|a, b| {
            let names = (&a.view.version, &b.view.version);
            a.parsed.cmp(&b.parsed).then_with(|| names.0.cmp(names.1))
        });
        Self {
            name,
            versions,
            extras: serde_json::from_slice(&view.extras).unwrap_or_default(),
        }
    }

    /// The version that installers choose: the highest that is no pre-release and not yanked, or the highest.
    pub(super) fn latest(&self) -> Option<&ShownVersion<'v>> {
        let is_yanked = |found: &&ShownVersion<'_>| found.files.iter().all(ShownFile::is_yanked);
        let is_final =
            |found: &&ShownVersion<'_>| found.parsed.as_ref().is_some_and(|v| !v.is_prerelease());
        let by =
            |chosen: &dyn Fn(&&ShownVersion<'v>) -> bool| self.versions.iter().rev().find(chosen);
        by(&|found| is_final(found) && !is_yanked(found))
            .or_else(|| by(&|found| !is_yanked(found)))
            .or_else(|| self.versions.last())
    }
}

impl<'v> ShownVersion<'v> {
    fn of(view: &'v VersionView, project: &str) -> Self {
        let mut metadata = VersionMetadata::read(view.metadata.as_bytes());
        let followed = view.followed.as_deref().map(VersionMetadata::read);
        let kept = std::mem::take(&mut metadata.files);
        let files = match view.origin {
            // Nobody holds it yet: it is as its source has it.
            None => kept.into_iter().collect(),
            Some(origin) => {
                let mut files = held(view, origin, kept);
                if let Some(followed) = followed {
                    follow(&mut files, followed.files);
                }
                files
            }
        };
        let files = files
            .into_iter()
            .map(|(name, facts)| ShownFile { name, facts });
        Self {
            view,
            parsed: Version::parse(view.version.as_str()),
            link: version_link(project, view.version.as_str()),
            metadata,
            files: files.collect(),
        }
    }
}

type Files<'v> = BTreeMap<String, FileFacts<'v>>;

/// The files that are held, with what is kept of each.
fn held<'v>(view: &'v VersionView, origin: OriginType, mut kept: Files<'v>) -> Files<'v> {
    let own = |asset: &'v Asset| {
        let mut facts = kept.remove(asset.name.as_str()).unwrap_or_default();
        facts.size = Some(asset.size_bytes);
        facts.hashes = Hashes::of(&asset.digests);
        if origin == OriginType::Internal {
            // Only a public index can take files back.
            facts.yanked = None;
            if facts.upload_time.is_none() {
                facts.upload_time = view.published_at.and_then(write_time);
            }
        }
        (asset.name.as_str().to_owned(), facts)
    };
    view.assets.iter().map(own).collect()
}

/// Adds what the source says now.
fn follow<'v>(files: &mut Files<'v>, followed: Files<'v>) {
    for (name, said) in followed {
        let Some(facts) = files.get_mut(&name) else {
            files.insert(name, said);
            continue;
        };
        let digests = (&said.hashes.sha256, &facts.hashes.sha256);
        if matches!(digests, (Some(said), Some(held)) if said != held) {
            continue;
        }
        // Bytes, size and digests are those that are held; so is the metadata out of them.
        let own = facts.clone();
        facts.merge(said);
        facts.requires_python = facts.requires_python.take().or(own.requires_python);
        (facts.size, facts.hashes) = (own.size, own.hashes);
        facts.core_metadata = own.core_metadata.or(facts.core_metadata.take());
    }
}

/// A time as indexes write it: `2015-03-24T00:12:24.039000Z`.
pub(super) fn write_time(at: EpochMillis) -> Option<String> {
    Timestamp::from_millisecond(at.0)
        .ok()
        .map(|time| format!("{time:.6}"))
}

/// A time of an index: as it is, when it is written as the specification says; else in that form.
pub(super) fn read_time(text: &str) -> Option<(EpochMillis, String)> {
    let time: Timestamp = text.parse().ok()?;
    let written = if text.ends_with('Z') && text.contains('T') {
        text.to_owned()
    } else {
        format!("{time:.6}")
    };
    Some((EpochMillis(time.as_millisecond()), written))
}

#[cfg(test)]
pub(super) mod tests {
    use bytes::Bytes;
    use catalog::Metadata;
    use model::{
        AssetName, Digests, Md5Digest, Sha1Digest, Sha256Digest, Sha512Digest, VersionName,
    };
    use serde_json::{Value, json};

    use super::*;
    use crate::pypi::name::find_project;

    pub(crate) fn asset(name: &str, content: u8) -> Asset {
        Asset {
            name: AssetName::parse(name).unwrap(),
            size_bytes: 10,
            digests: Digests {
                md5: Md5Digest::from_bytes([content; 16]),
                sha1: Sha1Digest::from_bytes([content; 20]),
                sha256: Sha256Digest::from_bytes([content; 32]),
                sha512: Sha512Digest::from_bytes([content; 64]),
            },
        }
    }

    pub(crate) fn version(
        name: &str,
        origin: Option<OriginType>,
        files: &Value,
        assets: Vec<Asset>,
    ) -> VersionView {
        VersionView {
            version: VersionName::parse(name).unwrap(),
            metadata: Metadata::Row(json!({ "files": files }).to_string()),
            published_at: Some(EpochMillis(0)),
            assets,
            origin,
            is_listed: true,
            followed: None,
        }
    }

    pub(crate) fn view(versions: Vec<VersionView>, extras: &Value) -> PackageView {
        PackageView {
            coordinates: find_project("widget").unwrap(),
            versions,
            tags: BTreeMap::new(),
            readme: None,
            extras: Bytes::from(extras.to_string()),
        }
    }

    fn names(shown: &ShownVersion<'_>) -> Vec<String> {
        shown.files.iter().map(|file| file.name.clone()).collect()
    }

    #[test]
    fn versions_stand_in_their_order_and_without_files_not_at_all() {
        let files = json!({"a": {}});
        let all =
            ["1.10", "1.9", "1.0rc1", "old", "1.0"].map(|name| version(name, None, &files, vec![]));
        let mut all = all.to_vec();
        all.push(version("3.0", None, &json!({}), vec![]));
        let view = view(all, &json!({}));
        let shown = Shown::of(&view, "b/");
        let order: Vec<&str> = shown
            .versions
            .iter()
            .map(|v| v.view.version.as_str())
            .collect();
        assert_eq!(order, ["old", "1.0rc1", "1.0", "1.9", "1.10"]);
        assert_eq!(shown.latest().unwrap().view.version.as_str(), "1.10");
    }

    #[test]
    fn the_latest_version_is_what_installers_choose() {
        let latest = |versions: &[(&str, Value)]| {
            let all = versions.iter().map(|(name, yanked)| {
                version(name, None, &json!({"a": {"yanked": yanked}}), vec![])
            });
            let view = view(all.collect(), &json!({}));
            Shown::of(&view, "")
                .latest()
                .map(|found| found.view.version.to_string())
        };
        let (no, yes) = (json!(false), json!("bad"));
        assert_eq!(
            latest(&[("1.0", no.clone()), ("2.0", yes.clone())]).as_deref(),
            Some("1.0")
        );
        assert_eq!(
            latest(&[("1.0", no.clone()), ("2.0b1", no.clone())]).as_deref(),
            Some("1.0")
        );
        assert_eq!(
            latest(&[("1.0", yes.clone()), ("2.0b1", no)]).as_deref(),
            Some("2.0b1")
        );
        assert_eq!(
            latest(&[("1.0", yes.clone()), ("2.0", yes)]).as_deref(),
            Some("2.0")
        );
        assert_eq!(latest(&[]), None);
    }

    #[test]
    fn only_files_that_can_be_had_are_shown() {
        let kept = json!({"held.whl": {"yanked": "bad", "size": 3}, "gone.whl": {}});
        let mut found = version(
            "1.0",
            Some(OriginType::External),
            &kept,
            vec![asset("held.whl", 1)],
        );
        let one = view(vec![found.clone()], &json!({}));
        let shown = Shown::of(&one, "");
        assert_eq!(
            names(&shown.versions[0]),
            ["held.whl"],
            "without a way to the source"
        );
        let file = &shown.versions[0].files[0];
        assert_eq!((file.facts.size, file.is_yanked()), (Some(10), true));
        assert_eq!(
            file.facts.hashes.sha256.as_deref(),
            Some("01".repeat(32).as_str())
        );

        found.followed = Some(Bytes::from(
            json!({"files": {"held.whl": {"yanked": false, "size": 99}, "new.whl": {"size": 5}}})
                .to_string(),
        ));
        let followed = view(vec![found.clone()], &json!({}));
        let shown = Shown::of(&followed, "");
        assert_eq!(names(&shown.versions[0]), ["held.whl", "new.whl"]);
        let file = &shown.versions[0].files[0];
        assert_eq!(
            (file.facts.size, file.is_yanked()),
            (Some(10), false),
            "the yank was taken back"
        );

        let exchanged =
            json!({"files": {"held.whl": {"yanked": false, "hashes": {"sha256": "ff"}}}});
        found.followed = Some(Bytes::from(exchanged.to_string()));
        let exchanged = view(vec![found], &json!({}));
        let shown = Shown::of(&exchanged, "");
        let file = &shown.versions[0].files[0];
        assert!(
            file.is_yanked(),
            "x08: other bytes at the source are another file"
        );
        assert_eq!(
            file.facts.hashes.sha256.as_deref(),
            Some("01".repeat(32).as_str())
        );
    }

    #[test]
    fn what_was_published_here_is_never_yanked_and_has_our_time() {
        let kept =
            json!({"a.whl": {"yanked": true}, "b.whl": {"upload_time": "2020-01-01T00:00:00Z"}});
        let assets = vec![asset("a.whl", 1), asset("b.whl", 2)];
        let view = view(
            vec![version("1.0", Some(OriginType::Internal), &kept, assets)],
            &json!({}),
        );
        let shown = Shown::of(&view, "");
        let files = &shown.versions[0].files;
        assert!(!files[0].is_yanked());
        assert_eq!(
            files[0].facts.upload_time.as_deref(),
            Some("1970-01-01T00:00:00.000000Z")
        );
        assert_eq!(
            files[1].facts.upload_time.as_deref(),
            Some("2020-01-01T00:00:00Z")
        );
    }

    #[test]
    fn x22_times_are_kept_as_they_are_or_written_as_the_specification_says() {
        for (text, expected) in [
            (
                "2015-03-24T00:12:24.039123Z",
                Some("2015-03-24T00:12:24.039123Z"),
            ),
            ("2015-03-24T00:12:24Z", Some("2015-03-24T00:12:24Z")),
            (
                "2015-03-24T01:12:24.5+01:00",
                Some("2015-03-24T00:12:24.500000Z"),
            ),
            ("2015-03-24", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(
                read_time(text).map(|(_, text)| text).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
