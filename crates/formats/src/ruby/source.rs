//! The public gem host, by its compact index: what to ask, how to read it, which digests to expect.
//!
//! `info/{gem}` has every version with the SHA-256 of its file; `versions` has the names of all gems. Specifications are
//! beside it, in Ruby's serialization: they are passed on, and never read.

use std::collections::HashMap;

use bytes::Bytes;
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourceCompanion, SourcePackage, SourceRequest,
    SourceVersion, Unreadable,
};
use model::{AssetName, PackageCoordinates, Sha256Digest, VersionName};
use url::Url;

use super::info::{Line, lines};
use super::version;
use super::version_metadata::VersionMetadata;
use super::{LIST, quick_name};

const ACCEPT: &str = "text/plain, */*;q=0.5";
/// The list of all gems has some twenty megabytes.
const LIST_FRESHNESS_MS: i64 = 15 * 60_000;

/// The public gem host, and what speaks as it does.
pub(super) struct RubySource;

impl PublicSource for RubySource {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let url = if self.is_list(package) {
            below(base, &["versions"])
        } else {
            below(base, &["info", package.name.as_str()])
        };
        Ok(SourceRequest {
            url: url?,
            accept: ACCEPT,
        })
    }

    fn read(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let text = std::str::from_utf8(document).map_err(|error| Unreadable(error.to_string()))?;
        let Some(found) = lines(text) else {
            return Err(Unreadable("it is no document of a compact index".into()));
        };
        if self.is_list(package) {
            return Ok(SourcePackage {
                extras: document.clone(),
                ..SourcePackage::default()
            });
        }
        grouped(base, package, found)
    }

    fn is_list(&self, package: &PackageCoordinates) -> bool {
        package.name.as_str() == LIST
    }

    fn list_freshness_ms(&self) -> i64 {
        LIST_FRESHNESS_MS
    }
}

fn below(base: &Url, segments: &[&str]) -> Result<Url, Unreadable> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Unreadable("the address of the source takes no path".into()))?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// A version in the making.
struct Group {
    version: VersionName,
    metadata: VersionMetadata<'static>,
    assets: Vec<SourceAsset>,
}

/// The lines of a gem, brought together by version. A line that cannot be read is left out, and so is one without a digest:
/// nothing could be held against it.
fn grouped<'l>(
    base: &Url,
    package: &PackageCoordinates,
    lines: impl Iterator<Item = &'l str>,
) -> Result<SourcePackage, Unreadable> {
    let gem = package.name.as_str();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let (mut read, mut passed) = (0, 0);
    for line in lines.filter(|line| !line.is_empty()) {
        let Some((line, asset)) = checked(base, gem, line)? else {
            passed += 1;
            continue;
        };
        let Ok(version) = VersionName::parse(line.name.number) else {
            continue;
        };
        let place = *places
            .entry(version::key(line.name.number))
            .or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                version,
                metadata: VersionMetadata::default(),
                assets: Vec::new(),
            });
        }
        let group = &mut groups[place];
        let file = asset.name.as_str().to_owned();
        // Of two lines for one file the later one stands, as installers read it.
        group.assets.retain(|known| known.name != asset.name);
        group.metadata.gems.insert(file, line.facts(read));
        group.assets.push(asset);
        read += 1;
    }
    if read == 0 && passed > 0 {
        return Err(Unreadable("not one line of it can be read".into()));
    }
    let versions = groups.into_iter().map(|group| SourceVersion {
        version: group.version,
        metadata: Bytes::from(group.metadata.to_json()),
        readme: None,
        published_at: None,
        assets: group.assets,
    });
    Ok(SourcePackage {
        versions: versions.collect(),
        ..SourcePackage::default()
    })
}

fn checked<'l>(
    base: &Url,
    gem: &str,
    line: &'l str,
) -> Result<Option<(Line<'l>, SourceAsset)>, Unreadable> {
    let Some(line) = Line::parse(line) else {
        return Ok(None);
    };
    let file = line.name.file(gem);
    let sha256 = line.sha256.and_then(Sha256Digest::from_hex);
    let (Some(sha256), Ok(name)) = (sha256, AssetName::parse(&file)) else {
        return Ok(None);
    };
    let expected = ExpectedDigests {
        sha256: Some(sha256),
        ..ExpectedDigests::default()
    };
    let mut asset = SourceAsset::new(name, below(base, &["gems", &file])?, expected);
    asset.companion = Some(SourceCompanion {
        url: below(base, &["quick", "Marshal.4.8", &quick_name(&file)])?,
        expected: ExpectedDigests::default(),
    });
    Ok(Some((line, asset)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ruby::name::find_gem;

    const SHA: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn read(text: &str) -> Result<SourcePackage, Unreadable> {
        let base = Url::parse("https://gems.example/mirror/").unwrap();
        let text = text.replace("SHA", SHA);
        RubySource.read(&base, &find_gem("widget").unwrap(), &Bytes::from(text))
    }

    #[test]
    fn lines_become_versions_with_their_files() {
        let found = read(
            "---\n1.0 a:>= 1|checksum:SHA,ruby:>= 2\n1.0-java |checksum:SHA\n1.1 |checksum:SHA\n",
        )
        .unwrap();
        let names: Vec<_> = found.versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(names, ["1.0", "1.1"]);
        let assets = &found.versions[0].assets;
        assert_eq!(
            assets[1].url.as_str(),
            "https://gems.example/mirror/gems/widget-1.0-java.gem"
        );
        assert_eq!(
            assets[0].companion.as_ref().unwrap().url.as_str(),
            "https://gems.example/mirror/quick/Marshal.4.8/widget-1.0.gemspec.rz"
        );
        assert!(assets[0].expected.sha256.is_some());
        let kept = VersionMetadata::read(&found.versions[0].metadata);
        let facts = &kept.gems["widget-1.0.gem"];
        assert_eq!(facts.needs.as_deref(), Some("a:>= 1"));
        assert_eq!(
            (facts.requires.as_deref(), facts.at),
            (Some("ruby:>= 2"), Some(0))
        );
    }

    #[test]
    fn equal_versions_in_two_spellings_are_one() {
        let found = read("---\n1.0 |checksum:SHA\n1.0.0 |checksum:SHA\n").unwrap();
        assert_eq!(found.versions.len(), 1);
        assert_eq!(found.versions[0].assets.len(), 2);
    }

    #[test]
    fn x09_what_cannot_be_read_is_left_out_and_an_index_that_is_none_is_refused() {
        let found = read("---\n../1 |checksum:SHA\n1.0 |checksum:12\n1.1 |\n1.2 |checksum:SHA\n");
        let found = found.unwrap();
        assert_eq!(found.versions.len(), 1);
        assert_eq!(found.versions[0].version.as_str(), "1.2");
        for bad in [
            "",
            "<html>\n",
            "1.0 |checksum:SHA\n",
            "---\n<html>\n",
            "---\nx y z\n",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        assert_eq!(read("---\n").unwrap().versions.len(), 0);
    }
}
