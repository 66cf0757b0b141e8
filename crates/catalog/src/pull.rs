//! Assets: found in the graph, pulled through from a public source, streamed while they are stored.
//!
//! A pull is one download whoever asks, and belongs to nobody's connection. Bytes go to the clients as they come;
//! the last of them is held back until the digests match, the bytes are durable and the rows are written: no client
//! takes a wrong or half-stored asset for a whole one, and who has downloaded a version finds it in the API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use blobs::{Stage, StageReader, Staged};
use model::{AssetName, Digests, Error, PackageCoordinates, Result, VersionName};
use store::{AssetCompanion, AssetRow, StoreResult};
use tokio::sync::watch;
use upstream::{Download, Flights};

use crate::asset_body::{AssetAnswer, AssetBody};
use crate::failure::{copy_of, from_blobs, from_source, from_store};
use crate::packages::version_not_found;
use crate::repository_view::{Node, RepositoryView, Walk};
use crate::source::{ExpectedDigests, SourceAsset, SourceVersion};
use crate::source_documents::SourceFault;
use crate::stamps::Tick;
use crate::{CacheOutcome, Catalog, Grant};

/// An asset, in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AssetKey {
    repository_id: i64,
    package: PackageCoordinates,
    version: VersionName,
    asset: AssetName,
}

impl AssetKey {
    pub(crate) fn new(
        repository_id: i64,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Self {
        Self {
            repository_id,
            package: package.clone(),
            version: version.clone(),
            asset: asset.clone(),
        }
    }
}

/// Where an asset's bytes are, as long as no change to its package comes.
#[derive(Debug)]
pub(crate) struct HeldAsset {
    digests: Digests,
    made_at: Tick,
}

/// A pull that has begun.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) reader: StageReader,
    pub(crate) length: Option<u64>,
    pub(crate) expected: ExpectedDigests,
    /// The repository that the pull itself retains the version in.
    home_id: i64,
    /// Whether the rows were written, once that is known. Closed without a value when the pull failed.
    stored: watch::Receiver<bool>,
}

/// What leading a pull came to.
#[derive(Debug, Clone)]
enum Led {
    Started(Started),
    /// Someone else finished it meanwhile.
    Held,
}

/// The pulls under way.
#[derive(Default)]
pub(crate) struct Pulls {
    starts: Flights<AssetKey, Result<Led, Arc<Error>>>,
    active: Mutex<HashMap<AssetKey, Started>>,
}

impl Pulls {
    fn active(&self, key: &AssetKey) -> Option<Started> {
        self.active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    fn enter(&self, key: AssetKey, started: Started) {
        self.active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, started);
    }

    fn leave(&self, key: &AssetKey) {
        self.active
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(key);
    }
}

