//! Bodies of requests and responses.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full};
use model::{Error, InvalidReason, Result};

/// A body, of a request or of a response.
pub type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A response of a package endpoint.
pub type Response = http::Response<Body>;

/// A body of bytes that lie ready.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// No body.
pub(crate) fn empty() -> Body {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// The next bytes of a request's body; `None` at its end.
pub(crate) async fn next_chunk(body: &mut Body) -> Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(broke_off)?;
        match frame.into_data() {
            Ok(bytes) if !bytes.is_empty() => return Ok(Some(bytes)),
            // Trailers say nothing here.
            _ => {}
        }
    }
    Ok(None)
}

/// A whole body, for small documents; refused when it is larger than `limit_bytes`.
pub(crate) async fn read_all(mut body: Body, limit_bytes: usize) -> Result<Bytes> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = next_chunk(&mut body).await? {
        if bytes.len() + chunk.len() > limit_bytes {
            drain(body).await;
            return Err(too_large(limit_bytes as u64));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes.freeze())
}

/// Reads on, for a while, what nobody needs: a client that is cut while it sends often does not see the answer.
pub(crate) async fn drain(mut body: Body) {
    const LIMIT_BYTES: usize = 8 << 20;
    const LIMIT: Duration = Duration::from_secs(5);
    let reading = async {
        let mut read_bytes = 0;
        while let Ok(Some(chunk)) = next_chunk(&mut body).await {
            read_bytes += chunk.len();
            if read_bytes > LIMIT_BYTES {
                break;
            }
        }
    };
    // Whether the time was enough changes nothing.
    tokio::time::timeout(LIMIT, reading).await.ok();
}

/// A body as a stream of bytes, nothing of which is read before someone asks for it: a client that sent
/// `Expect: 100-continue` is told to go on by the first read.
pub(crate) struct IncomingBody {
    body: Body,
    waits: bool,
}

impl IncomingBody {
    pub(crate) fn new(headers: &HeaderMap, body: Body) -> Self {
        Self {
            body,
            waits: waits(headers),
        }
    }

    /// Reads on, for a while, unless the client sends nothing before it has an answer.
    pub(crate) async fn drain(self) {
        if !self.waits {
            drain(self.body).await;
        }
    }
}

impl Stream for IncomingBody {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let frame = ready!(Pin::new(&mut self.body.frame()).poll(cx));
            self.waits = false;
            match frame.map(|frame| frame.map(|frame| frame.into_data())) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(broke_off(error)))),
                Some(Ok(Ok(bytes))) if !bytes.is_empty() => return Poll::Ready(Some(Ok(bytes))),
                // Trailers say nothing here.
                Some(Ok(_)) => {}
            }
        }
    }
}

/// Whether a client sends its body only after it was told to go on.
pub(crate) fn waits(headers: &HeaderMap) -> bool {
    headers
        .get(EXPECT)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

/// How many bytes a body will have, if the client said so.
pub(crate) fn announced_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn broke_off(error: std::io::Error) -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        "The body of the request ended before its end.",
    )
    .caused_by(error)
}

pub(crate) fn too_large(limit_bytes: u64) -> Error {
    Error::too_large(format!(
        "The body of the request is larger than the limit of {limit_bytes} bytes."
    ))
}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    #[tokio::test]
    async fn u11_a_body_at_the_limit_is_read_and_one_above_is_refused() {
        assert_eq!(read_all(full("1234"), 4).await.unwrap(), "1234");
        assert_eq!(
            read_all(full("12345"), 4).await.unwrap_err().kind,
            ErrorKind::TooLarge
        );
        assert_eq!(read_all(empty(), 0).await.unwrap(), "");
    }
}
