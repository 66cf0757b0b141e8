//! What public sources last said.

use model::{EpochMillis, FormatId, Namespace, PackageCoordinates, Sha256Digest};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// What a document is about.
#[derive(Debug, Clone, Copy, Hash)]
pub struct DocumentSubject<'a> {
    format: FormatId,
    namespace: &'a str,
    /// Empty for a namespace as a whole, and with an empty namespace for the source as a whole: no package has an empty
    /// name. An address for what is at one; no package has a name with slashes.
    name: &'a str,
}

impl<'a> From<&'a PackageCoordinates> for DocumentSubject<'a> {
    fn from(package: &'a PackageCoordinates) -> Self {
        Self {
            format: package.format,
            namespace: package.namespace_str(),
            name: package.name.as_str(),
        }
    }
}

impl<'a> DocumentSubject<'a> {
    /// All packages of a namespace.
    #[must_use]
    pub fn namespace(format: FormatId, namespace: &'a Namespace) -> Self {
        Self {
            format,
            namespace: namespace.as_str(),
            name: "",
        }
    }

    /// The source as a whole.
    #[must_use]
    pub const fn source(format: FormatId) -> Self {
        Self {
            format,
            namespace: "",
            name: "",
        }
    }

    /// Something else that the source has, at this absolute address.
    #[must_use]
    pub const fn address(format: FormatId, address: &'a str) -> Self {
        Self {
            format,
            namespace: "",
            name: address,
        }
    }
}

/// A public source's document of a package, or of a namespace, as one repository holds it.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct SourceDocumentRow {
    pub sha256: Vec<u8>,
    pub size_bytes: i64,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub fetched_at_ms: i64,
    pub checked_at_ms: i64,
}

const FIND: &str = "SELECT sha256, size_bytes, etag, last_modified, fetched_at_ms, checked_at_ms
    FROM source_document WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4";
const UPSERT: &str = "INSERT INTO source_document
    (repository_id, format, namespace, name, sha256, size_bytes, etag, last_modified, fetched_at_ms, checked_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (repository_id, format, namespace, name) DO UPDATE SET
      sha256 = excluded.sha256, size_bytes = excluded.size_bytes, etag = excluded.etag,
      last_modified = excluded.last_modified, fetched_at_ms = excluded.fetched_at_ms,
      checked_at_ms = excluded.checked_at_ms";
const TOUCH: &str = "UPDATE source_document SET checked_at_ms = $5
    WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4";
const DELETE: &str = "DELETE FROM source_document
    WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4";
hot!["source_document": FIND, UPSERT, TOUCH, DELETE];

impl Connection {
    /// The document of a package or a namespace that a repository holds.
    pub async fn find_source_document(
        &mut self,
        repository_id: i64,
        subject: impl Into<DocumentSubject<'_>>,
    ) -> StoreResult<Option<SourceDocumentRow>> {
        let subject = subject.into();
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(repository_id).bind(subject.format.as_str()).bind(subject.namespace)
            .bind(subject.name).fetch_optional(&mut *db).await)
    }
}

impl Tx {
    /// Stores or replaces a document.
    pub async fn upsert_source_document(
        &mut self,
        repository_id: i64,
        subject: impl Into<DocumentSubject<'_>>,
        document: &SourceDocumentRow,
    ) -> StoreResult<()> {
        let subject = subject.into();
        if let Some(sha256) = document.digest() {
            self.hold_blob(&sha256).await?;
        }
        on_engine!(self, db => sqlx::query(UPSERT)
            .bind(repository_id).bind(subject.format.as_str()).bind(subject.namespace)
            .bind(subject.name).bind(document.sha256.as_slice()).bind(document.size_bytes)
            .bind(document.etag.as_deref()).bind(document.last_modified.as_deref())
            .bind(document.fetched_at_ms).bind(document.checked_at_ms).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Notes that the source was asked and said the same.
    pub async fn touch_source_document(
        &mut self,
        repository_id: i64,
        subject: impl Into<DocumentSubject<'_>>,
        now: EpochMillis,
    ) -> StoreResult<()> {
        let subject = subject.into();
        on_engine!(self, db => sqlx::query(TOUCH)
            .bind(repository_id).bind(subject.format.as_str()).bind(subject.namespace)
            .bind(subject.name).bind(now.0).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Forgets a document: the source says that there is no such package, or no such document.
    pub async fn delete_source_document(
        &mut self,
        repository_id: i64,
        subject: impl Into<DocumentSubject<'_>>,
    ) -> StoreResult<()> {
        let subject = subject.into();
        on_engine!(self, db => sqlx::query(DELETE)
            .bind(repository_id).bind(subject.format.as_str()).bind(subject.namespace)
            .bind(subject.name).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}

impl SourceDocumentRow {
    /// The digest of the document's bytes.
    #[must_use]
    pub fn digest(&self) -> Option<Sha256Digest> {
        Sha256Digest::from_slice(&self.sha256)
    }
}
