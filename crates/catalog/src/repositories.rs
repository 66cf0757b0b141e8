//! Repositories: made, described, changed, deleted, listed.

use std::collections::HashSet;

use model::{
    AccountId, ArnScope, ChangeKind, DomainName, DomainRef, EpochMillis, Error, ExternalConnection,
    ExternalConnectionName, InvalidReason, Page, PageLimit, Repository, RepositoryName,
    ResourceType, Result,
};
use store::{Connection, RepositoryRow, Tx, UpstreamRow};

use crate::change_log::{ChangeDetails, change};
use crate::connections::{At, find_locked_domain};
use crate::failure::{Failure, from_store};
use crate::repository_view::{domain_not_found, repository_not_found};
use crate::tags::check_tags;
use crate::{Caller, Catalog, FormatList};

/// A repository to make. Its administrator is the caller's account.
#[derive(Debug, Clone)]
pub struct NewRepository {
    /// Its name.
    pub name: RepositoryName,
    /// What its users write about it.
    pub description: String,
    /// Its upstreams in order of priority.
    pub upstreams: Vec<RepositoryName>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// What to change of a repository; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct RepositoryChanges {
    /// The new description; empty clears it.
    pub description: Option<String>,
    /// The new upstreams in order of priority; empty clears them.
    pub upstreams: Option<Vec<RepositoryName>>,
}

