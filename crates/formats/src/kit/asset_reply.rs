//! Sending an asset: whole, in part, or described; or sending the client to where its bytes are.

use catalog::{AssetAnswer, CacheOutcome};
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, LOCATION, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};
use model::{Error, Result};

use crate::Reply;
use crate::kit::body::{Body, Response, empty, full};
use crate::kit::conditions::client_has;
use crate::kit::range::{Part, requested};

/// An asset never changes under its name: clients may keep it for good, but only for themselves.
const CACHING_TEXT: &str = "private, max-age=31536000, immutable";
const CACHING: HeaderValue = HeaderValue::from_static(CACHING_TEXT);
/// An address that opens for whoever has it, and for minutes: nobody keeps it.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// Bytes of packages must not act as pages of this server, whatever a browser makes of them.
const SANDBOX: HeaderValue = HeaderValue::from_static("sandbox");
const ATTACHMENT_TEXT: &str = "attachment";
const ATTACHMENT: HeaderValue = HeaderValue::from_static(ATTACHMENT_TEXT);
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const BYTES: HeaderValue = HeaderValue::from_static("bytes");

/// An asset, the part of it that was asked for, 304 when the client has it, or 302 to the object store that has it.
pub(crate) async fn asset_reply(
    method: &Method,
    request: &HeaderMap,
    answer: AssetAnswer,
    content_type: HeaderValue,
) -> Result<Reply> {
    let AssetAnswer { body: asset, cache } = answer;
    let etag = asset.sha256().map(|digest| format!("\"{digest}\""));
    let size_bytes = asset.size_bytes();
    let known = etag
        .as_deref()
        .is_some_and(|etag| client_has(request, etag));
    if !known {
        let media_type = content_type.to_str().ok();
        let address = asset.address(media_type, ATTACHMENT_TEXT, CACHING_TEXT);
        if let Some(address) = address.await? {
            return redirect_reply(address, cache);
        }
    }
    let part = match size_bytes {
        _ if known => Part::Whole,
        Some(size_bytes) => requested(request, size_bytes, etag.as_deref()),
        // While its size is not known, an asset is sent whole.
        None => Part::Whole,
    };
    let (status, length) = match &part {
        _ if known => (StatusCode::NOT_MODIFIED, None),
        Part::Whole => (StatusCode::OK, size_bytes),
        Part::Bytes(range) => (StatusCode::PARTIAL_CONTENT, Some(range.end - range.start)),
        Part::Unsatisfiable => (StatusCode::RANGE_NOT_SATISFIABLE, Some(0)),
    };
    let content_range = match (&part, size_bytes) {
        (Part::Bytes(range), Some(size)) => {
            Some(format!("bytes {}-{}/{size}", range.start, range.end - 1))
        }
        (Part::Unsatisfiable, Some(size)) => Some(format!("bytes */{size}")),
        _ => None,
    };
    let sends = !known && *method != Method::HEAD;
    match &part {
        Part::Whole if sends => asset.ready(None).await?,
        Part::Bytes(range) if sends => asset.ready(Some(range)).await?,
        _ => {}
    }
    let body: Body = match part {
        _ if !sends => empty(),
        Part::Unsatisfiable => empty(),
        Part::Bytes(range) => asset.into_body(Some(range)),
        Part::Whole => match asset.bytes_if_memory() {
            Some(bytes) => full(bytes),
            None => asset.into_body(None),
        },
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    headers.insert(CACHE_CONTROL, CACHING);
    headers.insert(ACCEPT_RANGES, BYTES);
    if let Some(etag) = etag {
        headers.insert(ETAG, HeaderValue::try_from(etag).map_err(Error::internal)?);
    }
    if let Some(range) = content_range {
        headers.insert(
            CONTENT_RANGE,
            HeaderValue::try_from(range).map_err(Error::internal)?,
        );
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if !known {
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(CONTENT_DISPOSITION, ATTACHMENT);
        headers.insert(CONTENT_SECURITY_POLICY, SANDBOX);
        headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    }
    Ok(Reply {
        response,
        cache: Some(cache),
    })
}

/// 302, the redirect that every client of every age follows for GET. The object store answers to ranges itself.
fn redirect_reply(address: String, cache: CacheOutcome) -> Result<Reply> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::FOUND;
    let headers = response.headers_mut();
    let address = HeaderValue::try_from(address).map_err(Error::internal)?;
    headers.insert(LOCATION, address);
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(CONTENT_LENGTH, HeaderValue::from(0));
    Ok(Reply {
        response,
        cache: Some(cache),
    })
}
