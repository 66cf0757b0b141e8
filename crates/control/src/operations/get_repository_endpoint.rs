//! GetRepositoryEndpoint: the address of a repository for one package manager.

use model::{DomainRef, RepositoryName, Result};
use serde::Serialize;

use crate::EndpointType;
use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::query;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::protocol::shared_members::{Format, one_of};

pub(crate) struct GetRepositoryEndpoint;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    format: Format,
    endpoint_type: EndpointType,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    repository_endpoint: String,
}

impl Operation for GetRepositoryEndpoint {
    const NAME: &'static str = "GetRepositoryEndpoint";
    const ROUTE: Route = get("/v1/repository/endpoint");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let format = p.format();
        let words = EndpointType::ALL.map(EndpointType::as_str);
        let endpoint_type = p.optional(query("endpointType"), one_of(EndpointType::parse, words));
        Ok(Input {
            domain: domain?,
            repository: repository?,
            format: format?,
            endpoint_type: endpoint_type?.unwrap_or(EndpointType::Ipv4),
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            format,
            endpoint_type,
        } = input;
        ctx.allow::<Self>(Resource::Repository(&domain, &repository))
            .await?;
        let found = ctx.catalog.get_repository(&domain, &repository).await?;
        let mut address = (ctx.settings.endpoint)(&domain, &found.name, format.id(), endpoint_type);
        // Clients put their own path right behind it.
        if !address.ends_with('/') {
            address.push('/');
        }
        Ok(Output {
            repository_endpoint: address,
        })
    }
}
