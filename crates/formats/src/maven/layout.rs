//! What an address means ("Repository Layout - Default"): the last segment is a file, the one before it a version, the
//! one before that an artifact, the rest a group. Metadata stands one or two segments higher.
//!
//! The address of a group's plugins is also that of an artifact's metadata: `org/apache/maven/plugins/maven-metadata.xml`
//! is about the group `org.apache.maven.plugins`, and would be about an artifact `plugins` of `org.apache.maven`.

use model::{AssetName, Namespace, PackageCoordinates, VersionName};

use super::checksum::Algorithm;
use super::name::{check_group, is_release, is_version, package};
use super::snapshot::{SnapshotFile, is_build, is_snapshot};

pub(super) const METADATA: &str = "maven-metadata.xml";

/// What an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) place: Place,
    /// Which checksum of it is meant, if not the file itself.
    pub(super) checksum: Option<Algorithm>,
}

/// A place in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A file of a version, or of a build in its own folder.
    File(FilePlace),
    /// A file of a build, in the folder of its snapshot.
    BuildFile {
        snapshot: VersionName,
        file: FilePlace,
    },
    /// A file of the newest build of a snapshot: what follows the version in its name.
    NewestFile {
        package: PackageCoordinates,
        snapshot: VersionName,
        tail: String,
    },
    /// The metadata of a snapshot.
    SnapshotMetadata {
        package: PackageCoordinates,
        snapshot: VersionName,
    },
    /// The metadata of an artifact, if there can be one, or else of a group.
    Metadata {
        package: Option<PackageCoordinates>,
        group: Namespace,
    },
}

/// A file of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FilePlace {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) asset: AssetName,
}

/// Why an address means nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has not the form of an address here.
    Form,
    /// A group, artifact or version that cannot be.
    Name,
    /// A file in a snapshot's folder that no build can have.
    Snapshot,
}

/// Reads the segments of a path.
pub(super) fn read(segments: &[&str]) -> Result<Address, Fault> {
    let (file, folders) = segments.split_last().ok_or(Fault::Form)?;
    // An encoded slash in a segment would make two addresses of one file.
    if segments.iter().any(|segment| segment.contains('/')) {
        return Err(Fault::Form);
    }
    let (file, checksum) = match Algorithm::split(file) {
        Some((file, algorithm)) => (file, Some(algorithm)),
        None => (*file, None),
    };
    let place = if file == METADATA {
        metadata(folders)?
    } else {
        file_of_version(folders, file)?
    };
    Ok(Address { place, checksum })
}

fn metadata(folders: &[&str]) -> Result<Place, Fault> {
    if let [group @ .., artifact, version] = folders
        && !group.is_empty()
        && is_snapshot(version)
    {
        return Ok(Place::SnapshotMetadata {
            package: package_of(group, artifact)?,
            snapshot: version_of(version)?,
        });
    }
    let package = match folders {
        [group @ .., artifact] if !group.is_empty() => package_of(group, artifact).ok(),
        _ => None,
    };
    // An artifact id can have dots, a part of a group cannot.
    let group = group_of(folders);
    match (package, group) {
        (package, Ok(group)) => Ok(Place::Metadata { package, group }),
        (Some(package), Err(_)) => {
            let group = package.namespace.clone().ok_or(Fault::Name)?;
            Ok(Place::Metadata {
                package: Some(package),
                group,
            })
        }
        (None, Err(fault)) => Err(fault),
    }
}

fn file_of_version(folders: &[&str], file: &str) -> Result<Place, Fault> {
    let [group @ .., artifact, version] = folders else {
        return Err(Fault::Form);
    };
    if group.is_empty() {
        return Err(Fault::Form);
    }
    let (package, version) = (package_of(group, artifact)?, version_of(version)?);
    let asset = AssetName::parse(file).map_err(|_| Fault::Name)?;
    if !is_snapshot(version.as_str()) {
        return Ok(Place::File(FilePlace {
            package,
            version,
            asset,
        }));
    }
    let snapshot = version;
    match SnapshotFile::read(artifact, snapshot.as_str(), file).ok_or(Fault::Snapshot)? {
        SnapshotFile::OfBuild(build, _) => {
            let version = build.version(snapshot.as_str()).ok_or(Fault::Name)?;
            let file = FilePlace {
                package,
                version,
                asset,
            };
            Ok(Place::BuildFile { snapshot, file })
        }
        SnapshotFile::OfNewest(tail) => Ok(Place::NewestFile {
            package,
            snapshot,
            tail: tail.to_owned(),
        }),
    }
}

impl Place {
    /// Where a file that is sent belongs: snapshots come build by build, builds in the folder of their snapshot.
    pub(super) fn into_written(self) -> Result<FilePlace, Fault> {
        match self {
            Self::File(file) if is_release(&file.version) => Ok(file),
            Self::File(file) if is_build(file.version.as_str()) => Err(Fault::Snapshot),
            Self::BuildFile { file, .. } => Ok(file),
            Self::NewestFile { .. } => Err(Fault::Snapshot),
            Self::File(_) | Self::SnapshotMetadata { .. } | Self::Metadata { .. } => {
                Err(Fault::Name)
            }
        }
    }
}

fn package_of(group: &[&str], artifact: &str) -> Result<PackageCoordinates, Fault> {
    package(group_of(group)?.as_str(), artifact).ok_or(Fault::Name)
}

/// A group has one address: none of the segments that stand for it has a dot.
fn group_of(segments: &[&str]) -> Result<Namespace, Fault> {
    if segments.is_empty() || segments.iter().any(|segment| segment.contains('.')) {
        return Err(Fault::Name);
    }
    let group = Namespace::parse(&segments.join(".")).map_err(|_| Fault::Name)?;
    check_group(&group).map_err(|_| Fault::Name)?;
    Ok(group)
}

