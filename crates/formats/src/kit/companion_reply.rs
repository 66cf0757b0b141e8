//! The reply to a request for a small document that belongs to a file and is as immutable as it: core metadata of a wheel,
//! the manifest of a package.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use model::{Error, Result};
use sha2::{Digest as _, Sha256};

use super::body::{Response, empty, full};
use super::conditions::client_has;
use crate::{Context, Reply};

/// The document, or that the client has it already. `guard` keeps a browser from making anything of it.
pub(crate) fn companion_reply(
    cx: &Context,
    bytes: Bytes,
    content_type: HeaderValue,
    guard: (HeaderName, HeaderValue),
) -> Result<Reply> {
    let etag = format!("\"{}\"", hex::encode(Sha256::digest(&bytes)));
    let is_known = client_has(&cx.headers, &etag);
    let length = bytes.len();
    let body = if is_known || cx.method == Method::HEAD {
        empty()
    } else {
        full(bytes)
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(ETAG, HeaderValue::try_from(etag).map_err(Error::internal)?);
    let caching = HeaderValue::from_static("private, max-age=31536000, immutable");
    headers.insert(CACHE_CONTROL, caching);
    if is_known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(guard.0, guard.1);
    }
    Ok(response.into())
}
