//! Package groups and the repositories that they name.

use model::{
    EpochMillis, GroupModes, GroupRestrictionMode, GroupRestrictionType, PackageGroupPattern,
    PageLimit, RepositoryName,
};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreError, StoreResult, Tx};

/// A package group.
#[derive(Debug, Clone, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct PackageGroupRow {
    pub id: i64,
    pub domain_id: i64,
    pub pattern: String,
    pub contact_info: String,
    pub description: String,
    pub created_at_ms: i64,
    pub publish_mode: String,
    pub external_upstream_mode: String,
    pub internal_upstream_mode: String,
}

impl PackageGroupRow {
    /// The modes of its restrictions.
    pub fn modes(&self) -> StoreResult<GroupModes> {
        let mut modes = GroupModes::NEW;
        for (restriction, text) in [
            (GroupRestrictionType::Publish, &self.publish_mode),
            (
                GroupRestrictionType::ExternalUpstream,
                &self.external_upstream_mode,
            ),
            (
                GroupRestrictionType::InternalUpstream,
                &self.internal_upstream_mode,
            ),
        ] {
            let mode = GroupRestrictionMode::parse(text).ok_or_else(|| {
                StoreError::Corrupt(format!("package group {} has the mode {text}", self.id))
            })?;
            modes.set(restriction, mode);
        }
        Ok(modes)
    }
}

/// A repository that a restriction of a group names.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct AllowedRepositoryRow {
    pub group_id: i64,
    pub restriction: String,
    pub repository_id: i64,
}

const FIND: &str =
    "SELECT id, domain_id, pattern, contact_info, description, created_at_ms, publish_mode,
      external_upstream_mode, internal_upstream_mode
    FROM package_group WHERE domain_id = $1 AND pattern = $2";
const LIST: &str =
    "SELECT id, domain_id, pattern, contact_info, description, created_at_ms, publish_mode,
      external_upstream_mode, internal_upstream_mode
    FROM package_group WHERE domain_id = $1 ORDER BY pattern";
const COUNT: &str = "SELECT COUNT(*) FROM package_group WHERE domain_id = $1";
const INSERT: &str = "INSERT INTO package_group
    (domain_id, pattern, contact_info, description, created_at_ms, publish_mode, external_upstream_mode,
     internal_upstream_mode)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (domain_id, pattern) DO NOTHING
    RETURNING id, domain_id, pattern, contact_info, description, created_at_ms, publish_mode,
      external_upstream_mode, internal_upstream_mode";
const UPDATE_TEXTS: &str =
    "UPDATE package_group SET contact_info = $2, description = $3 WHERE id = $1";
const UPDATE_MODES: &str = "UPDATE package_group
    SET publish_mode = $2, external_upstream_mode = $3, internal_upstream_mode = $4 WHERE id = $1";
const DELETE: &str = "DELETE FROM package_group WHERE id = $1";
const LIST_ALLOWED_IN_DOMAIN: &str = "SELECT a.group_id, a.restriction, a.repository_id
    FROM package_group g JOIN package_group_repository a ON a.group_id = g.id
    WHERE g.domain_id = $1 ORDER BY a.group_id, a.restriction, a.repository_name";
const LIST_ALLOWED: &str = "SELECT repository_name FROM package_group_repository
    WHERE group_id = $1 AND restriction = $2 AND repository_name > $3 ORDER BY repository_name LIMIT $4";
const INSERT_ALLOWED: &str = "INSERT INTO package_group_repository
    (group_id, restriction, repository_name, repository_id) VALUES ($1, $2, $3, $4)
    ON CONFLICT (group_id, restriction, repository_name) DO NOTHING";
const DELETE_ALLOWED: &str = "DELETE FROM package_group_repository
    WHERE group_id = $1 AND restriction = $2 AND repository_name = $3";
const FIND_REVISION: &str = "SELECT package_group_revision FROM domain WHERE id = $1";
const NEXT_REVISION: &str =
    "UPDATE domain SET package_group_revision = package_group_revision + 1 WHERE id = $1";
hot!["package_group":
    FIND, LIST, COUNT, INSERT, UPDATE_TEXTS, UPDATE_MODES, DELETE, LIST_ALLOWED_IN_DOMAIN,
    LIST_ALLOWED, INSERT_ALLOWED, DELETE_ALLOWED, FIND_REVISION, NEXT_REVISION,
];

