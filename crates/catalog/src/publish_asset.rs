//! Publishing through the API, one asset at a time: a version grows while it is Unfinished and is closed by the call
//! that finishes it (user guide, "Publish and consume generic packages").
//!
//! Whole versions, as package managers publish them, are another matter: see `publish`. Here too the bytes come first,
//! durable under their digest; then rows and change in one transaction; then the answer.

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use model::{
    Action, Asset, AssetName, Digests, DomainRef, Error, InvalidReason, PackageCoordinates,
    PackageVersionStatus, RepositoryName, ResourceType, Result, VersionName,
};
use store::{NewAsset, PackageRow};

use crate::failure::{from_blobs, from_store};
use crate::repository_view::RepositoryView;
use crate::version_growth::{Candidate, HeldContent};
use crate::{Caller, Catalog, ExpectedDigests, Staged, Target};

/// Bytes on their way in.
pub type IncomingBytes<'a> = dyn Stream<Item = Result<Bytes>> + Send + Unpin + 'a;

/// An asset to publish.
#[derive(Debug, Clone)]
pub struct AssetPublication {
    /// The package.
    pub package: PackageCoordinates,
    /// The version.
    pub version: VersionName,
    /// The name of the asset.
    pub asset: AssetName,
    /// What the bytes must come to, as far as that was said.
    pub expected: ExpectedDigests,
    /// How many bytes were announced, if that was said before the first of them.
    pub announced_bytes: Option<u64>,
    /// Whether more assets will follow.
    pub unfinished: bool,
    /// Whether an asset of this name that is held already is refused whatever its bytes are.
    pub only_new: bool,
}

/// What publishing an asset came to.
#[derive(Debug, Clone)]
pub struct PublishedAsset {
    /// The version's name, in its first spelling.
    pub version: VersionName,
    /// The version's revision with this asset.
    pub revision: String,
    /// The version's status.
    pub status: PackageVersionStatus,
    /// The asset.
    pub asset: Asset,
    /// Whether it came with this call, and was not held before.
    pub is_new: bool,
}

impl Catalog {
    /// Publishes an asset of a version that grows asset by asset. The rules are asked before the first byte is taken
    /// and again when the rows are written, and the caller's right once more after the last byte; what is refused
    /// leaves nothing behind. Sending an asset again as it is held succeeds and changes nothing, so that a call whose
    /// answer was lost can be repeated.
    pub async fn publish_asset(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        publication: AssetPublication,
        bytes: &mut IncomingBytes<'_>,
    ) -> Result<PublishedAsset> {
        let view = self.repository_view(domain, repository).await?;
        self.check_before_asset(&view, &publication).await?;
        let staged = self.receive_asset(&publication, bytes).await?;
        // Receiving may take hours, in which rights come and go.
        let target = Target::Package(domain, repository, &publication.package);
        self.allow(caller, Action::PUBLISH_PACKAGE_VERSION, target)
            .await?;
        let candidate = publication.candidate(ExpectedDigests::exactly(staged.digests()));
        if publication.expected.sha256.is_none() {
            // Only now it can be told whether they are other bytes under a name that is taken.
            self.check_against_held(&view, &candidate).await?;
        }
        let asset = NewAsset {
            name: publication.asset.clone(),
            size_bytes: staged.size_bytes(),
            digests: staged.digests().clone(),
            companion: None,
        };
        self.commit(staged).await?;
        self.grow(caller, view, candidate, asset, Vec::new(), None)
            .await
    }

    /// What can be told before bytes are taken.
    async fn check_before_asset(
        &self,
        view: &RepositoryView,
        publication: &AssetPublication,
    ) -> Result<()> {
        let package = &publication.package;
        let rules = self.rules(package.format)?;
        if !rules.is_published_through_api() {
            let message = format!(
                "Packages of the format {} are published with their package manager, not asset by asset.",
                package.format
            );
            return Err(Error::invalid(InvalidReason::Other, message));
        }
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        if publication
            .announced_bytes
            .is_some_and(|bytes| bytes > limit_bytes)
        {
            return Err(asset_too_large(&publication.asset, limit_bytes));
        }
        // What was declared of the bytes stands for them, and what was not declared may be so.
        let candidate = publication.candidate(publication.expected.clone());
        self.check_against_held(view, &candidate).await
    }

    /// What stands against the asset in what the repository holds now.
    async fn check_against_held(&self, view: &RepositoryView, candidate: &Candidate) -> Result<()> {
        let package = &candidate.package;
        let rules = self.rules(package.format)?;
        // Before this takes a connection of its own: whoever holds one and waits for another may wait for itself.
        let gate = self.origin_gate(view.domain_id, package).await?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader
            .find_package(view.home().id, package)
            .await
            .map_err(from_store)?;
        let own = row.as_ref().map(PackageRow::restrictions);
        gate.check_publish(view.home().id_and_name(), own, package)?;
        let Some(row) = row else { return Ok(()) };
        let key = rules.version_key(&candidate.version);
        let held = HeldContent::find(&mut reader, row.id, &key).await?;
        let limit = self.settings.quotas.assets_per_version;
        candidate.check(held.as_ref(), rules.growth(), limit)?;
        Ok(())
    }

    /// Takes the bytes and holds them against what was declared.
    async fn receive_asset(
        &self,
        publication: &AssetPublication,
        bytes: &mut IncomingBytes<'_>,
    ) -> Result<Staged> {
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        let mut stage = self.stage().await?;
        while let Some(chunk) = bytes.next().await {
            let chunk = chunk?;
            if stage.written_bytes() + chunk.len() as u64 > limit_bytes {
                return Err(asset_too_large(&publication.asset, limit_bytes));
            }
            stage.write(chunk).await.map_err(from_blobs)?;
        }
        let staged = stage.finish().await.map_err(from_blobs)?;
        match publication.expected.mismatch(staged.digests()) {
            None => Ok(staged),
            Some(algorithm) => Err(other_bytes(
                algorithm,
                &publication.expected,
                staged.digests(),
            )),
        }
    }
}

impl AssetPublication {
    fn candidate(&self, bytes: ExpectedDigests) -> Candidate {
        Candidate {
            package: self.package.clone(),
            version: self.version.clone(),
            asset: self.asset.clone(),
            bytes,
            only_new: self.only_new,
            is_finished: !self.unfinished,
        }
    }
}

/// Bytes that are not what was declared of them.
fn other_bytes(algorithm: &str, expected: &ExpectedDigests, received: &Digests) -> Error {
    let pair = match algorithm {
        "SHA-512" => (
            expected.sha512.map(|d| d.to_hex()),
            received.sha512.to_hex(),
        ),
        "SHA-256" => (
            expected.sha256.map(|d| d.to_hex()),
            received.sha256.to_hex(),
        ),
        "SHA-1" => (expected.sha1.map(|d| d.to_hex()), received.sha1.to_hex()),
        _ => (expected.md5.map(|d| d.to_hex()), received.md5.to_hex()),
    };
    let (declared, received) = (pair.0.unwrap_or_default(), pair.1);
    let message = format!(
        "The {algorithm} of the received asset content is {received}, but {declared} was declared. Nothing was \
         stored; send the asset again."
    );
    Error::invalid(InvalidReason::FieldValidation, message)
}

/// The quota of an asset's size, exceeded.
pub(crate) fn asset_too_large(asset: &AssetName, limit_bytes: u64) -> Error {
    let message = format!("An asset can have at most {limit_bytes} bytes, and '{asset}' has more.");
    Error::quota_exceeded(ResourceType::Asset, asset.as_str(), message)
}
