//! ListRepositoriesInDomain: a domain's repositories, of every administrator or of one.

use model::{AccountId, DomainRef, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query_as};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::RepositoryPage;

pub(crate) struct ListRepositoriesInDomain;

pub(crate) struct Input {
    domain: DomainRef,
    administrator: Option<AccountId>,
    prefix: String,
    page: Cursor,
}

impl Operation for ListRepositoriesInDomain {
    const NAME: &'static str = "ListRepositoriesInDomain";
    const ROUTE: Route = post("/v1/domain/repositories");
    type Input = Input;
    type Output = RepositoryPage;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let member = query_as("administratorAccount", "administrator-account");
        let administrator = p.optional(member, AccountId::parse);
        let prefix = p.repository_prefix();
        let page = p.page(Place::Query, 50);
        Ok(Input {
            domain: domain?,
            administrator: administrator?,
            prefix: prefix?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<RepositoryPage> {
        let Input {
            domain,
            administrator,
            prefix,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let page = ctx
            .catalog
            .list_repositories_in_domain(&domain, administrator.as_ref(), &prefix, after, limit)
            .await?;
        Ok(RepositoryPage::of(page, &cursor))
    }
}
