//! DeletePackageGroup: deletes a package group.

use model::{DomainRef, PackageGroupPattern, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::PackageGroupDescription;

pub(crate) struct DeletePackageGroup;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_group: PackageGroupDescription,
}

impl Operation for DeletePackageGroup {
    const NAME: &'static str = "DeletePackageGroup";
    const ROUTE: Route = delete("/v1/package-group");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Query);
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, pattern } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let group = ctx
            .catalog
            .delete_package_group(&ctx.caller, &domain, &pattern)
            .await?;
        Ok(Output {
            package_group: (&group).into(),
        })
    }
}
