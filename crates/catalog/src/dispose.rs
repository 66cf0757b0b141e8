//! Disposing of versions (API reference, DisposePackageVersions): the assets go, the version's number stays taken.
//! Rows go now; bytes that nothing refers to go with a sweep.

use model::{
    ChangeKind, DomainRef, PackageCoordinates, PackageVersionStatus, RepositoryName, Result,
    SuccessfulVersion, VersionOutcome,
};
use store::{PackageVersionRow, Tx};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::packages::package_not_in_repository;
use crate::version_batch::{VersionSelection, choose};
use crate::{Caller, Catalog};

impl Catalog {
    /// Disposes of versions of a package. Their revisions stay. A version that was disposed of before is a success
    /// without a change.
    pub async fn dispose_package_versions(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        selection: VersionSelection,
    ) -> Result<VersionOutcome> {
        let view = self.repository_view(domain, repository).await?;
        let template = change(ChangeKind::VersionDisposed, self.now(), caller)
            .in_repository(repository)
            .of_package(package);
        let rules = self.rules(package.format)?;
        let (domain_id, home_id, unit_package) = (view.domain_id, view.home().id, package.clone());
        let written: Result<VersionOutcome, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &unit_package).await?;
                    let row =
                        row.ok_or_else(|| package_not_in_repository(home_id, &unit_package))?;
                    let target = PackageVersionStatus::Disposed;
                    let chosen = match choose(tx, rules, row.id, &selection, target).await? {
                        Ok(chosen) => chosen,
                        Err(refused) => return Ok(refused),
                    };
                    let mut outcome = VersionOutcome::default();
                    for (version, found) in chosen {
                        if found.status()? != target {
                            let assets = dispose_one(tx, domain_id, &found).await?;
                            let event = VersionEvent {
                                assets_removed: assets.len(),
                                status_changed: true,
                                ..VersionEvent::updated(target, &found.revision)
                            };
                            let detail =
                                serde_json::json!({ "from": found.status, "assets": assets });
                            let entry = template
                                .clone()
                                .of_version(&version)
                                .with_event(detail, &event);
                            tx.append_change(domain_id, &entry).await?;
                        }
                        let success = SuccessfulVersion {
                            revision: found.revision,
                            status: target,
                        };
                        outcome.successful.insert(version, success);
                    }
                    Ok(outcome)
                })
            })
            .await;
        let outcome = written?;
        self.stamps.package_changed(domain_id, package);
        Ok(outcome)
    }
}

/// Takes a version's assets and readme away; gives the names of the assets.
async fn dispose_one(
    tx: &mut Tx,
    domain_id: i64,
    version: &PackageVersionRow,
) -> Result<Vec<String>, Failure> {
    let assets = tx.delete_assets_of_version(domain_id, version.id).await?;
    tx.delete_version_readme(version.id).await?;
    tx.update_version_status(version.id, PackageVersionStatus::Disposed)
        .await?;
    let mut names: Vec<String> = assets.into_iter().map(|asset| asset.name).collect();
    names.sort_unstable();
    Ok(names)
}
