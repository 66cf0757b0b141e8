//! DeleteDomainPermissionsPolicy: takes a domain's policy away.

use catalog::PolicyHolder;
use model::{DomainRef, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::ResourcePolicy;

pub(crate) struct DeleteDomainPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
    revision: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for DeleteDomainPermissionsPolicy {
    const NAME: &'static str = "DeleteDomainPermissionsPolicy";
    const ROUTE: Route = delete("/v1/domain/permissions/policy");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let revision = p.policy_revision(Place::Query);
        Ok(Input {
            domain: domain?,
            revision: revision?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, revision } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        let holder = PolicyHolder {
            domain,
            repository: None,
        };
        let deleted = ctx
            .catalog
            .delete_resource_policy(&ctx.caller, holder, revision)
            .await?;
        Ok(Output {
            policy: deleted.into(),
        })
    }
}
