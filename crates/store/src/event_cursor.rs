//! How far the destinations of events have come in each log.

use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A log that has entries which a destination has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
pub struct EventBacklogRow {
    /// The log.
    pub log_id: i64,
    /// The last entry that the destination has.
    pub sequence: i64,
    /// The last entry that there is.
    pub last_sequence: i64,
}

const FIND: &str = "SELECT sequence FROM event_cursor WHERE destination = $1 AND log_id = $2";
const LIST_BACKLOG: &str =
    "SELECT l.id AS log_id, COALESCE(c.sequence, 0) AS sequence, l.sequence AS last_sequence
    FROM log l LEFT JOIN event_cursor c ON c.destination = $1 AND c.log_id = l.id
    WHERE l.id > $2 AND l.sequence > COALESCE(c.sequence, 0) ORDER BY l.id LIMIT $3";
const SAVE: &str = "INSERT INTO event_cursor (destination, log_id, sequence) VALUES ($1, $2, $3)
    ON CONFLICT (destination, log_id) DO UPDATE SET sequence = excluded.sequence
    WHERE event_cursor.sequence < excluded.sequence";
const BEGIN: &str = "INSERT INTO event_cursor (destination, log_id, sequence)
    SELECT CAST($1 AS TEXT), id, sequence FROM log WHERE id >= 0 ON CONFLICT (destination, log_id) DO NOTHING";
hot!["event_cursor": FIND, SAVE];

impl Connection {
    /// The last entry of a log that a destination has; `None` when it has none.
    pub async fn find_event_cursor(
        &mut self,
        destination: &str,
        log_id: i64,
    ) -> StoreResult<Option<i64>> {
        on_engine!(self, db => sqlx::query_scalar(FIND)
            .bind(destination).bind(log_id).fetch_optional(&mut *db).await)
    }

    /// The logs after an id that have entries which a destination has not, at most `limit`.
    pub async fn list_event_backlog(
        &mut self,
        destination: &str,
        after_log: i64,
        limit: i64,
    ) -> StoreResult<Vec<EventBacklogRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_BACKLOG)
            .bind(destination).bind(after_log).bind(limit).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Notes that a destination has a log up to an entry. It never goes back.
    pub async fn save_event_cursor(
        &mut self,
        destination: &str,
        log_id: i64,
        sequence: i64,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(SAVE)
            .bind(destination).bind(log_id).bind(sequence).execute(&mut *db).await.map(drop))
    }

    /// Notes that a destination has everything that there is now: it is told only what comes after.
    pub async fn begin_event_destination(&mut self, destination: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(BEGIN).bind(destination).execute(&mut *db).await.map(drop))
    }
}
