//! Assets for clients: found in the graph, and delivered from what is held or by a pull.

use std::sync::Arc;

use http_body_util::BodyExt as _;
use model::{AssetName, Digests, Error, PackageCoordinates, Result, Sha256Digest, VersionName};
use upstream::SourceError;

use crate::asset_body::{AssetAnswer, AssetBody};
use crate::asset_search::{AssetSearch, AtSource, Located, fault_at};
use crate::failure::from_blobs;
use crate::packages::version_not_found;
use crate::pull::{Asker, AssetKey, Pulled};
use crate::repository_view::RepositoryView;
use crate::source_documents::SourceFault;
use crate::stamps::Tick;
use crate::{CacheOutcome, Catalog, Grant};

/// Where an asset's bytes are, as long as no change to its package comes.
#[derive(Debug)]
pub(crate) struct HeldAsset {
    pub(crate) digests: Digests,
    pub(crate) made_at: Tick,
}

impl Catalog {
    /// An asset of a version, from wherever the graph has it. With `only_describe` nothing is pulled or retained.
    pub async fn asset(
        self: &Arc<Self>,
        grant: &Grant,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
        only_describe: bool,
    ) -> Result<AssetAnswer> {
        let view = grant.view();
        let key = AssetKey::new(view.home().id, package, version, asset);
        if let Some(digests) = self.known_digests(view, &key)
            && let Some(body) = self.deliver_held(view, digests, only_describe).await?
        {
            return Ok(AssetAnswer {
                body,
                cache: CacheOutcome::Hit,
            });
        }
        self.find_asset(view, key, only_describe).await
    }

    /// The digests of an asset that was found before, if its package has not changed since.
    pub(crate) fn known_digests(&self, view: &RepositoryView, key: &AssetKey) -> Option<Digests> {
        let held = self.held_assets.get(key)?;
        self.stamps
            .package_is_valid(held.made_at, view.domain_id, &key.package)
            .then(|| held.digests.clone())
    }

    /// An asset from wherever the graph has it. Where a row names bytes that have been lost, and they came from a public
    /// source, they are pulled again, if it still has the same.
    async fn find_asset(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        key: AssetKey,
        only_describe: bool,
    ) -> Result<AssetAnswer> {
        let (package, version, asset) = (&key.package, &key.version, &key.asset);
        let made_at = self.reading_tick(view);
        // A second look after a pull that ended meanwhile finds its rows; a third is never needed.
        for _ in 0..3 {
            let mut search = self.search_asset(view, package, version, asset).await?;
            let mut lost = None;
            loop {
                let located = search.next().await;
                match located.map_err(|error| lost.map_or(error, missing_bytes))? {
                    Located::Held {
                        node,
                        version,
                        digests,
                        ..
                    } => {
                        let delivered = self.deliver_held(view, digests.clone(), only_describe);
                        let Some(body) = delivered.await? else {
                            lost = Some(digests.sha256);
                            continue;
                        };
                        // Nothing is retained of what lies here already: to be asked about it is as good as for it.
                        if node == 0 || !only_describe {
                            self.retain(view, node, package, &version).await?;
                            self.catch_up_behind(view, package, &version);
                            let held = HeldAsset { digests, made_at };
                            self.held_assets.insert(key.clone(), Arc::new(held));
                        }
                        return Ok(answer(body));
                    }
                    Located::AtSource(found) if only_describe => {
                        if let Some(body) = self.describe(view, &mut search, found).await? {
                            return Ok(answer(body));
                        }
                    }
                    Located::AtSource(mut found) => {
                        if let Some(sha256) = lost {
                            let named = found.asset.expected.sha256.get_or_insert(sha256);
                            if *named != sha256 {
                                return Err(missing_bytes(sha256));
                            }
                        }
                        let (node, is_listed) = (found.node, found.is_listed);
                        match self.pull(view, package, found, Asker::Client).await? {
                            Pulled::Started(started) => {
                                return Ok(answer(AssetBody::arriving(started)));
                            }
                            Pulled::Held | Pulled::Declined => break,
                            Pulled::Absent if is_listed => {
                                let not_found = || version_not_found(package, version);
                                return Err(lost.map_or_else(not_found, missing_bytes));
                            }
                            Pulled::Fault(fault) if is_listed => {
                                return Err(fault_at(&view.nodes[node], fault));
                            }
                            // It was only a guess that it is there.
                            Pulled::Absent => {}
                            Pulled::Fault(fault) => search.note_fault(node, fault),
                        }
                    }
                }
            }
        }
        Err(Error::internal("an asset was pulled but cannot be found"))
    }

    /// What can be told of an asset at a source without pulling it; nothing when the source has none.
    async fn describe(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        search: &mut AssetSearch<'_>,
        found: Box<AtSource>,
    ) -> Result<Option<AssetBody>> {
        let AtSource {
            node,
            asset,
            is_listed,
            ..
        } = *found;
        if is_listed {
            return Ok(Some(AssetBody::described(asset.expected, asset.size_bytes)));
        }
        let asked = match self.connection_source(&view.nodes[node]).await {
            Ok(source) => source.describe(&asset.url).await,
            Err(fault) => {
                search.note_fault(node, fault);
                return Ok(None);
            }
        };
        match asked {
            Ok(said) => Ok(Some(AssetBody::described(asset.expected, said.length))),
            Err(SourceError::Absent) => Ok(None),
            Err(error) => {
                search.note_fault(node, SourceFault::Source(error));
                Ok(None)
            }
        }
    }

    /// The bytes of an asset that a row names.
    pub(crate) async fn open_held(&self, digests: Digests) -> Result<AssetBody> {
        let sha256 = digests.sha256;
        let found = self.find_held(digests).await?;
        found.ok_or_else(|| missing_bytes(sha256))
    }

    /// As [`Catalog::open_held`]; nothing where the bytes have been lost.
    pub(crate) async fn find_held(&self, digests: Digests) -> Result<Option<AssetBody>> {
        let blob = self.blobs.open(&digests.sha256).await.map_err(from_blobs)?;
        Ok(blob.map(|blob| AssetBody::held(blob, digests)))
    }

    /// Fetches again the bytes of an asset that came from a public source and were lost. When this returns they are
    /// stored, with the digests that they had.
    pub(crate) async fn fetch_again(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        key: AssetKey,
    ) -> Result<()> {
        let answer = self.find_asset(view, key, false).await?;
        let mut body = answer.body.into_body(None);
        // The last of them comes only once everything is stored.
        while let Some(frame) = body.frame().await {
            frame.map_err(Error::internal)?;
        }
        Ok(())
    }
}

/// The answer where a row names bytes that are not there.
pub(crate) fn missing_bytes(sha256: Sha256Digest) -> Error {
    Error::internal(format!("the bytes {sha256} of an asset are missing"))
}

const fn answer(body: AssetBody) -> AssetAnswer {
    AssetAnswer {
        body,
        cache: CacheOutcome::Miss,
    }
}
