//! A request body that ends with an error when the client stops sending, and that has no trailers. What nobody wanted of it
//! is read and thrown away: clients that send a large body before they look for the reply (NuGet, whose first push is without
//! credentials) would otherwise meet a closed connection and never read why they were refused. Who waits to be told to continue
//! (Ivy) and is refused instead is told that the connection ends: nobody can know whether the body comes after all.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, timeout};

use crate::Body;

/// What is read of a body that nobody wants, and how long: more, and the connection is closed.
const MOST_UNWANTED_BYTES: usize = 256 << 20;
const LONGEST_UNWANTED: Duration = Duration::from_secs(30);

/// What the body of a request may be.
pub(super) trait Incoming:
    http_body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>
    + Unpin
    + Send
    + 'static
{
}

impl<B> Incoming for B
where
    B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
}

/// When the client sends its body.
pub(super) enum Sending {
    /// At once: what is not wanted of it comes all the same.
    Unasked,
    /// Once it is told to continue, which is when somebody reads.
    Asked(Arc<AtomicBool>),
    /// In a way that is not to be read on.
    Unclear,
}

impl Sending {
    /// Whether the rest of the body is on its way.
    fn has_begun(&self) -> bool {
        match self {
            Self::Unasked => true,
            Self::Asked(is_asked) => is_asked.load(Ordering::Relaxed),
            Self::Unclear => false,
        }
    }
}

/// A body with a bound on the silence between two of its pieces.
pub(super) struct RequestBody<B: Incoming> {
    /// Gone once it has ended or failed.
    inner: Option<B>,
    idle_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
    sending: Sending,
}

impl<B: Incoming> RequestBody<B> {
    /// The body in the form that goes between layers. An empty one costs nothing.
    pub(super) fn boxed(inner: B, idle_timeout: Duration, sending: Sending) -> Body {
        if inner.is_end_stream() {
            return Empty::new().map_err(|never| match never {}).boxed_unsync();
        }
        Self {
            inner: Some(inner),
            idle_timeout,
            timer: None,
            is_waiting: false,
            sending,
        }
        .boxed_unsync()
    }

    /// Whether the client has been silent for too long. Called only while there is nothing to read.
    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = Instant::now() + self.idle_timeout;
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if !self.is_waiting {
            timer.as_mut().reset(deadline);
            self.is_waiting = true;
        }
        timer.as_mut().poll(cx)
    }
}

/// Reads what is left of a body and forgets it.
async fn discard<B: Incoming>(mut body: B) {
    let mut left = MOST_UNWANTED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let length = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(length) {
            Some(rest) => left = rest,
            None => return,
        }
    }
}

impl<B: Incoming> Drop for RequestBody<B> {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.take()
            && self.sending.has_begun()
            && !inner.is_end_stream()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(timeout(LONGEST_UNWANTED, discard(inner)));
        }
    }
}

impl<B: Incoming> http_body::Body for RequestBody<B> {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let Some(inner) = self.inner.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = Pin::new(inner).poll_frame(cx);
        if let Sending::Asked(is_asked) = &self.sending {
            is_asked.store(true, Ordering::Relaxed);
        }
        match polled {
            Poll::Ready(frame) => {
                self.is_waiting = false;
                if !matches!(&frame, Some(Ok(frame)) if frame.is_data()) {
                    self.inner = None;
                }
                Poll::Ready(frame.map(|frame| match frame {
                    Ok(frame) if frame.is_data() => Ok(frame),
                    Ok(_) => Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "request trailers are not understood",
                    )),
                    Err(error) => Err(io::Error::new(io::ErrorKind::UnexpectedEof, error)),
                }))
            }
            Poll::Pending => self.poll_silence(cx).map(|()| {
                self.inner = None;
                let text = "the client stopped sending the request body";
                Some(Err(io::Error::new(io::ErrorKind::TimedOut, text)))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner
            .as_ref()
            .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner
            .as_ref()
            .map_or(SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}
