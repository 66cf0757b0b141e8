//! Assets of package versions, and which bytes a domain holds.

use model::{AssetName, Digests, Md5Digest, PageLimit, Sha1Digest, Sha256Digest, Sha512Digest};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreError, StoreResult, Tx};

/// An asset.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct AssetRow {
    pub version_id: i64,
    pub name: String,
    pub size_bytes: i64,
    pub md5: Vec<u8>,
    pub sha1: Vec<u8>,
    pub sha256: Vec<u8>,
    pub sha512: Vec<u8>,
    pub companion_sha256: Option<Vec<u8>>,
    pub companion_size_bytes: Option<i64>,
}

/// The small document that is kept beside an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct AssetCompanion {
    pub sha256: Sha256Digest,
    pub size_bytes: u64,
}

/// An asset to add.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct NewAsset {
    pub name: AssetName,
    pub size_bytes: u64,
    pub digests: Digests,
    pub companion: Option<AssetCompanion>,
}

impl AssetRow {
    fn corrupt(&self) -> StoreError {
        StoreError::Corrupt(format!(
            "asset {} of version {}",
            self.name, self.version_id
        ))
    }

    /// The asset's digests.
    pub fn digests(&self) -> StoreResult<Digests> {
        let corrupt = || self.corrupt();
        Ok(Digests {
            md5: Md5Digest::from_slice(&self.md5).ok_or_else(corrupt)?,
            sha1: Sha1Digest::from_slice(&self.sha1).ok_or_else(corrupt)?,
            sha256: Sha256Digest::from_slice(&self.sha256).ok_or_else(corrupt)?,
            sha512: Sha512Digest::from_slice(&self.sha512).ok_or_else(corrupt)?,
        })
    }

    /// The asset's companion, where it has one.
    pub fn companion(&self) -> StoreResult<Option<AssetCompanion>> {
        let Some(sha256) = &self.companion_sha256 else {
            return Ok(None);
        };
        let size_bytes = self
            .companion_size_bytes
            .and_then(|size| size.try_into().ok());
        Ok(Some(AssetCompanion {
            sha256: Sha256Digest::from_slice(sha256).ok_or_else(|| self.corrupt())?,
            size_bytes: size_bytes.ok_or_else(|| self.corrupt())?,
        }))
    }

    /// The same asset, to be added to another version.
    pub fn to_new(&self) -> StoreResult<NewAsset> {
        Ok(NewAsset {
            name: AssetName::parse(&self.name).map_err(|_| self.corrupt())?,
            size_bytes: self.size(),
            digests: self.digests()?,
            companion: self.companion()?,
        })
    }

    /// The asset's size.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.size_bytes).unwrap_or(0)
    }
}

const FIND: &str =
    "SELECT version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256,
    companion_size_bytes FROM asset WHERE version_id = $1 AND name = $2";
const LIST: &str =
    "SELECT version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256,
    companion_size_bytes FROM asset WHERE version_id = $1 AND name > $2 ORDER BY name LIMIT $3";
const LIST_OF_VERSION: &str =
    "SELECT version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256,
    companion_size_bytes FROM asset WHERE version_id = $1 ORDER BY name";
const LIST_OF_PACKAGE: &str =
    "SELECT a.version_id, a.name, a.size_bytes, a.md5, a.sha1, a.sha256, a.sha512,
    a.companion_sha256, a.companion_size_bytes FROM package_version v JOIN asset a ON a.version_id = v.id WHERE v.package_id = $1
    ORDER BY a.version_id, a.name";
const LIST_OF_REPOSITORY: &str =
    "SELECT a.version_id, a.name, a.size_bytes, a.md5, a.sha1, a.sha256, a.sha512,
    a.companion_sha256, a.companion_size_bytes FROM package p JOIN package_version v ON v.package_id = p.id JOIN asset a ON a.version_id = v.id
    WHERE p.repository_id = $1";
const INSERT: &str =
    "INSERT INTO asset (version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256,
    companion_size_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const DELETE_OF_VERSION: &str = "DELETE FROM asset WHERE version_id = $1
    RETURNING version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256, companion_size_bytes";
const ADD_REFERENCE: &str =
    "INSERT INTO domain_blob (domain_id, sha256, size_bytes, reference_count)
    VALUES ($1, $2, $3, 1)
    ON CONFLICT (domain_id, sha256) DO UPDATE SET reference_count = domain_blob.reference_count + 1
    RETURNING reference_count";
const DROP_REFERENCE: &str = "UPDATE domain_blob SET reference_count = reference_count - 1
    WHERE domain_id = $1 AND sha256 = $2 RETURNING reference_count";
const DELETE_BLOB: &str = "DELETE FROM domain_blob WHERE domain_id = $1 AND sha256 = $2";
const ADD_SIZE: &str = "UPDATE domain SET asset_size_bytes = asset_size_bytes + $2 WHERE id = $1";
const IS_REFERENCED: &str = "SELECT CASE WHEN EXISTS (SELECT 1 FROM asset WHERE sha256 = $1)
    OR EXISTS (SELECT 1 FROM asset WHERE companion_sha256 = $1)
    OR EXISTS (SELECT 1 FROM source_document WHERE sha256 = $1)
    OR EXISTS (SELECT 1 FROM source_companion WHERE sha256 = $1) THEN 1 ELSE 0 END";
