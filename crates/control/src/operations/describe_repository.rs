//! DescribeRepository: a repository in full.

use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::RepositoryDescription;

pub(crate) struct DescribeRepository;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
}

#[derive(Serialize)]
pub(crate) struct Output {
    repository: RepositoryDescription,
}

impl Operation for DescribeRepository {
    const NAME: &'static str = "DescribeRepository";
    const ROUTE: Route = get("/v1/repository");
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
        let found = ctx.catalog.get_repository(&domain, &repository).await?;
        Ok(Output {
            repository: RepositoryDescription::of(&found, &ctx.settings),
        })
    }
}
