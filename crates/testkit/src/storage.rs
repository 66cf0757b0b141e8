//! On which database and on which place of bytes the installations of a run stand: SQLite or PostgreSQL, local disk or S3.
//!
//! Tests do not say it: one run is one combination, and `cargo xtask test` makes a run for each. Servers are real ones,
//! one of a kind to a process; an installation has a database and a prefix of the bucket of its own. A server that is
//! missing fails the test that wants it. A test that is about one kind says so, and then it is that kind in every run.

use std::path::{Path, PathBuf};

use blobs::{BlobSettings, Blobs, S3Settings};
use store::{PostgresSettings, Store};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::postgres::Database;
use crate::s3_server::S3Server;

/// Names the combination of a run: `sqlite+disk`, which is also what no name means, `postgres+disk`, `sqlite+s3` or
/// `postgres+s3`.
pub const VARIABLE: &str = "RELIQUARY_TEST_STORAGE";

/// How many connections a node has to its PostgreSQL.
pub const CONNECTIONS: u32 = 8;

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
}

/// The storage of one installation: empty at first, gone with this value.
#[derive(Debug)]
pub struct Ground {
    folder: TempDir,
    database: Option<Database>,
    bucket: Option<S3Settings>,
    /// Looks at the bucket; it has a staging folder of its own.
    beside: OnceCell<(Blobs, TempDir)>,
}

impl Ground {
    /// Storage on the combination of this run.
    pub async fn of_this_run() -> Self {
        Self::on(Storage::of_this_run()).await
    }

    /// Storage on this combination.
    ///
    /// # Panics
    /// A server that it wants cannot be started; the text says what to do.
    pub async fn on(storage: Storage) -> Self {
        let database = match storage.rows {
            Rows::Sqlite => None,
            Rows::Postgres => {
                let template = TEMPLATE.get_or_init(migrated).await;
                Some(new_database(Some(template)).await)
            }
        };
        let bucket = match storage.bytes {
            Bytes::Disk => None,
            Bytes::S3 => {
                let started = tokio::task::spawn_blocking(|| S3Server::get().settings()).await;
                Some(started.expect("the server can be started"))
            }
        };
        Self {
            folder: tempfile::tempdir().expect("the system has room for a folder"),
            database,
            bucket,
            beside: OnceCell::new(),
        }
    }

    /// The folder of the installation.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the rows, where they are in one: in the folder, named as the server names it.
    #[must_use]
    pub fn rows_file(&self) -> PathBuf {
        self.folder().join("reliquary.sqlite")
    }

    /// The database with the rows, where they are on a server.
    #[must_use]
    pub const fn database(&self) -> Option<&Database> {
        self.database.as_ref()
    }

    /// The address of that database.
    #[must_use]
    pub fn database_url(&self) -> Option<String> {
        self.database.as_ref().map(Database::url)
    }

    /// The bucket with the bytes, where they are in one.
    #[must_use]
    pub const fn bucket(&self) -> Option<&S3Settings> {
        self.bucket.as_ref()
    }

    /// Opens the rows: as the only node, or on PostgreSQL as one more.
    ///
    /// # Panics
    /// They cannot be opened.
    pub async fn open_rows(&self) -> Store {
        let opened = match self.database_url() {
            None => Store::open_sqlite(&self.rows_file()).await,
            Some(url) => Store::open_postgres(&PostgresSettings::new(url, CONNECTIONS)).await,
        };
        opened.expect("the database was made for this installation")
    }

    /// Opens the bytes, which one process at a time may.
    ///
    /// # Panics
    /// They cannot be opened.
    pub async fn open_blobs(&self) -> Blobs {
        let settings = BlobSettings::default();
        match &self.bucket {
            None => Blobs::open_disk(self.folder(), settings).expect("a folder takes files"),
            Some(bucket) => open_bucket(self.folder(), bucket).await,
        }
    }

    /// What is stored, past whoever has it open: the names of all blobs, and the paths of what is staged, in order.
    ///
    /// # Panics
    /// The bucket cannot be listed.
    pub async fn stored_files(&self) -> Vec<String> {
        let mut paths = files_below(&self.folder().join("staging"));
        if self.bucket.is_none() {
            paths.extend(files_below(&self.folder().join("blobs")));
        }
        let mut found: Vec<String> = paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        if let Some(bucket) = &self.bucket {
            let opened = self.beside.get_or_init(|| async {
                let folder = tempfile::tempdir().expect("the system has room for a folder");
                (open_bucket(folder.path(), bucket).await, folder)
            });
            let (blobs, _) = opened.await;
            let listed = blobs.list(None, usize::MAX).await;
            let listed = listed.expect("the bucket can be listed");
            found.extend(listed.iter().map(|blob| blob.digest.to_hex()));
        }
        found.sort();
        found
    }
}

/// The files below a folder, at any depth; none below one that is not there.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else {
            found.push(path);
        }
    }
    found
}

async fn open_bucket(staging: &Path, bucket: &S3Settings) -> Blobs {
    let opened = Blobs::open_s3(staging, bucket, BlobSettings::default()).await;
    opened.expect("the bucket is there")
}

/// A database with the schema and nothing else.
async fn migrated() -> Database {
    let database = new_database(None).await;
    let settings = PostgresSettings::new(database.url(), 1);
    let opened = Store::open_postgres(&settings).await;
    // One that is in use cannot be copied.
    opened.expect("the database is new").close().await;
    database
}

async fn new_database(template: Option<&'static Database>) -> Database {
    let made = tokio::task::spawn_blocking(move || Database::create(template)).await;
    made.expect("a database can be made")
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
