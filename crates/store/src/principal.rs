//! Principals.

use model::{EpochMillis, Principal};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A principal.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PrincipalRow {
    pub id: i64,
    pub account: String,
    pub kind: String,
    pub name: String,
    pub created_at_ms: i64,
}

const FIND: &str = "SELECT id, account, kind, name, created_at_ms FROM principal WHERE account = $1 AND kind = $2 AND name = $3";
const INSERT: &str =
    "INSERT INTO principal (account, kind, name, created_at_ms) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, kind, name) DO NOTHING";
hot!["principal": FIND];

impl Connection {
    /// The row of a principal.
    pub async fn find_principal(
        &mut self,
        principal: &Principal,
    ) -> StoreResult<Option<PrincipalRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(principal.account.as_str()).bind(principal.kind.as_str()).bind(principal.name.as_str())
            .fetch_optional(&mut *db).await)
    }
}

impl Tx {
    /// Makes a principal unless it exists.
    pub async fn insert_principal(
        &mut self,
        principal: &Principal,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(principal.account.as_str()).bind(principal.kind.as_str()).bind(principal.name.as_str())
            .bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
