//! Permissions policies of domains and repositories: set, read, taken away.
//!
//! A policy is replaced as a whole. Its revision names one exact state and is an optimistic lock for whoever sends it.
//! Public document: <https://docs.aws.amazon.com/codeartifact/latest/ug/domain-policies.html>.

use access::{Policy, PolicyKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{
    Change, ChangeKind, DomainRef, Error, InvalidReason, PolicyDocument, RepositoryName,
    ResourcePolicy, ResourceType, Result,
};
use store::{ResourcePolicyRow, Tx};

use crate::change_log::{ChangeDetails, change};
use crate::connections::{At, find_locked_domain};
use crate::failure::{Failure, from_store};
use crate::repository_view::{domain_not_found, repository_not_found};
use crate::{Caller, Catalog};

/// What a policy hangs on: a domain, or a repository in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyHolder {
    /// The domain.
    pub domain: DomainRef,
    /// The repository; `None` for the domain itself.
    pub repository: Option<RepositoryName>,
}

impl PolicyHolder {
    fn kind(&self) -> ResourceType {
        match self.repository {
            None => ResourceType::Domain,
            Some(_) => ResourceType::Repository,
        }
    }

    fn id(&self) -> &str {
        match &self.repository {
            None => self.domain.name.as_str(),
            Some(repository) => repository.as_str(),
        }
    }

    fn without_policy(&self) -> Error {
        let message = format!(
            "No permissions policy is set on {} '{}'.",
            self.kind().as_str(),
            self.id()
        );
        Error::not_found(self.kind(), self.id(), message)
    }

    /// Refuses a revision that is not the present one.
    fn check_revision(
        &self,
        sent: Option<&str>,
        present: Option<&ResourcePolicyRow>,
    ) -> Result<()> {
        let Some(sent) = sent else { return Ok(()) };
        if present.is_some_and(|row| row.revision == sent) {
            return Ok(());
        }
        let message = format!(
            "The policy revision '{sent}' is not the current one of {} '{}'. Read the policy again and send its \
             revision, or none to replace whatever is there.",
            self.kind().as_str(),
            self.id()
        );
        Err(Error::conflict(self.kind(), self.id(), message))
    }

    /// The id of its domain, which is locked until the end of the transaction.
    async fn find(&self, tx: &mut Tx) -> Result<i64, Failure> {
        match &self.repository {
            None => find_locked_domain(tx, &self.domain).await,
            Some(repository) => Ok(At::find(tx, &self.domain, repository).await?.domain_id),
        }
    }

    fn note(&self, entry: Change) -> Change {
        match &self.repository {
            None => entry,
            Some(repository) => entry.in_repository(repository),
        }
    }
}

impl Catalog {
    /// Sets a policy in place of the one that is there. With a revision, only if it is still the present one.
    pub async fn put_resource_policy(
        &self,
        caller: &Caller,
        holder: PolicyHolder,
        document: &PolicyDocument,
        revision: Option<String>,
    ) -> Result<ResourcePolicy> {
        Policy::parse(PolicyKind::Resource, document.as_str()).map_err(|error| {
            let message = format!("The policy document is not valid: {error}");
            Error::invalid(InvalidReason::FieldValidation, message)
        })?;
        let policy = ResourcePolicy {
            arn: self.arn_of_holder(&holder),
            revision: new_revision()?,
            document: document.as_str().to_owned(),
        };
        let now = self.now();
        let entry = holder.note(change(ChangeKind::ResourcePolicyPut, now, caller)).with(
            &serde_json::json!({
                "resource": policy.arn.as_str(), "revision": policy.revision, "document": policy.document,
            }),
        );
        let unit_policy = policy.clone();
        let put: Result<i64, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let ResourcePolicy {
                        arn,
                        revision: new,
                        document,
                    } = unit_policy;
                    let domain_id = holder.find(tx).await?;
                    let present = tx.find_resource_policy(arn.as_str()).await?;
                    holder.check_revision(revision.as_deref(), present.as_ref())?;
                    tx.upsert_resource_policy(arn.as_str(), &document, &new, now)
                        .await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok(domain_id)
                })
            })
            .await;
        self.stamps.graph_changed(put?);
        Ok(policy)
    }

    /// The policy that is set.
    pub async fn get_resource_policy(&self, holder: &PolicyHolder) -> Result<ResourcePolicy> {
        let PolicyHolder { domain, repository } = holder;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader.find_domain(&domain.owner, &domain.name).await;
        let found = found.map_err(from_store)?;
        let found = found.ok_or_else(|| domain_not_found(domain))?;
        if let Some(repository) = repository {
            let row = reader.find_repository(found.id, repository).await;
            row.map_err(from_store)?
                .ok_or_else(|| repository_not_found(domain, repository))?;
        }
        let arn = self.arn_of_holder(holder);
        let row = reader.find_resource_policy(arn.as_str()).await;
        let row = row.map_err(from_store)?;
        let row = row.ok_or_else(|| holder.without_policy())?;
        Ok(ResourcePolicy {
            arn,
            revision: row.revision,
            document: row.document,
        })
    }

    /// Takes the policy away; answers with what it was.
    pub async fn delete_resource_policy(
        &self,
        caller: &Caller,
        holder: PolicyHolder,
        revision: Option<String>,
    ) -> Result<ResourcePolicy> {
        let arn = self.arn_of_holder(&holder);
        let entry = holder.note(change(
            ChangeKind::ResourcePolicyDeleted,
            self.now(),
            caller,
        ));
        let unit_arn = arn.clone();
        let deleted: Result<(i64, ResourcePolicyRow), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let arn = unit_arn.as_str();
                    let domain_id = holder.find(tx).await?;
                    let present = tx.find_resource_policy(arn).await?;
                    let present = present.ok_or_else(|| holder.without_policy())?;
                    holder.check_revision(revision.as_deref(), Some(&present))?;
                    tx.delete_resource_policy(arn).await?;
                    let entry = entry.with(&serde_json::json!({
                        "resource": arn, "revision": present.revision,
                    }));
                    tx.append_change(domain_id, &entry).await?;
                    Ok((domain_id, present))
                })
            })
            .await;
        let (domain_id, row) = deleted?;
        self.stamps.graph_changed(domain_id);
        Ok(ResourcePolicy {
            arn,
            revision: row.revision,
            document: row.document,
        })
    }

    fn arn_of_holder(&self, holder: &PolicyHolder) -> model::Arn {
        match &holder.repository {
            None => self.domain_arn(&holder.domain),
            Some(repository) => self.repository_arn(&holder.domain, repository),
        }
    }
}

/// A name for one state of a policy that no other state ever has.
fn new_revision() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::internal)?;
    Ok(STANDARD.encode(bytes))
}
