//! UpdatePackageGroup: changes what people wrote about a package group.

use catalog::PackageGroupChanges;
use model::{DomainRef, PackageGroupPattern, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, put};
use crate::shapes::PackageGroupDescription;

pub(crate) struct UpdatePackageGroup;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
    changes: PackageGroupChanges,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_group: PackageGroupDescription,
}

impl Operation for UpdatePackageGroup {
    const NAME: &'static str = "UpdatePackageGroup";
    const ROUTE: Route = put("/v1/package-group");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Body);
        let contact_info = p.contact_info();
        let description = p.description();
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
            changes: PackageGroupChanges {
                contact_info: contact_info?,
                description: description?,
            },
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            pattern,
            changes,
        } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let group = ctx
            .catalog
            .update_package_group(&ctx.caller, &domain, &pattern, changes)
            .await?;
        Ok(Output {
            package_group: (&group).into(),
        })
    }
}
