//! DeletePackage: deletes a package from a repository, with all that belongs to it there.

use model::{DomainRef, PackageCoordinates, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::PackageSummary;

pub(crate) struct DeletePackage;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    deleted_package: PackageSummary,
}

impl Operation for DeletePackage {
    const NAME: &'static str = "DeletePackage";
    const ROUTE: Route = delete("/v1/package");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let deleted = ctx
            .catalog
            .delete_package(&ctx.caller, &domain, &repository, &package)
            .await?;
        Ok(Output {
            deleted_package: PackageSummary::from(&deleted),
        })
    }
}
