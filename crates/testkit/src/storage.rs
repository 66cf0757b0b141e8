//! On which database and on which place of bytes the houses of a run stand: SQLite or PostgreSQL, local disk or S3.
//!
//! Tests do not say it: one run is one combination, and `cargo xtask test` makes a run for each. Servers are real ones,
//! one of a kind to a process; a house has a database and a prefix of the bucket of its own. A server that is missing
//! fails the test that wants it.

use std::path::Path;
use std::sync::Arc;

use blobs::{BlobSettings, Blobs};
use store::{PostgresSettings, Store};
use tokio::sync::OnceCell;

use crate::postgres::Database;
use crate::s3_server::S3Server;

/// Names the combination of a run: `sqlite+disk`, which is also what no name means, `postgres+disk`, `sqlite+s3` or
/// `postgres+s3`.
pub const VARIABLE: &str = "RELIQUARY_TEST_STORAGE";

/// How many connections a house has to its PostgreSQL.
const CONNECTIONS: u32 = 8;

/// What the databases of a process are copied from: to copy one is much faster than to make its schema.
static TEMPLATE: OnceCell<Database> = OnceCell::const_new();

/// A combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Storage {
    /// Where rows are.
    pub rows: Rows,
    /// Where bytes are.
    pub bytes: Bytes,
}

/// Where rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// In a file.
    Sqlite,
    /// In a database of a server.
    Postgres,
}

/// Where bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bytes {
    /// In a folder.
    Disk,
    /// In a bucket.
    S3,
}

impl Storage {
    /// The combination of this run.
    ///
    /// # Panics
    /// The variable names none: a run that meant another one must not pass for it.
    #[must_use]
    pub fn of_this_run() -> Self {
        let name = std::env::var(VARIABLE).unwrap_or_else(|_| "sqlite+disk".to_owned());
        Self::named(&name).unwrap_or_else(|| {
            panic!("{VARIABLE} is '{name}': it can be sqlite+disk, postgres+disk, sqlite+s3 or postgres+s3")
        })
    }

    fn named(name: &str) -> Option<Self> {
        let (rows, bytes) = name.split_once('+')?;
        Some(Self {
            rows: match rows {
                "sqlite" => Rows::Sqlite,
                "postgres" => Rows::Postgres,
                _ => return None,
            },
            bytes: match bytes {
                "disk" => Bytes::Disk,
                "s3" => Bytes::S3,
                _ => return None,
            },
        })
    }

    /// Opens an empty database, and keeps it for as long as the second value lives.
    pub(crate) async fn new_rows(self, folder: &Path) -> (Store, Option<Arc<Database>>) {
        match self.rows {
            Rows::Sqlite => {
                let opened = Store::open_sqlite(&folder.join("rows.sqlite")).await;
                (opened.expect("a new folder takes a database"), None)
            }
            Rows::Postgres => {
                let template = TEMPLATE.get_or_init(migrated).await;
                let database = new_database(Some(template)).await;
                (open_postgres(&database).await, Some(Arc::new(database)))
            }
        }
    }

    /// Opens an empty place of bytes.
    pub(crate) async fn new_blobs(self, folder: &Path) -> Blobs {
        let (root, settings) = (folder.join("blobs"), BlobSettings::default());
        match self.bytes {
            Bytes::Disk => Blobs::open_disk(&root, settings).expect("a new folder takes files"),
            Bytes::S3 => {
                let started = tokio::task::spawn_blocking(|| S3Server::get().settings()).await;
                let s3 = started.expect("the server can be started");
                let opened = Blobs::open_s3(&root, &s3, settings).await;
                opened.expect("the bucket is there")
            }
        }
    }
}

/// A database with the schema and nothing else.
async fn migrated() -> Database {
    let database = new_database(None).await;
    // One that is in use cannot be copied.
    open_postgres(&database).await.close().await;
    database
}

async fn new_database(template: Option<&'static Database>) -> Database {
    let made = tokio::task::spawn_blocking(move || Database::create(template)).await;
    made.expect("a database can be made")
}

/// Opens what is in a database, as another node would.
pub(crate) async fn open_postgres(database: &Database) -> Store {
    let opened = Store::open_postgres(&PostgresSettings::new(database.url(), CONNECTIONS)).await;
    opened.expect("the database was made for this house")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_is_named_by_its_rows_and_its_bytes_and_nothing_else_is_one() {
        let (rows, bytes) = (Rows::Postgres, Bytes::S3);
        assert_eq!(Storage::named("postgres+s3"), Some(Storage { rows, bytes }));
        let (rows, bytes) = (Rows::Sqlite, Bytes::Disk);
        assert_eq!(Storage::named("sqlite+disk"), Some(Storage { rows, bytes }));
        for name in ["", "postgres", "s3+postgres", "mysql+disk", "sqlite+tape"] {
            assert_eq!(Storage::named(name), None, "{name}");
        }
    }
}
