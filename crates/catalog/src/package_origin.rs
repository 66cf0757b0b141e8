//! A package's origin controls, as PutPackageOriginConfiguration sets them (user guide, "Package origin controls").

use model::{
    ChangeKind, DomainRef, OriginRestrictions, PackageCoordinates, RepositoryName, Result,
};
use serde_json::{Value, json};

use crate::change_log::{ChangeDetails, change};
use crate::failure::Failure;
use crate::repository_view::repository_not_found;
use crate::{Caller, Catalog};

impl Catalog {
    /// Sets both switches of a package in one repository. A package that is not there yet gets an empty record, so that
    /// the switches stand before its first version comes.
    pub async fn put_package_origin(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: &PackageCoordinates,
        restrictions: OriginRestrictions,
    ) -> Result<()> {
        let view = self.repository_view(domain, repository).await?;
        let now = self.now();
        let entry = change(ChangeKind::PackageOriginUpdated, now, caller)
            .in_repository(repository)
            .of_package(package);
        let (domain_id, home_id) = (view.domain_id, view.home().id);
        let (domain, repository, unit_package) =
            (domain.clone(), repository.clone(), package.clone());
        let written: Result<bool, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    if tx.find_repository_by_id(home_id).await?.is_none() {
                        return Err(repository_not_found(&domain, &repository).into());
                    }
                    let before = tx.find_package(home_id, &unit_package).await?;
                    let before = before.map(|row| (row.id, row.restrictions()));
                    match before {
                        Some((_, old)) if old == restrictions => return Ok(false),
                        Some((id, _)) => tx.update_package_restrictions(id, restrictions).await?,
                        None => {
                            tx.ensure_package(home_id, &unit_package, restrictions, now)
                                .await?;
                        }
                    }
                    let detail = json!({
                        "old": before.map(|(_, old)| switches(old)), "new": switches(restrictions),
                    });
                    tx.append_change(domain_id, &entry.with(&detail)).await?;
                    Ok(true)
                })
            })
            .await;
        if written? {
            self.stamps.package_changed(domain_id, package);
        }
        Ok(())
    }
}

/// The switches as the change log keeps them.
fn switches(restrictions: OriginRestrictions) -> Value {
    json!({
        "publish": restrictions.publish.as_str(), "upstream": restrictions.upstream.as_str(),
    })
}
