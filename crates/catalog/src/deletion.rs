//! Deleting versions and packages: DeletePackageVersions and DeletePackage of the API, and `npm unpublish`. Rows go
//! now; bytes that nothing refers to go with a sweep.

use model::{
    Change, ChangeKind, DomainRef, Package, PackageCoordinates, PackageVersionStatus, PageLimit,
    RepositoryName, Result, VersionName, VersionOutcome,
};
use store::{PackageVersionRow, Tx, VersionFilter};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::{Failure, from_store};
use crate::packages::{package_not_in_repository, parse_version, version_not_found};
use crate::resolve::package_not_found;
use crate::version_batch::{BatchRequest, ChangeOne, VersionSelection};
use crate::{Caller, Catalog, Grant};

impl Catalog {
    /// Deletes versions of a package, whatever their status. Their numbers are free again.
    pub async fn delete_package_versions(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        selection: VersionSelection,
    ) -> Result<VersionOutcome> {
        let template = change(ChangeKind::VersionDeleted, self.now(), caller)
            .in_repository(repository)
            .of_package(package);
        let default_tag = self.rules(package.format)?.default_tag();
        let request = BatchRequest {
            domain,
            repository,
            package,
            selection,
            target: PackageVersionStatus::Deleted,
        };
        let delete_one: ChangeOne = Box::new(move |tx, domain_id, found| {
            Box::pin(delete_one(
                tx,
                domain_id,
                found,
                default_tag,
                template.clone(),
            ))
        });
        self.run_batch(request, delete_one).await
    }

    /// Deletes a package from a repository: its versions of every status, its tags, its origin controls, and what a
    /// public source said of it. The next version that arrives decides anew what the package is.
    pub async fn delete_package(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
    ) -> Result<Package> {
        let view = self.repository_view(domain, repository).await?;
        let of_kind = |kind| {
            change(kind, self.now(), caller)
                .in_repository(repository)
                .of_package(package)
        };
        let (of_version, of_package) = (
            of_kind(ChangeKind::VersionDeleted),
            of_kind(ChangeKind::PackageDeleted),
        );
        let (domain_id, home_id, unit_package) = (view.domain_id, view.home().id, package.clone());
        let deleted: Result<_, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row =
                        row.ok_or_else(|| package_not_in_repository(home_id, &unit_package))?;
                    loop {
                        let versions = tx
                            .list_versions_by_name(
                                row.id,
                                "",
                                VersionFilter::default(),
                                PageLimit::MAX,
                            )
                            .await?;
                        if versions.is_empty() {
                            break;
                        }
                        for found in versions {
                            let version = parse_version(&found.version)?;
                            let event = delete_rows(tx, domain_id, &found).await?;
                            let detail = serde_json::json!({ "revision": found.revision });
                            let entry = of_version
                                .clone()
                                .of_version(&version)
                                .with_event(detail, &event);
                            tx.append_change(domain_id, &entry).await?;
                        }
                    }
                    tx.delete_package(row.id).await?;
                    tx.delete_source_document(home_id, &unit_package).await?;
                    let restrictions = row.restrictions();
                    let entry = of_package.with(&serde_json::json!({
                        "publish": restrictions.publish.as_str(), "upstream": restrictions.upstream.as_str(),
                    }));
                    tx.append_change(domain_id, &entry).await?;
                    Ok(row)
                })
            })
            .await;
        let row = deleted?;
        self.stamps.package_changed(domain_id, package);
        self.package_from_row(&row)
    }
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
        let rules = self.rules(package.format)?;
        let default_tag = rules.default_tag();
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
                        let found = tx.find_version(row.id, &rules.version_key(version)).await?;
                        let found =
                            found.ok_or_else(|| version_not_found(&unit_package, version))?;
                        delete_one(tx, domain_id, &found, default_tag, template.clone()).await?;
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

/// Deletes a version with its assets and tags, and notes it. The default tag moves to the newest of the versions that
/// are left, since clients do not work without it.
async fn delete_one(
    tx: &mut Tx,
    domain_id: i64,
    found: &PackageVersionRow,
    default_tag: Option<&str>,
    template: Change,
) -> Result<(), Failure> {
    let version = parse_version(&found.version)?;
    let event = delete_rows(tx, domain_id, found).await?;
    let mut tags = tx
        .delete_tags_of_version(found.package_id, version.as_str())
        .await?;
    tags.sort_unstable();
    let mut detail = serde_json::json!({ "revision": found.revision, "tags": tags });
    if let Some(tag) = default_tag
        && tags.iter().any(|removed| removed == tag)
        && let Some(newest) = tx.find_newest_version(found.package_id).await?
    {
        tx.upsert_package_tag(found.package_id, tag, &parse_version(&newest.version)?)
            .await?;
        detail["moved"] = serde_json::json!({ "tag": tag, "version": newest.version });
    }
    let entry = template.of_version(&version).with_event(detail, &event);
    tx.append_change(domain_id, &entry).await?;
    Ok(())
}

/// Deletes the rows of a version and of its assets.
async fn delete_rows<'v>(
    tx: &mut Tx,
    domain_id: i64,
    found: &'v PackageVersionRow,
) -> Result<VersionEvent<'v>, Failure> {
    let assets = tx.delete_assets_of_version(domain_id, found.id).await?;
    tx.delete_version(found.id).await?;
    Ok(VersionEvent::deleted(
        found.status()?,
        &found.revision,
        assets.len(),
    ))
}
