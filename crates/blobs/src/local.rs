//! Blobs on the local disk: the folders, the caches over them, and which thread does what.

use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use model::{Digests, EpochMillis, Sha256Digest};
use sha2::{Digest, Sha256};

use crate::blob::Blob;
use crate::blobs::BlobSettings;
use crate::cache::{Forgets, OpenFile, ReadCache};
use crate::digesting::DigestPass;
use crate::disk::{Disk, Installed, StoredBlob};
use crate::error::{BlobError, Result, blocking};
use crate::piece::{CachedOpen, PiecePool, open_cached, read_cached, read_full};
use crate::staging::{StagedFile, Staging};

/// Up to this size a cached file is read on the spot; copying more would keep other requests waiting.
const READ_ON_THE_SPOT_BYTES: u64 = 128 * 1024;

/// How much of a blob is read at a time to be hashed.
const VERIFIED_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct LocalDisk {
    disk: Arc<Disk>,
    cache: ReadCache<OpenFile>,
    pool: Arc<PiecePool>,
}

/// A blob that was found.
enum Opened {
    Small(Bytes),
    Large(OpenFile),
}

impl LocalDisk {
    pub(crate) fn over(disk: Disk, settings: BlobSettings) -> Self {
        Self {
            disk: Arc::new(disk),
            cache: ReadCache::new(
                settings.memory_cache_bytes,
                settings.memory_cache_item_bytes,
                settings.open_files,
            ),
            pool: Arc::default(),
        }
    }

    pub(crate) fn staging(&self) -> &Arc<Staging> {
        self.disk.staging()
    }

    pub(crate) fn pool(&self) -> &Arc<PiecePool> {
        &self.pool
    }

    /// Everything from hashing to the last sync in one visit to a blocking thread.
    pub(crate) async fn put(self: &Arc<Self>, bytes: Bytes) -> Result<Digests> {
        let local = Arc::clone(self);
        blocking("storing a blob", move || {
            let digests = DigestPass::of(&bytes);
            local.install_bytes(&bytes, &digests.sha256)?;
            Ok(digests)
        })
        .await
    }

    /// Makes bytes held in memory a blob. Blocks.
    pub(crate) fn install_bytes(&self, bytes: &[u8], digest: &Sha256Digest) -> Result<()> {
        let size_bytes = bytes.len() as u64;
        if self.disk.adopt_existing(digest, size_bytes)? {
            return Ok(());
        }
        let staged = self.disk.staging().create()?;
        staged.write_all(bytes)?;
        self.install(staged, digest, size_bytes)
    }

    /// Makes a staged file a blob. Blocks.
    pub(crate) fn install(
        &self,
        staged: StagedFile,
        digest: &Sha256Digest,
        size_bytes: u64,
    ) -> Result<()> {
        if self.disk.install(staged, digest, size_bytes)? == Installed::New {
            // It may have replaced a damaged one.
            self.cache.forget(digest);
        }
        Ok(())
    }

