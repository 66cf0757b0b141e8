//! Inline policies of principals.

use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// An inline policy.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PrincipalPolicyRow {
    pub name: String,
    pub document: String,
}

const LIST: &str =
    "SELECT name, document FROM principal_policy WHERE principal_id = $1 ORDER BY name";
const UPSERT: &str =
    "INSERT INTO principal_policy (principal_id, name, document) VALUES ($1, $2, $3)
    ON CONFLICT (principal_id, name) DO UPDATE SET document = excluded.document";
const DELETE: &str =
    "DELETE FROM principal_policy WHERE principal_id = $1 AND name = $2 RETURNING name";
hot!["principal_policy": LIST];

impl Connection {
    /// A principal's inline policies in order of their names. Few: their total size is bounded.
    pub async fn list_principal_policies(
        &mut self,
        principal_id: i64,
    ) -> StoreResult<Vec<PrincipalPolicyRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(principal_id).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds an inline policy or replaces its document.
    pub async fn upsert_principal_policy(
        &mut self,
        principal_id: i64,
        name: &str,
        document: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPSERT)
            .bind(principal_id).bind(name).bind(document).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Deletes an inline policy; false when there is none of that name.
    pub async fn delete_principal_policy(
        &mut self,
        principal_id: i64,
        name: &str,
    ) -> StoreResult<bool> {
        let found: Option<String> = on_engine!(self, db => sqlx::query_scalar(DELETE)
            .bind(principal_id).bind(name).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }
}
