//! `GET {scope}/{name}/{version}/Package.swift`: the manifests of a release ("Fetch manifest for a package release" in the
//! registry specification, section 4.3).

use futures_util::future::BoxFuture;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use model::{Error, Result};

use super::link::{Links, release_url};
use super::manifest::{MANIFEST, Manifests};
use super::release::{ReleaseAddress, small_document};
use super::source_archive::asset_name;
use crate::kit::body::{Body, Response, empty};
use crate::kit::small_reply::FOR_GOOD;
use crate::{Context, Endpoint, Reply, Subject};

const SWIFT: HeaderValue = HeaderValue::from_static("text/x-swift");

/// `GET {scope}/{name}/{version}/Package.swift`
pub(super) struct ReadManifest {
    pub(super) release: ReleaseAddress,
    /// The version of Swift that asks.
    pub(super) swift_version: Option<String>,
}

impl Endpoint for ReadManifest {
    fn label(&self) -> &'static str {
        "read-manifest"
    }

    fn subject(&self) -> Subject<'_> {
        self.release.subject()
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let (package, version) = (&self.release.identity.package, &self.release.version);
            let kept = cx
                .catalog
                .companion(&cx.grant, package, version, &asset_name())
                .await?;
            let manifests = Manifests::read(&kept)?;
            let url = release_url(&cx.base, package, version.as_str());
            let manifest = match &self.swift_version {
                None => &manifests.main,
                Some(asked) => match manifests.alternate(asked) {
                    Some(manifest) => manifest,
                    // Who asks for a version without a manifest of its own is sent to the one for all.
                    None => return see_main(&url),
                },
            };
            let text = manifest.text.clone();
            let mut response = small_document(&cx, text, SWIFT, FOR_GOOD)?;
            let headers = response.headers_mut();
            let disposition = format!("attachment; filename=\"{}\"", manifest.file);
            headers.insert(
                CONTENT_DISPOSITION,
                HeaderValue::try_from(disposition).map_err(Error::internal)?,
            );
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
            if self.swift_version.is_none() {
                let mut links = Links::default();
                links.add_manifests(&url, &manifests);
                links.insert_into(headers)?;
            }
            Ok(response.into())
        })
    }
}

fn see_main(release: &str) -> Result<Reply> {
    let mut response = Response::new(empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let location = format!("{release}/{MANIFEST}");
    response.headers_mut().insert(
        LOCATION,
        HeaderValue::try_from(location).map_err(Error::internal)?,
    );
    Ok(response.into())
}
