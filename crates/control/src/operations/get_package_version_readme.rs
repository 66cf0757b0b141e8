//! GetPackageVersionReadme: the readme of a version.

use model::{DomainRef, Namespace, PackageCoordinates, RepositoryName, Result, VersionName};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};

pub(crate) struct GetPackageVersionReadme;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    version: VersionName,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    version: String,
    version_revision: String,
    readme: String,
}

impl Operation for GetPackageVersionReadme {
    const NAME: &'static str = "GetPackageVersionReadme";
    const ROUTE: Route = get("/v1/package/version/readme");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let version = p.version(&package);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            version: version?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            version,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let found = ctx
            .catalog
            .get_package_version_readme(&domain, &repository, &package, &version)
            .await?;
        Ok(Output {
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            version: found.version.to_string(),
            version_revision: found.revision,
            readme: found.content,
        })
    }
}
