//! A repository with all the repositories a request to it may search, ready to be walked.

use std::collections::HashMap;
use std::sync::Arc;

use model::{
    AccountId, DomainRef, EpochMillis, Error, ExternalConnectionName, FormatId, RepositoryName,
    ResourceType, Result,
};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use store::Connection;

use crate::Catalog;
use crate::failure::from_store;
use crate::resource_rights::ResourceRights;
use crate::stamps::Tick;

/// Repositories kept ready.
const VIEWS: usize = 4096;

/// A repository and what is reachable from it. Immutable; made anew when the domain's graph changes.
#[derive(Debug)]
pub(crate) struct RepositoryView {
    pub(crate) domain_id: i64,
    pub(crate) domain: DomainRef,
    pub(crate) domain_created_at: EpochMillis,
    /// The rights that hang on the repository itself.
    pub(crate) rights: Arc<ResourceRights>,
    pub(crate) administrator: AccountId,
    /// Whether its downloads are redirected to the object store.
    pub(crate) redirects_downloads: bool,
    /// The repository itself first, then every reachable one, at most 25 in all.
    pub(crate) nodes: Vec<Node>,
    /// An upstream somewhere in the graph was deleted.
    pub(crate) dangling: bool,
    pub(crate) made_at: Tick,
}

/// One repository of a view.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) id: i64,
    pub(crate) name: RepositoryName,
    /// Its upstreams that are in the view, in order of priority.
    pub(crate) upstreams: Vec<usize>,
    pub(crate) connection: Option<(ExternalConnectionName, FormatId)>,
}

impl Node {
    /// The same without its upstreams, for work that outlives its view.
    pub(crate) fn alone(&self) -> Self {
        Self {
            id: self.id,
            name: self.name.clone(),
            upstreams: Vec::new(),
            connection: self.connection.clone(),
        }
    }

    pub(crate) const fn id_and_name(&self) -> (i64, &RepositoryName) {
        (self.id, &self.name)
    }
}

impl RepositoryView {
    /// The repository itself.
    pub(crate) fn home(&self) -> &Node {
        &self.nodes[0]
    }

    /// Requests that walk the graph fail while an upstream of it is missing: the service's own text.
    pub(crate) fn check_upstreams(&self) -> Result<()> {
        if !self.dangling {
            return Ok(());
        }
        let message = "A repository referenced in your upstream graph no longer exists. To fix this issue, use the \
            UpdateRepository API with your new desired upstream configuration. Note that if an upstream repository \
            was deleted and recreated using the same name, UpdateRepository must still be called to reference the \
            new repository. This issue may be present in any repository in the upstream graph.";
        Err(Error::not_found(
            ResourceType::Repository,
            self.home().name.as_str(),
            message,
        ))
    }
}

/// Walks a view depth-first: a repository, then its first upstream with all of its own, then the second.
#[derive(Debug)]
pub(crate) struct Walk {
    stack: Vec<usize>,
    seen: Vec<bool>,
}

impl Walk {
    pub(crate) fn of(view: &RepositoryView) -> Self {
        Self {
            stack: vec![0],
            seen: vec![false; view.nodes.len()],
        }
    }

    /// The next repository to look at.
    pub(crate) fn next(&mut self) -> Option<usize> {
        while let Some(node) = self.stack.pop() {
            if !std::mem::replace(&mut self.seen[node], true) {
                return Some(node);
            }
        }
        None
    }

    /// Goes on to a repository's upstreams: called unless the package's origin controls forbid it there.
    pub(crate) fn descend(&mut self, node: &Node) {
        self.stack.extend(node.upstreams.iter().rev());
    }
}

/// The name that views are kept by.
type Key = (DomainRef, RepositoryName);

/// The same name, borrowed: a look into the cache copies nothing.
#[derive(Hash)]
struct KeyRef<'a>(&'a DomainRef, &'a RepositoryName);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, (domain, repository): &Key) -> bool {
        self.0 == domain && self.1 == repository
    }
}

/// Views by name.
#[derive(Debug)]
pub(crate) struct ViewCache(Cache<Key, Arc<RepositoryView>>);

impl Default for ViewCache {
    fn default() -> Self {
        Self(Cache::new(VIEWS))
    }
}

impl Catalog {
    /// The tick of what is read now through a view. Where the domain's graph has changed since the view was made, that is
    /// the view's own: what is read is as old as the way to it, and must not be kept for newer.
    pub(crate) fn reading_tick(&self, view: &RepositoryView) -> Tick {
        let now = self.stamps.now();
        match self.stamps.graph_is_valid(view.made_at, view.domain_id) {
            true => now,
            false => view.made_at,
        }
    }

