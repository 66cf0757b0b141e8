//! The folders and files that hold blobs on a local disk. Everything here blocks; callers choose the thread.
//!
//! `{root}/blobs/{first byte of the SHA-256}/{the rest}` is a committed blob, `{root}/staging/{random}` one on its way.
//! Both are on one file system, so that a blob appears by a rename: whole or not at all.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use model::{EpochMillis, Sha256Digest};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

use crate::error::{BlobError, Result};
use crate::staging::{StagedFile, Staging};

/// One blob as a listing tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBlob {
    /// The digest under which it is stored.
    pub digest: Sha256Digest,
    /// Its size.
    pub size_bytes: u64,
    /// When it was last committed. Committing bytes that are there already counts too.
    pub modified_at: EpochMillis,
}

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Installed {
    /// The bytes are new here.
    New,
    /// The same bytes were there already.
    Existing,
}

/// The state of one fan-out folder: whether its own entry is known to be on the disk.
///
/// Its lock also orders commits and deletes of the folder's blobs: "is it there already" and the rename that follows,
/// or "was it committed again" and the removal, are each one step to the other side.
type Folder = Mutex<bool>;

#[derive(Debug)]
pub(crate) struct Disk {
    staging: Arc<Staging>,
    blobs: PathBuf,
    /// An open handle on `blobs`, for opening files by a short relative path.
    blobs_folder: File,
    folders: Vec<Folder>,
}

impl Disk {
    /// Makes the folders where missing and removes what a crash left in the staging folder.
    pub(crate) fn open(root: &Path) -> Result<Self> {
        Self::with_staging(root, Staging::open(root)?)
    }

    /// As [`Disk::open`], beside a process that has the folder open: what is staged stays.
    pub(crate) fn open_beside(root: &Path) -> Result<Self> {
        Self::with_staging(root, Staging::open_beside(root)?)
    }

    fn with_staging(root: &Path, staging: Staging) -> Result<Self> {
        let blobs = root.join("blobs");
        for folder in [root, &blobs] {
            make_folder(folder)
                .map_err(|error| BlobError::from_io("making the folders for blobs", error))?;
        }
        let staging = Arc::new(staging);
        sync_folder(root)?;
        if let Some(parent) = root
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
        {
            sync_folder(parent)?;
        }
        let blobs_folder = File::open(&blobs)
            .map_err(|error| BlobError::from_io("opening the folder of blobs", error))?;
        let folders = (0..=u8::MAX).map(|_| Mutex::new(false)).collect();
        Ok(Self {
            staging,
            blobs,
            blobs_folder,
            folders,
        })
    }

    /// The blobs of a folder, for reading: nothing below it is made or removed. Staging is below `scratch`, and is of no
    /// use, because a blob appears by a rename on one file system.
    pub(crate) fn open_to_read(root: &Path, scratch: &Path) -> Result<Self> {
        let blobs = root.join("blobs");
        let blobs_folder = File::open(&blobs)
            .map_err(|error| BlobError::from_io("opening the folder of blobs", error))?;
        Ok(Self {
            staging: Arc::new(Staging::open(scratch)?),
            blobs,
            blobs_folder,
            folders: (0..=u8::MAX).map(|_| Mutex::new(false)).collect(),
        })
    }

    pub(crate) fn staging(&self) -> &Arc<Staging> {
        &self.staging
    }

    pub(crate) fn blobs_folder(&self) -> &File {
        &self.blobs_folder
    }

    /// The path of a blob below `blobs`.
    pub(crate) fn key(digest: &Sha256Digest) -> String {
        let mut key = digest.to_hex();
        key.insert(2, '/');
        key
    }

    fn path(&self, digest: &Sha256Digest) -> PathBuf {
        self.blobs.join(Self::key(digest))
    }

    /// Makes a staged file the blob of its digest. Durable when this returns.
    pub(crate) fn install(
        &self,
        staged: StagedFile,
        digest: &Sha256Digest,
        size_bytes: u64,
    ) -> Result<Installed> {
        if self.adopt_existing(digest, size_bytes)? {
            return Ok(Installed::Existing);
        }
        // The age that a sweep sees starts now, not when the first byte was staged.
        rustix::fs::futimens(&**staged.file(), &MODIFIED_NOW)
            .map_err(|error| BlobError::from_io("dating a staged file", error.into()))?;
        staged
            .file()
            .sync_all()
            .map_err(|error| BlobError::from_io("syncing a staged file", error))?;
        {
            let _settled = self.settle_folder(digest)?;
            // Another commit of the same bytes may have come first; replacing its file by an equal one harms nobody,
            // who has the old one open keeps it.
            staged
                .move_to(&self.path(digest))
                .map_err(|error| BlobError::from_io("moving a staged file into place", error))?;
        }
        self.sync_folder_of(digest)?;
        Ok(Installed::New)
    }

    /// Whether the blob is there already; if so it is durable, and as young as a new one, when this returns.
    pub(crate) fn adopt_existing(&self, digest: &Sha256Digest, size_bytes: u64) -> Result<bool> {
        let path = self.path(digest);
        {
            let _settled = self.settle_folder(digest)?;
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_file() && found.len() == size_bytes => {}
                Ok(found) => {
                    tracing::error!(%digest, found_bytes = found.len(), size_bytes, "a damaged blob is being replaced");
                    return Ok(false);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(BlobError::from_io("looking for a blob", error)),
            }
            // A sweep that is about to delete the blob as long unused must now see it as used.
            rustix::fs::utimensat(CWD, &path, &MODIFIED_NOW, AtFlags::empty())
                .map_err(|error| BlobError::from_io("dating a blob", error.into()))?;
        }
        // Data is synced before any rename, so only the name may still be on its way to the disk, by another commit.
        self.sync_folder_of(digest)?;
        Ok(true)
    }

