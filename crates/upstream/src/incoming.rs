//! A body on its way in, held to its announced length, to the limit on size, and to the progress rule.

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::{Instant, timeout};

use crate::error::SourceError;
use crate::progress::{Progress, TooSlow};

/// The rest of an answer whose headers have come.
pub(crate) struct Incoming {
    response: reqwest::Response,
    progress: Progress,
    expected: Option<u64>,
    received: u64,
    limit_bytes: u64,
    /// After the end or a failure nothing more is asked of the connection.
    ended: Option<Result<(), SourceError>>,
}

impl Incoming {
    /// Refuses at once what announces to be too large.
    pub(crate) fn new(
        response: reqwest::Response,
        progress: Progress,
        limit_bytes: u64,
    ) -> Result<Self, SourceError> {
        let expected = response.content_length();
        if expected.is_some_and(|expected| expected > limit_bytes) {
            return Err(SourceError::TooLarge { limit_bytes });
        }
        Ok(Self {
            response,
            progress,
            expected,
            received: 0,
            limit_bytes,
            ended: None,
        })
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The announced length.
    pub(crate) const fn expected(&self) -> Option<u64> {
        self.expected
    }

    /// The next piece, `None` at the end. A failure is final and repeated when asked again. Dropping the future loses
    /// no bytes.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, SourceError> {
        if let Some(ended) = &self.ended {
            return ended.clone().map(|()| None);
        }
        match self.next().await {
            Ok(Some(bytes)) => Ok(Some(bytes)),
            Ok(None) => {
                self.ended = Some(Ok(()));
                Ok(None)
            }
            Err(error) => {
                self.ended = Some(Err(error.clone()));
                Err(error)
            }
        }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, SourceError> {
        loop {
            let began = Instant::now();
            let arrived = timeout(self.progress.patience(), self.response.chunk()).await;
            let (bytes, ended) = match arrived {
                Err(_) => (Bytes::new(), false),
                Ok(Ok(Some(bytes))) => (bytes, false),
                Ok(Ok(None)) => (Bytes::new(), true),
                Ok(Err(_)) => return Err(self.truncated()),
            };
            if ended {
                // The HTTP library fails by itself when an announced length is not met; this is the belt to it.
                let complete = self
                    .expected
                    .is_none_or(|expected| expected == self.received);
                return if complete {
                    Ok(None)
                } else {
                    Err(self.truncated())
                };
            }
            let count = bytes.len() as u64;
            self.received = self.received.saturating_add(count);
            if self.received > self.limit_bytes {
                return Err(SourceError::TooLarge {
                    limit_bytes: self.limit_bytes,
                });
            }
            self.progress
                .record(began.elapsed(), count)
                .map_err(|TooSlow| SourceError::Stalled {
                    received: self.received,
                })?;
            if count > 0 {
                return Ok(Some(bytes));
            }
        }
    }

    const fn truncated(&self) -> SourceError {
        SourceError::Truncated {
            expected: self.expected,
            received: self.received,
        }
    }
}
