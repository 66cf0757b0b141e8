//! What came back, and the forms it must have.

use bytes::Bytes;
use catalog::{RequestFacts, RequestLabels};
use control::Body;
use http::{HeaderMap, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;

/// A reply, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) labels: Option<RequestLabels>,
    pub(crate) facts: Option<RequestFacts>,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn read(response: Response<Body>) -> Self {
        let (mut parts, body) = response.into_parts();
        Self {
            status: parts.status.as_u16(),
            facts: parts.extensions.remove(),
            labels: parts.extensions.get::<RequestLabels>().copied(),
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(
            self.header("content-type"),
            Some("application/json"),
            "{self:?}"
        );
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("x-amzn-errortype"), None);
        self.json()
    }

    /// The body of a refusal: the exception's name is in the header, and the message in the body.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, exception: &str) -> Value {
        let found = (self.status, self.header("x-amzn-errortype"));
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(found, (status, Some(exception)), "{text}");
        let body = self.json();
        let message = body["message"].as_str().unwrap();
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
        body
    }

    /// The message of a refusal as invalid, for this reason.
    #[track_caller]
    pub(crate) fn invalid(&self, reason: &str) -> String {
        let body = self.refused(400, "ValidationException");
        assert_eq!(body["reason"], reason, "{body}");
        body["message"].as_str().unwrap().to_owned()
    }

    /// A refusal that names a resource.
    #[track_caller]
    pub(crate) fn refused_about(
        &self,
        status: u16,
        exception: &str,
        kind: &str,
        id: &str,
    ) -> String {
        let body = self.refused(status, exception);
        assert_eq!(
            (&body["resourceType"], &body["resourceId"]),
            (&kind.into(), &id.into()),
            "{body}"
        );
        body["message"].as_str().unwrap().to_owned()
    }
}
