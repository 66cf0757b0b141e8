//! Pools, transactions and the seam between the two engines: the only file that names an engine, beside the
//! SQLite writer.
//!
//! A statement is a constant that runs on either arm: `on_engine!(self, db => sqlx::query(TEXT).execute(db).await)`.
//! Both arms compile against the concrete driver; the `Any` driver is not used because it cannot read ordinary
//! column types.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgListener, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::watch;

use crate::postgres_handle::PostgresHandle;
pub(crate) use crate::postgres_handle::within;
use crate::sqlite_writer::SqliteWriter;
use crate::{PostgresSettings, StoreError, StoreResult, migration};

/// How long to wait for another process that writes to the same SQLite database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long whoever follows the log waits for a connection: requests wait for it.
const FOLLOWER_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs one expression on the engine at hand, with `$db` bound to its connection. A failure is also noted at the
/// connection, for [`Tx::settle`].
macro_rules! on_engine {
    ($connection:expr, $db:ident => $body:expr) => {{
        let outcome = match &mut $connection.inner {
            $crate::engine::Inner::Sqlite($db) => {
                let $db = $db.as_mut();
                ($body).map_err($crate::StoreError::from)
            }
            $crate::engine::Inner::Postgres($db) => {
                let patience = $db.ask();
                let outcome = {
                    let $db = $db.as_mut();
                    $crate::engine::within(patience, async { $body }).await
                };
                $db.heard(&outcome);
                outcome
            }
        };
        if let Err(error) = &outcome {
            $connection.failure = Some(error.clone());
        }
        outcome
    }};
}
pub(crate) use on_engine;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    engine: Engine,
    /// Counts the units that this process committed.
    commits: Arc<watch::Sender<u64>>,
}

#[derive(Clone, Debug)]
enum Engine {
    Sqlite {
        readers: SqlitePool,
        writer: Arc<SqliteWriter>,
    },
    Postgres {
        pool: PgPool,
        /// For those who follow the log: they must not wait behind those who write.
        followers: PgPool,
        /// How the connections of both call themselves.
        name: Arc<str>,
        /// How long a statement may take.
        patience: Duration,
        /// How long who listens may hear nothing.
        silence: Duration,
    },
}

/// The channel on which nodes tell each other that the log has grown.
const CHANNEL: &str = "reliquary_changes";
const ANNOUNCE: &str = "SELECT pg_notify($1, '')";

/// Whether anybody is there.
const PING: &str = "SELECT 1";
/// A name for the connections of this process that those of no other have.
const NAME: &str = "SELECT 'reliquary ' || pg_backend_pid() || '.'
    || CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";
const OTHERS: &str = "SELECT COUNT(*) FROM pg_stat_activity
    WHERE datname = current_database() AND starts_with(application_name, 'reliquary ') AND application_name <> $1";

/// Hears of other processes that have written.
#[derive(Debug)]
pub struct Listener {
    inner: PgListener,
    silence: Duration,
}

impl Listener {
    /// Waits until another process, or this one, says that it has written. Words that were said while the connection
    /// was lost are not heard.
    ///
    /// Nothing said for a while is the ordinary case, and looks like a server that vanished. So then it is asked.
    pub async fn heard(&mut self) -> StoreResult<()> {
        loop {
            // A wait that is broken off has taken nothing.
            if let Ok(said) = tokio::time::timeout(self.silence, self.inner.try_recv()).await {
                said?;
                return Ok(());
            }
            within(self.silence, sqlx::query(PING).execute(&mut self.inner)).await?;
        }
    }
}

/// A connection that reads. Statements of a noun are its methods, in that noun's file.
#[derive(Debug)]
pub struct Connection {
    pub(crate) inner: Inner,
    /// The failure of the last statement that failed.
    pub(crate) failure: Option<StoreError>,
}

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(SqliteHandle),
    Postgres(PostgresHandle),
}

/// A pooled reader, or the writer's own connection.
#[derive(Debug)]
pub(crate) enum SqliteHandle {
    Pooled(PoolConnection<Sqlite>),
    Owned(Box<SqliteConnection>),
}

