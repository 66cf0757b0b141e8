//! What a check of the whole installation reads: every reference to bytes, every version with its place, and what the
//! rows say twice. No request waits for any of it.
//!
//! Bytes are looked at by ranges of digests and versions by their ids, so no statement reads more than its range; only
//! the few sums of a domain are made in one go.

use model::Sha256Digest;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::{Connection, StoreResult};

/// Bytes that rows refer to, with what they say of them. A companion and a document have one digest only.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct BlobReferenceRow {
    pub sha256: Vec<u8>,
    pub size_bytes: i64,
    pub md5: Option<Vec<u8>>,
    pub sha1: Option<Vec<u8>>,
    pub sha512: Option<Vec<u8>>,
}

/// A version and where it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct VersionPlaceRow {
    pub id: i64,
    pub domain_id: i64,
    pub repository: String,
    pub format: String,
    pub namespace: String,
    pub package: String,
    pub version: String,
    pub status: String,
    pub revision: String,
    pub asset_count: i64,
}

/// An asset that has certain bytes, or has them beside it, and where it is.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct AssetPlaceRow {
    pub domain_id: i64,
    pub owner: String,
    pub domain: String,
    pub repository: String,
    pub format: String,
    pub namespace: String,
    pub package: String,
    pub version: String,
    pub origin_type: String,
    pub asset: String,
    pub sha256: Vec<u8>,
}

/// A document of a public source that has certain bytes. Without an asset it is about a package, else it stands beside
/// an asset that is not held.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct BlobUserRow {
    pub owner: String,
    pub domain: String,
    pub repository: String,
    pub format: String,
    pub namespace: String,
    pub name: String,
    pub asset: Option<String>,
}

/// Something that rows say twice, and not the same.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct BrokenRow {
    /// What it is about.
    pub subject: String,
    /// What is noted.
    pub noted: i64,
    /// What the rows themselves come to.
    pub counted: i64,
}

const LIST_REFERENCES: &str =
    "SELECT sha256, size_bytes, md5, sha1, sha512 FROM asset WHERE sha256 > $1 AND sha256 <= $2
    UNION SELECT companion_sha256, companion_size_bytes, NULL, NULL, NULL FROM asset
        WHERE companion_sha256 IS NOT NULL AND companion_sha256 > $1 AND companion_sha256 <= $2
    UNION SELECT sha256, size_bytes, NULL, NULL, NULL FROM source_document WHERE sha256 > $1 AND sha256 <= $2
    UNION SELECT sha256, size_bytes, NULL, NULL, NULL FROM source_companion WHERE sha256 > $1 AND sha256 <= $2
    ORDER BY 1";
const LIST_VERSIONS: &str =
    "SELECT v.id, r.domain_id, r.name AS repository, p.format, p.namespace, p.name AS package,
    v.version, v.status, v.revision,
    CAST((SELECT COUNT(*) FROM asset a WHERE a.version_id = v.id) AS BIGINT) AS asset_count
    FROM package_version v JOIN package p ON p.id = v.package_id JOIN repository r ON r.id = p.repository_id
    WHERE v.id > $1 ORDER BY v.id LIMIT $2";
const LIST_REPOSITORY_NAMES: &str =
    "SELECT name FROM repository WHERE domain_id = $1 ORDER BY name";
const LIST_ASSET_PLACES: &str = "SELECT d.id AS domain_id, d.owner, d.name AS domain, r.name AS repository, p.format, p.namespace,
    p.name AS package, v.version, v.origin_type, a.name AS asset, a.sha256
    FROM asset a JOIN package_version v ON v.id = a.version_id JOIN package p ON p.id = v.package_id
        JOIN repository r ON r.id = p.repository_id JOIN domain d ON d.id = r.domain_id
    WHERE a.sha256 = $1 OR a.companion_sha256 = $1
    ORDER BY d.owner, d.name, r.name, p.format, p.namespace, p.name, v.version, a.name";
const LIST_BLOB_USERS: &str = "SELECT d.owner, d.name AS domain, r.name AS repository, s.format, s.namespace,
    s.name, NULL AS asset
    FROM source_document s JOIN repository r ON r.id = s.repository_id JOIN domain d ON d.id = r.domain_id
    WHERE s.sha256 = $1
    UNION ALL SELECT d.owner, d.name AS domain, r.name AS repository, s.format, s.namespace, s.name, s.asset
    FROM source_companion s JOIN repository r ON r.id = s.repository_id JOIN domain d ON d.id = r.domain_id
    WHERE s.sha256 = $1";
const DELETE_DOCUMENTS: &str = "DELETE FROM source_document WHERE sha256 = $1";
const FORGET_COMPANIONS: &str = "UPDATE asset SET companion_sha256 = NULL, companion_size_bytes = NULL WHERE companion_sha256 = $1";
const DELETE_COMPANIONS: &str = "DELETE FROM source_companion WHERE sha256 = $1";

