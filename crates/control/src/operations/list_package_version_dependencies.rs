//! ListPackageVersionDependencies: what a version depends on directly.

use model::{
    Dependency, DomainRef, Namespace, PackageCoordinates, RepositoryName, Result, VersionName,
};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};

/// The length of a page, which callers cannot choose here.
const PAGE: u16 = 1000;

pub(crate) struct ListPackageVersionDependencies;

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
    dependencies: Vec<PackageDependency>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageDependency {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dependency_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_requirement: Option<String>,
}

impl From<Dependency> for PackageDependency {
    fn from(dependency: Dependency) -> Self {
        Self {
            namespace: dependency.namespace.as_ref().map(Namespace::to_string),
            package: dependency.package.to_string(),
            dependency_type: dependency.dependency_type,
            version_requirement: dependency.version_requirement,
        }
    }
}

impl Operation for ListPackageVersionDependencies {
    const NAME: &'static str = "ListPackageVersionDependencies";
    const ROUTE: Route = post("/v1/package/version/dependencies");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let version = p.version(&package);
        let page = p.page_of(PAGE);
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
            .list_package_version_dependencies(
                &domain,
                &repository,
                &package,
                &version,
                after,
                limit,
            )
            .await?;
        let items = found.content.items.into_iter();
        Ok(Output {
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            version: found.version.to_string(),
            version_revision: found.revision,
            dependencies: items.map(PackageDependency::from).collect(),
            next_token: cursor.next_token(found.content.next),
        })
    }
}
