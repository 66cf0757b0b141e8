//! The bytes of an object on their way to a client.
//!
//! One request for the object, or for a stretch of it, and no reading ahead beyond what the connection holds. A body of
//! all bytes is hashed on its way, and its last piece is given out only if the digest is right, so damage in the store
//! reaches a client as a cut connection and never as a whole file. A stretch cannot be checked so.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use model::Sha256Digest;
use sha2::{Digest, Sha256};

use super::ObjectStorage;
use super::failure::sorted;
use crate::error::{BlobError, Result};

/// The longest piece that is given out at a time.
const PIECE_BYTES: usize = 256 * 1024;

pub(super) const ACTION: &str = "reading a blob";

pub(super) type ObjectStream = BoxStream<'static, object_store::Result<Bytes>>;
/// The bytes of a range, as they come.
pub(super) type Answer = (Range<u64>, ObjectStream);

/// A large object. When the store was asked for it, or for a stretch of it, the answer waits here for the first who wants
/// just that.
#[derive(Clone)]
pub(crate) struct RemoteObject {
    pub(super) storage: Arc<ObjectStorage>,
    pub(super) digest: Sha256Digest,
    pub(super) size_bytes: u64,
    pub(super) answer: Arc<Mutex<Option<Answer>>>,
}

impl RemoteObject {
    pub(crate) const fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Waits until the store has answered with the bytes of a range.
    pub(crate) async fn ready(&self, range: Range<u64>) -> Result<()> {
        if range.is_empty() {
            return Ok(());
        }
        let stream = match self.take_answer(&range) {
            Some(stream) => stream,
            None => self.ask(range.clone()).await?,
        };
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        *answer = Some((range, stream));
        Ok(())
    }

    fn take_answer(&self, range: &Range<u64>) -> Option<ObjectStream> {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, stream) = answer.take_if(|(answered, _)| answered == range)?;
        Some(stream)
    }

    async fn ask(&self, range: Range<u64>) -> Result<ObjectStream> {
        let asked = self.storage.get_range(&self.digest, self.size_bytes, range);
        asked.await
    }

    /// All bytes, as they come and unchecked.
    pub(super) async fn stream(&self) -> Result<ObjectStream> {
        let whole = 0..self.size_bytes;
        match self.take_answer(&whole) {
            Some(stream) => Ok(stream),
            None => self.ask(whole).await,
        }
    }

    /// The bytes of a range. The store is asked when the first of them are.
    pub(crate) fn body(&self, range: Range<u64>) -> RemoteBody {
        let is_whole = range == (0..self.size_bytes);
        let state = match self.take_answer(&range) {
            _ if range.is_empty() => State::Streaming(futures_util::stream::empty().boxed()),
            Some(stream) => State::Streaming(stream),
            None => {
                let (storage, digest, size_bytes) =
                    (Arc::clone(&self.storage), self.digest, self.size_bytes);
                State::Asking(Box::pin(async move {
                    storage.get_range(&digest, size_bytes, range).await
                }))
            }
        };
        RemoteBody {
            digest: self.digest,
            state,
            rest: Bytes::new(),
            hash: is_whole.then(Sha256::new),
        }
    }
}

impl std::fmt::Debug for RemoteObject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RemoteObject")
            .field("digest", &self.digest)
            .field("size_bytes", &self.size_bytes)
            .finish_non_exhaustive()
    }
}

/// A stretch of an object, piece by piece.
pub(crate) struct RemoteBody {
    digest: Sha256Digest,
    state: State,
    /// What came and is not given out yet.
    rest: Bytes,
    hash: Option<Sha256>,
}

enum State {
    Asking(Pin<Box<dyn Future<Output = Result<ObjectStream>> + Send>>),
    Streaming(ObjectStream),
}

impl RemoteBody {
    /// The next piece, when `remaining_bytes` are still to come.
    pub(crate) fn poll_piece(
        &mut self,
        cx: &mut Context<'_>,
        remaining_bytes: u64,
    ) -> Poll<io::Result<Bytes>> {
        while self.rest.is_empty() {
            match &mut self.state {
                State::Asking(request) => {
                    self.state = State::Streaming(ready!(request.as_mut().poll(cx))?);
                }
                State::Streaming(stream) => match ready!(stream.poll_next_unpin(cx)) {
                    Some(Ok(bytes)) => self.rest = bytes,
                    Some(Err(error)) => return Poll::Ready(Err(sorted(ACTION, &error).into())),
                    None => return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                },
            }
        }
        let wanted = usize::try_from(remaining_bytes).unwrap_or(usize::MAX);
        let length = self.rest.len().min(PIECE_BYTES).min(wanted);
        let piece = self.rest.split_to(length);
        if let Some(hash) = &mut self.hash {
            hash.update(&piece);
        }
        if piece.len() as u64 == remaining_bytes
            && let Some(hash) = self.hash.take()
        {
            is_intact(hash, &self.digest)?;
        }
        Poll::Ready(Ok(piece))
    }
}

/// Whether all bytes of an object have the digest that they are stored under.
pub(super) fn is_intact(hash: Sha256, digest: &Sha256Digest) -> Result<()> {
    let found = Sha256Digest::from_bytes(hash.finalize().into());
    if found == *digest {
        return Ok(());
    }
    let error = BlobError::Damaged {
        digest: *digest,
        detail: format!("the object store gave bytes with the digest {found}"),
    };
    tracing::error!(%error, "a damaged object was not given out");
    Err(error)
}
