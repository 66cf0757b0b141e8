//! The documents of a package that are kept ready, made from what the graph holds of it.
//!
//! The metadata that clients upload has no part in them: what is listed follows from the versions themselves.

use bytes::Bytes;
use catalog::{PackageView, VersionView};
use model::{AssetName, Error, OriginType, PackageCoordinates, ResourceType, Result, VersionName};

use super::metadata_xml::{ArtifactMetadata, Plugin, write_snapshot, write_time};
use super::plugin_descriptor::conventional_prefix;
use super::snapshot::{Build, Piece, SnapshotFile, is_build, is_snapshot};
use super::source::SourceWords;
use super::version::{Version, sort};
use super::version_metadata::VersionMetadata;

/// Which document of a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variant {
    /// The metadata of the artifact.
    Artifact,
    /// The metadata of one of its snapshots.
    Snapshot,
    /// The name of the newest build of one of its snapshots. Not sent to clients.
    NewestBuild,
    /// What the metadata of its group says of it, as JSON: nothing, unless it is a plugin. Not sent to clients.
    Plugin,
}

impl Variant {
    const ALL: [Self; 4] = [
        Self::Artifact,
        Self::Snapshot,
        Self::NewestBuild,
        Self::Plugin,
    ];

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Artifact => 0,
            Self::Snapshot => 1,
            Self::NewestBuild => 2,
            Self::Plugin => 3,
        }
    }
}

/// Makes a document's bytes: what the catalog calls when none lies ready. `about` is the snapshot, for the documents that
/// are about one; no document of Maven spells out an address.
pub(super) fn render(view: &PackageView, about: &str, variant: u8) -> Result<Bytes> {
    let variant = Variant::ALL
        .into_iter()
        .find(|known| known.number() == variant)
        .ok_or_else(|| Error::internal("no such document of a package"))?;
    match variant {
        Variant::Artifact => artifact(view),
        Variant::Snapshot => snapshot(view, about),
        Variant::NewestBuild => {
            let (_, build, _) = newest_build(view, about)?;
            Ok(build.to_string().into())
        }
        Variant::Plugin => plugin(view),
    }
}

/// A version that is listed, ready to be put in order.
struct Listed<'v> {
    name: &'v VersionName,
    /// Whether it came about here; what came from a public source is that source's to order.
    is_own: bool,
}

fn artifact(view: &PackageView) -> Result<Bytes> {
    let listed = listed(view);
    let words = SourceWords::read(&view.extras);
    let latest = newest(&listed, words.latest.as_deref(), |_| true);
    let latest = latest.ok_or_else(|| nothing_listed(&view.coordinates))?;
    let release = newest(&listed, words.release.as_deref(), |name| {
        !is_snapshot(name.as_str())
    });
    let own_time = view.versions.iter().filter_map(|found| found.published_at);
    let last_updated = own_time
        .max()
        .and_then(write_time)
        .into_iter()
        .chain(words.last_updated)
        .max();
    let metadata = ArtifactMetadata {
        package: &view.coordinates,
        latest: latest.as_str(),
        release: release.map(VersionName::as_str),
        versions: listed
            .iter()
            .map(|(_, listed)| listed.name.as_str())
            .collect(),
        last_updated: last_updated.as_deref(),
    };
    Ok(metadata.write().into())
}

/// The versions that metadata lists, in order. Builds are listed by their snapshots.
fn listed(view: &PackageView) -> Vec<(Version, Listed<'_>)> {
    let mut found: Vec<&VersionView> = view
        .versions
        .iter()
        .filter(|found| !is_build(found.version.as_str()))
        .collect();
    // Spellings that are equal in order stand in the order of their letters, wherever they are held.
    found.sort_by(|left, right| left.version.cmp(&right.version));
    sort(
        found
            .into_iter()
            .map(|found| {
                let is_own = matches!(
                    found.origin,
                    Some(OriginType::Internal | OriginType::Unknown)
                );
                let listed = Listed {
                    name: &found.version,
                    is_own,
                };
                (Version::read(found.version.as_str()), listed)
            })
            .collect(),
    )
}

/// The newest of the versions. A public source may know better which of its own that is: old ones were named by their
/// date, and no order of names puts those before 1.0. What it names bounds its versions, so that where that one is not
/// shown here, the one before it stands for it.
fn newest<'v>(
    listed: &[(Version, Listed<'v>)],
    said: Option<&str>,
    counts: impl Fn(&VersionName) -> bool,
) -> Option<&'v VersionName> {
    let bound = said.map(Version::read);
    let in_bound = |(version, listed): &&(Version, Listed<'v>)| {
        listed.is_own
            || bound
                .as_ref()
                .is_none_or(|bound| version.compare(bound).is_le())
    };
    let counted = || {
        listed
            .iter()
            .rev()
            .filter(|(_, listed)| counts(listed.name))
    };
    let found = counted().find(in_bound).or_else(|| counted().next())?;
    Some(found.1.name)
}

