//! Following a stage while it grows: how one download from a public source serves many clients at once.
//!
//! Followers read the staged file, each at its own pace; the writer never waits for them and they hold one piece each.
//! The last byte of what a follower asked for is held back until the owner has found the digests right, so a client can
//! take a wrong body for a complete one only if it ignores that its connection was cut.

use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::watch;

use crate::growth::{Growth, Phase, Progress};
use crate::piece::{PiecePool, PieceReader};

/// How much of the end is held back before the release.
const HELD_BACK_BYTES: u64 = 1;

/// A handle from which any number of bodies can be made, at any time, also after the commit.
#[derive(Clone)]
pub struct StageReader {
    growth: Arc<Growth>,
    pool: Arc<PiecePool>,
}

impl StageReader {
    pub(crate) const fn new(growth: Arc<Growth>, pool: Arc<PiecePool>) -> Self {
        Self { growth, pool }
    }

    /// How many bytes have reached the file so far.
    #[must_use]
    pub fn written_bytes(&self) -> u64 {
        self.growth.progress().borrow().written_bytes
    }

    /// The bytes from the beginning, or those of a range (its end not included), as they arrive.
    ///
    /// Its length is known only after the release; a caller that knows it earlier says so in its own response headers.
    #[must_use]
    pub fn body(&self, range: Option<Range<u64>>) -> StageBody {
        let Range { start, end } = range.unwrap_or(0..u64::MAX);
        StageBody {
            growth: Arc::clone(&self.growth),
            pieces: PieceReader::new(Arc::clone(&self.pool)),
            news: News::Seen(self.growth.progress().subscribe()),
            offset: start,
            end,
            ended: false,
        }
    }

    /// Waits for the release and gives the size, or for the failure and gives its reason.
    pub async fn outcome(&self) -> io::Result<u64> {
        let mut news = self.growth.progress().subscribe();
        let decided =
            |progress: &Progress| matches!(progress.phase, Phase::Released | Phase::Failed);
        let progress = *news.wait_for(decided).await.map_err(io::Error::other)?;
        if progress.phase == Phase::Failed {
            return Err(self.growth.failure());
        }
        Ok(progress.written_bytes)
    }
}

impl std::fmt::Debug for StageReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StageReader")
            .field("progress", &*self.growth.progress().borrow())
            .finish_non_exhaustive()
    }
}

impl Growth {
    fn failure(&self) -> io::Error {
        io::Error::other(format!(
            "the bytes being followed are not good: {}",
            self.failure_text()
        ))
    }
}

/// The bytes of a stage, as the body of a response: ends well only if the stage does.
pub struct StageBody {
    growth: Arc<Growth>,
    pieces: PieceReader,
    news: News,
    offset: u64,
    /// Where to stop, at the latest.
    end: u64,
    ended: bool,
}

type Receiver = watch::Receiver<Progress>;

/// The subscription to progress, or the wait for its next change, which owns the subscription meanwhile.
enum News {
    Seen(Receiver),
    Awaited(Pin<Box<dyn Future<Output = Receiver> + Send>>),
    /// Only while one of the others is being replaced.
    Moving,
}

impl News {
    /// The latest progress; waits for news first if `wait` was called.
    fn poll_latest(&mut self, cx: &mut Context<'_>) -> Poll<Progress> {
        if let Self::Awaited(change) = self {
            *self = Self::Seen(ready!(change.as_mut().poll(cx)));
        }
        match self {
            Self::Seen(receiver) => Poll::Ready(*receiver.borrow_and_update()),
            Self::Awaited(_) | Self::Moving => {
                unreachable!("made `Seen` above, and `wait` leaves no `Moving`")
            }
        }
    }

    /// Makes the next `poll_latest` wait for progress newer than the latest seen.
    fn wait(&mut self) {
        *self = match std::mem::replace(self, Self::Moving) {
            Self::Seen(mut receiver) => Self::Awaited(Box::pin(async move {
                // The sender lives in the `Growth` that the body holds, so it cannot be gone.
                let _ = receiver.changed().await;
                receiver
            })),
            waiting => waiting,
        };
    }
}

impl StageBody {
    /// What to do next, given how far the stage is.
    fn step(&self, progress: Progress) -> Step {
        let there = self.end.min(progress.written_bytes);
        let allowed = match progress.phase {
            Phase::Failed => return Step::Fail,
            Phase::Released => there,
            Phase::Growing | Phase::Complete => there.saturating_sub(HELD_BACK_BYTES),
        };
        if self.offset < allowed {
            Step::Read(allowed - self.offset)
        } else if progress.phase == Phase::Released {
            Step::End
        } else {
            Step::Wait
        }
    }
}

enum Step {
    Read(u64),
    Wait,
    Fail,
    End,
}

impl Body for StageBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let body = self.get_mut();
        while !body.ended {
            let progress = ready!(body.news.poll_latest(cx));
            let result = match body.step(progress) {
                Step::Wait => {
                    body.news.wait();
                    continue;
                }
                Step::End => break,
                Step::Fail => Err(body.growth.failure()),
                Step::Read(wanted_bytes) => {
                    let file = body
                        .growth
                        .file()
                        .expect("bytes are written only after the file was made");
                    ready!(body.pieces.poll_piece(cx, file, body.offset, wanted_bytes))
                }
            };
            match &result {
                Ok(bytes) => body.offset += bytes.len() as u64,
                Err(_) => body.ended = true,
            }
            return Poll::Ready(Some(result.map(Frame::data)));
        }
        body.ended = true;
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }

    fn size_hint(&self) -> SizeHint {
        let progress = *self.growth.progress().borrow();
        if self.ended {
            return SizeHint::with_exact(0);
        }
        match progress.phase {
            Phase::Released => SizeHint::with_exact(
                self.end
                    .min(progress.written_bytes)
                    .saturating_sub(self.offset),
            ),
            Phase::Growing | Phase::Complete | Phase::Failed => SizeHint::new(),
        }
    }
}

impl std::fmt::Debug for StageBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StageBody")
            .field("offset", &self.offset)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}
