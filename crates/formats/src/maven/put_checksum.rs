//! `PUT {group}/{artifact}/{version}/{file}.sha1` and the like: what a client takes the checksum of its file to be.
//!
//! It is compared and not kept. That one did not match is remembered while its version is Unfinished: such a version is
//! not published until the same checksum is sent again and matches.

use futures_util::future::BoxFuture;
use model::{Action, Asset, Error, InvalidReason, PackageVersionStatus, ResourceType, Result};

use super::checksum::{Algorithm, MOST_BYTES, sent};
use super::layout::FilePlace;
use super::reply::taken;
use super::version_metadata::VersionMetadata;
use crate::kit::body::{Body, read_all};
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// `PUT {group}/{artifact}/{version}/{file}.{algorithm}`
pub(super) struct PutChecksum {
    pub(super) file: FilePlace,
    pub(super) algorithm: Algorithm,
}

impl Endpoint for PutChecksum {
    fn label(&self) -> &'static str {
        "put-checksum"
    }

    fn permission(&self) -> Permission {
        const PUBLISH: &[Action] = &[Action::PUBLISH_PACKAGE_VERSION];
        Permission::on(PUBLISH, self.file.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.file.package, &self.file.version)
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let body = read_all(body, MOST_BYTES).await?;
            let (status, asset) = self.held(&cx).await?;
            let computed = self.algorithm.of(&asset.digests);
            let matches = sent(&body) == Some(computed.as_str());
            if status == PackageVersionStatus::Unfinished {
                self.remember(&cx, matches).await?;
            }
            if matches {
                Ok(taken())
            } else {
                Err(self.mismatch(&computed))
            }
        })
    }
}

impl PutChecksum {
    async fn held(&self, cx: &Context) -> Result<(PackageVersionStatus, Asset)> {
        let FilePlace {
            package,
            version,
            asset,
        } = &self.file;
        let held = cx.catalog.held_assets(&cx.grant, package, version).await?;
        let found = held.and_then(|(status, assets)| {
            let found = assets.into_iter().find(|held| held.name == *asset)?;
            Some((status, found))
        });
        found.ok_or_else(|| {
            let asset = asset.as_str();
            let message = format!(
                "There is no file '{asset}' that this checksum could be of. Send the file first."
            );
            Error::not_found(ResourceType::Asset, asset, message)
        })
    }

    async fn remember(&self, cx: &Context, matches: bool) -> Result<()> {
        let FilePlace {
            package,
            version,
            asset,
        } = &self.file;
        let (asset, suffix) = (asset.as_str(), self.algorithm.suffix());
        if matches {
            // Nearly every checksum matches, and then nothing is written.
            let held = cx
                .catalog
                .held_version_metadata(&cx.grant, package, version)
                .await?;
            let is_known =
                held.is_some_and(|json| VersionMetadata::read(&json).is_mismatched(asset, suffix));
            if !is_known {
                return Ok(());
            }
        }
        let noted = VersionMetadata::of_checksum(asset, suffix, matches).write();
        cx.catalog
            .merge_version_metadata(&cx.grant, package, version, noted)
            .await
    }

    fn mismatch(&self, computed: &str) -> Error {
        let message = format!(
            "The {} checksum that was sent for '{}' is not that of the file, which is {computed}. Send the file and \
             its checksums again; checksums are compared in lower case.",
            self.algorithm.suffix(),
            self.file.asset.as_str()
        );
        Error::invalid(InvalidReason::Other, message)
    }
}