    /// The view of a repository, from memory while the domain's graph stands.
    pub(crate) async fn repository_view(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Result<Arc<RepositoryView>> {
        if let Some(view) = self.ready_view(domain, repository) {
            return Ok(view);
        }
        let view = Arc::new(self.read_view(domain, repository).await?);
        let key = (domain.clone(), repository.clone());
        self.views.0.insert(key, Arc::clone(&view));
        Ok(view)
    }

    /// The view of a repository, if one is in memory and the domain's graph stands.
    pub(crate) fn ready_view(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Option<Arc<RepositoryView>> {
        let view = self.views.0.get(&KeyRef(domain, repository))?;
        let is_valid = self.stamps.graph_is_valid(view.made_at, view.domain_id);
        is_valid.then_some(view)
    }

    /// The administrator of a repository, for the audit record: `None` when there is no such repository.
    pub async fn find_administrator(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Option<AccountId> {
        let view = self.repository_view(domain, repository).await.ok()?;
        Some(view.administrator.clone())
    }

    async fn read_view(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Result<RepositoryView> {
        let made_at = self.stamps.now();
        // Found or made after that instant: whatever changes them from here on ends the view too.
        let rights = self.resource_rights(domain, Some(repository)).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_domain(&domain.owner, &domain.name)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(|| domain_not_found(domain))?;
        let home = reader
            .find_repository(row.id, repository)
            .await
            .map_err(from_store)?;
        let home = home.ok_or_else(|| repository_not_found(domain, repository))?;
        let limit = self.settings.quotas.searched_repositories;
        let mut view = RepositoryView {
            domain_id: row.id,
            domain: domain.clone(),
            domain_created_at: EpochMillis(row.created_at_ms),
            redirects_downloads: self.redirects_downloads(&rights),
            rights,
            administrator: AccountId::parse(&home.administrator)
                .map_err(|e| Error::internal(format!("repository {}: {e}", home.id)))?,
            nodes: Vec::new(),
            dangling: false,
            made_at,
        };
        // Depth-first, as requests walk: so when the limit cuts, it cuts what would be searched last.
        let mut indexes = HashMap::new();
        let mut stack = vec![(home.id, home.name, None)];
        while let Some((id, name, parent)) = stack.pop() {
            let index = match indexes.get(&id) {
                Some(index) => *index,
                None if view.nodes.len() == limit => continue,
                None => {
                    let index = view.nodes.len();
                    indexes.insert(id, index);
                    let upstreams = self.read_node(&mut reader, &mut view, id, &name).await?;
                    stack.extend(
                        upstreams
                            .into_iter()
                            .rev()
                            .map(|(id, name)| (id, name, Some(index))),
                    );
                    index
                }
            };
            if let Some(parent) = parent {
                let parent: &mut Node = &mut view.nodes[parent];
                parent.upstreams.push(index);
            }
        }
        Ok(view)
    }

    /// Adds one repository to a view; returns its upstreams that exist.
    async fn read_node(
        &self,
        reader: &mut Connection,
        view: &mut RepositoryView,
        id: i64,
        name: &str,
    ) -> Result<Vec<(i64, String)>> {
        let name = RepositoryName::parse(name)
            .map_err(|e| Error::internal(format!("repository {id}: {e}")))?;
        let mut connection = None;
        for row in reader
            .list_external_connections(id)
            .await
            .map_err(from_store)?
        {
            let name = ExternalConnectionName::parse(&row.name)
                .map_err(|e| Error::internal(format!("connection of repository {id}: {e}")))?;
            connection = Some((name, self.format(&row.format)?.id()));
        }
        view.nodes.push(Node {
            id,
            name,
            upstreams: Vec::new(),
            connection,
        });
        let mut upstreams = Vec::new();
        for row in reader.list_upstreams(id).await.map_err(from_store)? {
            if row.alive {
                upstreams.push((row.upstream_id, row.upstream_name));
            } else {
                view.dangling = true;
            }
        }
        Ok(upstreams)
    }
}

pub(crate) fn domain_not_found(domain: &DomainRef) -> Error {
    let message = format!(
        "Domain not found. Domain '{}' owned by account '{}' does not exist.",
        domain.name, domain.owner
    );
    Error::not_found(ResourceType::Domain, domain.name.as_str(), message)
}

pub(crate) fn repository_not_found(domain: &DomainRef, repository: &RepositoryName) -> Error {
    let message = format!(
        "Repository not found. Repository '{repository}' does not exist in domain '{}'.",
        domain.name
    );
    Error::not_found(ResourceType::Repository, repository.as_str(), message)
}
