//! DeleteRepositoryPermissionsPolicy: takes a repository's policy away. Its path is a plural.

use catalog::PolicyHolder;
use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::ResourcePolicy;

pub(crate) struct DeleteRepositoryPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    revision: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for DeleteRepositoryPermissionsPolicy {
    const NAME: &'static str = "DeleteRepositoryPermissionsPolicy";
    const ROUTE: Route = delete("/v1/repository/permissions/policies");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let revision = p.policy_revision(Place::Query);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            revision: revision?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            revision,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let holder = PolicyHolder {
            domain,
            repository: Some(repository),
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
