//! Out of a backup, into an empty place.

use std::path::Path;

use store::image::TABLES;

use crate::Installation;
use crate::backup_folder::BackupFolder;
use crate::blob_copy::bring;
use crate::error::{CarriageError, Result};
use crate::loading::load;
use crate::manifest::Manifest;
use crate::progress::Progress;
use crate::rows::Rows;
use crate::survey::survey;
use crate::target;
use crate::transfer::{Transferred, arrive};

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The number of the backup.
    pub number: u64,
    /// When it was made.
    pub made_at_ms: i64,
    /// What it held.
    pub transferred: Transferred,
}

/// Restores the last backup of a folder, or the one of this number. All rows are read and checked before the target is
/// touched. A run that was broken off is gone on with by the next one.
///
/// # Errors
/// The target is not empty, the backup is damaged or of another schema, or one of the places failed.
pub async fn restore(
    folder: &Path,
    number: Option<u64>,
    scratch: &Path,
    to: &Installation,
    progress: &dyn Progress,
) -> Result<Restored> {
    let folder = BackupFolder::read(folder, scratch)?;
    let manifest = folder.backup(number)?;
    target::check_known(&to.store).await?;
    check_schema(manifest, to).await?;
    let mut rows = Rows::Backup(&folder, manifest);
    let (sums, named) = survey(&mut rows, "reading the backup", progress).await?;
    for (sum, table) in sums.0.iter().zip(TABLES) {
        let told = manifest.table(table).map_or(0, |entry| entry.rows);
        if sum.rows != told {
            return Err(CarriageError::Damaged(format!(
                "the backup is damaged: it says that it has {told} rows of {}, and has {}",
                sum.name, sum.rows
            )));
        }
    }
    if named.entry() != manifest.blobs {
        return Err(CarriageError::Damaged(
            "the backup is damaged: its rows name other blobs than it says".to_owned(),
        ));
    }
    target::claim(to, &manifest.installation).await?;
    let brought = bring(&folder.blobs, &to.blobs, &named, progress).await?;
    load(&mut rows, &to.store, &sums, progress).await?;
    arrive(to, &sums, &named, progress).await?;
    Ok(Restored {
        number: manifest.number,
        made_at_ms: manifest.made_at_ms,
        transferred: Transferred {
            rows: sums.rows(),
            blobs: named.0.len() as u64,
            size_bytes: named.size_bytes(),
            copied: brought.count,
        },
    })
}

async fn check_schema(manifest: &Manifest, to: &Installation) -> Result<()> {
    let schema = to.store.read().await?.find_schema_number().await?;
    if manifest.schema == schema && manifest.is_of_this_schema() {
        return Ok(());
    }
    Err(CarriageError::Refused(format!(
        "this backup was made by release {} with schema {}, and this program has schema {schema}: restore it with the \
         release that made it, and then start this one",
        manifest.program, manifest.schema
    )))
}
