//! Tags of domains, repositories and package groups: put on, taken off, listed.
//! Public document: <https://docs.aws.amazon.com/codeartifact/latest/ug/tags.html>.

use model::{Change, ChangeKind, Error, ResourceType, Result, TaggableResource};
use store::Connection;

use crate::change_log::{ChangeDetails, change};
use crate::connections::find_locked_domain;
use crate::failure::{Failure, from_store};
use crate::repository_view::{domain_not_found, repository_not_found};
use crate::tags::check_tags;
use crate::{Caller, Catalog};

impl Catalog {
    /// Adds tags to a resource, or replaces their values.
    pub async fn tag_resource(
        &self,
        caller: &Caller,
        resource: &TaggableResource,
        tags: Vec<(String, String)>,
    ) -> Result<()> {
        let (kind, id) = named(resource);
        let limit = self.settings.quotas.tags_per_resource;
        check_tags(&tags, limit, kind, id)?;
        let entry = self.tag_change(ChangeKind::ResourceTagged, caller, resource);
        let (unit_resource, arn) = (resource.clone(), resource.arn(self.scope()));
        let tagged: Result<i64, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain_id = find_locked_domain(tx, unit_resource.domain()).await?;
                    find_resource(tx, domain_id, &unit_resource).await?;
                    let present = tx.list_resource_tags(arn.as_str()).await?;
                    let is_new = |key: &String| present.iter().all(|(known, _)| known != key);
                    let count =
                        present.len() + tags.iter().filter(|(key, _)| is_new(key)).count();
                    if count > limit {
                        let (kind, id) = named(&unit_resource);
                        let message = format!(
                            "A resource can have at most {limit} tags, and '{id}' would have {count}."
                        );
                        return Err(Error::quota_exceeded(kind, id, message).into());
                    }
                    for (key, value) in &tags {
                        tx.upsert_resource_tag(arn.as_str(), key, value).await?;
                    }
                    let set: serde_json::Map<_, _> = tags
                        .into_iter()
                        .map(|(key, value)| (key, value.into()))
                        .collect();
                    let detail = serde_json::json!({ "resource": arn.as_str(), "tags": set });
                    tx.append_change(domain_id, &entry.with(&detail)).await?;
                    Ok(domain_id)
                })
            })
            .await;
        self.stamps.graph_changed(tagged?);
        Ok(())
    }

    /// Takes tags off a resource. Those that it does not have are no error.
    pub async fn untag_resource(
        &self,
        caller: &Caller,
        resource: &TaggableResource,
        keys: Vec<String>,
    ) -> Result<()> {
        let entry = self.tag_change(ChangeKind::ResourceUntagged, caller, resource);
        let (unit_resource, arn) = (resource.clone(), resource.arn(self.scope()));
        let untagged: Result<i64, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain_id = find_locked_domain(tx, unit_resource.domain()).await?;
                    find_resource(tx, domain_id, &unit_resource).await?;
                    for key in &keys {
                        tx.delete_resource_tag(arn.as_str(), key).await?;
                    }
                    let detail = serde_json::json!({ "resource": arn.as_str(), "tagKeys": keys });
                    tx.append_change(domain_id, &entry.with(&detail)).await?;
                    Ok(domain_id)
                })
            })
            .await;
        self.stamps.graph_changed(untagged?);
        Ok(())
    }

    /// A resource's tags, in order of key.
    pub async fn list_tags_of_resource(
        &self,
        resource: &TaggableResource,
    ) -> Result<Vec<(String, String)>> {
        let domain = resource.domain();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader.find_domain(&domain.owner, &domain.name).await;
        let found = found.map_err(from_store)?;
        let found = found.ok_or_else(|| domain_not_found(domain))?;
        find_resource(&mut reader, found.id, resource).await?;
        let arn = resource.arn(self.scope());
        let tags = reader.list_resource_tags(arn.as_str()).await;
        tags.map_err(from_store)
    }

    fn tag_change(&self, kind: ChangeKind, caller: &Caller, resource: &TaggableResource) -> Change {
        let entry = change(kind, self.now(), caller);
        match resource {
            TaggableResource::Repository(_, repository) => entry.in_repository(repository),
            TaggableResource::Domain(_) | TaggableResource::PackageGroup(..) => entry,
        }
    }
}

/// What errors call a resource. They have no word for a package group: it is told by its domain.
fn named(resource: &TaggableResource) -> (ResourceType, &str) {
    match resource {
        TaggableResource::Domain(domain) => (ResourceType::Domain, domain.name.as_str()),
        TaggableResource::Repository(_, name) => (ResourceType::Repository, name.as_str()),
        TaggableResource::PackageGroup(domain, _) => (ResourceType::Domain, domain.name.as_str()),
    }
}

/// Refuses a resource that is not in a domain that is there.
async fn find_resource(
    connection: &mut Connection,
    domain_id: i64,
    resource: &TaggableResource,
) -> Result<(), Failure> {
    match resource {
        TaggableResource::Domain(_) => Ok(()),
        TaggableResource::Repository(domain, name) => {
            let row = connection.find_repository(domain_id, name).await?;
            row.ok_or_else(|| repository_not_found(domain, name))?;
            Ok(())
        }
        TaggableResource::PackageGroup(domain, pattern) => {
            if connection
                .find_package_group(domain_id, pattern)
                .await?
                .is_some()
            {
                return Ok(());
            }
            let message = format!(
                "Package group not found. Package group '{pattern}' does not exist in domain '{}'.",
                domain.name
            );
            let (kind, id) = named(resource);
            Err(Error::not_found(kind, id, message).into())
        }
    }
}
