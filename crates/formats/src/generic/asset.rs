//! Reading an asset: whole, in part, or described.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{HeaderName, HeaderValue};
use model::{AssetName, Digests, Error, PackageCoordinates, Result, VersionName};

use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::{Context, Endpoint, Reply, Subject};

/// Digests of the whole asset, whatever part of it is sent (RFC 9530).
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
/// The same for people and `sha256sum -c`.
const CHECKSUM: HeaderName = HeaderName::from_static("x-checksum-sha256");

/// `GET {namespace}/{package}/{version}/{asset}`
pub(super) struct ReadAsset {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) asset: AssetName,
}

impl Endpoint for ReadAsset {
    fn label(&self) -> &'static str {
        "read-asset"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let answer = cx
                .catalog
                .held_asset(
                    &cx.grant,
                    &self.package,
                    &self.version,
                    &self.asset,
                    cx.method == Method::HEAD,
                )
                .await?;
            let digests = answer.body.digests().cloned();
            let bytes = HeaderValue::from_static("application/octet-stream");
            let mut reply = asset_reply(&cx.method, &cx.headers, answer, bytes).await?;
            if let Some(digests) = digests {
                let headers = reply.response.headers_mut();
                headers.insert(REPR_DIGEST, value(&repr_digest(&digests))?);
                headers.insert(CHECKSUM, value(&digests.sha256.to_hex())?);
            }
            Ok(reply)
        })
    }
}

fn repr_digest(digests: &Digests) -> String {
    let sha256 = STANDARD.encode(digests.sha256.as_bytes());
    let sha512 = STANDARD.encode(digests.sha512.as_bytes());
    format!("sha-256=:{sha256}:, sha-512=:{sha512}:")
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(Error::internal)
}
