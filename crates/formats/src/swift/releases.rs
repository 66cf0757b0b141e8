//! `GET {scope}/{name}`: the releases of a package ("List package releases" in the registry specification, section 4.1).

use bytes::Bytes;
use catalog::{Encoding, PackageView, VersionView};
use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use model::{Error, PackageCoordinates, ResourceType, Result, VersionName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::link::{self, Links, release_url};
use super::name::{Identity, plain_identity};
use super::release_metadata;
use super::version;
use super::version_metadata::VersionMetadata;
use super::{Variant, render};
use crate::kit::body::Body;
use crate::kit::document_reply::document_reply;
use crate::kit::negotiation;
use crate::{Context, Endpoint, Reply, Subject};

/// The most addresses of source repositories in a `Link` field.
const REPOSITORIES: usize = 10;

/// What single releases need to know of the others. Kept ready beside the list, and never sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Overview {
    /// The versions, the highest precedence first.
    pub(super) versions: Vec<String>,
    /// Those of them that are signed.
    pub(super) signed: Vec<String>,
}

impl Overview {
    /// The overview of a package, out of the documents that lie ready.
    pub(super) async fn of(cx: &Context, package: &PackageCoordinates) -> Result<Self> {
        let number = Variant::Overview.number();
        let made = cx.catalog.document(
            &cx.grant,
            package,
            number,
            &cx.base,
            Encoding::Identity,
            render,
        );
        let (document, _) = made.await?;
        serde_json::from_slice(&document.bytes).map_err(Error::internal)
    }

    /// Whether a release is in the list, without a signature.
    pub(super) fn lists_unsigned(&self, version: &VersionName) -> bool {
        let is_meant = |text: &String| text == version.as_str();
        self.versions.iter().any(is_meant) && !self.signed.iter().any(is_meant)
    }
}

/// The view's versions with their places, the highest precedence first.
fn ordered(view: &PackageView) -> Vec<&VersionView> {
    let mut versions: Vec<_> = view.versions.iter().collect();
    versions.sort_by(|a, b| version::compare(b.version.as_str(), a.version.as_str()));
    versions
}

/// The version of the highest precedence.
fn newest(view: &PackageView) -> Option<&VersionView> {
    let versions = view.versions.iter();
    versions.max_by(|a, b| version::compare(a.version.as_str(), b.version.as_str()))
}

/// Writes the list. Fails when there is nothing to list: to the package manager such a package is none.
pub(super) fn render_list(view: &PackageView, base: &str) -> Result<Bytes> {
    if view.versions.is_empty() {
        let identity = plain_identity(&view.coordinates);
        let message =
            format!("Package '{identity}' has no release that can be used from this repository.");
        return Err(Error::not_found(ResourceType::Package, identity, message));
    }
    let releases: Map<String, Value> = ordered(view)
        .into_iter()
        .map(|found| {
            let name = found.version.as_str();
            let url = release_url(base, &view.coordinates, name);
            (name.to_owned(), json!({ "url": url }))
        })
        .collect();
    let list = json!({ "releases": releases });
    serde_json::to_vec(&list)
        .map(Bytes::from)
        .map_err(Error::internal)
}

/// The value of the `Link` field of replies with the list: the newest release, and where it says that its source is. Made
/// with the list, for the list can be long and is asked for often.
pub(super) fn links_of_list(view: &PackageView, base: &str) -> Bytes {
    let mut links = Links::default();
    if let Some(newest) = newest(view) {
        let url = release_url(base, &view.coordinates, newest.version.as_str());
        links.add(&url, "latest-version");
        let said = VersionMetadata::read(newest.metadata.as_bytes());
        let relations = ["canonical"]
            .into_iter()
            .chain(std::iter::repeat("alternate"));
        let addresses = release_metadata::repositories(&said.metadata);
        for (address, relation) in addresses.take(REPOSITORIES).zip(relations) {
            links.add_foreign(address, relation);
        }
    }
    links.into_value()
}

/// Writes the overview.
pub(super) fn render_overview(view: &PackageView) -> Result<Bytes> {
    let versions = ordered(view);
    let is_signed = |found: &&&VersionView| {
        let said = VersionMetadata::read(found.metadata.as_bytes());
        said.signing.is_some()
    };
    let overview = Overview {
        signed: versions
            .iter()
            .filter(is_signed)
            .map(|found| found.version.as_str().to_owned())
            .collect(),
        versions: versions
            .iter()
            .map(|found| found.version.as_str().to_owned())
            .collect(),
    };
    serde_json::to_vec(&overview)
        .map(Bytes::from)
        .map_err(Error::internal)
}

/// `GET {scope}/{name}`
pub(super) struct ListReleases(pub(super) Identity);

impl Endpoint for ListReleases {
    fn label(&self) -> &'static str {
        "list-releases"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.0.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let package = &self.0.package;
            let encoding = negotiation::encoding(&cx.headers);
            let number = Variant::Releases.number();
            let (document, cache) = cx
                .catalog
                .document(&cx.grant, package, number, &cx.base, encoding, render)
                .await?;
            let json = HeaderValue::from_static("application/json");
            let mut reply =
                document_reply(&cx.method, &cx.headers, &document, encoding, json, cache)?;
            link::insert_value(document.beside.clone(), reply.response.headers_mut())?;
            Ok(reply)
        })
    }
}
