//! GetAssociatedPackageGroup: the package group that a package belongs to. The package need not exist.

use model::{DomainRef, ErrorKind, PackageCoordinates, PackageGroupPattern, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::PackageGroupDescription;

pub(crate) struct GetAssociatedPackageGroup;

pub(crate) struct Input {
    domain: DomainRef,
    package: PackageCoordinates,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_group: PackageGroupDescription,
    association_type: &'static str,
}

impl Operation for GetAssociatedPackageGroup {
    const NAME: &'static str = "GetAssociatedPackageGroup";
    const ROUTE: Route = get("/v1/get-associated-package-group");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let package = p.package();
        Ok(Input {
            domain: domain?,
            package: package?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, package } = input;
        let found = ctx
            .catalog
            .get_associated_package_group(&domain, &package)
            .await;
        // The right is one on the group that was found. Whoever has it neither there nor at the root is not told which
        // group that is, or that there is such a domain.
        let root = PackageGroupPattern::root();
        let pattern = found.as_ref().map_or(&root, |(group, _)| &group.pattern);
        if let Err(denied) = ctx
            .allow::<Self>(Resource::PackageGroup(&domain, pattern))
            .await
        {
            if denied.kind == ErrorKind::AccessDenied {
                ctx.allow::<Self>(Resource::PackageGroup(&domain, &root))
                    .await?;
            }
            return Err(denied);
        }
        let (group, kind) = found?;
        Ok(Output {
            package_group: (&group).into(),
            association_type: kind.as_str(),
        })
    }
}
