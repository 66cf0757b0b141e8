//! The public gallery, and what speaks as it does: what to ask, how to read it, which digests to expect.
//!
//! Its service index says where registrations are; a registration says all that is known of a package's versions, perhaps
//! on pages. What they point to must be on the same host; package files may be elsewhere, which is the concern of who
//! fetches. The digest of a file stands in the document that a registration calls its catalog entry.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut as _, Bytes, BytesMut};
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourceChecksum, SourceCompanion, SourcePackage,
    SourceRequest, SourceVersion, Unreadable,
};
use model::{PackageCoordinates, Sha512Digest};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use url::Url;

use super::facts::VersionMetadata;
use super::id;
use super::package_file::asset_name;
use super::shown::read_time;
use super::source_entry::SourceEntry;
use super::version::Version;

const ACCEPT: &str = "application/json";
/// The sets of registrations, best first: those with everything in them.
const REGISTRATIONS: [&str; 6] = [
    "RegistrationsBaseUrl/3.6.0",
    "RegistrationsBaseUrl/Versioned",
    "RegistrationsBaseUrl/3.4.0",
    "RegistrationsBaseUrl/3.0.0-rc",
    "RegistrationsBaseUrl/3.0.0-beta",
    "RegistrationsBaseUrl",
];
const SIGNATURES: [&str; 3] = [
    "RepositorySignatures/5.0.0",
    "RepositorySignatures/4.9.0",
    "RepositorySignatures/4.7.0",
];
const MOST_VERSIONS: usize = 10_000;
const MOST_PAGES: usize = 1_000;
/// A catalog entry lists every file of its package.
const CATALOG_ENTRY_BYTES: u64 = 16 << 20;

/// The gallery, and what speaks as it does.
pub(super) struct NugetSource;

impl PublicSource for NugetSource {
    fn layout(&self, base: &Url) -> Result<Option<SourceRequest>, Unreadable> {
        Ok(Some(request(base.clone())))
    }

    fn metadata_base(&self, base: &Url, layout: &Bytes) -> Result<Url, Unreadable> {
        let found = resource(layout, &REGISTRATIONS).ok_or_else(|| {
            Unreadable("it is no service index, or names no registrations".into())
        })?;
        let folder = format!("{}/", found.trim_end_matches('/'));
        on_same_host(base, &folder)
    }

    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        let mut url = base.clone();
        url.path_segments_mut()
            .map_err(|()| Unreadable("the address of the registrations takes no path".into()))?
            .pop_if_empty()
            .push(package.name.as_str())
            .push("index.json");
        Ok(request(url))
    }

    fn further_metadata(
        &self,
        base: &Url,
        _: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<Vec<SourceRequest>, Unreadable> {
        let index: Registration<'_> = read_json(document)?;
        let count: u64 = index.items.iter().filter_map(|page| page.count).sum();
        if index.items.len() > MOST_PAGES || count > MOST_VERSIONS as u64 {
            let fault = format!("it has more than {MOST_VERSIONS} versions");
            return Err(Unreadable(fault));
        }
        let apart = index.items.iter().filter(|page| page.items.is_none());
        apart
            .map(|page| {
                let address = page.id.as_deref().unwrap_or_default();
                on_same_host(base, address).map(request)
            })
            .collect()
    }

    /// `{"index": ..., "pages": [...]}`
    fn joined_metadata(&self, document: Bytes, further: &[Bytes]) -> Result<Bytes, Unreadable> {
        let pages: usize = further.iter().map(Bytes::len).sum();
        let mut joined = BytesMut::with_capacity(document.len() + pages + further.len() + 32);
        joined.put_slice(b"{\"index\":");
        joined.put_slice(without_mark(&document));
        joined.put_slice(b",\"pages\":[");
        for (at, page) in further.iter().enumerate() {
            if at > 0 {
                joined.put_u8(b',');
            }
            joined.put_slice(without_mark(page));
        }
        joined.put_slice(b"]}");
        Ok(joined.freeze())
    }

    fn read(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let joined: Joined<'_> = read_json(document)?;
        let index: Registration<'_> = match joined.index {
            Some(index) => read_json(index.get().as_bytes())?,
            None => read_json(document)?,
        };
        let mut apart = joined.pages.into_iter();
        let mut found = Reading::new(base, package);
        for page in index.items {
            match page.items {
                Some(leaves) => found.add_all(&leaves)?,
                None => {
                    let page = apart
                        .next()
                        .ok_or_else(|| Unreadable("a page of it is missing".into()))?;
                    let page: Page<'_> = read_json(page.get().as_bytes())?;
                    found.add_all(&page.items.unwrap_or_default())?;
                }
            }
        }
        found.finish()
    }
}

