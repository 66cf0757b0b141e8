//! Why something could not be carried.

use std::io;
use std::path::{Path, PathBuf};

use blobs::BlobError;
use model::Sha256Digest;
use store::StoreError;

/// `Result` with [`CarriageError`].
pub type Result<T> = std::result::Result<T, CarriageError>;

/// Why something could not be carried. What was carried until then is never taken for the whole.
#[derive(Debug, thiserror::Error)]
pub enum CarriageError {
    /// The state of one of the places stands against it; the sentence says which, and what to do.
    #[error("{0}")]
    Refused(String),
    /// What is there is not what was put there.
    #[error("{0}")]
    Damaged(String),
    /// Rows name bytes that are not there.
    #[error(
        "the blob {digest} ({size_bytes} bytes) is named by {named_by}, but is not there; `reliquary fsck` says what it \
         belongs to and what can be done"
    )]
    MissingBlob {
        /// The bytes.
        digest: Sha256Digest,
        /// How many there should be.
        size_bytes: u64,
        /// The table and the key of a row that names them.
        named_by: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place of the bytes failed.
    #[error(transparent)]
    Blobs(#[from] BlobError),
    /// A file of a backup could not be read or written.
    #[error("{action} {path}: {source}", path = path.display())]
    File {
        /// What was being done.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl CarriageError {
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File {
            action,
            path,
            source,
        }
    }

    pub(crate) fn stopped(error: &tokio::task::JoinError) -> Self {
        Self::Refused(format!("the work was stopped: {error}"))
    }
}
