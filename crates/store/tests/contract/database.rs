//! A database of one test, on either engine.

use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::future::BoxFuture;
use model::PackageCoordinates;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgRow};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, ConnectOptions, FromRow, SqlSafeStr};
use store::{
    Connection, DomainRow, PostgresSettings, RepositoryRow, Store, StoreError, StoreResult, Tx,
};
use tempfile::TempDir;

use crate::postgres_server::PostgresServer;
use crate::samples::{NOW, domain_name, new_version, owner, repository_name};

/// An own database, and the store over it.
pub(crate) struct TestDatabase {
    pub(crate) store: Store,
    place: Place,
}

enum Place {
    Sqlite(TempDir),
    /// The database's name.
    Postgres(String),
}

impl Place {
    fn empty_sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A name no other test has, also not one of another process.
    fn postgres() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self::Postgres(format!("reliquary_test_{}_{number}", std::process::id()))
    }

    async fn open(&self) -> StoreResult<Store> {
        match self {
            Self::Sqlite(folder) => Store::open_sqlite(&folder.path().join("rows.db")).await,
            Self::Postgres(name) => {
                let url = PostgresServer::get().url(name);
                Store::open_postgres(&PostgresSettings::new(url, 8)).await
            }
        }
    }
}

impl TestDatabase {
    pub(crate) async fn on_sqlite() -> Self {
        let place = Place::empty_sqlite();
        Self {
            store: place.open().await.unwrap(),
            place,
        }
    }

    pub(crate) async fn on_postgres() -> Self {
        let place = Place::postgres();
        if let Place::Postgres(name) = &place {
            PostgresServer::get().create_database(name).await;
        }
        Self {
            store: place.open().await.unwrap(),
            place,
        }
    }

    /// Opens another store over the same database, as a second process or the next start would.
    pub(crate) async fn open_again(&self) -> StoreResult<Store> {
        self.place.open().await
    }

    /// Opens several stores at the same time over a new database without a schema.
    pub(crate) async fn open_new_at_once(&self, stores: usize) -> Vec<StoreResult<Store>> {
        let place = match &self.place {
            Place::Sqlite(_) => Place::empty_sqlite(),
            Place::Postgres(_) => Place::postgres(),
        };
        if let Place::Postgres(name) = &place {
            PostgresServer::get().create_empty_database(name).await;
        }
        let opened = futures_util::future::join_all((0..stores).map(|_| place.open())).await;
        for store in opened.iter().flatten() {
            store.ping().await.unwrap();
            store.close().await;
        }
        if let Place::Postgres(name) = &place {
            PostgresServer::get().drop_database(name).await;
        }
        opened
    }

    /// A new database on the same engine that an older release left behind: its schema is that of the migrations up to
    /// this one, it holds these rows, and then this program opened it. Bytes are written as `X'00'`.
    pub(crate) async fn upgraded(&self, last: i64, rows: &str) -> Self {
        let (engine, place) = match &self.place {
            Place::Sqlite(_) => ("sqlite", Place::empty_sqlite()),
            Place::Postgres(_) => ("postgres", Place::postgres()),
        };
        let migrator = migrations(engine, last);
        match &place {
            Place::Sqlite(folder) => {
                let mut connection = SqliteConnectOptions::new()
                    .filename(folder.path().join("rows.db"))
                    .create_if_missing(true)
                    .connect()
                    .await
                    .unwrap();
                migrator.run(&mut connection).await.unwrap();
                let rows = AssertSqlSafe(rows.to_owned());
                sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
                sqlx::Connection::close(connection).await.unwrap();
            }
            Place::Postgres(name) => {
                PostgresServer::get().create_empty_database(name).await;
                let options: PgConnectOptions = PostgresServer::get().url(name).parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                migrator.run(&mut connection).await.unwrap();
                let rows = AssertSqlSafe(rows.replace("X'", "'\\x"));
                sqlx::raw_sql(rows).execute(&mut connection).await.unwrap();
                sqlx::Connection::close(connection).await.unwrap();
            }
        }
        Self {
            store: place.open().await.unwrap(),
            place,
        }
    }

    /// The folder of an SQLite database.
    pub(crate) fn folder(&self) -> Option<&std::path::Path> {
        match &self.place {
            Place::Sqlite(folder) => Some(folder.path()),
            Place::Postgres(_) => None,
        }
    }