fn request(url: Url) -> SourceRequest {
    SourceRequest {
        url,
        accept: ACCEPT,
    }
}

/// An address that a document of the source names, on the host of the connection. What is elsewhere may be anyone's.
fn on_same_host(base: &Url, address: &str) -> Result<Url, Unreadable> {
    let mut url = base
        .join(address)
        .map_err(|error| Unreadable(format!("it names an address that is none: {error}")))?;
    url.set_fragment(None);
    if url.host() == base.host() && has_plain_form(&url) {
        Ok(url)
    } else {
        Err(Unreadable("it names an address on another host".into()))
    }
}

fn has_plain_form(url: &Url) -> bool {
    matches!(url.scheme(), "https" | "http")
        && url.username().is_empty()
        && url.password().is_none()
}

fn without_mark(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

fn read_json<'d, T: Deserialize<'d>>(json: &'d [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(without_mark(json)).map_err(|error| Unreadable(error.to_string()))
}

/// The address of the first of these resources that a service index has.
fn resource(service_index: &[u8], types: &[&str]) -> Option<String> {
    let index: ServiceIndex = read_json(service_index).ok()?;
    types.iter().find_map(|wanted| {
        let mut resources = index.resources.iter();
        let found = resources.find(|resource| resource.is_of(wanted))?;
        found.id.clone()
    })
}

/// Where the certificates are that a gallery signs packages with, where it does.
pub(super) fn signatures(service_index: &Bytes) -> Option<SourceRequest> {
    let address = resource(service_index, &SIGNATURES)?;
    let url = Url::parse(&address).ok().filter(has_plain_form)?;
    Some(request(url))
}

#[derive(Deserialize)]
struct ServiceIndex {
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default, rename = "@id")]
    id: Option<String>,
    #[serde(default, rename = "@type")]
    kind: Value,
}

impl Resource {
    fn is_of(&self, wanted: &str) -> bool {
        match &self.kind {
            Value::String(kind) => kind == wanted,
            Value::Array(kinds) => kinds.iter().any(|kind| kind == wanted),
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct Joined<'d> {
    #[serde(borrow, default)]
    index: Option<&'d RawValue>,
    #[serde(borrow, default)]
    pages: Vec<&'d RawValue>,
}

#[derive(Deserialize)]
struct Registration<'d> {
    #[serde(borrow)]
    items: Vec<Page<'d>>,
}

#[derive(Deserialize)]
struct Page<'d> {
    #[serde(default, rename = "@id")]
    id: Option<String>,
    #[serde(default)]
    count: Option<u64>,
    #[serde(borrow, default)]
    items: Option<Vec<&'d RawValue>>,
}

/// A package in the reading.
struct Reading<'r> {
    base: &'r Url,
    package: &'r PackageCoordinates,
    seen: HashSet<String>,
    versions: Vec<SourceVersion>,
    /// Whether anything of it was about another package.
    has_others: bool,
}

impl<'r> Reading<'r> {
    fn new(base: &'r Url, package: &'r PackageCoordinates) -> Self {
        Self {
            base,
            package,
            seen: HashSet::new(),
            versions: Vec::new(),
            has_others: false,
        }
    }

    fn add_all(&mut self, leaves: &[&RawValue]) -> Result<(), Unreadable> {
        if self.versions.len() + leaves.len() > MOST_VERSIONS {
            let fault = format!("it has more than {MOST_VERSIONS} versions");
            return Err(Unreadable(fault));
        }
        // One version that cannot be read must not hide the others.
        for leaf in leaves {
            if let Some(entry) = SourceEntry::read(leaf.get())
                && let Some(version) = self.version(entry)
            {
                self.versions.push(version);
            }
        }
        Ok(())
    }

