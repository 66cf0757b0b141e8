//! Snapshots and their builds ("Snapshot repository metadata" in the documentation of Maven's repository metadata).
//!
//! `1.0-SNAPSHOT` is what will become 1.0. Each deployment of it is a build of its own, `1.0-20260101.120000-1`: the
//! time of the deployment in UTC, and a number that grows.

use std::fmt;

use model::VersionName;

const SNAPSHOT: &str = "SNAPSHOT";

/// Whether a version is a snapshot.
pub(super) fn is_snapshot(version: &str) -> bool {
    base_of(version).is_some()
}

/// Whether a version is a build of a snapshot.
pub(super) fn is_build(version: &str) -> bool {
    Build::of_version(version).is_some()
}

/// What stands before `SNAPSHOT`, with the hyphen, if there is one.
pub(super) fn base_of(version: &str) -> Option<&str> {
    let base = version.strip_suffix(SNAPSHOT)?;
    (base.is_empty() || base.ends_with('-')).then_some(base)
}

/// What tells a build of a snapshot from the others. Later ones are greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Build {
    /// `20260101.120000`: its order is that of time.
    timestamp: String,
    number: u32,
}

impl Build {
    /// Reads `20260101.120000-1` at the beginning of a text, and gives what stands behind it.
    fn read(text: &str) -> Option<(Self, &str)> {
        const TIMESTAMP_BYTES: usize = 15;
        let (timestamp, rest) = text.split_at_checked(TIMESTAMP_BYTES)?;
        let is_good = timestamp.bytes().enumerate().all(|(index, byte)| {
            if index == 8 {
                byte == b'.'
            } else {
                byte.is_ascii_digit()
            }
        });
        let rest = rest.strip_prefix('-').filter(|_| is_good)?;
        let end = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let (number, rest) = rest.split_at(end);
        // One spelling each: builds 1 and 01 would be two versions with one file.
        if number.starts_with('0') && number.len() > 1 {
            return None;
        }
        let build = Self {
            timestamp: timestamp.to_owned(),
            number: number.parse().ok()?,
        };
        Some((build, rest))
    }

    /// The build that a version is.
    pub(super) fn of_version(version: &str) -> Option<Self> {
        // The shortest build has 17 characters; what stands before it ends with a hyphen.
        let at = (0..=version.len().checked_sub(17)?).rev().find(|at| {
            let before = version.get(..*at);
            before.is_some_and(|before| before.is_empty() || before.ends_with('-'))
                && matches!(version.get(*at..).and_then(Self::read), Some((_, "")))
        })?;
        Self::read(&version[at..]).map(|(build, _)| build)
    }

    /// From the members of snapshot metadata.
    pub(super) fn from_parts(timestamp: &str, number: &str) -> Option<Self> {
        match Self::read(&format!("{timestamp}-{number}"))? {
            (build, "") => Some(build),
            _ => None,
        }
    }

    pub(super) fn timestamp(&self) -> &str {
        &self.timestamp
    }

    pub(super) const fn number(&self) -> u32 {
        self.number
    }

    /// `20260101120000`, as metadata writes times.
    pub(super) fn updated(&self) -> String {
        self.timestamp.replace('.', "")
    }

    /// The version that this build of a snapshot is.
    pub(super) fn version(&self, snapshot: &str) -> Option<VersionName> {
        VersionName::parse(&format!("{}{self}", base_of(snapshot)?)).ok()
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.timestamp, self.number)
    }
}

/// What the name of a file in a snapshot's folder says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SnapshotFile<'f> {
    /// `lib-1.0-20260101.120000-1-sources.jar`: of one build; what follows it.
    OfBuild(Build, &'f str),
    /// `lib-1.0-SNAPSHOT-sources.jar`: of whichever build is the newest; what follows it.
    OfNewest(&'f str),
}

impl<'f> SnapshotFile<'f> {
    /// Reads a file's name; `None` when no build has such a file.
    pub(super) fn read(artifact: &str, snapshot: &str, file: &'f str) -> Option<Self> {
        let rest = file.strip_prefix(artifact)?.strip_prefix('-')?;
        let rest = rest.strip_prefix(base_of(snapshot)?)?;
        let (found, tail) = match rest.strip_prefix(SNAPSHOT) {
            Some(tail) => (Self::OfNewest(tail), tail),
            None => {
                let (build, tail) = Build::read(rest)?;
                (Self::OfBuild(build, tail), tail)
            }
        };
        tail.starts_with(['-', '.']).then_some(found)
    }
}

/// A file of a build, as its metadata lists it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece {
    /// `sources`.
    pub(super) classifier: Option<String>,
    /// `jar`, `tar.gz`, `jar.asc`.
    pub(super) extension: String,
}

impl Piece {
    /// Reads what follows the version in a file's name: `-sources.jar`, `.tar.gz`.
    pub(super) fn read(tail: &str) -> Option<Self> {
        let (classifier, extension) = match tail.strip_prefix('.') {
            Some(extension) => (None, extension),
            None => {
                let tail = tail.strip_prefix('-')?;
                let (classifier, extension) = tail.split_at(extension_at(tail)?);
                (Some(classifier), &extension[1..])
            }
        };
        let good = !extension.is_empty() && classifier.is_none_or(|text| !text.is_empty());
        good.then(|| Self {
            classifier: classifier.map(str::to_owned),
            extension: extension.to_owned(),
        })
    }
}

