//! Into a folder of backups, while others serve and write.
//!
//! Rows are read as of one moment, and only then are the blobs that they name copied. What is deleted between the two may
//! take bytes with it; then the rows are read anew. Into a folder that has backups only what it lacks is written: the log
//! from the number where the last backup ended, rows in files that changed, blobs that are new.

use std::path::Path;

use store::Store;
use store::image::{CHANGE, ImageTable, ImageValue, TABLES};

use crate::Installation;
use crate::backup_folder::BackupFolder;
use crate::blob_copy::{Brought, bring, verify};
use crate::chunk::{self, Chunk};
use crate::error::{CarriageError, Result};
use crate::manifest::{ChunkEntry, FORM, Hex, Manifest, TableEntry};
use crate::progress::{Progress, Unit};
use crate::rows::{Place, Rows};
use crate::survey::{NamedBlobs, survey};
use crate::target;

/// How often rows are read anew because bytes went away meanwhile.
const ATTEMPTS: usize = 3;
/// Entries of a list of logs.
const LOGS: i64 = 1_000;

/// What a backup did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// Its number in its folder, from 1.
    pub number: u64,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows that were read for it; the rest of the log was there from the backup before.
    pub rows_read: u64,
    /// Blobs that the rows name.
    pub blobs: u64,
    /// Their bytes.
    pub size_bytes: u64,
    /// Blobs that were not there yet.
    pub new_blobs: u64,
    /// Their bytes.
    pub new_bytes: u64,
}

/// Makes a backup. `now_ms` is written into it. With `with_proof` everything that it consists of is read again.
///
/// # Errors
/// The folder is of another installation or damaged, a blob is missing, or one of the places failed.
pub async fn back_up(
    from: &Installation,
    folder: &Path,
    now_ms: i64,
    with_proof: bool,
    progress: &dyn Progress,
) -> Result<BackupReport> {
    target::check_whole(&from.store).await?;
    target::check_known(&from.store).await?;
    let mut folder = BackupFolder::open(folder)?;
    let installation = target::identity(&from.store).await?;
    let of = folder.backups.last().map(|(last, _)| &last.installation);
    if of.is_some_and(|of| *of != installation) {
        return Err(CarriageError::Refused(
            "the folder holds backups of another installation (one that was restored or migrated is another one, too): \
             give a folder of its own"
                .to_owned(),
        ));
    }
    let mut attempts = 1;
    let (manifest, named, rows_read, brought) = loop {
        let (manifest, named, rows_read) =
            read_rows(&from.store, &folder, &installation, now_ms, progress).await?;
        match bring(&from.blobs, &folder.blobs, &named, progress).await {
            Ok(brought) => break (manifest, named, rows_read, brought),
            Err(CarriageError::MissingBlob { digest, .. })
                if attempts < ATTEMPTS
                    && !from.store.read().await?.is_blob_referenced(&digest).await? =>
            {
                attempts += 1;
            }
            Err(error) => return Err(error),
        }
    };
    folder.add(manifest)?;
    let manifest = folder.backup(None)?;
    if with_proof {
        prove(&folder, manifest, &named, progress).await?;
    }
    Ok(report(manifest, rows_read, brought))
}

fn report(manifest: &Manifest, rows_read: u64, brought: Brought) -> BackupReport {
    BackupReport {
        number: manifest.number,
        rows: manifest.tables.iter().map(|table| table.rows).sum(),
        rows_read,
        blobs: manifest.blobs.count,
        size_bytes: manifest.blobs.size_bytes,
        new_blobs: brought.count,
        new_bytes: brought.size_bytes,
    }
}

/// Reads a backup again, as a restore would.
async fn prove(
    folder: &BackupFolder,
    manifest: &Manifest,
    named: &NamedBlobs,
    progress: &dyn Progress,
) -> Result<()> {
    let mut rows = Rows::Backup(folder, manifest);
    let (sums, found) = survey(&mut rows, "verifying rows", progress).await?;
    let told: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    if sums.rows() != told || found != *named {
        return Err(CarriageError::Damaged(
            "the backup does not read as it was written; make another one into a new folder"
                .to_owned(),
        ));
    }
    verify(&folder.blobs, named, progress).await
}

/// Writes the rows of this moment into files.
async fn read_rows(
    store: &Store,
    folder: &BackupFolder,
    installation: &str,
    now_ms: i64,
    progress: &dyn Progress,
) -> Result<(Manifest, NamedBlobs, u64)> {
    let mut snapshot = store.snapshot().await?;
    let schema = snapshot.find_schema_number().await?;
    let mut logs: Vec<(i64, i64)> = Vec::new();
    loop {
        let after = logs.last().map_or(i64::MIN, |(id, _)| *id);
        let page = snapshot.list_logs(after, LOGS).await?;
        if page.is_empty() {
            break;
        }
        logs.extend(page.iter().map(|log| (log.id, log.sequence)));
    }
    let last = folder.backups.last();
    // Of another schema, its files do not hold the same columns.
    let known =
        last.filter(|(manifest, _)| manifest.schema == schema && manifest.is_of_this_schema());
    let mut reading = Reading {
        rows: Rows::Database(snapshot),
        folder,
        named: NamedBlobs::default(),
        rows_read: 0,
        progress,
    };
    progress.begin("reading rows", 0, Unit::Rows);
    let mut tables = Vec::new();
    for table in TABLES {
        let before = known.and_then(|(manifest, _)| manifest.table(table));
        tables.push(if table.name == CHANGE {
            reading.log(table, &logs, before).await?
        } else {
            reading.table(table).await?
        });
    }
    progress.end();
    let manifest = Manifest {
        form: FORM,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        schema,
        installation: installation.to_owned(),
        number: last.map_or(0, |(manifest, _)| manifest.number) + 1,
        previous: last.map(|(_, sha256)| Hex(*sha256)),
        made_at_ms: now_ms,
        logs,
        tables,
        blobs: reading.named.entry(),
    };
    Ok((manifest, reading.named, reading.rows_read))
}