impl Catalog {
    /// Makes a repository.
    pub async fn create_repository(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        new: NewRepository,
    ) -> Result<Repository> {
        let limit = self.settings.quotas.tags_per_resource;
        check_tags(
            &new.tags,
            limit,
            ResourceType::Repository,
            new.name.as_str(),
        )?;
        let now = self.now();
        let arn = self.repository_arn(domain, &new.name);
        let entry = change(ChangeKind::RepositoryCreated, now, caller).in_repository(&new.name).with(
            &serde_json::json!({ "description": new.description, "upstreams": names(&new.upstreams) }),
        );
        let (administrator, unit_domain) = (caller.account().clone(), domain.clone());
        let (scope, formats, quotas) = (
            self.scope().clone(),
            self.formats,
            self.settings.quotas.clone(),
        );
        let made: Result<(i64, Repository), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = unit_domain;
                    let domain_id = find_locked_domain(tx, &domain).await?;
                    let count = tx
                        .find_domain(&domain.owner, &domain.name)
                        .await?
                        .map_or(0, |d| d.repository_count);
                    let row = tx
                        .insert_repository(
                            domain_id,
                            &new.name,
                            &administrator,
                            &new.description,
                            now,
                        )
                        .await?;
                    let row = row.ok_or_else(|| {
                        let message = format!(
                            "Repository '{}' already exists in domain '{}'.",
                            new.name, domain.name
                        );
                        Error::conflict(ResourceType::Repository, new.name.as_str(), message)
                    })?;
                    if count >= quotas.repositories_per_domain {
                        let message = format!(
                            "Domain '{}' has reached its limit of {} repositories.",
                            domain.name, quotas.repositories_per_domain
                        );
                        return Err(Error::quota_exceeded(
                            ResourceType::Repository,
                            new.name.as_str(),
                            message,
                        )
                        .into());
                    }
                    set_upstreams(
                        tx,
                        &domain,
                        domain_id,
                        (row.id, &new.name),
                        &new.upstreams,
                        quotas.direct_upstreams,
                    )
                    .await?;
                    for (key, value) in &new.tags {
                        tx.upsert_resource_tag(arn.as_str(), key, value).await?;
                    }
                    tx.add_repository_count(domain_id, 1).await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok((
                        domain_id,
                        read_repository(tx, &scope, formats, &domain, &new.name).await?,
                    ))
                })
            })
            .await;
        let (domain_id, repository) = made?;
        self.stamps.graph_changed(domain_id);
        Ok(repository)
    }

    /// A repository's description.
    pub async fn get_repository(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Result<Repository> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        Ok(read_repository(&mut reader, self.scope(), self.formats, domain, repository).await?)
    }

    /// Changes a repository's description or upstreams. Called with neither, it drops upstreams that no longer
    /// exist. The right to be used as an upstream is asked for of each that is added, and of no other.
    pub async fn update_repository(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        changes: RepositoryChanges,
    ) -> Result<Repository> {
        let mut allowed = Vec::new();
        if let Some(upstreams) = &changes.upstreams {
            allowed = self.added_upstreams(domain, repository, upstreams).await?;
            self.allow_upstreams(caller, domain, &allowed).await?;
        }
        let now = self.now();
        let entry = change(ChangeKind::RepositoryUpdated, now, caller).in_repository(repository).with(
            &serde_json::json!({
                "description": changes.description, "upstreams": changes.upstreams.as_deref().map(names),
            }),
        );
        let (unit_domain, name) = (domain.clone(), repository.clone());
        let (scope, formats) = (self.scope().clone(), self.formats);
        let limit = self.settings.quotas.direct_upstreams;
        let updated: Result<(i64, Repository), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = unit_domain;
                    let at = At::find(tx, &domain, &name).await?;
                    if let Some(description) = &changes.description {
                        tx.update_repository_description(at.repository_id, description)
                            .await?;
                    }
                    match &changes.upstreams {
                        Some(upstreams) => {
                            check_unconnected(tx, at.repository_id, &name).await?;
                            check_added(tx, at.repository_id, &name, upstreams, &allowed).await?;
                            let home = (at.repository_id, &name);
                            set_upstreams(tx, &domain, at.domain_id, home, upstreams, limit)
                                .await?;
                        }
                        None => tx.delete_dangling_upstreams(at.repository_id).await?,
                    }
                    tx.append_change(at.domain_id, &entry).await?;
                    Ok((
                        at.domain_id,
                        read_repository(tx, &scope, formats, &domain, &name).await?,
                    ))
                })
            })
            .await;
        let (domain_id, repository) = updated?;
        self.stamps.graph_changed(domain_id);
        Ok(repository)
    }

    /// Those of the given upstreams that a repository does not have yet.
    async fn added_upstreams(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        upstreams: &[RepositoryName],
    ) -> Result<Vec<RepositoryName>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader.find_domain(&domain.owner, &domain.name).await;
        let found = found.map_err(from_store)?;
        let found = found.ok_or_else(|| domain_not_found(domain))?;
        let row = reader.find_repository(found.id, repository).await;
        let row = row.map_err(from_store)?;
        let row = row.ok_or_else(|| repository_not_found(domain, repository))?;
        let present = reader.list_upstreams(row.id).await.map_err(from_store)?;
        Ok(added(upstreams, &present).cloned().collect())
    }

    /// Deletes a repository with all its packages. Deleting one that does not exist succeeds, with `None`.
    /// Repositories that had it as an upstream are left with a dangling one.
    pub async fn delete_repository(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Result<Option<Repository>> {
        let entry =
            change(ChangeKind::RepositoryDeleted, self.now(), caller).in_repository(repository);
        let arn = self.repository_arn(domain, repository);
        let (unit_domain, name) = (domain.clone(), repository.clone());
        let (scope, formats) = (self.scope().clone(), self.formats);
        let deleted: Result<(i64, Option<Repository>), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = unit_domain;
                    let domain_id = find_locked_domain(tx, &domain).await?;
                    let Some(row) = tx.find_repository(domain_id, &name).await? else {
                        return Ok((domain_id, None));
                    };
                    let last = read_repository(tx, &scope, formats, &domain, &name).await?;
                    for asset in tx.list_assets_of_repository(row.id).await? {
                        tx.drop_asset_reference(domain_id, &asset).await?;
                    }
                    tx.delete_resource_tags(arn.as_str()).await?;
                    tx.delete_resource_policy(arn.as_str()).await?;
                    tx.delete_repository(row.id).await?;
                    tx.add_repository_count(domain_id, -1).await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok((domain_id, Some(last)))
                })
            })
            .await;
        let (domain_id, last) = deleted?;
        self.stamps.graph_changed(domain_id);
        Ok(last)
    }

    /// The repositories that an account administers, in every domain, by name. The key of a page is
    /// `name`, a tab, and the repository's id.
    pub async fn list_repositories(
        &self,
        administrator: &AccountId,
        prefix: &str,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<Repository>> {
        let bad_key = || {
            Error::invalid(
                InvalidReason::FieldValidation,
                "The pagination token is not valid.",
            )
        };
        let (name, id) = match after {
            None => ("", 0),
            Some(key) => {
                let (name, id) = key.split_once('\t').ok_or_else(bad_key)?;
                (name, id.parse().map_err(|_| bad_key())?)
            }
        };
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_repositories_of_administrator(administrator, (name, id), prefix, limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| format!("{}\t{}", row.name, row.id));
        let mut repositories = Vec::with_capacity(page.items.len());
        for row in page.items {
            let domain = reader
                .find_domain_by_id(row.domain_id)
                .await
                .map_err(from_store)?;
            let domain = domain
                .ok_or_else(|| Error::internal(format!("repository {} has no domain", row.id)))?;
            let corrupt = |e| Error::internal(format!("domain {}: {e}", domain.id));
            let domain = DomainRef {
                owner: AccountId::parse(&domain.owner).map_err(corrupt)?,
                name: DomainName::parse(&domain.name).map_err(corrupt)?,
            };
            repositories.push(summary(self.scope(), &domain, &row)?);
        }
        Ok(Page {
            items: repositories,
            next: page.next,
        })
    }

    /// A domain's repositories in order of name, of every administrator or of one.
    pub async fn list_repositories_in_domain(
        &self,
        domain: &DomainRef,
        administrator: Option<&AccountId>,
        prefix: &str,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<Repository>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader
            .find_domain(&domain.owner, &domain.name)
            .await
            .map_err(from_store)?;
        let found = found.ok_or_else(|| domain_not_found(domain))?;
        let administrator = administrator.map_or("", AccountId::as_str);
        let rows = reader
            .list_repositories_in_domain(
                found.id,
                after.unwrap_or(""),
                prefix,
                administrator,
                limit,
            )
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let items: Result<Vec<_>> = page
            .items
            .iter()
            .map(|row| summary(self.scope(), domain, row))
            .collect();
        Ok(Page {
            items: items?,
            next: page.next,
        })
    }
}

