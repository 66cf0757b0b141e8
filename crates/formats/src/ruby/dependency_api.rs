//! `GET api/v1/dependencies?gems=a,b`: the older way to resolve, which Bundler falls back to, and RubyGems of old uses.
//!
//! Bundler asks without names first, to see whether it is there: the answer is empty then.

use std::sync::Arc;

use catalog::{Document, Encoding};
use futures_util::future::BoxFuture;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::HeaderValue;
use model::{Error, ErrorKind, PackageCoordinates, Result};

use super::index::no_base;
use super::info::{Line, lines};
use super::marshalled::{self, Release};
use super::name::find_gem;
use super::{Variant, render};
use crate::kit::body::Body;
use crate::kit::page_reply::page_reply;
use crate::{Context, Endpoint, Reply, RequestHead};

const BINARY: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// Gems looked for at a time.
const AT_ONCE: usize = 8;
/// Gems that one request may name. Bundler names a hundred at most.
const GEMS: usize = 1000;

/// A request for the dependencies of gems.
pub(super) struct ReadDependencies {
    gems: Vec<PackageCoordinates>,
    named: usize,
}

impl ReadDependencies {
    pub(super) fn read(head: &RequestHead<'_>) -> Self {
        let names = head.parameter("gems").unwrap_or_default();
        let mut gems: Vec<PackageCoordinates> = Vec::new();
        let mut named = 0;
        for name in names.split(',').filter(|name| !name.is_empty()).take(GEMS) {
            named += 1;
            // What is no name is the name of nothing.
            if let Some(gem) = find_gem(name.trim())
                && !gems.contains(&gem)
            {
                gems.push(gem);
            }
        }
        Self { gems, named }
    }
}

impl Endpoint for ReadDependencies {
    fn label(&self) -> &'static str {
        "read-dependencies"
    }

    /// Each gem that is named is one request, as CodeArtifact counts them.
    fn counts_for(&self) -> u32 {
        u32::try_from(self.named.max(1)).unwrap_or(u32::MAX)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            if self.named == 0 {
                return Ok(page_reply(&cx.method, BINARY, "").into());
            }
            let asked = stream::iter(self.gems.into_iter().map(|gem| find(&cx, gem)));
            let found: Vec<Option<(PackageCoordinates, Arc<Document>)>> =
                asked.buffered(AT_ONCE).try_collect().await?;
            let written = tokio::task::spawn_blocking(move || {
                let known: Vec<_> = found.into_iter().flatten().collect();
                write(&known)
            });
            let answer = written.await.map_err(Error::internal)??;
            Ok(page_reply(&cx.method, BINARY, answer).into())
        })
    }
}

async fn find(
    cx: &Context,
    gem: PackageCoordinates,
) -> Result<Option<(PackageCoordinates, Arc<Document>)>> {
    let number = Variant::Info.number();
    let (base, plain) = (no_base(), Encoding::Identity);
    let made = cx
        .catalog
        .document(&cx.grant, &gem, number, &base, plain, render);
    match made.await {
        Ok((document, _)) => Ok(Some((gem, document))),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write(known: &[(PackageCoordinates, Arc<Document>)]) -> Result<Vec<u8>> {
    let mut releases = Vec::new();
    for (gem, document) in known {
        let text = std::str::from_utf8(&document.bytes).map_err(Error::internal)?;
        let found = lines(text).unwrap_or_else(|| "".lines());
        for line in found.filter_map(Line::parse) {
            let needs = line.needs();
            releases.push(Release {
                name: gem.name.as_str(),
                number: line.name.number,
                platform: line.name.platform,
                dependencies: needs
                    .map(|(name, bounds)| (name, bounds.replace('&', ", ")))
                    .collect(),
            });
        }
    }
    Ok(marshalled::dependencies(&releases))
}
