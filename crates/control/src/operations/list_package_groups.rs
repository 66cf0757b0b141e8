//! ListPackageGroups: the package groups of a domain.

use model::{DomainRef, PatternPrefix, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::PackageGroupPage;

pub(crate) struct ListPackageGroups;

pub(crate) struct Input {
    domain: DomainRef,
    prefix: PatternPrefix,
    page: Cursor,
}

impl Operation for ListPackageGroups {
    const NAME: &'static str = "ListPackageGroups";
    const ROUTE: Route = post("/v1/package-groups");
    type Input = Input;
    type Output = PackageGroupPage;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let prefix = p.optional(query("prefix"), PatternPrefix::parse);
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            prefix: prefix?.unwrap_or_default(),
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<PackageGroupPage> {
        let Input {
            domain,
            prefix,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_package_groups(&domain, prefix.as_str(), after, limit)
            .await?;
        Ok(PackageGroupPage::of(page, &cursor))
    }
}
