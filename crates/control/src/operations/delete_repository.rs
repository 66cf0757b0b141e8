//! DeleteRepository: deletes a repository with all its packages. One that does not exist is deleted already.

use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::RepositoryDescription;

pub(crate) struct DeleteRepository;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
}

#[derive(Serialize)]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<RepositoryDescription>,
}

impl Operation for DeleteRepository {
    const NAME: &'static str = "DeleteRepository";
    const ROUTE: Route = delete("/v1/repository");
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
        let deleted = ctx
            .catalog
            .delete_repository(&ctx.caller, &domain, &repository)
            .await?;
        let describe = |last| RepositoryDescription::of(last, &ctx.settings);
        Ok(Output {
            repository: deleted.as_ref().map(describe),
        })
    }
}
