//! The store of blobs and its verbs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use model::{Digests, EpochMillis, Sha256Digest};

use crate::blob::Blob;
use crate::disk::{Disk, StoredBlob};
use crate::error::{Result, blocking};
use crate::local::LocalDisk;
use crate::object_storage::{ObjectStorage, S3Settings};
use crate::stage::Stage;

/// How much a store of blobs may keep at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobSettings {
    /// The most that small blobs in memory may take together.
    pub memory_cache_bytes: u64,
    /// The largest blob that is kept in memory.
    pub memory_cache_item_bytes: u64,
    /// How many large blobs on the local disk are kept open between requests.
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

/// Headers of the answer that a signed address gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SignedHeaders<'a> {
    /// `Content-Type`
    pub content_type: Option<&'a str>,
    /// `Content-Disposition`
    pub content_disposition: Option<&'a str>,
    /// `Cache-Control`
    pub cache_control: Option<&'a str>,
}

/// Where committed bytes are. A new kind of place is a variant here and a module beside `local`.
#[derive(Debug, Clone)]
pub(crate) enum Backend {
    Disk(Arc<LocalDisk>),
    Objects(Arc<ObjectStorage>),
}

/// A store of blobs. Cheap to clone; clones share everything.
#[derive(Debug, Clone)]
pub struct Blobs {
    backend: Backend,
    /// The folder in which each process that stores the same blobs has a folder of its own.
    nodes: Option<Arc<Path>>,
}

impl Blobs {
    /// Opens the store in a folder of the local disk, and makes it where there is none.
    ///
    /// What a crash left in the staging folder is removed, so one process at a time may have a folder open.
    pub fn open_disk(root: &Path, settings: BlobSettings) -> Result<Self> {
        Ok(Self::on(Disk::open(root)?, settings))
    }

    /// Opens the store in a folder of the local disk beside a process that has it open: what is on its way there is left
    /// alone.
    pub fn open_disk_beside(root: &Path, settings: BlobSettings) -> Result<Self> {
        Ok(Self::on(Disk::open_beside(root)?, settings))
    }

    fn on(disk: Disk, settings: BlobSettings) -> Self {
        Self {
            backend: Backend::Disk(Arc::new(LocalDisk::over(disk, settings))),
            nodes: None,
        }
    }

    /// Says where other processes stage what they store here: each below a folder of its own in this one.
    #[must_use]
    pub fn beside_nodes(mut self, folder: &Path) -> Self {
        self.nodes = Some(folder.into());
        self
    }

    /// Opens the store in a bucket of an S3-compatible object store, and tries that it can be written to, read and
    /// deleted from. Bytes on their way are staged below `root` on the local disk: one process at a time may have that
    /// folder open, any number may share the bucket.
    pub async fn open_s3(root: &Path, s3: &S3Settings, settings: BlobSettings) -> Result<Self> {
        let storage = ObjectStorage::open(root, s3, settings).await?;
        Ok(Self {
            backend: Backend::Objects(Arc::new(storage)),
            nodes: None,
        })
    }

    /// Opens a folder of the local disk for reading only, whoever else has it open: nothing in it is made or removed, so
    /// that it may also be on a medium that cannot be written to. `scratch` is a folder of the caller's own.
    pub fn open_disk_to_read(root: &Path, scratch: &Path, settings: BlobSettings) -> Result<Self> {
        Ok(Self::on(Disk::open_to_read(root, scratch)?, settings))
    }

    /// Begins to take bytes. The disk is not touched before there are enough of them.
    #[expect(clippy::unused_async, reason = "a store may have to be asked first")]
    pub async fn stage(&self) -> Result<Stage> {
        Ok(Stage::new(self.backend.clone()))
    }

    /// Stores bytes that are known whole; durable when this returns. The shortest way for small bodies.
    pub async fn put(&self, bytes: Bytes) -> Result<Digests> {
        match &self.backend {
            Backend::Disk(local) => local.put(bytes).await,
            Backend::Objects(storage) => Box::pin(storage.put(bytes)).await,
        }
    }

    /// Opens a blob for reading; none when there is no blob of this digest.
    pub async fn open(&self, digest: &Sha256Digest) -> Result<Option<Blob>> {
        match &self.backend {
            Backend::Disk(local) => local.open(digest).await,
            Backend::Objects(storage) => Box::pin(storage.open_blob(digest)).await,
        }
    }

    /// Whether there is a blob of this digest.
    pub async fn contains(&self, digest: &Sha256Digest) -> Result<bool> {
        match &self.backend {
            Backend::Disk(local) => local.contains(digest).await,
            Backend::Objects(storage) => Box::pin(storage.contains(digest)).await,
        }
    }

    /// A whole blob in memory, for documents; refused when it is larger than `limit_bytes`.
    pub async fn read_all(&self, digest: &Sha256Digest, limit_bytes: u64) -> Result<Option<Bytes>> {
        match &self.backend {
            Backend::Disk(local) => local.read_all(digest, limit_bytes).await,
            Backend::Objects(storage) => Box::pin(storage.read_all(digest, limit_bytes)).await,
        }
    }

    /// Reads a blob past every cache and compares its digest: its size when it is sound, none when it is not there,
    /// [`Damaged`](crate::BlobError::Damaged) when its bytes are others than were committed.
    pub async fn verify(&self, digest: &Sha256Digest) -> Result<Option<u64>> {
        match &self.backend {
            Backend::Disk(local) => local.verify(digest).await,
            Backend::Objects(storage) => Box::pin(storage.verify(digest)).await,
        }
    }