fn snapshot(view: &PackageView, about: &str) -> Result<Bytes> {
    let (snapshot, build, assets) = newest_build(view, about)?;
    let mut pieces: Vec<Piece> = assets
        .iter()
        .filter_map(|asset| piece_of(view, snapshot, &build, asset))
        .collect();
    pieces.sort_unstable();
    Ok(write_snapshot(&view.coordinates, snapshot, &build, &pieces).into())
}

/// A snapshot, its newest build, and the names of that build's files.
fn newest_build<'v>(
    view: &'v PackageView,
    about: &str,
) -> Result<(&'v VersionName, Build, Vec<&'v AssetName>)> {
    let shown = view
        .versions
        .iter()
        .find(|found| found.version.as_str() == about)
        .filter(|found| is_snapshot(found.version.as_str()));
    let found = shown.and_then(|found| {
        let assets: Vec<&AssetName> = found.assets.iter().map(|asset| &asset.name).collect();
        let builds = assets.iter().filter_map(|asset| {
            let name = SnapshotFile::read(view.coordinates.name.as_str(), about, asset.as_str());
            match name? {
                SnapshotFile::OfBuild(build, _) => Some(build),
                SnapshotFile::OfNewest(_) => None,
            }
        });
        Some((&found.version, builds.max()?, assets))
    });
    found.ok_or_else(|| {
        let message = format!(
            "There is no snapshot '{about}' of package '{}'.",
            view.coordinates
        );
        Error::not_found(ResourceType::PackageVersion, about, message)
    })
}

fn piece_of(
    view: &PackageView,
    snapshot: &VersionName,
    build: &Build,
    asset: &AssetName,
) -> Option<Piece> {
    let artifact = view.coordinates.name.as_str();
    match SnapshotFile::read(artifact, snapshot.as_str(), asset.as_str())? {
        SnapshotFile::OfBuild(found, tail) if found == *build => Piece::read(tail),
        SnapshotFile::OfBuild(..) | SnapshotFile::OfNewest(_) => None,
    }
}

/// What the newest version says of a plugin. Only versions that are held are looked at: of others nothing is known.
fn plugin(view: &PackageView) -> Result<Bytes> {
    let listed = listed(view);
    let newest = newest(&listed, None, |name| {
        view.versions
            .iter()
            .any(|found| found.version == *name && found.origin.is_some())
    });
    let newest = newest.and_then(|name| view.versions.iter().find(|found| found.version == *name));
    let metadata = newest
        .and_then(|found| std::str::from_utf8(found.metadata.as_bytes()).ok())
        .map(VersionMetadata::read)
        .filter(VersionMetadata::is_plugin);
    let Some(metadata) = metadata else {
        return Ok(Bytes::from_static(b"null"));
    };
    let artifact = view.coordinates.name.as_str();
    let plugin = Plugin {
        name: metadata.pom.and_then(|pom| pom.name),
        prefix: metadata
            .goal_prefix
            .unwrap_or_else(|| conventional_prefix(artifact)),
        artifact: artifact.to_owned(),
    };
    serde_json::to_vec(&plugin)
        .map(Bytes::from)
        .map_err(Error::internal)
}

