//! Checking a whole installation: rows against rows, the change log against rows, rows against bytes; and repairing what
//! can be repaired.
//!
//! Checking only reads, and may be done by a process beside the one that serves. Repairing changes bytes behind the back
//! of whoever has them in memory: see `docs/repair.md` on what must be stopped for it.

mod bytes;
mod finding;
mod repair;
mod replay;

use std::sync::Arc;

use model::Result;

pub use self::finding::{Finding, FindingKind, FoundPlace, InspectionReport};
use crate::Catalog;
use crate::failure::from_store;

/// How to check.
#[derive(Debug, Clone, Copy, Default)]
pub struct InspectionTerms {
    /// Whether to look at the sizes of bytes only, instead of reading them.
    pub quick: bool,
    /// Whether to repair what can be.
    pub repair: bool,
}

/// Who hears how far a check is.
pub trait InspectionProgress: Sync {
    /// Something is looked at from here on.
    fn begin(&self, what: &'static str);
    /// So much of it was looked at: entries, versions, or bytes.
    fn advance(&self, by: u64);
}

impl Catalog {
    /// Checks everything once.
    pub async fn inspect(
        self: &Arc<Self>,
        terms: InspectionTerms,
        progress: &dyn InspectionProgress,
    ) -> Result<InspectionReport> {
        let mut report = InspectionReport::default();
        let mut snapshot = self.store.snapshot().await.map_err(from_store)?;
        progress.begin("rows");
        for (what, row) in snapshot.list_broken_rows().await.map_err(from_store)? {
            let detail = match (row.noted, row.counted) {
                (0, 0) => format!("{what}: {}", row.subject),
                (noted, counted) => {
                    format!(
                        "{what}: {} notes {noted}, its rows come to {counted}",
                        row.subject
                    )
                }
            };
            report
                .findings
                .push(Finding::of_rows(FindingKind::RowsDisagree, detail));
        }
        self.inspect_logs(&mut snapshot, progress, &mut report)
            .await?;
        drop(snapshot);
        self.inspect_bytes(terms, progress, &mut report).await?;
        if terms.repair {
            self.repair(progress, &mut report).await?;
        }
        Ok(report)
    }
}
