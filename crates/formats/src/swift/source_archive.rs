//! `GET {scope}/{name}/{version}.zip`: the source archive of a release ("Download source archive" in the registry
//! specification, section 4.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::HeldRelease;
use futures_util::future::BoxFuture;
use http::Method;
use http::header::{CONTENT_DISPOSITION, HeaderName, HeaderValue};
use model::{AssetName, Error, Result};

use super::release::ReleaseAddress;
use super::releases::Overview;
use super::version_metadata::VersionMetadata;
use crate::kit::asset_reply::asset_reply;
use crate::kit::body::Body;
use crate::{Context, Endpoint, Reply, Subject};

const DIGEST: HeaderName = HeaderName::from_static("digest");
const SIGNATURE: HeaderName = HeaderName::from_static("x-swift-package-signature");
/// Also what publishers name the format of their signature by.
pub(super) const SIGNATURE_FORMAT: HeaderName =
    HeaderName::from_static("x-swift-package-signature-format");

/// The one asset of a release.
pub(super) fn asset_name() -> AssetName {
    AssetName::parse("source-archive.zip").expect("a constant that is a good name")
}

impl ReleaseAddress {
    /// What is held of a release, unless it is known to have no signature: that lies ready for all that are in the list.
    async fn find_signed(&self, cx: &Context) -> Result<Option<HeldRelease>> {
        // Where the list cannot be made, the release itself may still be here.
        let overview = Overview::of(cx, &self.identity.package).await;
        if overview.is_ok_and(|overview| overview.lists_unsigned(&self.version)) {
            return Ok(None);
        }
        self.find(cx).await.map(Some)
    }
}

/// `GET {scope}/{name}/{version}.zip`
pub(super) struct ReadArchive(pub(super) ReleaseAddress);

impl Endpoint for ReadArchive {
    fn label(&self) -> &'static str {
        "read-archive"
    }

    fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let ReleaseAddress { identity, version } = &self.0;
            let signed = self.0.find_signed(&cx).await?;
            let only_describe = cx.method == Method::HEAD;
            let name = asset_name();
            let answer = cx
                .catalog
                .asset(&cx.grant, &identity.package, version, &name, only_describe)
                .await?;
            let sha256 = answer.body.sha256();
            let zip = HeaderValue::from_static("application/zip");
            let mut reply = asset_reply(&cx.method, &cx.headers, answer, zip).await?;
            let headers = reply.response.headers_mut();
            let disposition = format!("attachment; filename=\"{}-{version}.zip\"", identity.name);
            let text = |text: String| HeaderValue::try_from(text).map_err(Error::internal);
            headers.insert(CONTENT_DISPOSITION, text(disposition)?);
            if let Some(sha256) = sha256 {
                let digest = format!("sha-256={}", STANDARD.encode(sha256.as_bytes()));
                headers.insert(DIGEST, text(digest)?);
            }
            // Of other bytes than these it would be no signature.
            if let Some(release) = signed
                && sha256 == Some(release.asset.digests.sha256)
                && let Some(signing) = VersionMetadata::read(release.metadata.as_bytes()).signing
            {
                headers.insert(SIGNATURE_FORMAT, text(signing.format)?);
                headers.insert(SIGNATURE, text(signing.signature_base64)?);
            }
            Ok(reply)
        })
    }
}