impl SqliteHandle {
    pub(crate) fn as_mut(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Pooled(connection) => connection,
            Self::Owned(connection) => connection,
        }
    }
}

/// An open write transaction. Reads see what it wrote.
#[derive(Debug)]
pub struct Tx {
    connection: Connection,
    /// Whether it keeps the sweep from condemning bytes until it ends.
    pub(crate) holds_off_sweep: bool,
}

impl std::ops::Deref for Tx {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl std::ops::DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Tx {
    pub(crate) fn on_sqlite(connection: Box<SqliteConnection>) -> Self {
        Self {
            connection: Connection::new(Inner::Sqlite(SqliteHandle::Owned(connection))),
            // There is one writer.
            holds_off_sweep: true,
        }
    }

    /// Forgets what failed before the unit that comes.
    pub(crate) fn begin_unit(&mut self) {
        self.connection.failure = None;
    }

    /// The outcome of a unit, which is a failure if one of its statements failed, whatever the unit made of it:
    /// SQLite would keep the rest, and PostgreSQL keeps nothing and answers COMMIT as if all were well.
    pub(crate) fn settle<T, E: From<StoreError>>(&mut self, outcome: Result<T, E>) -> Result<T, E> {
        match self.connection.failure.take() {
            Some(error) if outcome.is_ok() => Err(error.into()),
            _ => outcome,
        }
    }

    /// Closes SQLite's writing connection, and waits until the file is; the last one to close clears the log away.
    pub(crate) async fn close(self) {
        if let Inner::Sqlite(SqliteHandle::Owned(connection)) = self.connection.inner
            && let Err(error) = sqlx::Connection::close(*connection).await
        {
            tracing::warn!(%error, "the database was not closed cleanly; the next start repairs it");
        }
    }

    pub(crate) async fn command(&mut self, sql: &'static str) -> StoreResult<()> {
        on_engine!(self.connection, db => sqlx::query(sql).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}

impl Store {
    /// Opens (and makes, if absent) the SQLite database in this file and brings its schema up to date.
    ///
    /// WAL with full synchronisation: a transaction that was acknowledged survives power loss. One connection
    /// writes, a few read.
    pub async fn open_sqlite(file: &Path) -> StoreResult<Self> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            // In KiB (negative); bounds what each connection holds, so that an idle server stays small.
            .pragma("cache_size", "-1024");
        let mut first = connect_first(&options).await?;
        // One transaction around all, so that of several processes that start at once one migrates.
        let mut turn = sqlx::Connection::begin_with(&mut first, "BEGIN IMMEDIATE").await?;
        let newer = migration::newer_schema(migration::sqlite().run(&mut *turn).await)?;
        turn.commit().await?;
        let readers = SqlitePoolOptions::new()
            .min_connections(0)
            .max_connections(4)
            // A file does not go away as a server does; the test would cost a statement for each read.
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(10))
            .connect_lazy_with(options.create_if_missing(false).read_only(true));
        let writer = Arc::new(SqliteWriter::start(Box::new(first)));
        Self::settled(Engine::Sqlite { readers, writer }, newer).await
    }

    /// Connects to PostgreSQL and brings the schema up to date, one node at a time.
    pub async fn open_postgres(settings: &PostgresSettings) -> StoreResult<Self> {
        // Its own connection, because a migration may take longer than any request is allowed to.
        let mut first = sqlx::ConnectOptions::connect(&settings.options()?).await?;
        // Under an advisory lock, so that of several nodes that start at once one migrates.
        let newer = migration::newer_schema(migration::postgres().run(&mut first).await)?;
        let name: String = sqlx::query_scalar(NAME).fetch_one(&mut first).await?;
        sqlx::Connection::close(first).await.ok();
        let options = settings.bounded_options()?.application_name(&name);
        let pool = PgPoolOptions::new()
            .min_connections(0)
            .max_connections(settings.connections.max(1))
            .acquire_timeout(settings.connect_timeout)
            .connect_lazy_with(options.clone());
        let followers = PgPoolOptions::new()
            .min_connections(0)
            .max_connections(1)
            // Its one statement is the test; who follows asks again over a new connection.
            .test_before_acquire(false)
            .acquire_timeout(settings.connect_timeout.min(FOLLOWER_TIMEOUT))
            .connect_lazy_with(options);
        let name = name.into();
        let engine = Engine::Postgres {
            pool,
            followers,
            name,
            patience: settings.patience(),
            silence: settings.silence,
        };
        Self::settled(engine, newer).await
    }

