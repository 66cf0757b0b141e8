//! Reading metadata: of artifacts, of snapshots, of groups, and the checksums beside it. All of it is made here.

use std::sync::Arc;

use bytes::Bytes;
use catalog::{CacheOutcome, Document, Encoding};
use futures_util::future::BoxFuture;
use model::{Error, ErrorKind, Namespace, PackageCoordinates, ResourceType, Result, VersionName};

use super::checksum::Algorithm;
use super::group_plugins;
use super::reply::{TEXT, XML};
use super::shown::{Variant, render};
use crate::kit::body::Body;
use crate::kit::document_reply::document_reply;
use crate::kit::negotiation;
use crate::kit::small_reply::{ASK_AGAIN, small_reply};
use crate::{Context, Endpoint, Reply, Subject};

/// `GET {group}/{artifact}/maven-metadata.xml`, which is the address of a group's metadata, too.
pub(super) struct ReadMetadata {
    pub(super) package: Option<PackageCoordinates>,
    pub(super) group: Namespace,
    pub(super) checksum: Option<Algorithm>,
}

impl Endpoint for ReadMetadata {
    fn label(&self) -> &'static str {
        "read-metadata"
    }

    fn subject(&self) -> Subject<'_> {
        self.package
            .as_ref()
            .map_or_else(Subject::default, Subject::package)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let absent = match &self.package {
                Some(package) => {
                    let about = About {
                        package,
                        variant: Variant::Artifact,
                        snapshot: "",
                        checksum: self.checksum,
                    };
                    match about.answer(&cx).await {
                        Err(error) if error.kind == ErrorKind::NotFound => error,
                        answered => return answered,
                    }
                }
                None => no_plugins(&self.group),
            };
            match group_plugins::metadata(&cx, &self.group, self.package.as_ref()).await? {
                Some(bytes) => made_reply(&cx, bytes, self.checksum),
                None => Err(absent),
            }
        })
    }
}

/// `GET {group}/{artifact}/{v}-SNAPSHOT/maven-metadata.xml`
pub(super) struct ReadSnapshotMetadata {
    pub(super) package: PackageCoordinates,
    pub(super) snapshot: VersionName,
    pub(super) checksum: Option<Algorithm>,
}

impl Endpoint for ReadSnapshotMetadata {
    fn label(&self) -> &'static str {
        "read-snapshot-metadata"
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.snapshot)
    }

    fn run(self: Box<Self>, cx: Context, _: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let about = About {
                package: &self.package,
                variant: Variant::Snapshot,
                snapshot: self.snapshot.as_str(),
                checksum: self.checksum,
            };
            about.answer(&cx).await
        })
    }
}

/// A document that lies ready, or one of its checksums.
struct About<'a> {
    package: &'a PackageCoordinates,
    variant: Variant,
    snapshot: &'a str,
    checksum: Option<Algorithm>,
}

impl About<'_> {
    async fn answer(&self, cx: &Context) -> Result<Reply> {
        if self.checksum.is_some() {
            // Of the very bytes that are sent when no encoding is asked for.
            let (document, _) = self.document(cx, Encoding::Identity).await?;
            return made_reply(cx, document.bytes.clone(), self.checksum);
        }
        let encoding = negotiation::encoding(&cx.headers);
        let (document, cache) = self.document(cx, encoding).await?;
        document_reply(&cx.method, &cx.headers, &document, encoding, XML, cache)
    }

    async fn document(
        &self,
        cx: &Context,
        encoding: Encoding,
    ) -> Result<(Arc<Document>, CacheOutcome)> {
        // No metadata spells out an address; what tells the documents of a package apart is the snapshot.
        let about = Arc::from(self.snapshot);
        let number = self.variant.number();
        cx.catalog
            .document(&cx.grant, self.package, number, &about, encoding, render)
            .await
    }
}

fn made_reply(cx: &Context, bytes: Bytes, checksum: Option<Algorithm>) -> Result<Reply> {
    let response = match checksum {
        Some(algorithm) => small_reply(cx, algorithm.of_bytes(&bytes), TEXT, ASK_AGAIN),
        None => small_reply(cx, bytes, XML, ASK_AGAIN),
    }?;
    Ok(response.into())
}

fn no_plugins(group: &Namespace) -> Error {
    let message = format!("Group '{group}' has no plugins in this repository.");
    Error::not_found(ResourceType::Package, group.as_str(), message)
}
