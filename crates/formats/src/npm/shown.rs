//! What a document shows of a package: its versions in order, its tags as far as they name one of them, its times.

use std::collections::BTreeMap;

use catalog::{PackageView, VersionView};
use jiff::Timestamp;
use model::{EpochMillis, Error, ResourceType, Result};
use semver::Version;

use super::LATEST;
use super::members::Members;
use super::name::display_name;
use super::version;

/// A package, ready to be written.
pub(super) struct Shown<'v> {
    pub(super) view: &'v PackageView,
    pub(super) name: String,
    /// In order of semantic version, so that a document does not depend on where its versions are held.
    pub(super) versions: Vec<&'v VersionView>,
    /// Only tags of versions that are shown. Where there is a version, there is a `latest`: clients need it.
    pub(super) tags: BTreeMap<&'v str, &'v str>,
    /// What the nearest public source says beside versions and tags.
    pub(super) extras: Members<'v>,
}

impl<'v> Shown<'v> {
    /// Fails when there is no version to show: clients do not work with a package that has none.
    pub(super) fn of(view: &'v PackageView) -> Result<Self> {
        let name = display_name(&view.coordinates);
        if view.versions.is_empty() {
            let message = format!(
                "Package '{name}' has no version that can be installed from this repository."
            );
            return Err(Error::not_found(ResourceType::Package, name, message));
        }
        let mut versions: Vec<(Option<Version>, &VersionView)> = view
            .versions
            .iter()
            .map(|found| (version::read(found.version.as_str()), found))
            .collect();
        versions.sort_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.version.cmp(&y.version)));
        let by_name = |name: &str| {
            let key = (version::read(name), name);
            versions.binary_search_by(|(parsed, found)| {
                parsed
                    .cmp(&key.0)
                    .then_with(|| found.version.as_str().cmp(key.1))
            })
        };
        let mut tags: BTreeMap<&str, &str> = view
            .tags
            .iter()
            .filter(|(_, version)| by_name(version).is_ok())
            .map(|(tag, version)| (tag.as_str(), version.as_str()))
            .collect();
        if !tags.contains_key(LATEST)
            && let Some(newest) = newest(&versions)
        {
            tags.insert(LATEST, newest);
        }
        let extras = std::str::from_utf8(&view.extras)
            .ok()
            .and_then(|text| Members::read(text).ok());
        let versions = versions.into_iter().map(|(_, found)| found).collect();
        Ok(Self {
            view,
            name,
            versions,
            tags,
            extras: extras.unwrap_or_default(),
        })
    }

    /// The version that `latest` names.
    pub(super) fn latest(&self) -> Option<&'v VersionView> {
        let name = self.tags.get(LATEST)?;
        self.versions
            .iter()
            .copied()
            .find(|found| found.version.as_str() == *name)
    }

    /// When the first and the last of what is shown came about, as far as anyone says.
    pub(super) fn created_and_modified(&self) -> (Option<EpochMillis>, Option<EpochMillis>) {
        let time = self.extras.object("time");
        let said = |name| {
            time.as_ref()
                .and_then(|time| time.text(name))
                .and_then(|text| read_time(&text))
        };
        let published = || self.versions.iter().filter_map(|found| found.published_at);
        (
            published().chain(said("created")).min(),
            published().chain(said("modified")).max(),
        )
    }
}

/// The highest version that is no prerelease, or the highest.
fn newest<'v>(versions: &[(Option<Version>, &'v VersionView)]) -> Option<&'v str> {
    let stable = |(parsed, _): &&(Option<Version>, &VersionView)| {
        parsed.as_ref().is_some_and(|v| v.pre.is_empty())
    };
    versions
        .iter()
        .rev()
        .find(stable)
        .or(versions.last())
        .map(|(_, found)| found.version.as_str())
}

/// A time as registries write it.
pub(super) fn read_time(text: &str) -> Option<EpochMillis> {
    text.parse::<Timestamp>()
        .ok()
        .map(|time| EpochMillis(time.as_millisecond()))
}

/// A time as registries write it: `2015-03-24T00:12:24.039Z`.
pub(super) fn write_time(at: EpochMillis) -> Option<String> {
    Timestamp::from_millisecond(at.0)
        .ok()
        .map(|time| format!("{time:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x22_times_of_every_form_are_read_and_written_in_one() {
        for text in [
            "2015-03-24T00:12:24.039Z",
            "2015-03-24T01:12:24.039+01:00",
            "2015-03-24 00:12:24.039Z",
        ] {
            assert_eq!(
                read_time(text).and_then(write_time).as_deref(),
                Some("2015-03-24T00:12:24.039Z"),
                "{text}"
            );
        }
        assert_eq!(
            write_time(EpochMillis(0)).as_deref(),
            Some("1970-01-01T00:00:00.000Z")
        );
        for bad in [
            "",
            "null",
            "yesterday",
            "2015-13-01T00:00:00Z",
            "2015-03-24",
        ] {
            assert_eq!(read_time(bad), None, "{bad}");
        }
    }
}
