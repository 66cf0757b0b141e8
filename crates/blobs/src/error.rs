//! What can go wrong with bytes.
//!
//! Errors are cheap to clone, because one failed write is reported to its writer and to every reader that follows it.

use std::io;
use std::sync::Arc;

use model::Sha256Digest;

/// The result of an operation on blobs.
pub type Result<T> = std::result::Result<T, BlobError>;

/// Why an operation on blobs failed. Nothing half-written is ever visible after one.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// No space, no inode or no quota is left.
    #[error(
        "the disk that holds the blobs is full ({action}); free some space, nothing needs repair"
    )]
    DiskFull {
        /// What was being done.
        action: &'static str,
    },
    /// The file system does not accept writes.
    #[error("the file system that holds the blobs is read-only ({action}); remount it writable")]
    ReadOnly {
        /// What was being done.
        action: &'static str,
    },
    /// The object store does not answer, or answers that it cannot do now what was asked.
    #[error(
        "the object store that holds the blobs is not available ({action}): {detail}; try again when it is, nothing \
         needs repair"
    )]
    Unavailable {
        /// What was being done.
        action: &'static str,
        /// What the store said, or what became of the request.
        detail: String,
    },
    /// The object store answered that it will not do what was asked; asking again does not help.
    #[error(
        "the object store that holds the blobs refused the request ({action}): {detail}; check endpoint, region, \
         bucket and access key, and what the key may do"
    )]
    Refused {
        /// What was being done.
        action: &'static str,
        /// What the store said.
        detail: String,
    },
    /// The blob is larger than its reader is willing to hold in memory.
    #[error("the blob has {size_bytes} bytes, more than the {limit_bytes} accepted here")]
    TooLarge {
        /// The blob's size.
        size_bytes: u64,
        /// The most that the reader accepts.
        limit_bytes: u64,
    },
    /// What is stored is not what was committed.
    #[error(
        "blob {digest} is damaged: {detail}; restore it from a backup, or delete it and fetch it again"
    )]
    Damaged {
        /// The digest under which the bytes are stored.
        digest: Sha256Digest,
        /// What was found.
        detail: String,
    },
    /// The bytes were given up before all of them were written.
    #[error("the upload was given up before it was complete")]
    Abandoned,
    /// Anything else that the operating system reports.
    #[error("{action} failed: {source}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The operating system's answer.
        source: Arc<io::Error>,
    },
}

impl BlobError {
    /// Whether the same request can succeed later without anyone's doing.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Sorts an operating system's error by what an operator can do about it.
    pub(crate) fn from_io(action: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { action },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { action },
            _ => Self::Io {
                action,
                source: Arc::new(source),
            },
        }
    }
}

/// For the bodies of responses.
impl From<BlobError> for io::Error {
    fn from(error: BlobError) -> Self {
        let kind = match &error {
            BlobError::Damaged { .. } => io::ErrorKind::InvalidData,
            BlobError::Unavailable { .. } => io::ErrorKind::ConnectionAborted,
            _ => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// Runs `work` on a thread that may block.
pub(crate) async fn blocking<T, F>(action: &'static str, work: F) -> Result<T>
where
    T: Send + 'static,
    F: FnOnce() -> Result<T> + Send + 'static,
{
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // A panic in `work`, or a runtime that is shutting down.
        Err(stopped) => Err(BlobError::from_io(action, io::Error::other(stopped))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d03_a_full_disk_and_a_read_only_disk_are_told_apart_from_other_errors() {
        let of = |errno: rustix::io::Errno| BlobError::from_io("writing", errno.into());
        assert!(matches!(
            of(rustix::io::Errno::NOSPC),
            BlobError::DiskFull { .. }
        ));
        assert!(matches!(
            of(rustix::io::Errno::DQUOT),
            BlobError::DiskFull { .. }
        ));
        assert!(matches!(
            of(rustix::io::Errno::ROFS),
            BlobError::ReadOnly { .. }
        ));
        assert!(matches!(of(rustix::io::Errno::IO), BlobError::Io { .. }));
    }
}
