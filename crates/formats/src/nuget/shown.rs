//! What is shown of a package: its versions in order, each with what is known of it.

use catalog::{PackageView, VersionView};
use jiff::Timestamp;
use model::{EpochMillis, Error, ResourceType, Result};

use super::address::Addresses;
use super::facts::{Facts, VersionMetadata};
use super::version::Version;

/// The time that the gallery gives to what is unlisted.
const UNLISTED_AT: &str = "1900-01-01T00:00:00+00:00";

/// A package, ready to be written.
pub(super) struct Shown<'v> {
    /// In lower case.
    pub(super) id: &'v str,
    /// In ascending order.
    pub(super) versions: Vec<ShownVersion<'v>>,
    pub(super) addresses: Addresses<'v>,
}

pub(super) struct ShownVersion<'v> {
    pub(super) view: &'v VersionView,
    pub(super) version: Version,
    pub(super) facts: Facts,
    /// Whether clients are to find it.
    pub(super) is_listed: bool,
}

impl<'v> Shown<'v> {
    pub(super) fn of(view: &'v PackageView, base: &'v str) -> Self {
        let id = view.coordinates.name.as_str();
        let mut versions: Vec<ShownVersion<'v>> = view
            .versions
            .iter()
            .filter_map(|found| ShownVersion::of(id, found))
            .collect();
        versions.sort_by(|a, b| a.version.cmp(&b.version));
        Self {
            id,
            versions,
            addresses: Addresses { base },
        }
    }

    /// Without what clients that know only SemVer 1.0.0 cannot read.
    pub(super) fn for_semver1(mut self) -> Self {
        self.versions.retain(|found| !found.needs_semver2());
        self
    }

    /// The same, when there is a version to show.
    pub(super) fn with_versions(self) -> Result<Self> {
        if self.versions.is_empty() {
            return Err(not_found(self.id, "has no version to show here"));
        }
        Ok(self)
    }
}

impl<'v> ShownVersion<'v> {
    fn of(id: &str, view: &'v VersionView) -> Option<Self> {
        let version = Version::parse(view.version.as_str())?;
        let mut metadata = VersionMetadata::read(view.metadata.as_bytes());
        if let Some(said) = view.followed.as_deref() {
            metadata.source = VersionMetadata::read(said).source.or(metadata.source);
        }
        let mut facts = metadata.into_shown().unwrap_or_default();
        // What could not be read, and what says something else, is shown under the names that it has here.
        if super::id::lower(&facts.id) != id {
            id.clone_into(&mut facts.id);
        }
        let said = Version::parse(&facts.version).filter(|said| *said == version);
        facts.version = said.as_ref().unwrap_or(&version).full();
        Some(Self {
            view,
            is_listed: view.is_listed && facts.listed != Some(false),
            version,
            facts,
        })
    }

    pub(super) fn needs_semver2(&self) -> bool {
        let said = Version::parse(&self.facts.version);
        said.is_some_and(|said| said.needs_semver2())
            || self.version.needs_semver2()
            || self.facts.needs_semver2()
    }

    /// When it was published, as registrations have it.
    pub(super) fn published(&self) -> String {
        let at = self.view.published_at.filter(|_| self.is_listed);
        at.and_then(write_time)
            .unwrap_or_else(|| UNLISTED_AT.to_owned())
    }

    pub(super) fn committed(&self) -> Option<String> {
        self.view.published_at.and_then(write_time)
    }
}

pub(super) fn write_time(at: EpochMillis) -> Option<String> {
    let time = Timestamp::from_millisecond(at.0).ok()?;
    Some(format!("{time:.3}"))
}

/// A time of a source. The gallery's is with a zone; others leave it out. What is before all packages is none.
pub(super) fn read_time(text: &str) -> Option<EpochMillis> {
    let read = text.parse::<Timestamp>();
    let time = read
        .or_else(|_| format!("{text}Z").parse::<Timestamp>())
        .ok()?;
    Some(EpochMillis(time.as_millisecond())).filter(|at| at.0 > 0)
}

