//! `maven-metadata.xml` (Maven's "Maven Repository Metadata" model): read as a client or a public source wrote it, and
//! written for an artifact, a snapshot and a group.

use model::{EpochMillis, Namespace, PackageCoordinates, VersionName};
use serde::{Deserialize, Serialize};

use super::snapshot::{Build, Piece};
use super::xml::{Element, Fault, Writer, read as read_xml};

/// The outermost element.
const ROOT: &str = "metadata";

/// What a metadata file says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MetadataFile {
    pub(super) group: Option<String>,
    pub(super) artifact: Option<String>,
    pub(super) version: Option<String>,
    pub(super) latest: Option<String>,
    pub(super) release: Option<String>,
    pub(super) last_updated: Option<String>,
    /// In the order of the file.
    pub(super) versions: Vec<String>,
    /// The builds of a snapshot that it names.
    pub(super) builds: Vec<Build>,
    pub(super) plugins: Vec<Plugin>,
}

/// A plugin, as a group's metadata lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plugin {
    pub(super) name: Option<String>,
    pub(super) prefix: String,
    pub(super) artifact: String,
}

impl MetadataFile {
    /// Reads a file.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Fault> {
        let metadata = read_xml(bytes, ROOT)?;
        let owned = |element: &Element, name: &str| element.text_of(name).map(str::to_owned);
        let mut found = Self {
            group: owned(&metadata, "groupId"),
            artifact: owned(&metadata, "artifactId"),
            version: owned(&metadata, "version"),
            ..Self::default()
        };
        if let Some(versioning) = metadata.child("versioning") {
            found.latest = owned(versioning, "latest");
            found.release = owned(versioning, "release");
            found.last_updated = owned(versioning, "lastUpdated");
            let versions = versioning.child("versions").into_iter();
            found.versions = versions
                .flat_map(|list| list.all("version"))
                .filter_map(|version| version.text().map(str::to_owned))
                .collect();
            found.builds = builds(versioning);
        }
        let plugins = metadata.child("plugins").into_iter();
        found.plugins = plugins
            .flat_map(|list| list.all("plugin"))
            .filter_map(plugin)
            .collect();
        Ok(found)
    }

    /// Whether it says that it is about another package.
    pub(super) fn contradicts(&self, package: &PackageCoordinates) -> bool {
        let differs =
            |said: &Option<String>, is: &str| said.as_ref().is_some_and(|said| said != is);
        differs(&self.group, package.namespace_str())
            || differs(&self.artifact, package.name.as_str())
    }

    /// Whether it is about the plugins of a group, and about no artifact.
    pub(super) const fn is_of_group(&self) -> bool {
        !self.plugins.is_empty() && self.artifact.is_none() && self.versions.is_empty()
    }

    /// Every version that it names.
    pub(super) fn named_versions(&self) -> impl Iterator<Item = &str> {
        let single = [&self.version, &self.latest, &self.release];
        self.versions
            .iter()
            .chain(single.into_iter().flatten())
            .map(String::as_str)
    }
}

fn builds(versioning: &Element) -> Vec<Build> {
    let newest = versioning.child("snapshot").and_then(|snapshot| {
        Build::from_parts(
            snapshot.text_of("timestamp")?,
            snapshot.text_of("buildNumber")?,
        )
    });
    let listed = versioning.child("snapshotVersions").into_iter();
    let listed = listed
        .flat_map(|list| list.all("snapshotVersion"))
        .filter_map(|piece| Build::of_version(piece.text_of("value")?));
    let mut found: Vec<Build> = newest.into_iter().chain(listed).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn plugin(element: &Element) -> Option<Plugin> {
    Some(Plugin {
        name: element.text_of("name").map(str::to_owned),
        prefix: element.text_of("prefix")?.to_owned(),
        artifact: element.text_of("artifactId")?.to_owned(),
    })
}

/// What the metadata of an artifact shows.
pub(super) struct ArtifactMetadata<'m> {
    pub(super) package: &'m PackageCoordinates,
    pub(super) latest: &'m str,
    pub(super) release: Option<&'m str>,
    /// In order.
    pub(super) versions: Vec<&'m str>,
    pub(super) last_updated: Option<&'m str>,
}

impl ArtifactMetadata<'_> {
    pub(super) fn write(&self) -> String {
        let mut writer = begin(self.package, "");
        writer.open("versioning");
        writer.text("latest", self.latest);
        writer.text_if_any("release", self.release);
        writer.open("versions");
        for version in &self.versions {
            writer.text("version", version);
        }
        writer.close();
        writer.text_if_any("lastUpdated", self.last_updated);
        writer.finish()
    }
}

/// Writes the metadata of a snapshot: its newest build, and the files of that.
pub(super) fn write_snapshot(
    package: &PackageCoordinates,
    snapshot: &VersionName,
    build: &Build,
    pieces: &[Piece],
) -> String {
    let value = build.version(snapshot.as_str());
    let value = value.as_ref().map_or("", VersionName::as_str);
    let updated = build.updated();
    // Clients read the list of files only where the model says that there can be one.
    let mut writer = begin(package, " modelVersion=\"1.1.0\"");
    writer.text("version", snapshot.as_str());
    writer.open("versioning");
    writer.open("snapshot");
    writer.text("timestamp", build.timestamp());
    writer.text("buildNumber", &build.number().to_string());
    writer.close();
    writer.text("lastUpdated", &updated);
    writer.open("snapshotVersions");
    for piece in pieces {
        writer.open("snapshotVersion");
        writer.text_if_any("classifier", piece.classifier.as_deref());
        writer.text("extension", &piece.extension);
        writer.text("value", value);
        writer.text("updated", &updated);
        writer.close();
    }
    writer.finish()
}