fn names(upstreams: &[RepositoryName]) -> Vec<&str> {
    upstreams.iter().map(RepositoryName::as_str).collect()
}

/// A repository without its upstreams and connections.
fn summary(scope: &ArnScope, domain: &DomainRef, row: &RepositoryRow) -> Result<Repository> {
    let corrupt = |e| Error::internal(format!("repository {}: {e}", row.id));
    let name = RepositoryName::parse(&row.name).map_err(corrupt)?;
    Ok(Repository {
        administrator: AccountId::parse(&row.administrator).map_err(corrupt)?,
        arn: scope.repository(&domain.owner, &domain.name, &name),
        domain: domain.clone(),
        description: row.description.clone(),
        upstreams: Vec::new(),
        external_connections: Vec::new(),
        created_at: EpochMillis(row.created_at_ms),
        name,
    })
}

/// Reads a repository in full, inside or outside a transaction.
pub(crate) async fn read_repository(
    connection: &mut Connection,
    scope: &ArnScope,
    formats: FormatList,
    domain: &DomainRef,
    repository: &RepositoryName,
) -> Result<Repository, Failure> {
    let found = connection.find_domain(&domain.owner, &domain.name).await?;
    let found = found.ok_or_else(|| domain_not_found(domain))?;
    let row = connection.find_repository(found.id, repository).await?;
    let row = row.ok_or_else(|| repository_not_found(domain, repository))?;
    let mut full = summary(scope, domain, &row)?;
    for upstream in connection.list_upstreams(row.id).await? {
        let name = RepositoryName::parse(&upstream.upstream_name)
            .map_err(|e| Error::internal(format!("upstream of repository {}: {e}", row.id)))?;
        full.upstreams.push(name);
    }
    for connected in connection.list_external_connections(row.id).await? {
        let name = ExternalConnectionName::parse(&connected.name)
            .map_err(|e| Error::internal(format!("connection of repository {}: {e}", row.id)))?;
        let format = formats.find(&connected.format).ok_or_else(|| {
            Error::internal(format!(
                "a connection names the format {}, which this program lacks",
                connected.format
            ))
        })?;
        full.external_connections.push(ExternalConnection {
            name,
            format: format.id(),
        });
    }
    Ok(full)
}

