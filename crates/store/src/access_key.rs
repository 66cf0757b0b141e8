//! Access keys of principals.

use model::EpochMillis;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// An access key with the principal it belongs to.
#[derive(Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct AccessKeyRow {
    pub id: String,
    pub secret: String,
    pub active: bool,
    pub created_at_ms: i64,
    pub account: String,
    pub kind: String,
    pub path: String,
    pub name: String,
}

impl std::fmt::Debug for AccessKeyRow {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKeyRow")
            .field("id", &self.id)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

const FIND: &str =
    "SELECT k.id, k.secret, k.active, k.created_at_ms, p.account, p.kind, p.path, p.name
    FROM access_key k JOIN principal p ON p.id = k.principal_id WHERE k.id = $1";
const LIST: &str = "SELECT k.id, k.secret, k.active, k.created_at_ms, p.account, p.kind, p.path, p.name
    FROM access_key k JOIN principal p ON p.id = k.principal_id ORDER BY p.account, p.kind, p.name, k.id";
const LIST_OF_PRINCIPAL: &str =
    "SELECT k.id, k.secret, k.active, k.created_at_ms, p.account, p.kind, p.path, p.name
    FROM access_key k JOIN principal p ON p.id = k.principal_id WHERE k.principal_id = $1 ORDER BY k.created_at_ms, k.id";
const INSERT: &str = "INSERT INTO access_key (id, principal_id, secret, active, created_at_ms)
    VALUES ($1, $2, $3, $4, $5)";
const SET_ACTIVE: &str = "UPDATE access_key SET active = $2 WHERE id = $1 RETURNING id";
const DELETE: &str = "DELETE FROM access_key WHERE id = $1 RETURNING id";
hot!["access_key": FIND];

impl Connection {
    /// The key with this id.
    pub async fn find_access_key(&mut self, id: &str) -> StoreResult<Option<AccessKeyRow>> {
        on_engine!(self, db => sqlx::query_as(FIND).bind(id).fetch_optional(&mut *db).await)
    }

    /// All keys. For the operator's command line; installations have few.
    pub async fn list_access_keys(&mut self) -> StoreResult<Vec<AccessKeyRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).fetch_all(&mut *db).await)
    }

    /// The keys of one principal, oldest first. Few: their number is bounded.
    pub async fn list_access_keys_of(
        &mut self,
        principal_id: i64,
    ) -> StoreResult<Vec<AccessKeyRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_OF_PRINCIPAL).bind(principal_id).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds an active key.
    pub async fn insert_access_key(
        &mut self,
        id: &str,
        principal_id: i64,
        secret: &str,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(id).bind(principal_id).bind(secret).bind(true).bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Switches a key on or off; false when there is none of that id.
    pub async fn update_access_key_active(&mut self, id: &str, active: bool) -> StoreResult<bool> {
        let found: Option<String> = on_engine!(self, db => sqlx::query_scalar(SET_ACTIVE)
            .bind(id).bind(active).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }

    /// Deletes a key; false when there is none of that id.
    pub async fn delete_access_key(&mut self, id: &str) -> StoreResult<bool> {
        let found: Option<String> = on_engine!(self, db => sqlx::query_scalar(DELETE).bind(id).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }
}