hot!["asset":
    FIND, LIST, LIST_OF_VERSION, LIST_OF_PACKAGE, LIST_OF_REPOSITORY, INSERT, DELETE_OF_VERSION,
    ADD_REFERENCE, DROP_REFERENCE, DELETE_BLOB, ADD_SIZE, IS_REFERENCED,
];

impl Connection {
    /// One asset of a version.
    pub async fn find_asset(
        &mut self,
        version_id: i64,
        name: &AssetName,
    ) -> StoreResult<Option<AssetRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(version_id).bind(name.as_str()).fetch_optional(&mut *db).await)
    }

    /// A version's assets in order of name, after the given one.
    pub async fn list_assets(
        &mut self,
        version_id: i64,
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<AssetRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(version_id).bind(after).bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// All assets of a version in order of name: as many as a version may have, not a page.
    pub async fn list_assets_of_version(&mut self, version_id: i64) -> StoreResult<Vec<AssetRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_OF_VERSION).bind(version_id).fetch_all(&mut *db).await)
    }

    /// The assets of all versions of a package, in the order in which the versions arrived.
    pub async fn list_assets_of_package(&mut self, package_id: i64) -> StoreResult<Vec<AssetRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_OF_PACKAGE).bind(package_id).fetch_all(&mut *db).await)
    }

    /// Every asset a repository holds.
    pub async fn list_assets_of_repository(
        &mut self,
        repository_id: i64,
    ) -> StoreResult<Vec<AssetRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_OF_REPOSITORY).bind(repository_id).fetch_all(&mut *db).await)
    }

    /// Whether any row names these bytes.
    pub async fn is_blob_referenced(&mut self, sha256: &Sha256Digest) -> StoreResult<bool> {
        let found: i32 = on_engine!(self, db => sqlx::query_scalar(IS_REFERENCED)
            .bind(sha256.as_bytes().as_slice()).fetch_one(&mut *db).await)?;
        Ok(found == 1)
    }
}

impl Tx {
    /// Adds an asset to a version of a package in this domain, and counts its bytes once for the domain. Its companion
    /// counts for nothing.
    pub async fn insert_asset(
        &mut self,
        domain_id: i64,
        version_id: i64,
        new: &NewAsset,
    ) -> StoreResult<()> {
        let size = to_column(new.size_bytes)?;
        let companion_size = new
            .companion
            .map(|companion| to_column(companion.size_bytes))
            .transpose()?;
        let sha256 = new.digests.sha256.as_bytes().as_slice();
        let companion_sha256 = new
            .companion
            .as_ref()
            .map(|companion| companion.sha256.as_bytes().as_slice());
        self.hold_blob(&new.digests.sha256).await?;
        if let Some(companion) = &new.companion {
            self.hold_blob(&companion.sha256).await?;
        }
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(version_id).bind(new.name.as_str()).bind(size)
            .bind(new.digests.md5.as_bytes().as_slice()).bind(new.digests.sha1.as_bytes().as_slice())
            .bind(sha256).bind(new.digests.sha512.as_bytes().as_slice())
            .bind(companion_sha256).bind(companion_size)
            .execute(&mut *db).await.map(drop))?;
        let references: i64 = on_engine!(self, db => sqlx::query_scalar(ADD_REFERENCE)
            .bind(domain_id).bind(sha256).bind(size).fetch_one(&mut *db).await)?;
        if references == 1 {
            on_engine!(self, db => sqlx::query(ADD_SIZE).bind(domain_id).bind(size).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }

    /// Deletes the rows of a version's assets, and takes back their counts of bytes. Returns what was deleted, in no
    /// order.
    pub async fn delete_assets_of_version(
        &mut self,
        domain_id: i64,
        version_id: i64,
    ) -> StoreResult<Vec<AssetRow>> {
        let assets: Vec<AssetRow> = on_engine!(self, db => sqlx::query_as(DELETE_OF_VERSION)
            .bind(version_id).fetch_all(&mut *db).await)?;
        for asset in &assets {
            self.drop_asset_reference(domain_id, asset).await?;
        }
        Ok(assets)
    }

    /// Takes back one asset's count of its bytes. The asset's row is deleted with its version.
    pub async fn drop_asset_reference(
        &mut self,
        domain_id: i64,
        asset: &AssetRow,
    ) -> StoreResult<()> {
        let references: Option<i64> = on_engine!(self, db => sqlx::query_scalar(DROP_REFERENCE)
            .bind(domain_id).bind(asset.sha256.as_slice()).fetch_optional(&mut *db).await)?;
        if references == Some(0) {
            on_engine!(self, db => sqlx::query(DELETE_BLOB)
                .bind(domain_id).bind(asset.sha256.as_slice()).execute(&mut *db).await.map(drop))?;
            on_engine!(self, db => sqlx::query(ADD_SIZE)
                .bind(domain_id).bind(-asset.size_bytes).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }
}

fn to_column(size_bytes: u64) -> StoreResult<i64> {
    i64::try_from(size_bytes).map_err(|_| StoreError::Corrupt("asset size".into()))
}