impl Connection {
    /// The group of this pattern in a domain.
    pub async fn find_package_group(
        &mut self,
        domain_id: i64,
        pattern: &PackageGroupPattern,
    ) -> StoreResult<Option<PackageGroupRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(domain_id).bind(pattern.as_str()).fetch_optional(&mut *db).await)
    }

    /// All groups of a domain, in order of pattern.
    pub async fn list_package_groups(
        &mut self,
        domain_id: i64,
    ) -> StoreResult<Vec<PackageGroupRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(domain_id).fetch_all(&mut *db).await)
    }

    /// How many groups a domain has.
    pub async fn count_package_groups(&mut self, domain_id: i64) -> StoreResult<i64> {
        on_engine!(self, db => sqlx::query_scalar(COUNT).bind(domain_id).fetch_one(&mut *db).await)
    }

    /// The repositories that all groups of a domain name, group by group.
    pub async fn list_allowed_repositories_in_domain(
        &mut self,
        domain_id: i64,
    ) -> StoreResult<Vec<AllowedRepositoryRow>> {
        on_engine!(self, db => sqlx::query_as(LIST_ALLOWED_IN_DOMAIN)
            .bind(domain_id).fetch_all(&mut *db).await)
    }

    /// The names of the repositories that one restriction of a group names, after the given name.
    pub async fn list_allowed_repositories(
        &mut self,
        group_id: i64,
        restriction: GroupRestrictionType,
        after: &str,
        limit: PageLimit,
    ) -> StoreResult<Vec<String>> {
        on_engine!(self, db => sqlx::query_scalar(LIST_ALLOWED)
            .bind(group_id).bind(restriction.as_str()).bind(after).bind(limit.rows_and_one())
            .fetch_all(&mut *db).await)
    }

    /// How often the groups of a domain have changed; `None` when the domain is gone.
    pub async fn find_package_group_revision(
        &mut self,
        domain_id: i64,
    ) -> StoreResult<Option<i64>> {
        on_engine!(self, db => sqlx::query_scalar(FIND_REVISION)
            .bind(domain_id).fetch_optional(&mut *db).await)
    }
}

impl Tx {
    /// Makes a group; `None` when the domain has one of that pattern.
    pub async fn insert_package_group(
        &mut self,
        domain_id: i64,
        pattern: &PackageGroupPattern,
        (contact_info, description): (&str, &str),
        modes: GroupModes,
        now: EpochMillis,
    ) -> StoreResult<Option<PackageGroupRow>> {
        let mode = |restriction| modes.of(restriction).as_str();
        on_engine!(self, db => sqlx::query_as(INSERT)
            .bind(domain_id).bind(pattern.as_str()).bind(contact_info).bind(description).bind(now.0)
            .bind(mode(GroupRestrictionType::Publish)).bind(mode(GroupRestrictionType::ExternalUpstream))
            .bind(mode(GroupRestrictionType::InternalUpstream)).fetch_optional(&mut *db).await)
    }

    /// Replaces what people wrote about a group.
    pub async fn update_package_group_texts(
        &mut self,
        id: i64,
        contact_info: &str,
        description: &str,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(UPDATE_TEXTS)
            .bind(id).bind(contact_info).bind(description).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Replaces the modes of a group.
    pub async fn update_package_group_modes(
        &mut self,
        id: i64,
        modes: GroupModes,
    ) -> StoreResult<()> {
        let mode = |restriction| modes.of(restriction).as_str();
        on_engine!(self, db => sqlx::query(UPDATE_MODES)
            .bind(id).bind(mode(GroupRestrictionType::Publish)).bind(mode(GroupRestrictionType::ExternalUpstream))
            .bind(mode(GroupRestrictionType::InternalUpstream)).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Deletes a group with its lists of repositories.
    pub async fn delete_package_group(&mut self, id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(DELETE).bind(id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }

    /// Puts a repository on the list of a restriction. False when it was there.
    pub async fn insert_allowed_repository(
        &mut self,
        group_id: i64,
        restriction: GroupRestrictionType,
        (repository_id, name): (i64, &RepositoryName),
    ) -> StoreResult<bool> {
        let added = on_engine!(self, db => sqlx::query(INSERT_ALLOWED)
            .bind(group_id).bind(restriction.as_str()).bind(name.as_str()).bind(repository_id)
            .execute(&mut *db).await.map(|done| done.rows_affected()))?;
        Ok(added > 0)
    }

    /// Takes a repository off the list of a restriction. False when it was not there.
    pub async fn delete_allowed_repository(
        &mut self,
        group_id: i64,
        restriction: GroupRestrictionType,
        name: &RepositoryName,
    ) -> StoreResult<bool> {
        let removed = on_engine!(self, db => sqlx::query(DELETE_ALLOWED)
            .bind(group_id).bind(restriction.as_str()).bind(name.as_str())
            .execute(&mut *db).await.map(|done| done.rows_affected()))?;
        Ok(removed > 0)
    }

    /// Notes that the groups of a domain have changed.
    pub async fn advance_package_group_revision(&mut self, domain_id: i64) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(NEXT_REVISION).bind(domain_id).execute(&mut *db).await.map(drop))?;
        Ok(())
    }
}
