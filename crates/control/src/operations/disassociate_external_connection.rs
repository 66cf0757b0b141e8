//! DisassociateExternalConnection: takes a public source off a repository. What came through it stays.

use model::{DomainRef, ExternalConnectionName, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, delete};
use crate::shapes::RepositoryDescription;

pub(crate) struct DisassociateExternalConnection;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    connection: ExternalConnectionName,
}

#[derive(Serialize)]
pub(crate) struct Output {
    repository: RepositoryDescription,
}

impl Operation for DisassociateExternalConnection {
    const NAME: &'static str = "DisassociateExternalConnection";
    const ROUTE: Route = delete("/v1/repository/external-connection");
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
            .disassociate_external_connection(&ctx.caller, &domain, &repository, &connection)
            .await?;
        Ok(Output {
            repository: RepositoryDescription::of(&after, &ctx.settings),
        })
    }
}
