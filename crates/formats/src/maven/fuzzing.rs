//! What the fuzz targets of this format call; see [`crate::fuzzing`].

use std::io::Cursor;

use bytes::Bytes;
use catalog::PublicSource as _;
use url::Url;

use super::layout::Place;
use super::version::{Version, sort};
use super::{
    description, layout, metadata_xml, name, plugin_descriptor, pom, source, version_metadata,
};
use crate::kit::path;

pub(crate) fn metadata(data: &[u8]) {
    if let Ok(file) = metadata_xml::MetadataFile::read(data) {
        let again = metadata_xml::write_group(&file.plugins);
        let again = metadata_xml::MetadataFile::read(again.as_bytes());
        assert!(again.is_ok_and(|again| again.plugins.len() == file.plugins.len()));
        let versions = file.versions.iter().filter(|version| version.len() < 256);
        let versions: Vec<_> = versions
            .map(|version| (Version::read(version), version))
            .collect();
        let count = versions.len();
        assert_eq!(sort(versions).len(), count);
    }
    let base = Url::parse("https://repo.example/").expect("a constant that is an address");
    let lib = name::package("org.acme", "lib").expect("constants that are names");
    if let Ok(found) = source::MavenSource.read(&base, &lib, &Bytes::copy_from_slice(data)) {
        assert!(
            found
                .versions
                .iter()
                .all(|found| name::is_release(&found.version))
        );
    }
}

pub(crate) fn path(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(path) = path::read(text) else { return };
    let segments: Vec<&str> = path.segments.iter().map(AsRef::as_ref).collect();
    let Ok(address) = layout::read(&segments) else {
        return;
    };
    let read = match &address.place {
        Place::File(file) | Place::BuildFile { file, .. } => Some(file.version.clone()),
        Place::NewestFile { snapshot, .. } | Place::SnapshotMetadata { snapshot, .. } => {
            Some(snapshot.clone())
        }
        Place::Metadata { .. } => None,
    };
    if let Some(version) = read {
        let parsed = Version::read(version.as_str());
        assert!(parsed.compare(&parsed).is_eq());
    }
    if let Ok(file) = address.place.into_written() {
        assert!(!file.asset.as_str().contains('/'));
    }
}

pub(crate) fn pom(data: &[u8]) {
    if let Ok(found) = pom::read(data) {
        let metadata = version_metadata::VersionMetadata {
            pom: Some(found),
            ..Default::default()
        };
        let json = metadata.write();
        assert_eq!(version_metadata::merge(&json, "{}"), json);
        description::details(&json);
        description::dependencies(&json);
    }
    plugin_descriptor::goal_prefix(&mut Cursor::new(data));
}
