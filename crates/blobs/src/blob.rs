//! A committed blob, opened, and its bytes as the body of a response.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use crate::cache::OpenFile;
use crate::error::Result as BlobResult;
use crate::object_storage::{RemoteBody, RemoteObject};
use crate::piece::{PiecePool, PieceReader};

/// An open blob. On the local disk it stays readable even when it is deleted meanwhile; a large one in an object store
/// then ends in an error, never short.
#[derive(Debug, Clone)]
pub struct Blob {
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Memory(Bytes),
    File(OpenFile, Arc<PiecePool>),
    Remote(RemoteObject),
}

impl Blob {
    pub(crate) const fn in_memory(bytes: Bytes) -> Self {
        Self {
            content: Content::Memory(bytes),
        }
    }

    pub(crate) const fn on_disk(open: OpenFile, pool: Arc<PiecePool>) -> Self {
        Self {
            content: Content::File(open, pool),
        }
    }

    pub(crate) const fn remote(object: RemoteObject) -> Self {
        Self {
            content: Content::Remote(object),
        }
    }

    /// The size of what is stored. Compare it with the size that was recorded: a file system can lose the end of a file.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        match &self.content {
            Content::Memory(bytes) => bytes.len() as u64,
            Content::File(open, _) => open.size_bytes,
            Content::Remote(object) => object.size_bytes(),
        }
    }

    /// All bytes, when the blob is small enough to be held in memory.
    #[must_use]
    pub fn bytes_if_memory(&self) -> Option<Bytes> {
        match &self.content {
            Content::Memory(bytes) => Some(bytes.clone()),
            Content::File(..) | Content::Remote(_) => None,
        }
    }

    /// All bytes as a body.
    #[must_use]
    pub fn body(&self) -> BlobBody {
        self.body_range(0, self.size_bytes())
    }

    /// The bytes from `start` up to, not including, `end`; what lies beyond the end of the blob is left out.
    #[must_use]
    pub fn body_range(&self, start: u64, end: u64) -> BlobBody {
        let end = end.min(self.size_bytes());
        let start = start.min(end);
        let source = match &self.content {
            Content::Memory(bytes) => {
                let within =
                    |offset| usize::try_from(offset).expect("no larger than the length of a slice");
                Source::Memory(bytes.slice(within(start)..within(end)))
            }
            Content::File(open, pool) => {
                Source::File(open.clone(), PieceReader::new(Arc::clone(pool)))
            }
            Content::Remote(object) => Source::Remote(Box::new(object.body(start..end))),
        };
        BlobBody {
            source,
            offset: start,
            end,
        }
    }

    /// Waits until it is known that the bytes can be read, so that a failure shows before anything is promised to a
    /// client: where an object store has to be asked for them it has answered, and the next body of all bytes goes on
    /// from there.
    pub async fn ready(&self) -> BlobResult<()> {
        self.ready_range(0, self.size_bytes()).await
    }

    /// The same for the bytes that [`body_range`](Self::body_range) gives of these bounds.
    pub async fn ready_range(&self, start: u64, end: u64) -> BlobResult<()> {
        match &self.content {
            Content::Remote(object) => {
                let end = end.min(object.size_bytes());
                Box::pin(object.ready(start.min(end)..end)).await
            }
            Content::Memory(_) | Content::File(..) => Ok(()),
        }
    }
}

/// The bytes of a blob, as the body of a response. Its length is known exactly.
pub struct BlobBody {
    source: Source,
    offset: u64,
    end: u64,
}

enum Source {
    Memory(Bytes),
    File(OpenFile, PieceReader),
    Remote(Box<RemoteBody>),
}

impl Body for BlobBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        let remaining_bytes = body.end - body.offset;
        if remaining_bytes == 0 {
            return Poll::Ready(None);
        }
        let bytes = match &mut body.source {
            Source::Memory(bytes) => Ok(std::mem::take(bytes)),
            Source::File(open, pieces) => {
                ready!(pieces.poll_piece(cx, &open.file, body.offset, remaining_bytes))
            }
            Source::Remote(remote) => ready!(remote.poll_piece(cx, remaining_bytes)),
        };
        match &bytes {
            Ok(bytes) => body.offset += bytes.len() as u64,
            // An error is the last frame.
            Err(_) => body.offset = body.end,
        }
        Poll::Ready(Some(bytes.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.offset == self.end
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.end - self.offset)
    }
}

impl std::fmt::Debug for BlobBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobBody")
            .field("offset", &self.offset)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
