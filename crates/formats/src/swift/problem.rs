//! Failures as problem details (RFC 7807), which is what the package manager prints; and `Content-Version`, without which
//! it takes no answer for one of a registry.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_TYPE, HeaderName, HeaderValue,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use model::{Error, ErrorKind, InvalidReason, Result};
use serde_json::json;

use crate::kit::body::{Body, IncomingBody, Response, empty, full};
use crate::kit::error_reply;
use crate::{Context, Endpoint, PackageLimits, Permission, Reply, Subject};

const CONTENT_VERSION: HeaderName = HeaderName::from_static("content-version");
const PROBLEM: HeaderValue = HeaderValue::from_static("application/problem+json");
const VERSION: HeaderValue = HeaderValue::from_static("1");
const ENGLISH: HeaderValue = HeaderValue::from_static("en");
/// Asked for Basic, the package manager on Linux waits for credentials for ever; asked for this, it says what is wrong.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Bearer realm=\"reliquary\"");

/// The status of a failure: what is well-formed and refused by a rule is told apart from what is not (section 4.6.1).
fn status(error: &Error) -> StatusCode {
    match error.kind {
        ErrorKind::Invalid(InvalidReason::Other) => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorKind::Invalid(_)
        | ErrorKind::Unauthenticated
        | ErrorKind::AccessDenied
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::PreconditionFailed
        | ErrorKind::QuotaExceeded
        | ErrorKind::Throttled
        | ErrorKind::TooLarge
        | ErrorKind::UpstreamUnavailable
        | ErrorKind::Unavailable
        | ErrorKind::Internal => error_reply::status(error),
    }
}

fn details(status: StatusCode, message: &str) -> String {
    let title = status.canonical_reason().unwrap_or("Error");
    json!({ "status": status.as_u16(), "title": title, "detail": message }).to_string()
}

/// A failure as an answer.
pub(super) fn render(error: &Error) -> Response {
    let status = status(error);
    let body = details(status, &error.message);
    let mut response = error_reply::with_body(error, PROBLEM, body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_LANGUAGE, ENGLISH);
    headers.insert(CONTENT_VERSION, VERSION);
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, CHALLENGE);
    }
    response
}

/// What a request gets that this protocol has no answer to, beside what it is told.
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: &'static str,
    /// The methods that the address takes, where another was used.
    pub(super) allow: Option<&'static str>,
}

impl Refusal {
    /// Another method than the address takes.
    pub(super) const fn method(allow: &'static str) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: "this address does not take this method",
            allow: Some(allow),
        }
    }

    fn response(&self) -> Response {
        let mut response = Response::new(full(details(self.status, self.message)));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM);
        headers.insert(CONTENT_LANGUAGE, ENGLISH);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        response
    }
}

impl Endpoint for Refusal {
    fn label(&self) -> &'static str {
        "refusal"
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            IncomingBody::new(&cx.headers, body).drain().await;
            Ok(self.response().into())
        })
    }
}

/// `OPTIONS`: the methods that an address takes.
pub(super) struct TellMethods(pub(super) &'static str);

impl Endpoint for TellMethods {
    fn label(&self) -> &'static str {
        "tell-methods"
    }

    fn run(self: Box<Self>, _: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let mut response = Response::new(empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            let headers = response.headers_mut();
            headers.insert(ALLOW, HeaderValue::from_static(self.0));
            Ok(response.into())
        })
    }
}

/// An endpoint whose answers say the version of the protocol.
pub(super) struct Versioned(pub(super) Box<dyn Endpoint>);

impl Endpoint for Versioned {
    fn label(&self) -> &'static str {
        self.0.label()
    }

    fn look_into<'b>(
        &'b mut self,
        body: &'b mut Body,
        limits: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        self.0.look_into(body, limits)
    }

    fn permission(&self) -> Permission {
        self.0.permission()
    }

    fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        let answered = self.0.run(cx, body).map(|answered| {
            answered.map(|mut reply| {
                let headers = reply.response.headers_mut();
                headers.insert(CONTENT_VERSION, VERSION);
                reply
            })
        });
        Box::pin(answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_sw_2_failures_are_problem_details_of_the_one_version() {
        let other = |message| Error::invalid(InvalidReason::Other, message);
        for (error, expected) in [
            (other("no manifest"), 422),
            (Error::invalid(InvalidReason::CannotParse, "x"), 400),
            (Error::unauthenticated("who?"), 401),
            (Error::too_large("x"), 413),
        ] {
            let response = render(&error);
            assert_eq!(response.status().as_u16(), expected);
            assert_eq!(response.headers()[CONTENT_VERSION], "1");
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            if expected == 401 {
                assert_eq!(response.headers()[WWW_AUTHENTICATE], CHALLENGE);
            }
        }
        let written = details(StatusCode::NOT_FOUND, "a \"quoted\" text");
        assert_eq!(
            written,
            r#"{"status":404,"title":"Not Found","detail":"a \"quoted\" text"}"#
        );
    }
}
