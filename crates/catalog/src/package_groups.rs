//! Package groups: made, described, changed, deleted, listed.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use model::{
    Arn, ArnScope, ChangeKind, DomainRef, Error, GroupModes, InvalidReason, PackageGroup,
    PackageGroupPattern, Page, PageLimit, ResourceType, Result,
};

use crate::change_log::{ChangeDetails, change};
use crate::connections::find_locked_domain;
use crate::failure::Failure;
use crate::package_group_table::{GroupTable, group_not_found};
use crate::tags::check_tags;
use crate::{Caller, Catalog};

/// A package group to make. It restricts nothing beside what it inherits.
#[derive(Debug, Clone)]
pub struct NewPackageGroup {
    /// Its pattern.
    pub pattern: PackageGroupPattern,
    /// Whom to ask about it.
    pub contact_info: String,
    /// What its users write about it.
    pub description: String,
    /// Its tags.
    pub tags: Vec<(String, String)>,
}

/// What to change of a package group; `None` leaves it as it is, and an empty text clears it.
#[derive(Debug, Clone, Default)]
pub struct PackageGroupChanges {
    /// Whom to ask about it.
    pub contact_info: Option<String>,
    /// What its users write about it.
    pub description: Option<String>,
}

impl Catalog {
    /// The ARN of a package group.
    #[must_use]
    pub fn package_group_arn(&self, domain: &DomainRef, pattern: &PackageGroupPattern) -> Arn {
        self.scope()
            .package_group(&domain.owner, &domain.name, pattern)
    }

    /// Makes a package group.
    pub async fn create_package_group(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        new: NewPackageGroup,
    ) -> Result<PackageGroup> {
        let limit = self.settings.quotas.tags_per_resource;
        let name = domain.name.as_str();
        check_tags(&new.tags, limit, ResourceType::Domain, name)?;
        let now = self.now();
        let arn = self.package_group_arn(domain, &new.pattern);
        let quota = self.settings.quotas.package_groups_per_domain;
        let entry = change(ChangeKind::PackageGroupCreated, now, caller).with(&serde_json::json!({
            "pattern": new.pattern.as_str(), "contactInfo": new.contact_info, "description": new.description,
        }));
        let group = self.change_groups(domain, move |tx, domain, domain_id| {
            Box::pin(async move {
                let count = tx.count_package_groups(domain_id).await?;
                let texts = (new.contact_info.as_str(), new.description.as_str());
                let made = tx
                    .insert_package_group(domain_id, &new.pattern, texts, GroupModes::NEW, now)
                    .await?;
                if made.is_none() {
                    let message = format!(
                        "Package group '{}' already exists in domain '{}'.",
                        new.pattern, domain.name
                    );
                    let conflict = Error::conflict(ResourceType::Domain, "", message);
                    return Err(conflict.without_resource().into());
                }
                if count >= quota {
                    let message = format!(
                        "Domain '{}' has reached its limit of {quota} package groups.",
                        domain.name
                    );
                    let name = domain.name.as_str();
                    return Err(Error::quota_exceeded(ResourceType::Domain, name, message).into());
                }
                for (key, value) in &new.tags {
                    tx.upsert_resource_tag(arn.as_str(), key, value).await?;
                }
                tx.append_change(domain_id, &entry).await?;
                Ok((new.pattern, ()))
            })
        });
        Ok(group.await?.0)
    }

    /// A package group's description.
    pub async fn get_package_group(
        &self,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
    ) -> Result<PackageGroup> {
        let (_, _, table) = self.fresh_group_table(domain).await?;
        let group = table.find(domain, pattern)?;
        Ok(table.describe(self.scope(), domain, group))
    }

    /// Changes what people wrote about a package group.
    pub async fn update_package_group(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
        changes: PackageGroupChanges,
    ) -> Result<PackageGroup> {
        let entry =
            change(ChangeKind::PackageGroupUpdated, self.now(), caller).with(&serde_json::json!({
                "pattern": pattern.as_str(), "contactInfo": changes.contact_info,
                "description": changes.description,
            }));
        let pattern = pattern.clone();
        let group = self.change_groups(domain, move |tx, domain, domain_id| {
            Box::pin(async move {
                let row = tx.find_package_group(domain_id, &pattern).await?;
                let row = row.ok_or_else(|| group_not_found(domain, &pattern))?;
                let contact_info = changes.contact_info.unwrap_or(row.contact_info);
                let description = changes.description.unwrap_or(row.description);
                tx.update_package_group_texts(row.id, &contact_info, &description)
                    .await?;
                tx.append_change(domain_id, &entry).await?;
                Ok((pattern, ()))
            })
        });
        Ok(group.await?.0)
    }

