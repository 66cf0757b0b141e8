//! Principals.

use model::{AccountId, EpochMillis, PageLimit, Principal, PrincipalKind};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A principal. Its name is without its path.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PrincipalRow {
    pub id: i64,
    pub account: String,
    pub kind: String,
    pub path: String,
    pub name: String,
    pub created_at_ms: i64,
}

const FIND: &str = "SELECT id, account, kind, path, name, created_at_ms FROM principal
    WHERE account = $1 AND kind = $2 AND name = $3";
const LIST: &str = "SELECT id, account, kind, path, name, created_at_ms FROM principal
    WHERE account = $1 AND kind = $2 AND name > $3 ORDER BY name LIMIT $4";
const INSERT: &str =
    "INSERT INTO principal (account, kind, path, name, created_at_ms) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, kind, name) DO NOTHING";
const DELETE: &str = "DELETE FROM principal WHERE id = $1";
hot!["principal": FIND];

impl Connection {
    /// The row of a principal, whatever path it is asked for under: names are unique without it.
    pub async fn find_principal(
        &mut self,
        principal: &Principal,
    ) -> StoreResult<Option<PrincipalRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(principal.account.as_str()).bind(principal.kind.as_str()).bind(principal.short_name())
            .fetch_optional(&mut *db).await)
    }

    /// An account's principals of one kind in order of their names, after the given name.
    pub async fn list_principals(
        &mut self,
        account: &AccountId,
        kind: PrincipalKind,
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<PrincipalRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(account.as_str()).bind(kind.as_str()).bind(after).bind(limit.rows_and_one())
            .fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Makes a principal unless the account has one of that kind and name; whether it did.
    pub async fn insert_principal(
        &mut self,
        principal: &Principal,
        now: EpochMillis,
    ) -> StoreResult<bool> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(principal.account.as_str()).bind(principal.kind.as_str()).bind(principal.path())
            .bind(principal.short_name()).bind(now.0).execute(&mut *db).await.map(|done| done.rows_affected() > 0))
    }

    /// Deletes a principal that has no access keys left, with what belongs to it alone.
    pub async fn delete_principal(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
