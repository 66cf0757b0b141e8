//! An asset's bytes on their way to a client: held, arriving, or only described.

use std::ops::Range;

use blobs::Blob;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use model::{Digests, Sha256Digest};

use crate::CacheOutcome;
use crate::pull::Started;
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

    /// Its size, where it is known before the last byte has come.
    #[must_use]
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.0 {
            ByteSource::Held { blob, .. } => Some(blob.size_bytes()),
            ByteSource::Arriving(started) => started.length,
            ByteSource::Described(_, size_bytes) => *size_bytes,
        }
    }

    /// Its digests, once it is held.
    #[must_use]
    pub const fn digests(&self) -> Option<&Digests> {
        match &self.0 {
            ByteSource::Held { digests, .. } => Some(digests),
            ByteSource::Arriving(_) | ByteSource::Described(..) => None,
        }
    }

    /// The SHA-256 it has, or must have if its source names one.
    #[must_use]
    pub fn sha256(&self) -> Option<Sha256Digest> {
        match &self.0 {
            ByteSource::Held { digests, .. } => Some(digests.sha256),
            ByteSource::Arriving(started) => started.expected.sha256,
            ByteSource::Described(expected, _) => expected.sha256,
        }
    }

    /// All of it in memory, when it lies there.
    #[must_use]
    pub fn bytes_if_memory(&self) -> Option<Bytes> {
        match &self.0 {
            ByteSource::Held { blob, .. } => blob.bytes_if_memory(),
            ByteSource::Arriving(_) | ByteSource::Described(..) => None,
        }
    }

    /// The bytes, or a range of them (its end not included).
    #[must_use]
    pub fn into_body(self, range: Option<Range<u64>>) -> UnsyncBoxBody<Bytes, std::io::Error> {
        match (self.0, range) {
            (ByteSource::Held { blob, .. }, None) => blob.body().boxed_unsync(),
            (ByteSource::Held { blob, .. }, Some(range)) => {
                blob.body_range(range.start, range.end).boxed_unsync()
            }
            (ByteSource::Arriving(started), range) => started.reader.body(range).boxed_unsync(),
            (ByteSource::Described(..), _) => http_body_util::Empty::new()
                .map_err(|never| match never {})
                .boxed_unsync(),
        }
    }
}
