//! Carrying a whole installation to another place: into a backup, out of one, or from one engine to another.
//!
//! It knows rows as lines of tables ([`store::image`]) and bytes by digest, and nothing of what they mean. Bytes go before
//! the rows that name them, all rows are one transaction, and what has arrived is read again and compared before the
//! place may be served from. The commands are in `server`; the page for operators is `docs/backup.md`.

mod backup;
mod backup_folder;
mod blob_copy;
mod chunk;
mod error;
mod family;
mod loading;
mod manifest;
mod progress;
mod ranges;
mod reading;
mod restore;
mod rows;
mod survey;
mod target;
mod told;
mod transfer;

pub use backup::{BackupGround, BackupReport, back_up};
pub use backup_folder::BackupFolder;
pub use error::{CarriageError, Result};
pub use progress::{NoProgress, Progress, Unit};
pub use restore::{Restored, restore};
pub use target::check_whole;
pub use transfer::{Transferred, migrate};

/// The two halves of an installation.
#[derive(Debug, Clone)]
pub struct Installation {
    /// Its rows.
    pub store: store::Store,
    /// Its bytes.
    pub blobs: blobs::Blobs,
}
