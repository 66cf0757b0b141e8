//! Domains: made, described, listed, deleted.

use model::{
    AccountId, ChangeKind, Domain, DomainName, DomainRef, EpochMillis, Error, GroupModes,
    PackageGroupPattern, Page, PageLimit, ResourceType, Result,
};
use store::DomainRow;

use crate::change_log::{ChangeDetails, INSTALLATION, change};
use crate::failure::{Failure, from_store};
use crate::repository_view::domain_not_found;
use crate::tags::check_tags;
use crate::{Caller, Catalog};

/// A domain to make. Its owner is the caller's account.
#[derive(Debug, Clone)]
pub struct NewDomain {
    /// Its name.
    pub name: DomainName,
    /// The ARN of its encryption key, or none for the default one.
    pub encryption_key: Option<String>,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

impl Catalog {
    /// Makes a domain.
    pub async fn create_domain(&self, caller: &Caller, new: NewDomain) -> Result<Domain> {
        let domain = DomainRef {
            owner: caller.account().clone(),
            name: new.name,
        };
        let limit = self.settings.quotas.tags_per_resource;
        check_tags(&new.tags, limit, ResourceType::Domain, domain.name.as_str())?;
        let key = new.encryption_key.unwrap_or_else(|| {
            self.scope()
                .default_encryption_key(&domain.owner)
                .as_str()
                .to_owned()
        });
        let arn = self.domain_arn(&domain);
        let quota = self.settings.quotas.domains_per_account;
        let now = self.now();
        let entry = change(ChangeKind::DomainCreated, now, caller).with(&serde_json::json!({
            "name": domain.name.as_str(), "owner": domain.owner.as_str(), "encryptionKey": key,
        }));
        let (unit_domain, unit_arn, tags) = (domain.clone(), arn.clone(), new.tags);
        let made: Result<DomainRow, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = unit_domain;
                    // Of those who count at once, each would count the same.
                    tx.lock_log(INSTALLATION).await?;
                    let count = tx.count_domains(&domain.owner).await?;
                    let row = tx
                        .insert_domain(&domain.owner, &domain.name, &key, now)
                        .await?;
                    let row = row.ok_or_else(|| {
                        let message = format!(
                            "Domain '{}' already exists in account '{}'.",
                            domain.name, domain.owner
                        );
                        Error::conflict(ResourceType::Domain, domain.name.as_str(), message)
                    })?;
                    if count >= quota {
                        let message = format!(
                            "Account '{}' has reached its limit of {quota} domains.",
                            domain.owner
                        );
                        return Err(Error::quota_exceeded(
                            ResourceType::Domain,
                            domain.name.as_str(),
                            message,
                        )
                        .into());
                    }
                    let root = PackageGroupPattern::root();
                    tx.insert_package_group(row.id, &root, ("", ""), GroupModes::ROOT, now)
                        .await?;
                    for (key, value) in &tags {
                        tx.upsert_resource_tag(unit_arn.as_str(), key, value)
                            .await?;
                    }
                    tx.append_change(row.id, &entry).await?;
                    Ok(row)
                })
            })
            .await;
        let row = made?;
        self.stamps.graph_changed(row.id);
        // What was known of the domain while it did not exist.
        self.stamps.graph_changed(INSTALLATION);
        Ok(self.domain_from_row(domain, &row))
    }

    /// A domain's description.
    pub async fn get_domain(&self, domain: &DomainRef) -> Result<Domain> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_domain(&domain.owner, &domain.name)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(|| domain_not_found(domain))?;
        Ok(self.domain_from_row(domain.clone(), &row))
    }

    /// An account's domains in order of name, after the given one.
    pub async fn list_domains(
        &self,
        owner: &AccountId,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<Domain>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_domains(owner, after.unwrap_or(""), limit)
            .await
            .map_err(from_store)?;
        let mut domains = Vec::with_capacity(rows.len());
        for row in rows {
            let name = DomainName::parse(&row.name)
                .map_err(|e| Error::internal(format!("domain {}: {e}", row.id)))?;
            domains.push(self.domain_from_row(
                DomainRef {
                    owner: owner.clone(),
                    name,
                },
                &row,
            ));
        }
        Ok(Page::from_rows(domains, limit, |domain| {
            domain.domain.name.to_string()
        }))
    }

    /// Deletes a domain without repositories. Deleting one that does not exist succeeds, with `None`.
    pub async fn delete_domain(
        &self,
        caller: &Caller,
        domain: &DomainRef,
    ) -> Result<Option<Domain>> {
        let now = self.now();
        let entry = change(ChangeKind::DomainDeleted, now, caller).with(&serde_json::json!({
            "name": domain.name.as_str(), "owner": domain.owner.as_str(),
        }));
        let arn = self.domain_arn(domain);
        let group_arns = self.scope().package_groups_of(&domain.owner, &domain.name);
        let unit_domain = domain.clone();
        let deleted: Result<Option<DomainRow>, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = unit_domain;
                    let Some(row) = tx.find_domain(&domain.owner, &domain.name).await? else {
                        return Ok(None);
                    };
                    if !tx.lock_domain(row.id).await? {
                        return Ok(None);
                    }
                    let count = tx
                        .find_domain(&domain.owner, &domain.name)
                        .await?
                        .map_or(0, |d| d.repository_count);
                    if count > 0 {
                        let message = format!(
                            "Domain '{}' still has {count} repositories. Delete them first.",
                            domain.name
                        );
                        return Err(Error::conflict(
                            ResourceType::Domain,
                            domain.name.as_str(),
                            message,
                        )
                        .into());
                    }
                    tx.delete_resource_tags(arn.as_str()).await?;
                    tx.delete_resource_policy(arn.as_str()).await?;
                    tx.delete_resource_tags_below(group_arns.as_str()).await?;
                    tx.delete_domain(row.id).await?;
                    tx.append_change(row.id, &entry).await?;
                    Ok(Some(row))
                })
            })
            .await;
        let deleted = deleted?;
        if let Some(row) = &deleted {
            self.stamps.graph_changed(row.id);
        }
        Ok(deleted.map(|row| self.domain_from_row(domain.clone(), &row)))
    }

    fn domain_from_row(&self, domain: DomainRef, row: &DomainRow) -> Domain {
        Domain {
            arn: self.domain_arn(&domain),
            created_at: EpochMillis(row.created_at_ms),
            encryption_key: row.encryption_key.clone(),
            repository_count: row.repository_count,
            asset_size_bytes: row.asset_size_bytes,
            domain,
        }
    }
}
