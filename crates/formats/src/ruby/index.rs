//! The compact index (`versions`, `names`, `info/{gem}`) and RubyGems' older lists (`specs.4.8.gz` and its siblings).

use std::sync::Arc;

use catalog::{CacheOutcome, Document, Encoding, RepositoryDocument};
use futures_util::future::BoxFuture;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, HeaderName, HeaderValue, RANGE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};
use model::{Error, PackageCoordinates, Result};

use super::entity_tag::{md5_of, sha256_of};
use super::lists::{self, List};
use super::{Variant, all_gems, render};
use crate::kit::body::{Body, Response, empty, full};
use crate::kit::conditions::client_has;
use crate::kit::negotiation::encoding;
use crate::kit::page_reply::page_reply;
use crate::kit::range::{Part, requested};
use crate::{Context, Endpoint, Reply, Subject};

pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// Kept by the client alone, and asked for again each time.
const CACHING: HeaderValue = HeaderValue::from_static("private, max-age=0, must-revalidate");
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// The address that documents do not spell out is not part of their keys.
pub(super) fn no_base() -> Arc<str> {
    Arc::from("")
}

/// `GET info/{gem}`
pub(super) struct ReadInfo(pub(super) PackageCoordinates);

impl Endpoint for ReadInfo {
    fn label(&self) -> &'static str {
        "read-info"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.0)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let encoding = encoding_of(&cx.headers);
            let number = Variant::Info.number();
            let base = no_base();
            let made = cx
                .catalog
                .document(&cx.grant, &self.0, number, &base, encoding, render);
            let (document, cache) = made.await?;
            index_reply(&cx, &document, encoding, TEXT, cache)
        })
    }
}

/// `GET versions`, `GET names`, `GET specs.4.8.gz` and its siblings
pub(super) struct ReadList(pub(super) List);

impl Endpoint for ReadList {
    fn label(&self) -> &'static str {
        match self.0 {
            List::Versions => "read-versions",
            List::Names => "read-names",
            List::Specs | List::LatestSpecs | List::PrereleaseSpecs => "read-specs",
        }
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let list = self.0;
            let is_text = matches!(list, List::Versions | List::Names);
            // The older lists are packed by themselves.
            let (encoding, content_type) = if is_text {
                (encoding_of(&cx.headers), TEXT)
            } else {
                (Encoding::Identity, BINARY)
            };
            let wanted = RepositoryDocument {
                list: all_gems(),
                list_variant: list.has_source().then(|| Variant::List.number()),
                package_variant: Variant::Info.number(),
                variant: list.number(),
                render,
                render_list: lists::render,
            };
            let base = no_base();
            let made = cx
                .catalog
                .repository_document(&cx.grant, &wanted, &base, encoding);
            let (document, cache) = made.await?;
            index_reply(&cx, &document, encoding, content_type, cache)
        })
    }
}

/// A part is cut out of the plain form, whatever else the client takes.
fn encoding_of(headers: &HeaderMap) -> Encoding {
    if headers.contains_key(RANGE) {
        Encoding::Identity
    } else {
        encoding(headers)
    }
}

/// A document, the part of it that was asked for, or 304 when the client has it.
fn index_reply(
    cx: &Context,
    document: &Document,
    encoding: Encoding,
    content_type: HeaderValue,
    cache: CacheOutcome,
) -> Result<Reply> {
    let md5 = format!("\"{}\"", md5_of(&document.etag));
    let is_known = client_has(&cx.headers, &md5);
    let size = document.bytes.len();
    let part = match encoding {
        Encoding::Identity if !is_known => requested(&cx.headers, size as u64, Some(&md5)),
        Encoding::Identity | Encoding::Gzip => Part::Whole,
    };
    let range = match part {
        Part::Bytes(range) => usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok()),
        // Who has more than there is has something else: the whole puts it right.
        Part::Whole | Part::Unsatisfiable => None,
    };
    let (status, bytes) = match range {
        _ if is_known => (StatusCode::NOT_MODIFIED, None),
        Some((start, end)) => (
            StatusCode::PARTIAL_CONTENT,
            Some(document.bytes.slice(start..end)),
        ),
        None => (StatusCode::OK, Some(document.bytes.clone())),
    };
    let length = bytes.as_ref().map(bytes::Bytes::len);
    let mut response = Response::new(match bytes {
        Some(bytes) if cx.method != Method::HEAD => full(bytes),
        _ => empty(),
    });
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(12);
    let value = |text: String| HeaderValue::try_from(text).map_err(Error::internal);
    let tag = match encoding {
        Encoding::Identity => md5,
        // The tag is that of the plain form, which Bundler compares with.
        Encoding::Gzip => format!("W/{md5}"),
    };
    headers.insert(ETAG, value(tag)?);
    headers.insert(CACHE_CONTROL, CACHING);
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(sha256) = sha256_of(&document.etag) {
        headers.insert(REPR_DIGEST, value(format!("sha-256=:{sha256}:"))?);
        headers.insert(DIGEST, value(format!("sha-256={sha256}"))?);
    }
    if let Some((start, end)) = range {
        let text = format!("bytes {start}-{}/{size}", end - 1);
        headers.insert(CONTENT_RANGE, value(text)?);
    }
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(CONTENT_TYPE, content_type);
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if encoding == Encoding::Gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    Ok(Reply {
        response,
        cache: Some(cache),
    })
}

/// `GET {base}`: RubyGems from 3.2 to 3.4 asks whether there is anything before it asks for `info/{gem}`.
pub(super) struct Greeting;

impl Endpoint for Greeting {
    fn label(&self) -> &'static str {
        "greeting"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        let page = "A repository of gems. Give this address to gem and Bundler as a source.\n";
        Box::pin(std::future::ready(Ok(
            page_reply(&cx.method, TEXT, page).into()
        )))
    }
}