/// How often a domain refers to bytes, where that is not what is noted.
const LIST_REFERENCE_COUNTS: &str = "SELECT d.owner || '/' || d.name AS subject,
    b.reference_count AS noted, CAST(COUNT(a.name) AS BIGINT) AS counted
    FROM domain_blob b JOIN domain d ON d.id = b.domain_id
        LEFT JOIN (asset a JOIN package_version v ON v.id = a.version_id JOIN package p ON p.id = v.package_id
            JOIN repository r ON r.id = p.repository_id) ON a.sha256 = b.sha256 AND r.domain_id = b.domain_id
    WHERE b.sha256 > $1 AND b.sha256 <= $2
    GROUP BY d.owner, d.name, b.sha256, b.reference_count
    HAVING COUNT(a.name) <> b.reference_count
    UNION ALL SELECT d.owner || '/' || d.name, CAST(0 AS BIGINT), CAST(COUNT(*) AS BIGINT)
    FROM asset a JOIN package_version v ON v.id = a.version_id JOIN package p ON p.id = v.package_id
        JOIN repository r ON r.id = p.repository_id JOIN domain d ON d.id = r.domain_id
    WHERE a.sha256 > $1 AND a.sha256 <= $2 AND NOT EXISTS
        (SELECT 1 FROM domain_blob b WHERE b.domain_id = d.id AND b.sha256 = a.sha256)
    GROUP BY d.owner, d.name, a.sha256";
const REPOSITORY_COUNTS: &str =
    "SELECT d.owner || '/' || d.name AS subject, d.repository_count AS noted,
    CAST(COUNT(r.id) AS BIGINT) AS counted
    FROM domain d LEFT JOIN repository r ON r.domain_id = d.id
    GROUP BY d.id, d.owner, d.name, d.repository_count HAVING COUNT(r.id) <> d.repository_count";
const SIZES: &str = "SELECT d.owner || '/' || d.name AS subject, d.asset_size_bytes AS noted,
    CAST(COALESCE(SUM(b.size_bytes), 0) AS BIGINT) AS counted
    FROM domain d LEFT JOIN domain_blob b ON b.domain_id = d.id
    GROUP BY d.id, d.owner, d.name, d.asset_size_bytes
    HAVING COALESCE(SUM(b.size_bytes), 0) <> d.asset_size_bytes";
const PACKAGE_COUNTS: &str = "SELECT d.owner || '/' || d.name || ' ' || k.format || ' ' || k.name AS subject,
    k.repository_count AS noted, CAST(COUNT(q.id) AS BIGINT) AS counted
    FROM domain_package k JOIN domain d ON d.id = k.domain_id
        LEFT JOIN (SELECT p.id, r.domain_id, p.format, p.namespace, p.name FROM package p
            JOIN repository r ON r.id = p.repository_id) q
        ON q.domain_id = k.domain_id AND q.format = k.format AND q.namespace = k.namespace AND q.name = k.name
    GROUP BY d.owner, d.name, k.domain_id, k.format, k.namespace, k.name, k.repository_count
    HAVING COUNT(q.id) <> k.repository_count";
const UNLISTED_PACKAGES: &str = "SELECT d.owner || '/' || d.name || ' ' || p.format || ' ' || p.name AS subject,
    CAST(0 AS BIGINT) AS noted, CAST(COUNT(*) AS BIGINT) AS counted
    FROM package p JOIN repository r ON r.id = p.repository_id JOIN domain d ON d.id = r.domain_id
    WHERE NOT EXISTS (SELECT 1 FROM domain_package k WHERE k.domain_id = d.id AND k.format = p.format
        AND k.namespace = p.namespace AND k.name = p.name)
    GROUP BY d.owner, d.name, p.format, p.namespace, p.name";
const LOST_CHANGES: &str =
    "SELECT 'log ' || CAST(c.log_id AS TEXT) AS subject, CAST(0 AS BIGINT) AS noted,
    CAST(COUNT(*) AS BIGINT) AS counted
    FROM change c WHERE NOT EXISTS (SELECT 1 FROM log l WHERE l.id = c.log_id) GROUP BY c.log_id";
const CURSORS: &str = "SELECT e.destination || ', log ' || CAST(e.log_id AS TEXT) AS subject, e.sequence AS noted,
    COALESCE(l.sequence, 0) AS counted
    FROM event_cursor e LEFT JOIN log l ON l.id = e.log_id WHERE e.sequence > COALESCE(l.sequence, 0)";
const TAGS: &str = "SELECT d.owner || '/' || d.name || '/' || r.name || ' ' || p.format || ' ' || p.name || ' ' || t.tag
        AS subject, CAST(1 AS BIGINT) AS noted, CAST(0 AS BIGINT) AS counted
    FROM package_tag t JOIN package p ON p.id = t.package_id JOIN repository r ON r.id = p.repository_id
        JOIN domain d ON d.id = r.domain_id
    WHERE NOT EXISTS (SELECT 1 FROM package_version v WHERE v.package_id = t.package_id
        AND (v.version = t.version OR COALESCE(v.version_key, v.version) = t.version))";

