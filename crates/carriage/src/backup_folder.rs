//! The folder of backups: `blobs` holds the bytes of packages and the files of rows, each under its SHA-256, and
//! `manifests` one file for each backup, numbered from 1.
//!
//! A manifest is the last thing to be written, under another name until it is on the disk; so there is no half of a
//! backup. Everything is for the owner alone: rows hold secrets.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use blobs::{BlobSettings, Blobs};
use model::Sha256Digest;
use store::image::{ImageRow, ImageTable};

use crate::chunk::{self, Chunk, FILE_LIMIT_BYTES};
use crate::error::{CarriageError, Result};
use crate::manifest::{ChunkEntry, Hex, Manifest, digest_of};

const MANIFESTS: &str = "manifests";

/// Backups of one installation.
#[derive(Debug)]
pub struct BackupFolder {
    root: PathBuf,
    pub(crate) blobs: Blobs,
    /// Each backup with the digest of its manifest, oldest first.
    pub(crate) backups: Vec<(Manifest, Sha256Digest)>,
    /// Held while one is made.
    _lock: Option<File>,
}

impl BackupFolder {
    /// Opens the folder for another backup, and makes it where there is none.
    ///
    /// # Errors
    /// It cannot be used, another backup is being made, or what it holds is damaged or something else.
    pub fn open(root: &Path) -> Result<Self> {
        if !root.join(MANIFESTS).is_dir() {
            refuse_foreign(root)?;
        }
        make_folder(root)?;
        // It may have been made by hand.
        fs::set_permissions(root, fs::Permissions::from_mode(0o700))
            .map_err(CarriageError::file("cannot close to others", root))?;
        let lock = lock(root)?;
        make_folder(&root.join(MANIFESTS))?;
        Ok(Self {
            backups: read_chain(root)?,
            blobs: Blobs::open_disk(root, settings())?,
            root: root.to_owned(),
            _lock: Some(lock),
        })
    }

    /// Opens the folder for reading; nothing in it is changed. `scratch` is a folder of the caller's own.
    ///
    /// # Errors
    /// It holds no backup, or is damaged.
    pub fn read(root: &Path, scratch: &Path) -> Result<Self> {
        let backups = if root.join(MANIFESTS).is_dir() {
            read_chain(root)?
        } else {
            Vec::new()
        };
        if backups.is_empty() {
            return Err(CarriageError::Refused(format!(
                "there is no backup in {}: name the folder that `reliquary backup --to` was given",
                root.display()
            )));
        }
        Ok(Self {
            backups,
            blobs: Blobs::open_disk_to_read(root, scratch, settings())?,
            root: root.to_owned(),
            _lock: None,
        })
    }

    /// The backup of this number, or the last one.
    pub(crate) fn backup(&self, number: Option<u64>) -> Result<&Manifest> {
        let last = self.backups.last().map(|(manifest, _)| manifest.number);
        let wanted = number.or(last);
        let found = self
            .backups
            .iter()
            .find(|(one, _)| Some(one.number) == wanted);
        found.map(|(manifest, _)| manifest).ok_or_else(|| {
            CarriageError::Refused(format!(
                "there is no backup {} in {}: it has 1 to {}",
                number.unwrap_or_default(),
                self.root.display(),
                last.unwrap_or_default()
            ))
        })
    }

    /// Adds a backup. All that the manifest names is on the disk already.
    pub(crate) fn add(&mut self, manifest: Manifest) -> Result<()> {
        let folder = self.root.join(MANIFESTS);
        let (text, sha256) = manifest.to_file();
        let path = folder.join(file_name(manifest.number));
        let new = folder.join("new");
        write_durably(&folder, &new, &path, text.as_bytes())
            .map_err(CarriageError::file("cannot write", &path))?;
        self.backups.push((manifest, sha256));
        Ok(())
    }

    /// Puts rows into a file, if it is not there yet.
    pub(crate) async fn store(&self, chunk: Chunk) -> Result<ChunkEntry> {
        let (rows, through) = (chunk.rows, chunk.through);
        let packed = tokio::task::spawn_blocking(move || chunk::pack(&chunk.text));
        let packed = packed
            .await
            .map_err(|error| CarriageError::stopped(&error))?;
        let size_bytes = packed.len() as u64;
        let digests = self.blobs.put(packed.into()).await?;
        Ok(ChunkEntry {
            sha256: Hex(digests.sha256),
            size_bytes,
            rows,
            through,
        })
    }

