//! A public index: what to ask, how to read it, which digests to expect ("Index Format" and "Index Configuration" in The
//! Cargo Book).
//!
//! Its `config.json` says where files are; lines are kept as they are written. What a line says is a claim: one that is
//! about another crate is left out, and so is one whose digest cannot be compared with.

use std::collections::HashSet;

use bytes::Bytes;
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourcePackage, SourceRequest, SourceVersion,
    Unreadable,
};
use jiff::Timestamp;
use model::{EpochMillis, PackageCoordinates, VersionName};
use serde::Deserialize;
use url::Url;

use super::download::asset_name;
use super::index_line::LineHead;
use super::name::{folders, is_name};
use super::version;

/// The public index and what speaks as it does.
pub(super) struct CargoSource;

impl PublicSource for CargoSource {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let name = package.name.as_str();
        if !is_name(name) {
            return Err(Unreadable("no crate can have this name".into()));
        }
        let folders = folders(name);
        below(base, folders.split('/').chain([name]))
    }

    fn layout(&self, base: &Url) -> Result<Option<SourceRequest>, Unreadable> {
        below(base, ["config.json"]).map(Some)
    }

    fn read(
        &self,
        _: &Url,
        _: &PackageCoordinates,
        _: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        Err(Unreadable("its index does not say where files are".into()))
    }

    fn read_by_layout(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
        layout: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let downloads = Downloads::read(base, layout)?;
        let text = std::str::from_utf8(document).map_err(|error| Unreadable(error.to_string()))?;
        let mut seen = HashSet::new();
        let mut found = SourcePackage::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let Some(version) = read_line(package, &downloads, document, line) else {
                continue;
            };
            if seen.insert(version.version.clone()) {
                found.versions.push(version);
            }
        }
        if found.versions.is_empty() {
            return Err(Unreadable(
                "it has no line about a version of this crate".into(),
            ));
        }
        Ok(found)
    }
}

fn below<'s>(
    base: &Url,
    segments: impl IntoIterator<Item = &'s str>,
) -> Result<SourceRequest, Unreadable> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Unreadable("the address of the source takes no path".into()))?
        .pop_if_empty()
        .extend(segments);
    Ok(SourceRequest { url, accept: "*/*" })
}

fn read_line(
    package: &PackageCoordinates,
    downloads: &Downloads,
    document: &Bytes,
    line: &str,
) -> Option<SourceVersion> {
    let head = LineHead::read(line)?;
    if !head.name.eq_ignore_ascii_case(package.name.as_str()) {
        return None;
    }
    version::read(&head.vers)?;
    let version = VersionName::parse(&head.vers).ok()?;
    let sha256 = head.checksum()?;
    let expected = ExpectedDigests {
        sha256: Some(sha256),
        ..ExpectedDigests::default()
    };
    let url = downloads.of(&head.name, &head.vers, &sha256.to_hex())?;
    let asset = SourceAsset::new(asset_name(package, &version).ok()?, url, expected);
    let time = head
        .pubtime
        .as_deref()
        .and_then(|text| text.parse::<Timestamp>().ok());
    Some(SourceVersion {
        version,
        metadata: document.slice_ref(line.as_bytes()),
        readme: None,
        published_at: time.map(|time| EpochMillis(time.as_millisecond())),
        assets: vec![asset],
    })
}

/// Where an index says that files are.
struct Downloads {
    template: String,
    may_be_plain: bool,
}

/// What stands for the parts of an address.
const MARKERS: [&str; 5] = [
    "{crate}",
    "{version}",
    "{prefix}",
    "{lowerprefix}",
    "{sha256-checksum}",
];

impl Downloads {
    fn read(base: &Url, layout: &Bytes) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Config {
            dl: String,
        }
        let Config { dl } = serde_json::from_slice(layout)
            .map_err(|error| Unreadable(format!("its config.json cannot be read: {error}")))?;
        let mut template = dl;
        if !MARKERS.iter().any(|marker| template.contains(marker)) {
            template.truncate(template.trim_end_matches('/').len());
            template.push_str("/{crate}/{version}/download");
        }
        let downloads = Self {
            template,
            may_be_plain: base.scheme() == "http",
        };
        match downloads.of("a", "1.0.0", "00") {
            Some(_) => Ok(downloads),
            None => Err(Unreadable(
                "its config.json has no address that files can be fetched from".into(),
            )),
        }
    }

    /// The address of a version's file: without names and passwords, and not less safe than that of the index. All parts
    /// are in alphabets that need no encoding.
    fn of(&self, name: &str, version: &str, sha256: &str) -> Option<Url> {
        let folders = folders(name);
        let parts = [
            name,
            version,
            &folders,
            &folders.to_ascii_lowercase(),
            sha256,
        ];
        let filled = MARKERS
            .iter()
            .zip(parts)
            .fold(self.template.clone(), |text, (marker, part)| {
                text.replace(marker, part)
            });
        let url = Url::parse(&filled).ok()?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && self.may_be_plain);
        let is_plain = url.username().is_empty() && url.password().is_none() && url.has_host();
        (is_safe && is_plain).then_some(url)
    }
}

