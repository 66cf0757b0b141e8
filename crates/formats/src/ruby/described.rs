//! What people and tools ask of gems: `api/v1/gems/{gem}.json`, `api/v1/versions/{gem}.json`, `api/v1/search.json`.
//!
//! JSON is YAML, too, so both suffixes have the same answer.

use catalog::{Encoding, SearchHit};
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Error, PackageCoordinates, ResourceType, Result};
use serde_json::{Value, json};

use super::index::no_base;
use super::version_metadata::VersionMetadata;
use super::{ID, Variant, render};
use crate::kit::body::Body;
use crate::kit::document_reply::{json_bytes_reply, json_reply};
use crate::{Context, Endpoint, Reply, RequestHead, Subject};

/// Hits of one page.
const HITS: usize = 30;
/// Later pages are not given: finding them costs as much as everything before them.
const PAGES: usize = 100;
const WORDS: usize = 16;

/// `GET api/v1/gems/{gem}.json`
pub(super) struct ReadGem(pub(super) PackageCoordinates);

impl Endpoint for ReadGem {
    fn label(&self) -> &'static str {
        "read-gem-json"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.0)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let number = Variant::Gem.number();
            let (gem, plain) = (&self.0, Encoding::Identity);
            let made = cx
                .catalog
                .document(&cx.grant, gem, number, &cx.base, plain, render);
            let (document, _) = made.await?;
            if document.bytes == "null" {
                let message = format!("The gem '{}' has no version.", gem.name);
                let kind = ResourceType::Package;
                return Err(Error::not_found(kind, gem.name.as_str(), message));
            }
            Ok(json_bytes_reply(document.bytes.clone()).into())
        })
    }
}

/// `GET api/v1/versions/{gem}.json`, and `GET api/v1/versions/{gem}/latest.json`
pub(super) struct ReadVersions {
    pub(super) gem: PackageCoordinates,
    pub(super) only_latest: bool,
}

impl Endpoint for ReadVersions {
    fn label(&self) -> &'static str {
        "read-versions-json"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::package(&self.gem)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let number = Variant::Versions.number();
            let (base, plain) = (no_base(), Encoding::Identity);
            let made = cx
                .catalog
                .document(&cx.grant, &self.gem, number, &base, plain, render);
            let (document, _) = made.await?;
            if !self.only_latest {
                return Ok(json_bytes_reply(document.bytes.clone()).into());
            }
            let all: Vec<Value> =
                serde_json::from_slice(&document.bytes).map_err(Error::internal)?;
            let latest = all.iter().find(|version| version["prerelease"] == false);
            let number = latest.map_or(&Value::Null, |version| &version["number"]);
            Ok(json_reply(StatusCode::OK, &json!({ "version": number })).into())
        })
    }
}

/// `GET api/v1/search.json?query=`
pub(super) struct Search {
    words: Vec<String>,
    page: usize,
}

impl Search {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        let query = head.parameter("query").unwrap_or_default();
        let words = query.split_whitespace().map(str::to_lowercase);
        let page = head.parameter("page").and_then(|page| page.parse().ok());
        Self {
            words: words.take(WORDS).collect(),
            page: page.unwrap_or(1).clamp(1, PAGES),
        }
    }
}

impl Endpoint for Search {
    fn label(&self) -> &'static str {
        "search"
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let skip = (self.page - 1) * HITS;
            let hits = cx
                .catalog
                .search_packages(&cx.grant, ID, &self.words, skip, HITS)
                .await?;
            let found: Vec<Value> = hits.iter().map(object).collect();
            Ok(json_reply(StatusCode::OK, &found.into()).into())
        })
    }
}

fn object(hit: &SearchHit) -> Value {
    let kept = VersionMetadata::read(hit.metadata.as_bytes());
    let spec = kept.spec().unwrap_or_default();
    json!({
        "name": hit.package.name.as_str(),
        "version": hit.version.as_str(),
        "platform": super::platform::RUBY,
        "authors": spec.authors.join(", "),
        "info": spec.description.as_ref().or(spec.summary.as_ref()),
        "licenses": spec.licenses,
        "metadata": spec.metadata,
        "homepage_uri": spec.homepage,
    })
}
