//! Bytes on their way to becoming a blob: written, then finished, then committed.
//!
//! Whoever drops a `Stage` or a `Staged` gives the bytes up: the staged file is removed and followers are cut.

use std::sync::Arc;

use bytes::Bytes;
use model::Digests;

use crate::blobs::Backend;
use crate::error::{BlobError, Result, blocking};
use crate::growth::{Finished, Growth, StagedContent};
use crate::reader::StageReader;
use crate::staged_bytes::StagedBytes;

/// Bytes that are still arriving.
#[derive(Debug)]
pub struct Stage {
    owner: Owner,
    written_bytes: u64,
    /// True during a write: still true afterwards if the write was cancelled, and then a part of a chunk may be missing.
    in_write: bool,
}

impl Stage {
    pub(crate) fn new(backend: Backend) -> Self {
        let staging = match &backend {
            Backend::Disk(local) => local.staging(),
            Backend::Objects(storage) => storage.staging(),
        };
        let growth = Growth::new(Arc::clone(staging));
        Self {
            owner: Owner { growth, backend },
            written_bytes: 0,
            in_write: false,
        }
    }

    /// Adds a chunk. Waits while the disk is behind, so that memory stays bounded.
    ///
    /// A write that is cancelled spoils the stage: what follows fails with [`BlobError::Abandoned`].
    pub async fn write(&mut self, chunk: Bytes) -> Result<()> {
        if self.in_write {
            return Err(BlobError::Abandoned);
        }
        self.in_write = true;
        let chunk_bytes = chunk.len() as u64;
        self.owner.growth.write(chunk).await?;
        self.written_bytes += chunk_bytes;
        self.in_write = false;
        Ok(())
    }

    /// How many bytes were taken so far.
    #[must_use]
    pub const fn written_bytes(&self) -> u64 {
        self.written_bytes
    }

    /// A handle for following the bytes while they arrive. Without one, small bodies do not touch the disk before their
    /// commit. To be called inside the runtime.
    #[must_use]
    pub fn reader(&mut self) -> StageReader {
        let pool = match &self.owner.backend {
            Backend::Disk(local) => local.pool(),
            Backend::Objects(storage) => storage.pool(),
        };
        self.owner.growth.follow();
        StageReader::new(Arc::clone(&self.owner.growth), Arc::clone(pool))
    }

    /// Gives up for a reason that those who follow get to see.
    pub fn fail(self, reason: &str) {
        self.owner.growth.fail(reason);
    }

    /// Waits for the last write and gives the digests.
    pub async fn finish(self) -> Result<Staged> {
        if self.in_write {
            return Err(BlobError::Abandoned);
        }
        let Finished {
            digests,
            size_bytes,
            content,
        } = self.owner.growth.finish().await?;
        Ok(Staged {
            digests,
            size_bytes,
            content,
            owner: self.owner,
        })
    }
}

/// All bytes, with their digests, not yet a blob.
#[derive(Debug)]
pub struct Staged {
    digests: Digests,
    size_bytes: u64,
    // Before `owner`: the file goes before its followers hear of it.
    content: StagedContent,
    owner: Owner,
}

impl Staged {
    /// The digests of all bytes.
    #[must_use]
    pub const fn digests(&self) -> &Digests {
        &self.digests
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// The bytes, to be looked at before they are committed. Reading blocks.
    #[must_use]
    pub fn bytes(&self) -> StagedBytes {
        match &self.content {
            StagedContent::Memory(bytes) => StagedBytes::in_memory(bytes.clone()),
            StagedContent::File(staged) => {
                StagedBytes::in_file(Arc::clone(staged.file()), self.size_bytes)
            }
        }
    }

    /// Lets those who follow have the last bytes: call it when the digests have been found right.
    pub fn release(&self) {
        self.owner.growth.release();
    }

    /// Gives up for a reason that those who follow get to see.
    pub fn fail(self, reason: &str) {
        self.owner.growth.fail(reason);
    }

    /// Makes the bytes a blob: durable when this returns. Those who follow are released, if they were not yet.
    ///
    /// Once begun it goes on even if the caller is cancelled, so the blob may be there without anyone having been told.
    pub async fn commit(self) -> Result<()> {
        self.commit_held().await?.release();
        Ok(())
    }

    /// Makes the bytes a blob, as [`Staged::commit`], but lets those who follow wait for the last of them until
    /// [`Committed::release`]. Dropped without it, they are cut; the blob stays.
    pub async fn commit_held(self) -> Result<Committed> {
        let Self {
            digests,
            size_bytes,
            content,
            owner,
        } = self;
        match &owner.backend {
            Backend::Disk(local) => {
                let local = Arc::clone(local);
                blocking("committing a blob", move || match content {
                    StagedContent::Memory(bytes) => local.install_bytes(&bytes, &digests.sha256),
                    StagedContent::File(staged) => {
                        local.install(staged, &digests.sha256, size_bytes)
                    }
                })
                .await?;
            }
            Backend::Objects(storage) => {
                Box::pin(storage.install(content, digests.sha256, size_bytes)).await?;
            }
        }
        Ok(Committed { owner })
    }
}

/// Bytes that are a blob, and whose last part those who follow do not have yet.
#[derive(Debug)]
#[must_use = "those who follow are cut unless they are released"]
pub struct Committed {
    owner: Owner,
}

impl Committed {
    /// Lets those who follow have the last bytes.
    pub fn release(self) {
        self.owner.growth.release();
    }
}

/// Who answers for the staged bytes. Followers are cut when it goes, unless they have been released.
struct Owner {
    growth: Arc<Growth>,
    backend: Backend,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.growth.fail("the upload was given up");
        let growth = Arc::clone(&self.growth);
        let discard = move || growth.discard();
        // Removing a large file, or closing it for the last time, may take the disk a while.
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(discard)),
            Err(_) => discard(),
        }
    }
}

impl std::fmt::Debug for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Owner")
            .field("progress", &*self.growth.progress().borrow())
            .finish_non_exhaustive()
    }
}
