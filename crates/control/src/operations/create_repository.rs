//! CreateRepository: makes a repository, administered by the caller's account.

use catalog::{NewRepository, Target};
use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::RepositoryDescription;

pub(crate) struct CreateRepository;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    description: Option<String>,
    upstreams: Option<Vec<RepositoryName>>,
    tags: Vec<(String, String)>,
}

#[derive(Serialize)]
pub(crate) struct Output {
    repository: RepositoryDescription,
}

impl Operation for CreateRepository {
    const NAME: &'static str = "CreateRepository";
    const ROUTE: Route = post("/v1/repository");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let description = p.description();
        let upstreams = p.upstreams();
        let tags = p.tags();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            description: description?,
            upstreams: upstreams?,
            tags: tags?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository: name,
            description,
            upstreams,
            tags,
        } = input;
        ctx.allow_creation::<Self>(Target::NewRepository(&domain, &name), &tags)
            .await?;
        let upstreams = upstreams.unwrap_or_default();
        ctx.catalog
            .allow_upstreams(&ctx.caller, &domain, &upstreams)
            .await?;
        let description = description.unwrap_or_default();
        let new = NewRepository {
            name,
            description,
            upstreams,
            tags,
        };
        let made = ctx
            .catalog
            .create_repository(&ctx.caller, &domain, new)
            .await?;
        Ok(Output {
            repository: RepositoryDescription::of(&made, &ctx.settings),
        })
    }
}
