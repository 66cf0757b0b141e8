//! Packages of repositories.

use model::{EpochMillis, OriginRestriction, OriginRestrictions, PackageCoordinates, PageLimit};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
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
    /// Where it stands in lists.
    fn place(&self) -> (&str, &str, &str) {
        (&self.format, &self.namespace, &self.name)
    }

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

/// A package, as far as a list of names asks.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct PackageNameRow {
    /// Its name.
    pub name: String,
    /// Whether upstream repositories may be asked for it.
    pub upstream_allowed: bool,
    /// Whether it has a version that package managers see in lists.
    pub is_listed: bool,
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
// Both ends of what is looked at are bounds of the index; the prefixes after them only narrow it where no format is given.
const LIST: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms
    FROM package
    WHERE repository_id = $1 AND (format, namespace, name) > ($2, $3, $4) AND (format, namespace) < ($5, $6)
      AND namespace >= $7 AND namespace < $8 AND name >= $9 AND name < $10
    ORDER BY format, namespace, name LIMIT $11";
const LIST_BY_SWITCHES: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed,
      created_at_ms
    FROM package
    WHERE repository_id = $1 AND (format, namespace, name) > ($2, $3, $4) AND (format, namespace) < ($5, $6)
      AND namespace >= $7 AND namespace < $8 AND name >= $9 AND name < $10
      AND publish_allowed = $11 AND upstream_allowed = $12
    ORDER BY format, namespace, name LIMIT $13";
const LIST_BY_NAME: &str =
    "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed,
      created_at_ms
    FROM package
    WHERE repository_id = $1 AND format = $2 AND (name, namespace) >= ($3, $4) AND name < $5
      AND ($6 OR publish_allowed = $7) AND ($8 OR upstream_allowed = $9)
    ORDER BY name, namespace LIMIT $10";
const UPDATE_RESTRICTIONS: &str =
    "UPDATE package SET publish_allowed = $2, upstream_allowed = $3 WHERE id = $1";
const DELETE: &str = "DELETE FROM package WHERE id = $1";
const SEARCH: &str = "SELECT id, repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms
    FROM package
    WHERE repository_id = $1 AND format = $2 AND (namespace, name) > ($3, $4)
    ORDER BY namespace, name LIMIT $5";
const LIST_NAMES: &str = "SELECT p.name, p.upstream_allowed,
      EXISTS (SELECT 1 FROM package_version v WHERE v.package_id = p.id AND v.status = 'Published') AS is_listed
    FROM package p
    WHERE p.repository_id = $1 AND p.format = $2 AND p.namespace = $3 AND p.name > $4
    ORDER BY p.name LIMIT $5";
hot!["package":
    FIND, INSERT, LIST, LIST_BY_SWITCHES, LIST_BY_NAME, UPDATE_RESTRICTIONS, DELETE, SEARCH, LIST_NAMES,
];

impl PackageFilter {
    /// The bounds, both excluded, between which a list in order of format, namespace and name finds what it may show.
    fn bounds<'a>(
        &'a self,
        after: (&'a str, &'a str, &'a str),
    ) -> ((&'a str, &'a str, &'a str), (String, String)) {
        if self.format.is_empty() {
            return (after, (prefix_end(""), String::new()));
        }
        // Every package has a name, so nothing wanted is as low as this.
        let lowest = (self.format.as_str(), self.namespace_prefix.as_str(), "");
        let highest = (self.format.clone(), prefix_end(&self.namespace_prefix));
        (after.max(lowest), highest)
    }

    /// The pairs of switches, publish and upstream, that a package may have.
    fn pairs_of_switches(&self) -> impl Iterator<Item = (bool, bool)> {
        let (wanted_publish, wanted_upstream) = (self.publish, self.upstream);
        let fits = |wanted: Option<OriginRestriction>, allowed| {
            wanted.is_none_or(|wanted| wanted.is_allowed() == allowed)
        };
        [(false, false), (false, true), (true, false), (true, true)]
            .into_iter()
            .filter(move |(publish, upstream)| {
                fits(wanted_publish, *publish) && fits(wanted_upstream, *upstream)
            })
    }
}

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
    ///
    /// A page costs its own rows when a format is given with the prefix of a namespace, or when there is no prefix.
    /// Prefixes of names are what [`Self::list_packages_by_name`] is for.
    pub async fn list_packages(
        &mut self,
        repository_id: i64,
        after: (&str, &str, &str),
        filter: &PackageFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        if filter.publish.is_none() && filter.upstream.is_none() {
            return self
                .list_any_packages(repository_id, after, filter, limit)
                .await;
        }
        // Each pair of switches is a stretch of the index; of each, no more is read than a page.
        let mut rows = Vec::new();
        for (publish, upstream) in filter.pairs_of_switches() {
            rows.extend(
                self.list_packages_by_switches(
                    repository_id,
                    after,
                    filter,
                    (publish, upstream),
                    limit,
                )
                .await?,
            );
        }
        rows.sort_unstable_by(|a, b| a.place().cmp(&b.place()));
        rows.truncate(limit.rows() + 1);
        Ok(rows)
    }

    async fn list_any_packages(
        &mut self,
        repository_id: i64,
        after: (&str, &str, &str),
        filter: &PackageFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        let (after, before) = filter.bounds(after);
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(repository_id).bind(after.0).bind(after.1).bind(after.2)
            .bind(before.0.as_str()).bind(before.1.as_str())
            .bind(filter.namespace_prefix.as_str()).bind(prefix_end(&filter.namespace_prefix))
            .bind(filter.name_prefix.as_str()).bind(prefix_end(&filter.name_prefix))
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    async fn list_packages_by_switches(
        &mut self,
        repository_id: i64,
        after: (&str, &str, &str),
        filter: &PackageFilter,
        (publish, upstream): (bool, bool),
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        let (after, before) = filter.bounds(after);
        on_engine!(self, db => sqlx::query_as(LIST_BY_SWITCHES)
            .bind(repository_id).bind(after.0).bind(after.1).bind(after.2)
            .bind(before.0.as_str()).bind(before.1.as_str())
            .bind(filter.namespace_prefix.as_str()).bind(prefix_end(&filter.namespace_prefix))
            .bind(filter.name_prefix.as_str()).bind(prefix_end(&filter.name_prefix))
            .bind(publish).bind(upstream).bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// The packages of one format whose names start with the filter's prefix, in order of name and namespace, after the
    /// given ones. The filter's format and namespace play no part.
    pub async fn list_packages_by_name(
        &mut self,
        repository_id: i64,
        format: &str,
        after: Option<(&str, &str)>,
        filter: &PackageFilter,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageRow>> {
        let from = match after {
            // No text lies between the last one and this.
            Some((name, namespace)) => (name, format!("{namespace}\u{1}")),
            None => (filter.name_prefix.as_str(), String::new()),
        };
        let switch = |wanted: Option<OriginRestriction>| {
            (wanted.is_none(), wanted.is_some_and(|r| r.is_allowed()))
        };
        let (any_publish, publish) = switch(filter.publish);
        let (any_upstream, upstream) = switch(filter.upstream);
        on_engine!(self, db => sqlx::query_as(LIST_BY_NAME)
            .bind(repository_id).bind(format).bind(from.0).bind(from.1.as_str()).bind(prefix_end(&filter.name_prefix))
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

    /// The packages of one namespace (empty: those without one) in order of name, after the given one.
    pub async fn list_package_names(
        &mut self,
        repository_id: i64,
        (format, namespace): (&str, &str),
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<PackageNameRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_NAMES)
            .bind(repository_id).bind(format).bind(namespace).bind(after).bind(limit.rows_and_one())
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
