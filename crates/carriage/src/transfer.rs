//! From one place to another: bytes, then rows, then a second look at both.

use crate::Installation;
use crate::blob_copy::{bring, verify};
use crate::error::{CarriageError, Result};
use crate::loading::load;
use crate::progress::Progress;
use crate::rows::Rows;
use crate::survey::{NamedBlobs, Sums, survey};
use crate::target;

/// What was carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transferred {
    /// Rows of all tables.
    pub rows: u64,
    /// Blobs that the rows name.
    pub blobs: u64,
    /// Their bytes.
    pub size_bytes: u64,
    /// Blobs that this run copied; the others were there from a run before.
    pub copied: u64,
}

/// Moves an installation. Nobody may serve from either of the two meanwhile. A run that was broken off is gone on with by
/// the next one; a target that holds anything else is refused.
///
/// # Errors
/// The target is not empty, the source lacks a blob, something changed meanwhile, or one of the places failed.
pub async fn migrate(
    from: &Installation,
    to: &Installation,
    progress: &dyn Progress,
) -> Result<Transferred> {
    target::check_known(&from.store).await?;
    check_schemas(from, to).await?;
    let origin = target::identity(&from.store).await?;
    if target::find_identity(&to.store).await?.as_deref() == Some(&*origin) {
        return Err(CarriageError::Refused(
            "the source and the target are the same installation: name another one with --to"
                .to_owned(),
        ));
    }
    target::check_whole(&from.store).await?;
    let mut rows = Rows::Database(from.store.snapshot().await?);
    let (sums, named) = survey(&mut rows, "counting rows", progress).await?;
    drop(rows);
    target::claim(to, &origin).await?;
    let brought = bring(&from.blobs, &to.blobs, &named, progress).await?;
    let mut rows = Rows::Database(from.store.snapshot().await?);
    load(&mut rows, &to.store, &sums, progress).await?;
    drop(rows);
    arrive(to, &sums, &named, progress).await?;
    Ok(Transferred {
        rows: sums.rows(),
        blobs: named.0.len() as u64,
        size_bytes: named.size_bytes(),
        copied: brought.count,
    })
}

async fn check_schemas(from: &Installation, to: &Installation) -> Result<()> {
    let source = from.store.read().await?.find_schema_number().await?;
    let target = to.store.read().await?.find_schema_number().await?;
    if source == target {
        return Ok(());
    }
    Err(CarriageError::Refused(format!(
        "the source has schema {source}, and the target {target}: another release is at work there"
    )))
}

/// Reads again all that has arrived, and lets the place be served from if it is what was sent.
pub(crate) async fn arrive(
    to: &Installation,
    sent: &Sums,
    named: &NamedBlobs,
    progress: &dyn Progress,
) -> Result<()> {
    let mut rows = Rows::Database(to.store.snapshot().await?);
    let (arrived, arrived_blobs) = survey(&mut rows, "verifying rows", progress).await?;
    drop(rows);
    if let Some(differences) = sent.differences(&arrived) {
        return Err(CarriageError::Damaged(format!(
            "the rows that arrived are not those that were sent: {differences}"
        )));
    }
    if arrived_blobs != *named {
        return Err(CarriageError::Damaged(
            "the rows that arrived name other blobs than those that were sent".to_owned(),
        ));
    }
    verify(&to.blobs, named, progress).await?;
    target::release(&to.store).await
}
