//! Deleting versions, as `npm unpublish` asks for it. Rows go now; bytes that nothing refers to go with a sweep.

use model::{ChangeKind, PackageCoordinates, PackageVersionStatus, PageLimit, Result, VersionName};
use store::Tx;

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_store};
use crate::packages::{parse_version, version_not_found};
use crate::resolve::package_not_found;
use crate::{Catalog, Grant};

impl Catalog {
    /// Deletes one version from the repository. Its number is free again.
    pub async fn delete_version(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
    ) -> Result<()> {
        self.delete_versions(grant, package, vec![version.clone()])
            .await
    }

    /// Deletes every version of a package from the repository. The package's record stays, and with it its origin
    /// controls: a public package of the same name does not slip in where an internal one was.
    pub async fn delete_all_versions(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
    ) -> Result<()> {
        let versions = self.list_own_versions(grant, package).await?;
        self.delete_versions(grant, package, versions).await
    }

    /// The versions that the repository itself holds.
    pub async fn list_own_versions(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
    ) -> Result<Vec<VersionName>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(grant.view().home().id, package)
            .await
            .map_err(from_store)?;
        let row = row.ok_or_else(|| package_not_found(package))?;
        let rows = reader
            .list_version_metadata(row.id)
            .await
            .map_err(from_store)?;
        rows.iter()
            .map(|row| parse_version(&row.version.version))
            .collect()
    }

    /// Deletes some versions from the repository: all of them, or none when one is not there.
    pub async fn delete_versions(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        versions: Vec<VersionName>,
    ) -> Result<()> {
        let view = grant.view();
        let template = change(ChangeKind::VersionDeleted, self.now(), grant.caller())
            .in_repository(&view.home().name)
            .of_package(package);
        let default_tag = self.rules(package.format)?.default_tag();
        let (domain_id, home_id) = (view.domain_id, view.home().id);
        let unit_package = package.clone();
        let deleted: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row = row.ok_or_else(|| package_not_found(&unit_package))?;
                    for version in &versions {
                        let (status, revision, assets) =
                            delete_one(tx, domain_id, row.id, &unit_package, version, default_tag)
                                .await?;
                        let entry = template.clone().of_version(version).with_event(
                            serde_json::json!({ "revision": revision }),
                            &VersionEvent::deleted(status, &revision, assets),
                        );
                        tx.append_change(domain_id, &entry).await?;
                    }
                    Ok(())
                })
            })
            .await;
        deleted?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }
}

/// Deletes a version with its assets and tags; gives its last status and revision, and how many assets it had. The
/// default tag moves to the newest of the versions that are left, since clients do not work without it.
async fn delete_one(
    tx: &mut Tx,
    domain_id: i64,
    package_id: i64,
    package: &PackageCoordinates,
    version: &VersionName,
    default_tag: Option<&str>,
) -> Result<(PackageVersionStatus, String, usize), Failure> {
    let found = tx.find_version(package_id, version.as_str()).await?;
    let found = found.ok_or_else(|| version_not_found(package, version))?;
    let assets = tx.list_assets(found.id, "", PageLimit::MAX).await?;
    for asset in &assets {
        tx.drop_asset_reference(domain_id, asset).await?;
    }
    tx.delete_version(found.id).await?;
    let tags = tx
        .delete_tags_of_version(package_id, version.as_str())
        .await?;
    if let Some(tag) = default_tag
        && tags.iter().any(|removed| removed == tag)
        && let Some(newest) = tx.find_newest_version(package_id).await?
    {
        tx.upsert_package_tag(package_id, tag, &parse_version(&newest.version)?)
            .await?;
    }
    Ok((found.status()?, found.revision, assets.len()))
}
