//! The change log.

use model::Change;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// One entry of a log.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct ChangeRow {
    pub log_id: i64,
    pub sequence: i64,
    pub at_ms: i64,
    pub source_published_at_ms: Option<i64>,
    pub actor: String,
    pub kind: String,
    pub repository: Option<String>,
    pub format: Option<String>,
    pub namespace: Option<String>,
    pub package: Option<String>,
    pub version: Option<String>,
    pub detail: String,
    pub administrator: Option<String>,
}

/// A log and the number of its last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct LogRow {
    pub id: i64,
    pub sequence: i64,
}

/// What an entry tells of what it ends: enough to know which cached readings are not true any more.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct ChangedRow {
    pub sequence: i64,
    pub kind: String,
    pub format: Option<String>,
    pub namespace: Option<String>,
    pub package: Option<String>,
    /// Of entries of the kind that was asked for; others may carry a whole document.
    pub detail: Option<String>,
}

/// Locks a log without an entry: one who appends waits until this transaction is over. (The row may be new.)
const LOCK: &str = "INSERT INTO log (id, sequence) VALUES ($1, 0)
    ON CONFLICT (id) DO UPDATE SET sequence = log.sequence";
const NEXT_SEQUENCE: &str = "INSERT INTO log (id, sequence) VALUES ($1, 1)
    ON CONFLICT (id) DO UPDATE SET sequence = log.sequence + 1 RETURNING sequence";
const INSERT: &str =
    "INSERT INTO change (log_id, sequence, at_ms, source_published_at_ms, actor, kind, repository,
    format, namespace, package, version, detail, administrator)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
        (SELECT administrator FROM repository WHERE domain_id = $1 AND name = $7))";
const LIST: &str =
    "SELECT log_id, sequence, at_ms, source_published_at_ms, actor, kind, repository, format,
    namespace, package, version, detail, administrator
    FROM change WHERE log_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

/// Grows with every entry of any log, and never shrinks: logs are not deleted.
const SUM: &str = "SELECT CAST(COALESCE(SUM(sequence), 0) AS BIGINT) FROM log";
const LIST_CHANGED: &str = "SELECT sequence, kind, format, namespace, package,
    CASE WHEN kind = $4 THEN detail END AS detail
    FROM change WHERE log_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";
const LIST_LOGS: &str = "SELECT id, sequence FROM log WHERE id > $1 ORDER BY id LIMIT $2";
hot!["change": NEXT_SEQUENCE, INSERT, LIST, LIST_CHANGED, LIST_LOGS];

impl Connection {
    /// The entries of a log after a sequence number, at most `limit`.
    pub async fn list_changes(
        &mut self,
        log_id: i64,
        after: i64,
        limit: i64,
    ) -> StoreResult<Vec<ChangeRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(log_id).bind(after).bind(limit).fetch_all(&mut *db).await)
    }

    /// What the entries of a log after a sequence number have changed, at most `limit`; with the detail of one kind.
    pub async fn list_changed(
        &mut self,
        log_id: i64,
        after: i64,
        limit: i64,
        with_detail: &str,
    ) -> StoreResult<Vec<ChangedRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_CHANGED)
            .bind(log_id).bind(after).bind(limit).bind(with_detail).fetch_all(&mut *db).await)
    }

    /// The number of all entries of all logs that are committed. Two equal answers mean that nothing changed between.
    ///
    /// Within a log, entries are committed in the order of their numbers: whoever takes a number holds the log's row
    /// until the end of the transaction, so the next number is only given once this one is visible or given back.
    pub async fn count_changes(&mut self) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(SUM).fetch_one(&mut *db).await)
    }

    /// The logs after an id, at most `limit`: one for each domain that ever was, and the installation's.
    pub async fn list_logs(&mut self, after: i64, limit: i64) -> StoreResult<Vec<LogRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_LOGS).bind(after).bind(limit).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Makes everyone who appends to a log, or locks it, wait for the end of this transaction.
    pub async fn lock_log(&mut self, log_id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(LOCK).bind(log_id).execute(&mut *db).await.map(drop))
    }

    /// Appends to a domain's log, or with id 0 to the installation's; returns the entry's sequence number.
    /// Numbers are without gaps: the counter is raised in the transaction that uses it. An entry about a repository
    /// keeps who administers it.
    pub async fn append_change(&mut self, log_id: i64, change: &Change) -> StoreResult<i64> {
        let sequence: i64 = on_engine!(self, db => sqlx::query_scalar(NEXT_SEQUENCE).bind(log_id).fetch_one(&mut *db).await)?;
        let package = change.package.as_ref();
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(log_id).bind(sequence).bind(change.at.0).bind(change.source_published_at.map(|at| at.0))
            .bind(change.actor.as_str()).bind(change.kind.as_str())
            .bind(change.repository.as_ref().map(model::RepositoryName::as_str))
            .bind(package.map(|p| p.format.as_str())).bind(package.map(|p| p.namespace_str()))
            .bind(package.map(|p| p.name.as_str())).bind(change.version.as_ref().map(model::VersionName::as_str))
            .bind(change.detail.as_str()).execute(&mut *db).await.map(drop))?;
        Ok(sequence)
    }
}
