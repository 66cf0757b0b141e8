//! What can go wrong with rows.

use std::sync::Arc;

/// `Result` with [`StoreError`].
pub type StoreResult<T> = Result<T, StoreError>;

/// A failure of the database. Rules that expect a clash use `ON CONFLICT ... DO NOTHING` and look at the rows, so
/// a violated constraint is a fault like any other.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The database is locked or overloaded; trying again may help.
    #[error("the database is busy")]
    Busy(#[source] Arc<sqlx::Error>),
    /// No space is left for the database.
    #[error("no space is left for the database")]
    Full(#[source] Arc<sqlx::Error>),
    /// The disk under the database fails, or takes no writes.
    #[error("the disk under the database fails or takes no writes")]
    Disk(#[source] Arc<sqlx::Error>),
    /// The database cannot be reached, or is just starting or stopping; it may be back in a moment.
    #[error("the database does not answer")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// Any other failure of the engine.
    #[error("the database failed")]
    Backend(#[source] Arc<sqlx::Error>),
    /// The schema could not be brought up to date, or is newer than this program.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[source] Arc<sqlx::migrate::MigrateError>),
    /// A later release has changed the schema.
    #[error(
        "the database has a schema of a later release (migration {0}), which this program does not know; start that \
         release or a later one"
    )]
    NewerSchema(i64),
    /// A row holds what this program cannot read.
    #[error("unreadable row: {0}")]
    Corrupt(String),
    /// A row was about to refer to bytes that the sweep is removing, or has just removed.
    #[error("the bytes {0} are being removed, because nothing referred to them")]
    BlobGoing(model::Sha256Digest),
    /// The unit of work panicked.
    #[error("the unit of work was not finished: {0}")]
    Abandoned(String),
}

impl StoreError {
    /// That the database did not answer, for a reason that its driver does not know.
    #[must_use]
    pub fn unavailable(reason: std::io::Error) -> Self {
        Self::Unavailable(Arc::new(sqlx::Error::Io(reason)))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::PoolTimedOut => return Self::Busy(Arc::new(error)),
            // A conversation that broke off in the middle of a word is one, too: of a server, or of what stands before it,
            // that closes the door while the connection is being made.
            sqlx::Error::Io(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => return Self::Unavailable(Arc::new(error)),
            sqlx::Error::Database(database) => database.code().map(std::borrow::Cow::into_owned),
            _ => None,
        };
        match code.as_deref() {
            // SQLite: BUSY, LOCKED and their extensions; PostgreSQL: serialization failure, deadlock, no lock.
            Some("5" | "6" | "261" | "517" | "262" | "40001" | "40P01" | "55P03") => {
                Self::Busy(Arc::new(error))
            }
            Some("13" | "53100") => Self::Full(Arc::new(error)),
            Some("58030") => Self::Disk(Arc::new(error)),
            // PostgreSQL: shutting down, crashed, starting; a standby that was promoted or not yet; too many connections;
            // a connection that was given up on while it waited.
            Some(
                "57P01" | "57P02" | "57P03" | "57P05" | "25006" | "25P03" | "53300" | "08000"
                | "08003" | "08006",
            ) => Self::Unavailable(Arc::new(error)),
            // Statements and locks that took longer than allowed.
            Some("57014") => Self::Busy(Arc::new(error)),
            Some(code) if is_sqlite_disk_failure(code) => Self::Disk(Arc::new(error)),
            _ => Self::Backend(Arc::new(error)),
        }
    }
}

/// SQLite's READONLY, IOERR and CANTOPEN with all that extends them; the low byte is the kind. PostgreSQL's codes have
/// five letters and fit in none of them.
fn is_sqlite_disk_failure(code: &str) -> bool {
    let kind = code.parse::<u16>().ok().map(|code| code & 0xff);
    code.len() < 5 && matches!(kind, Some(8 | 10 | 14))
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::VersionMissing(version) => Self::NewerSchema(version),
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            error => Self::Migration(Arc::new(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d03_failures_of_the_disk_under_sqlite_are_told_apart_from_other_failures() {
        // A write that was refused, a sync that failed, a database that became read-only, a file that did not open.
        for code in ["10", "778", "1034", "8", "1032", "14", "526"] {
            assert!(is_sqlite_disk_failure(code), "{code}");
        }
        // A constraint, a corrupt file, and a code of PostgreSQL with a low byte like that.
        for code in ["19", "1811", "11", "01034", "23505", "XX000"] {
            assert!(!is_sqlite_disk_failure(code), "{code}");
        }
    }
}
