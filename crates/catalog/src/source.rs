//! What a format says about its public source, and what it reads out of it.
//!
//! That is the whole of pulling through for a format: where the metadata of a package is, how to read it into
//! versions with expected digests and publish times, where an asset is. Freshness, single flight, conditional
//! requests, streaming, digest checks, stale answers and negative caching live once, here and in `upstream`.

use bytes::Bytes;
use model::{
    AssetName, Digests, EpochMillis, Md5Digest, Namespace, PackageCoordinates, Sha1Digest,
    Sha256Digest, Sha512Digest, VersionName,
};
use url::Url;

use crate::FormatRules;

/// A request for a package's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SourceRequest {
    /// Where it is.
    pub url: Url,
    /// The value of `Accept`.
    pub accept: &'static str,
}

/// A document of a public source that its format cannot read. The text is for logs.
#[derive(Debug, Clone, thiserror::Error)]
#[error("unreadable document of a public source: {0}")]
pub struct Unreadable(pub String);

/// A format's public source.
pub trait PublicSource: Send + Sync {
    /// The address that the metadata of packages is below: what [`PublicSource::metadata`] is given as its base, by what
    /// that document says.
    fn metadata_base(&self, base: &Url, _layout: &Bytes) -> Result<Url, Unreadable> {
        Ok(base.clone())
    }

    /// Where the metadata of a package is. Built from parsed parts, each encoded as one segment.
    fn metadata(
        &self,
        base: &Url,
        package: &PackageCoordinates,
    ) -> Result<SourceRequest, Unreadable>;

    /// The documents that the metadata of a package refers to and that are a part of it: pages of a long list. A source
    /// that names too many is unreadable.
    fn further_metadata(
        &self,
        _base: &Url,
        _package: &PackageCoordinates,
        _document: &Bytes,
    ) -> Result<Vec<SourceRequest>, Unreadable> {
        Ok(Vec::new())
    }

    /// The metadata of a package and the documents that it referred to, in their order, as the one document that is kept
    /// and read.
    fn joined_metadata(&self, document: Bytes, _further: &[Bytes]) -> Result<Bytes, Unreadable> {
        Ok(document)
    }

    /// Reads the metadata of a package. Slices of `document` may be kept; nothing else of it should be copied.
    /// Versions that are not well-formed are left out; a document about another package is unreadable.
    fn read(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
    ) -> Result<SourcePackage, Unreadable>;

    /// Where the document is that says how the source as a whole is laid out, where its address alone does not tell. It is
    /// held and asked for again as documents of packages are.
    fn layout(&self, _base: &Url) -> Result<Option<SourceRequest>, Unreadable> {
        Ok(None)
    }

    /// Reads the metadata of a package of a source that has a layout; `layout` is that document.
    fn read_by_layout(
        &self,
        base: &Url,
        package: &PackageCoordinates,
        document: &Bytes,
        _layout: &Bytes,
    ) -> Result<SourcePackage, Unreadable> {
        self.read(base, package, document)
    }

    /// Where an asset of a version is, in a source whose metadata does not list assets. `None` in all others, and for
    /// names that no asset of this version can have. Built from parsed parts. It is asked for at once, without the
    /// package's metadata.
    fn unlisted_asset(
        &self,
        _base: &Url,
        _package: &PackageCoordinates,
        _version: &VersionName,
        _asset: &AssetName,
    ) -> Result<Option<SourceAsset>, Unreadable> {
        Ok(None)
    }

    /// The assets that a version commonly has in a source whose metadata does not list them: what is fetched along with
    /// the first of them that is asked for.
    fn usual_assets(
        &self,
        _package: &PackageCoordinates,
        _version: &VersionName,
    ) -> Vec<AssetName> {
        Vec::new()
    }

    /// How old its documents may be before they are asked for again, where that is not what an operator would expect of
    /// most sources. A value that an operator set goes before it.
    fn freshness_ms(&self) -> Option<i64> {
        None
    }

    /// Whether these are no coordinates of a package, but stand for the source's list of all packages. Asking for that
    /// names no package, so origin controls do not hold for it.
    fn is_list(&self, _package: &PackageCoordinates) -> bool {
        false
    }

    /// How old that list may be before it is asked for again: it is large.
    fn list_freshness_ms(&self) -> i64 {
        0
    }

    /// Where a document is that is about all packages of a namespace.
    fn namespace_document(
        &self,
        _base: &Url,
        _namespace: &Namespace,
    ) -> Result<Option<SourceRequest>, Unreadable> {
        Ok(None)
    }
}

