//! `GET {scope}/{name}/{version}`: one release ("Fetch information about a package release" in the registry specification,
//! section 4.2).

use bytes::Bytes;
use catalog::HeldRelease;
use futures_util::future::BoxFuture;
use http::header::{HeaderValue, VARY};
use jiff::Timestamp;
use model::{EpochMillis, Error, Result, VersionName};
use serde_json::json;

use super::link::{Links, release_url};
use super::name::{Identity, plain_identity};
use super::releases::Overview;
use super::source_archive::asset_name;
use super::version;
use super::version_metadata::VersionMetadata;
use crate::kit::body::{Body, Response};
use crate::kit::small_reply::{ASK_AGAIN, small_reply};
use crate::{Context, Endpoint, Reply, Subject};

/// A release, as an address names it.
pub(super) struct ReleaseAddress {
    pub(super) identity: Identity,
    pub(super) version: VersionName,
}

impl ReleaseAddress {
    pub(super) fn subject(&self) -> Subject<'_> {
        Subject::version(&self.identity.package, &self.version)
    }

    /// What is held of it, wherever in the graph that is.
    pub(super) async fn find(&self, cx: &Context) -> Result<HeldRelease> {
        let package = &self.identity.package;
        let asset = asset_name();
        cx.catalog
            .find_release(&cx.grant, package, &self.version, &asset)
            .await
    }
}

/// `GET {scope}/{name}/{version}`
pub(super) struct ReadRelease(pub(super) ReleaseAddress);

impl Endpoint for ReadRelease {
    fn label(&self) -> &'static str {
        "read-release"
    }

    fn subject(&self) -> Subject<'_> {
        self.0.subject()
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let package = &self.0.identity.package;
            let release = self.0.find(&cx).await?;
            let overview = Overview::of(&cx, package).await?;
            let document = write(&release, &plain_identity(package))?;
            let links = neighbours(&release.version, &overview.versions, |version| {
                release_url(&cx.base, package, version)
            });
            let mut response = small_document(
                &cx,
                document,
                HeaderValue::from_static("application/json"),
                ASK_AGAIN,
            )?;
            links.insert_into(response.headers_mut())?;
            Ok(response.into())
        })
    }
}

fn write(release: &HeldRelease, plain_identity: &str) -> Result<Bytes> {
    let held = VersionMetadata::read(release.metadata.as_bytes());
    let identity = match held.identity.as_str() {
        "" => plain_identity,
        said => said,
    };
    let mut archive = json!({
        "name": "source-archive",
        "type": "application/zip",
        "checksum": release.asset.digests.sha256.to_hex(),
    });
    if let Some(signing) = &held.signing {
        archive["signing"] = json!(signing);
    }
    let document = json!({
        "id": identity,
        "version": release.version.as_str(),
        "resources": [archive],
        "metadata": held.metadata,
        "publishedAt": write_time(release.published_at),
    });
    serde_json::to_vec(&document)
        .map(Bytes::from)
        .map_err(Error::internal)
}

/// A time as the package manager reads it, which refuses a release with anything finer than seconds.
fn write_time(at: EpochMillis) -> Option<String> {
    let time = Timestamp::from_millisecond(at.0).ok()?;
    Some(format!("{time:.0}"))
}

/// The links to the releases around one in the list (the highest first), which need not have it.
fn neighbours(own: &VersionName, listed: &[String], url: impl Fn(&str) -> String) -> Links {
    let mut links = Links::default();
    if let Some(latest) = listed.first() {
        links.add(&url(latest), "latest-version");
    }
    let own_key = version::key(own);
    let is_own =
        |text: &String| VersionName::parse(text).is_ok_and(|v| version::key(&v) == own_key);
    let above = |text: &&String| version::compare(text, own.as_str()).is_gt();
    let others: Vec<&String> = listed.iter().filter(|text| !is_own(text)).collect();
    let higher = others.iter().take_while(|text| above(text)).count();
    if let Some(successor) = higher.checked_sub(1).and_then(|at| others.get(at)) {
        links.add(&url(successor), "successor-version");
    }
    if let Some(predecessor) = others.get(higher) {
        links.add(&url(predecessor), "predecessor-version");
    }
    links
}

/// A small document, which has other forms at the same address.
pub(super) fn small_document(
    cx: &Context,
    bytes: impl Into<Bytes>,
    content_type: HeaderValue,
    caching: HeaderValue,
) -> Result<Response> {
    let mut response = small_reply(cx, bytes, content_type, caching)?;
    let varies = HeaderValue::from_static("Accept");
    response.headers_mut().insert(VARY, varies);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;
    use http::header::LINK;

    use super::*;

    #[test]
    fn a_release_links_to_those_around_it_in_the_list() {
        let listed = ["3.0.0", "2.0.0", "2.0.0-rc.1", "1.0.0"].map(str::to_owned);
        for (own, expected) in [
            ("3.0.0", "3.0.0 latest-version, 2.0.0 predecessor-version"),
            (
                "2.0.0",
                "3.0.0 latest-version, 3.0.0 successor-version, 2.0.0-rc.1 predecessor-version",
            ),
            (
                "1.0.0",
                "3.0.0 latest-version, 2.0.0-rc.1 successor-version",
            ),
            // One that is not listed any more.
            (
                "1.5.0",
                "3.0.0 latest-version, 2.0.0-rc.1 successor-version, 1.0.0 predecessor-version",
            ),
            ("4.0.0", "3.0.0 latest-version, 3.0.0 predecessor-version"),
        ] {
            let own_name = VersionName::parse(own).unwrap();
            let mut headers = HeaderMap::new();
            neighbours(&own_name, &listed, str::to_owned)
                .insert_into(&mut headers)
                .unwrap();
            let found = headers[LINK].to_str().unwrap();
            let plain = found.replace(['<', '"'], "").replace(">; rel=", " ");
            assert_eq!(plain, expected, "{own}");
        }
    }

    #[test]
    fn times_are_in_whole_seconds() {
        let written = write_time(EpochMillis(1_676_520_000_999));
        assert_eq!(written.as_deref(), Some("2023-02-16T04:00:00Z"));
    }
}