    /// Deletes a package group, and answers with what it was. Its packages and the groups below it belong to the group
    /// above from now on.
    pub async fn delete_package_group(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
    ) -> Result<PackageGroup> {
        let entry = change(ChangeKind::PackageGroupDeleted, self.now(), caller)
            .with(&serde_json::json!({ "pattern": pattern.as_str() }));
        let arn = self.package_group_arn(domain, pattern);
        let (pattern, scope, unit_domain) = (pattern.clone(), self.scope().clone(), domain.clone());
        let deleted: Result<(i64, PackageGroup), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain_id = find_locked_domain(tx, &unit_domain).await?;
                    if pattern.is_root() {
                        let message = "The root package group '/*' cannot be deleted.";
                        return Err(Error::invalid(InvalidReason::Other, message).into());
                    }
                    let table = GroupTable::read(tx, domain_id).await?;
                    let group = table.find(&unit_domain, &pattern)?;
                    let last = table.describe(&scope, &unit_domain, group);
                    tx.delete_resource_tags(arn.as_str()).await?;
                    tx.delete_package_group(table.groups.value(group).id)
                        .await?;
                    tx.advance_package_group_revision(domain_id).await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok((domain_id, last))
                })
            })
            .await;
        let (domain_id, last) = deleted?;
        self.stamps.graph_changed(domain_id);
        Ok(last)
    }

    /// A domain's package groups whose patterns begin with a text, in order of pattern. A page's key is the pattern.
    pub async fn list_package_groups(
        &self,
        domain: &DomainRef,
        prefix: &str,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<PackageGroup>> {
        let (_, _, table) = self.fresh_group_table(domain).await?;
        let found = table.groups.starting_with(prefix, after.unwrap_or(""));
        let found = found.take(limit.rows() + 1).collect();
        Ok(page_of(&table, self.scope(), domain, found, limit))
    }

    /// The groups directly below a package group, in order of pattern. A page's key is the pattern.
    pub async fn list_sub_package_groups(
        &self,
        domain: &DomainRef,
        pattern: &PackageGroupPattern,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<PackageGroup>> {
        let (_, _, table) = self.fresh_group_table(domain).await?;
        let children = table.groups.children(table.find(domain, pattern)?);
        let after = after.unwrap_or("");
        let from = children.partition_point(|index| table.groups.pattern(*index).as_str() <= after);
        let found = children[from..].iter().copied().take(limit.rows() + 1);
        Ok(page_of(
            &table,
            self.scope(),
            domain,
            found.collect(),
            limit,
        ))
    }

    /// Runs a change of one group in a transaction and answers with the group after it and what else the unit gives.
    pub(crate) async fn change_groups<T, F>(
        &self,
        domain: &DomainRef,
        unit: F,
    ) -> Result<(PackageGroup, T)>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(
                &'t mut store::Tx,
                &'t DomainRef,
                i64,
            ) -> BoxFuture<'t, Result<(PackageGroupPattern, T), Failure>>
            + Send
            + 'static,
    {
        let (domain, scope) = (domain.clone(), self.scope().clone());
        let changed: Result<(i64, PackageGroup, T), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain_id = find_locked_domain(tx, &domain).await?;
                    let (pattern, more) = unit(tx, &domain, domain_id).await?;
                    tx.advance_package_group_revision(domain_id).await?;
                    let table = GroupTable::read(tx, domain_id).await?;
                    let group = table.find(&domain, &pattern)?;
                    Ok((domain_id, table.describe(&scope, &domain, group), more))
                })
            })
            .await;
        let (domain_id, group, more) = changed?;
        self.stamps.graph_changed(domain_id);
        Ok((group, more))
    }
}

fn page_of(
    table: &Arc<GroupTable>,
    scope: &ArnScope,
    domain: &DomainRef,
    found: Vec<usize>,
    limit: PageLimit,
) -> Page<PackageGroup> {
    let key = |index: &usize| table.groups.pattern(*index).to_string();
    Page::from_rows(found, limit, key).map(|index| table.describe(scope, domain, index))
}
