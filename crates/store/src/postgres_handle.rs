//! One connection to PostgreSQL in somebody's hands, and the clock beside it.
//!
//! A server whose machine vanished, or whose packets are swallowed on the way, says nothing at all, and TCP keeps silent
//! about that for a quarter of an hour. So whoever asks stops waiting by the own clock, and a connection that owes an answer
//! never goes back to the pool.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::{PgConnection, Postgres};

use crate::{StoreError, StoreResult};

/// How long the pool's question on the way back may take.
const RETURN_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a statement of a reading of everything may take.
const KEPT_PATIENCE: Duration = Duration::from_secs(3600);

#[derive(Debug)]
pub(crate) struct PostgresHandle {
    connection: PoolConnection<Postgres>,
    patience: Duration,
    /// Whether an answer is still owed: during a statement, and afterwards if nobody waited for its end.
    owes: bool,
    /// Whether it never goes back to the pool.
    is_kept: bool,
}

impl PostgresHandle {
    pub(crate) const fn new(connection: PoolConnection<Postgres>, patience: Duration) -> Self {
        Self {
            connection,
            patience,
            owes: false,
            is_kept: false,
        }
    }

    /// It is its holder's alone from now on. What is read through it may be the whole of a large table.
    pub(crate) const fn keep(&mut self) {
        self.is_kept = true;
        self.patience = KEPT_PATIENCE;
    }

    pub(crate) fn as_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// A statement begins; tells how long it may take.
    pub(crate) const fn ask(&mut self) -> Duration {
        self.owes = true;
        self.patience
    }

    /// A statement ended.
    pub(crate) fn heard<T>(&mut self, outcome: &StoreResult<T>) {
        self.owes = matches!(outcome, Err(StoreError::Unavailable(_)));
    }

    /// Whether it is of no more use.
    pub(crate) const fn is_lost(&self) -> bool {
        self.owes
    }

    /// It is of no more use.
    pub(crate) const fn lose(&mut self) {
        self.owes = true;
    }
}

impl Drop for PostgresHandle {
    fn drop(&mut self) {
        if self.owes || self.is_kept {
            self.connection.close_on_drop();
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            // The pool asks a connection that comes back whether it lives, and would wait for the answer for ever.
            let returned = self.connection.return_to_pool();
            runtime.spawn(tokio::time::timeout(RETURN_TIMEOUT, returned));
        }
    }
}

/// The answer to a statement, or that there was none in time.
pub(crate) async fn within<T>(
    patience: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> StoreResult<T> {
    match tokio::time::timeout(patience, answer).await {
        Ok(answer) => answer.map_err(StoreError::from),
        Err(_) => Err(StoreError::unavailable(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            format!("no answer within {} ms", patience.as_millis()),
        ))),
    }
}
