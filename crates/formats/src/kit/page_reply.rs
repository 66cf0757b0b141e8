//! Sending a page of a list that is made for this request alone.

use bytes::Bytes;
use http::Method;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};

use crate::kit::body::{Response, empty, full};

/// A page of links: it loads nothing, runs nothing, sends nothing and stands in no frame.
const NOTHING: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// A page, or only its head.
pub(crate) fn page_reply(
    method: &Method,
    content_type: HeaderValue,
    page: impl Into<Bytes>,
) -> Response {
    let page = page.into();
    let length = HeaderValue::from(page.len());
    let mut response = Response::new(match *method {
        Method::HEAD => empty(),
        _ => full(page),
    });
    let headers = response.headers_mut();
    headers.reserve(8);
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CONTENT_LENGTH, length);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(CONTENT_SECURITY_POLICY, NOTHING);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
