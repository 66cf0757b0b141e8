//! Tags of resources.

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

const LIST: &str =
    "SELECT tag_key, tag_value FROM resource_tag WHERE resource = $1 ORDER BY tag_key";
const UPSERT: &str = "INSERT INTO resource_tag (resource, tag_key, tag_value) VALUES ($1, $2, $3)
    ON CONFLICT (resource, tag_key) DO UPDATE SET tag_value = excluded.tag_value";
const DELETE: &str = "DELETE FROM resource_tag WHERE resource = $1 AND tag_key = $2";
const DELETE_ALL: &str = "DELETE FROM resource_tag WHERE resource = $1";
const DELETE_BELOW: &str = "DELETE FROM resource_tag WHERE resource >= $1 AND resource < $2";
hot!["resource_tag": LIST, UPSERT, DELETE, DELETE_ALL, DELETE_BELOW];

impl Connection {
    /// A resource's tags, in order of key.
    pub async fn list_resource_tags(&mut self, arn: &str) -> StoreResult<Vec<(String, String)>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(arn).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds a tag or replaces its value.
    pub async fn upsert_resource_tag(
        &mut self,
        arn: &str,
        key: &str,
        value: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPSERT).bind(arn).bind(key).bind(value).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Drops one tag, if the resource has it.
    pub async fn delete_resource_tag(&mut self, arn: &str, key: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(arn).bind(key).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Drops all tags of a resource.
    pub async fn delete_resource_tags(&mut self, arn: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_ALL).bind(arn).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
    /// Drops all tags of every resource whose ARN begins so. ARNs are printable ASCII.
    pub async fn delete_resource_tags_below(&mut self, prefix: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_BELOW)
            .bind(prefix).bind(format!("{prefix}\u{7f}")).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
