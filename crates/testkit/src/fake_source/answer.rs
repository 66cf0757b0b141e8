//! From a request to what a well-behaved source would answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;

use super::behaviour::Behaviour;
use super::delivery::{Body, deliver};
use super::document::{Document, best};
use super::requests::RecordedRequest;
use super::{Shared, lock};

/// A good answer, before any misbehaviour.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) gzip: bool,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    pub(super) body: Bytes,
}

impl Good {
    pub(super) fn new(content_type: &str, body: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: content_type.to_owned(),
            gzip: false,
            etag: None,
            last_modified: None,
            body,
        }
    }

    /// An error, in a shape that says no more than its status.
    pub(super) fn error(status: StatusCode) -> Self {
        let error = status.canonical_reason().unwrap_or("Error");
        let body = json!({ "error": error }).to_string();
        Self {
            status,
            ..Self::new("application/json", body.into())
        }
    }

    /// A document, in the way that this client wants it, or that it has it already.
    fn of(document: &Document, headers: &HeaderMap, conditions: bool) -> Self {
        let wants_gzip = sent(headers, header::ACCEPT_ENCODING).contains("gzip");
        let compressed = document.compressed().filter(|_| wants_gzip);
        let mut good = Self::new(document.media_type(), document.body().clone());
        if let Some(compressed) = compressed {
            good.gzip = true;
            good.body = compressed;
        }
        if !conditions {
            return good;
        }
        let tag = sent(headers, header::IF_NONE_MATCH);
        let date = sent(headers, header::IF_MODIFIED_SINCE);
        let is_known = if tag.is_empty() {
            document.date() == Some(date)
        } else {
            document.etag() == tag
        };
        good.etag = Some(document.etag().to_owned());
        good.last_modified = document.date().map(str::to_owned);
        if is_known {
            good.status = StatusCode::NOT_MODIFIED;
            good.body = Bytes::new();
        }
        good
    }
}

/// A header field's text, or nothing.
fn sent(headers: &HeaderMap, name: HeaderName) -> &str {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub(super) async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = percent_decode_str(head.uri.path())
        .decode_utf8_lossy()
        .into_owned();
    lock(&shared.requests).add(RecordedRequest {
        method: head.method.clone(),
        path: path.clone(),
        target: head
            .uri
            .path_and_query()
            .map_or_else(String::new, ToString::to_string),
        headers: head.headers.clone(),
    });
    // Read to its end, so that the connection can be used again; a client that goes away is noticed later.
    let _ = body.collect().await;
    let mut behaviour = lock(&shared.behaviours).next(&path);
    if behaviour == Behaviour::Hold {
        hold(&shared).await;
    }
    if let Behaviour::HoldThen(next) = behaviour {
        hold(&shared).await;
        behaviour = *next;
    }
    let is_read = head.method == Method::GET || head.method == Method::HEAD;
    let document = is_read
        .then(|| {
            find(
                &shared,
                &path,
                head.uri.query().unwrap_or(""),
                &head.headers,
            )
        })
        .flatten();
    let conditions = shared.etags.load(Ordering::SeqCst);
    let good = document.map_or_else(
        || Good::error(StatusCode::NOT_FOUND),
        |document| Good::of(&document, &head.headers, conditions),
    );
    deliver(good, behaviour, &path).await
}

/// Waits for the next release; counts as held as long as the client waits too.
async fn hold(shared: &Shared) {
    struct Held<'a>(&'a Shared);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.held.send_modify(|held| *held -= 1);
        }
    }
    let mut releases = shared.releases.subscribe();
    shared.held.send_modify(|held| *held += 1);
    let _held = Held(shared);
    // The sender lives in the source, so there always is a next time to wait for.
    let _ = releases.changed().await;
}

fn find(shared: &Shared, path: &str, query: &str, headers: &HeaderMap) -> Option<Document> {
    let forms = lock(&shared.documents).get(path).cloned();
    if let Some(forms) = forms {
        return best(&forms, headers).cloned();
    }
    let lookup = lock(&shared.lookup).clone();
    lookup.and_then(|lookup| lookup(path, query))
}
