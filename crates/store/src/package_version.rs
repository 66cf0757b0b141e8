//! Package versions.

use model::{EpochMillis, OriginType, PackageVersionStatus, PageLimit, VersionKey, VersionName};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreError, StoreResult, Tx};

/// A package version without its metadata: what lists need.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PackageVersionRow {
    pub id: i64,
    pub package_id: i64,
    pub version: String,
    pub status: String,
    pub revision: String,
    pub origin_type: String,
    pub origin_name: String,
    pub published_at_ms: i64,
    pub source_published_at_ms: Option<i64>,
}

impl PackageVersionRow {
    /// The version's status.
    pub fn status(&self) -> StoreResult<PackageVersionStatus> {
        PackageVersionStatus::parse(&self.status).ok_or_else(|| {
            StoreError::Corrupt(format!("version {} has status {}", self.id, self.status))
        })
    }
}

/// A package version with its metadata: what a document is rendered from.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct VersionMetadataRow {
    #[sqlx(flatten)]
    pub version: PackageVersionRow,
    pub metadata: String,
}

/// A version to add.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct NewVersion {
    pub package_id: i64,
    pub version: VersionName,
    pub key: VersionKey,
    pub status: PackageVersionStatus,
    pub revision: String,
    pub origin_type: OriginType,
    pub origin_name: String,
    pub published_at: EpochMillis,
    pub source_published_at: Option<EpochMillis>,
    pub metadata: String,
    pub readme: Option<String>,
}

/// What a version has become after its assets changed.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct VersionContent<'a> {
    pub status: PackageVersionStatus,
    pub revision: &'a str,
    pub published_at: EpochMillis,
    pub metadata: &'a str,
    /// The readme, for a version that has none yet.
    pub readme: Option<&'a str>,
}

/// What a list of versions is narrowed to.
#[derive(Debug, Clone, Copy, Default)]
pub struct VersionFilter {
    /// Only this status.
    pub status: Option<PackageVersionStatus>,
    /// Only this type of origin.
    pub origin_type: Option<OriginType>,
}

const FIND: &str =
    "SELECT id, package_id, version, status, revision, origin_type, origin_name, published_at_ms,
    source_published_at_ms FROM package_version WHERE package_id = $1 AND COALESCE(version_key, version) = $2";
const FIND_METADATA: &str =
    "SELECT id, package_id, version, status, revision, origin_type, origin_name,
    published_at_ms, source_published_at_ms, metadata FROM package_version
    WHERE package_id = $1 AND COALESCE(version_key, version) = $2";
const LIST_METADATA: &str = "SELECT id, package_id, version, status, revision, origin_type, origin_name,
    published_at_ms, source_published_at_ms, metadata FROM package_version WHERE package_id = $1 ORDER BY id";
const FIND_README: &str = "SELECT readme FROM package_version WHERE id = $1";
const LIST_BY_NAME: &str = "SELECT id, package_id, version, status, revision, origin_type, origin_name,
    published_at_ms, source_published_at_ms FROM package_version
    WHERE package_id = $1 AND version > $2 AND ($3 = '' OR status = $3) AND ($4 = '' OR origin_type = $4)
    ORDER BY version LIMIT $5";
const LIST_BY_TIME: &str =
    "SELECT id, package_id, version, status, revision, origin_type, origin_name,
    published_at_ms, source_published_at_ms FROM package_version
    WHERE package_id = $1 AND (published_at_ms, version) < ($2, $3)
      AND ($4 = '' OR status = $4) AND ($5 = '' OR origin_type = $5)
    ORDER BY published_at_ms DESC, version DESC LIMIT $6";
const NEWEST: &str =
    "SELECT id, package_id, version, status, revision, origin_type, origin_name, published_at_ms,
    source_published_at_ms FROM package_version WHERE package_id = $1 AND status = 'Published'
    ORDER BY published_at_ms DESC, version DESC LIMIT 1";
const COUNT: &str = "SELECT COUNT(*) FROM package_version WHERE package_id = $1";
const INSERT: &str =
    "INSERT INTO package_version (package_id, version, status, revision, origin_type, origin_name,
    published_at_ms, source_published_at_ms, metadata, readme, version_key)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id";
const UPDATE_METADATA: &str =
    "UPDATE package_version SET metadata = $2, revision = $3 WHERE id = $1";
const UPDATE_CONTENT: &str =
    "UPDATE package_version SET status = $2, revision = $3, published_at_ms = $4, metadata = $5,
    readme = COALESCE(readme, $6) WHERE id = $1";
