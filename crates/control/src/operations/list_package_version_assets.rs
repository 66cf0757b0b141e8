//! ListPackageVersionAssets: the assets of a version.

use model::{DomainRef, Namespace, PackageCoordinates, RepositoryName, Result, VersionName};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::Place;
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::shapes::AssetSummary;

pub(crate) struct ListPackageVersionAssets;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    version: VersionName,
    page: Cursor,
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
    assets: Vec<AssetSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl Operation for ListPackageVersionAssets {
    const NAME: &'static str = "ListPackageVersionAssets";
    const ROUTE: Route = post("/v1/package/version/assets");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let version = p.version(&package);
        let page = p.page(Place::Query, 100);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            version: version?,
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            version,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let found = ctx
            .catalog
            .list_package_version_assets(&domain, &repository, &package, &version, after, limit)
            .await?;
        Ok(Output {
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            version: found.version.to_string(),
            version_revision: found.revision,
            assets: found.content.items.iter().map(AssetSummary::from).collect(),
            next_token: cursor.next_token(found.content.next),
        })
    }
}
