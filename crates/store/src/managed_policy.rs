//! Policies that an account manages apart from principals, and what they are attached to.

use model::{AccountId, PageLimit};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A managed policy.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct ManagedPolicyRow {
    pub arn: String,
    pub account: String,
    pub name: String,
    pub document: String,
    pub description: String,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
}

const FIND: &str = "SELECT arn, account, name, document, description, created_at_ms, updated_at_ms
    FROM managed_policy WHERE arn = $1";
const LIST: &str = "SELECT arn, account, name, document, description, created_at_ms, updated_at_ms
    FROM managed_policy WHERE account = $1 AND name > $2 ORDER BY name LIMIT $3";
const INSERT: &str = "INSERT INTO managed_policy
    (arn, account, name, document, description, created_at_ms, updated_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account, name) DO NOTHING";
const DELETE: &str = "DELETE FROM managed_policy WHERE arn = $1";
const COUNT_ATTACHED: &str = "SELECT COUNT(*) FROM attached_policy WHERE policy_arn = $1";
const LIST_ATTACHED: &str =
    "SELECT policy_arn FROM attached_policy WHERE principal_id = $1 ORDER BY policy_arn";
const ATTACH: &str = "INSERT INTO attached_policy (principal_id, policy_arn) VALUES ($1, $2)
    ON CONFLICT (principal_id, policy_arn) DO NOTHING";
const DETACH: &str = "DELETE FROM attached_policy WHERE principal_id = $1 AND policy_arn = $2
    RETURNING policy_arn";
hot!["managed_policy": FIND, LIST_ATTACHED];

impl Connection {
    /// The managed policy of this ARN.
    pub async fn find_managed_policy(
        &mut self,
        arn: &str,
    ) -> StoreResult<Option<ManagedPolicyRow>> {
        on_engine!(self, db => sqlx::query_as(FIND).bind(arn).fetch_optional(&mut *db).await)
    }

    /// An account's managed policies in order of their names, after the given name.
    pub async fn list_managed_policies(
        &mut self,
        account: &AccountId,
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<ManagedPolicyRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(account.as_str()).bind(after).bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// How many principals a policy is attached to.
    pub async fn count_attachments(&mut self, policy_arn: &str) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(COUNT_ATTACHED).bind(policy_arn).fetch_one(&mut *db).await)
    }

    /// The ARNs of the policies attached to a principal, in their order. Few: their number is bounded.
    pub async fn list_attached_policies(&mut self, principal_id: i64) -> StoreResult<Vec<String>> {
        on_engine!(self, db => sqlx::query_scalar(LIST_ATTACHED).bind(principal_id).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds a managed policy unless the account has one of that name; whether it did.
    pub async fn insert_managed_policy(&mut self, policy: &ManagedPolicyRow) -> StoreResult<bool> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(policy.arn.as_str()).bind(policy.account.as_str()).bind(policy.name.as_str())
            .bind(policy.document.as_str()).bind(policy.description.as_str())
            .bind(policy.created_at_ms).bind(policy.updated_at_ms)
            .execute(&mut *db).await.map(|done| done.rows_affected() > 0))
    }

    /// Deletes a managed policy.
    pub async fn delete_managed_policy(&mut self, arn: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(arn).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Attaches a policy to a principal, unless it is.
    pub async fn attach_policy(&mut self, principal_id: i64, policy_arn: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(ATTACH)
            .bind(principal_id).bind(policy_arn).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Detaches a policy from a principal; false when it was not attached.
    pub async fn detach_policy(
        &mut self,
        principal_id: i64,
        policy_arn: &str,
    ) -> StoreResult<bool> {
        let found: Option<String> = on_engine!(self, db => sqlx::query_scalar(DETACH)
            .bind(principal_id).bind(policy_arn).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }
}
