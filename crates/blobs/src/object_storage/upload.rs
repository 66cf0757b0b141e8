//! From a staged body to an object: one request when it is short, else several parts at a time.
//!
//! Each request carries the SHA-256 of what it sends, which the store compares with what it got. The bytes are hashed
//! once more as they are read from the staged file, so a disk that spoils them in between is found before the object
//! becomes visible. `object_store` hashes a payload in the first step of its request; that step is done on a thread
//! that may block.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::Sha256Digest;
use object_store::multipart::{MultipartStore as _, PartId};
use object_store::path::Path;
use object_store::{MultipartId, ObjectStore as _, PutMode, PutOptions, PutPayload};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::ObjectStorage;
use super::failure::sorted;
use crate::error::{BlobError, Result, blocking};
use crate::growth::StagedContent;
use crate::piece::read_full;
use crate::staging::StagedFile;

/// The length of a part, and the longest body that is sent in one request.
const PART_BYTES: u64 = 8 << 20;
/// S3 takes no more parts than this of one object.
const MOST_PARTS: u64 = 10_000;
/// How many parts of one body are under way.
const PARTS_AT_ONCE: usize = 4;
/// How many parts, or short bodies from files, are in memory in all.
const PARTS_IN_MEMORY: usize = 16;

const ACTION: &str = "storing a blob";

/// Room for parts in memory, shared by all uploads.
pub(super) fn room_for_parts() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(PARTS_IN_MEMORY))
}

type Answer<T> = object_store::Result<T>;

/// A request that was begun, and its answer if that was there at once.
struct Begun<T> {
    request: BoxFuture<'static, Answer<T>>,
    answer: Option<Answer<T>>,
}

impl<T> Begun<T> {
    /// To be called on a thread that may block.
    fn begin(mut request: BoxFuture<'static, Answer<T>>) -> Self {
        let answer = (&mut request).now_or_never();
        Self { request, answer }
    }

    async fn answer(self) -> Answer<T> {
        match self.answer {
            Some(answer) => answer,
            None => self.request.await,
        }
    }
}

