//! ListSubPackageGroups: the package groups directly below one.

use model::{DomainRef, PackageGroupPattern, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::PackageGroupPage;

pub(crate) struct ListSubPackageGroups;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
    page: Cursor,
}

impl Operation for ListSubPackageGroups {
    const NAME: &'static str = "ListSubPackageGroups";
    const ROUTE: Route = post("/v1/package-groups/sub-groups");
    type Input = Input;
    type Output = PackageGroupPage;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Query);
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<PackageGroupPage> {
        let Input {
            domain,
            pattern,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_sub_package_groups(&domain, &pattern, after, limit)
            .await?;
        Ok(PackageGroupPage::of(page, &cursor))
    }
}
