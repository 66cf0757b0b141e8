//! Documents that the layouts of public sources refer to, and that are about no single package.
//!
//! They are few, small and the same for every repository with the connection, so that they are kept in memory alone.

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
type LayoutDocumentKey = (String, Url);

/// Documents kept at once: a few for each connection.
const KEPT: usize = 1024;

#[derive(Debug, Clone)]
struct Kept {
    bytes: Bytes,
    checked_at_ms: i64,
}

/// Documents that layouts refer to, as they were last read.
pub(crate) struct LayoutDocuments {
    kept: Cache<LayoutDocumentKey, Kept>,
    refreshes: Flights<LayoutDocumentKey, Result<Bytes, SourceFault>>,
}

impl Default for LayoutDocuments {
    fn default() -> Self {
        Self {
            kept: Cache::new(KEPT),
            refreshes: Flights::default(),
        }
    }
}

impl Catalog {
    /// What the layouts of the public sources over the graph refer to: `locate` finds the address of a document in a
    /// layout, and the documents are given, nearest first. Sources that fail are left out.
    pub async fn documents_of_layouts(
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
                let Some(layout) = self.source_layout(view.domain_id, node, format).await? else {
                    return Ok(None);
                };
                let source = self.connection_source(node).await?;
                match locate(&layout) {
                    Some(request) => {
                        let document = self.layout_document(&source, format, request).await?;
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

    /// A document as it is kept, or, when that is old, as the source has it now. Where the source fails, the old one stands.
    async fn layout_document(
        self: &Arc<Self>,
        source: &Source,
        format: FormatId,
        request: SourceRequest,
    ) -> Result<Bytes, SourceFault> {
        let key = (source.name().to_owned(), request.url.clone());
        let now_ms = self.now().0;
        let kept = self.layout_documents.kept.get(&key);
        if let Some(kept) = &kept
            && now_ms.saturating_sub(kept.checked_at_ms) < self.freshness_ms(format)?
        {
            return Ok(kept.bytes.clone());
        }
        let (asked, unit_key) = (source.clone(), key.clone());
        let led = self
            .layout_documents
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
        self.layout_documents.kept.insert(key, kept);
        Ok(bytes)
    }
}
