//! What the fuzz targets of this format call; see [`crate::fuzzing`].

use std::io::Cursor;

use bytes::Bytes;
use catalog::PublicSource as _;
use url::Url;

use super::facts::VersionMetadata;
use super::package_file::{PackageFile, asset_name};
use super::source::{self, NugetSource};
use super::version::{self, Range, Version};
use super::{facts, id, nuspec};

pub(crate) fn manifest(data: &[u8]) {
    if let Ok(found) = nuspec::read(data) {
        assert!(id::find_package(&found.id).is_some());
        assert!(Version::parse(&found.version).is_some());
        let metadata = VersionMetadata {
            package: Some(found),
            source: None,
        };
        let json = metadata.to_json();
        assert_eq!(VersionMetadata::read(json.as_bytes()), metadata);
        facts::details(&json);
        facts::dependencies(&json);
    }
}

pub(crate) fn package(data: &[u8]) {
    if let Ok(found) = PackageFile::read(&mut Cursor::new(data)) {
        assert!(found.manifest.len() <= nuspec::MOST_BYTES);
        let name = asset_name(&found.package, &found.version);
        assert!(name.is_none_or(|name| name.as_str().ends_with(".nupkg")));
    }
}

pub(crate) fn version(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    for text in [one, other] {
        let key = version::key(text);
        assert_eq!(version::key(&key), key);
        if let Some(range) = Range::parse(text) {
            assert_eq!(Range::parse(&range.to_string()), Some(range));
        }
    }
    if let (Some(one), Some(other)) = (Version::parse(one), Version::parse(other)) {
        assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
        assert_eq!(one == other, one.key() == other.key());
        assert_eq!(Version::parse(&one.lower()), Some(one));
    }
}

pub(crate) fn registration(data: &[u8]) {
    let base = Url::parse("https://gallery.example/v3/index.json").expect("a constant address");
    let package = id::find_package("acme.lib").expect("a constant id");
    let document = Bytes::copy_from_slice(data);
    if let Ok(folder) = NugetSource.metadata_base(&base, &document) {
        assert_eq!(folder.host(), base.host());
    }
    source::signatures(&document);
    if let Ok(further) = NugetSource.further_metadata(&base, &package, &document) {
        assert!(further.iter().all(|page| page.url.host() == base.host()));
        let pages: Vec<Bytes> = further.iter().map(|_| document.clone()).collect();
        if pages.len() < 4
            && let Ok(joined) = NugetSource.joined_metadata(document.clone(), &pages)
        {
            NugetSource.read(&base, &package, &joined).ok();
        }
    }
    if let Ok(found) = NugetSource.read(&base, &package, &document) {
        for version in &found.versions {
            assert!(Version::parse(version.version.as_str()).is_some());
            assert_eq!(version.assets.len(), 1);
        }
    }
}
