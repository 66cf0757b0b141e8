//! External connections of repositories.

use model::{EpochMillis, ExternalConnectionName};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A repository's external connection.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct ExternalConnectionRow {
    pub name: String,
    pub format: String,
    pub created_at_ms: i64,
}

const LIST: &str = "SELECT name, format, created_at_ms FROM external_connection WHERE repository_id = $1 ORDER BY name";
const INSERT: &str = "INSERT INTO external_connection (repository_id, name, format, created_at_ms)
    VALUES ($1, $2, $3, $4)";
const DELETE: &str =
    "DELETE FROM external_connection WHERE repository_id = $1 AND name = $2 RETURNING name";
const COUNT_IN_DOMAIN: &str = "SELECT COUNT(*) FROM external_connection c
    JOIN repository r ON r.id = c.repository_id WHERE r.domain_id = $1";
hot!["connection": LIST, INSERT, DELETE, COUNT_IN_DOMAIN];

impl Connection {
    /// A repository's external connections.
    pub async fn list_external_connections(
        &mut self,
        repository_id: i64,
    ) -> StoreResult<Vec<ExternalConnectionRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(repository_id).fetch_all(&mut *db).await)
    }

    /// How many external connections the repositories of a domain have together.
    pub async fn count_external_connections(&mut self, domain_id: i64) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(COUNT_IN_DOMAIN).bind(domain_id).fetch_one(&mut *db).await)
    }
}

impl Tx {
    /// Attaches a connection to a repository.
    pub async fn insert_external_connection(
        &mut self,
        repository_id: i64,
        name: &ExternalConnectionName,
        format: &str,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(repository_id).bind(name.as_str()).bind(format).bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Detaches a connection; false when it was not attached.
    pub async fn delete_external_connection(
        &mut self,
        repository_id: i64,
        name: &ExternalConnectionName,
    ) -> StoreResult<bool> {
        let deleted: Option<String> = on_engine!(self, db => sqlx::query_scalar(DELETE)
            .bind(repository_id).bind(name.as_str()).fetch_optional(&mut *db).await)?;
        Ok(deleted.is_some())
    }
}
