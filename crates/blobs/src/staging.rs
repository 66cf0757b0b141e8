//! The folder in which bytes wait until they are whole and someone has vouched for them. Everything here blocks.
//!
//! `{root}/staging/{random}` is one body on its way. Blobs on the local disk are made of such a file by a rename; blobs
//! in an object store are uploaded from it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::disk::make_folder;
use crate::error::{BlobError, Result};

/// The staging folder. One process at a time may have it.
#[derive(Debug)]
pub(crate) struct Staging {
    folder: PathBuf,
}

impl Staging {
    /// Makes the folder where it is missing and removes what a crash left in it.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        let folder = root.join("staging");
        make_folder(&folder)
            .map_err(|error| BlobError::from_io("making the staging folder", error))?;
        remove_stale(&folder)?;
        Ok(Self { folder })
    }

    /// As [`Staging::open`], beside a process that has the folder: what is in it stays.
    pub(crate) fn open_beside(root: &Path) -> Result<Self> {
        let folder = root.join("staging");
        make_folder(&folder)
            .map_err(|error| BlobError::from_io("making the staging folder", error))?;
        Ok(Self { folder })
    }

    /// Removes what nobody has written to since this instant: uploads that died without their process. The number of
    /// files.
    pub(crate) fn remove_older(&self, cutoff: SystemTime, dry_run: bool) -> Result<u64> {
        remove_files(&self.folder, |file| Ok(file.modified()? < cutoff), dry_run)
    }

    /// The same in the staging folders of other processes, each of which has a folder in `nodes`. Whether they live need
    /// not be known: who lives writes.
    pub(crate) fn remove_older_of_others(
        &self,
        nodes: &Path,
        cutoff: SystemTime,
        dry_run: bool,
    ) -> Result<u64> {
        let listed = fs::read_dir(nodes).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let listed = match listed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(|error| BlobError::from_io("listing the nodes", error))?,
        };
        let mut removed = 0;
        for node in listed {
            let folder = node.path().join("staging");
            if folder != self.folder && folder.is_dir() {
                let is_older = |file: &fs::Metadata| Ok(file.modified()? < cutoff);
                removed += remove_files(&folder, is_older, dry_run)?;
            }
        }
        Ok(removed)
    }

    /// A new file without a byte in it.
    pub(crate) fn create(&self) -> Result<StagedFile> {
        let mut name = [0; 16];
        getrandom::fill(&mut name)
            .map_err(|error| BlobError::from_io("naming a staged file", io::Error::other(error)))?;
        let path = self.folder.join(hex::encode(name));
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| BlobError::from_io("making a staged file", error))?;
        Ok(StagedFile {
            file: Arc::new(file),
            path,
            moved: false,
        })
    }
}

/// A file in the staging folder, removed again unless it is moved away.
#[derive(Debug)]
pub(crate) struct StagedFile {
    file: Arc<File>,
    path: PathBuf,
    moved: bool,
}

impl StagedFile {
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    pub(crate) fn write_all(&self, bytes: &[u8]) -> Result<()> {
        (&*self.file)
            .write_all(bytes)
            .map_err(|error| BlobError::from_io("writing a staged file", error))
    }

    /// Gives the file its final name, on the same file system.
    pub(crate) fn move_to(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.moved = true;
        Ok(())
    }
}

#[cfg(test)]
impl StagedFile {
    /// A file that is in no folder, for provoking errors of the disk.
    pub(crate) fn for_test(file: File) -> Self {
        Self {
            file: Arc::new(file),
            path: PathBuf::new(),
            moved: true,
        }
    }
}

impl Drop for StagedFile {
    fn drop(&mut self) {
        if !self.moved
            && let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a staged file could not be removed; the next start removes it");
        }
    }
}

fn remove_stale(folder: &Path) -> Result<()> {
    let removed = remove_files(folder, |_| Ok(true), false)?;
    if removed > 0 {
        tracing::info!(removed, "removed staged files that an earlier run left");
    }
    Ok(())
}

fn remove_files(
    folder: &Path,
    is_stale: impl Fn(&fs::Metadata) -> io::Result<bool>,
    dry_run: bool,
) -> Result<u64> {
    let removed = (|| {
        let mut removed = 0_u64;
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let gone = match entry.metadata() {
                Ok(found) if !found.is_dir() && is_stale(&found)? => match dry_run {
                    true => Ok(()),
                    false => fs::remove_file(entry.path()),
                },
                Ok(_) => continue,
                Err(error) => Err(error),
            };
            match gone {
                Ok(()) => removed += 1,
                // Its upload has ended meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(removed)
    })();
    removed.map_err(|error| BlobError::from_io("emptying the staging folder", error))
}
