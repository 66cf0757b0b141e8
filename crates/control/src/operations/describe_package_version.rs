//! DescribePackageVersion: a version with what its own metadata says.

use catalog::DescribedVersion;
use model::{DomainRef, Namespace, PackageCoordinates, RepositoryName, Result, VersionName};
use serde::Serialize;

use crate::operation::{Ctx, Operation, Resource};
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::shapes::PackageVersionOrigin;

pub(crate) struct DescribePackageVersion;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    version: VersionName,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Output {
    package_version: PackageVersionDescription,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageVersionDescription {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    package_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_code_repository: Option<String>,
    published_time: f64,
    licenses: Vec<LicenseInfo>,
    revision: String,
    status: &'static str,
    origin: PackageVersionOrigin,
}

#[derive(Serialize)]
struct LicenseInfo {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl Output {
    fn of(package: &PackageCoordinates, found: DescribedVersion) -> Self {
        let DescribedVersion { version, details } = found;
        let license = |(name, url)| LicenseInfo { name, url };
        Self {
            package_version: PackageVersionDescription {
                format: package.format.as_str(),
                namespace: package.namespace.as_ref().map(Namespace::to_string),
                package_name: package.name.to_string(),
                display_name: details.display_name,
                version: version.version.to_string(),
                summary: details.summary,
                home_page: details.home_page,
                source_code_repository: details.source_code_repository,
                published_time: version.published_at.as_seconds(),
                licenses: details.licenses.into_iter().map(license).collect(),
                revision: version.revision,
                status: version.status.as_str(),
                origin: PackageVersionOrigin::of(&version.origin),
            },
        }
    }
}

impl Operation for DescribePackageVersion {
    const NAME: &'static str = "DescribePackageVersion";
    const ROUTE: Route = get("/v1/package/version");
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
            .get_package_version(&domain, &repository, &package, &version)
            .await?;
        Ok(Output::of(&package, found))
    }
}
