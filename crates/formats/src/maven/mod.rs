//! Maven: the repository layout (Maven's "Repository Layout - Default" page) and its metadata files, for mvn, Gradle, sbt,
//! Ivy and Leiningen.
//!
//! Reading and writing of files ([`pom`], [`metadata_xml`], [`plugin_descriptor`], [`source`], [`shown`]) knows no HTTP; the
//! endpoints beside it know no XML. A namespace is a group id, a package an artifact id, an asset a file by its name.

mod checksum;
mod connections;
mod description;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod group_plugins;
mod layout;
mod metadata_xml;
mod name;
mod plugin_descriptor;
mod pom;
mod put_checksum;
mod put_file;
mod put_metadata;
mod read_file;
mod read_metadata;
mod reply;
mod routes;
mod shown;
mod snapshot;
mod source;
mod version;
mod version_metadata;
mod xml;

use std::io::Read as _;

use catalog::{AssetBytes, Examined, FormatRules, Growth, PublicConnection, PublicSource};
use model::{
    AssetName, Constraint, Dependency, Error, FormatId, InvalidReason, Namespace,
    PackageCoordinates, PackageName, Result, VersionDetails, VersionName,
};

use crate::namespace_rule::NAMESPACE_NEEDED;
use crate::{Endpoint, Format, RequestHead};
use version_metadata::VersionMetadata;

const ID: FormatId = FormatId::new("maven");

/// The Maven format.
pub(crate) struct Maven;

impl FormatRules for Maven {
    fn id(&self) -> FormatId {
        ID
    }

    /// The namespace is the group id.
    fn coordinates(
        &self,
        namespace: Option<Namespace>,
        package: PackageName,
    ) -> Result<PackageCoordinates, (&'static str, Constraint)> {
        let namespace = namespace.ok_or(NAMESPACE_NEEDED)?;
        name::check_group(&namespace).map_err(|constraint| ("namespace", constraint))?;
        name::check_artifact(&package).map_err(|constraint| ("package", constraint))?;
        Ok(PackageCoordinates {
            format: ID,
            namespace: Some(namespace),
            name: package,
        })
    }

    fn growth(&self) -> Growth {
        Growth::Always
    }

    /// A version's POM tells what it is, the jar of a plugin the prefix of its goals.
    fn examine(
        &self,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        bytes: &mut dyn AssetBytes,
    ) -> Result<Examined> {
        let tail = asset
            .as_str()
            .strip_prefix(package.name.as_str())
            .and_then(|rest| rest.strip_prefix('-')?.strip_prefix(version.as_str()));
        let found = match tail {
            Some(".pom") => read_pom(asset, bytes)?,
            Some(".jar") => VersionMetadata {
                goal_prefix: plugin_descriptor::goal_prefix(bytes),
                ..VersionMetadata::default()
            },
            _ => VersionMetadata::default(),
        };
        let metadata = (found != VersionMetadata::default()).then(|| found.write());
        Ok(Examined {
            metadata,
            ..Examined::default()
        })
    }

    fn merge_metadata(&self, held: &str, new: &str) -> String {
        version_metadata::merge(held, new)
    }

    fn connections(&self) -> &'static [PublicConnection] {
        connections::PUBLIC
    }

    fn source(&self) -> Option<&dyn PublicSource> {
        Some(&source::MavenSource)
    }

    fn has_readme(&self) -> bool {
        false
    }

    fn dependencies(&self, metadata: &str) -> Vec<Dependency> {
        description::dependencies(metadata)
    }

    fn details(&self, _: &PackageCoordinates, metadata: &str) -> VersionDetails {
        description::details(metadata)
    }
}

fn read_pom(asset: &AssetName, bytes: &mut dyn AssetBytes) -> Result<VersionMetadata> {
    let mut text = Vec::new();
    // One byte more than can be read, so that a longer one is noticed.
    let most = xml::MOST_BYTES as u64 + 1;
    bytes
        .take(most)
        .read_to_end(&mut text)
        .map_err(Error::internal)?;
    let pom = pom::read(&text).map_err(|fault| {
        let message = format!(
            "The POM '{}' cannot be published: it {fault}.",
            asset.as_str()
        );
        Error::invalid(InvalidReason::Other, message)
    })?;
    Ok(VersionMetadata {
        pom: Some(pom),
        ..VersionMetadata::default()
    })
}

impl Format for Maven {
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>> {
        routes::route(head)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn examined(file: &str, bytes: &[u8]) -> Result<Option<String>> {
        let package = name::package("org.acme", "lib").unwrap();
        let (version, asset) = (
            VersionName::parse("1.0").unwrap(),
            AssetName::parse(file).unwrap(),
        );
        Maven
            .examine(&package, &version, &asset, &mut Cursor::new(bytes))
            .map(|found| found.metadata)
    }

    #[test]
    fn a_group_id_is_needed_and_nothing_is_normalized() {
        let name = PackageName::parse("Log4J-core").unwrap();
        assert_eq!(
            Maven.coordinates(None, name.clone()).unwrap_err(),
            NAMESPACE_NEEDED
        );
        let group = Some(Namespace::parse("org.Apache.logging").unwrap());
        let coordinates = Maven.coordinates(group, name).unwrap();
        assert_eq!(
            coordinates.to_string(),
            "maven/org.Apache.logging/Log4J-core"
        );
    }

    #[test]
    fn u04_f_mvn_2_only_the_poms_own_words_are_kept_and_a_hostile_one_is_refused() {
        let pom = b"<project><groupId>org.other</groupId><name>N</name></project>";
        let told = examined("lib-1.0.pom", pom).unwrap();
        assert_eq!(told.as_deref(), Some(r#"{"pom":{"name":"N"}}"#));
        for other in ["lib-1.0-x.pom", "lib-1.1.pom", "other-1.0.pom", "pom.xml"] {
            assert_eq!(examined(other, pom).unwrap(), None, "{other}");
        }
        let hostile =
            b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><project>&a;</project>";
        let refused = examined("lib-1.0.pom", hostile).unwrap_err();
        assert!(refused.message.contains("document type"), "{refused}");
        assert!(examined("lib-1.0.pom", &vec![b' '; xml::MOST_BYTES + 9]).is_err());
    }

    #[test]
    fn the_jar_of_a_plugin_names_the_prefix_of_its_goals() {
        let descriptor = b"<plugin><goalPrefix>acme</goalPrefix></plugin>";
        let jar =
            plugin_descriptor::tests::jar_with(b"META-INF/maven/plugin.xml", descriptor, true);
        let told = examined("lib-1.0.jar", &jar).unwrap();
        assert_eq!(told.as_deref(), Some(r#"{"goalPrefix":"acme"}"#));
        assert_eq!(examined("lib-1.0-sources.jar", &jar).unwrap(), None);
        assert_eq!(examined("lib-1.0.jar", b"no jar").unwrap(), None);
    }
}
