//! ListPackageVersions: the versions of a package in a repository.

use catalog::{VersionFilter, VersionQuery};
use model::{
    DomainRef, Namespace, OriginType, PackageCoordinates, PackageVersion, PackageVersionStatus,
    RepositoryName, Result,
};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::member::{Place, query};
use crate::protocol::page_token::Cursor;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, post};
use crate::protocol::shared_members::one_of;
use crate::shapes::PackageVersionOrigin;

/// The one order that can be asked for: newest first.
const PUBLISHED_TIME: &str = "PUBLISHED_TIME";

pub(crate) struct ListPackageVersions;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    query: VersionQuery,
    page: Cursor,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    #[serde(skip_serializing_if = "Option::is_none")]
    default_display_version: Option<String>,
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package: String,
    versions: Vec<PackageVersionSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
struct PackageVersionSummary {
    version: String,
    revision: String,
    status: &'static str,
    origin: PackageVersionOrigin,
}

impl From<&PackageVersion> for PackageVersionSummary {
    fn from(version: &PackageVersion) -> Self {
        Self {
            version: version.version.to_string(),
            revision: version.revision.clone(),
            status: version.status.as_str(),
            origin: PackageVersionOrigin::of(&version.origin),
        }
    }
}

impl Operation for ListPackageVersions {
    const NAME: &'static str = "ListPackageVersions";
    const ROUTE: Route = post("/v1/package/versions");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let statuses = PackageVersionStatus::ALL.map(PackageVersionStatus::as_str);
        let status = p.optional(
            query("status"),
            one_of(PackageVersionStatus::parse, statuses),
        );
        let is_known = |text: &str| (text == PUBLISHED_TIME).then_some(());
        let sort_by = p.optional(query("sortBy"), one_of(is_known, [PUBLISHED_TIME]));
        let origins = OriginType::ALL.map(OriginType::as_str);
        let origin_type = p.optional(query("originType"), one_of(OriginType::parse, origins));
        let page = p.page(Place::Query, 50);
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            query: VersionQuery {
                filter: VersionFilter {
                    status: status?,
                    origin_type: origin_type?,
                },
                newest_first: sort_by?.is_some(),
            },
            page: page?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            query,
            page: cursor,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let (after, limit) = (cursor.after.as_deref(), cursor.limit);
        let (default, page) = ctx
            .catalog
            .list_package_versions(&domain, &repository, &package, query, after, limit)
            .await?;
        Ok(Output {
            default_display_version: default.map(|version| version.to_string()),
            format: package.format.as_str(),
            namespace: package.namespace.as_ref().map(Namespace::to_string),
            package: package.name.to_string(),
            versions: page.items.iter().map(PackageVersionSummary::from).collect(),
            next_token: cursor.next_token(page.next),
        })
    }
}
