//! A small document that was made for this request: whole, only its head, or that the client has it already.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, StatusCode};
use model::{Error, Result};
use sha2::{Digest as _, Sha256};

use super::body::{Response, empty, full};
use super::conditions::client_has;
use crate::Context;

/// What follows from files that never change may be kept for good, by who asked for it.
pub(crate) const FOR_GOOD: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");
/// What may change is kept by the client alone, and asked for again each time.
pub(crate) const ASK_AGAIN: HeaderValue =
    HeaderValue::from_static("private, max-age=0, must-revalidate");

/// The document, with an entity tag of its bytes; `caching` says for how long it may be kept.
pub(crate) fn small_reply(
    cx: &Context,
    bytes: impl Into<Bytes>,
    content_type: HeaderValue,
    caching: HeaderValue,
) -> Result<Response> {
    let bytes = bytes.into();
    let etag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
    let is_known = client_has(&cx.headers, &etag);
    let length = bytes.len();
    let mut response = Response::new(if is_known || cx.method == Method::HEAD {
        empty()
    } else {
        full(bytes)
    });
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(etag).map_err(Error::internal)?);
    headers.insert(CACHE_CONTROL, caching);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    }
    Ok(response)
}
