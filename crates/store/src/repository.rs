//! Repositories and their upstreams.

use model::{AccountId, EpochMillis, PageLimit, RepositoryName};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// A repository.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct RepositoryRow {
    pub id: i64,
    pub domain_id: i64,
    pub name: String,
    pub administrator: String,
    pub description: String,
    pub created_at_ms: i64,
}

/// One upstream of a repository, in order of priority.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct UpstreamRow {
    pub upstream_id: i64,
    pub upstream_name: String,
    /// Whether the repository it means still exists.
    pub alive: bool,
}

const FIND: &str = "SELECT id, domain_id, name, administrator, description, created_at_ms
    FROM repository WHERE domain_id = $1 AND name = $2";
const FIND_BY_ID: &str = "SELECT id, domain_id, name, administrator, description, created_at_ms
    FROM repository WHERE id = $1";
const LIST_IN_DOMAIN: &str = "SELECT id, domain_id, name, administrator, description, created_at_ms
    FROM repository WHERE domain_id = $1 AND name >= $2 AND name < $3 ORDER BY name LIMIT $4";
// The pair as one value, so that no engine takes the index of names and leaves out what others administer row by row.
const LIST_IN_DOMAIN_OF_ADMINISTRATOR: &str =
    "SELECT id, domain_id, name, administrator, description, created_at_ms
    FROM repository
    WHERE domain_id = $1 AND (administrator, name) >= ($2, $3) AND (administrator, name) < ($2, $4)
    ORDER BY administrator, name LIMIT $5";
const LIST_OF_ADMINISTRATOR: &str =
    "SELECT id, domain_id, name, administrator, description, created_at_ms
    FROM repository
    WHERE administrator = $1 AND (name, id) > ($2, $3) AND name < $4
    ORDER BY name, id LIMIT $5";
const INSERT: &str =
    "INSERT INTO repository (domain_id, name, administrator, description, created_at_ms)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (domain_id, name) DO NOTHING
    RETURNING id, domain_id, name, administrator, description, created_at_ms";
const UPDATE_DESCRIPTION: &str = "UPDATE repository SET description = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM repository WHERE id = $1";
const CHANGE_GROUPS: &str = "UPDATE domain SET package_group_revision = package_group_revision + 1
    WHERE id = (SELECT domain_id FROM repository WHERE id = $1)";
const LIST_UPSTREAMS: &str = "SELECT u.upstream_id, u.upstream_name, (r.id IS NOT NULL) AS alive
    FROM upstream u LEFT JOIN repository r ON r.id = u.upstream_id
    WHERE u.repository_id = $1 ORDER BY u.position";
const DELETE_UPSTREAMS: &str = "DELETE FROM upstream WHERE repository_id = $1";
const DELETE_DANGLING: &str = "DELETE FROM upstream WHERE repository_id = $1
    AND NOT EXISTS (SELECT 1 FROM repository r WHERE r.id = upstream.upstream_id)";
const INSERT_UPSTREAM: &str = "INSERT INTO upstream (repository_id, position, upstream_id, upstream_name) VALUES ($1, $2, $3, $4)";
hot!["repository":
    FIND, FIND_BY_ID, LIST_IN_DOMAIN, LIST_IN_DOMAIN_OF_ADMINISTRATOR, LIST_OF_ADMINISTRATOR,
    INSERT, UPDATE_DESCRIPTION, DELETE, CHANGE_GROUPS, LIST_UPSTREAMS, DELETE_UPSTREAMS,
    DELETE_DANGLING, INSERT_UPSTREAM,
];

/// The first text after all those that start with `prefix`.
///
/// Names of repositories are ASCII below `~`, so one `DEL` behind the prefix is past every continuation.
fn prefix_end(prefix: &str) -> String {
    format!("{prefix}\u{7f}")
}

