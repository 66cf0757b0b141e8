//! The public index: what to ask, how to read it, which digests to expect (PEP 691; PEP 503 where a mirror has nothing
//! else).
//!
//! An index says where each file is, on whichever host; hosts are the concern of who fetches. What an index says of a file
//! is a claim: a file that is not of the project that was asked for is left out, and its address is never taken from a
//! client.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use catalog::{
    ExpectedDigests, PublicSource, SourceAsset, SourceCompanion, SourcePackage, SourceRequest,
    SourceVersion, Unreadable,
};
use model::{
    AssetName, EpochMillis, Md5Digest, PackageCoordinates, Sha1Digest, Sha256Digest, Sha512Digest,
    VersionName,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::name::normalized;
use super::shown::{Extras, read_time};
use super::version_metadata::{CoreMetadataFact, FileFacts, Hashes, VersionMetadata, Yanked};
use super::{file_name, source_html, version};

const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
/// The longest text that is kept of what an index says of a file.
const TEXT_BYTES: usize = 4096;

/// PyPI and what speaks as it does.
pub(super) struct PypiSource;

/// What a page says.
#[derive(Debug, Default)]
pub(super) struct SourcePage {
    pub(super) files: Vec<SourceFile>,
    /// The versions' own spellings, where the page has them.
    pub(super) versions: Vec<String>,
    pub(super) extras: Extras,
}

/// What a page says of a file.
#[derive(Debug, Default)]
pub(super) struct SourceFile {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) facts: FileFacts<'static>,
}

impl PublicSource for PypiSource {
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable> {
        Ok(SourceRequest {
            url: page_url(base, package)?,
            accept: ACCEPT,
        })
    }

    fn read(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        let text = std::str::from_utf8(document)
            .map_err(|error| Unreadable(error.to_string()))?
            .trim_start_matches('\u{feff}');
        let project = package.name.as_str();
        let page_url = page_url(base, package)?;
        let (page, page_url) = if text.trim_start().starts_with('{') {
            (read_json(project, text)?, page_url)
        } else {
            source_html::read(&page_url, text)?
        };
        Ok(grouped(project, &page_url, page))
    }
}

/// The page of a project. Its address ends with a slash: without it, indexes answer with a redirect.
fn page_url(base: &Url, package: &PackageCoordinates) -> Result<Url, Unreadable> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| Unreadable("the address of the source takes no path".into()))?
        .pop_if_empty()
        .push(package.name.as_str())
        .push("");
    Ok(url)
}

#[derive(Deserialize)]
struct Page<'d> {
    meta: Meta,
    name: String,
    #[serde(borrow)]
    files: Vec<&'d RawValue>,
    #[serde(default)]
    versions: Vec<String>,
    #[serde(default, rename = "alternate-locations")]
    alternate_locations: Vec<String>,
    #[serde(default, rename = "project-status")]
    project_status: Option<Status>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "api-version")]
    api_version: String,
    #[serde(default)]
    tracks: Vec<String>,
}

