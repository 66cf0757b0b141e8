//! An asset's bytes on their way to a client: held, arriving, or only described.

use std::ops::Range;

use blobs::{Blob, SignedHeaders};
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use model::{Digests, Result, Sha256Digest};

use crate::CacheOutcome;
use crate::failure::from_blobs;
use crate::pull::Started;
use crate::redirect::Redirect;
use crate::source::ExpectedDigests;

/// An asset to send.
#[derive(Debug)]
pub struct AssetAnswer {
    /// Its bytes.
    pub body: AssetBody,
    /// Whether it lay ready.
    pub cache: CacheOutcome,
}

/// An asset's bytes: held, or arriving from a public source.
#[derive(Debug)]
pub struct AssetBody(ByteSource);

#[derive(Debug)]
enum ByteSource {
    Held {
        blob: Blob,
        digests: Digests,
    },
    Arriving(Started),
    /// Held, and to be fetched from the object store by whoever wants them.
    Elsewhere(Redirect),
    /// Only asked about, not for: nothing is fetched. With its size, if its source says so.
    Described(ExpectedDigests, Option<u64>),
}

impl AssetBody {
    pub(crate) const fn arriving(started: Started) -> Self {
        Self(ByteSource::Arriving(started))
    }

    pub(crate) const fn described(expected: ExpectedDigests, size_bytes: Option<u64>) -> Self {
        Self(ByteSource::Described(expected, size_bytes))
    }

    pub(crate) const fn held(blob: Blob, digests: Digests) -> Self {
        Self(ByteSource::Held { blob, digests })
    }

    pub(crate) const fn elsewhere(redirect: Redirect) -> Self {
        Self(ByteSource::Elsewhere(redirect))
    }

    /// Where a client is sent for the bytes, for a short time; none if they are sent from here. Whoever has the address
    /// has the bytes: it is for that client alone.
    pub async fn address(
        &self,
        content_type: Option<&str>,
        content_disposition: &str,
        cache_control: &str,
    ) -> Result<Option<String>> {
        let ByteSource::Elsewhere(redirect) = &self.0 else {
            return Ok(None);
        };
        let headers = SignedHeaders {
            content_type,
            content_disposition: Some(content_disposition),
            cache_control: Some(cache_control),
        };
        redirect.address(&headers).await
    }

    /// Its size, where it is known before the last byte has come.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.0 {
            ByteSource::Held { blob, .. } => Some(blob.size_bytes()),
            ByteSource::Arriving(started) => started.length,
            ByteSource::Described(_, size_bytes) => *size_bytes,
            ByteSource::Elsewhere(_) => None,
        }
    }

    /// Its digests, once it is held.
    #[must_use]
    pub const fn digests(&self) -> Option<&Digests> {
        match &self.0 {
            ByteSource::Held { digests, .. } => Some(digests),
            ByteSource::Elsewhere(redirect) => Some(redirect.digests()),
            ByteSource::Arriving(_) | ByteSource::Described(..) => None,
        }
    }

    /// The SHA-256 it has, or must have if its source names one.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256Digest> {
        match &self.0 {
            ByteSource::Held { digests, .. } => Some(digests.sha256),
            ByteSource::Elsewhere(redirect) => Some(redirect.digests().sha256),
            ByteSource::Arriving(started) => started.expected.sha256,
            ByteSource::Described(expected, _) => expected.sha256,
        }
    }

    /// Waits until it is known that the bytes, or a range of them, can be read: so a failure is an answer and not a body
    /// that breaks off.
    pub async fn ready(&self, range: Option<&Range<u64>>) -> Result<()> {
        let ByteSource::Held { blob, .. } = &self.0 else {
            return Ok(());
        };
        let ready = match range {
            Some(range) => blob.ready_range(range.start, range.end).await,
            None => blob.ready().await,
        };
        ready.map_err(from_blobs)
    }

    /// All of it in memory, when it lies there.
    #[must_use]
    pub fn bytes_if_memory(&self) -> Option<Bytes> {
        match &self.0 {
            ByteSource::Held { blob, .. } => blob.bytes_if_memory(),
            ByteSource::Arriving(_) | ByteSource::Described(..) | ByteSource::Elsewhere(_) => None,
        }
    }

    /// The bytes, or a range of them (its end not included); nothing if they are only described, or elsewhere.
    #[must_use]
    pub fn into_body(self, range: Option<Range<u64>>) -> UnsyncBoxBody<Bytes, std::io::Error> {
        match (self.0, range) {
            (ByteSource::Held { blob, .. }, None) => blob.body().boxed_unsync(),
            (ByteSource::Held { blob, .. }, Some(range)) => {
                blob.body_range(range.start, range.end).boxed_unsync()
            }
            (ByteSource::Arriving(started), range) => started.reader.body(range).boxed_unsync(),
            (ByteSource::Described(..) | ByteSource::Elsewhere(_), _) => {
                http_body_util::Empty::new()
                    .map_err(|never| match never {})
                    .boxed_unsync()
            }
        }
    }
}
