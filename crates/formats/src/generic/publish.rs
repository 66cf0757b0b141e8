//! Putting an asset, as `curl -T` does.
//!
//! The rules are those of PublishPackageVersion. A PUT that could do something else than store the whole asset under
//! its name is refused: parts of files, packed files, and conditions that no asset can fulfil.

use catalog::AssetPublication;
use futures_util::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_RANGE, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};
use model::{
    Action, AssetName, Error, InvalidReason, PackageCoordinates, ResourceType, Result, VersionName,
};
use serde_json::json;

use super::declared_digests;
use super::page::{asset_facts, object};
use crate::kit::body::{Body, IncomingBody, announced_bytes};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// `PUT {namespace}/{package}/{version}/{asset}`
pub(super) struct PutAsset {
    pub(super) package: PackageCoordinates,
    pub(super) version: VersionName,
    pub(super) asset: AssetName,
    /// Whether more assets of the version follow.
    pub(super) unfinished: bool,
}

impl Endpoint for PutAsset {
    fn label(&self) -> &'static str {
        "put-asset"
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission::on(PUBLISH, self.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.version)
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let mut body = IncomingBody::new(&cx.headers, body);
            let outcome = self.publish(&cx, &mut body).await;
            if outcome.is_err() {
                body.drain().await;
            }
            outcome
        })
    }
}

impl PutAsset {
    async fn publish(self, cx: &Context, body: &mut IncomingBody) -> Result<Reply> {
        check_whole(&cx.headers)?;
        let publication = AssetPublication {
            package: self.package.clone(),
            version: self.version.clone(),
            expected: declared_digests::read(&cx.headers)?,
            announced_bytes: announced_bytes(&cx.headers),
            unfinished: self.unfinished,
            only_new: only_new(&cx.headers, &self.asset)?,
            asset: self.asset,
        };
        let published = cx
            .catalog
            .publish_asset(cx.caller(), &cx.domain, &cx.repository, publication, body)
            .await?;
        let status = if published.is_new {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let mut asset = vec![("name", json!(published.asset.name.as_str()))];
        asset.extend(asset_facts(&published.asset));
        let answer = json!({
            "format": super::ID.as_str(),
            "namespace": self.package.namespace_str(),
            "package": self.package.name.as_str(),
            "version": self.version.as_str(),
            "versionRevision": published.revision,
            "status": published.status.as_str(),
            "asset": object(&asset),
        });
        Ok(json_reply(status, &answer).into())
    }
}

/// Refuses what is not the whole asset as it is. RFC 9110, section 14.5: a part must not be taken for the whole.
fn check_whole(headers: &HeaderMap) -> Result<()> {
    let packed = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .any(|value| !value.as_bytes().eq_ignore_ascii_case(b"identity"));
    let fault = if headers.contains_key(CONTENT_RANGE) {
        "A file is sent whole: this server does not put parts of files together (Content-Range)."
    } else if packed {
        "A file is kept as it is sent: send it without Content-Encoding."
    } else {
        return Ok(());
    };
    Err(Error::invalid(InvalidReason::Other, fault))
}

/// Reads the conditions of a PUT (RFC 9110, section 13). An asset never changes, so `*` is the one that means something.
fn only_new(headers: &HeaderMap, asset: &AssetName) -> Result<bool> {
    if headers.contains_key(IF_MATCH) {
        let message = format!(
            "Asset '{asset}' cannot be replaced, whatever it is now (If-Match): assets do not change. Use another name \
             or another version number."
        );
        let kind = ResourceType::Asset;
        return Err(Error::precondition_failed(kind, asset.as_str(), message));
    }
    let mut conditions = headers.get_all(IF_NONE_MATCH).iter();
    match (conditions.next(), conditions.next()) {
        (None, _) => Ok(false),
        (Some(any), None) if any == "*" => Ok(true),
        _ => Err(Error::invalid(
            InvalidReason::Other,
            "The one condition of a PUT is 'If-None-Match: *': only if there is no asset of this name yet.",
        )),
    }
}
