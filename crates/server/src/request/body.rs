//! A request body that ends with an error when the client stops sending, and that has no trailers.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use tokio::time::{Instant, Sleep};

use crate::Body;

/// A body with a bound on the silence between two of its pieces.
pub(super) struct RequestBody<B> {
    inner: B,
    idle_timeout: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    is_waiting: bool,
}

impl<B> RequestBody<B>
where
    B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// The body in the form that goes between layers. An empty one costs nothing.
    pub(super) fn boxed(inner: B, idle_timeout: Duration) -> Body {
        if inner.is_end_stream() {
            return Empty::new().map_err(|never| match never {}).boxed_unsync();
        }
        Self {
            inner,
            idle_timeout,
            timer: None,
            is_waiting: false,
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

impl<B> http_body::Body for RequestBody<B>
where
    B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match Pin::new(&mut self.inner).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.is_waiting = false;
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
                let text = "the client stopped sending the request body";
                Some(Err(io::Error::new(io::ErrorKind::TimedOut, text)))
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
