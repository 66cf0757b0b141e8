//! One consistent reading of the whole database, while others go on writing.
//!
//! SQLite: a read transaction, which the write-ahead log serves; the log grows meanwhile and is folded back afterwards.
//! PostgreSQL: a transaction that repeats its reads. The connection is not used again by anyone.

use std::ops::{Deref, DerefMut};

use crate::engine::on_engine;
use crate::{Connection, Store, StoreResult};

/// A reading of the database as it was at one moment. Reads of nouns see that moment, too.
#[derive(Debug)]
pub struct Snapshot {
    connection: Connection,
}

impl Deref for Snapshot {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Snapshot {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// How a reading begins; the pair differs because only PostgreSQL ends transactions that take long.
const BEGIN_SQLITE: &[&str] = &["BEGIN", "SELECT COUNT(*) FROM log"];
const BEGIN_POSTGRES: &[&str] = &[
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SELECT COUNT(*) FROM log",
];

impl Store {
    /// Begins to read the whole database as it is now.
    pub async fn snapshot(&self) -> StoreResult<Snapshot> {
        let mut connection = self.read().await?;
        // It must not come back to the pool inside a transaction.
        connection.keep();
        let begin = if connection.is_postgres() {
            BEGIN_POSTGRES
        } else {
            BEGIN_SQLITE
        };
        for sql in begin {
            on_engine!(connection, db => sqlx::query(*sql).execute(&mut *db).await.map(drop))?;
        }
        Ok(Snapshot { connection })
    }
}
