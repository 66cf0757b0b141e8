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
        ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
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

/// A failure as plain text; on HTTP/1.1 the message is the reason phrase, too.
pub(crate) fn plain(error: &Error) -> Response {
    let text = format!("{}\n", error.message);
    let mut response = with_body(
        error,
        HeaderValue::from_static("text/plain; charset=utf-8"),
        text,
    );
    response
        .extensions_mut()
        .insert(ReasonPhrase::of(&error.message));
    response
}

/// What stands behind the status of a failure on HTTP/1.1, for clients that print nothing else: twine without
/// `--verbose`, mvn, Gradle. Travels in the extensions of the response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonPhrase(String);

impl ReasonPhrase {
    const BYTES: usize = 240;

    /// A message as a phrase: visible ASCII and blanks, and not too much of it.
    fn of(message: &str) -> Self {
        let visible = |c: char| if matches!(c, ' '..='~') { c } else { '?' };
        Self(message.chars().map(visible).take(Self::BYTES).collect())
    }

    /// The phrase.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u15_a_message_becomes_a_phrase_without_anything_that_ends_a_line() {
        let phrase = ReasonPhrase::of("é is\r\nX-Evil: 1");
        assert_eq!(phrase.as_str(), "? is??X-Evil: 1");
        assert_eq!(ReasonPhrase::of(&"x".repeat(1000)).as_str().len(), 240);
        let refused = plain(&Error::access_denied("no"));
        assert_eq!(refused.extensions().get(), Some(&ReasonPhrase("no".into())));
    }

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

    #[test]
    fn d04_a_storage_that_does_not_answer_is_503_with_a_time_to_come_back() {
        let away = plain(&Error::storage_unavailable("the bucket is away"));
        assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(away.headers().contains_key(RETRY_AFTER));
    }
}