    /// Locks the blob's fan-out folder and makes sure that it exists durably.
    fn settle_folder(&self, digest: &Sha256Digest) -> Result<MutexGuard<'_, bool>> {
        let first = digest.as_bytes()[0];
        let mut settled = self.folders[usize::from(first)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !*settled {
            make_folder(&self.blobs.join(hex::encode([first])))
                .map_err(|error| BlobError::from_io("making a folder for blobs", error))?;
            // Also when the folder was there: who made it may have crashed before this line.
            self.blobs_folder
                .sync_all()
                .map_err(|error| BlobError::from_io("syncing the folder of blobs", error))?;
            *settled = true;
        }
        Ok(settled)
    }

    fn sync_folder_of(&self, digest: &Sha256Digest) -> Result<()> {
        sync_folder(&self.blobs.join(hex::encode([digest.as_bytes()[0]])))
    }

    /// Opens a blob for reading.
    pub(crate) fn open_blob(&self, digest: &Sha256Digest) -> Result<Option<(File, u64)>> {
        let opened = File::open(self.path(digest)).and_then(|file| {
            let size_bytes = file.metadata()?.len();
            Ok((file, size_bytes))
        });
        match opened {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::from_io("opening a blob", error)),
        }
    }

    /// What a listing would tell of a blob.
    pub(crate) fn find(&self, digest: &Sha256Digest) -> Result<Option<StoredBlob>> {
        let found = fs::symlink_metadata(self.path(digest))
            .and_then(|found| Ok((found.len(), modified_at(&found)?)));
        match found {
            Ok((size_bytes, modified_at)) => Ok(Some(StoredBlob {
                digest: *digest,
                size_bytes,
                modified_at,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BlobError::from_io("looking for a blob", error)),
        }
    }

    /// Moves a blob out of the way, to `{root}/quarantine/{SHA-256}`. True when there was one.
    pub(crate) fn quarantine(&self, digest: &Sha256Digest) -> Result<bool> {
        let as_error = |error| BlobError::from_io("moving a damaged blob away", error);
        let folder = self.blobs.with_file_name("quarantine");
        make_folder(&folder).map_err(as_error)?;
        let _folder = self.folders[usize::from(digest.as_bytes()[0])]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match fs::rename(self.path(digest), folder.join(digest.to_hex())) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(as_error(error)),
        }
        sync_folder(&folder)?;
        self.sync_folder_of(digest)?;
        Ok(true)
    }

    /// Removes a blob, if nobody committed it at `cutoff` or later. True when there was something to remove.
    pub(crate) fn delete(
        &self,
        digest: &Sha256Digest,
        cutoff: Option<EpochMillis>,
    ) -> Result<bool> {
        let path = self.path(digest);
        let _folder = self.folders[usize::from(digest.as_bytes()[0])]
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let removed = (|| {
            if let Some(cutoff) = cutoff
                && modified_at(&fs::symlink_metadata(&path)?)? >= cutoff
            {
                return Ok(false);
            }
            fs::remove_file(&path)?;
            Ok(true)
        })();
        match removed {
            Err(error) if io::Error::kind(&error) == io::ErrorKind::NotFound => Ok(false),
            other => other.map_err(|error| BlobError::from_io("deleting a blob", error)),
        }
    }

    /// Up to `limit` blobs after `after`, in the order of their digests.
    pub(crate) fn list(
        &self,
        after: Option<&Sha256Digest>,
        limit: usize,
    ) -> Result<Vec<StoredBlob>> {
        let mut page = Vec::new();
        let first = after.map_or(0, |digest| digest.as_bytes()[0]);
        for folder in first..=u8::MAX {
            if page.len() >= limit {
                break;
            }
            let mut digests = self
                .digests_in(folder)
                .map_err(|error| BlobError::from_io("listing a folder of blobs", error))?;
            digests.retain(|digest| after.is_none_or(|after| digest > after));
            digests.sort_unstable();
            for digest in digests {
                if page.len() >= limit {
                    break;
                }
                // None when it was deleted since the folder was read.
                page.extend(self.find(&digest)?);
            }
        }
        Ok(page)
    }

    /// The digests in one fan-out folder. A name that is no digest is not ours and is passed over.
    fn digests_in(&self, folder: u8) -> io::Result<Vec<Sha256Digest>> {
        let prefix = hex::encode([folder]);
        let entries = match fs::read_dir(self.blobs.join(&prefix)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut digests = Vec::new();
        for entry in entries {
            if let Some(rest) = entry?.file_name().to_str()
                && let Some(digest) = Sha256Digest::from_hex(&format!("{prefix}{rest}"))
            {
                digests.push(digest);
            }
        }
        Ok(digests)
    }
}

/// Leaves the access time, sets the modification time by the file system's clock.
const MODIFIED_NOW: Timestamps = Timestamps {
    last_access: Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_OMIT,
    },
    last_modification: Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    },
};

fn modified_at(metadata: &fs::Metadata) -> io::Result<EpochMillis> {
    let since = metadata
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Ok(EpochMillis(
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
    ))
}

pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn sync_folder(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| BlobError::from_io("syncing a folder of blobs", error))
}
