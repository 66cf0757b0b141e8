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

#[derive(Debug)]
pub(crate) struct PostgresHandle {
    connection: PoolConnection<Postgres>,
    patience: Duration,
    /// Whether an answer is still owed: during a statement, and afterwards if nobody waited for its end.
    owes: bool,
    /// Whether nobody may use it after this: it failed, or is in a state of its own.
    is_lost: bool,
}

impl PostgresHandle {
    pub(crate) const fn new(connection: PoolConnection<Postgres>, patience: Duration) -> Self {
        Self {
            connection,
            patience,
            owes: false,
            is_lost: false,
        }
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
        self.owes = false;
        if matches!(outcome, Err(StoreError::Unavailable(_))) {
            self.is_lost = true;
        }
    }

    /// Whether it is of no more use.
    pub(crate) const fn is_lost(&self) -> bool {
        self.owes || self.is_lost
    }

    /// Nobody uses it after this, whatever it still answers.
    pub(crate) const fn lose(&mut self) {
        self.is_lost = true;
    }
}

impl Drop for PostgresHandle {
    fn drop(&mut self) {
        if self.is_lost() {
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