/// Those of the given upstreams that are not among the present ones. One that was deleted and made anew is another.
fn added<'a>(
    upstreams: &'a [RepositoryName],
    present: &'a [UpstreamRow],
) -> impl Iterator<Item = &'a RepositoryName> {
    let is_present = |name: &RepositoryName| {
        let mut rows = present.iter().filter(|row| row.alive);
        rows.any(|row| row.upstream_name == name.as_str())
    };
    upstreams.iter().filter(move |name| !is_present(name))
}

/// Refuses upstreams that are added without having been allowed: another request took them away meanwhile.
async fn check_added(
    tx: &mut Tx,
    id: i64,
    name: &RepositoryName,
    upstreams: &[RepositoryName],
    allowed: &[RepositoryName],
) -> Result<(), Failure> {
    let present = tx.list_upstreams(id).await?;
    if added(upstreams, &present).all(|upstream| allowed.contains(upstream)) {
        return Ok(());
    }
    let message =
        format!("The upstreams of repository '{name}' were changed by another request. Try again.");
    Err(Error::conflict(ResourceType::Repository, name.as_str(), message).into())
}

/// Refuses upstreams for a repository with an external connection.
async fn check_unconnected(tx: &mut Tx, id: i64, name: &RepositoryName) -> Result<(), Failure> {
    if tx.list_external_connections(id).await?.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Repository '{name}' has an external connection. A repository can have upstream repositories or an \
         external connection, not both. Use DisassociateExternalConnection first."
    );
    Err(Error::invalid(InvalidReason::Other, message).into())
}

/// Replaces a repository's upstreams, after checking that they exist, are not too many and close no circle.
async fn set_upstreams(
    tx: &mut Tx,
    domain: &DomainRef,
    domain_id: i64,
    (id, name): (i64, &RepositoryName),
    upstreams: &[RepositoryName],
    limit: usize,
) -> Result<(), Failure> {
    if upstreams.len() > limit {
        let message = format!(
            "Repository '{name}' can have at most {limit} direct upstream repositories, and {} were given.",
            upstreams.len()
        );
        return Err(Error::invalid(InvalidReason::Other, message).into());
    }
    let mut linked = Vec::with_capacity(upstreams.len());
    for upstream in upstreams {
        if upstream == name {
            let message = format!("Repository '{name}' cannot be its own upstream.");
            return Err(Error::invalid(InvalidReason::Other, message).into());
        }
        let row = tx.find_repository(domain_id, upstream).await?;
        let row = row.ok_or_else(|| repository_not_found(domain, upstream))?;
        if linked.iter().any(|(linked_id, _)| *linked_id == row.id) {
            let message = format!("Upstream repository '{upstream}' is given more than once.");
            return Err(Error::invalid(InvalidReason::Other, message).into());
        }
        linked.push((row.id, upstream.clone()));
    }
    if reaches(tx, linked.iter().map(|(id, _)| *id).collect(), id).await? {
        let message =
            format!("The upstream repositories given for '{name}' would make a cycle back to it.");
        return Err(Error::invalid(InvalidReason::Other, message).into());
    }
    tx.replace_upstreams(id, &linked).await?;
    Ok(())
}

/// Whether any of these repositories has `target` somewhere upstream. Each is looked at once, whatever the shape.
async fn reaches(tx: &mut Tx, mut stack: Vec<i64>, target: i64) -> Result<bool, Failure> {
    let mut seen = HashSet::new();
    while let Some(id) = stack.pop() {
        if id == target {
            return Ok(true);
        }
        if seen.insert(id) {
            stack.extend(
                tx.list_upstreams(id)
                    .await?
                    .iter()
                    .map(|row| row.upstream_id),
            );
        }
    }
    Ok(false)
}
