//! Permissions policies of domains and repositories.

use model::EpochMillis;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A resource's policy.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct ResourcePolicyRow {
    pub document: String,
    pub revision: String,
    pub updated_at_ms: i64,
}

const FIND: &str =
    "SELECT document, revision, updated_at_ms FROM resource_policy WHERE resource = $1";
const UPSERT: &str =
    "INSERT INTO resource_policy (resource, document, revision, updated_at_ms) VALUES ($1, $2, $3, $4)
    ON CONFLICT (resource) DO UPDATE SET document = excluded.document, revision = excluded.revision,
      updated_at_ms = excluded.updated_at_ms";
const DELETE: &str = "DELETE FROM resource_policy WHERE resource = $1";
hot!["resource_policy": FIND, UPSERT, DELETE];

impl Connection {
    /// A resource's policy, if it has one.
    pub async fn find_resource_policy(
        &mut self,
        arn: &str,
    ) -> StoreResult<Option<ResourcePolicyRow>> {
        on_engine!(self, db => sqlx::query_as(FIND).bind(arn).fetch_optional(&mut *db).await)
    }
}

impl Tx {
    /// Gives a resource a policy in place of the one it has.
    pub async fn upsert_resource_policy(
        &mut self,
        arn: &str,
        document: &str,
        revision: &str,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPSERT)
            .bind(arn).bind(document).bind(revision).bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Drops a resource's policy, if it has one.
    pub async fn delete_resource_policy(&mut self, arn: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(arn).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
