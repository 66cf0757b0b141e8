//! The files of crates.

use futures_util::future::BoxFuture;
use http::Method;
use http::header::HeaderValue;
use model::{AssetName, Error, PackageCoordinates, ResourceType, Result, VersionName};

use super::name::crate_of_segment;
use super::version::version_of_segment;
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::{Context, Endpoint, Reply, Subject};

/// The ending of a crate's file.
const ENDING: &str = ".crate";

/// The name of a version's one asset.
pub(super) fn asset_name(package: &PackageCoordinates, version: &VersionName) -> Result<AssetName> {
    let name = format!("{}-{version}{ENDING}", package.name);
    AssetName::parse(&name).map_err(|_| {
        let message = format!("Version {version} of crate '{}' has no file.", package.name);
        Error::not_found(ResourceType::Asset, name.as_str(), message)
    })
}

/// Where Cargo fetches a version.
pub(super) fn download_link(base: &str, name: &str, version: &str) -> String {
    format!(
        "{base}api/v1/crates/{name}/{}/download",
        version.replace('+', "%2B")
    )
}

/// `GET api/v1/crates/{crate}/{version}/download`, and `GET crates/{crate}/{crate}-{version}.crate` for who wants a file's
/// name at the end of its address.
pub(super) struct Download {
    package: PackageCoordinates,
    version: VersionName,
    asset: AssetName,
}

impl Download {
    pub(super) fn of(package: &str, version: &str) -> Result<Self> {
        let package = crate_of_segment(package)?;
        let version = version_of_segment(version)?;
        let asset = asset_name(&package, &version)?;
        Ok(Self {
            package,
            version,
            asset,
        })
    }

    /// The same by the name of the file.
    pub(super) fn of_file(package: &str, file: &str) -> Result<Self> {
        let stem = file.strip_suffix(ENDING).unwrap_or_default();
        let is_own = stem
            .get(..package.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(package));
        let version = stem
            .get(package.len()..)
            .and_then(|rest| rest.strip_prefix('-'));
        match version.filter(|_| is_own) {
            Some(version) => Self::of(package, version),
            None => Err(Error::not_found(
                ResourceType::Asset,
                "",
                "There is no such file. The file of a version is named '{crate}-{version}.crate'.",
            )),
        }
    }
}

impl Endpoint for Download {
    fn label(&self) -> &'static str {
        "download"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let only_describe = cx.method == Method::HEAD;
            let Self {
                package,
                version,
                asset,
            } = &*self;
            let answer = cx
                .catalog
                .asset(&cx.grant, package, version, asset, only_describe)
                .await?;
            let binary = HeaderValue::from_static("application/octet-stream");
            asset_reply(&cx.method, &cx.headers, answer, binary).await
        })
    }
}
