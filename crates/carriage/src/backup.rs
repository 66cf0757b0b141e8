//! Into a folder of backups, while others serve and write.
//!
//! Rows are read as of one moment, and only then are the blobs that they name copied. What is deleted between the two may
//! take bytes with it; then the rows are read anew. Into a folder that has backups only what it lacks is written: the log
//! from the number where the last backup ended, the packages that the log has named since, blobs that are new.

use std::path::Path;

use crate::Installation;
use crate::backup_folder::BackupFolder;
use crate::blob_copy::{Brought, bring, verify};
use crate::error::{CarriageError, Result};
use crate::progress::Progress;
use crate::reading::{Moment, Stop, UNTOLD, read};
use crate::rows::Rows;
use crate::survey::survey;
use crate::target;

/// How often rows are read anew because bytes went away meanwhile.
const ATTEMPTS: usize = 3;

/// What a backup stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupGround {
    /// Nothing: all rows were read. It is the first of its folder, or the first of its schema.
    Nothing,
    /// The backup before it.
    Before,
    /// Nothing, though there is one before it: why that was not good enough.
    NothingSince(&'static str),
}

/// What a backup did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupReport {
    /// Its number in its folder, from 1.
    pub number: u64,
    /// What it stands on.
    pub ground: BackupGround,
    /// Rows of all tables.
    pub rows: u64,
    /// Rows that were read from the database for it; the others are in files of the backup before.
    pub rows_read: u64,
    /// Blobs that were looked for: those that the rows name which were read, with a proof all.
    pub blobs: u64,
    /// Their bytes.
    pub size_bytes: u64,
    /// Blobs that were not there yet.
    pub new_blobs: u64,
    /// Their bytes.
    pub new_bytes: u64,
}

/// Makes a backup. `now_ms` is written into it. With `with_proof` all rows are read besides, and compared with what the backup
/// holds of them, and every file of it is read again.
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
    let work = Work {
        from,
        folder: &folder,
        stamp: (&installation, now_ms),
        with_proof,
        progress,
    };
    let mut attempts = 1;
    let (moment, ground, brought) = loop {
        let (moment, ground) = work.read_moment().await?;
        match bring(&from.blobs, &folder.blobs, &moment.named, progress).await {
            Ok(brought) => break (moment, ground, brought),
            Err(CarriageError::MissingBlob { digest, .. })
                if attempts < ATTEMPTS
                    && !from.store.read().await?.is_blob_referenced(&digest).await? =>
            {
                attempts += 1;
            }
            Err(error) => return Err(error),
        }
    };
    let report = report(&moment, ground, brought);
    folder.add(moment.manifest)?;
    if with_proof {
        verify(&folder.blobs, &moment.named, progress).await?;
    }
    Ok(report)
}

fn report(moment: &Moment, ground: BackupGround, brought: Brought) -> BackupReport {
    let tables = &moment.manifest.tables;
    BackupReport {
        number: moment.manifest.number,
        ground,
        rows: tables.iter().map(|table| table.rows).sum(),
        rows_read: moment.rows_read,
        blobs: moment.named.0.len() as u64,
        size_bytes: moment.named.size_bytes(),
        new_blobs: brought.count,
        new_bytes: brought.size_bytes,
    }
}

struct Work<'a> {
    from: &'a Installation,
    folder: &'a BackupFolder,
    /// The installation's name, and the time.
    stamp: (&'a str, i64),
    with_proof: bool,
    progress: &'a dyn Progress,
}

impl Work<'_> {
    /// Reads the rows of this moment: what is new since the backup before, or all where that is not enough.
    async fn read_moment(&self) -> Result<(Moment, BackupGround)> {
        let why = match self.read(false).await {
            Ok(moment) if moment.is_increment => return Ok((moment, BackupGround::Before)),
            Ok(moment) => return Ok((moment, BackupGround::Nothing)),
            Err(Stop::Anew(why)) => why,
            Err(Stop::Failed(error)) => return Err(error),
        };
        match self.read(true).await {
            Ok(moment) => Ok((moment, BackupGround::NothingSince(why))),
            Err(Stop::Anew(_)) => Err(CarriageError::Damaged(
                "the rows in the folder do not read as they were written; make another backup into a new folder"
                    .to_owned(),
            )),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// With a proof, compares all rows of the same moment with what a restore would read, and names all blobs, so that
    /// each that is gone from the folder comes back.
    async fn read(&self, is_anew: bool) -> std::result::Result<Moment, Stop> {
        let store = &self.from.store;
        let (moment, snapshot) =
            read(store, self.folder, self.stamp, is_anew, self.progress).await?;
        if !self.with_proof {
            return Ok(moment);
        }
        let mut rows = Rows::Database(snapshot);
        let (told, named) = survey(&mut rows, "comparing rows", self.progress).await?;
        drop(rows);
        let mut rows = Rows::Backup(self.folder, &moment.manifest);
        let (written, found) = survey(&mut rows, "verifying rows", self.progress).await?;
        drop(rows);
        if !written.have_the_rows_of(&told) || found != named {
            return Err(Stop::Anew(UNTOLD));
        }
        Ok(Moment { named, ..moment })
    }
}
