//! Public repositories: where their files are, and what is read of their metadata.
//!
//! Their metadata lists versions and no files, so files are asked for by name, each with its checksum file beside it.
//! Snapshots are not taken from public repositories.

use std::collections::HashSet;

use bytes::Bytes;
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourceChecksum, SourcePackage, SourceRequest,
    SourceVersion, Unreadable,
};
use model::{AssetName, Namespace, PackageCoordinates, VersionName};
use serde::{Deserialize, Serialize};
use url::Url;

use super::checksum::{Algorithm, read_sha1};
use super::layout::METADATA;
use super::metadata_xml::{MetadataFile, is_time};
use super::name::is_release;

const ACCEPT: &str = "application/xml, text/xml, */*;q=0.5";
const NO_METADATA: &[u8] = b"{}";
/// The largest file that holds a digest. Some hold a line of prose besides.
const CHECKSUM_BYTES: u64 = 4096;

/// Maven's public sources.
pub(super) struct MavenSource;

/// What a source says of an artifact beside its versions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct SourceWords {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) latest: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) release: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_updated: Option<String>,
}

impl SourceWords {
    /// Reads what was kept of them.
    pub(super) fn read(extras: &[u8]) -> Self {
        serde_json::from_slice(extras).unwrap_or_default()
    }
}

impl PublicSource for MavenSource {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let group = package.namespace_str().split('.');
        request(base, group.chain([package.name.as_str()]))
    }

    fn read(
        &self,
        _base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let file =
            MetadataFile::read(document).map_err(|fault| Unreadable(format!("it {fault}")))?;
        // Metadata of a group stands at the address of an artifact of the group above it.
        if file.is_of_group() {
            return Ok(SourcePackage::default());
        }
        if file.contradicts(package) {
            return Err(Unreadable("it is about another package".into()));
        }
        let mut seen = HashSet::new();
        let versions = file
            .versions
            .iter()
            .filter_map(|version| VersionName::parse(version).ok())
            .filter(|version| is_release(version) && seen.insert(version.clone()))
            .map(|version| SourceVersion {
                version,
                metadata: Bytes::from_static(NO_METADATA),
                readme: None,
                published_at: None,
                assets: Vec::new(),
            })
            .collect();
        let words = SourceWords {
            latest: file.latest,
            release: file.release,
            last_updated: file.last_updated.filter(|time| is_time(time)),
        };
        let extras = serde_json::to_vec(&words).map_err(|error| Unreadable(error.to_string()))?;
        Ok(SourcePackage {
            versions,
            tags: Vec::new(),
            extras: extras.into(),
        })
    }

    fn unlisted_asset(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<Option<SourceAsset>, Unreadable> {
        let file = asset.as_str();
        let is_file = !file.contains('/') && file != METADATA && Algorithm::split(file).is_none();
        if !is_file || !is_release(version) {
            return Ok(None);
        }
        let group = package.namespace_str().split('.');
        let folder: Vec<&str> = group
            .chain([package.name.as_str(), version.as_str()])
            .collect();
        let at = |file: &str| address(base, folder.iter().copied().chain([file]));
        let suffix = Algorithm::Sha1.suffix();
        let checksum = SourceChecksum {
            url: at(&format!("{file}.{suffix}"))?,
            read: |text| {
                let sha1 = Some(read_sha1(text)?);
                Some(ExpectedDigests {
                    sha1,
                    ..ExpectedDigests::default()
                })
            },
            limit_bytes: CHECKSUM_BYTES,
        };
        let mut found = SourceAsset::new(asset.clone(), at(file)?, ExpectedDigests::default());
        found.checksum = Some(checksum);
        Ok(Some(found))
    }

    fn usual_assets(&self, package: &PackageCoordinates, version: &VersionName) -> Vec<AssetName> {
        [".pom", ".jar", "-sources.jar", "-javadoc.jar"]
            .into_iter()
            .filter_map(|tail| AssetName::parse(&format!("{}-{version}{tail}", package.name)).ok())
            .collect()
    }

    fn namespace_document(
        &self,
        base: &Url,
        namespace: &Namespace,
    ) -> Result<Option<SourceRequest>, Unreadable> {
        request(base, namespace.as_str().split('.')).map(Some)
    }
}

/// The request for the metadata in a folder.
fn request<'p>(
    base: &Url,
    folders: impl Iterator<Item = &'p str>,
) -> Result<SourceRequest, Unreadable> {
    Ok(SourceRequest {
        url: address(base, folders.chain([METADATA]))?,
        accept: ACCEPT,
    })
}

