//! ListDomains: the domains of the caller's account. The one list whose paging members are in the body.

use model::Result;
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::{DomainStatus, DomainSummary};

pub(crate) struct ListDomains;

pub(crate) struct Input {
    page: Cursor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    domains: Vec<DomainSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListDomains {
    const NAME: &'static str = "ListDomains";
    const ROUTE: Route = post("/v1/domains");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        Ok(Input {
            page: p.page(Place::Body, 100)?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        ctx.allow::<Self>(Resource::Any).await?;
        let Input { page: cursor } = input;
        let account = ctx.caller.account();
        let page = ctx
            .catalog
            .list_domains(account, cursor.after.as_deref(), cursor.limit)
            .await?;
        let summary = |domain| DomainSummary::of(domain, DomainStatus::Active);
        Ok(Output {
            domains: page.items.iter().map(summary).collect(),
            next_token: cursor.next_token(page.next),
        })
    }
}
