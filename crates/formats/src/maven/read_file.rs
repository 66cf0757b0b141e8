//! Reading files of versions and builds, and the checksums beside them.

use std::sync::Arc;

use catalog::{AssetAnswer, Encoding};
use futures_util::future::BoxFuture;
use http::Method;
use http_body_util::BodyExt as _;
use model::{
    AssetName, Digests, Error, ErrorKind, PackageCoordinates, ResourceType, Result, VersionName,
};

use super::checksum::Algorithm;
use super::layout::FilePlace;
use super::reply::{TEXT, bare_reply, file_reply, keeping};
use super::shown::{Variant, render};
use super::snapshot::Build;
use crate::kit::body::Body;
use crate::kit::small_reply::small_reply;
use crate::{Context, Endpoint, Reply, Subject};

/// `GET {group}/{artifact}/{version}/{file}`, or one of its checksums.
pub(super) struct ReadFile {
    pub(super) file: FilePlace,
    /// The snapshot that it is a build of, if it was asked for in the snapshot's folder.
    pub(super) snapshot: Option<VersionName>,
    pub(super) checksum: Option<Algorithm>,
}

impl Endpoint for ReadFile {
    fn label(&self) -> &'static str {
        match self.checksum {
            None => "read-file",
            Some(_) => "read-checksum",
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.file.package, &self.file.version)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let asked = Asked {
                file: self.file,
                snapshot: self.snapshot,
            };
            answer(&cx, &asked, self.checksum, true).await
        })
    }
}

/// `GET {group}/{artifact}/{v}-SNAPSHOT/{artifact}-{v}-SNAPSHOT{tail}`: the same of the newest build.
pub(super) struct ReadNewestFile {
    pub(super) package: PackageCoordinates,
    pub(super) snapshot: VersionName,
    pub(super) tail: String,
    pub(super) checksum: Option<Algorithm>,
}

impl Endpoint for ReadNewestFile {
    fn label(&self) -> &'static str {
        "read-newest-file"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.snapshot)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let Self {
                package,
                snapshot,
                tail,
                checksum,
            } = *self;
            let about: Arc<str> = Arc::from(snapshot.as_str());
            let number = Variant::NewestBuild.number();
            let (newest, _) = cx
                .catalog
                .document(
                    &cx.grant,
                    &package,
                    number,
                    &about,
                    Encoding::Identity,
                    render,
                )
                .await?;
            let build = std::str::from_utf8(&newest.bytes)
                .ok()
                .and_then(Build::of_version)
                .ok_or_else(|| Error::internal("the name of a newest build is not one"))?;
            let version = build
                .version(snapshot.as_str())
                .ok_or_else(|| Error::internal("a snapshot has no name for its build"))?;
            let name = format!("{}-{version}{tail}", package.name);
            let asset = AssetName::parse(&name).map_err(|_| {
                let message = format!("There is no file '{name}'.");
                Error::not_found(ResourceType::Asset, name, message)
            })?;
            let asked = Asked {
                file: FilePlace {
                    package,
                    version,
                    asset,
                },
                snapshot: Some(snapshot),
            };
            answer(&cx, &asked, checksum, false).await
        })
    }
}

/// A file, and where else it is looked for.
struct Asked {
    file: FilePlace,
    snapshot: Option<VersionName>,
}

impl Asked {
    async fn find(&self, cx: &Context, only_describe: bool) -> Result<AssetAnswer> {
        let FilePlace {
            package,
            version,
            asset,
        } = &self.file;
        let (catalog, grant) = (&cx.catalog, &cx.grant);
        let found = catalog
            .asset(grant, package, version, asset, only_describe)
            .await;
        match (found, &self.snapshot) {
            (Err(error), Some(snapshot)) if error.kind == ErrorKind::NotFound => {
                // Builds can be deleted to make room; the snapshot still has what it shows. It is not retained where
                // it was asked for: what it shows changes with the next build.
                let shown = catalog.asset(grant, package, snapshot, asset, true).await;
                shown.map_err(|_| error)
            }
            (found, _) => found,
        }
    }

    /// The digests of the file. Those of one that is not held are known when it is: it is pulled through, as it would
    /// be a moment later.
    async fn digests(&self, cx: &Context) -> Result<Option<Digests>> {
        let described = self.find(cx, true).await?;
        if let Some(digests) = described.body.digests() {
            return Ok(Some(digests.clone()));
        }
        if cx.method == Method::HEAD {
            return Ok(None);
        }
        let pulled = self.find(cx, false).await?;
        if let Some(digests) = pulled.body.digests() {
            return Ok(Some(digests.clone()));
        }
        let mut body = pulled.body.into_body(None);
        while let Some(frame) = body.frame().await {
            frame.map_err(|error| {
                Error::upstream_unavailable("A public source did not send a file to its end.")
                    .caused_by(error)
            })?;
        }
        let held = self.find(cx, true).await?;
        Ok(held.body.digests().cloned())
    }
}

async fn answer(
    cx: &Context,
    asked: &Asked,
    checksum: Option<Algorithm>,
    is_for_good: bool,
) -> Result<Reply> {
    let Some(algorithm) = checksum else {
        let found = asked.find(cx, cx.method == Method::HEAD).await?;
        return file_reply(cx, asked.file.asset.as_str(), found, is_for_good).await;
    };
    match asked.digests(cx).await? {
        Some(digests) => {
            let caching = keeping(is_for_good);
            Ok(small_reply(cx, algorithm.of(&digests), TEXT, caching)?.into())
        }
        None if cx.method == Method::HEAD => Ok(bare_reply(TEXT)),
        None => Err(Error::internal("a file was pulled through and is not held")),
    }
}
