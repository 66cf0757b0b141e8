//! Answers: the type of each file, how long what is said of it may be kept, and that an upload was taken.

use catalog::AssetAnswer;
use http::StatusCode;
use http::header::{
    CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, X_CONTENT_TYPE_OPTIONS,
};
use model::{Error, Result};

use super::checksum::Algorithm;
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::{Response, empty};
use crate::kit::small_reply::{ASK_AGAIN, FOR_GOOD};
use crate::{Context, Reply};

pub(super) const XML: HeaderValue = HeaderValue::from_static("text/xml");
pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// The type of a file, by its name. What a browser would show or run has none of its own.
fn content_type(file: &str) -> HeaderValue {
    let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
    HeaderValue::from_static(match extension {
        "pom" | "xml" => "text/xml",
        "jar" | "war" | "ear" | "aar" | "rar" | "hpi" => "application/java-archive",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "module" | "json" => "application/json",
        "asc" => "application/pgp-signature",
        "txt" | "properties" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    })
}

/// A file, with its checksums where they are known: Maven 3.9 and newer then asks for no file of them.
pub(super) async fn file_reply(
    cx: &Context,
    file: &str,
    answer: AssetAnswer,
    is_for_good: bool,
) -> Result<Reply> {
    const FIELDS: [(HeaderName, Algorithm); 4] = [
        (HeaderName::from_static("x-checksum-md5"), Algorithm::Md5),
        (HeaderName::from_static("x-checksum-sha1"), Algorithm::Sha1),
        (
            HeaderName::from_static("x-checksum-sha256"),
            Algorithm::Sha256,
        ),
        (
            HeaderName::from_static("x-checksum-sha512"),
            Algorithm::Sha512,
        ),
    ];
    let digests = answer.body.digests().cloned();
    let mut reply = asset_reply(&cx.method, &cx.headers, answer, content_type(file)).await?;
    let is_redirect = reply.response.status() == StatusCode::FOUND;
    let headers = reply.response.headers_mut();
    if !is_for_good && !is_redirect {
        headers.insert(CACHE_CONTROL, ASK_AGAIN);
    }
    if let Some(digests) = digests {
        for (field, algorithm) in FIELDS {
            let value = HeaderValue::try_from(algorithm.of(&digests)).map_err(Error::internal)?;
            headers.insert(field, value);
        }
    }
    Ok(reply)
}

/// How long a document that follows from a file may be kept.
pub(super) const fn keeping(is_for_good: bool) -> HeaderValue {
    if is_for_good { FOR_GOOD } else { ASK_AGAIN }
}

/// That there is something, and nothing about it: the answer to HEAD where its bytes are not known yet.
pub(super) fn bare_reply(content_type: HeaderValue) -> Reply {
    let mut response = Response::new(empty());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, content_type);
    headers.insert(CACHE_CONTROL, ASK_AGAIN);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response.into()
}

/// That an upload was taken.
pub(super) fn taken() -> Reply {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::CREATED;
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from(0));
    response.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x19_files_have_types_that_no_browser_runs() {
        for (file, expected) in [
            ("a-1.pom", "text/xml"),
            ("a-1.jar", "application/java-archive"),
            ("a-1-bin.tar.gz", "application/gzip"),
            ("a-1.module", "application/json"),
            ("a-1.html", "application/octet-stream"),
            ("a-1.svg", "application/octet-stream"),
            ("a-1.js", "application/octet-stream"),
            ("a", "application/octet-stream"),
        ] {
            assert_eq!(content_type(file), expected, "{file}");
        }
    }
}
