//! ListAllowedRepositoriesForGroup: the repositories on the list of one of a package group's restrictions.

use model::{DomainRef, GroupRestrictionType, PackageGroupPattern, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::protocol::shared_members::one_of;

pub(crate) struct ListAllowedRepositoriesForGroup;

pub(crate) struct Input {
    domain: DomainRef,
    pattern: PackageGroupPattern,
    restriction: GroupRestrictionType,
    page: Cursor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    allowed_repositories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListAllowedRepositoriesForGroup {
    const NAME: &'static str = "ListAllowedRepositoriesForGroup";
    const ROUTE: Route = get("/v1/package-group-allowed-repositories");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let pattern = p.package_group(Place::Query);
        let words = GroupRestrictionType::ALL.map(GroupRestrictionType::as_str);
        let restriction = p.required(
            query("originRestrictionType"),
            one_of(GroupRestrictionType::parse, words),
        );
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            pattern: pattern?,
            restriction: restriction?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            pattern,
            restriction,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::PackageGroup(&domain, &pattern))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_allowed_repositories(&domain, &pattern, restriction, after, limit)
            .await?;
        Ok(Output {
            allowed_repositories: page.items.iter().map(RepositoryName::to_string).collect(),
            next_token: cursor.next_token(page.next),
        })
    }
}
