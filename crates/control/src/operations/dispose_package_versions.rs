//! DisposePackageVersions: takes the assets of versions away for good, and keeps their numbers taken.

use catalog::VersionSelection;
use model::{DomainRef, PackageCoordinates, RepositoryName, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::VersionOutcomeMaps;

pub(crate) struct DisposePackageVersions;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    selection: VersionSelection,
}

impl Operation for DisposePackageVersions {
    const NAME: &'static str = "DisposePackageVersions";
    const ROUTE: Route = post("/v1/package/versions/dispose");
    type Input = Input;
    type Output = VersionOutcomeMaps;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let selection = p.versions_with_revisions(&package);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            selection: selection?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<VersionOutcomeMaps> {
        let Input {
            domain,
            repository,
            package,
            selection,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let outcome = ctx
            .catalog
            .dispose_package_versions(&ctx.caller, &domain, &repository, &package, selection)
            .await?;
        Ok(outcome.into())
    }
}
