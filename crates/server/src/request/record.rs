//! What is kept of a request until its reply has gone: then one log line, and the counters.
//!
//! The line holds the path without the query (a query may carry a signature) and no header but the user agent. Fields
//! are values, never parts of the message, so the formatter escapes them.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use catalog::RequestLabels;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body::{Body as _, Frame, SizeHint};

use crate::Body;
use crate::listener::ConnectionInfo;
use crate::metrics::{Metrics, Outcome};

const MOST_TEXT_BYTES: usize = 512;

const UNKNOWN: RequestLabels = RequestLabels {
    operation: "other",
    format: "",
    cache: None,
};

/// One request, until its reply has gone.
pub(super) struct Record {
    id: Arc<str>,
    method: Method,
    uri: Uri,
    user_agent: Option<HeaderValue>,
    connection: ConnectionInfo,
    started: Instant,
    metrics: Arc<Metrics>,
    /// Whether a line is written.
    pub(super) is_logged: bool,
    labels: RequestLabels,
    status: StatusCode,
    sent_bytes: u64,
    /// The length of the body where it is known beforehand.
    expected_bytes: Option<u64>,
}

impl Record {
    pub(super) fn new<B>(
        request: &Request<B>,
        id: Arc<str>,
        connection: ConnectionInfo,
        started: Instant,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            id,
            method: request.method().clone(),
            uri: request.uri().clone(),
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            connection,
            started,
            metrics,
            is_logged: true,
            labels: UNKNOWN,
            status: StatusCode::OK,
            sent_bytes: 0,
            expected_bytes: None,
        }
    }

    /// Goes with the reply's body; writes its line when the body is gone.
    pub(super) fn attach(mut self, mut reply: Response<Body>) -> Response<RecordedBody> {
        self.labels = reply
            .extensions_mut()
            .remove::<RequestLabels>()
            .unwrap_or(UNKNOWN);
        self.status = reply.status();
        let has_no_body = self.method == Method::HEAD
            || matches!(
                self.status,
                StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
            );
        self.expected_bytes = if has_no_body {
            Some(0)
        } else {
            // A body that is still arriving knows its length only by its header.
            let announced = || {
                let field = reply.headers().get(header::CONTENT_LENGTH)?;
                field.to_str().ok()?.parse().ok()
            };
            reply.body().size_hint().exact().or_else(announced)
        };
        reply.map(|body| RecordedBody {
            body,
            record: self,
            has_ended: false,
        })
    }

    fn finish(&self, is_whole: bool) {
        let outcome = if is_whole {
            Outcome::of(self.status)
        } else {
            Outcome::Cut
        };
        let duration = self.started.elapsed();
        self.metrics
            .request_finished(self.labels, outcome, self.sent_bytes, duration);
        if !self.is_logged {
            return;
        }
        tracing::info!(
            target: "access",
            request_id = &*self.id,
            method = self.method.as_str(),
            path = shortened(self.uri.path()),
            status = self.status.as_u16(),
            sent_bytes = self.sent_bytes,
            duration_ms = duration.as_secs_f64() * 1000.0,
            peer = %self.connection.peer,
            tls = self.connection.uses_tls,
            operation = self.labels.operation,
            format = self.labels.format,
            user_agent = self.user_agent.as_ref().and_then(|value| value.to_str().ok()).map(shortened),
            whole = is_whole,
            "request"
        );
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MOST_TEXT_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A reply's body that remembers what went through it.
pub struct RecordedBody {
    body: Body,
    record: Record,
    has_ended: bool,
}

impl http_body::Body for RecordedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Ready(Some(Ok(frame))) => {
                let data_bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                self.record.sent_bytes += data_bytes;
            }
            Poll::Ready(Some(Err(error))) => {
                tracing::warn!(request_id = &*self.record.id, %error, "a reply was cut short");
            }
            Poll::Ready(None) => self.has_ended = true,
            Poll::Pending => {}
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RecordedBody {
    fn drop(&mut self) {
        let sent_all = self.record.expected_bytes == Some(self.record.sent_bytes);
        self.record
            .finish(sent_all || self.has_ended || self.body.is_end_stream());
    }
}
