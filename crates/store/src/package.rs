//! Packages of repositories.

use model::{EpochMillis, OriginRestriction, OriginRestrictions, PackageCoordinates, PageLimit};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::{Connection, StoreResult, Tx};

/// A package in one repository.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PackageRow {
    pub id: i64,
    pub repository_id: i64,
    pub format: String,
    pub namespace: String,
    pub name: String,
    pub publish_allowed: bool,
    pub upstream_allowed: bool,
    pub created_at_ms: i64,
}

impl PackageRow {
    /// The package's origin controls.
    #[must_use]
    pub const fn restrictions(&self) -> OriginRestrictions {
        const fn switch(allowed: bool) -> OriginRestriction {
            if allowed {
                OriginRestriction::Allow
            } else {
                OriginRestriction::Block
            }
        }
        OriginRestrictions {
            publish: switch(self.publish_allowed),
            upstream: switch(self.upstream_allowed),
        }
    }
}

/// What a list of packages is narrowed to. Prefixes are literal.
#[derive(Debug, Clone, Default)]
pub struct PackageFilter {
    /// Only this format; empty for all.
    pub format: String,
    /// Only namespaces that start so.
    pub namespace_prefix: String,
    /// Only names that start so.
    pub name_prefix: String,
    /// Only packages with this publish switch.
    pub publish: Option<OriginRestriction>,
    /// Only packages with this upstream switch.
    pub upstream: Option<OriginRestriction>,
}

const FIND: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms
    FROM package WHERE repository_id = $1 AND format = $2 AND namespace = $3 AND name = $4";
const INSERT: &str = "INSERT INTO package
    (repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (repository_id, format, namespace, name) DO NOTHING";
const LIST: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms
    FROM package
    WHERE repository_id = $1 AND (format, namespace, name) > ($2, $3, $4)
      AND ($5 = '' OR format = $5)
      AND namespace >= $6 AND namespace < $7 AND name >= $8 AND name < $9
      AND ($10 OR publish_allowed = $11) AND ($12 OR upstream_allowed = $13)
    ORDER BY format, namespace, name LIMIT $14";
const UPDATE_RESTRICTIONS: &str =
    "UPDATE package SET publish_allowed = $2, upstream_allowed = $3 WHERE id = $1";
const DELETE: &str = "DELETE FROM package WHERE id = $1";
const SEARCH: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms
    FROM package
    WHERE repository_id = $1 AND format = $2 AND (namespace, name) > ($3, $4)
    ORDER BY namespace, name LIMIT $5";

/// The first text after all those that start with `prefix`: no name holds the last code point.
fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{10ffff}")
}

impl Connection {
    /// The package with these coordinates in a repository.
    pub async fn find_package(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
    ) -> StoreResult<Option<PackageRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(repository_id).bind(package.format.as_str()).bind(package.namespace_str())
            .bind(package.name.as_str()).fetch_optional(&mut *db).await)
    }

    /// A repository's packages in order of format, namespace and name, after the given ones.
    pub async fn list_packages(
        &mut self,
        repository_id: i64,
        after: (&str, &str, &str),
        filter: &PackageFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        let switch = |wanted: Option<OriginRestriction>| {
            (wanted.is_none(), wanted.is_some_and(|r| r.is_allowed()))
        };
        let (any_publish, publish) = switch(filter.publish);
        let (any_upstream, upstream) = switch(filter.upstream);
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(repository_id).bind(after.0).bind(after.1).bind(after.2).bind(filter.format.as_str())
            .bind(filter.namespace_prefix.as_str()).bind(prefix_end(&filter.namespace_prefix))
            .bind(filter.name_prefix.as_str()).bind(prefix_end(&filter.name_prefix))
            .bind(any_publish).bind(publish).bind(any_upstream).bind(upstream)
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// One format's packages of a repository in order of namespace and name: what a search walks.
    pub async fn list_packages_of_format(
        &mut self,
        repository_id: i64,
        format: &str,
        after: (&str, &str),
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        on_engine!(self, db => sqlx::query_as(SEARCH)
            .bind(repository_id).bind(format).bind(after.0).bind(after.1).bind(limit.rows_and_one())
            .fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// The package's row, made with these origin controls when it is not there yet.
    pub async fn ensure_package(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
        restrictions: OriginRestrictions,
        now: EpochMillis,
    ) -> StoreResult<PackageRow> {
        if let Some(row) = self.find_package(repository_id, package).await? {
            return Ok(row);
        }
        let inserted = on_engine!(self, db => sqlx::query(INSERT)
            .bind(repository_id).bind(package.format.as_str()).bind(package.namespace_str())
            .bind(package.name.as_str()).bind(restrictions.publish.is_allowed())
            .bind(restrictions.upstream.is_allowed()).bind(now.0).execute(&mut *db).await
            .map(|done| done.rows_affected()))?;
        if inserted > 0 {
            self.add_domain_package(repository_id, package).await?;
        }
        let row = self.find_package(repository_id, package).await?;
        row.ok_or_else(|| {
            crate::StoreError::Corrupt(format!("package {package} vanished while it was made"))
        })
    }

    /// Replaces a package's origin controls.
    pub async fn update_package_restrictions(
        &mut self,
        id: i64,
        restrictions: OriginRestrictions,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_RESTRICTIONS)
            .bind(id).bind(restrictions.publish.is_allowed()).bind(restrictions.upstream.is_allowed())
            .execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Deletes a package with all its versions and tags.
    pub async fn delete_package(&mut self, id: i64) -> StoreResult<()> {
        self.drop_domain_package(id).await?;
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
