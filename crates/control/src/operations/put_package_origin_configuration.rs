//! PutPackageOriginConfiguration: how versions of a package may come into a repository.

use model::{DomainRef, OriginRestrictions, PackageCoordinates, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::PackageOriginConfiguration;

pub(crate) struct PutPackageOriginConfiguration;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    restrictions: OriginRestrictions,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    origin_configuration: PackageOriginConfiguration,
}

impl Operation for PutPackageOriginConfiguration {
    const NAME: &'static str = "PutPackageOriginConfiguration";
    const ROUTE: Route = post("/v1/package");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let restrictions = p.origin_restrictions();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            restrictions: restrictions?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            restrictions,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        ctx.catalog
            .put_package_origin(&ctx.caller, &domain, &repository, &package, restrictions)
            .await?;
        Ok(Output {
            origin_configuration: restrictions.into(),
        })
    }
}