impl Connection {
    /// The repository of this name in a domain.
    pub async fn find_repository(
        &mut self,
        domain_id: i64,
        name: &RepositoryName,
    ) -> StoreResult<Option<RepositoryRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(domain_id).bind(name.as_str()).fetch_optional(&mut *db).await)
    }

    /// The repository with this id.
    pub async fn find_repository_by_id(&mut self, id: i64) -> StoreResult<Option<RepositoryRow>> {
        on_engine!(self, db => sqlx::query_as(FIND_BY_ID).bind(id).fetch_optional(&mut *db).await)
    }

    /// A domain's repositories in order of name; `administrator` empty means any.
    pub async fn list_repositories_in_domain(
        &mut self,
        domain_id: i64,
        after: &str,
        prefix: &str,
        administrator: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<RepositoryRow>> {
        // One lower bound, so that an index can use it: the prefix, or else the first text after `after`.
        let from = format!("{after}\u{1}").max(prefix.to_owned());
        if administrator.is_empty() {
            return on_engine!(self, db => sqlx::query_as(LIST_IN_DOMAIN)
                .bind(domain_id).bind(from.as_str()).bind(prefix_end(prefix))
                .bind(limit.rows_and_one()).fetch_all(&mut *db).await);
        }
        on_engine!(self, db => sqlx::query_as(LIST_IN_DOMAIN_OF_ADMINISTRATOR)
            .bind(domain_id).bind(administrator).bind(from.as_str()).bind(prefix_end(prefix))
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// An administrator's repositories in every domain, in order of name and id.
    pub async fn list_repositories_of_administrator(
        &mut self,
        administrator: &AccountId,
        after: (&str, i64),
        prefix: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<RepositoryRow>> {
        // One lower bound, so that an index can use it. Ids begin at 1.
        let after = after.max((prefix, 0));
        on_engine!(self, db => sqlx::query_as(LIST_OF_ADMINISTRATOR)
            .bind(administrator.as_str()).bind(after.0).bind(after.1).bind(prefix_end(prefix))
            .bind(limit.rows_and_one()).fetch_all(&mut *db).await)
    }

    /// A repository's direct upstreams, in order of priority.
    pub async fn list_upstreams(&mut self, repository_id: i64) -> StoreResult<Vec<UpstreamRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_UPSTREAMS).bind(repository_id).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Makes a repository; `None` when the domain has one of that name.
    pub async fn insert_repository(
        &mut self,
        domain_id: i64,
        name: &RepositoryName,
        administrator: &AccountId,
        description: &str,
        now: EpochMillis,
    ) -> StoreResult<Option<RepositoryRow>> {
        on_engine!(self, db => sqlx::query_as(INSERT)
            .bind(domain_id).bind(name.as_str()).bind(administrator.as_str()).bind(description).bind(now.0)
            .fetch_optional(&mut *db).await)
    }

    /// Replaces a repository's description.
    pub async fn update_repository_description(
        &mut self,
        id: i64,
        description: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_DESCRIPTION).bind(id).bind(description).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Deletes a repository and all it holds. Upstream rows that point to it stay, and dangle.
    pub async fn delete_repository(&mut self, id: i64) -> StoreResult<()> {
        self.drop_domain_packages_of_repository(id).await?;
        // The lists of package groups that name it are shorter afterwards.
        on_engine!(self, db => sqlx::query(CHANGE_GROUPS).bind(id).execute(&mut *db).await.map(drop))?;
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Replaces a repository's upstreams.
    pub async fn replace_upstreams(
        &mut self,
        id: i64,
        upstreams: &[(i64, RepositoryName)],
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_UPSTREAMS).bind(id).execute(&mut *db).await.map(drop))?;
        for (position, (upstream_id, name)) in (0_i64..).zip(upstreams) {
            on_engine!(self, db => sqlx::query(INSERT_UPSTREAM)
                .bind(id).bind(position).bind(upstream_id).bind(name.as_str()).execute(&mut *db).await.map(drop))?;
        }
        Ok(())
    }

    /// Drops the upstreams that point to repositories which no longer exist.
    pub async fn delete_dangling_upstreams(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE_DANGLING).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
