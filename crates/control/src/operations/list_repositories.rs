//! ListRepositories: the repositories that the caller's account administers, in every domain.

use model::Result;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::RepositoryPage;

pub(crate) struct ListRepositories;

pub(crate) struct Input {
    prefix: String,
    page: Cursor,
}

impl Operation for ListRepositories {
    const NAME: &'static str = "ListRepositories";
    const ROUTE: Route = post("/v1/repositories");
    type Input = Input;
    type Output = RepositoryPage;

    fn read(p: &mut Params) -> Read<Input> {
        let prefix = p.repository_prefix();
        let page = p.page(Place::Query, 50);
        Ok(Input {
            prefix: prefix?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<RepositoryPage> {
        ctx.allow::<Self>(Resource::Any).await?;
        let Input {
            prefix,
            page: cursor,
        } = input;
        let after = cursor.after.as_deref();
        let account = ctx.caller.account();
        let page = ctx
            .catalog
            .list_repositories(account, &prefix, after, cursor.limit)
            .await?;
        Ok(RepositoryPage::of(page, &cursor))
    }
}
