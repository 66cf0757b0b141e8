//! Metadata of a package that a public source has in several documents: a first one, and those that it refers to.
//!
//! They are kept as one, which stands for all of them: whether it is fresh is asked of the first alone, which says when its
//! parts last changed.

use bytes::Bytes;
use futures_util::StreamExt as _;
use model::PackageCoordinates;
use upstream::{DocumentAnswer, Validators};

use crate::Catalog;
use crate::source::Unreadable;
use crate::source_documents::SourceFault;

/// Parts of one package's metadata that are asked for at the same time.
const PARTS_AT_ONCE: usize = 4;

impl Catalog {
    /// A document of a package together with those that it refers to, as it is kept.
    pub(crate) async fn with_further(
        &self,
        source: &upstream::Source,
        package: &PackageCoordinates,
        document: Bytes,
    ) -> Result<Bytes, SourceFault> {
        let Some(of_format) = self.rules(package.format)?.source() else {
            return Ok(document);
        };
        let requests = of_format
            .further_metadata(source.base(), package, &document)
            .map_err(SourceFault::Unreadable)?;
        if requests.is_empty() {
            return Ok(document);
        }
        let limit = self.settings.source_document_limit_bytes;
        let mut left = limit.saturating_sub(document.len() as u64);
        let asked = futures_util::stream::iter(requests).map(|request| async move {
            let none = Validators::default();
            let answer = source.document(&request.url, request.accept, &none).await;
            match answer.map_err(SourceFault::Source)? {
                DocumentAnswer::Modified { bytes, .. } => Ok(bytes),
                DocumentAnswer::Absent | DocumentAnswer::NotModified => {
                    let fault = "a part of the metadata that it refers to is not there";
                    Err(SourceFault::Unreadable(Unreadable(fault.into())))
                }
            }
        });
        let mut parts = asked.buffered(PARTS_AT_ONCE);
        let mut further = Vec::new();
        while let Some(part) = parts.next().await {
            let part: Bytes = part?;
            left = left.checked_sub(part.len() as u64).ok_or_else(|| {
                let fault = format!("its parts together are larger than {limit} bytes");
                SourceFault::Unreadable(Unreadable(fault))
            })?;
            further.push(part);
        }
        of_format
            .joined_metadata(document, &further)
            .map_err(SourceFault::Unreadable)
    }
}
