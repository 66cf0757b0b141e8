//! The status of a failure, and the header fields that belong to it. The body is each format's own.

use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use model::{Error, ErrorKind};

use crate::kit::body::{Response, full};

/// NuGet, Maven, pip and Gradle send their credentials only when they are asked for them so.
const CHALLENGE: HeaderValue = HeaderValue::from_static("Basic realm=\"reliquary\"");

/// The status of a failure at a package endpoint.
pub(crate) fn status(error: &Error) -> StatusCode {
    match error.kind {
        ErrorKind::Invalid(_) => StatusCode::BAD_REQUEST,
        ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
        ErrorKind::AccessDenied => StatusCode::FORBIDDEN,
        ErrorKind::NotFound => StatusCode::NOT_FOUND,
        ErrorKind::Conflict => StatusCode::CONFLICT,
        ErrorKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        ErrorKind::QuotaExceeded => StatusCode::PAYMENT_REQUIRED,
        ErrorKind::Throttled => StatusCode::TOO_MANY_REQUESTS,
        ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorKind::UpstreamUnavailable if error.retry_after_seconds.is_some() => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        ErrorKind::UpstreamUnavailable => StatusCode::BAD_GATEWAY,
        ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A failure with this body.
pub(crate) fn with_body(error: &Error, content_type: HeaderValue, body: String) -> Response {
    let mut response = Response::new(full(body));
    *response.status_mut() = status(error);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if error.kind == ErrorKind::Unauthenticated {
        headers.insert(WWW_AUTHENTICATE, CHALLENGE);
    }
    if let Some(seconds) = error.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// A failure as plain text.
pub(crate) fn plain(error: &Error) -> Response {
    let text = format!("{}\n", error.message);
    with_body(
        error,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        text,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_asks_for_basic_credentials_and_a_busy_source_names_the_time() {
        let refused = plain(&Error::unauthenticated("who?"));
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(
            refused.headers()[WWW_AUTHENTICATE],
            "Basic realm=\"reliquary\""
        );
        let mut busy = Error::upstream_unavailable("later");
        assert_eq!(plain(&busy).status(), StatusCode::BAD_GATEWAY);
        busy.retry_after_seconds = Some(7);
        let busy = plain(&busy);
        assert_eq!(
            (busy.status(), &busy.headers()[RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &HeaderValue::from(7))
        );
    }
}