const UPDATE_STATUS: &str = "UPDATE package_version SET status = $2 WHERE id = $1";
const DELETE_README: &str = "UPDATE package_version SET readme = NULL WHERE id = $1";
const DELETE: &str = "DELETE FROM package_version WHERE id = $1";
hot!["package_version":
    FIND, FIND_METADATA, LIST_METADATA, FIND_README, LIST_BY_NAME, LIST_BY_TIME, NEWEST, COUNT,
    INSERT, UPDATE_METADATA, UPDATE_CONTENT, UPDATE_STATUS, DELETE_README, DELETE,
];

impl Connection {
    /// One version of a package.
    pub async fn find_version(
        &mut self,
        package_id: i64,
        key: &VersionKey,
    ) -> StoreResult<Option<PackageVersionRow>> {
        on_engine!(self, db => sqlx::query_as(FIND).bind(package_id).bind(key.as_str()).fetch_optional(&mut *db).await)
    }

    /// One version of a package with its metadata.
    pub async fn find_version_metadata(
        &mut self,
        package_id: i64,
        key: &VersionKey,
    ) -> StoreResult<Option<VersionMetadataRow>> {
        on_engine!(self, db => sqlx::query_as(FIND_METADATA)
            .bind(package_id).bind(key.as_str()).fetch_optional(&mut *db).await)
    }

    /// Every version of a package with its metadata, in the order in which they arrived.
    pub async fn list_version_metadata(
        &mut self,
        package_id: i64,
    ) -> StoreResult<Vec<VersionMetadataRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_METADATA).bind(package_id).fetch_all(&mut *db).await)
    }

    /// A version's readme.
    pub async fn find_version_readme(&mut self, version_id: i64) -> StoreResult<Option<String>> {
        let readme: Option<Option<String>> = on_engine!(self, db => sqlx::query_scalar(FIND_README).bind(version_id).fetch_optional(&mut *db).await)?;
        Ok(readme.flatten())
    }

    /// A package's versions in order of name, after the given one.
    pub async fn list_versions_by_name(
        &mut self,
        package_id: i64,
        after: &str,
        filter: VersionFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageVersionRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_BY_NAME)
            .bind(package_id).bind(after)
            .bind(filter.status.map_or("", PackageVersionStatus::as_str))
            .bind(filter.origin_type.map_or("", OriginType::as_str))
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// A package's versions, newest first, those before the given time and name.
    pub async fn list_versions_by_time(
        &mut self,
        package_id: i64,
        before: (EpochMillis, &str),
        filter: VersionFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageVersionRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_BY_TIME)
            .bind(package_id).bind(before.0.0).bind(before.1)
            .bind(filter.status.map_or("", PackageVersionStatus::as_str))
            .bind(filter.origin_type.map_or("", OriginType::as_str))
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// The published version that arrived last.
    pub async fn find_newest_version(
        &mut self,
        package_id: i64,
    ) -> StoreResult<Option<PackageVersionRow>> {
        on_engine!(self, db => sqlx::query_as(NEWEST).bind(package_id).fetch_optional(&mut *db).await)
    }

    /// How many versions a package has, of every status.
    pub async fn count_versions(&mut self, package_id: i64) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(COUNT).bind(package_id).fetch_one(&mut *db).await)
    }
}

impl Tx {
    /// Adds a version; `None` when the package has it, in this spelling or another.
    pub async fn insert_version(&mut self, new: &NewVersion) -> StoreResult<Option<i64>> {
        let key = Some(new.key.as_str()).filter(|key| *key != new.version.as_str());
        on_engine!(self, db => sqlx::query_scalar(INSERT)
            .bind(new.package_id).bind(new.version.as_str()).bind(new.status.as_str())
            .bind(new.revision.as_str()).bind(new.origin_type.as_str()).bind(new.origin_name.as_str())
            .bind(new.published_at.0).bind(new.source_published_at.map(|at| at.0))
            .bind(new.metadata.as_str()).bind(new.readme.as_deref()).bind(key).fetch_optional(&mut *db).await)
    }

    /// Replaces a version's metadata, which makes a new revision.
    pub async fn update_version_metadata(
        &mut self,
        id: i64,
        metadata: &str,
        revision: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_METADATA)
            .bind(id).bind(metadata).bind(revision).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Notes what a version has become after its assets changed.
    pub async fn update_version_content(
        &mut self,
        id: i64,
        content: &VersionContent<'_>,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_CONTENT)
            .bind(id).bind(content.status.as_str()).bind(content.revision).bind(content.published_at.0)
            .bind(content.metadata).bind(content.readme)
            .execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Changes a version's status, and nothing else: its revision stays.
    pub async fn update_version_status(
        &mut self,
        id: i64,
        status: PackageVersionStatus,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_STATUS)
            .bind(id).bind(status.as_str()).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Forgets a version's readme; its revision stays.
    pub async fn delete_version_readme(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_README).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Deletes a version's row and those of its assets.
    pub async fn delete_version(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
