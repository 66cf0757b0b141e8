//! Documents of public sources that are about no single package: where everything else is, and what it refers to.
//!
//! They are few, small and the same for every repository with the connection, so that they are kept in memory alone: after
//! a restart, the first package that is asked for anew asks for them too.

use std::sync::Arc;

use bytes::Bytes;
use model::{FormatId, Result};
use quick_cache::sync::Cache;
use upstream::{DocumentAnswer, Flights, Source, Url, Validators};

use crate::repository_view::Walk;
use crate::source::{SourceRequest, Unreadable};
use crate::source_documents::SourceFault;
use crate::{Catalog, Grant};

/// A connection, and an address.
type DirectoryKey = (String, Url);

/// Documents kept at once: a few for each connection.
const KEPT: usize = 1024;

#[derive(Debug, Clone)]
struct Kept {
    bytes: Bytes,
    checked_at_ms: i64,
}

/// Such documents, as they were last read.
pub(crate) struct SourceDirectories {
    kept: Cache<DirectoryKey, Kept>,
    refreshes: Flights<DirectoryKey, Result<Bytes, SourceFault>>,
}

impl Default for SourceDirectories {
    fn default() -> Self {
        Self {
            kept: Cache::new(KEPT),
            refreshes: Flights::default(),
        }
    }
}

impl Catalog {
    /// What the directories of the public sources over the graph refer to: `locate` finds the address of a document in a
    /// directory, and the documents are given, nearest first. Sources that fail are left out.
    pub async fn documents_of_directories(
        self: &Arc<Self>,
        grant: &Grant,
        format: FormatId,
        locate: fn(&Bytes) -> Option<SourceRequest>,
    ) -> Result<Vec<Bytes>> {
        let (view, mut found) = (grant.view(), Vec::new());
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            walk.descend(node);
            if !matches!(&node.connection, Some((_, of)) if *of == format) {
                continue;
            }
            let asked = async {
                let source = self.connection_source(node).await?;
                let Some(directory) = self.source_directory(&source, format).await? else {
                    return Ok(None);
                };
                match locate(&directory) {
                    Some(request) => {
                        let document = self.wide_document(&source, format, request).await?;
                        Ok(Some(document))
                    }
                    None => Ok(None),
                }
            };
            let asked: Result<Option<Bytes>, SourceFault> = asked.await;
            match asked {
                Ok(document) => found.extend(document),
                Err(fault) => {
                    let connection = node
                        .connection
                        .as_ref()
                        .map_or("", |(name, _)| name.as_str());
                    tracing::warn!(connection, fault = ?fault, "asking a public source failed");
                }
            }
        }
        Ok(found)
    }

    /// The address that a source's metadata of packages is below.
    pub(crate) async fn metadata_base(
        self: &Arc<Self>,
        source: &Source,
        format: FormatId,
    ) -> Result<Url, SourceFault> {
        let directory = self.source_directory(source, format).await?;
        match (self.rules(format)?.source(), directory) {
            (Some(of_format), Some(directory)) => of_format
                .metadata_base(source.base(), &directory)
                .map_err(SourceFault::Unreadable),
            _ => Ok(source.base().clone()),
        }
    }

    async fn source_directory(
        self: &Arc<Self>,
        source: &Source,
        format: FormatId,
    ) -> Result<Option<Bytes>, SourceFault> {
        let of_format = self.rules(format)?.source();
        let request = of_format.map(|of_format| of_format.layout(source.base()));
        let request = request.transpose().map_err(SourceFault::Unreadable)?;
        match request.flatten() {
            Some(request) => {
                let document = self.wide_document(source, format, request);
                document.await.map(Some)
            }
            None => Ok(None),
        }
    }

    /// A document as it is kept, or, when that is old, as the source has it now. Where the source fails, the old one stands.
    async fn wide_document(
        self: &Arc<Self>,
        source: &Source,
        format: FormatId,
        request: SourceRequest,
    ) -> Result<Bytes, SourceFault> {
        let key = (source.name().to_owned(), request.url.clone());
        let now_ms = self.now().0;
        let kept = self.directories.kept.get(&key);
        if let Some(kept) = &kept
            && now_ms.saturating_sub(kept.checked_at_ms) < self.freshness_ms(format)?
        {
            return Ok(kept.bytes.clone());
        }
        let (asked, unit_key) = (source.clone(), key.clone());
        let led = self
            .directories
            .refreshes
            .run(key.clone(), move || async move {
                let validators = Validators::default();
                let answer = asked.document(&unit_key.1, request.accept, &validators);
                match answer.await.map_err(SourceFault::Source)? {
                    DocumentAnswer::Modified { bytes, .. } => Ok(bytes),
                    DocumentAnswer::Absent | DocumentAnswer::NotModified => {
                        let fault = format!("there is nothing at {}", unit_key.1.path());
                        Err(SourceFault::Unreadable(Unreadable(fault)))
                    }
                }
            });
        let answer = led
            .await
            .unwrap_or_else(|lost| Err(model::Error::internal(lost).into()));
        let bytes = match (answer, kept) {
            (Ok(bytes), _) => bytes,
            (Err(fault), Some(kept)) => {
                let connection = source.name();
                tracing::warn!(connection, fault = ?fault, "asking a public source failed");
                return Ok(kept.bytes);
            }
            (Err(fault), None) => return Err(fault),
        };
        let kept = Kept {
            bytes: bytes.clone(),
            checked_at_ms: now_ms,
        };
        self.directories.kept.insert(key, kept);
        Ok(bytes)
    }
}