    /// Whether other processes may write to the same database while this one serves from it.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres { .. })
    }

    /// A connection to follow the log with. As [`Store::read`], but never behind those who write.
    pub async fn follow(&self) -> StoreResult<Connection> {
        match &self.engine {
            Engine::Sqlite { .. } => self.read().await,
            Engine::Postgres {
                followers,
                patience,
                ..
            } => Ok(Connection::over(followers.acquire().await?, *patience)),
        }
    }

    /// Begins to hear of writes; nothing on an engine without other processes.
    pub async fn listen(&self) -> StoreResult<Option<Listener>> {
        let Engine::Postgres {
            followers, silence, ..
        } = &self.engine
        else {
            return Ok(None);
        };
        // Of a pool of its own: a connection to a server that vanished is not given back before TCP gives it up.
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(followers.options().get_acquire_timeout())
            .connect_lazy_with((*followers.connect_options()).clone());
        let mut inner = PgListener::connect_with(&pool).await?;
        let silence = *silence;
        within(silence, inner.listen(CHANNEL)).await?;
        Ok(Some(Listener { inner, silence }))
    }

    /// Tells those who listen that something was written. Never inside the transaction that wrote: PostgreSQL lets only
    /// one transaction that notifies commit at a time.
    pub async fn announce(&self) -> StoreResult<()> {
        if let Engine::Postgres { pool, patience, .. } = &self.engine {
            let mut connection = Connection::over(pool.acquire().await?, *patience);
            on_engine!(connection, db => sqlx::query(ANNOUNCE).bind(CHANNEL).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }

    /// A store over an engine whose schema is up to date, or of a later release.
    async fn settled(engine: Engine, newer: Option<i64>) -> StoreResult<Self> {
        let store = Self {
            engine,
            commits: Arc::new(watch::Sender::new(0)),
        };
        if let Some(newer) = newer
            && let Err(error) = store.check_newer_schema(newer).await
        {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Changes whenever a unit of work was committed through this store or a clone of it. Commits of other processes,
    /// and those whose caller went away meanwhile, are not noticed.
    #[must_use]
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.commits.subscribe()
    }

    /// A connection to read with. What it reads is committed, and at least as new as any write acknowledged
    /// before the call.
    pub async fn read(&self) -> StoreResult<Connection> {
        Ok(match &self.engine {
            Engine::Sqlite { readers, .. } => Connection::new(Inner::Sqlite(SqliteHandle::Pooled(
                readers.acquire().await?,
            ))),
            Engine::Postgres { pool, patience, .. } => {
                Connection::over(pool.acquire().await?, *patience)
            }
        })
    }

    /// Runs one unit of work in a write transaction, and returns once it is durable.
    ///
    /// The unit is run to its end even if the caller goes away. It must hold no network or blob call. On SQLite,
    /// units that arrive together share one commit (and one fsync); each stands in its own savepoint, so one that
    /// fails takes nothing else with it.
    pub async fn write<T, E, F>(&self, unit: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + 'static,
    {
        let outcome = match &self.engine {
            Engine::Sqlite { writer, .. } => writer.write(unit).await,
            Engine::Postgres { pool, patience, .. } => {
                let (pool, patience) = (pool.clone(), *patience);
                let finished =
                    tokio::spawn(async move { write_on_postgres(&pool, patience, unit).await })
                        .await;
                finished
                    .unwrap_or_else(|panic| Err(StoreError::Abandoned(panic.to_string()).into()))
            }
        };
        if outcome.is_ok() {
            self.commits
                .send_modify(|count| *count = count.wrapping_add(1));
        }
        outcome
    }

    /// How many connections to the database other stores have, of this process or not. 0 on an engine without other
    /// processes. PostgreSQL shows them to those of the same user.
    pub async fn count_other_connections(&self) -> StoreResult<i64> {
        let Engine::Postgres { pool, name, .. } = &self.engine else {
            return Ok(0);
        };
        let others = sqlx::query_scalar(OTHERS).bind(&**name).fetch_one(pool);
        Ok(others.await?)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> StoreResult<()> {
        let mut connection = self.read().await?;
        on_engine!(connection, db => sqlx::query(PING).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Ends the writer after what it has begun, and closes the connections.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.stop().await;
            }
            Engine::Postgres {
                pool, followers, ..
            } => {
                pool.close().await;
                followers.close().await;
            }
        }
    }
}

/// Of several processes that open a new database at once, one switches it to WAL. SQLite does not let the others
/// wait for that, so they ask again.
async fn connect_first(options: &SqliteConnectOptions) -> StoreResult<SqliteConnection> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match sqlx::ConnectOptions::connect(options)
            .await
            .map_err(StoreError::from)
        {
            Err(StoreError::Busy(_)) if Instant::now() < deadline => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn write_on_postgres<T, E, F>(pool: &PgPool, patience: Duration, unit: F) -> Result<T, E>
where
    E: From<StoreError>,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
{
    let connection = pool.acquire().await.map_err(StoreError::from)?;
    let mut tx = Tx {
        connection: Connection::over(connection, patience),
        holds_off_sweep: false,
    };
    tx.command("BEGIN").await?;
    // A panic, also one before the unit's first await, must not give the pool a connection that is still inside a
    // transaction.
    let outcome = std::panic::AssertUnwindSafe(async { unit(&mut tx).await })
        .catch_unwind()
        .await;
    let outcome = match outcome.map(|outcome| tx.settle(outcome)) {
        Ok(Ok(value)) => match tx.command("COMMIT").await {
            Ok(()) => return Ok(value),
            Err(error) => Err(error.into()),
        },
        Ok(Err(error)) => Err(error),
        Err(_) => Err(StoreError::Abandoned("the unit of work panicked".into()).into()),
    };
    // A connection without answers is not asked again: the server rolls back what it leaves behind.
    let is_lost = matches!(&tx.connection.inner, Inner::Postgres(handle) if handle.is_lost());
    if !is_lost
        && tx.command("ROLLBACK").await.is_err()
        && let Inner::Postgres(handle) = &mut tx.connection.inner
    {
        handle.lose();
    }
    outcome
}

/// Takes a lock on a domain for the rest of the transaction, so that writes to one domain come one after the
/// other. SQLite has one writer anyway; PostgreSQL needs the row lock. (One of the counted pairs.)
pub(crate) struct LockDomain;

impl LockDomain {
    pub(crate) const SQLITE: &'static str = "SELECT id FROM domain WHERE id = $1";
    pub(crate) const POSTGRES: &'static str = "SELECT id FROM domain WHERE id = $1 FOR UPDATE";
}

pub(crate) const HOT: &[crate::HotStatement] = &[crate::HotStatement {
    noun: "engine",
    name: "LockDomain",
    sqlite: LockDomain::SQLITE,
    postgres: LockDomain::POSTGRES,
}];

impl Connection {
    const fn new(inner: Inner) -> Self {
        Self {
            inner,
            failure: None,
        }
    }

    /// It is its holder's alone from now on, and is closed at the end.
    pub(crate) fn keep(&mut self) {
        match &mut self.inner {
            Inner::Sqlite(SqliteHandle::Pooled(connection)) => connection.close_on_drop(),
            // It has no pool to go back to.
            Inner::Sqlite(SqliteHandle::Owned(_)) => {}
            Inner::Postgres(handle) => handle.keep(),
        }
    }

    const fn over(connection: PoolConnection<Postgres>, patience: Duration) -> Self {
        Self::new(Inner::Postgres(PostgresHandle::new(connection, patience)))
    }

    pub(crate) const fn is_postgres(&self) -> bool {
        matches!(self.inner, Inner::Postgres(_))
    }
}
