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
    /// Any other failure of the engine.
    #[error("the database failed")]
    Backend(#[source] Arc<sqlx::Error>),
    /// The schema could not be brought up to date, or is newer than this program.
    #[error("the schema could not be migrated: {0}")]
    Migration(#[source] Arc<sqlx::migrate::MigrateError>),
    /// A row holds what this program cannot read.
    #[error("unreadable row: {0}")]
    Corrupt(String),
    /// The writer has stopped, or the unit of work panicked.
    #[error("the unit of work was not finished: {0}")]
    Abandoned(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = match &error {
            sqlx::Error::PoolTimedOut => return Self::Busy(Arc::new(error)),
            sqlx::Error::Database(database) => database.code().map(std::borrow::Cow::into_owned),
            _ => None,
        };
        match code.as_deref() {
            // SQLite: BUSY, LOCKED and their extensions; PostgreSQL: serialization failure, deadlock, no lock.
            Some("5" | "6" | "261" | "517" | "262" | "40001" | "40P01" | "55P03") => {
                Self::Busy(Arc::new(error))
            }
            Some("13" | "53100") => Self::Full(Arc::new(error)),
            _ => Self::Backend(Arc::new(error)),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for StoreError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(Arc::new(error))
    }
}