pub(super) fn not_found(id: &str, reason: &str) -> Error {
    Error::not_found(
        ResourceType::Package,
        id,
        format!("The package '{id}' {reason}."),
    )
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use bytes::Bytes;
    use catalog::Metadata;
    use model::{OriginType, VersionName};
    use serde_json::{Value, json};

    use super::*;
    use crate::nuget::id::find_package;

    pub(crate) fn version(name: &str, facts: &Value) -> VersionView {
        VersionView {
            version: VersionName::parse(name).unwrap(),
            metadata: Metadata::Row(json!({ "package": facts }).to_string()),
            published_at: Some(EpochMillis(1_600_000_000_000)),
            assets: Vec::new(),
            origin: Some(OriginType::Internal),
            is_listed: true,
            followed: None,
        }
    }

    pub(crate) fn facts(name: &str) -> Value {
        json!({"id": "Acme.Lib", "version": name, "description": format!("about {name}")})
    }

    pub(crate) fn package(versions: Vec<VersionView>) -> PackageView {
        PackageView {
            coordinates: find_package("Acme.Lib").unwrap(),
            versions,
            tags: BTreeMap::new(),
            readme: None,
            extras: Bytes::new(),
        }
    }

    #[test]
    fn f_nu_1_versions_stand_in_their_order_and_under_the_names_they_have() {
        let mut odd = version("2.0.0", &json!({"id": "Other", "version": "9.9.9"}));
        odd.metadata = Metadata::Row("no json".into());
        let names = ["1.10.0", "1.9.0-rc", "1.9.0", "not-a-version"];
        let mut all: Vec<_> = names.map(|name| version(name, &facts(name))).to_vec();
        all.push(odd);
        all.push(version(
            "3.0.0",
            &json!({"id": "Other", "version": "9.9.9"}),
        ));
        let view = package(all);
        let shown = Shown::of(&view, "b/");
        let order: Vec<(String, &str)> = shown
            .versions
            .iter()
            .map(|found| (found.version.normal(), found.facts.id.as_str()))
            .collect();
        assert_eq!(
            order,
            [
                ("1.9.0-rc".into(), "Acme.Lib"),
                ("1.9.0".into(), "Acme.Lib"),
                ("1.10.0".into(), "Acme.Lib"),
                ("2.0.0".into(), "acme.lib"),
                ("3.0.0".into(), "acme.lib"),
            ]
        );
        assert_eq!(shown.versions[4].facts.version, "3.0.0");
    }

    #[test]
    fn y02_what_either_side_unlists_is_not_listed() {
        let mut here = version("1.0.0", &facts("1.0.0"));
        here.is_listed = false;
        let mut there = version("2.0.0", &facts("2.0.0"));
        there.followed = Some(Bytes::from(
            json!({"source": {"id": "Acme.Lib", "version": "2.0.0", "listed": false}}).to_string(),
        ));
        let view = package(vec![here, there, version("3.0.0", &facts("3.0.0"))]);
        let shown = Shown::of(&view, "b/");
        let listed: Vec<bool> = shown.versions.iter().map(|found| found.is_listed).collect();
        assert_eq!(listed, [false, false, true]);
        assert_eq!(shown.versions[0].published(), UNLISTED_AT);
        assert_eq!(shown.versions[2].published(), "2020-09-13T12:26:40.000Z");
    }

    #[test]
    fn x22_times_of_sources_are_read_or_none() {
        assert_eq!(
            read_time("2020-09-13T12:26:40+00:00"),
            Some(EpochMillis(1_600_000_000_000))
        );
        assert_eq!(
            read_time("2020-09-13T12:26:40"),
            Some(EpochMillis(1_600_000_000_000))
        );
        for none in [
            "1900-01-01T00:00:00+00:00",
            "",
            "yesterday",
            "0001-01-01T00:00:00",
        ] {
            assert_eq!(read_time(none), None, "{none}");
        }
    }
}
