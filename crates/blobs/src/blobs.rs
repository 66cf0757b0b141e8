//! The store of blobs and its verbs.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use model::{Digests, EpochMillis, Sha256Digest};

use crate::blob::Blob;
use crate::disk::StoredBlob;
use crate::error::Result;
use crate::local::LocalDisk;
use crate::stage::Stage;

/// How much a store of blobs may keep at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobSettings {
    /// The most that small blobs in memory may take together.
    pub memory_cache_bytes: u64,
    /// The largest blob that is kept in memory.
    pub memory_cache_item_bytes: u64,
    /// How many large blobs are kept open between requests.
    pub open_files: usize,
}

impl Default for BlobSettings {
    fn default() -> Self {
        Self {
            memory_cache_bytes: 24 << 20,
            memory_cache_item_bytes: 5 << 18,
            open_files: 64,
        }
    }
}

/// Where committed bytes are. A new kind of place is a variant here and a module beside `local`.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Disk(Arc<LocalDisk>),
}

/// A store of blobs. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Blobs {
    backend: Backend,
}

impl Blobs {
    /// Opens the store in a folder of the local disk, and makes it where there is none.
    ///
    /// What a crash left in the staging folder is removed, so one process at a time may have a folder open.
    pub fn open_disk(root: &Path, settings: BlobSettings) -> Result<Self> {
        let local = LocalDisk::open_root(root, settings)?;
        Ok(Self {
            backend: Backend::Disk(Arc::new(local)),
        })
    }

    /// Begins to take bytes. The disk is not touched before there are enough of them.
    #[expect(
        clippy::unused_async,
        reason = "an object store has to ask for an upload"
    )]
    pub async fn stage(&self) -> Result<Stage> {
        Ok(Stage::new(self.backend.clone()))
    }

    /// Stores bytes that are known whole; durable when this returns. The shortest way for small bodies.
    pub async fn put(&self, bytes: Bytes) -> Result<Digests> {
        let Backend::Disk(local) = &self.backend;
        local.put(bytes).await
    }

    /// Opens a blob for reading; none when there is no blob of this digest.
    pub async fn open(&self, digest: &Sha256Digest) -> Result<Option<Blob>> {
        let Backend::Disk(local) = &self.backend;
        local.open(digest).await
    }

    /// Whether there is a blob of this digest.
    pub async fn contains(&self, digest: &Sha256Digest) -> Result<bool> {
        let Backend::Disk(local) = &self.backend;
        local.contains(digest).await
    }

    /// A whole blob in memory, for documents; refused when it is larger than `limit_bytes`.
    pub async fn read_all(&self, digest: &Sha256Digest, limit_bytes: u64) -> Result<Option<Bytes>> {
        let Backend::Disk(local) = &self.backend;
        local.read_all(digest, limit_bytes).await
    }

    /// Reads a blob past every cache and compares its digest: its size when it is sound, none when it is not there,
    /// [`Damaged`](crate::BlobError::Damaged) when its bytes are others than were committed.
    pub async fn verify(&self, digest: &Sha256Digest) -> Result<Option<u64>> {
        let Backend::Disk(local) = &self.backend;
        local.verify(digest).await
    }

    /// Deletes a blob. True when there was one. Who is reading it goes on reading.
    pub async fn delete(&self, digest: &Sha256Digest) -> Result<bool> {
        let Backend::Disk(local) = &self.backend;
        local.delete(digest, None).await
    }

    /// Deletes a blob unless it was committed, for the first time or again, at `cutoff` or later.
    ///
    /// This is what a sweep calls: an upload of the same bytes that is acknowledged while the sweep runs makes the blob
    /// young again, and the check and the removal are one step. File systems date a file by a clock that lags by some
    /// milliseconds, so a sensible `cutoff` lies minutes back.
    pub async fn delete_unless_committed_since(
        &self,
        digest: &Sha256Digest,
        cutoff: EpochMillis,
    ) -> Result<bool> {
        let Backend::Disk(local) = &self.backend;
        local.delete(digest, Some(cutoff)).await
    }

    /// Up to `limit` blobs in the order of their digests, from the first after `after`. A page shorter than `limit` is the
    /// last one.
    pub async fn list(
        &self,
        after: Option<&Sha256Digest>,
        limit: usize,
    ) -> Result<Vec<StoredBlob>> {
        let Backend::Disk(local) = &self.backend;
        local.list(after, limit).await
    }
}
