//! Setting the status of versions (API reference, UpdatePackageVersionsStatus). Disposing and deleting are calls of
//! their own.

use model::{
    Change, ChangeKind, DomainRef, Error, InvalidReason, PackageCoordinates, PackageVersionStatus,
    RepositoryName, Result, VersionOutcome,
};
use store::{PackageVersionRow, Tx};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::packages::parse_version;
use crate::version_batch::{BatchRequest, ChangeOne, VersionSelection};
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
        let template = change(ChangeKind::VersionStatusUpdated, self.now(), caller)
            .in_repository(repository)
            .of_package(package);
        let request = BatchRequest {
            domain,
            repository,
            package,
            selection,
            target,
        };
        let set_one: ChangeOne = Box::new(move |tx, domain_id, found| {
            Box::pin(set_status(tx, domain_id, found, target, template.clone()))
        });
        self.run_batch(request, set_one).await
    }
}

async fn set_status(
    tx: &mut Tx,
    domain_id: i64,
    found: &PackageVersionRow,
    target: PackageVersionStatus,
    template: Change,
) -> Result<(), Failure> {
    let before = found.status()?;
    if before == target {
        return Ok(());
    }
    tx.update_version_status(found.id, target).await?;
    let event = VersionEvent {
        status_changed: true,
        ..VersionEvent::updated(target, &found.revision)
    };
    let detail = serde_json::json!({ "from": before.as_str(), "to": target.as_str() });
    let entry = template
        .of_version(&parse_version(&found.version)?)
        .with_event(detail, &event);
    tx.append_change(domain_id, &entry).await?;
    Ok(())
}
