//! DescribePackage: a package with its origin controls.

use model::{DomainRef, Namespace, PackageCoordinates, RepositoryName, Result};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::PackageOriginConfiguration;

pub(crate) struct DescribePackage;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
}

#[derive(Serialize)]
pub(crate) struct Output {
    package: PackageDescription,
}

/// Here the package's name is `name`; in lists it is `package`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageDescription {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    name: String,
    origin_configuration: PackageOriginConfiguration,
}

impl Operation for DescribePackage {
    const NAME: &'static str = "DescribePackage";
    const ROUTE: Route = get("/v1/package");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let found = ctx
            .catalog
            .get_package(&domain, &repository, &package)
            .await?;
        let coordinates = found.coordinates;
        Ok(Output {
            package: PackageDescription {
                format: coordinates.format.as_str(),
                namespace: coordinates.namespace.as_ref().map(Namespace::to_string),
                name: coordinates.name.to_string(),
                origin_configuration: found.restrictions.into(),
            },
        })
    }
}
