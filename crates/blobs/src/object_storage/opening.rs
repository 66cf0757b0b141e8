//! Opening blobs: small ones are read into memory, of large ones the answer waits for its reader.
//!
//! All who open the same blob at the same time share one request, and its failure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures_util::future::{BoxFuture, Shared};
use futures_util::{FutureExt as _, StreamExt as _};
use model::Sha256Digest;
use sha2::{Digest, Sha256};

use super::body::{self, ObjectStream, is_intact};
use super::failure::sorted;
use super::{ObjectStorage, RemoteObject, hashed};
use crate::blob::Blob;
use crate::error::{BlobError, Result};

/// What asking for an object brought.
#[derive(Debug, Clone)]
pub(super) enum Opened {
    Absent,
    Small(Bytes),
    Large(RemoteObject),
}

pub(super) type Opening = Shared<BoxFuture<'static, Result<Opened>>>;

/// Blobs that are being opened.
pub(super) type Openings = Mutex<HashMap<Sha256Digest, Opening>>;

impl ObjectStorage {
    pub(crate) async fn open_blob(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Option<Blob>> {
        Ok(match self.opened(digest).await? {
            Opened::Absent => None,
            Opened::Small(bytes) => Some(Blob::in_memory(bytes)),
            Opened::Large(object) => Some(Blob::remote(object)),
        })
    }

    async fn opened(self: &Arc<Self>, digest: &Sha256Digest) -> Result<Opened> {
        if let Some(bytes) = self.cache.bytes(digest) {
            return Ok(Opened::Small(bytes));
        }
        if let Some(size_bytes) = self.cache.large(digest) {
            return Ok(Opened::Large(self.remote(*digest, size_bytes, None)));
        }
        let opening = self
            .openings()
            .entry(*digest)
            .or_insert_with(|| {
                let (storage, digest) = (Arc::clone(self), *digest);
                let task = tokio::spawn(async move {
                    let opened = storage.open_anew(digest).await;
                    storage.openings().remove(&digest);
                    opened
                });
                let stopped = |stopped| {
                    let stopped = std::io::Error::other(stopped);
                    Err(BlobError::from_io(body::ACTION, stopped))
                };
                task.map(move |ended| ended.unwrap_or_else(stopped))
                    .boxed()
                    .shared()
            })
            .clone();
        opening.await
    }

    async fn open_anew(self: &Arc<Self>, digest: Sha256Digest) -> Result<Opened> {
        let before = self.cache.forgets();
        let Some((size_bytes, stream)) = self.get(&digest).await? else {
            return Ok(Opened::Absent);
        };
        if self.cache.is_small(size_bytes) {
            let bytes = collect(digest, size_bytes, stream).await?;
            self.cache.keep_bytes(&digest, before, &bytes);
            return Ok(Opened::Small(bytes));
        }
        self.cache.keep_large(&digest, before, &size_bytes);
        Ok(Opened::Large(self.remote(digest, size_bytes, Some(stream))))
    }

    fn openings(&self) -> MutexGuard<'_, HashMap<Sha256Digest, Opening>> {
        self.openings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was learned of it is asked for anew.
    pub(super) fn forget(&self, digest: &Sha256Digest) {
        self.openings().remove(digest);
        self.cache.forget(digest);
    }

    fn remote(
        self: &Arc<Self>,
        digest: Sha256Digest,
        size_bytes: u64,
        answer: Option<ObjectStream>,
    ) -> RemoteObject {
        RemoteObject {
            storage: Arc::clone(self),
            digest,
            size_bytes,
            answer: Arc::new(Mutex::new(answer.map(|stream| (0..size_bytes, stream)))),
        }
    }

    pub(crate) async fn read_all(
        self: &Arc<Self>,
        digest: &Sha256Digest,
        limit_bytes: u64,
    ) -> Result<Option<Bytes>> {
        let opened = self.opened(digest).await?;
        let size_bytes = match &opened {
            Opened::Absent => return Ok(None),
            Opened::Small(bytes) => bytes.len() as u64,
            Opened::Large(object) => object.size_bytes(),
        };
        if size_bytes > limit_bytes {
            return Err(BlobError::TooLarge {
                size_bytes,
                limit_bytes,
            });
        }
        match opened {
            Opened::Absent => Ok(None),
            Opened::Small(bytes) => Ok(Some(bytes)),
            Opened::Large(object) => {
                let stream = object.stream().await?;
                collect(*digest, size_bytes, stream).await.map(Some)
            }
        }
    }
}

/// All bytes of an object, in memory, when they are what they should be.
async fn collect(digest: Sha256Digest, size_bytes: u64, mut stream: ObjectStream) -> Result<Bytes> {
    let mut bytes = Vec::with_capacity(usize::try_from(size_bytes).unwrap_or_default());
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| sorted(body::ACTION, &error))?;
        if bytes.len() as u64 + piece.len() as u64 > size_bytes {
            return Err(BlobError::Damaged {
                digest,
                detail: format!("more than its {size_bytes} bytes came"),
            });
        }
        bytes.extend_from_slice(&piece);
    }
    let bytes = Bytes::from(bytes);
    let hash = hashed(Sha256::new(), bytes.clone()).await?;
    is_intact(hash, &digest)?;
    Ok(bytes)
}
