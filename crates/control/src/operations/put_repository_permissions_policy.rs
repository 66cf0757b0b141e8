//! PutRepositoryPermissionsPolicy: sets who else may do what with a repository and its packages.

use catalog::PolicyHolder;
use model::{DomainRef, PolicyDocument, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, put};
use crate::shapes::ResourcePolicy;

pub(crate) struct PutRepositoryPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    revision: Option<String>,
    document: PolicyDocument,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for PutRepositoryPermissionsPolicy {
    const NAME: &'static str = "PutRepositoryPermissionsPolicy";
    const ROUTE: Route = put("/v1/repository/permissions/policy");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let revision = p.policy_revision(Place::Body);
        let document = p.policy_document();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            revision: revision?,
            document: document?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            revision,
            document,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let holder = PolicyHolder {
            domain,
            repository: Some(repository),
        };
        let put = ctx
            .catalog
            .put_resource_policy(&ctx.caller, holder, &document, revision)
            .await?;
        Ok(Output { policy: put.into() })
    }
}