fn version_of(segment: &str) -> Result<VersionName, Fault> {
    VersionName::parse(segment)
        .ok()
        .filter(is_version)
        .ok_or(Fault::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> Result<Address, Fault> {
        read(&path.split('/').collect::<Vec<_>>())
    }

    fn told(path: &str) -> String {
        let address = match parse(path) {
            Ok(address) => address,
            Err(fault) => return format!("{fault:?}"),
        };
        let file =
            |file: &FilePlace| format!("{} {} {}", file.package, file.version, file.asset.as_str());
        let place = match &address.place {
            Place::File(place) => format!("file {}", file(place)),
            Place::BuildFile {
                snapshot,
                file: place,
            } => format!("build {snapshot} {}", file(place)),
            Place::NewestFile {
                package,
                snapshot,
                tail,
            } => {
                format!("newest {package} {snapshot} {tail}")
            }
            Place::SnapshotMetadata { package, snapshot } => {
                format!("snapshot {package} {snapshot}")
            }
            Place::Metadata { package, group } => format!(
                "metadata {} {group}",
                package.as_ref().map_or("-".to_owned(), ToString::to_string)
            ),
        };
        match address.checksum {
            Some(algorithm) => format!("{} of {place}", algorithm.suffix()),
            None => place,
        }
    }

    #[test]
    fn every_kind_of_address_is_read() {
        for (path, expected) in [
            (
                "junit/junit/4.12/junit-4.12.jar",
                "file maven/junit/junit 4.12 junit-4.12.jar",
            ),
            (
                "org/apache/x/a.b/1.0/a.b-1.0-bin.tar.gz.asc",
                "file maven/org.apache.x/a.b 1.0 a.b-1.0-bin.tar.gz.asc",
            ),
            (
                "g/a/1.0/a-1.0.pom.sha256",
                "sha256 of file maven/g/a 1.0 a-1.0.pom",
            ),
            ("g/a/1.0/ivy.xml", "file maven/g/a 1.0 ivy.xml"),
            (
                "g/h/a/1-SNAPSHOT/a-1-20260101.120000-3-sources.jar",
                "build 1-SNAPSHOT maven/g.h/a 1-20260101.120000-3 a-1-20260101.120000-3-sources.jar",
            ),
            (
                "g/a/1-20260101.120000-3/a-1-20260101.120000-3.jar",
                "file maven/g/a 1-20260101.120000-3 a-1-20260101.120000-3.jar",
            ),
            (
                "g/a/1-SNAPSHOT/a-1-SNAPSHOT-x.jar",
                "newest maven/g/a 1-SNAPSHOT -x.jar",
            ),
            (
                "g/a/1-SNAPSHOT/maven-metadata.xml",
                "snapshot maven/g/a 1-SNAPSHOT",
            ),
            ("g/h/a/maven-metadata.xml", "metadata maven/g.h/a g.h.a"),
            ("g/h/a.b/maven-metadata.xml", "metadata maven/g.h/a.b g.h"),
            ("g/maven-metadata.xml.md5", "md5 of metadata - g"),
            (
                "g/maven-metadata.xml/1/maven-metadata.xml-1.jar",
                "file maven/g/maven-metadata.xml 1 maven-metadata.xml-1.jar",
            ),
        ] {
            assert_eq!(told(path), expected, "{path}");
        }
    }

    #[test]
    fn f_mvn_1_f_mvn_3_p14_what_only_looks_like_an_address_means_nothing() {
        for path in [
            "",
            "a",
            "a/b",
            "a/b/c",
            "archetype-catalog.xml",
            ".meta/prefixes.txt",
            ".index/nexus-maven-repository-index.properties",
            ".index/nexus-maven-repository-index.gz/x/y",
            "org.apache/x/1/x-1.jar",
            "a.b/c/1/c-1.jar",
            "g/a/[1.0,2.0)/a-1.jar",
            "g/a/LATEST/a-LATEST.jar",
            "g/a/RELEASE/a-RELEASE.jar",
            "g/a/${v}/a-${v}.jar",
            "g/${a}/1/a-1.jar",
            "g/a b/1/a-1.jar",
            "g/a/1-SNAPSHOT/a-1.jar",
            "g/a/1-SNAPSHOT/readme.txt",
            "g/a/1-SNAPSHOT/a-2-20260101.120000-1.jar",
            "g/x-SNAPSHOT/1/x-SNAPSHOT-1.jar",
            "maven-metadata.xml",
        ] {
            assert!(parse(path).is_err(), "{path}: {}", told(path));
        }
        assert_eq!(read(&["g", "a", "1", "x/y.jar"]), Err(Fault::Form));
        assert_eq!(read(&["g/h", "a", "1", "a-1.jar"]), Err(Fault::Form));
    }

    #[test]
    fn f_mvn_1_releases_and_builds_are_written_in_one_place_each() {
        let to_write = |path: &str| parse(path)?.place.into_written();
        for (path, version) in [
            ("g/a/1/a-1.jar", "1"),
            ("g/a/1/a-1-SNAPSHOT.jar", "1"),
            (
                "g/a/1-SNAPSHOT/a-1-20260101.120000-1.jar",
                "1-20260101.120000-1",
            ),
        ] {
            assert_eq!(to_write(path).unwrap().version.as_str(), version, "{path}");
        }
        for path in [
            "g/a/1-SNAPSHOT/a-1-SNAPSHOT.jar",
            "g/a/1-SNAPSHOT/a-1.jar",
            "g/a/1-20260101.120000-1/a-1-20260101.120000-1.jar",
            "g/a/1-SNAPSHOT/readme.txt",
        ] {
            assert_eq!(to_write(path), Err(Fault::Snapshot), "{path}");
        }
    }
}
