//! `PUT {name}`: publishing a version, or editing what is said of versions.
//!
//! Both come to the same address with documents of the same shape; whether a tarball is in it decides. The tarball
//! is staged while it arrives, so memory does not grow with it.

use catalog::{NewAsset, Publication, Stage, Staged};
use futures_util::future::BoxFuture;
use http::StatusCode;
use model::{Action, Error, InvalidReason, PackageCoordinates, ResourceType, Result};
use serde_json::json;

use super::name::display_name;
use super::package_archive::{ArchiveReader, Contents};
use super::publication::{Examined, Tarball, examine};
use super::publish_document::{DocumentScanner, Piece};
use super::{asset_name, deprecation};
use crate::kit::body::{Body, announced_bytes, drain, next_chunk, too_large};
use crate::kit::document_reply::json_reply;
use crate::{Context, Endpoint, Permission, Reply, Told};

/// `PUT {name}`
pub(super) struct PutPackage {
    pub(super) package: PackageCoordinates,
}

impl Endpoint for PutPackage {
    fn label(&self) -> &'static str {
        "put-package"
    }

    fn permission(&self) -> Permission {
        const EITHER: &[Action] = &[
            Action::PUBLISH_PACKAGE_VERSION,
            Action::PUT_PACKAGE_METADATA,
        ];
        Permission::on(EITHER, self.package.clone())
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let received = receive(&cx, &self.package, body).await?;
            match received.tarball {
                Some(arrived) => publish(&cx, self.package, received.document, arrived).await,
                None => deprecation::edit(&cx, &self.package, received.document).await,
            }
        })
    }
}

/// A document that has arrived, its tarball staged.
struct Received {
    document: String,
    tarball: Option<Arrived>,
}

struct Arrived {
    attachment: String,
    staged: Staged,
    contents: Contents,
}

/// A tarball on its way in.
struct Arriving {
    attachment: String,
    stage: Stage,
    limit_bytes: u64,
    archive: ArchiveReader,
}

async fn receive(cx: &Context, package: &PackageCoordinates, mut body: Body) -> Result<Received> {
    let outcome = receive_from(cx, package, &mut body).await;
    if outcome.is_err() {
        drain(body).await;
    }
    outcome
}

async fn receive_from(
    cx: &Context,
    package: &PackageCoordinates,
    body: &mut Body,
) -> Result<Received> {
    let limit_bytes = cx.limits.publish_body_bytes;
    if announced_bytes(&cx.headers).is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes));
    }
    let mut scanner = DocumentScanner::new(cx.limits.document_bytes);
    let (mut received_bytes, mut arriving, mut tarball) = (0, None, None);
    while let Some(chunk) = next_chunk(body).await? {
        received_bytes += chunk.len() as u64;
        if received_bytes > limit_bytes {
            return Err(too_large(limit_bytes));
        }
        for piece in scanner.feed(&chunk)? {
            match (piece, &mut arriving) {
                (Piece::Begin(attachment), None) if tarball.is_none() => {
                    arriving = Some(Arriving::begin(cx, package, attachment).await?);
                }
                (Piece::Begin(_), _) => return Err(two_tarballs()),
                (Piece::Data(bytes), Some(arriving)) => arriving.take(bytes).await?,
                (Piece::End, _) => tarball = arriving.take(),
                (Piece::Data(_), None) => {
                    return Err(Error::internal("bytes of a tarball came outside of one"));
                }
            }
        }
    }
    let document = scanner.finish()?;
    let tarball = match tarball {
        Some(arriving) => Some(arriving.finish().await?),
        None => None,
    };
    Ok(Received { document, tarball })
}

impl Arriving {
    /// Begins to stage: only for who may publish, which the first look at the request could not yet tell.
    async fn begin(cx: &Context, package: &PackageCoordinates, attachment: String) -> Result<Self> {
        cx.grant_for(Action::PUBLISH_PACKAGE_VERSION, package)
            .await?;
        let stage = cx.catalog.stage().await?;
        Ok(Self {
            attachment,
            stage,
            limit_bytes: cx.catalog.settings().quotas.asset_size_bytes,
            archive: ArchiveReader::new(),
        })
    }

    async fn take(&mut self, bytes: bytes::Bytes) -> Result<()> {
        let limit_bytes = self.limit_bytes;
        if self.stage.written_bytes() + bytes.len() as u64 > limit_bytes {
            let message = format!("The asset is larger than the limit of {limit_bytes} bytes.");
            let name = asset_name();
            return Err(Error::quota_exceeded(
                ResourceType::Asset,
                name.as_str(),
                message,
            ));
        }
        self.stage
            .write(bytes.clone())
            .await
            .map_err(Error::internal)?;
        self.archive.feed(bytes).await
    }

    async fn finish(self) -> Result<Arrived> {
        let contents = self.archive.finish().await?;
        let staged = self.stage.finish().await.map_err(Error::internal)?;
        Ok(Arrived {
            attachment: self.attachment,
            staged,
            contents,
        })
    }
}

async fn publish(
    cx: &Context,
    package: PackageCoordinates,
    document: String,
    arrived: Arrived,
) -> Result<Reply> {
    let Arrived {
        attachment,
        staged,
        contents,
    } = arrived;
    let (size_bytes, digests) = (staged.size_bytes(), staged.digests().clone());
    let tarball = Tarball {
        attachment,
        size_bytes,
        digests,
        contents,
    };
    let asked = package.clone();
    let examined = tokio::task::spawn_blocking(move || examine(&asked, &document, &tarball));
    let Examined {
        version,
        metadata,
        readme,
        tags,
    } = examined.await.map_err(Error::internal)??;
    let assets = vec![NewAsset {
        name: asset_name(),
        staged,
    }];
    let told = Told {
        action: Action::PUBLISH_PACKAGE_VERSION,
        package: None,
        version: Some(version.clone()),
    };
    let publication = Publication {
        package: package.clone(),
        version,
        metadata,
        readme,
        assets,
        tags,
    };
    // The tarball may have taken hours, in which rights come and go.
    let grant = cx
        .grant_for(Action::PUBLISH_PACKAGE_VERSION, &package)
        .await?;
    let published = cx.catalog.publish(&grant, publication).await?;
    let status = if published.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let answer = json!({ "ok": true, "success": true, "id": display_name(&package), "rev": published.revision });
    let mut response = json_reply(status, &answer);
    response.extensions_mut().insert(told);
    Ok(response.into())
}

fn two_tarballs() -> Error {
    Error::invalid(
        InvalidReason::Other,
        "The document cannot be published: it has more than one tarball.",
    )
}
