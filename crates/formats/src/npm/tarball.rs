//! Tarballs.

use futures_util::future::BoxFuture;
use http::Method;
use http::header::HeaderValue;
use model::{PackageCoordinates, Result, VersionName};

use super::asset_name;
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::{Context, Endpoint, Reply, Subject};

/// `GET {name}/-/{file}.tgz`
pub(super) struct ReadTarball {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
}

impl Endpoint for ReadTarball {
    fn label(&self) -> &'static str {
        "read-tarball"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let only_describe = cx.method == Method::HEAD;
            let answer = cx
                .catalog
                .asset(
                    &cx.grant,
                    &self.package,
                    &self.version,
                    &asset_name(),
                    only_describe,
                )
                .await?;
            asset_reply(
                &cx.method,
                &cx.headers,
                answer,
                HeaderValue::from_static("application/octet-stream"),
            )
            .await
        })
    }
}
