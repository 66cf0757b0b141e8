//! GetPackageVersionAsset: the bytes of an asset.

use catalog::AssetBody;
use http::{HeaderName, HeaderValue, Response, header};
use model::{AssetName, DomainRef, Error, PackageCoordinates, RepositoryName, Result, VersionName};
use percent_encoding::{CONTROLS, utf8_percent_encode};

use crate::Body;
use crate::operation::{Ctx, Operation, Reply, Resource};
use crate::protocol::member::query_as;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::{Route, get};
use crate::protocol::shared_members::visible;

const ASSET_NAME: HeaderName = HeaderName::from_static("x-assetname");
const PACKAGE_VERSION: HeaderName = HeaderName::from_static("x-packageversion");
const PACKAGE_VERSION_REVISION: HeaderName = HeaderName::from_static("x-packageversionrevision");

pub(crate) struct GetPackageVersionAsset;

pub(crate) struct Input {
    domain: DomainRef,
    repository: RepositoryName,
    package: PackageCoordinates,
    version: VersionName,
    asset: AssetName,
    revision: Option<String>,
}

/// The one output that is not JSON.
pub(crate) struct Output {
    asset: AssetName,
    version: VersionName,
    revision: String,
    body: AssetBody,
}

impl Operation for GetPackageVersionAsset {
    const NAME: &'static str = "GetPackageVersionAsset";
    const ROUTE: Route = get("/v1/package/version/asset");
    type Input = Input;
    type Output = Output;

    fn read(p: &mut Params) -> Read<Input> {
        let domain = p.domain();
        let repository = p.repository();
        let package = p.package();
        let version = p.version(&package);
        let asset = p.asset();
        let member = query_as("packageVersionRevision", "revision");
        let revision = p.optional(member, |text| visible(text, 50).map(str::to_owned));
        Ok(Input {
            domain: domain?,
            repository: repository?,
            package: package?,
            version: version?,
            asset: asset?,
            revision: revision?,
        })
    }

    async fn run(ctx: &Ctx, input: Input) -> Result<Output> {
        let Input {
            domain,
            repository,
            package,
            version,
            asset,
            revision,
        } = input;
        ctx.allow::<Self>(Resource::Package(&domain, &repository, &package))
            .await?;
        let pinned = revision.as_deref();
        let found = ctx
            .catalog
            .get_package_version_asset(&domain, &repository, &package, &version, &asset, pinned)
            .await?;
        Ok(Output {
            asset,
            version: found.version,
            revision: found.revision,
            body: found.content,
        })
    }
}

impl Reply for Output {
    fn into_response(self) -> Result<Response<Body>> {
        let size_bytes = self.body.size_bytes();
        let mut response = Response::new(self.body.into_body(None));
        let headers = response.headers_mut();
        let bytes = HeaderValue::from_static("application/octet-stream");
        headers.insert(header::CONTENT_TYPE, bytes);
        if let Some(size_bytes) = size_bytes {
            headers.insert(header::CONTENT_LENGTH, size_bytes.into());
        }
        headers.insert(ASSET_NAME, header_value(self.asset.as_str())?);
        headers.insert(PACKAGE_VERSION, header_value(self.version.as_str())?);
        headers.insert(PACKAGE_VERSION_REVISION, header_value(&self.revision)?);
        Ok(response)
    }
}

/// Text as a header's value: visible ASCII and spaces as they are, everything else percent-encoded.
fn header_value(text: &str) -> Result<HeaderValue> {
    let encoded = utf8_percent_encode(text, CONTROLS).to_string();
    HeaderValue::try_from(encoded).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn u15_header_values_are_visible_ascii() {
        for (text, expected) in [
            ("setup x64.exe", "setup x64.exe"),
            ("a%2Fb+=~", "a%2Fb+=~"),
            ("ä.txt", "%C3%A4.txt"),
            (
                "x\r\nset-cookie: a=b\0\u{7f}",
                "x%0D%0Aset-cookie: a=b%00%7F",
            ),
        ] {
            assert_eq!(header_value(text).unwrap(), expected, "{text:?}");
        }
    }
}
