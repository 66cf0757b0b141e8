//! Documents that public sources have beside assets which are not held yet.

use model::{AssetName, EpochMillis, PackageCoordinates, Sha256Digest, VersionKey};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{AssetCompanion, Connection, StoreError, StoreResult, Tx};

#[derive(Debug, FromRow)]
struct SourceCompanionRow {
    sha256: Vec<u8>,
    size_bytes: i64,
}

impl SourceCompanionRow {
    fn companion(&self) -> StoreResult<AssetCompanion> {
        let corrupt = || StoreError::Corrupt("a companion of an asset at a source".into());
        Ok(AssetCompanion {
            sha256: Sha256Digest::from_slice(&self.sha256).ok_or_else(corrupt)?,
            size_bytes: u64::try_from(self.size_bytes).map_err(|_| corrupt())?,
        })
    }
}

const FIND: &str = "SELECT sha256, size_bytes FROM source_companion
    WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4 AND version_key = $5 AND asset = $6";
const UPSERT: &str = "INSERT INTO source_companion
    (repository_id, format, namespace, name, version_key, asset, sha256, size_bytes, fetched_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (repository_id, format, namespace, name, version_key, asset) DO UPDATE SET
      sha256 = excluded.sha256, size_bytes = excluded.size_bytes, fetched_at_ms = excluded.fetched_at_ms";
const DELETE: &str = "DELETE FROM source_companion
    WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4 AND version_key = $5 AND asset = $6";
hot!["source_companion": FIND, UPSERT, DELETE];

impl Connection {
    /// The companion of an asset, as it was fetched through a repository's connection.
    pub async fn find_source_companion(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
        key: &VersionKey,
        asset: &AssetName,
    ) -> StoreResult<Option<AssetCompanion>> {
        let row: Option<SourceCompanionRow> = on_engine!(self, db => sqlx::query_as(FIND)
            .bind(repository_id).bind(package.format.as_str()).bind(package.namespace_str())
            .bind(package.name.as_str()).bind(key.as_str()).bind(asset.as_str())
            .fetch_optional(&mut *db).await)?;
        row.map(|row| row.companion()).transpose()
    }
}

impl Tx {
    /// Notes the companion of an asset, in place of any that was there.
    pub async fn upsert_source_companion(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
        (key, asset): (&VersionKey, &AssetName),
        companion: AssetCompanion,
        fetched_at: EpochMillis,
    ) -> StoreResult<()> {
        let size = i64::try_from(companion.size_bytes)
            .map_err(|_| StoreError::Corrupt("the size of a companion".into()))?;
        self.hold_blob(&companion.sha256).await?;
        on_engine!(self, db => sqlx::query(UPSERT)
            .bind(repository_id).bind(package.format.as_str()).bind(package.namespace_str())
            .bind(package.name.as_str()).bind(key.as_str()).bind(asset.as_str())
            .bind(companion.sha256.as_bytes().as_slice()).bind(size).bind(fetched_at.0)
            .execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Forgets a companion: its asset is held now, and the companion with it.
    pub async fn delete_source_companion(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
        key: &VersionKey,
        asset: &AssetName,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE)
            .bind(repository_id).bind(package.format.as_str()).bind(package.namespace_str())
            .bind(package.name.as_str()).bind(key.as_str()).bind(asset.as_str())
            .execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
