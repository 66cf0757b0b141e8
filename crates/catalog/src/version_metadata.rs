//! Changes to what is said of a version, its assets untouched (npm's deprecation).

use model::{ChangeKind, Error, PackageCoordinates, PageLimit, Result, VersionName};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_store};
use crate::packages::{asset_from_row, parse_version};
use crate::publish::revision_of;
use crate::resolve::package_not_found;
use crate::storable_text::storable;
use crate::{Catalog, Grant};

/// Decides what a version's metadata becomes: the new JSON, or `None` to leave it.
pub type MetadataEdit = Box<dyn Fn(&VersionName, &str) -> Result<Option<String>> + Send + Sync>;

impl Catalog {
    /// Applies an edit to every version that the repository itself holds; returns how many changed. Each changed
    /// version gets a new revision.
    pub async fn edit_metadata(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        edit: MetadataEdit,
    ) -> Result<usize> {
        let rules = self.rules(package.format)?;
        let view = grant.view();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(|| package_not_found(package))?;
        let mut edits = Vec::new();
        for found in reader
            .list_version_metadata(row.id)
            .await
            .map_err(from_store)?
        {
            let name = parse_version(&found.version.version)?;
            if let Some(metadata) = edit(&name, &found.metadata)? {
                let metadata = storable(metadata);
                let rows = reader
                    .list_assets(found.version.id, "", PageLimit::MAX)
                    .await
                    .map_err(from_store)?;
                let assets: Result<Vec<_>> = rows.iter().map(asset_from_row).collect();
                let revision = revision_of(
                    assets?.iter().map(|asset| (&asset.name, &asset.digests)),
                    &metadata,
                );
                edits.push((found.version, name, metadata, revision));
            }
        }
        drop(reader);
        let count = edits.len();
        if count == 0 {
            return Ok(0);
        }
        let template = change(
            ChangeKind::VersionMetadataUpdated,
            self.now(),
            grant.caller(),
        )
        .in_repository(&view.home().name)
        .of_package(package);
        let domain_id = view.domain_id;
        let unit_package = package.clone();
        let written: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    for (before, name, metadata, revision) in edits {
                        let now = tx.find_version(before.package_id, &rules.version_key(&name)).await?;
                        if now.is_none_or(|now| now.id != before.id || now.revision != before.revision) {
                            let message =
                                format!("Version {name} of package '{unit_package}' was changed meanwhile. Try again.");
                            let kind = model::ResourceType::PackageVersion;
                            return Err(Error::conflict(kind, name.as_str(), message).into());
                        }
                        tx.update_version_metadata(before.id, &metadata, &revision).await?;
                        let event = VersionEvent {
                            metadata_updated: true,
                            ..VersionEvent::updated(before.status()?, &revision)
                        };
                        let entry = template.clone().of_version(&name).with_event(
                            serde_json::json!({ "revision": revision, "metadata": metadata }),
                            &event,
                        );
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        written?;
        self.stamps.package_changed(domain_id, package);
        Ok(count)
    }
}
