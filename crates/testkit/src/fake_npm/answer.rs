//! From a request to what a well-behaved registry would answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::behaviour::Behaviour;
use super::delivery::{Body, deliver};
use super::packument::{Document, RenderedPackage, etag_of};
use super::requests::RecordedRequest;
use super::{Registry, lock};

pub(super) const JSON: &str = "application/json";
const ABBREVIATED_JSON: &str = "application/vnd.npm.install-v1+json";

/// A good answer, before any misbehaviour.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) status: StatusCode,
    pub(super) content_type: &'static str,
    pub(super) gzip: bool,
    pub(super) etag: Option<String>,
    pub(super) body: Bytes,
}

impl Good {
    fn json(value: &Value) -> Self {
        Self::bytes(JSON, value.to_string().into())
    }

    const fn bytes(content_type: &'static str, body: Bytes) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            gzip: false,
            etag: None,
            body,
        }
    }

    /// An error in the shape that npm prints.
    pub(super) fn error(status: StatusCode) -> Self {
        let error = status.canonical_reason().unwrap_or("Error");
        Self {
            status,
            ..Self::json(&json!({ "error": error }))
        }
    }
}

pub(super) async fn answer(registry: Arc<Registry>, request: Request<Incoming>) -> Response<Body> {
    let (head, body) = request.into_parts();
    let path = percent_decode_str(head.uri.path())
        .decode_utf8_lossy()
        .into_owned();
    lock(&registry.requests).add(RecordedRequest {
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
    let behaviour = lock(&registry.behaviours).next(&path);
    if behaviour == Behaviour::Hold {
        hold(&registry).await;
    }
    let mut good = if head.method == Method::GET || head.method == Method::HEAD {
        find(
            &registry,
            &path,
            head.uri.query().unwrap_or(""),
            &head.headers,
        )
    } else {
        Good::error(StatusCode::NOT_FOUND)
    };
    if !registry.etags.load(Ordering::SeqCst) {
        good.etag = None;
    }
    if let Some(etag) = &good.etag
        && head
            .headers
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        good.status = StatusCode::NOT_MODIFIED;
        good.body = Bytes::new();
    }
    deliver(good, behaviour, &path).await
}

/// Waits for the next release; counts as held as long as the client waits too.
async fn hold(registry: &Registry) {
    struct Held<'a>(&'a Registry);
    impl Drop for Held<'_> {
        fn drop(&mut self) {
            self.0.held.send_modify(|held| *held -= 1);
        }
    }
    let mut releases = registry.releases.subscribe();
    registry.held.send_modify(|held| *held += 1);
    let _held = Held(registry);
    // The sender lives in the registry, so there always is a next time to wait for.
    let _ = releases.changed().await;
}

fn find(registry: &Registry, path: &str, query: &str, headers: &HeaderMap) -> Good {
    let path = path.trim_start_matches('/');
    match path {
        "" | "-/ping" => return Good::json(&json!({})),
        "-/v1/search" => return search(registry, query),
        _ => {}
    }
    let (name, rest) = split_name(path);
    let Some(package) = lock(&registry.packages).get(name).cloned() else {
        return Good::error(StatusCode::NOT_FOUND);
    };
    match rest {
        "" => packument(&package, headers),
        _ => match rest.strip_prefix("-/") {
            Some(file_name) => package.tarball_file(file_name).map(tarball),
            None => package.manifest(rest).map(Good::json),
        }
        .unwrap_or_else(|| Good::error(StatusCode::NOT_FOUND)),
    }
}

/// A decoded path apart into the package's name and what follows it.
fn split_name(path: &str) -> (&str, &str) {
    let scope_bytes = if path.starts_with('@') {
        path.find('/').map_or(0, |slash| slash + 1)
    } else {
        0
    };
    match path[scope_bytes..].find('/') {
        Some(slash) => (
            &path[..scope_bytes + slash],
            &path[scope_bytes + slash + 1..],
        ),
        None => (path, ""),
    }
}

fn accepts(headers: &HeaderMap, name: header::HeaderName, value: &str) -> bool {
    headers
        .get(name)
        .and_then(|sent| sent.to_str().ok())
        .is_some_and(|sent| sent.contains(value))
}

fn packument(package: &RenderedPackage, headers: &HeaderMap) -> Good {
    let short = accepts(headers, header::ACCEPT, ABBREVIATED_JSON);
    let (document, content_type): (&Document, _) = if short {
        (&package.abbreviated, ABBREVIATED_JSON)
    } else {
        (&package.full, JSON)
    };
    let gzip = accepts(headers, header::ACCEPT_ENCODING, "gzip");
    Good {
        gzip,
        etag: Some(document.etag.clone()),
        ..Good::bytes(
            content_type,
            if gzip {
                document.gzip()
            } else {
                document.plain.clone()
            },
        )
    }
}

fn tarball(bytes: Bytes) -> Good {
    Good {
        etag: Some(etag_of(&bytes)),
        ..Good::bytes("application/octet-stream", bytes)
    }
}

/// Packages whose name or description contains the text asked for.
fn search(registry: &Registry, query: &str) -> Good {
    let text = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("text="))
        .unwrap_or("")
        .replace('+', " ");
    let text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    let objects: Vec<Value> = lock(&registry.packages)
        .iter()
        .filter(|(name, package)| name.contains(&text) || package.description.contains(&text))
        .map(|(name, package)| {
            let version = package.dist_tags().get("latest");
            json!({ "package": { "name": name, "version": version, "description": package.description } })
        })
        .collect();
    Good::json(&json!({ "total": objects.len(), "objects": objects }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_and_without_a_scope_are_told_from_what_follows_them() {
        for (path, expected) in [
            ("left-pad", ("left-pad", "")),
            ("left-pad/1.0.0", ("left-pad", "1.0.0")),
            (
                "left-pad/-/left-pad-1.0.0.tgz",
                ("left-pad", "-/left-pad-1.0.0.tgz"),
            ),
            ("@s/n", ("@s/n", "")),
            ("@s/n/-/n-1.0.0.tgz", ("@s/n", "-/n-1.0.0.tgz")),
            ("@s", ("@s", "")),
        ] {
            assert_eq!(split_name(path), expected, "{path}");
        }
    }
}
