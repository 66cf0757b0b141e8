//! CopyPackageVersions: copies versions of a package from one repository of a domain to another.

use catalog::CopyRequest;
use model::{Action, DomainRef, RepositoryName, Result};

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{body, query_as};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::VersionOutcomeMaps;

pub(crate) struct CopyPackageVersions;

pub(crate) struct Input {
    domain: DomainRef,
    request: CopyRequest,
}

impl Operation for CopyPackageVersions {
    const NAME: &'static str = "CopyPackageVersions";
    const ROUTE: Route = post("/v1/package/versions/copy");
    type Input = Input;
    type Output = VersionOutcomeMaps;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let source = query_as("sourceRepository", "source-repository");
        let source = p.required(source, RepositoryName::parse);
        let destination = query_as("destinationRepository", "destination-repository");
        let destination = p.required(destination, RepositoryName::parse);
        let package = p.package();
        let versions = p.versions_or_revisions(&package);
        let allow_overwrite = p.boolean(body("allowOverwrite"));
        let include_from_upstream = p.boolean(body("includeFromUpstream"));
        Ok(Input {
            domain: domain?,
            request: CopyRequest {
                source: source?,
                destination: destination?,
                package: package?,
                versions: versions?,
                allow_overwrite: allow_overwrite?.unwrap_or(false),
                include_from_upstream: include_from_upstream?.unwrap_or(false),
            },
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<VersionOutcomeMaps> {
        let Input { domain, request } = input;
        let destination = Resource::Package(&domain, &request.destination, &request.package);
        ctx.allow::<Self>(destination).await?;
        let source = Resource::Repository(&domain, &request.source);
        ctx.allow_action(Action::READ_FROM_REPOSITORY, source)
            .await?;
        let outcome = ctx
            .catalog
            .copy_package_versions(&ctx.caller, &domain, request)
            .await?;
        Ok(outcome.into())
    }
}