impl ObjectStorage {
    /// Makes a staged body the object of its digest. Durable when this returns.
    pub(super) async fn upload(
        self: &Arc<Self>,
        content: StagedContent,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> Result<()> {
        match content {
            StagedContent::Memory(bytes) => self.put_object(bytes, digest).await,
            StagedContent::File(staged) if size_bytes <= PART_BYTES => {
                let room = self.take_room().await;
                let read = move || {
                    let mut whole = Sha256::new();
                    let bytes = read_part(&staged, &mut whole, 0, size_bytes)?;
                    is_still(whole, &digest)?;
                    Ok(bytes)
                };
                let bytes = blocking("reading a staged file", read).await?;
                self.put_object(bytes, digest).await?;
                drop(room);
                Ok(())
            }
            StagedContent::File(staged) => self.put_in_parts(staged, digest, size_bytes).await,
        }
    }

    /// Stores bytes in one request. An object of this key is replaced: with the same bytes, or a damaged one with good
    /// ones; either way it is young again.
    pub(super) async fn put_object(
        self: &Arc<Self>,
        bytes: Bytes,
        digest: Sha256Digest,
    ) -> Result<()> {
        let storage = Arc::clone(self);
        let begin = move || {
            let request = async move {
                let path = storage.path(&digest);
                let options = PutOptions::from(PutMode::Overwrite);
                let payload = PutPayload::from(bytes);
                storage.store.put_opts(&path, payload, options).await
            };
            Ok(Begun::begin(request.boxed()))
        };
        let begun = blocking(ACTION, begin).await?;
        let answer = begun.answer().await;
        answer.map(drop).map_err(|error| sorted(ACTION, &error))
    }

    async fn put_in_parts(
        self: &Arc<Self>,
        staged: StagedFile,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> Result<()> {
        let path = self.path(&digest);
        let begun = self.store.create_multipart(&path).await;
        let upload = begun.map_err(|error| sorted(ACTION, &error))?;
        let stored = async {
            let parts = self
                .put_parts(&upload, Arc::new(staged), digest, size_bytes)
                .await?;
            let completed = self.store.complete_multipart(&path, &upload, parts).await;
            completed.map(drop).map_err(|error| sorted(ACTION, &error))
        };
        let stored = stored.await;
        if stored.is_err() {
            self.give_up(&path, &upload).await;
        }
        stored
    }

    /// Removes the parts that arrived. Asked twice, because `object_store` sends this request once, and after a failure
    /// it may meet a connection that is dead.
    async fn give_up(&self, path: &Path, upload: &MultipartId) {
        let mut given_up = self.store.abort_multipart(path, upload).await;
        if given_up.is_err() {
            given_up = self.store.abort_multipart(path, upload).await;
        }
        if let Err(error) = given_up {
            tracing::warn!(
                %error,
                "the parts of a failed upload could not be removed; a lifecycle rule of the bucket for incomplete \
                 uploads removes them"
            );
        }
    }

    async fn put_parts(
        self: &Arc<Self>,
        upload: &MultipartId,
        staged: Arc<StagedFile>,
        digest: Sha256Digest,
        size_bytes: u64,
    ) -> Result<Vec<PartId>> {
        let part_bytes = part_bytes(size_bytes);
        let count = usize::try_from(size_bytes.div_ceil(part_bytes)).unwrap_or(usize::MAX);
        let mut parts = vec![None; count];
        let mut whole = Sha256::new();
        // Dropped on an error, which ends what is under way.
        let mut under_way = JoinSet::new();
        for index in 0..count {
            if under_way.len() >= PARTS_AT_ONCE {
                collect(under_way.join_next().await, &mut parts)?;
            }
            let room = self.take_room().await;
            let offset = index as u64 * part_bytes;
            let length = part_bytes.min(size_bytes - offset);
            let (storage, staged, upload) = (Arc::clone(self), Arc::clone(&staged), upload.clone());
            let begin = move || {
                let bytes = read_part(&staged, &mut whole, offset, length)?;
                let request = async move {
                    let path = storage.path(&digest);
                    let payload = PutPayload::from(bytes);
                    storage.store.put_part(&path, &upload, index, payload).await
                };
                Ok((whole, Begun::begin(request.boxed())))
            };
            let begun;
            (whole, begun) = blocking(ACTION, begin).await?;
            under_way.spawn(async move {
                let answer = begun.answer().await;
                drop(room);
                (index, answer)
            });
        }
        is_still(whole, &digest)?;
        while let Some(ended) = under_way.join_next().await {
            collect(Some(ended), &mut parts)?;
        }
        Ok(parts.into_iter().flatten().collect())
    }

    async fn take_room(&self) -> OwnedSemaphorePermit {
        let room = Arc::clone(&self.room).acquire_owned().await;
        room.expect("the semaphore is never closed")
    }
}

/// Large enough for the part count to stay below the limit.
fn part_bytes(size_bytes: u64) -> u64 {
    PART_BYTES.max(size_bytes.div_ceil(MOST_PARTS))
}

type Ended = std::result::Result<(usize, Answer<PartId>), tokio::task::JoinError>;

fn collect(ended: Option<Ended>, parts: &mut [Option<PartId>]) -> Result<()> {
    let Some(ended) = ended else {
        return Ok(());
    };
    let (index, answer) =
        ended.map_err(|error| BlobError::from_io(ACTION, std::io::Error::other(error)))?;
    parts[index] = Some(answer.map_err(|error| sorted(ACTION, &error))?);
    Ok(())
}

/// Reads a stretch of the staged file, and hashes it. Blocks.
fn read_part(staged: &StagedFile, whole: &mut Sha256, offset: u64, length: u64) -> Result<Bytes> {
    let as_error = |error| BlobError::from_io("reading a staged file", error);
    let length = usize::try_from(length).map_err(|_| BlobError::TooLarge {
        size_bytes: length,
        limit_bytes: usize::MAX as u64,
    })?;
    let mut buffer = vec![0; length];
    if read_full(staged.file(), &mut buffer, offset).map_err(as_error)? < length {
        let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
        return Err(as_error(short));
    }
    whole.update(&buffer);
    Ok(buffer.into())
}

/// Whether what was read from the staged file is what was written to it.
fn is_still(whole: Sha256, digest: &Sha256Digest) -> Result<()> {
    let found = Sha256Digest::from_bytes(whole.finalize().into());
    if found == *digest {
        return Ok(());
    }
    Err(BlobError::Damaged {
        digest: *digest,
        detail: format!("read back from the staging folder it had the digest {found}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_body_has_more_parts_than_are_allowed() {
        assert_eq!(part_bytes(PART_BYTES + 1), PART_BYTES);
        for size_bytes in [80 << 30, 5 << 40, (5 << 40) - 1] {
            let parts = u64::div_ceil(size_bytes, part_bytes(size_bytes));
            assert!(parts <= MOST_PARTS, "{parts} parts of {size_bytes} bytes");
        }
    }
}