    pub(crate) async fn open(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Option<Blob>> {
        Ok(match self.opened(digest).await? {
            Some(Opened::Small(bytes)) => Some(Blob::in_memory(bytes)),
            Some(Opened::Large(open)) => Some(Blob::on_disk(open, Arc::clone(&self.pool))),
            None => None,
        })
    }

    async fn opened(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Option<Opened>> {
        if let Some(bytes) = self.cache.bytes(digest) {
            return Ok(Some(Opened::Small(bytes)));
        }
        if let Some(open) = self.cache.large(digest) {
            return Ok(Some(Opened::Large(open)));
        }
        let before = self.cache.forgets();
        let Some(open) = self.open_file(digest).await? else {
            return Ok(None);
        };
        if self.cache.is_small(open.size_bytes) {
            let bytes = self.read_small(digest, before, open).await?;
            return Ok(Some(Opened::Small(bytes)));
        }
        advise_sequential(&open.file);
        self.cache.keep_large(digest, before, &open);
        Ok(Some(Opened::Large(open)))
    }

    pub(crate) async fn contains(self: &Arc<Self>, digest: &Sha256Digest) -> Result<bool> {
        if self.cache.bytes(digest).is_some() || self.cache.large(digest).is_some() {
            return Ok(true);
        }
        Ok(self.open_file(digest).await?.is_some())
    }

    async fn open_file(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Option<OpenFile>> {
        match open_cached(self.disk.blobs_folder(), &Disk::key(digest)) {
            CachedOpen::Absent => Ok(None),
            CachedOpen::Found(file) => {
                let metadata = file
                    .metadata()
                    .map_err(|error| BlobError::from_io("opening a blob", error))?;
                Ok(Some(OpenFile {
                    file: Arc::new(file),
                    size_bytes: metadata.len(),
                }))
            }
            CachedOpen::Unknown => {
                let (disk, digest) = (Arc::clone(&self.disk), *digest);
                let opened = blocking("opening a blob", move || disk.open_blob(&digest)).await?;
                Ok(opened.map(|(file, size_bytes)| OpenFile {
                    file: Arc::new(file),
                    size_bytes,
                }))
            }
        }
    }

    async fn read_small(
        &self,
        digest: &Sha256Digest,
        before: Forgets,
        open: OpenFile,
    ) -> Result<Bytes> {
        let read = read_whole(*digest, open);
        self.cache.bytes_or_read(digest, before, read).await
    }

    pub(crate) async fn read_all(
        self: &Arc<Self>,
        digest: &Sha256Digest,
        limit_bytes: u64,
    ) -> Result<Option<Bytes>> {
        let Some(opened) = self.opened(digest).await? else {
            return Ok(None);
        };
        let size_bytes = match &opened {
            Opened::Small(bytes) => bytes.len() as u64,
            Opened::Large(open) => open.size_bytes,
        };
        if size_bytes > limit_bytes {
            return Err(BlobError::TooLarge {
                size_bytes,
                limit_bytes,
            });
        }
        match opened {
            Opened::Small(bytes) => Ok(Some(bytes)),
            Opened::Large(open) => read_whole(*digest, open).await.map(Some),
        }
    }

    /// Reads and hashes a blob anew, past every cache.
    pub(crate) async fn verify(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Option<u64>> {
        let (local, digest) = (Arc::clone(self), *digest);
        blocking("verifying a blob", move || {
            let Some((file, size_bytes)) = local.disk.open_blob(&digest)? else {
                return Ok(None);
            };
            let (found, read_bytes) =
                digest_of(&file).map_err(|error| BlobError::from_io("verifying a blob", error))?;
            if found == digest {
                return Ok(Some(size_bytes));
            }
            local.cache.forget(&digest);
            Err(BlobError::Damaged {
                digest,
                detail: format!("its {read_bytes} bytes have the digest {found}"),
            })
        })
        .await
    }

    /// The size and all digests of a blob, read anew past every cache.
    pub(crate) async fn read_digests(
        self: &Arc<Self>,
        digest: &Sha256Digest,
    ) -> Result<Option<(u64, Digests)>> {
        let (local, digest) = (Arc::clone(self), *digest);
        blocking("verifying a blob", move || {
            let Some((file, _)) = local.disk.open_blob(&digest)? else {
                return Ok(None);
            };
            let as_error = |error| BlobError::from_io("verifying a blob", error);
            let mut pass = DigestPass::default();
            let mut buffer = vec![0; VERIFIED_BYTES];
            let mut offset = 0;
            loop {
                let read_bytes = read_full(&file, &mut buffer, offset).map_err(as_error)?;
                pass.update(&buffer[..read_bytes]);
                offset += read_bytes as u64;
                if read_bytes < buffer.len() {
                    return Ok(Some((offset, pass.finish())));
                }
            }
        })
        .await
    }

    pub(crate) async fn find(&self, digest: &Sha256Digest) -> Result<Option<StoredBlob>> {
        let (disk, digest) = (Arc::clone(&self.disk), *digest);
        blocking("looking for a blob", move || disk.find(&digest)).await
    }

    pub(crate) async fn quarantine(self: &Arc<Self>, digest: &Sha256Digest) -> Result<bool> {
        let (local, digest) = (Arc::clone(self), *digest);
        blocking("moving a damaged blob away", move || {
            let moved = local.disk.quarantine(&digest)?;
            local.cache.forget(&digest);
            Ok(moved)
        })
        .await
    }

    pub(crate) async fn delete(
        self: &Arc<Self>,
        digest: &Sha256Digest,
        cutoff: Option<EpochMillis>,
    ) -> Result<bool> {
        let (local, digest) = (Arc::clone(self), *digest);
        blocking("deleting a blob", move || {
            let deleted = local.disk.delete(&digest, cutoff)?;
            if deleted {
                local.cache.forget(&digest);
            }
            Ok(deleted)
        })
        .await
    }

    pub(crate) async fn list(
        &self,
        after: Option<&Sha256Digest>,
        limit: usize,
    ) -> Result<Vec<StoredBlob>> {
        let (disk, after) = (Arc::clone(&self.disk), after.copied());
        blocking("listing blobs", move || disk.list(after.as_ref(), limit)).await
    }
}

/// A whole file in one buffer, from the page cache on the spot if it is small and there.
async fn read_whole(digest: Sha256Digest, open: OpenFile) -> Result<Bytes> {
    let as_error = |error| BlobError::from_io("reading a blob", error);
    let OpenFile { file, size_bytes } = open;
    let length = usize::try_from(size_bytes).map_err(|_| BlobError::TooLarge {
        size_bytes,
        limit_bytes: usize::MAX as u64,
    })?;
    if size_bytes <= READ_ON_THE_SPOT_BYTES {
        let mut buffer = vec![0; length];
        if read_cached(&file, &mut buffer, 0).map_err(as_error)? == Some(length) {
            return Ok(buffer.into());
        }
    }
    blocking("reading a blob", move || {
        let mut buffer = vec![0; length];
        let read_bytes = read_full(&file, &mut buffer, 0).map_err(as_error)?;
        if read_bytes < length {
            let detail = format!("only {read_bytes} of its {length} bytes could be read");
            return Err(BlobError::Damaged { digest, detail });
        }
        Ok(buffer.into())
    })
    .await
}

fn digest_of(file: &File) -> std::io::Result<(Sha256Digest, u64)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; VERIFIED_BYTES];
    let mut offset = 0;
    loop {
        let read_bytes = read_full(file, &mut buffer, offset)?;
        hash.update(&buffer[..read_bytes]);
        offset += read_bytes as u64;
        if read_bytes < buffer.len() {
            return Ok((Sha256Digest::from_bytes(hash.finalize().into()), offset));
        }
    }
}

/// Lets the kernel read further ahead. Only a hint, so a refusal means nothing.
fn advise_sequential(file: &File) {
    #[cfg(target_os = "linux")]
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}