/// Writes the metadata of a group: its plugins.
pub(super) fn write_group(plugins: &[Plugin]) -> String {
    let mut writer = Writer::begin(ROOT, "");
    writer.open("plugins");
    for plugin in plugins {
        writer.open("plugin");
        writer.text_if_any("name", plugin.name.as_deref());
        writer.text("prefix", &plugin.prefix);
        writer.text("artifactId", &plugin.artifact);
        writer.close();
    }
    writer.finish()
}

fn begin(package: &PackageCoordinates, attributes: &str) -> Writer {
    let mut writer = Writer::begin(ROOT, attributes);
    let group = package.namespace.as_ref().map(Namespace::as_str);
    writer.text_if_any("groupId", group);
    writer.text("artifactId", package.name.as_str());
    writer
}

/// A time as metadata writes it: `20260101120000`, in UTC.
pub(super) fn write_time(at: EpochMillis) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(at.0).ok()?;
    // Four digits for the year is what the form has.
    let text = time.strftime("%Y%m%d%H%M%S").to_string();
    (text.len() == 14).then_some(text)
}

/// Whether a text is a time in that form.
pub(super) fn is_time(text: &str) -> bool {
    text.len() == 14 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maven::name::package;

    #[test]
    fn metadata_of_an_artifact_is_written_and_read() {
        let package = package("org.acme", "lib").unwrap();
        let text = ArtifactMetadata {
            package: &package,
            latest: "1.1-SNAPSHOT",
            release: Some("1.0"),
            versions: vec!["0.9", "1.0", "1.1-SNAPSHOT"],
            last_updated: Some("20260101120000"),
        }
        .write();
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata>\n  <groupId>org.acme</groupId>\n"));
        let found = MetadataFile::read(text.as_bytes()).unwrap();
        assert_eq!(found.versions, ["0.9", "1.0", "1.1-SNAPSHOT"]);
        assert_eq!(found.latest.as_deref(), Some("1.1-SNAPSHOT"));
        assert_eq!(found.release.as_deref(), Some("1.0"));
        assert_eq!(found.last_updated.as_deref(), Some("20260101120000"));
        assert!(!found.contradicts(&package) && !found.is_of_group());
    }

    #[test]
    fn metadata_of_a_snapshot_is_written_and_read() {
        let package = package("org.acme", "lib").unwrap();
        let snapshot = VersionName::parse("1.0-SNAPSHOT").unwrap();
        let build = Build::from_parts("20260101.120000", "3").unwrap();
        let pieces = [
            Piece::read(".jar").unwrap(),
            Piece::read("-sources.jar").unwrap(),
        ];
        let text = write_snapshot(&package, &snapshot, &build, &pieces);
        assert!(text.contains("<metadata modelVersion=\"1.1.0\">"), "{text}");
        assert!(text.contains("<classifier>sources</classifier>"), "{text}");
        assert_eq!(
            text.matches("<value>1.0-20260101.120000-3</value>").count(),
            2
        );
        let found = MetadataFile::read(text.as_bytes()).unwrap();
        assert_eq!(found.version.as_deref(), Some("1.0-SNAPSHOT"));
        assert_eq!(found.builds, [build]);
    }

    #[test]
    fn metadata_of_a_group_is_written_and_read() {
        let plugins = [Plugin {
            name: Some("A & B".into()),
            prefix: "acme".into(),
            artifact: "acme-maven-plugin".into(),
        }];
        let found = MetadataFile::read(write_group(&plugins).as_bytes()).unwrap();
        assert_eq!(found.plugins, plugins);
        assert!(found.is_of_group());
    }

    #[test]
    fn f_mvn_2_metadata_about_something_else_is_noticed() {
        let lib = package("org.acme", "lib").unwrap();
        for (said, contradicts) in [
            (
                "<groupId>org.acme</groupId><artifactId>lib</artifactId>",
                false,
            ),
            ("", false),
            (
                "<groupId>org.other</groupId><artifactId>lib</artifactId>",
                true,
            ),
            (
                "<groupId>org.acme</groupId><artifactId>other</artifactId>",
                true,
            ),
        ] {
            let file =
                MetadataFile::read(format!("<metadata>{said}</metadata>").as_bytes()).unwrap();
            assert_eq!(file.contradicts(&lib), contradicts, "{said}");
        }
    }

    #[test]
    fn x22_times_have_fourteen_digits_or_are_left_out() {
        assert_eq!(
            write_time(EpochMillis(0)).as_deref(),
            Some("19700101000000")
        );
        assert_eq!(
            write_time(EpochMillis(1_767_268_800_123)).as_deref(),
            Some("20260101120000")
        );
        assert_eq!(write_time(EpochMillis(i64::MAX)), None);
        assert!(is_time("20260101120000"));
        for bad in ["", "2026", "20260101.120000", "2026-01-01 12:00:00"] {
            assert!(!is_time(bad), "{bad}");
        }
    }
}