    fn version(&mut self, entry: SourceEntry) -> Option<SourceVersion> {
        if id::lower(&entry.facts.id) != self.package.name.as_str() {
            self.has_others = true;
            return None;
        }
        let version = Version::parse(&entry.facts.version)?;
        let name = version.name()?;
        let mut asset = self.asset(&entry, &version)?;
        if !self.seen.insert(version.key()) {
            return None;
        }
        asset.companion = manifest_beside(&asset, self.package, &version);
        let published_at = entry.published.as_deref().and_then(read_time);
        let metadata = VersionMetadata {
            package: None,
            source: Some(entry.facts),
        };
        Some(SourceVersion {
            version: name,
            metadata: Bytes::from(metadata.to_json()),
            readme: None,
            published_at,
            assets: vec![asset],
        })
    }

    fn asset(&self, entry: &SourceEntry, version: &Version) -> Option<SourceAsset> {
        let mut url = self.base.join(entry.content.as_deref()?).ok()?;
        url.set_fragment(None);
        if !has_plain_form(&url) {
            return None;
        }
        let name = asset_name(self.package, version)?;
        let expected = entry.digest.clone().unwrap_or_default();
        let is_known = expected != ExpectedDigests::default();
        let mut asset = SourceAsset::new(name, url, expected);
        let beside = entry.at.as_deref().filter(|_| !is_known);
        let beside = beside.and_then(|address| on_same_host(self.base, address).ok());
        asset.checksum = beside.map(|url| SourceChecksum {
            url,
            read: |text| {
                let entry: CatalogEntry = serde_json::from_str(without_mark_in(text)).ok()?;
                entry.digest()
            },
            limit_bytes: CATALOG_ENTRY_BYTES,
        });
        Some(asset)
    }

    fn finish(self) -> Result<SourcePackage, Unreadable> {
        if self.versions.is_empty() && self.has_others {
            return Err(Unreadable("it is about another package".into()));
        }
        Ok(SourcePackage {
            versions: self.versions,
            ..SourcePackage::default()
        })
    }
}

fn without_mark_in(text: &str) -> &str {
    text.trim_start_matches('\u{feff}')
}

/// The manifest beside a package file, where the address is that of a flat container, which has both.
fn manifest_beside(
    asset: &SourceAsset,
    package: &PackageCoordinates,
    version: &Version,
) -> Option<SourceCompanion> {
    let (id, lower) = (package.name.as_str(), version.lower());
    let segments: Vec<&str> = asset.url.path_segments()?.collect();
    let [.., folder, number, file] = segments.as_slice() else {
        return None;
    };
    if *folder != id || *number != lower || *file != asset.name.as_str() {
        return None;
    }
    let mut url = asset.url.clone();
    url.path_segments_mut()
        .ok()?
        .pop()
        .push(&format!("{id}.nuspec"));
    Some(SourceCompanion {
        url,
        expected: ExpectedDigests::default(),
    })
}

/// The digest in the document of a catalog entry: at its top, or, as here, in the entry that a registration has.
#[derive(Deserialize)]
struct CatalogEntry {
    #[serde(default, rename = "packageHash")]
    hash: Option<String>,
    #[serde(default, rename = "packageHashAlgorithm")]
    algorithm: Option<String>,
    #[serde(default, rename = "catalogEntry")]
    entry: Option<Value>,
}

impl CatalogEntry {
    fn digest(self) -> Option<ExpectedDigests> {
        if self.hash.is_some() {
            return read_digest(self.hash.as_deref(), self.algorithm.as_deref());
        }
        let entry = self.entry?;
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        read_digest(text("packageHash"), text("packageHashAlgorithm"))
    }
}

/// A SHA-512 in base64, which is what galleries write.
pub(super) fn read_digest(hash: Option<&str>, algorithm: Option<&str>) -> Option<ExpectedDigests> {
    if !algorithm.unwrap_or("SHA512").eq_ignore_ascii_case("SHA512") {
        return None;
    }
    let bytes = STANDARD.decode(hash?).ok()?;
    let bytes: [u8; 64] = bytes.try_into().ok()?;
    Some(ExpectedDigests {
        sha512: Some(Sha512Digest::from_bytes(bytes)),
        ..ExpectedDigests::default()
    })
}

#[cfg(test)]
mod tests;