#[cfg(test)]
mod tests {
    use model::Sha256Digest;

    use super::*;
    use crate::cargo::name::find_crate;

    const BASE: &str = "https://index.example/sub/";

    fn read(name: &str, config: &str, document: &str) -> Result<SourcePackage, Unreadable> {
        CargoSource.read_by_layout(
            &Url::parse(BASE).unwrap(),
            &find_crate(name).unwrap(),
            &Bytes::from(document.to_owned()),
            &Bytes::from(config.to_owned()),
        )
    }

    fn line(name: &str, version: &str) -> String {
        let checksum = "ab".repeat(32);
        format!(
            r#"{{"name":"{name}","vers":"{version}", "cksum":"{checksum}","pubtime":"2015-03-24T00:12:24Z"}}"#
        )
    }

    fn address(dl: &str) -> Option<String> {
        let config = serde_json::json!({ "dl": dl }).to_string();
        let found = read("widget", &config, &line("Widget", "1.0.0+x")).ok()?;
        Some(found.versions[0].assets[0].url.to_string())
    }

    #[test]
    fn p07_the_address_of_an_index_file_is_rebuilt_from_the_name() {
        let address = |base: &str, name| {
            let base = Url::parse(base).unwrap();
            CargoSource
                .metadata(&base, &find_crate(name).unwrap())
                .unwrap()
                .url
                .to_string()
        };
        assert_eq!(
            address(BASE, "Serde_json"),
            "https://index.example/sub/se/rd/serde_json"
        );
        assert_eq!(
            address("https://index.example", "abc"),
            "https://index.example/3/a/abc"
        );
        assert_eq!(address(BASE, "a"), "https://index.example/sub/1/a");
        let layout = CargoSource
            .layout(&Url::parse(BASE).unwrap())
            .unwrap()
            .unwrap();
        assert_eq!(layout.url.as_str(), "https://index.example/sub/config.json");
    }

    #[test]
    fn every_marker_of_a_template_is_filled_in() {
        let checksum = "ab".repeat(32);
        for (dl, expected) in [
            (
                "https://files.example/crates",
                "https://files.example/crates/Widget/1.0.0+x/download".to_owned(),
            ),
            (
                "https://files.example/crates/",
                "https://files.example/crates/Widget/1.0.0+x/download".to_owned(),
            ),
            (
                "https://files.example/{crate}-{version}.crate",
                "https://files.example/Widget-1.0.0+x.crate".to_owned(),
            ),
            (
                "https://files.example/{prefix}/{lowerprefix}/{sha256-checksum}",
                format!("https://files.example/Wi/dg/wi/dg/{checksum}"),
            ),
        ] {
            assert_eq!(address(dl), Some(expected), "{dl}");
        }
        for bad in [
            "",
            "files",
            "/files/{crate}",
            "file:///etc/{crate}",
            "http://files.example/",
            "https://user:secret@files.example/",
            "data:text/plain,{crate}",
        ] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn lines_are_slices_of_the_document_and_bad_ones_hide_no_other() {
        let config = r#"{"dl":"https://files.example"}"#;
        let good = line("Widget", "1.0.0");
        let document = [
            "<html>",
            &line("gadget", "1.0.0"),
            &line("widget", "1.0"),
            &good.replace("ab", "zz"),
            &good,
            &line("widget", "1.0.0"),
            "",
            &line("widget", "1.1.0"),
        ]
        .join("\r\n");
        let found = read("widget", config, &document).unwrap();
        let versions: Vec<_> = found.versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(versions, ["1.0.0", "1.1.0"]);
        let first = &found.versions[0];
        assert_eq!(first.metadata, good);
        assert_eq!(first.published_at, Some(EpochMillis(1_427_155_944_000)));
        assert_eq!(first.assets[0].name.as_str(), "widget-1.0.0.crate");
        assert_eq!(
            first.assets[0].expected.sha256,
            Some(Sha256Digest::from_bytes([0xab; 32]))
        );
    }

    #[test]
    fn x09_what_is_no_index_is_unreadable() {
        let config = r#"{"dl":"https://files.example"}"#;
        for bad in ["", "\n", "<html>", "{}", &line("other", "1.0.0")] {
            assert!(read("widget", config, bad).is_err(), "{bad}");
        }
        for bad in ["", "{}", "<html>", r#"{"dl":7}"#] {
            assert!(
                read("widget", bad, &line("widget", "1.0.0")).is_err(),
                "{bad}"
            );
        }
    }
}
