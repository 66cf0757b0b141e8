//! Keys that authorization tokens are sealed with.

use model::EpochMillis;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::{Connection, StoreResult, Tx};

/// A key for tokens.
#[derive(Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct SigningKeyRow {
    pub id: String,
    pub secret: Vec<u8>,
    pub created_at_ms: i64,
}

impl std::fmt::Debug for SigningKeyRow {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKeyRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

const LIST: &str =
    "SELECT id, secret, created_at_ms FROM signing_key ORDER BY created_at_ms DESC, id";
const INSERT: &str = "INSERT INTO signing_key (id, secret, created_at_ms) VALUES ($1, $2, $3)";

impl Connection {
    /// All keys, newest first.
    pub async fn list_signing_keys(&mut self) -> StoreResult<Vec<SigningKeyRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds a key.
    pub async fn insert_signing_key(
        &mut self,
        id: &str,
        secret: &[u8],
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(INSERT).bind(id).bind(secret).bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
