//! Setting the status of versions (API reference, UpdatePackageVersionsStatus). Disposing and deleting are calls of
//! their own.

use model::{
    ChangeKind, DomainRef, Error, InvalidReason, PackageCoordinates, PackageVersionStatus,
    RepositoryName, Result, SuccessfulVersion, VersionOutcome,
};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::packages::package_not_in_repository;
use crate::version_batch::{VersionSelection, choose};
use crate::{Caller, Catalog};

impl Catalog {
    /// Gives versions of a package a status: `Published`, `Unlisted` or `Archived`. Their revisions stay. A version
    /// that has the status already is a success without a change.
    pub async fn update_package_versions_status(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        selection: VersionSelection,
        target: PackageVersionStatus,
    ) -> Result<VersionOutcome> {
        if !PackageVersionStatus::SET_BY_CALL.contains(&target) {
            let message = format!(
                "The status of a version can be set to Archived, Published or Unlisted, not to {target}."
            );
            return Err(Error::invalid(InvalidReason::FieldValidation, message));
        }
        let view = self.repository_view(domain, repository).await?;
        let template = change(ChangeKind::VersionStatusUpdated, self.now(), caller)
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
                    let chosen = match choose(tx, rules, row.id, &selection, target).await? {
                        Ok(chosen) => chosen,
                        Err(refused) => return Ok(refused),
                    };
                    let mut outcome = VersionOutcome::default();
                    for (version, found) in chosen {
                        let before = found.status()?;
                        if before != target {
                            tx.update_version_status(found.id, target).await?;
                            let event = VersionEvent {
                                status_changed: true,
                                ..VersionEvent::updated(target, &found.revision)
                            };
                            let entry = template.clone().of_version(&version).with_event(
                                serde_json::json!({ "from": before.as_str(), "to": target.as_str() }),
                                &event,
                            );
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
