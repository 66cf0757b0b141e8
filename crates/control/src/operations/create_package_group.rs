//! CreatePackageGroup: makes a package group.

use catalog::{NewPackageGroup, Target};
use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::PackageGroupDescription;

pub(crate) struct CreatePackageGroup;

pub(crate) struct Input {
    domain: DomainRef,
    new: NewPackageGroup,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_group: PackageGroupDescription,
}

impl Operation for CreatePackageGroup {
    const NAME: &'static str = "CreatePackageGroup";
    const ROUTE: Route = post("/v1/package-group");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Body);
        let contact_info = p.contact_info();
        let description = p.description();
        let tags = p.tags();
        Ok(Input {
            domain: domain?,
            new: NewPackageGroup {
                pattern: pattern?,
                contact_info: contact_info?.unwrap_or_default(),
                description: description?.unwrap_or_default(),
                tags: tags?,
            },
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, new } = input;
        let arn = ctx.catalog.package_group_arn(&domain, &new.pattern);
        ctx.allow_creation::<Self>(Target::PackageGroup(&domain, &arn), &new.tags)
            .await?;
        let made = ctx
            .catalog
            .create_package_group(&ctx.caller, &domain, new)
            .await?;
        Ok(Output {
            package_group: (&made).into(),
        })
    }
}