/// Where the dot of the extension is. Classifiers can have dots, and so can extensions: those of signatures, which stand
/// behind the extension of what they sign, and of packed archives.
fn extension_at(tail: &str) -> Option<usize> {
    let mut end = tail.len();
    for suffix in [".sigstore.json", ".sigstore", ".asc", ".sig"] {
        end = tail[..end].strip_suffix(suffix).map_or(end, str::len);
    }
    let dot = tail[..end].rfind('.').or_else(|| tail.rfind('.'))?;
    Some(tail[..dot].strip_suffix(".tar").map_or(dot, str::len))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(tail: &str) -> (Option<String>, String) {
        let found = Piece::read(tail).unwrap_or_else(|| panic!("{tail}"));
        (found.classifier, found.extension)
    }

    #[test]
    fn snapshots_and_builds_are_told_apart_from_releases() {
        for yes in ["1.0-SNAPSHOT", "SNAPSHOT", "1.0-alpha-1-SNAPSHOT"] {
            assert!(is_snapshot(yes) && !is_build(yes), "{yes}");
        }
        for yes in [
            "1.0-20260101.120000-1",
            "20260101.120000-7",
            "1.0-rc-1-20260101.120000-12",
        ] {
            assert!(is_build(yes) && !is_snapshot(yes), "{yes}");
        }
        for no in [
            "1.0",
            "1.0-snapshot",
            "1.0SNAPSHOT",
            "1.0-SNAPSHOT-1",
            "20260101.120000",
            "1.0-20260101.120000",
            "1.0-20260101.120000-",
            "1.0-20260101.120000-01",
            "1.0-20260101.120000-x",
            "1.020260101.120000-1",
            "1.0-20260101-120000-1",
            "1.0-20260101.120000-99999999999",
            "é-20260101.12000é-1",
        ] {
            assert!(!is_snapshot(no) && !is_build(no), "{no}");
        }
    }

    #[test]
    fn f_mvn_4_builds_are_in_order_of_time_and_then_of_number() {
        let build = |text| Build::of_version(text).unwrap();
        let mut builds = [
            build("1-20260102.000000-1"),
            build("1-20260101.120000-10"),
            build("1-20260101.120000-9"),
            build("1-20260101.115959-11"),
        ];
        builds.sort();
        let told: Vec<String> = builds.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "20260101.115959-11",
                "20260101.120000-9",
                "20260101.120000-10",
                "20260102.000000-1"
            ]
        );
        assert_eq!(builds[0].updated(), "20260101115959");
    }

    #[test]
    fn f_mvn_1_only_files_of_this_artifact_and_this_snapshot_are_its_files() {
        let read = |file| SnapshotFile::read("lib", "1.0-SNAPSHOT", file);
        let build = Build::of_version("20260101.120000-1").unwrap();
        assert_eq!(
            read("lib-1.0-20260101.120000-1.jar"),
            Some(SnapshotFile::OfBuild(build.clone(), ".jar"))
        );
        assert_eq!(
            read("lib-1.0-20260101.120000-1-sources.tar.gz"),
            Some(SnapshotFile::OfBuild(build, "-sources.tar.gz"))
        );
        assert_eq!(
            read("lib-1.0-SNAPSHOT-sources.jar"),
            Some(SnapshotFile::OfNewest("-sources.jar"))
        );
        for no in [
            "lib-1.0.jar",
            "lib-1.1-20260101.120000-1.jar",
            "lib-1.0-20260101.120000-1",
            "lib-1.0-20260101.120000-1x.jar",
            "lib-1.0-SNAPSHOTS.jar",
            "lib2-1.0-20260101.120000-1.jar",
            "other-1.0-20260101.120000-1.jar",
            "readme.txt",
        ] {
            assert_eq!(read(no), None, "{no}");
        }
        let build = Build::of_version("1.0-20260101.120000-1").unwrap();
        assert_eq!(
            build.version("1.0-SNAPSHOT").unwrap().as_str(),
            "1.0-20260101.120000-1"
        );
        assert_eq!(build.version("1.0"), None);
    }

    #[test]
    fn f_mvn_1_classifiers_and_extensions_with_dots_are_cut_where_maven_cuts_them() {
        let none = |extension: &str| (None, extension.to_owned());
        let some =
            |classifier: &str, extension: &str| (Some(classifier.to_owned()), extension.to_owned());
        for (tail, expected) in [
            (".jar", none("jar")),
            (".tar.gz", none("tar.gz")),
            (".pom.asc", none("pom.asc")),
            ("-sources.jar", some("sources", "jar")),
            ("-bin.tar.gz", some("bin", "tar.gz")),
            ("-bin.tar.gz.asc", some("bin", "tar.gz.asc")),
            (
                "-sources.jar.sigstore.json",
                some("sources", "jar.sigstore.json"),
            ),
            ("-hadoop2.7.jar", some("hadoop2.7", "jar")),
            ("-linux-x86_64.so", some("linux-x86_64", "so")),
            ("-x.asc", some("x", "asc")),
        ] {
            assert_eq!(piece(tail), expected, "{tail}");
        }
        for bad in ["", ".", "-", "-.jar", "jar", "-sources"] {
            assert_eq!(Piece::read(bad), None, "{bad}");
        }
    }
}
