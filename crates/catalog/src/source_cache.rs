//! Documents of public sources that were parsed a short while ago.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::Sha256Digest;
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::source::SourcePackage;
use crate::source_documents::RefreshKey;

/// The bytes of documents kept parsed.
const PARSED_BYTES: u64 = 4 * 1024 * 1024;

/// A document that was parsed a short while ago.
#[derive(Debug, Clone)]
pub(crate) struct Parsed {
    pub(crate) digest: Sha256Digest,
    /// That of the layouts that it was read by.
    pub(crate) edition: u64,
    pub(crate) size_bytes: u64,
    pub(crate) package: Arc<SourcePackage>,
}

#[derive(Debug, Clone)]
struct BySize;

impl Weighter<RefreshKey, Parsed> for BySize {
    fn weight(&self, _: &RefreshKey, parsed: &Parsed) -> u64 {
        // A parsed document keeps its bytes and about as much again beside them.
        parsed.size_bytes.saturating_mul(2).max(1)
    }
}

/// Documents parsed a short while ago, bounded by their bytes.
#[derive(Debug)]
pub(crate) struct SourceCache {
    parsed: Cache<RefreshKey, Parsed, BySize>,
    layouts: Arc<LayoutEdition>,
}

/// Counts the times that a source said, to this node or to another, that it is laid out otherwise.
#[derive(Debug, Default)]
pub(crate) struct LayoutEdition(AtomicU64);

impl LayoutEdition {
    /// Has documents read anew: a source is laid out otherwise.
    pub(crate) fn changed(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

impl SourceCache {
    pub(crate) fn new(layouts: Arc<LayoutEdition>) -> Self {
        Self {
            parsed: Cache::with_weighter(256, PARSED_BYTES, BySize),
            layouts,
        }
    }

    /// Which layouts documents are read by at this moment.
    pub(crate) fn edition(&self) -> u64 {
        self.layouts.0.load(Ordering::Acquire)
    }

    /// A package, if this very document was parsed by the layouts that hold.
    pub(crate) fn get(
        &self,
        key: &RefreshKey,
        digest: &Sha256Digest,
    ) -> Option<Arc<SourcePackage>> {
        let parsed = self.parsed.get(key)?;
        let is_valid = parsed.digest == *digest && parsed.edition == self.edition();
        is_valid.then_some(parsed.package)
    }

    pub(crate) fn insert(&self, key: RefreshKey, parsed: Parsed) {
        self.parsed.insert(key, parsed);
    }

    /// A source told this node that it is laid out otherwise.
    pub(crate) fn layout_changed(&self) {
        self.layouts.changed();
    }
}
