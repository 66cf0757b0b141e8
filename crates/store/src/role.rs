//! What roles have and users have not.

use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// The part of a principal that only a role has.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct RoleRow {
    pub principal_id: i64,
    pub trust_policy: String,
    pub max_session_seconds: i64,
    pub description: String,
}

const FIND: &str = "SELECT principal_id, trust_policy, max_session_seconds, description FROM role
    WHERE principal_id = $1";
const INSERT: &str =
    "INSERT INTO role (principal_id, trust_policy, max_session_seconds, description)
    VALUES ($1, $2, $3, $4)";
const SET_TRUST: &str = "UPDATE role SET trust_policy = $2 WHERE principal_id = $1";
hot!["role": FIND];

impl Connection {
    /// The role of this principal.
    pub async fn find_role(&mut self, principal_id: i64) -> StoreResult<Option<RoleRow>> {
        on_engine!(self, db => sqlx::query_as(FIND).bind(principal_id).fetch_optional(&mut *db).await)
    }
}

impl Tx {
    /// Adds the role of a principal.
    pub async fn insert_role(&mut self, role: &RoleRow) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(role.principal_id).bind(role.trust_policy.as_str()).bind(role.max_session_seconds)
            .bind(role.description.as_str()).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Replaces a role's trust policy.
    pub async fn update_role_trust_policy(
        &mut self,
        principal_id: i64,
        document: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(SET_TRUST)
            .bind(principal_id).bind(document).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
