//! Documents: bodies that are needed whole (an index, a list of versions), with what is needed to revalidate them.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{
    CONTENT_TYPE, ETAG, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};

use crate::error::SourceError;

/// Longer values than this are not kept: they are not validators but an attack on the store.
const VALIDATOR_LIMIT_BYTES: usize = 1024;

/// What a source gave to ask later whether a document has changed (RFC 9110, section 8.8).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The entity tag, with its quotes.
    pub etag: Option<String>,
    /// The date of the last change, as it was sent.
    pub last_modified: Option<String>,
}

impl Validators {
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let read = |name: HeaderName| {
            let text = headers.get(name)?.to_str().ok()?;
            (!text.is_empty() && text.len() <= VALIDATOR_LIMIT_BYTES).then(|| text.to_owned())
        };
        Self {
            etag: read(ETAG),
            last_modified: read(LAST_MODIFIED),
        }
    }

    /// Puts the conditions into a request. Values that cannot stand in a header are left out, which costs a transfer
    /// but never correctness.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let mut put = |name: HeaderName, value: &Option<String>| {
            if let Some(value) = value
                .as_deref()
                .and_then(|text| HeaderValue::from_str(text).ok())
            {
                headers.insert(name, value);
            }
        };
        put(IF_NONE_MATCH, &self.etag);
        put(IF_MODIFIED_SINCE, &self.last_modified);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// What a source says about a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DocumentAnswer {
    /// Here it is, decompressed.
    Modified {
        /// The document.
        bytes: Bytes,
        /// What to show next time.
        validators: Validators,
        /// What the source says it is.
        content_type: Option<String>,
    },
    /// What the validators stand for is still so.
    NotModified,
    /// There is no such document (404 or 410), now or a short while ago.
    Absent,
}

impl DocumentAnswer {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Modified { .. } => "modified",
            Self::NotModified => "not-modified",
            Self::Absent => "absent",
        }
    }
}

pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned)
}

/// Refuses a page where something else was asked for: a log-in page of the source, or of a hotel's network, comes with
/// status 200 and must not be taken for an index.
pub(crate) fn refuse_page(content_type: Option<&str>, accept: &str) -> Result<(), SourceError> {
    let Some(found) = content_type else {
        return Ok(());
    };
    let essence = found
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_page = matches!(essence.as_str(), "text/html" | "application/xhtml+xml");
    if is_page && !accept_admits_pages(accept) {
        return Err(SourceError::NotADocument { found: essence });
    }
    Ok(())
}

/// An index that exists is never empty.
pub(crate) fn refuse_empty(bytes: &Bytes) -> Result<(), SourceError> {
    if bytes.is_empty() {
        return Err(SourceError::NotADocument {
            found: "an empty body".to_owned(),
        });
    }
    Ok(())
}

fn accept_admits_pages(accept: &str) -> bool {
    accept.split(',').any(|range| {
        let essence = range
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        matches!(
            essence.as_str(),
            "text/html" | "text/*" | "application/xhtml+xml"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x09_a_page_is_refused_unless_pages_were_asked_for() {
        let json = "application/json; q=1.0, application/vnd.example+json, */*";
        assert!(refuse_page(Some("text/html; charset=utf-8"), json).is_err());
        assert!(refuse_page(Some("TEXT/HTML"), "*/*").is_err());
        assert!(refuse_page(Some("application/xhtml+xml"), json).is_err());
        assert!(
            refuse_page(
                Some("text/html"),
                "application/vnd.example+json, text/html;q=0.1"
            )
            .is_ok()
        );
        assert!(refuse_page(Some("application/octet-stream"), json).is_ok());
        assert!(refuse_page(Some("text/plain"), json).is_ok());
        assert!(refuse_page(None, json).is_ok());
    }

    #[test]
    fn validators_that_do_not_fit_a_header_are_left_out() {
        let mut headers = HeaderMap::new();
        Validators {
            etag: Some("\"a\"\n".into()),
            last_modified: Some("then".into()),
        }
        .write(&mut headers);
        assert_eq!(headers.len(), 1);
        let mut long = HeaderMap::new();
        long.insert(ETAG, HeaderValue::from_str(&"x".repeat(5000)).unwrap());
        assert!(Validators::from_headers(&long).is_empty());
    }
}
