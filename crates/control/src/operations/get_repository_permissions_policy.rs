//! GetRepositoryPermissionsPolicy: a repository's policy, as it was sent.

use catalog::PolicyHolder;
use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::ResourcePolicy;

pub(crate) struct GetRepositoryPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for GetRepositoryPermissionsPolicy {
    const NAME: &'static str = "GetRepositoryPermissionsPolicy";
    const ROUTE: Route = get("/v1/repository/permissions/policy");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        Ok(Input {
            domain: domain?,
            repository: repository?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input { domain, repository } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let holder = PolicyHolder {
            domain,
            repository: Some(repository),
        };
        let found = ctx.catalog.get_resource_policy(&holder).await?;
        Ok(Output {
            policy: found.into(),
        })
    }
}
