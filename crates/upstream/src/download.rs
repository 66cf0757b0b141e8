//! Assets: bodies that are passed on piece by piece and never held whole.

use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, LAST_MODIFIED};
use model::EpochMillis;

use crate::document::{self, Validators};
use crate::error::SourceError;
use crate::incoming::Incoming;
use crate::visit::Visit;

/// What a source says of a file without sending it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileDescription {
    /// Its length in bytes.
    pub length: Option<u64>,
    /// When the source last changed it.
    pub last_modified: Option<EpochMillis>,
}

impl FileDescription {
    pub(crate) fn of_headers(headers: &HeaderMap) -> Self {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok());
        Self {
            length: length.and_then(|text| text.parse().ok()),
            last_modified: last_modified(headers),
        }
    }
}

/// The date of the last change, where it is one.
fn last_modified(headers: &HeaderMap) -> Option<EpochMillis> {
    let text = headers.get(LAST_MODIFIED)?.to_str().ok()?;
    let at = httpdate::parse_http_date(text).ok()?;
    let since = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(EpochMillis)
}

/// An asset's bytes on their way in. Dropping it cuts the connection.
///
/// A body without an announced length whose end is the end of the connection cannot be told from one that was cut
/// short; a digest is the only protection there.
#[must_use = "a download that is not read is a request for nothing"]
pub struct Download {
    /// The announced length in bytes. Fewer bytes end in [`SourceError::Truncated`], and more are never delivered.
    pub length: Option<u64>,
    /// What the source says it is.
    pub content_type: Option<String>,
    /// How the source packed the bytes, although it was asked not to. `None` when it did not.
    pub content_encoding: Option<String>,
    /// What the source gave for asking again.
    pub validators: Validators,
    /// When the source last changed the asset.
    pub last_modified: Option<EpochMillis>,
    incoming: Incoming,
    /// Given back as soon as the body has ended, not when its reader is done with it.
    visit: Option<Visit>,
}

impl Download {
    pub(crate) fn new(incoming: Incoming, visit: Visit) -> Self {
        let headers = incoming.headers();
        let content_encoding = headers
            .get(CONTENT_ENCODING)
            .map(|value| {
                String::from_utf8_lossy(value.as_bytes())
                    .trim()
                    .to_ascii_lowercase()
            })
            .filter(|coding| !coding.is_empty() && coding != "identity");
        Self {
            length: incoming.expected(),
            content_type: document::content_type(headers),
            content_encoding,
            validators: Validators::from_headers(headers),
            last_modified: last_modified(headers),
            incoming,
            visit: Some(visit),
        }
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        self.incoming.headers()
    }

    /// The next piece, `None` at the end. Only after `None` is the body complete; a failure is final, and what came
    /// before it must be thrown away. Dropping the future loses no bytes.
    ///
    /// # Errors
    /// [`SourceError::Truncated`], [`SourceError::TooLarge`] or [`SourceError::Stalled`].
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, SourceError> {
        let outcome = self.incoming.chunk().await;
        match &outcome {
            Ok(Some(_)) => {}
            Ok(None) => drop(self.visit.take()),
            Err(error) => {
                if let Some(mut visit) = self.visit.take() {
                    visit.failed(error);
                }
            }
        }
        outcome
    }
}

impl std::fmt::Debug for Download {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Download")
            .field("length", &self.length)
            .field("content_type", &self.content_type)
            .finish()
    }
}
