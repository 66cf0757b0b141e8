//! What all nodes of an installation must agree on: the first to say it decides.

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{StoreResult, Tx};

const INSERT: &str =
    "INSERT INTO installation_mark (name, mark) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
const FIND: &str = "SELECT mark FROM installation_mark WHERE name = $1";
hot!["installation_mark": INSERT, FIND];

impl Tx {
    /// The mark of this name; the given one, if nobody has set it before.
    pub async fn ensure_installation_mark(
        &mut self,
        name: &str,
        mark: &str,
    ) -> StoreResult<String> {
        on_engine!(self, db => sqlx::query(INSERT).bind(name).bind(mark).execute(&mut *db).await.map(drop))?;
        on_engine!(self, db => sqlx::query_scalar(FIND).bind(name).fetch_one(&mut *db).await)
    }
}