/// SQLite's own look at its file, and at references, which it does not check for rows that are there already. PostgreSQL
/// has its own tools for the first and guarantees the second.
const QUICK_CHECK: &str =
    "SELECT quick_check AS subject, 0 AS noted, 0 AS counted FROM pragma_quick_check
    WHERE quick_check <> 'ok'";
const FOREIGN_KEYS: &str =
    "SELECT \"table\" || ' refers to a missing ' || \"parent\" AS subject, 0 AS noted,
    COUNT(*) AS counted FROM pragma_foreign_key_check GROUP BY \"table\", \"parent\"";

impl Connection {
    /// What rows say of the bytes behind a digest, up to another and with that one, in order of digests. An empty one
    /// stands before all.
    pub async fn list_blob_references(
        &mut self,
        after: &[u8],
        through: &Sha256Digest,
    ) -> StoreResult<Vec<BlobReferenceRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_REFERENCES)
            .bind(after).bind(through.as_bytes().as_slice()).fetch_all(&mut *db).await)
    }

    /// The versions behind an id, of all repositories.
    pub async fn list_version_places(
        &mut self,
        after: i64,
        limit: i64,
    ) -> StoreResult<Vec<VersionPlaceRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_VERSIONS).bind(after).bind(limit).fetch_all(&mut *db).await)
    }

    /// The names of all repositories of a domain.
    pub async fn list_repository_names(&mut self, domain_id: i64) -> StoreResult<Vec<String>> {
        on_engine!(self, db => sqlx::query_scalar(LIST_REPOSITORY_NAMES)
            .bind(domain_id).fetch_all(&mut *db).await)
    }

    /// The assets that have these bytes, or have them beside them.
    pub async fn list_asset_places(
        &mut self,
        sha256: &Sha256Digest,
    ) -> StoreResult<Vec<AssetPlaceRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_ASSET_PLACES)
            .bind(sha256.as_bytes().as_slice()).fetch_all(&mut *db).await)
    }

    /// The documents of public sources that have these bytes.
    pub async fn list_blob_users(
        &mut self,
        sha256: &Sha256Digest,
    ) -> StoreResult<Vec<BlobUserRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_BLOB_USERS)
            .bind(sha256.as_bytes().as_slice()).fetch_all(&mut *db).await)
    }

    /// Domains that refer to bytes of a range of digests more or less often than they have noted.
    pub async fn list_broken_reference_counts(
        &mut self,
        after: &[u8],
        through: &Sha256Digest,
    ) -> StoreResult<Vec<BrokenRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_REFERENCE_COUNTS)
            .bind(after).bind(through.as_bytes().as_slice()).fetch_all(&mut *db).await)
    }

    /// All else that rows say twice and not the same, each with what it is.
    pub async fn list_broken_rows(&mut self) -> StoreResult<Vec<(&'static str, BrokenRow)>> {
        let everywhere = [
            ("the number of a domain's repositories", REPOSITORY_COUNTS),
            ("the bytes that a domain holds", SIZES),
            ("the number of repositories with a package", PACKAGE_COUNTS),
            (
                "the number of repositories with a package",
                UNLISTED_PACKAGES,
            ),
            ("the entries of a log that is not there", LOST_CHANGES),
            ("what a destination of events has been sent", CURSORS),
            ("a tag that names no version", TAGS),
        ];
        let on_sqlite = [
            ("the database file", QUICK_CHECK),
            ("rows that refer to missing rows", FOREIGN_KEYS),
        ];
        let is_sqlite = !self.is_postgres();
        let mut broken = Vec::new();
        for (what, sql) in everywhere
            .into_iter()
            .chain(on_sqlite.into_iter().filter(|_| is_sqlite))
        {
            let rows: Vec<BrokenRow> =
                on_engine!(self, db => sqlx::query_as(sql).fetch_all(&mut *db).await)?;
            broken.extend(rows.into_iter().map(|row| (what, row)));
        }
        Ok(broken)
    }
}

impl crate::Tx {
    /// Forgets that assets have these bytes beside them.
    pub async fn forget_companions_of_blob(&mut self, sha256: &Sha256Digest) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(FORGET_COMPANIONS)
            .bind(sha256.as_bytes().as_slice()).execute(&mut *db).await.map(drop))
    }

    /// Forgets the documents of public sources that have these bytes: they are asked for again when they are needed.
    pub async fn delete_documents_of_blob(&mut self, sha256: &Sha256Digest) -> StoreResult<()> {
        for sql in [DELETE_DOCUMENTS, DELETE_COMPANIONS] {
            on_engine!(self, db => sqlx::query(sql)
                .bind(sha256.as_bytes().as_slice()).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }
}
