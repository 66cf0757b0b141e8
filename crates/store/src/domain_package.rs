//! The distinct packages of a domain, in the order that package groups are walked in.
//!
//! Kept by the statements that make and delete packages of repositories; nobody else writes here, but for variations that
//! a migration left empty.

use model::{PackageCoordinates, PageLimit, Position, variation};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A package of a domain.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct DomainPackageRow {
    pub domain_id: i64,
    pub format: String,
    pub namespace: String,
    pub name: String,
    pub namespace_variation: String,
    pub name_variation: String,
}

impl DomainPackageRow {
    /// Its place in the list.
    #[must_use]
    pub fn position(&self) -> Position {
        Position {
            format: self.format.clone(),
            namespace_variation: self.namespace_variation.clone(),
            name_variation: self.name_variation.clone(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }
}

const LIST: &str = "SELECT domain_id, format, namespace, name, namespace_variation, name_variation
    FROM domain_package
    WHERE domain_id = $1
      AND (format, namespace_variation, name_variation, namespace, name) > ($2, $3, $4, $5, $6)
      AND (format, namespace_variation, name_variation) < ($7, $8, $9)
    ORDER BY format, namespace_variation, name_variation, namespace, name LIMIT $10";
const LIST_UNFILLED: &str = "SELECT domain_id, format, namespace, name, namespace_variation, name_variation
    FROM domain_package WHERE name_variation = '' ORDER BY domain_id, format, namespace, name LIMIT $1";
const FILL: &str = "UPDATE domain_package SET namespace_variation = $5, name_variation = $6
    WHERE domain_id = $1 AND format = $2 AND namespace = $3 AND name = $4";
const ADD: &str = "INSERT INTO domain_package
    (domain_id, format, namespace, name, namespace_variation, name_variation, repository_count)
    SELECT domain_id, $2, $3, $4, $5, $6, 1 FROM repository WHERE id = $1
    ON CONFLICT (domain_id, format, namespace, name)
    DO UPDATE SET repository_count = domain_package.repository_count + 1";
const DROP: &str = "UPDATE domain_package SET repository_count = repository_count - 1
    WHERE domain_id = (SELECT r.domain_id FROM package p JOIN repository r ON r.id = p.repository_id WHERE p.id = $1)
      AND (format, namespace, name) = (SELECT format, namespace, name FROM package WHERE id = $1)";
const FORGET: &str = "DELETE FROM domain_package
    WHERE domain_id = (SELECT r.domain_id FROM package p JOIN repository r ON r.id = p.repository_id WHERE p.id = $1)
      AND (format, namespace, name) = (SELECT format, namespace, name FROM package WHERE id = $1)
      AND repository_count <= 0";
const DROP_OF_REPOSITORY: &str = "UPDATE domain_package SET repository_count = repository_count - 1
    WHERE domain_id = (SELECT domain_id FROM repository WHERE id = $1)
      AND (format, namespace, name) IN (SELECT format, namespace, name FROM package WHERE repository_id = $1)";
const FORGET_OF_REPOSITORY: &str = "DELETE FROM domain_package
    WHERE domain_id = (SELECT domain_id FROM repository WHERE id = $1)
      AND (format, namespace, name) IN (SELECT format, namespace, name FROM package WHERE repository_id = $1)
      AND repository_count <= 0";
hot!["domain_package": LIST, ADD, DROP, FORGET, DROP_OF_REPOSITORY, FORGET_OF_REPOSITORY];

impl Connection {
    /// The packages of a domain between two places, both excluded.
    pub async fn list_domain_packages(
        &mut self,
        domain_id: i64,
        after: &Position,
        before: &Position,
        limit: PageLimit,
    ) -> StoreResult<Vec<DomainPackageRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(domain_id).bind(after.format.as_str()).bind(after.namespace_variation.as_str())
            .bind(after.name_variation.as_str()).bind(after.namespace.as_str()).bind(after.name.as_str())
            .bind(before.format.as_str()).bind(before.namespace_variation.as_str())
            .bind(before.name_variation.as_str()).bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// Packages of any domain whose variations are not filled in.
    pub async fn list_unfilled_domain_packages(
        &mut self,
        limit: PageLimit,
    ) -> StoreResult<Vec<DomainPackageRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_UNFILLED)
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Fills in the variations of a package.
    pub async fn fill_domain_package(&mut self, row: &DomainPackageRow) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(FILL)
            .bind(row.domain_id).bind(row.format.as_str()).bind(row.namespace.as_str()).bind(row.name.as_str())
            .bind(variation(&row.namespace)).bind(variation(&row.name)).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Counts one more repository that holds a package.
    pub(crate) async fn add_domain_package(
        &mut self,
        repository_id: i64,
        package: &PackageCoordinates,
    ) -> StoreResult<()> {
        let (namespace, name) = (package.namespace_str(), package.name.as_str());
        on_engine!(self, db => sqlx::query(ADD)
            .bind(repository_id).bind(package.format.as_str()).bind(namespace).bind(name)
            .bind(variation(namespace)).bind(variation(name)).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Counts one repository less for a package that is about to be deleted.
    pub(crate) async fn drop_domain_package(&mut self, package_id: i64) -> StoreResult<()> {
        for statement in [DROP, FORGET] {
            on_engine!(self, db => sqlx::query(statement).bind(package_id).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }

    /// Counts one repository less for all packages of a repository that is about to be deleted.
    pub(crate) async fn drop_domain_packages_of_repository(
        &mut self,
        repository_id: i64,
    ) -> StoreResult<()> {
        for statement in [DROP_OF_REPOSITORY, FORGET_OF_REPOSITORY] {
            on_engine!(self, db => sqlx::query(statement).bind(repository_id).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }
}
