//! Tags of packages (npm dist-tags and their like).

use model::VersionName;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A tag of a package and the version it names.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct TagRow {
    pub tag: String,
    pub version: String,
}

const LIST: &str = "SELECT tag, version FROM package_tag WHERE package_id = $1 ORDER BY tag";
const UPSERT: &str = "INSERT INTO package_tag (package_id, tag, version) VALUES ($1, $2, $3)
    ON CONFLICT (package_id, tag) DO UPDATE SET version = excluded.version";
const DELETE: &str = "DELETE FROM package_tag WHERE package_id = $1 AND tag = $2 RETURNING tag";
const DELETE_OF_VERSION: &str =
    "DELETE FROM package_tag WHERE package_id = $1 AND version = $2 RETURNING tag";
hot!["tag": LIST, UPSERT, DELETE, DELETE_OF_VERSION];

impl Connection {
    /// A package's tags, in order of tag.
    pub async fn list_package_tags(&mut self, package_id: i64) -> StoreResult<Vec<TagRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(package_id).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Sets or moves a tag.
    pub async fn upsert_package_tag(
        &mut self,
        package_id: i64,
        tag: &str,
        version: &VersionName,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPSERT)
            .bind(package_id).bind(tag).bind(version.as_str()).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Removes a tag; false when there was none.
    pub async fn delete_package_tag(&mut self, package_id: i64, tag: &str) -> StoreResult<bool> {
        let deleted: Option<String> = on_engine!(self, db => sqlx::query_scalar(DELETE)
            .bind(package_id).bind(tag).fetch_optional(&mut *db).await)?;
        Ok(deleted.is_some())
    }

    /// Removes the tags that name a version; returns them.
    pub async fn delete_tags_of_version(
        &mut self,
        package_id: i64,
        version: &str,
    ) -> StoreResult<Vec<String>> {
        on_engine!(self, db => sqlx::query_scalar(DELETE_OF_VERSION)
            .bind(package_id).bind(version).fetch_all(&mut *db).await)
    }
}
