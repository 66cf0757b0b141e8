//! Disposing of versions (API reference, DisposePackageVersions): the assets go, the version's number stays taken.
//! Rows go now; bytes that nothing refers to go with a sweep.

use model::{
    Change, ChangeKind, DomainRef, PackageCoordinates, PackageVersionStatus, RepositoryName,
    Result, VersionOutcome,
};
use store::{PackageVersionRow, Tx};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::packages::parse_version;
use crate::version_batch::{BatchRequest, ChangeOne, VersionSelection};
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
        let template = change(ChangeKind::VersionDisposed, self.now(), caller)
            .in_repository(repository)
            .of_package(package);
        let request = BatchRequest {
            domain,
            repository,
            package,
            selection,
            target: PackageVersionStatus::Disposed,
        };
        let dispose_one: ChangeOne = Box::new(move |tx, domain_id, found| {
            Box::pin(dispose_one(tx, domain_id, found, template.clone()))
        });
        self.run_batch(request, dispose_one).await
    }
}

/// Takes a version's assets and readme away, and notes it.
async fn dispose_one(
    tx: &mut Tx,
    domain_id: i64,
    found: &PackageVersionRow,
    template: Change,
) -> Result<(), Failure> {
    let target = PackageVersionStatus::Disposed;
    if found.status()? == target {
        return Ok(());
    }
    let assets = take_away(tx, domain_id, found).await?;
    let event = VersionEvent {
        assets_removed: assets.len(),
        status_changed: true,
        ..VersionEvent::updated(target, &found.revision)
    };
    let detail = serde_json::json!({ "from": found.status, "assets": assets });
    let entry = template
        .of_version(&parse_version(&found.version)?)
        .with_event(detail, &event);
    tx.append_change(domain_id, &entry).await?;
    Ok(())
}

/// Takes a version's assets and readme away; gives the names of the assets.
async fn take_away(
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