fn nothing_listed(package: &PackageCoordinates) -> Error {
    let message = format!("Package '{package}' has no version that this repository lists.");
    Error::not_found(ResourceType::Package, package.name.as_str(), message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use catalog::Metadata;
    use model::{Asset, Digests, EpochMillis, Md5Digest, Sha1Digest, Sha256Digest, Sha512Digest};

    use super::*;
    use crate::maven::metadata_xml::MetadataFile;
    use crate::maven::name::package;

    fn held(version: &str, origin: Option<OriginType>, files: &[&str]) -> VersionView {
        let asset = |name: &&str| Asset {
            name: AssetName::parse(name).unwrap(),
            size_bytes: 1,
            digests: Digests {
                md5: Md5Digest::from_bytes([0; 16]),
                sha1: Sha1Digest::from_bytes([0; 20]),
                sha256: Sha256Digest::from_bytes([0; 32]),
                sha512: Sha512Digest::from_bytes([0; 64]),
            },
        };
        VersionView {
            version: VersionName::parse(version).unwrap(),
            metadata: Metadata::Row("{}".to_owned()),
            published_at: (origin == Some(OriginType::Internal))
                .then_some(EpochMillis(1_767_268_800_000)),
            assets: files.iter().map(asset).collect(),
            origin,
            is_listed: true,
            followed: None,
        }
    }

    fn view(versions: Vec<VersionView>, extras: &str) -> PackageView {
        PackageView {
            coordinates: package("org.acme", "lib").unwrap(),
            versions,
            tags: BTreeMap::new(),
            readme: None,
            extras: Bytes::from(extras.to_owned()),
        }
    }

    fn metadata(view: &PackageView) -> MetadataFile {
        let bytes = render(view, "", Variant::Artifact.number()).unwrap();
        MetadataFile::read(&bytes).unwrap()
    }

    const OWN: Option<OriginType> = Some(OriginType::Internal);
    const PULLED: Option<OriginType> = Some(OriginType::External);

    #[test]
    fn versions_are_listed_in_order_and_builds_are_not() {
        let found = metadata(&view(
            vec![
                held("1.10", OWN, &[]),
                held("1.9", OWN, &[]),
                held("2.0-SNAPSHOT", OWN, &[]),
                held("2.0-20260101.120000-1", OWN, &[]),
                held("1.0-rc1", OWN, &[]),
            ],
            "",
        ));
        assert_eq!(found.versions, ["1.0-rc1", "1.9", "1.10", "2.0-SNAPSHOT"]);
        assert_eq!(found.latest.as_deref(), Some("2.0-SNAPSHOT"));
        assert_eq!(found.release.as_deref(), Some("1.10"));
        assert_eq!(found.last_updated.as_deref(), Some("20260101120000"));
    }

    #[test]
    fn y02_latest_and_release_name_what_is_shown() {
        let words = r#"{"latest":"2.0","release":"2.0","lastUpdated":"20250101000000"}"#;
        let source = |version| held(version, None, &[]);
        let dated = || vec![source("20031129.200437"), source("1.0"), source("1.1")];
        let release = |versions| metadata(&view(versions, words)).release.unwrap();
        let with = |more: Vec<VersionView>| dated().into_iter().chain(more).collect::<Vec<_>>();
        assert_eq!(
            release(with(vec![source("2.0")])),
            "2.0",
            "the source knows better"
        );
        assert_eq!(
            release(dated()),
            "1.1",
            "the one before it, when it is blocked"
        );
        assert_eq!(
            release(with(vec![held("3.0", OWN, &[])])),
            "3.0",
            "own ones are in order"
        );
        assert_eq!(release(with(vec![held("2.0", PULLED, &[])])), "2.0");
        assert_eq!(release(vec![source("20031129.200437")]), "20031129.200437");
        let found = metadata(&view(with(vec![]), words));
        assert_eq!(found.last_updated.as_deref(), Some("20250101000000"));
        let only_snapshots = metadata(&view(vec![held("1-SNAPSHOT", OWN, &[])], ""));
        assert_eq!(only_snapshots.release, None);
        assert!(render(&view(vec![], words), "", 0).is_err());
        assert!(
            render(
                &view(vec![held("1-20260101.120000-1", OWN, &[])], ""),
                "",
                0
            )
            .is_err()
        );
    }

    #[test]
    fn the_metadata_of_a_snapshot_follows_from_its_files() {
        let view = view(
            vec![
                held(
                    "1.0-SNAPSHOT",
                    OWN,
                    &[
                        "lib-1.0-20260101.120000-2.jar",
                        "lib-1.0-20260101.120000-2.pom",
                        "lib-1.0-20260101.120000-2-sources.jar",
                        "lib-1.0-20251231.120000-1-old.jar",
                        "readme.txt",
                    ],
                ),
                held("1.1-SNAPSHOT", OWN, &[]),
            ],
            "",
        );
        let text = render(&view, "1.0-SNAPSHOT", Variant::Snapshot.number()).unwrap();
        let text = std::str::from_utf8(&text).unwrap();
        assert!(
            text.contains("<timestamp>20260101.120000</timestamp>"),
            "{text}"
        );
        assert!(text.contains("<buildNumber>2</buildNumber>"), "{text}");
        assert_eq!(text.matches("<snapshotVersion>").count(), 3, "{text}");
        let newest = render(&view, "1.0-SNAPSHOT", Variant::NewestBuild.number()).unwrap();
        assert_eq!(newest, "20260101.120000-2");
        for absent in ["1.1-SNAPSHOT", "2.0-SNAPSHOT", "1.0", ""] {
            let found = render(&view, absent, Variant::Snapshot.number());
            assert!(found.is_err(), "{absent}");
        }
    }

    #[test]
    fn plugins_are_told_by_their_newest_held_version() {
        let with = |version: &str, origin, metadata: &str| VersionView {
            metadata: Metadata::Row(metadata.to_owned()),
            ..held(version, origin, &[])
        };
        let told = |versions| {
            let bytes = render(&view(versions, ""), "", Variant::Plugin.number()).unwrap();
            String::from_utf8(bytes.to_vec()).unwrap()
        };
        let plugin = r#"{"pom":{"name":"N","packaging":"maven-plugin"},"goalPrefix":"acme"}"#;
        let unnamed = r#"{"pom":{"packaging":"maven-plugin"}}"#;
        let library = r#"{"pom":{"packaging":"jar"}}"#;
        assert_eq!(
            told(vec![
                with("1", OWN, library),
                with("2", OWN, plugin),
                held("3", None, &[])
            ]),
            r#"{"name":"N","prefix":"acme","artifact":"lib"}"#
        );
        assert_eq!(
            told(vec![with("1", OWN, unnamed)]),
            r#"{"name":null,"prefix":"lib","artifact":"lib"}"#
        );
        assert_eq!(
            told(vec![with("1", OWN, plugin), with("2", OWN, library)]),
            "null"
        );
        assert_eq!(told(vec![]), "null");
    }
}