/// Where an asset is.
pub(crate) enum Located {
    Held {
        node: usize,
        digests: Digests,
        companion: Option<AssetCompanion>,
    },
    AtSource {
        node: usize,
        version: Box<SourceVersion>,
        asset: Box<SourceAsset>,
    },
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
        if let Some(held) = self.held_assets.get(&key)
            && self
                .stamps
                .package_is_valid(held.made_at, view.domain_id, package)
        {
            let body = self.open_held(held.digests.clone()).await?;
            return Ok(AssetAnswer {
                body,
                cache: CacheOutcome::Hit,
            });
        }
        let made_at = self.stamps.now();
        // A second look after a pull that ended meanwhile finds its rows; a third is never needed.
        for _ in 0..3 {
            match self.locate(view, package, version, asset).await? {
                Located::Held { node, digests, .. } => {
                    if !only_describe {
                        self.retain(view, node, package, version).await?;
                        self.held_assets.insert(
                            key,
                            Arc::new(HeldAsset {
                                digests: digests.clone(),
                                made_at,
                            }),
                        );
                    }
                    let body = self.open_held(digests).await?;
                    return Ok(AssetAnswer {
                        body,
                        cache: CacheOutcome::Miss,
                    });
                }
                Located::AtSource { asset: found, .. } if only_describe => {
                    let body = AssetBody::described(found.expected);
                    return Ok(AssetAnswer {
                        body,
                        cache: CacheOutcome::Miss,
                    });
                }
                Located::AtSource {
                    node,
                    version: found,
                    asset: source,
                } => {
                    if let Some(started) = self.pull(view, node, package, *found, *source).await? {
                        let body = AssetBody::arriving(started);
                        return Ok(AssetAnswer {
                            body,
                            cache: CacheOutcome::Miss,
                        });
                    }
                }
            }
        }
        Err(Error::internal("an asset was pulled but cannot be found"))
    }

    async fn open_held(&self, digests: Digests) -> Result<AssetBody> {
        let blob = self.blobs.open(&digests.sha256).await.map_err(from_blobs)?;
        let blob = blob.ok_or_else(|| {
            Error::internal(format!(
                "the bytes {} of an asset are missing",
                digests.sha256
            ))
        })?;
        Ok(AssetBody::held(blob, digests))
    }

    /// Walks the graph for an asset, as documents are merged: the nearest repository that knows the version decides.
    pub(crate) async fn locate(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        version: &VersionName,
        asset: &AssetName,
    ) -> Result<Located> {
        let not_found = || version_not_found(package, version);
        let rules = self.rules(package.format)?;
        let version_key = rules.version_key(version);
        let gate = self.origin_gate(view.domain_id, package).await?;
        let reaches_upstreams = gate.reaches_upstreams(view.home());
        let mut fault = None;
        let mut walk = Walk::of(view);
        while let Some(index) = walk.next() {
            let node = &view.nodes[index];
            let mut reader = self.store.read().await.map_err(from_store)?;
            if let Some(row) = reader
                .find_package(node.id, package)
                .await
                .map_err(from_store)?
            {
                if let Some(found) = reader
                    .find_version(row.id, &version_key)
                    .await
                    .map_err(from_store)?
                {
                    if !found.status().map_err(from_store)?.is_downloadable() {
                        return Err(not_found());
                    }
                    let held: Option<AssetRow> = reader
                        .find_asset(found.id, asset)
                        .await
                        .map_err(from_store)?;
                    if let Some(held) = held {
                        let digests: StoreResult<Digests> = held.digests();
                        return Ok(Located::Held {
                            node: index,
                            digests: digests.map_err(from_store)?,
                            companion: held.companion().map_err(from_store)?,
                        });
                    }
                }
                if !row.upstream_allowed {
                    continue;
                }
            }
            drop(reader);
            if index == 0 {
                view.check_upstreams()?;
            }
            if reaches_upstreams {
                walk.descend(node);
            }
            match self.source_package(view, node, package).await {
                Ok(Some(source)) => {
                    let found = source.version(rules, version).and_then(|found| {
                        let asset = found
                            .assets
                            .iter()
                            .find(|candidate| candidate.name == *asset)?;
                        Some(Located::AtSource {
                            node: index,
                            version: Box::new(found.clone()),
                            asset: Box::new(asset.clone()),
                        })
                    });
                    if let Some(found) = found {
                        return Ok(found);
                    }
                }
                Ok(None) => {}
                Err(error) => fault = Some((node, error)),
            }
        }
        match fault {
            Some((node, error)) => Err(fault_at(node, error)),
            None => Err(not_found()),
        }
    }

    /// Joins or begins the pull of an asset. `None`: it is held by now.
    async fn pull(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        node: usize,
        package: &PackageCoordinates,
        version: SourceVersion,
        asset: SourceAsset,
    ) -> Result<Option<Started>> {
        let key = AssetKey::new(view.nodes[node].id, package, &version.version, &asset.name);
        let name = version.version.clone();
        let started = match self.pulls.active(&key) {
            Some(started) => started,
            None => {
                let (catalog, unit_view, unit_key) =
                    (Arc::clone(self), Arc::clone(view), key.clone());
                let led = self.pulls.starts.run(key, move || async move {
                    catalog
                        .start_pull(unit_view, node, unit_key, version, asset)
                        .await
                        .map_err(Arc::new)
                });
                match led
                    .await
                    .map_err(Error::internal)?
                    .map_err(|error| copy_of(&error))?
                {
                    Led::Started(started) => started,
                    Led::Held => return Ok(None),
                }
            }
        };
        if started.home_id != view.home().id {
            self.retain_when_stored(&started, view, node, package, &name);
        }
        Ok(Some(started))
    }

    /// Retains the version where one of those who joined the pull asked, once it is stored where the connection is.
    fn retain_when_stored(
        self: &Arc<Self>,
        started: &Started,
        view: &Arc<RepositoryView>,
        node: usize,
        package: &PackageCoordinates,
        version: &VersionName,
    ) {
        let (catalog, view) = (Arc::clone(self), Arc::clone(view));
        let (package, version, mut stored) =
            (package.clone(), version.clone(), started.stored.clone());
        tokio::spawn(async move {
            if stored.wait_for(|stored| *stored).await.is_err() {
                return;
            }
            if let Err(error) = catalog.retain(&view, node, &package, &version).await {
                tracing::warn!(package = %package, version = %version, error = ?error.source, "retaining a version failed");
            }
        });
    }

    async fn start_pull(
        self: Arc<Self>,
        view: Arc<RepositoryView>,
        node: usize,
        key: AssetKey,
        version: SourceVersion,
        asset: SourceAsset,
    ) -> Result<Led> {
        if let Some(started) = self.pulls.active(&key) {
            return Ok(Led::Started(started));
        }
        if self.is_held(&key).await? {
            return Ok(Led::Held);
        }
        let Some((connection, _)) = view.nodes[node].connection.clone() else {
            return Err(Error::internal("a pull was begun without a connection"));
        };
        let source = self.connections.source(&connection).await;
        let source = source.map_err(|error| from_source(connection.as_str(), &error))?;
        let download = source.open(&asset.url).await.map_err(|error| match error {
            upstream::SourceError::Absent => version_not_found(&key.package, &key.version),
            error => from_source(connection.as_str(), &error),
        })?;
        let mut stage = self.blobs.stage().await.map_err(from_blobs)?;
        let (announce, stored) = watch::channel(false);
        let started = Started {
            reader: stage.reader(),
            length: download.length,
            expected: asset.expected.clone(),
            home_id: view.home().id,
            stored,
        };
        self.pulls.enter(key.clone(), started.clone());
        let pull = Pull {
            view,
            node,
            key,
            version,
            asset,
        };
        tokio::spawn(async move {
            let outcome = self.finish_pull(&pull, stage, download).await;
            self.pulls.leave(&pull.key);
            match outcome {
                Ok(()) => {
                    announce.send_replace(true);
                }
                Err(reason) => tracing::warn!(
                    connection = connection.as_str(), package = %pull.key.package, version = %pull.key.version,
                    reason, "pulling an asset through failed"
                ),
            }
        });
        Ok(Led::Started(started))
    }

    async fn is_held(&self, key: &AssetKey) -> Result<bool> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let Some(row) = reader
            .find_package(key.repository_id, &key.package)
            .await
            .map_err(from_store)?
        else {
            return Ok(false);
        };
        let version_key = self.version_key(&key.package, &key.version)?;
        let found = reader
            .find_version(row.id, &version_key)
            .await
            .map_err(from_store)?;
        let Some(found) = found else { return Ok(false) };
        Ok(reader
            .find_asset(found.id, &key.asset)
            .await
            .map_err(from_store)?
            .is_some())
    }

    /// Brings the bytes in, checks them, stores them and their rows, and only then lets the last byte out.
    async fn finish_pull(
        self: &Arc<Self>,
        pull: &Pull,
        stage: Stage,
        download: Download,
    ) -> Result<(), String> {
        let staged = receive(stage, download, self.settings.quotas.asset_size_bytes).await?;
        if let Some(algorithm) = pull.asset.expected.mismatch(staged.digests()) {
            let reason =
                format!("the {algorithm} digest of the bytes is not the one the index names");
            staged.fail(&reason);
            return Err(reason);
        }
        let (digests, size_bytes) = (staged.digests().clone(), staged.size_bytes());
        let committed = staged
            .commit_held()
            .await
            .map_err(|error| error.to_string())?;
        let (view, key) = (&pull.view, &pull.key);
        let asset = (&pull.asset.name, size_bytes, &digests);
        let node = &view.nodes[pull.node];
        let ingested = self
            .ingest(view.domain_id, node, &key.package, &pull.version, asset)
            .await;
        ingested.map_err(reason_of)?;
        let retained = self
            .retain(view, pull.node, &key.package, &key.version)
            .await;
        retained.map_err(reason_of)?;
        committed.release();
        Ok(())
    }
}

/// The cause of an error, for the log.
fn reason_of(error: Error) -> String {
    error
        .source
        .map_or(error.message, |source| source.to_string())
}

/// What a pull is about.
struct Pull {
    view: Arc<RepositoryView>,
    node: usize,
    key: AssetKey,
    version: SourceVersion,
    asset: SourceAsset,
}

async fn receive(
    mut stage: Stage,
    mut download: Download,
    limit_bytes: u64,
) -> Result<Staged, String> {
    loop {
        match download.chunk().await {
            Ok(Some(chunk)) => {
                if stage.written_bytes() + chunk.len() as u64 > limit_bytes {
                    let reason = format!("the asset is larger than {limit_bytes} bytes");
                    stage.fail(&reason);
                    return Err(reason);
                }
                stage
                    .write(chunk)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Ok(None) => return stage.finish().await.map_err(|error| error.to_string()),
            Err(error) => {
                let reason = error.to_string();
                stage.fail(&reason);
                return Err(reason);
            }
        }
    }
}

fn fault_at(node: &Node, error: SourceFault) -> Error {
    error.into_error(
        node.connection
            .as_ref()
            .map_or("", |(name, _)| name.as_str()),
    )
}
