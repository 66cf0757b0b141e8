//! AssociateExternalConnection: attaches a public source to a repository. Nothing is fetched by it.

use model::{DomainRef, ExternalConnectionName, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::RepositoryDescription;

pub(crate) struct AssociateExternalConnection;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    connection: ExternalConnectionName,
}

#[derive(Serialize)]
pub(crate) struct Output {
    repository: RepositoryDescription,
}

impl Operation for AssociateExternalConnection {
    const NAME: &'static str = "AssociateExternalConnection";
    const ROUTE: Route = post("/v1/repository/external-connection");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let connection = p.external_connection();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            connection: connection?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            connection,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let after = ctx
            .catalog
            .associate_external_connection(&ctx.caller, &domain, &repository, &connection)
            .await?;
        Ok(Output {
            repository: RepositoryDescription::of(&after, &ctx.settings),
        })
    }
}