#[derive(Deserialize)]
struct Status {
    status: String,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    hashes: HashMap<String, String>,
    #[serde(default, rename = "requires-python")]
    requires_python: Option<String>,
    #[serde(default)]
    size: Option<u64>,
    #[serde(default, rename = "upload-time")]
    upload_time: Option<String>,
    #[serde(default)]
    yanked: Option<Yanked>,
    #[serde(default, rename = "core-metadata")]
    core_metadata: Option<Digested>,
    #[serde(default, rename = "dist-info-metadata")]
    dist_info_metadata: Option<Digested>,
    #[serde(default)]
    provenance: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Digested {
    There(bool),
    Hashes(HashMap<String, String>),
}

fn read_json(project: &str, text: &str) -> Result<SourcePage, Unreadable> {
    let page: Page<'_> =
        serde_json::from_str(text).map_err(|error| Unreadable(error.to_string()))?;
    if !page.meta.api_version.starts_with("1.") {
        let fault = format!("it is of version {}", page.meta.api_version);
        return Err(Unreadable(fault));
    }
    if normalized(&page.name) != project {
        return Err(Unreadable("it is about another project".into()));
    }
    // One file that cannot be read must not hide the others.
    let files = page.files.iter().filter_map(|file| {
        let file: File = serde_json::from_str(file.get()).ok()?;
        Some(file.into_source())
    });
    let (status, status_reason) = page
        .project_status
        .map_or((None, None), |said| (Some(said.status), said.reason));
    Ok(SourcePage {
        files: files.collect(),
        versions: page.versions,
        extras: Extras {
            tracks: page.meta.tracks,
            alternate_locations: page.alternate_locations,
            status,
            status_reason,
        },
    })
}

impl File {
    fn into_source(mut self) -> SourceFile {
        let core_metadata = self.core_metadata.or(self.dist_info_metadata);
        let facts = FileFacts {
            size: self.size,
            hashes: Hashes {
                sha256: self.hashes.remove("sha256"),
                sha512: self.hashes.remove("sha512"),
                sha1: self.hashes.remove("sha1"),
                md5: self.hashes.remove("md5"),
            },
            requires_python: self.requires_python,
            yanked: self.yanked,
            upload_time: self.upload_time,
            core_metadata: core_metadata.map(|said| match said {
                Digested::There(there) => CoreMetadataFact::There(there),
                Digested::Hashes(mut hashes) => hashes
                    .remove("sha256")
                    .map_or(CoreMetadataFact::There(true), CoreMetadataFact::Sha256),
            }),
            provenance: self.provenance,
            attestations: None,
        };
        SourceFile {
            name: self.filename,
            url: self.url,
            facts,
        }
    }
}

/// A version in the making.
struct Group {
    version: VersionName,
    metadata: VersionMetadata<'static>,
    published_at: Option<EpochMillis>,
    assets: Vec<SourceAsset>,
}

/// The files of a page, brought together by version.
fn grouped(project: &str, page_url: &Url, page: SourcePage) -> SourcePackage {
    let spellings: HashMap<String, &str> = page
        .versions
        .iter()
        .rev()
        .map(|version| (version::key(version), version.as_str()))
        .collect();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    let mut seen = HashSet::new();
    for file in page.files {
        let Some((said, asset, facts, published_at)) = checked(project, page_url, file, &spellings)
        else {
            continue;
        };
        if !seen.insert(asset.name.clone()) {
            continue;
        }
        let key = version::key(&said);
        let spelling = spellings.get(&key).copied().unwrap_or(&said);
        let Ok(version) = VersionName::parse(spelling) else {
            continue;
        };
        let place = *places.entry(key).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Group {
                version,
                metadata: VersionMetadata::default(),
                published_at: None,
                assets: Vec::new(),
            });
        }
        let group = &mut groups[place];
        group.published_at = match (group.published_at, published_at) {
            (Some(held), Some(new)) => Some(held.min(new)),
            (held, new) => held.or(new),
        };
        let name = asset.name.as_str().to_owned();
        group.metadata.files.insert(name, facts);
        group.assets.push(asset);
    }
    let versions = groups.into_iter().map(|group| SourceVersion {
        version: group.version,
        metadata: Bytes::from(group.metadata.to_json()),
        readme: None,
        published_at: group.published_at,
        assets: group.assets,
    });
    SourcePackage {
        versions: versions.collect(),
        tags: Vec::new(),
        extras: extras(page.extras),
    }
}

fn extras(mut extras: Extras) -> Bytes {
    let is_address = |text: &String| text.len() <= TEXT_BYTES && Url::parse(text).is_ok();
    extras.tracks.retain(is_address);
    extras.alternate_locations.retain(is_address);
    extras.status = extras.status.filter(|text| text.len() <= TEXT_BYTES);
    extras.status_reason = extras.status_reason.filter(|text| text.len() <= TEXT_BYTES);
    if extras == Extras::default() {
        return Bytes::new();
    }
    serde_json::to_vec(&extras).map_or_else(|_| Bytes::new(), Bytes::from)
}

