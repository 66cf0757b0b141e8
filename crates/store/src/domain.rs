//! Domains.

use model::{AccountId, DomainName, EpochMillis, PageLimit};
use sqlx::FromRow;

use crate::engine::{LockDomain, on_engine};
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A domain.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct DomainRow {
    pub id: i64,
    pub owner: String,
    pub name: String,
    pub encryption_key: String,
    pub created_at_ms: i64,
    pub repository_count: i64,
    pub asset_size_bytes: i64,
}

const FIND: &str =
    "SELECT id, owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes
    FROM domain WHERE owner = $1 AND name = $2";
const FIND_BY_ID: &str =
    "SELECT id, owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes
    FROM domain WHERE id = $1";
const LIST: &str =
    "SELECT id, owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes
    FROM domain WHERE owner = $1 AND name > $2 ORDER BY name LIMIT $3";
const COUNT: &str = "SELECT COUNT(*) FROM domain WHERE owner = $1";
const INSERT: &str = "INSERT INTO domain
    (owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes)
    VALUES ($1, $2, $3, $4, 0, 0)
    ON CONFLICT (owner, name) DO NOTHING
    RETURNING id, owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes";
const DELETE: &str = "DELETE FROM domain WHERE id = $1";
const DELETE_BLOBS: &str = "DELETE FROM domain_blob WHERE domain_id = $1";
const ADD_REPOSITORIES: &str =
    "UPDATE domain SET repository_count = repository_count + $2 WHERE id = $1";
hot!["domain": FIND, FIND_BY_ID, LIST, COUNT, INSERT, DELETE, DELETE_BLOBS, ADD_REPOSITORIES];

impl Connection {
    /// The domain of this owner and name.
    pub async fn find_domain(
        &mut self,
        owner: &AccountId,
        name: &DomainName,
    ) -> StoreResult<Option<DomainRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(owner.as_str()).bind(name.as_str()).fetch_optional(&mut *db).await)
    }

    /// The domain with this id.
    pub async fn find_domain_by_id(&mut self, id: i64) -> StoreResult<Option<DomainRow>> {
        on_engine!(self, db => sqlx::query_as(FIND_BY_ID).bind(id).fetch_optional(&mut *db).await)
    }

    /// The owner's domains in order of their names, after the given name.
    pub async fn list_domains(
        &mut self,
        owner: &AccountId,
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<DomainRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(owner.as_str()).bind(after).bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// How many domains the owner has.
    pub async fn count_domains(&mut self, owner: &AccountId) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(COUNT).bind(owner.as_str()).fetch_one(&mut *db).await)
    }
}

impl Tx {
    /// Makes a domain; `None` when the owner has one of that name.
    pub async fn insert_domain(
        &mut self,
        owner: &AccountId,
        name: &DomainName,
        encryption_key: &str,
        now: EpochMillis,
    ) -> StoreResult<Option<DomainRow>> {
        on_engine!(self, db => sqlx::query_as(INSERT)
            .bind(owner.as_str()).bind(name.as_str()).bind(encryption_key).bind(now.0)
            .fetch_optional(&mut *db).await)
    }

    /// Deletes a domain that has no repositories left.
    pub async fn delete_domain(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_BLOBS).bind(id).execute(&mut *db).await.map(drop))?;
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Changes the count of a domain's repositories.
    pub async fn add_repository_count(&mut self, id: i64, delta: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(ADD_REPOSITORIES).bind(id).bind(delta).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Makes every other write to this domain wait for the end of this transaction. SQLite has one writer, so nothing
    /// is to be done there.
    pub async fn order_writes(&mut self, id: i64) -> StoreResult<()> {
        if self.is_postgres() {
            self.lock_domain(id).await?;
        }
        Ok(())
    }

    /// Makes every other write to this domain wait for the end of this transaction. False when the domain is gone.
    pub async fn lock_domain(&mut self, id: i64) -> StoreResult<bool> {
        let sql = if self.is_postgres() {
            LockDomain::POSTGRES
        } else {
            LockDomain::SQLITE
        };
        let found: Option<i64> = on_engine!(self, db => sqlx::query_scalar(sql).bind(id).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }
}
