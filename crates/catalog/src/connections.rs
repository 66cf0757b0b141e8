//! External connections: which there are, and attaching them to repositories.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use model::{
    ChangeKind, DomainRef, Error, ExternalConnectionName, FormatId, InvalidReason, Repository,
    RepositoryName, ResourceType, Result,
};
use upstream::{Source, SourceError, Url};

use crate::change_log::{ChangeDetails, change};
use crate::failure::Failure;
use crate::repositories::read_repository;
use crate::{Caller, Catalog};

/// An external connection that this installation knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionInfo {
    /// Its name.
    pub name: ExternalConnectionName,
    /// The format of the packages it brings.
    pub format: FormatId,
}

/// Where external connections point. Configuration decides, so it is handed in.
pub trait ConnectionDirectory: Send + Sync {
    /// The connection of this name, if this installation knows it. No network, no file.
    fn find(&self, name: &ExternalConnectionName) -> Option<ConnectionInfo>;

    /// The public source behind a connection.
    fn source<'a>(
        &'a self,
        name: &'a ExternalConnectionName,
    ) -> BoxFuture<'a, Result<Source, SourceError>>;

    /// A small document of a party that an operator named, such as the keys of an identity provider: bounded in size
    /// and time, and without redirects.
    fn small_document<'a>(
        &'a self,
        party: &'a NamedParty,
        _url: &'a Url,
    ) -> BoxFuture<'a, Result<Bytes, SourceError>> {
        let reason = format!("{} is not asked from here", party.base);
        Box::pin(async move { Err(SourceError::Unavailable { reason }) })
    }
}

/// Someone whom an operator named, and how the operator said they may be reached.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedParty {
    /// Their address.
    pub base: String,
    /// Whether they may be in a private network.
    pub allow_private_network: bool,
    /// Certificate authorities to trust for them beside the machine's own, as PEM.
    pub extra_ca_pem: Option<String>,
}

impl Catalog {
    /// Attaches a public source to a repository. Nothing is fetched by it.
    pub async fn associate_external_connection(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        connection: &ExternalConnectionName,
    ) -> Result<Repository> {
        let known = self.connections.find(connection);
        let (caller, target, name) = (caller.clone(), repository.clone(), connection.clone());
        let quota = self.settings.quotas.external_connections_per_domain;
        let now = self.now();
        self.change_repository(domain, repository, move |tx, at| {
            Box::pin(async move {
                // The repository was found first: an unknown repository is told before an unknown connection.
                let known = known.ok_or_else(|| unknown_connection(&name))?;
                let present = tx.list_external_connections(at.repository_id).await?;
                if present.iter().any(|row| row.name == name.as_str()) {
                    return Err(Error::conflict(
                        ResourceType::Repository,
                        target.as_str(),
                        format!("External connection '{name}' is already associated with repository '{target}'."),
                    )
                    .into());
                }
                if !present.is_empty() {
                    return Err(invalid("ExternalConnections for repositories are currently limited to 1"));
                }
                if !tx.list_upstreams(at.repository_id).await?.is_empty() {
                    return Err(invalid(&format!(
                        "Repository '{target}' has upstream repositories. A repository can have upstream \
                         repositories or an external connection, not both. Use UpdateRepository to remove the \
                         upstream repositories, or associate '{name}' with a repository of its own."
                    )));
                }
                if tx.count_external_connections(at.domain_id).await? >= quota {
                    return Err(Error::quota_exceeded(
                        ResourceType::Repository,
                        target.as_str(),
                        format!("The domain has reached its limit of {quota} external connections."),
                    )
                    .into());
                }
                tx.insert_external_connection(at.repository_id, &name, known.format.as_str(), now).await?;
                let entry = change(ChangeKind::ConnectionAssociated, now, &caller)
                    .in_repository(&target)
                    .with(&serde_json::json!({ "externalConnection": name.as_str() }));
                tx.append_change(at.domain_id, &entry).await?;
                Ok(())
            })
        })
        .await
    }

    /// Takes a public source off a repository. What was ingested through it stays.
    pub async fn disassociate_external_connection(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        connection: &ExternalConnectionName,
    ) -> Result<Repository> {
        let (caller, target, name) = (caller.clone(), repository.clone(), connection.clone());
        let now = self.now();
        self.change_repository(domain, repository, move |tx, at| {
            Box::pin(async move {
                if !tx
                    .delete_external_connection(at.repository_id, &name)
                    .await?
                {
                    let message = format!(
                        "External connection '{name}' is not associated with repository '{target}'."
                    );
                    return Err(Error::not_found(
                        ResourceType::Repository,
                        target.as_str(),
                        message,
                    )
                    .into());
                }
                let entry = change(ChangeKind::ConnectionDisassociated, now, &caller)
                    .in_repository(&target)
                    .with(&serde_json::json!({ "externalConnection": name.as_str() }));
                tx.append_change(at.domain_id, &entry).await?;
                Ok(())
            })
        })
        .await
    }

    /// Runs a change of one repository's connections in a transaction and answers with the repository after it.
    async fn change_repository<F>(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        unit: F,
    ) -> Result<Repository>
    where
        F: for<'t> FnOnce(&'t mut store::Tx, At) -> BoxFuture<'t, Result<(), Failure>>
            + Send
            + 'static,
    {
        let (domain, repository) = (domain.clone(), repository.clone());
        let (scope, formats) = (self.scope().clone(), self.formats);
        let outcome: Result<(i64, Repository), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let at = At::find(tx, &domain, &repository).await?;
                    unit(tx, at).await?;
                    let after = read_repository(tx, &scope, formats, &domain, &repository).await?;
                    Ok((at.domain_id, after))
                })
            })
            .await;
        let (domain_id, after) = outcome?;
        self.stamps.graph_changed(domain_id);
        Ok(after)
    }
}

/// The ids of a repository that exists, with its domain locked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) domain_id: i64,
    pub(crate) repository_id: i64,
}

impl At {
    pub(crate) async fn find(
        tx: &mut store::Tx,
        domain: &DomainRef,
        repository: &RepositoryName,
    ) -> Result<Self, Failure> {
        let domain_id = find_locked_domain(tx, domain).await?;
        let row = tx.find_repository(domain_id, repository).await?;
        let row =
            row.ok_or_else(|| crate::repository_view::repository_not_found(domain, repository))?;
        Ok(Self {
            domain_id,
            repository_id: row.id,
        })
    }
}

/// The id of a domain, which stays as it is until the end of the transaction.
pub(crate) async fn find_locked_domain(
    tx: &mut store::Tx,
    domain: &DomainRef,
) -> Result<i64, Failure> {
    let not_found = || crate::repository_view::domain_not_found(domain);
    let row = tx
        .find_domain(&domain.owner, &domain.name)
        .await?
        .ok_or_else(not_found)?;
    if tx.lock_domain(row.id).await? {
        Ok(row.id)
    } else {
        Err(not_found().into())
    }
}

fn invalid(message: &str) -> Failure {
    Error::invalid(InvalidReason::Other, message).into()
}

fn unknown_connection(name: &ExternalConnectionName) -> Error {
    let message = format!(
        "External connection '{name}' does not exist. Run 'reliquary connections' on the server for the names it knows."
    );
    Error::not_found(ResourceType::Repository, name.as_str(), message)
}
