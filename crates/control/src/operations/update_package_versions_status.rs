//! UpdatePackageVersionsStatus: publishes, unlists or archives versions.

use catalog::VersionSelection;
use model::{DomainRef, PackageCoordinates, PackageVersionStatus, RepositoryName, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::body;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::protocol::shared_members::one_of;
use crate::shapes::VersionOutcomeMaps;

pub(crate) struct UpdatePackageVersionsStatus;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    selection: VersionSelection,
    target: PackageVersionStatus,
}

impl Operation for UpdatePackageVersionsStatus {
    const NAME: &'static str = "UpdatePackageVersionsStatus";
    const ROUTE: Route = post("/v1/package/versions/update_status");
    type Input = Input;
    type Output = VersionOutcomeMaps;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let selection = p.versions_with_revisions(&package);
        let words = PackageVersionStatus::SET_BY_CALL.map(PackageVersionStatus::as_str);
        let known = |text: &str| {
            let status = PackageVersionStatus::parse(text)?;
            PackageVersionStatus::SET_BY_CALL
                .contains(&status)
                .then_some(status)
        };
        let target = p.required(body("targetStatus"), one_of(known, words));
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            selection: selection?,
            target: target?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<VersionOutcomeMaps> {
        let Input {
            domain,
            repository,
            package,
            selection,
            target,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let outcome = ctx
            .catalog
            .update_package_versions_status(
                &ctx.caller,
                &domain,
                &repository,
                &package,
                selection,
                target,
            )
            .await?;
        Ok(outcome.into())
    }
}