    /// The URL of a PostgreSQL database.
    pub(crate) fn postgres_url(&self) -> Option<String> {
        match &self.place {
            Place::Sqlite(_) => None,
            Place::Postgres(name) => Some(PostgresServer::get().url(name)),
        }
    }

    /// Closes the store and removes the database. A test that fails leaves its database to the end of the process.
    pub(crate) async fn remove(self) {
        self.store.close().await;
        if let Place::Postgres(name) = &self.place {
            PostgresServer::get().drop_database(name).await;
        }
    }

    /// A connection to read with.
    pub(crate) async fn read(&self) -> Connection {
        self.store.read().await.unwrap()
    }

    /// Runs a unit that must succeed.
    pub(crate) async fn write<T, F>(&self, unit: F) -> T
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, StoreResult<T>> + Send + 'static,
    {
        self.try_write(unit).await.unwrap()
    }

    /// Runs a unit.
    pub(crate) async fn try_write<T, F>(&self, unit: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        self.store.write(unit).await
    }

    /// Reads rows past the store, over a connection of its own: for what the store has no statement for.
    pub(crate) async fn rows<R>(&self, sql: &'static str) -> Vec<R>
    where
        R: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
    {
        match &self.place {
            Place::Sqlite(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("rows.db"));
                let mut connection = options.connect().await.unwrap();
                let rows = sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                sqlx::Connection::close(connection).await.unwrap();
                rows
            }
            Place::Postgres(name) => {
                let options: PgConnectOptions = PostgresServer::get().url(name).parse().unwrap();
                let mut connection = options.connect().await.unwrap();
                let rows = sqlx::query_as(sql)
                    .fetch_all(&mut connection)
                    .await
                    .unwrap();
                sqlx::Connection::close(connection).await.unwrap();
                rows
            }
        }
    }

    /// Runs a statement past the store, over a connection of its own.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let done: Vec<()> = self.rows(sql).await;
        assert!(
            done.is_empty(),
            "a statement that changes rows returns none"
        );
    }

    /// One number, read past the store.
    pub(crate) async fn number(&self, sql: &'static str) -> i64 {
        self.rows::<(i64,)>(sql).await[0].0
    }

    /// A domain of the usual owner.
    pub(crate) async fn domain(&self, name: &str) -> DomainRow {
        let name = domain_name(name);
        self.write(move |tx| {
            Box::pin(async move { tx.insert_domain(&owner(), &name, "key", NOW).await })
        })
        .await
        .unwrap()
    }

    /// A repository of the usual owner.
    pub(crate) async fn repository(&self, domain_id: i64, name: &str) -> RepositoryRow {
        let name = repository_name(name);
        let insert = self.write(move |tx| {
            Box::pin(async move {
                tx.insert_repository(domain_id, &name, &owner(), "", NOW)
                    .await
            })
        });
        insert.await.unwrap()
    }

    /// A package's id; the package is made when it is not there.
    pub(crate) async fn package(&self, repository_id: i64, package: &PackageCoordinates) -> i64 {
        let package = package.clone();
        let restrictions = model::OriginRestrictions::PUBLISHED_FIRST;
        let ensure = self.write(move |tx| {
            Box::pin(async move {
                tx.ensure_package(repository_id, &package, restrictions, NOW)
                    .await
            })
        });
        ensure.await.id
    }

    /// A published version's id.
    pub(crate) async fn version(&self, package_id: i64, version: &str) -> i64 {
        let new = new_version(package_id, version);
        self.write(move |tx| Box::pin(async move { tx.insert_version(&new).await }))
            .await
            .unwrap()
    }
}

/// The migrations of an engine up to this one, as their files are now.
fn migrations(engine: &str, last: i64) -> Migrator {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut migrations = Vec::new();
    for entry in std::fs::read_dir(folder.join(engine)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (number, name) = name.split_once('_').unwrap();
        let number: i64 = number.parse().unwrap();
        if number <= last {
            let sql = AssertSqlSafe(std::fs::read_to_string(&path).unwrap()).into_sql_str();
            let name = name.to_owned().into();
            let kind = MigrationType::Simple;
            migrations.push(Migration::new(number, name, kind, sql, false));
        }
    }
    migrations.sort_by_key(|migration| migration.version);
    Migrator::with_migrations(migrations)
}
