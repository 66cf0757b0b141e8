//! PutDomainPermissionsPolicy: sets who else may do what with a domain. Its members are all in the body.

use catalog::PolicyHolder;
use model::{DomainRef, PolicyDocument, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, put};
use crate::shapes::ResourcePolicy;

pub(crate) struct PutDomainPermissionsPolicy;

pub(crate) struct Input {
    domain: DomainRef,
    revision: Option<String>,
    document: PolicyDocument,
}

#[derive(Serialize)]
pub(crate) struct Output {
    policy: ResourcePolicy,
}

impl Operation for PutDomainPermissionsPolicy {
    const NAME: &'static str = "PutDomainPermissionsPolicy";
    const ROUTE: Route = put("/v1/domain/permissions/policy");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain_in_body();
        let revision = p.policy_revision(Place::Body);
        let document = p.policy_document();
        Ok(Input {
            domain: domain?,
            revision: revision?,
            document: document?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            revision,
            document,
        } = input;
        ctx.allow::<Self>(Resource::Domain(&domain)).await?;
        let holder = PolicyHolder {
            domain,
            repository: None,
        };
        let put = ctx
            .catalog
            .put_resource_policy(&ctx.caller, holder, &document, revision)
            .await?;
        Ok(Output { policy: put.into() })
    }
}
