//! The requests a fake source has seen.

use http::{HeaderMap, Method};

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// The method.
    pub method: Method,
    /// The path, decoded, without the query.
    pub path: String,
    /// The path and the query as they were sent.
    pub target: String,
    /// All header fields.
    pub headers: HeaderMap,
}

impl RecordedRequest {
    /// The text of a header field, if it was sent and is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

#[derive(Debug, Default)]
pub(super) struct RequestLog {
    requests: Vec<RecordedRequest>,
}

impl RequestLog {
    pub(super) fn add(&mut self, request: RecordedRequest) {
        self.requests.push(request);
    }

    pub(super) fn count(&self, path: &str) -> usize {
        self.requests
            .iter()
            .filter(|request| request.path == path)
            .count()
    }

    pub(super) fn all(&self) -> &[RecordedRequest] {
        &self.requests
    }
}