    /// The size and all digests of a blob as it is now, read past every cache; none when it is not there. Whether they are
    /// what they should be is the caller's to say.
    pub async fn read_digests(&self, digest: &Sha256Digest) -> Result<Option<(u64, Digests)>> {
        match &self.backend {
            Backend::Disk(local) => local.read_digests(digest).await,
            Backend::Objects(storage) => Box::pin(storage.read_digests(digest)).await,
        }
    }

    /// What a listing would tell of a blob, past every cache; none when it is not there.
    pub async fn find(&self, digest: &Sha256Digest) -> Result<Option<StoredBlob>> {
        match &self.backend {
            Backend::Disk(local) => local.find(digest).await,
            Backend::Objects(storage) => Box::pin(storage.find(digest)).await,
        }
    }

    /// Moves a damaged blob to where it is never read from: the folder `quarantine` beside the blobs, under its digest.
    /// True when there was one.
    pub async fn quarantine(&self, digest: &Sha256Digest) -> Result<bool> {
        match &self.backend {
            Backend::Disk(local) => local.quarantine(digest).await,
            Backend::Objects(storage) => Box::pin(storage.quarantine(digest)).await,
        }
    }

    /// Removes what is left in staging folders of uploads that nobody has written to since `cutoff`, in those of other
    /// processes too. The number of files. `cutoff` must lie further back than any upload may pause.
    pub async fn remove_stale_uploads(&self, cutoff: EpochMillis, dry_run: bool) -> Result<u64> {
        let staging = match &self.backend {
            Backend::Disk(local) => Arc::clone(local.staging()),
            Backend::Objects(storage) => Arc::clone(storage.staging()),
        };
        let nodes = self.nodes.clone();
        let since = UNIX_EPOCH + Duration::from_millis(u64::try_from(cutoff.0).unwrap_or(0));
        blocking("emptying the staging folders", move || {
            let own = staging.remove_older(since, dry_run)?;
            let of_others = nodes.map_or(Ok(0), |nodes| {
                staging.remove_older_of_others(&nodes, since, dry_run)
            });
            Ok(own + of_others?)
        })
        .await
    }

    /// Gives up what is left in a bucket of uploads in parts that were begun before `cutoff`: none takes that long. The
    /// number of uploads.
    pub async fn give_up_stale_parts(&self, cutoff: EpochMillis, dry_run: bool) -> Result<u64> {
        match &self.backend {
            Backend::Disk(_) => Ok(0),
            Backend::Objects(storage) => Box::pin(storage.give_up_stale(cutoff, dry_run)).await,
        }
    }

    /// Deletes a blob. True when there was one. Who is reading it goes on reading.
    pub async fn delete(&self, digest: &Sha256Digest) -> Result<bool> {
        match &self.backend {
            Backend::Disk(local) => local.delete(digest, None).await,
            Backend::Objects(storage) => Box::pin(storage.delete(digest, None)).await,
        }
    }

    /// Deletes a blob unless it was committed, for the first time or again, at `cutoff` or later.
    ///
    /// This is what a sweep calls: an upload of the same bytes that is acknowledged while the sweep runs makes the blob
    /// young again, and the check and the removal are one step. File systems date a file by a clock that lags by some
    /// milliseconds, so a sensible `cutoff` lies minutes back.
    ///
    /// In an object store they are one step for the commits of this process only, because S3 cannot delete on the
    /// condition of an age: a commit by another process that ends between the look and the deletion, some milliseconds
    /// apart, is lost. Whoever sweeps a bucket that several processes share closes that window with its rows: it first
    /// writes down, in a transaction that sees no reference to the digest, that the digest is being deleted; whoever is
    /// about to write a reference and finds that note waits until it is gone and commits the bytes again. An object
    /// that was uploaded in parts is dated by the beginning of its upload, by the clock of the store: `cutoff` must lie
    /// further back than the longest upload takes and than the clocks differ.
    pub async fn delete_unless_committed_since(
        &self,
        digest: &Sha256Digest,
        cutoff: EpochMillis,
    ) -> Result<bool> {
        match &self.backend {
            Backend::Disk(local) => local.delete(digest, Some(cutoff)).await,
            Backend::Objects(storage) => Box::pin(storage.delete(digest, Some(cutoff))).await,
        }
    }

    /// An address from which anyone can read a blob for some time without credentials; none where blobs are on the local
    /// disk. Whether there is such a blob is not looked at. S3 allows a week at most.
    pub async fn signed_url(
        &self,
        digest: &Sha256Digest,
        lifetime: Duration,
        headers: &SignedHeaders<'_>,
    ) -> Result<Option<String>> {
        match &self.backend {
            Backend::Disk(_) => Ok(None),
            Backend::Objects(storage) => Box::pin(storage.signed_url(digest, lifetime, headers))
                .await
                .map(Some),
        }
    }

    /// Up to `limit` blobs in the order of their digests, from the first after `after`. A page shorter than `limit` is the
    /// last one.
    pub async fn list(
        &self,
        after: Option<&Sha256Digest>,
        limit: usize,
    ) -> Result<Vec<StoredBlob>> {
        match &self.backend {
            Backend::Disk(local) => local.list(after, limit).await,
            Backend::Objects(storage) => Box::pin(storage.list(after, limit)).await,
        }
    }
}
