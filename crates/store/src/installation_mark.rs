//! What all nodes of an installation must agree on: the first to say it decides.

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

const INSERT: &str =
    "INSERT INTO installation_mark (name, mark) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
const FIND: &str = "SELECT mark FROM installation_mark WHERE name = $1";
const SET: &str = "INSERT INTO installation_mark (name, mark) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET mark = excluded.mark";
const DELETE: &str = "DELETE FROM installation_mark WHERE name = $1";
hot!["installation_mark": INSERT, FIND];

impl Connection {
    /// The mark of this name, if there is one.
    pub async fn find_installation_mark(&mut self, name: &str) -> StoreResult<Option<String>> {
        on_engine!(self, db => sqlx::query_scalar(FIND).bind(name).fetch_optional(&mut *db).await)
    }
}

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

    /// Makes this the mark of this name, whatever it was.
    pub async fn set_installation_mark(&mut self, name: &str, mark: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(SET).bind(name).bind(mark).execute(&mut *db).await.map(drop))
    }

    /// Removes a mark.
    pub async fn delete_installation_mark(&mut self, name: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(name).execute(&mut *db).await.map(drop))
    }
}