/// A package, as a public source describes it.
#[derive(Debug, Clone, Default)]
pub struct SourcePackage {
    /// Its versions, in the order of the document.
    pub versions: Vec<SourceVersion>,
    /// Its tags and the versions they name.
    pub tags: Vec<(String, String)>,
    /// What the document says beside versions and tags, as JSON that only the format reads.
    pub extras: Bytes,
}

impl SourcePackage {
    /// The version of this name, or of another spelling that means the same.
    pub(crate) fn version(
        &self,
        rules: &dyn FormatRules,
        name: &VersionName,
    ) -> Option<&SourceVersion> {
        let mut versions = self.versions.iter();
        let exact = versions.find(|version| version.version == *name);
        exact.or_else(|| {
            let key = rules.version_key(name);
            let mut versions = self.versions.iter();
            versions.find(|version| rules.version_key(&version.version) == key)
        })
    }
}

/// A version, as a public source describes it.
#[derive(Debug, Clone)]
pub struct SourceVersion {
    /// Its name.
    pub version: VersionName,
    /// The format's own metadata of it, as JSON.
    pub metadata: Bytes,
    /// Its readme, as text, where the document has one.
    pub readme: Option<Bytes>,
    /// When the source published it, if it says so.
    pub published_at: Option<EpochMillis>,
    /// Its assets.
    pub assets: Vec<SourceAsset>,
}

impl SourceVersion {
    /// A version of which a source says nothing but where its assets may be.
    pub(crate) const fn unlisted(version: VersionName) -> Self {
        Self {
            version,
            metadata: Bytes::new(),
            readme: None,
            published_at: None,
            assets: Vec::new(),
        }
    }
}

/// An asset, as a public source describes it.
#[derive(Debug, Clone)]
pub struct SourceAsset {
    /// Its name here.
    pub name: AssetName,
    /// Where it is.
    pub url: Url,
    /// How many bytes it has, if the source says so.
    pub size_bytes: Option<u64>,
    /// What its bytes must be.
    pub expected: ExpectedDigests,
    /// A small file at the source that holds a digest of it, where its metadata names none.
    pub checksum: Option<SourceChecksum>,
    /// The document beside it that is kept as its companion, where the source has one.
    pub companion: Option<SourceCompanion>,
}

impl SourceAsset {
    /// An asset of which nothing but name, place and digests is known.
    #[must_use]
    pub const fn new(name: AssetName, url: Url, expected: ExpectedDigests) -> Self {
        Self {
            name,
            url,
            size_bytes: None,
            expected,
            checksum: None,
            companion: None,
        }
    }
}

/// A file that holds a digest of an asset.
#[derive(Debug, Clone)]
pub struct SourceChecksum {
    /// Where it is. Absent is no fault: then nothing is known of the bytes.
    pub url: Url,
    /// Reads it.
    pub read: fn(&str) -> Option<ExpectedDigests>,
    /// How large it may be.
    pub limit_bytes: u64,
}

/// A document that a source has beside an asset.
#[derive(Debug, Clone)]
pub struct SourceCompanion {
    /// Where it is.
    pub url: Url,
    /// What its bytes must be.
    pub expected: ExpectedDigests,
}

/// The digests that an index names for an asset. All that are given must match.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExpectedDigests {
    /// MD5.
    pub md5: Option<Md5Digest>,
    /// SHA-1.
    pub sha1: Option<Sha1Digest>,
    /// SHA-256.
    pub sha256: Option<Sha256Digest>,
    /// SHA-512.
    pub sha512: Option<Sha512Digest>,
}

impl ExpectedDigests {
    /// The digests of bytes that have come.
    #[must_use]
    pub fn exactly(digests: &Digests) -> Self {
        Self {
            md5: Some(digests.md5),
            sha1: Some(digests.sha1),
            sha256: Some(digests.sha256),
            sha512: Some(digests.sha512),
        }
    }

    /// The name of the first digest that does not match.
    #[must_use]
    pub fn mismatch(&self, found: &Digests) -> Option<&'static str> {
        if self.sha512.is_some_and(|d| d != found.sha512) {
            Some("SHA-512")
        } else if self.sha256.is_some_and(|d| d != found.sha256) {
            Some("SHA-256")
        } else if self.sha1.is_some_and(|d| d != found.sha1) {
            Some("SHA-1")
        } else if self.md5.is_some_and(|d| d != found.md5) {
            Some("MD5")
        } else {
            None
        }
    }
}
