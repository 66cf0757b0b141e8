//! Tags of packages, as package managers set and remove them.

use model::{ChangeKind, Error, PackageCoordinates, ResourceType, Result, VersionName};

use crate::change_log::{ChangeDetails, change};
use crate::failure::Failure;
use crate::packages::version_not_found;
use crate::resolve::package_not_found;
use crate::{Catalog, Grant};

impl Catalog {
    /// Makes a tag name a version that the repository holds.
    pub async fn set_tag(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        tag: &str,
        version: &VersionName,
    ) -> Result<()> {
        let view = grant.view();
        let entry = change(ChangeKind::TagMoved, self.now(), grant.caller())
            .in_repository(&view.home().name)
            .of_package(package)
            .of_version(version)
            .with(&serde_json::json!({ "tag": tag }));
        let key = self.version_key(package, version)?;
        let (domain_id, home_id) = (view.domain_id, view.home().id);
        let (unit_package, version, tag) = (package.clone(), version.clone(), tag.to_owned());
        let set: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row = row.ok_or_else(|| package_not_found(&unit_package))?;
                    let found = tx.find_version(row.id, &key).await?;
                    if !found.is_some_and(|found| {
                        found.status().is_ok_and(|status| status.is_downloadable())
                    }) {
                        return Err(version_not_found(&unit_package, &version).into());
                    }
                    tx.upsert_package_tag(row.id, &tag, &version).await?;
                    tx.append_change(domain_id, &entry).await?;
                    Ok(())
                })
            })
            .await;
        set?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }

    /// Removes a tag.
    pub async fn remove_tag(
        &self,
        grant: &Grant,
        package: &PackageCoordinates,
        tag: &str,
    ) -> Result<()> {
        let view = grant.view();
        let entry = change(ChangeKind::TagRemoved, self.now(), grant.caller())
            .in_repository(&view.home().name)
            .of_package(package)
            .with(&serde_json::json!({ "tag": tag }));
        let (domain_id, home_id) = (view.domain_id, view.home().id);
        let (unit_package, tag) = (package.clone(), tag.to_owned());
        let removed: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row = row.ok_or_else(|| package_not_found(&unit_package))?;
                    if !tx.delete_package_tag(row.id, &tag).await? {
                        let message = format!(
                            "Package '{unit_package}' has no tag '{tag}' in this repository."
                        );
                        return Err(Error::not_found(
                            ResourceType::Package,
                            unit_package.name.as_str(),
                            message,
                        )
                        .into());
                    }
                    tx.append_change(domain_id, &entry).await?;
                    Ok(())
                })
            })
            .await;
        removed?;
        self.stamps.package_changed(domain_id, package);
        Ok(())
    }
}
