//! DescribeDomain: a domain in full.

use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::{DomainDescription, DomainStatus};

pub(crate) struct DescribeDomain;

pub(crate) struct Input {
    domain: DomainRef,
}

#[derive(Serialize)]
pub(crate) struct Output {
    domain: DomainDescription,
}

impl Operation for DescribeDomain {
    const NAME: &'static str = "DescribeDomain";
    const ROUTE: Route = get("/v1/domain");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        Ok(Input {
            domain: p.domain()?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        ctx.allow::<Self>(Resource::Domain(&input.domain)).await?;
        let domain = ctx.catalog.get_domain(&input.domain).await?;
        let scope = &ctx.catalog.settings().scope;
        let description = DomainDescription::of(&domain, DomainStatus::Active);
        Ok(Output {
            domain: description.with_bucket(scope, &input.domain.owner),
        })
    }
}