type Checked = (String, SourceAsset, FileFacts<'static>, Option<EpochMillis>);

/// What a page says of a file, where it can be: a file of this project, at an address that can be asked, with digests that
/// can be compared.
fn checked(
    project: &str,
    page_url: &Url,
    file: SourceFile,
    spellings: &HashMap<String, &str>,
) -> Option<Checked> {
    let SourceFile {
        name,
        url,
        mut facts,
    } = file;
    let is_plain = !name.contains(['/', '\\', ';']) && name.trim() == name;
    let asset = AssetName::parse(&name).ok().filter(|_| is_plain)?;
    let said = file_name::version_of(project, &name, &|key| spellings.contains_key(key))?;
    let url = file_url(page_url, &url)?;
    let expected = expected(&mut facts.hashes)?;
    let time = facts.upload_time.take().and_then(|text| read_time(&text));
    let (published_at, upload_time) = time.unzip();
    facts.upload_time = upload_time;
    let short = |text: &String| text.len() <= TEXT_BYTES;
    facts.requires_python = facts
        .requires_python
        .filter(|text| !text.is_empty() && short(text));
    facts.provenance = facts
        .provenance
        .filter(|text| short(text) && file_url(page_url, text).is_some());
    facts.yanked = Some(match facts.yanked {
        None => Yanked::NO,
        Some(Yanked::Reason(reason)) if reason.is_empty() => Yanked::Flag(true),
        Some(Yanked::Reason(reason)) => Yanked::Reason(shortened(reason)),
        Some(flag) => flag,
    });
    let mut found = SourceAsset::new(asset, url, expected);
    found.size_bytes = facts.size;
    found.companion = companion(&found.url, &mut facts);
    Some((said, found, facts, published_at))
}

fn shortened(mut text: String) -> String {
    let mut end = text.len().min(TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

/// An address that can be asked: without names and passwords, and not less safe than that of the page.
fn file_url(page_url: &Url, text: &str) -> Option<Url> {
    let mut url = page_url.join(text.trim()).ok()?;
    url.set_fragment(None);
    let is_safe =
        url.scheme() == "https" || (url.scheme() == "http" && page_url.scheme() == "http");
    let is_plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    (is_safe && is_plain).then_some(url)
}

/// The digests to compare with. One that is there and cannot be read is as good as a wrong one: the file is left out.
fn expected(hashes: &mut Hashes) -> Option<ExpectedDigests> {
    for digest in [
        &mut hashes.sha256,
        &mut hashes.sha512,
        &mut hashes.sha1,
        &mut hashes.md5,
    ]
    .into_iter()
    .flatten()
    {
        digest.make_ascii_lowercase();
    }
    fn read<T>(text: Option<&String>, from_hex: fn(&str) -> Option<T>) -> Option<Option<T>> {
        text.map_or(Some(None), |text| from_hex(text).map(Some))
    }
    Some(ExpectedDigests {
        sha256: read(hashes.sha256.as_ref(), Sha256Digest::from_hex)?,
        sha512: read(hashes.sha512.as_ref(), Sha512Digest::from_hex)?,
        sha1: read(hashes.sha1.as_ref(), Sha1Digest::from_hex)?,
        md5: read(hashes.md5.as_ref(), Md5Digest::from_hex)?,
    })
}

/// The metadata beside a file. Where its digest cannot be read, it is as if there were none.
fn companion(file: &Url, facts: &mut FileFacts<'_>) -> Option<SourceCompanion> {
    let sha256 = match &facts.core_metadata {
        None | Some(CoreMetadataFact::There(false)) => return None,
        Some(CoreMetadataFact::There(true)) => None,
        Some(CoreMetadataFact::Sha256(text)) => match Sha256Digest::from_hex(text) {
            Some(digest) => Some(digest),
            None => {
                facts.core_metadata = None;
                return None;
            }
        },
    };
    if let Some(digest) = &sha256 {
        facts.core_metadata = Some(CoreMetadataFact::Sha256(digest.to_hex()));
    }
    let mut url = file.clone();
    url.set_path(&format!("{}.metadata", file.path()));
    Some(SourceCompanion {
        url,
        expected: ExpectedDigests {
            sha256,
            ..ExpectedDigests::default()
        },
    })
}

#[cfg(test)]
mod tests;
