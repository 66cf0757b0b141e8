//! Where rows come from: a database at one moment, or a backup.

use store::Snapshot;
use store::image::{ImageRow, ImageTable, ImageValue};

use crate::backup_folder::BackupFolder;
use crate::error::Result;
use crate::manifest::Manifest;

/// Rows of a page of a database, at most: some are large.
pub(crate) const PAGE: i64 = 256;

/// Where rows come from.
pub(crate) enum Rows<'a> {
    Database(Snapshot),
    Backup(&'a BackupFolder, &'a Manifest),
}

/// How far a table was read.
#[derive(Debug, Default)]
pub(crate) struct Place {
    behind: Option<Vec<ImageValue>>,
    chunk: usize,
}

impl Rows<'_> {
    /// The next rows of a table; none once there are no more. A database and a backup have orders of their own.
    pub(crate) async fn next(
        &mut self,
        table: &'static ImageTable,
        place: &mut Place,
    ) -> Result<Vec<ImageRow>> {
        match self {
            Self::Database(snapshot) => {
                let rows = snapshot
                    .list_image_rows(table, place.behind.as_deref(), PAGE)
                    .await?;
                if let Some(last) = rows.last() {
                    place.behind = Some(last.key(table));
                }
                Ok(rows)
            }
            Self::Backup(folder, manifest) => {
                let entry = manifest.table(table);
                let Some(chunk) = entry.and_then(|entry| entry.chunks.get(place.chunk)) else {
                    return Ok(Vec::new());
                };
                place.chunk += 1;
                folder.rows(table, chunk).await
            }
        }
    }

    /// The highest number that a table ever gave.
    pub(crate) async fn last_number(&mut self, table: &'static ImageTable) -> Result<i64> {
        match self {
            Self::Database(snapshot) => Ok(snapshot.find_last_number(table).await?),
            Self::Backup(_, manifest) => {
                Ok(manifest.table(table).map_or(0, |entry| entry.last_number))
            }
        }
    }
}
