//! `GET api/v1/crates/{crate}`: a crate and its versions in one document, for tools and people; Cargo does not ask for it.

use bytes::Bytes;
use catalog::{Encoding, PackageView};
use futures_util::future::BoxFuture;
use http::header::HeaderValue;
use model::{PackageCoordinates, Result};
use serde_json::{Value, json};

use super::download::download_link;
use super::index::{ShownLine, shown};
use super::{Variant, render};
use crate::kit::body::Body;
use crate::kit::document_reply::document_reply;
use crate::{Context, Endpoint, Reply, Subject};

/// `GET api/v1/crates/{crate}`
pub(super) struct ReadCrate {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for ReadCrate {
    fn label(&self) -> &'static str {
        "read-crate"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let (number, plain) = (Variant::Overview.number(), Encoding::Identity);
            let made =
                cx.catalog
                    .document(&cx.grant, &self.package, number, &cx.base, plain, render);
            let (document, cache) = made.await?;
            let json = HeaderValue::from_static("application/json");
            document_reply(&cx.method, &cx.headers, &document, plain, json, cache)
        })
    }
}

/// The document.
pub(super) fn render_overview(view: &PackageView, base: &str) -> Result<Bytes> {
    let lines = shown(view)?;
    // Newest first, as the public index has them.
    let versions: Vec<Value> = lines
        .iter()
        .rev()
        .map(|line| version(line, view, base))
        .collect();
    let highest = |is_chosen: &dyn Fn(&&ShownLine<'_>) -> bool| {
        let found = lines.iter().rev().find(is_chosen);
        found.map(|line| line.view.version.as_str())
    };
    let is_stable = |line: &&ShownLine<'_>| {
        !line.is_yanked
            && line
                .parsed
                .as_ref()
                .is_some_and(|version| version.pre.is_empty())
    };
    let stable = highest(&is_stable);
    let newest = highest(&|line| !line.is_yanked);
    let default = stable.or(newest);
    let described = lines
        .iter()
        .rev()
        .find(|line| Some(line.view.version.as_str()) == default)
        .or(lines.last());
    let about = described.map(|line| line.kept.about()).unwrap_or_default();
    let name = described.map_or(view.coordinates.name.as_str(), |line| &line.head.name);
    let document = json!({
        "crate": {
            "id": name,
            "name": name,
            "max_version": newest.or_else(|| highest(&|_| true)),
            "max_stable_version": stable,
            "default_version": default,
            "num_versions": versions.len(),
            "yanked": newest.is_none(),
            "description": about.description,
            "homepage": about.homepage,
            "documentation": about.documentation,
            "repository": about.repository,
            "keywords": about.keywords,
            "categories": about.categories,
        },
        "versions": versions,
    });
    Ok(document.to_string().into())
}

fn version(shown: &ShownLine<'_>, view: &PackageView, base: &str) -> Value {
    let number = shown.view.version.as_str();
    json!({
        "crate": shown.head.name,
        "num": number,
        "yanked": shown.is_yanked,
        "checksum": shown.head.checksum().map(|digest| digest.to_hex()),
        "created_at": shown.head.pubtime,
        "license": shown.kept.about().license,
        "dl_path": download_link(base, view.coordinates.name.as_str(), number),
    })
}
