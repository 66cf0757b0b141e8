//! Small documents of parties that an operator named, such as the keys of an identity provider.
//!
//! Unlike a public source such a party is asked rarely, and what it says decides who may come in: so the bounds are tight,
//! no redirect is followed, and nothing is remembered between two questions but connections.

use std::sync::Arc;

use bytes::Bytes;
use model::Clock;

use crate::client::Upstream;
use crate::document::{DocumentAnswer, Validators};
use crate::error::{SetupError, SourceError};
use crate::limits::Limits;
use crate::source::SourceConfig;
use url::Url;

const ACCEPT: &str = "application/json";

/// Asks for small documents.
#[derive(Debug)]
pub struct SmallDocuments {
    upstream: Upstream,
}

impl SmallDocuments {
    /// `instance` is this server's name in the `Via` header.
    ///
    /// # Errors
    /// When the instance name cannot stand in a header.
    pub fn new(instance: impl Into<String>, clock: Arc<dyn Clock>) -> Result<Self, SetupError> {
        Ok(Self {
            upstream: Upstream::new(limits(), instance, clock)?,
        })
    }

    /// The document at this URL, which may be on another host than the party's base, but not with less protection: with TLS
    /// there, nothing is asked without; without permission, nothing in a private network.
    ///
    /// # Errors
    /// Everything of [`SourceError`].
    pub async fn fetch(&self, party: SourceConfig, url: &Url) -> Result<Bytes, SourceError> {
        let source = self.upstream.source(party);
        let source = source.map_err(|error| SourceError::Unavailable {
            reason: error.to_string(),
        })?;
        match source.document(url, ACCEPT, &Validators::default()).await? {
            DocumentAnswer::Modified { bytes, .. } => Ok(bytes),
            DocumentAnswer::NotModified | DocumentAnswer::Absent => Err(SourceError::Absent),
        }
    }
}

fn limits() -> Limits {
    Limits {
        connect_timeout_ms: 5_000,
        header_timeout_ms: 5_000,
        idle_timeout_ms: 5_000,
        total_document_timeout_ms: 10_000,
        document_limit_bytes: 256 * 1024,
        redirects: 0,
        negative_ttl_ms: 0,
        negative_entries: 1,
        concurrent_per_source: 1,
        ..Limits::default()
    }
}
