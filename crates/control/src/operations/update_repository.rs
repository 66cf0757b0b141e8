//! UpdateRepository: changes a repository's description or upstreams.

use catalog::RepositoryChanges;
use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, put};
use crate::shapes::RepositoryDescription;

pub(crate) struct UpdateRepository;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    changes: RepositoryChanges,
}

#[derive(Serialize)]
pub(crate) struct Output {
    repository: RepositoryDescription,
}

impl Operation for UpdateRepository {
    const NAME: &'static str = "UpdateRepository";
    const ROUTE: Route = put("/v1/repository");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let description = p.description();
        let upstreams = p.upstreams();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            changes: RepositoryChanges {
                description: description?,
                upstreams: upstreams?,
            },
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            changes,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let updated = ctx
            .catalog
            .update_repository(&ctx.caller, &domain, &repository, changes)
            .await?;
        Ok(Output {
            repository: RepositoryDescription::of(&updated, &ctx.settings),
        })
    }
}