struct Reading<'a> {
    rows: Rows<'a>,
    folder: &'a BackupFolder,
    named: NamedBlobs,
    rows_read: u64,
    progress: &'a dyn Progress,
}

impl Reading<'_> {
    /// A table that is read whole.
    async fn table(&mut self, table: &'static ImageTable) -> Result<TableEntry> {
        let mut chunks = Vec::new();
        self.read(table, Place::default(), None, &mut chunks)
            .await?;
        let last_number = self.rows.last_number(table).await?;
        Ok(entry(table, chunks, last_number))
    }

    /// The log: the files of the last backup, but for the last one of each log, and what came since.
    async fn log(
        &mut self,
        table: &'static ImageTable,
        logs: &[(i64, i64)],
        before: Option<&TableEntry>,
    ) -> Result<TableEntry> {
        let mut chunks = Vec::new();
        for (log, sequence) in logs {
            let of_log = |chunk: &&ChunkEntry| chunk.through.is_some_and(|(id, _)| id == *log);
            let mut kept: Vec<_> = before
                .into_iter()
                .flat_map(|entry| entry.chunks.iter().filter(of_log))
                .cloned()
                .collect();
            kept.pop();
            // A log that is shorter than it was is not the same log.
            if kept
                .last()
                .and_then(|chunk| chunk.through)
                .is_some_and(|(_, last)| last > *sequence)
            {
                kept.clear();
            }
            for chunk in &kept {
                self.check_kept(table, chunk).await?;
            }
            let from = kept
                .last()
                .and_then(|chunk| chunk.through)
                .map_or(0, |(_, last)| last);
            chunks.append(&mut kept);
            let key = vec![ImageValue::Integer(*log), ImageValue::Integer(from)];
            self.read(table, Place::behind(key), Some(*log), &mut chunks)
                .await?;
        }
        let rows: u64 = chunks.iter().map(|chunk| chunk.rows).sum();
        let told: i64 = logs.iter().map(|(_, sequence)| sequence).sum();
        if u64::try_from(told) != Ok(rows) {
            return Err(CarriageError::Damaged(format!(
                "the change log has {rows} entries, and counts {told}; `reliquary fsck` says more"
            )));
        }
        Ok(entry(table, chunks, 0))
    }

    /// That a file which is not written anew is still there.
    async fn check_kept(&self, table: &'static ImageTable, chunk: &ChunkEntry) -> Result<()> {
        let digest = chunk.sha256.0;
        let found = self
            .folder
            .blobs
            .open(&digest)
            .await?
            .map(|blob| blob.size_bytes());
        if found == Some(chunk.size_bytes) {
            return Ok(());
        }
        Err(CarriageError::Damaged(format!(
            "the backup before this one is damaged: the file {digest} of rows of {} is gone or has another size; make \
             the next one into a new folder",
            table.name
        )))
    }

    /// Writes the rows behind a place into files, of one log only if one is given.
    async fn read(
        &mut self,
        table: &'static ImageTable,
        mut place: Place,
        log: Option<i64>,
        chunks: &mut Vec<ChunkEntry>,
    ) -> Result<()> {
        let mut chunk = Chunk::default();
        'pages: loop {
            let page = self.rows.next(table, &mut place).await?;
            if page.is_empty() {
                break;
            }
            self.named.add(table, &page)?;
            for row in &page {
                if log.is_some() && row.integer(0) != log {
                    break 'pages;
                }
                self.rows_read += 1;
                if !chunk.takes(table, row) {
                    chunks.push(self.store(std::mem::take(&mut chunk)).await?);
                }
                if chunk.push(table, row) {
                    chunks.push(self.store(std::mem::take(&mut chunk)).await?);
                }
            }
            self.progress.advance(page.len() as u64);
        }
        if chunk.rows > 0 {
            chunks.push(self.store(chunk).await?);
        }
        Ok(())
    }

    /// Puts a file into the folder, if it is not there yet.
    async fn store(&self, chunk: Chunk) -> Result<ChunkEntry> {
        let (rows, through) = (chunk.rows, chunk.through);
        let packed = tokio::task::spawn_blocking(move || chunk::pack(&chunk.text));
        let packed = packed
            .await
            .map_err(|error| CarriageError::stopped(&error))?;
        let size_bytes = packed.len() as u64;
        let digests = self.folder.blobs.put(packed.into()).await?;
        Ok(ChunkEntry {
            sha256: Hex(digests.sha256),
            size_bytes,
            rows,
            through,
        })
    }
}

fn entry(table: &ImageTable, chunks: Vec<ChunkEntry>, last_number: i64) -> TableEntry {
    TableEntry {
        name: table.name.to_owned(),
        columns: table
            .columns
            .iter()
            .map(|column| column.name.to_owned())
            .collect(),
        rows: chunks.iter().map(|chunk| chunk.rows).sum(),
        last_number,
        chunks,
    }
}