    /// That a file which is not written anew is still there.
    pub(crate) async fn check(&self, table: &ImageTable, entry: &ChunkEntry) -> Result<()> {
        let digest = entry.sha256.0;
        let found = self.blobs.open(&digest).await?;
        if found.map(|blob| blob.size_bytes()) == Some(entry.size_bytes) {
            return Ok(());
        }
        Err(CarriageError::Damaged(format!(
            "the backup before this one is damaged: the file {digest} of rows of {} is gone or has another size; make \
             the next one into a new folder",
            table.name
        )))
    }

    /// The rows in a file.
    pub(crate) async fn rows(
        &self,
        table: &'static ImageTable,
        entry: &ChunkEntry,
    ) -> Result<Vec<ImageRow>> {
        let digest = entry.sha256.0;
        let Some(bytes) = self.blobs.read_all(&digest, FILE_LIMIT_BYTES).await? else {
            return Err(CarriageError::Damaged(format!(
                "the backup is not whole: the file {digest} of rows of {} is gone",
                table.name
            )));
        };
        let expected = entry.rows;
        let read = tokio::task::spawn_blocking(move || {
            if digest_of(&bytes) != digest {
                return Err(CarriageError::Damaged(format!(
                    "the backup is damaged: the file {digest} of rows of {} holds other bytes than were written",
                    table.name
                )));
            }
            let rows = chunk::unpack(table, &bytes, &digest.to_hex())?;
            if rows.len() as u64 != expected {
                return Err(CarriageError::Damaged(format!(
                    "the backup is damaged: the file {digest} holds {} rows of {}, not {expected}",
                    rows.len(),
                    table.name
                )));
            }
            Ok(rows)
        });
        read.await.map_err(|error| CarriageError::stopped(&error))?
    }
}

/// Bytes are read once.
const fn settings() -> BlobSettings {
    BlobSettings {
        memory_cache_bytes: 0,
        memory_cache_item_bytes: 0,
        open_files: 16,
    }
}

fn make_folder(folder: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(CarriageError::file("cannot make the folder", folder))
}

/// A folder that holds something and no backups is not the one that was meant: it may even be an installation.
fn refuse_foreign(root: &Path) -> Result<()> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CarriageError::file("cannot read", root)(error)),
    };
    for entry in entries {
        let name = entry
            .map_err(CarriageError::file("cannot read", root))?
            .file_name();
        // What a first backup that was broken off may have left.
        if name != "lock" {
            return Err(CarriageError::Refused(format!(
                "{} holds something that is no backup ({}): give a folder that is empty or not there yet",
                root.display(),
                name.display()
            )));
        }
    }
    Ok(())
}

fn lock(root: &Path) -> Result<File> {
    let path = root.join("lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(CarriageError::file("cannot open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(CarriageError::Refused(format!(
            "another backup into {} is being made: wait for its end",
            root.display()
        ))),
        Err(TryLockError::Error(error)) => Err(CarriageError::file("cannot lock", &path)(error)),
    }
}

fn file_name(number: u64) -> String {
    format!("{number:08}.json")
}

/// All manifests, each naming the one before it.
fn read_chain(root: &Path) -> Result<Vec<(Manifest, Sha256Digest)>> {
    let folder = root.join(MANIFESTS);
    let entries = fs::read_dir(&folder).map_err(CarriageError::file("cannot read", &folder))?;
    let mut count = 0;
    for entry in entries {
        let entry = entry.map_err(CarriageError::file("cannot read", &folder))?;
        count += u64::from(entry.path().extension().is_some_and(|end| end == "json"));
    }
    let mut chain: Vec<(Manifest, Sha256Digest)> = Vec::new();
    for number in 1..=count {
        let path = folder.join(file_name(number));
        let shown = path.display().to_string();
        let text = fs::read_to_string(&path).map_err(CarriageError::file("cannot read", &path))?;
        let (manifest, sha256) = Manifest::from_file(&text, &shown)?;
        let previous = chain.last();
        let follows = manifest.number == number
            && manifest.previous.map(|hex| hex.0) == previous.map(|(_, sha256)| *sha256)
            && previous.is_none_or(|(one, _)| one.installation == manifest.installation);
        if !follows {
            return Err(CarriageError::Damaged(format!(
                "{shown} is not what followed the backup before it: files of another folder are among these"
            )));
        }
        chain.push((manifest, sha256));
    }
    Ok(chain)
}

/// Writes a file that appears whole or not at all.
fn write_durably(folder: &Path, new: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(new, path)?;
    File::open(folder)?.sync_all()?;
    // The folder's own entry is new with the first backup.
    folder
        .parent()
        .map_or(Ok(()), |root| File::open(root)?.sync_all())
}
