//! Sending a ready document: packuments, indexes, pages.

use bytes::Bytes;
use catalog::{CacheOutcome, Document, Encoding};
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderValue, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};
use model::{Error, Result};

use crate::Reply;
use crate::kit::body::{Response, empty, full};
use crate::kit::conditions::client_has;

/// Kept by the client alone, and asked for again each time: a publish is seen at once, and asking costs a 304.
const CACHING: HeaderValue = HeaderValue::from_static("private, max-age=0, must-revalidate");
/// One address has several forms. `Authorization` is not named: shared caches keep nothing private, and npm's own cache,
/// which forgets the header it sent, would never find a document again.
const VARIES: HeaderValue = HeaderValue::from_static("Accept, Accept-Encoding");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");

/// A document, or 304 when the client has it.
pub(crate) fn document_reply(
    method: &Method,
    request: &HeaderMap,
    document: &Document,
    encoding: Encoding,
    content_type: HeaderValue,
    cache: CacheOutcome,
) -> Result<Reply> {
    let known = client_has(request, &document.etag);
    let body = if known || *method == Method::HEAD {
        empty()
    } else {
        full(document.bytes.clone())
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.reserve(8);
    headers.insert(
        ETAG,
        HeaderValue::from_str(&document.etag).map_err(Error::internal)?,
    );
    headers.insert(CACHE_CONTROL, CACHING);
    headers.insert(VARY, VARIES);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(document.bytes.len()));
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
        if encoding == Encoding::Gzip {
            headers.insert(CONTENT_ENCODING, GZIP);
        }
    }
    Ok(Reply {
        response,
        cache: Some(cache),
    })
}

/// A small JSON answer that is made for this request alone.
pub(crate) fn json_reply(status: StatusCode, value: &serde_json::Value) -> Response {
    let mut response = json_bytes_reply(value.to_string());
    *response.status_mut() = status;
    response
}

/// JSON that was made for this request alone.
pub(crate) fn json_bytes_reply(json: impl Into<Bytes>) -> Response {
    let mut response = Response::new(full(json));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response
}
