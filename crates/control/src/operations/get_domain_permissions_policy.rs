//! GetDomainPermissionsPolicy: a domain's policy, as it was sent.

use catalog::PolicyHolder;
use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::ResourcePolicy;

pub(crate) struct GetDomainPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for GetDomainPermissionsPolicy {
    const NAME: &'static str = "GetDomainPermissionsPolicy";
    const ROUTE: Route = get("/v1/domain/permissions/policy");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        Ok(Input { domain: domain? })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        let holder = PolicyHolder {
            domain,
            repository: None,
        };
        let found = ctx.catalog.get_resource_policy(&holder).await?;
        Ok(Output {
            policy: found.into(),
        })
    }
}
