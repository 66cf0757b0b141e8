//! DeleteDomain: deletes a domain that has no repositories. One that does not exist is deleted already.

use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::{DomainDescription, DomainStatus};

pub(crate) struct DeleteDomain;

pub(crate) struct Input {
    domain: DomainRef,
}

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<DomainDescription>,
}

impl Operation for DeleteDomain {
    const NAME: &'static str = "DeleteDomain";
    const ROUTE: Route = delete("/v1/domain");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        Ok(Input {
            domain: p.domain()?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        ctx.allow::<Self>(Resource::Domain(&input.domain)).await?;
        let deleted = ctx
            .catalog
            .delete_domain(&ctx.caller, &input.domain)
            .await?;
        let describe = |domain| DomainDescription::of(domain, DomainStatus::Deleted);
        Ok(Output {
            domain: deleted.as_ref().map(describe),
        })
    }
}