/// An address below a base, each part of it one segment.
fn address<'p>(base: &Url, parts: impl Iterator<Item = &'p str>) -> Result<Url, Unreadable> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Unreadable("the address of the source takes no path".into()))?
        .pop_if_empty()
        .extend(parts);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maven::name::package;

    fn base() -> Url {
        Url::parse("https://repo.example/maven2/").unwrap()
    }

    fn version(text: &str) -> VersionName {
        VersionName::parse(text).unwrap()
    }

    fn read(document: &str) -> Result<SourcePackage, Unreadable> {
        let lib = package("org.acme", "lib").unwrap();
        MavenSource.read(&base(), &lib, &Bytes::from(document.to_owned()))
    }

    #[test]
    fn p07_addresses_are_built_from_parsed_parts() {
        let lib = package("org.acme", "lib+x").unwrap();
        let metadata = MavenSource.metadata(&base(), &lib).unwrap();
        assert_eq!(
            metadata.url.as_str(),
            "https://repo.example/maven2/org/acme/lib+x/maven-metadata.xml"
        );
        let asset = |version_name: &str, file: &str| {
            let asset = AssetName::parse(file).unwrap();
            MavenSource
                .unlisted_asset(&base(), &lib, &version(version_name), &asset)
                .unwrap()
        };
        let found = asset("1.0", "lib+x-1.0 #?.jar").unwrap();
        assert_eq!(
            found.url.as_str(),
            "https://repo.example/maven2/org/acme/lib+x/1.0/lib+x-1.0%20%23%3F.jar"
        );
        let checksum = found.checksum.unwrap();
        assert_eq!(
            checksum.url.as_str(),
            "https://repo.example/maven2/org/acme/lib+x/1.0/lib+x-1.0%20%23%3F.jar.sha1"
        );
        let digest = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let expected = (checksum.read)(&format!("{digest}  lib.jar")).unwrap();
        assert_eq!(expected.sha1.unwrap().to_hex(), digest);
        for (version_name, file) in [
            ("1.0-SNAPSHOT", "lib+x-1.0-20260101.120000-1.jar"),
            ("1.0-20260101.120000-1", "lib+x-1.0-20260101.120000-1.jar"),
            ("1.0", "lib+x-1.0.jar.sha1"),
            ("1.0", "maven-metadata.xml"),
            ("1.0", "../x"),
            ("LATEST", "lib+x-LATEST.jar"),
        ] {
            assert!(asset(version_name, file).is_none(), "{version_name}/{file}");
        }
        let group = Namespace::parse("org.acme").unwrap();
        let plugins = MavenSource.namespace_document(&base(), &group).unwrap();
        assert_eq!(
            plugins.unwrap().url.as_str(),
            "https://repo.example/maven2/org/acme/maven-metadata.xml"
        );
    }

    #[test]
    fn the_usual_files_of_a_version_are_guessed() {
        let lib = package("org.acme", "lib").unwrap();
        let told: Vec<String> = MavenSource
            .usual_assets(&lib, &version("1.0"))
            .iter()
            .map(|asset| asset.as_str().to_owned())
            .collect();
        assert_eq!(
            told,
            [
                "lib-1.0.pom",
                "lib-1.0.jar",
                "lib-1.0-sources.jar",
                "lib-1.0-javadoc.jar"
            ]
        );
    }

    #[test]
    fn only_good_releases_are_read_each_once() {
        let found = read(
            "<metadata><groupId>org.acme</groupId><artifactId>lib</artifactId><versioning><latest>1.1-SNAPSHOT</latest>\
             <release>1.0</release><versions><version>1.0</version><version>1.0</version><version>1.1-SNAPSHOT</version>\
             <version>../2</version><version>[1,2)</version><version>1.0-20260101.120000-1</version><version/>\
             <version>0.9</version></versions><lastUpdated>20260101120000</lastUpdated></versioning></metadata>",
        )
        .unwrap();
        let versions: Vec<&str> = found
            .versions
            .iter()
            .map(|found| found.version.as_str())
            .collect();
        assert_eq!(versions, ["1.0", "0.9"]);
        let words = SourceWords::read(&found.extras);
        assert_eq!(words.release.as_deref(), Some("1.0"));
        assert_eq!(words.last_updated.as_deref(), Some("20260101120000"));
        assert_eq!(SourceWords::read(b""), SourceWords::default());
    }

    #[test]
    fn x09_x11_documents_about_something_else_are_unreadable() {
        for bad in [
            "",
            "<html><body>log in</body></html>",
            "<metadata><groupId>org.other</groupId><artifactId>lib</artifactId></metadata>",
            "<metadata><groupId>org.acme</groupId><artifactId>other</artifactId></metadata>",
            "<!DOCTYPE metadata><metadata/>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        let plugins = read(
            "<metadata><plugins><plugin><prefix>x</prefix><artifactId>y</artifactId></plugin></plugins></metadata>",
        );
        assert!(plugins.unwrap().versions.is_empty());
    }
}
