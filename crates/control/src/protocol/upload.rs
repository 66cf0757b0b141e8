//! The body of a request that is bytes: taken piece by piece, and not before someone asks for a piece.
//!
//! A client that sent `Expect: 100-continue` is told to go on by the first read, so nothing is read before the caller
//! was found to have the right. The framing `aws-chunked`, which some SDKs put around large bodies, is taken off; its
//! signatures of chunks are not looked at, since the hash of the whole is part of the request's signature
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>).

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderMap, header, request};
use http_body::Body as _;
use model::{Error, InvalidReason, Result};

use super::aws_chunked::AwsChunked;
use crate::Body;

/// What is read on, at most, of a body that was refused: a client that is cut while it sends often does not see the
/// answer.
const DRAINED_BYTES: u64 = 8 << 20;
const DRAINED_FOR: Duration = Duration::from_secs(5);

/// The bytes of a body on their way in.
pub(crate) struct Upload {
    body: Body,
    framing: Option<AwsChunked>,
    /// Bytes that came and whose framing is not taken off yet.
    pending: Bytes,
    announced_bytes: Option<u64>,
    /// The client sends nothing before it is told to, or has an answer.
    waits: bool,
    /// Why the headers already stand against reading the body.
    fault: Option<Error>,
}

impl Upload {
    pub(crate) fn new(parts: &request::Parts, body: Body) -> Self {
        let is_framed = lists(
            &parts.headers,
            header::CONTENT_ENCODING.as_str(),
            "aws-chunked",
        );
        let decoded = if is_framed {
            decoded_length(&parts.headers)
        } else {
            Ok(None)
        };
        let (decoded, fault) = match decoded {
            Ok(length) => (length, None),
            Err(error) => (None, Some(error)),
        };
        Self {
            announced_bytes: if is_framed {
                decoded
            } else {
                body.size_hint().exact()
            },
            framing: is_framed.then(|| AwsChunked::new(decoded)),
            pending: Bytes::new(),
            waits: lists(&parts.headers, header::EXPECT.as_str(), "100-continue"),
            body,
            fault,
        }
    }

    /// How many bytes there will be, if the client said so.
    pub(crate) const fn announced_bytes(&self) -> Option<u64> {
        self.announced_bytes
    }

    /// Reads on, for a while, what nobody needs. Not where the client waits, nor where it would not be enough.
    pub(crate) async fn drain(mut self) {
        if self.waits || self.body.size_hint().lower() > DRAINED_BYTES {
            return;
        }
        let reading = async {
            let mut read_bytes = 0;
            let mut frames = http_body_util::BodyDataStream::new(&mut self.body);
            while let Some(Ok(bytes)) = frames.next().await {
                read_bytes += bytes.len() as u64;
                if read_bytes > DRAINED_BYTES {
                    break;
                }
            }
        };
        // Whether the time was enough changes nothing.
        tokio::time::timeout(DRAINED_FOR, reading).await.ok();
    }

    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>>> {
        if let Some(fault) = self.fault.take() {
            return Poll::Ready(Err(fault));
        }
        loop {
            if let Some(framing) = &mut self.framing
                && let Some(piece) = framing.feed(&mut self.pending)?
            {
                return Poll::Ready(Ok(Some(piece)));
            }
            let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
            // Whoever got the first piece was told to go on.
            self.waits = false;
            match frame {
                Some(Ok(frame)) => match (frame.into_data(), &self.framing) {
                    (Ok(bytes), Some(_)) => self.pending = bytes,
                    (Ok(bytes), None) if !bytes.is_empty() => return Poll::Ready(Ok(Some(bytes))),
                    // Trailers say nothing here.
                    _ => {}
                },
                Some(Err(error)) => return Poll::Ready(Err(broke_off().caused_by(error))),
                None => {
                    if let Some(framing) = &self.framing {
                        framing.finish()?;
                    }
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }
}

impl Stream for Upload {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_piece(cx).map(Result::transpose)
    }
}

/// What became of a body that ended too early.
pub(super) fn broke_off() -> Error {
    Error::invalid(
        InvalidReason::CannotParse,
        "The request body broke off before its end.",
    )
}

/// Whether a header's list names a word.
fn lists(headers: &HeaderMap, name: &str, word: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(word))
}

/// How long the body is without its framing, where the client says so.
fn decoded_length(headers: &HeaderMap) -> Result<Option<u64>> {
    let mut sent = headers.get_all("x-amz-decoded-content-length").iter();
    let Some(value) = sent.next() else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    let is_number = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(length) if is_number && sent.next().is_none() => Ok(Some(length)),
        _ => Err(Error::invalid(
            InvalidReason::CannotParse,
            "The header x-amz-decoded-content-length must be sent once, and be a whole number.",
        )),
    }
}
