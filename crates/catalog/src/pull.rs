//! Assets of a public source: pulled through, streamed while they are stored.
//!
//! A pull is one download whoever asks, and belongs to nobody's connection. Bytes go to the clients as they come;
//! the last of them is held back until the digests match, the bytes are durable and the rows are written: no client
//! takes a wrong or half-stored asset for a whole one, and who has downloaded a version finds it in the API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blobs::{Stage, StageReader, Staged};
use model::{AssetName, Error, PackageCoordinates, Result, VersionName};
use tokio::sync::watch;
use upstream::{Download, Flights, Source, SourceError};

use crate::Catalog;
use crate::allowance::Allowance;
use crate::asset_search::AtSource;
use crate::failure::{copy_of, from_blobs, from_store};
use crate::ingest::Ingested;
use crate::lease::{PATIENCE, Turn};
use crate::repository_view::RepositoryView;
use crate::source::{ExpectedDigests, SourceChecksum};
use crate::source_documents::SourceFault;

/// An asset, in one repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct AssetKey {
    pub(crate) repository_id: i64,
    pub(crate) package: PackageCoordinates,
    pub(crate) version: VersionName,
    pub(crate) asset: AssetName,
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

    /// The asset in the repository with the connection, as its source spells it.
    pub(crate) fn at_source(
        view: &RepositoryView,
        package: &PackageCoordinates,
        found: &AtSource,
    ) -> Self {
        let (version, asset) = (&found.version.version, &found.asset.name);
        Self::new(view.nodes[found.node].id, package, version, asset)
    }
}

/// A pull that has begun.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub(crate) reader: StageReader,
    pub(crate) length: Option<u64>,
    pub(crate) expected: ExpectedDigests,
    /// The repository that the pull itself retains the version in.
    home_id: i64,
    allowance: Arc<Allowance>,
    /// The asset's size, once the rows were written. Closed without a value when the pull failed.
    stored: watch::Receiver<Option<u64>>,
}

impl Started {
    /// Waits until the asset is held; its size, or nothing if the pull failed.
    pub(crate) async fn stored(&self) -> Option<u64> {
        let mut stored = self.stored.clone();
        let size_bytes = stored.wait_for(Option::is_some).await;
        size_bytes.ok().and_then(|size_bytes| *size_bytes)
    }
}

/// Who wants an asset pulled.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Asker {
    /// A client, whatever the asset's size.
    Client,
    /// Nobody yet; so no more than this.
    Behind { left_bytes: u64 },
}

/// What wanting an asset pulled came to.
#[derive(Debug, Clone)]
pub(crate) enum Pulled {
    Started(Started),
    /// Someone else finished it meanwhile.
    Held,
    /// The source has no such asset.
    Absent,
    /// It is larger than whoever led the pull allowed.
    Declined,
    Fault(SourceFault),
}

/// The pulls under way.
#[derive(Default)]
pub(crate) struct Pulls {
    starts: Flights<AssetKey, Result<Pulled, Arc<Error>>>,
    active: Mutex<HashMap<AssetKey, Started>>,
}

impl Pulls {
    fn active(&self, key: &AssetKey) -> Option<Started> {
        let active = self.lock();
        let started = active.get(key);
        started
            .filter(|started| !started.allowance.is_stopped())
            .cloned()
    }

    fn enter(&self, key: AssetKey, started: Started) {
        self.lock().insert(key, started);
    }

    /// Takes out this very pull: one that was stopped may have been followed by another.
    fn leave(&self, key: &AssetKey, allowance: &Arc<Allowance>) {
        let mut active = self.lock();
        let is_own = |started: &Started| Arc::ptr_eq(&started.allowance, allowance);
        if active.get(key).is_some_and(is_own) {
            active.remove(key);
        }
    }

    /// Stops the pulls that no client waits for.
    pub(crate) fn close(&self) {
        for started in self.lock().values() {
            started.allowance.stop_unless_lifted();
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AssetKey, Started>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Catalog {
    /// Joins or begins the pull of an asset.
    pub(crate) async fn pull(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        found: Box<AtSource>,
        asker: Asker,
    ) -> Result<Pulled> {
        let key = AssetKey::at_source(view, package, &found);
        let (node, version) = (found.node, found.version.version.clone());
        // A client may meet a pull that was bounded, and is stopped at that moment; its own has no bound.
        for _ in 0..3 {
            let started = match self.pulls.active(&key) {
                Some(started) => started,
                None => match self.lead_pull(view, &key, &found, asker).await? {
                    Pulled::Started(started) => started,
                    Pulled::Declined if matches!(asker, Asker::Client) => continue,
                    ended => return Ok(ended),
                },
            };
            if matches!(asker, Asker::Client) && !started.allowance.lift() {
                continue;
            }
            if started.home_id != view.home().id {
                self.retain_when_stored(&started, view, node, package, &version);
            }
            return Ok(Pulled::Started(started));
        }
        Ok(Pulled::Declined)
    }

    async fn lead_pull(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        key: &AssetKey,
        found: &AtSource,
        asker: Asker,
    ) -> Result<Pulled> {
        let (catalog, view, found) = (Arc::clone(self), Arc::clone(view), Box::new(found.clone()));
        let unit_key = key.clone();
        let led = self.pulls.starts.run(key.clone(), move || async move {
            let begun = catalog.start_pull(view, unit_key, found, asker);
            begun.await.map_err(Arc::new)
        });
        led.await
            .map_err(Error::internal)?
            .map_err(|error| copy_of(&error))
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
        let (package, version, started) = (package.clone(), version.clone(), started.clone());
        let under_way = self.background.begin();
        tokio::spawn(async move {
            if started.stored().await.is_some()
                && let Err(error) = catalog.retain(&view, node, &package, &version).await
            {
                tracing::warn!(package = %package, version = %version, error = ?error.source, "retaining a version failed");
            }
            drop(under_way);
        });
    }

    async fn start_pull(
        self: Arc<Self>,
        view: Arc<RepositoryView>,
        key: AssetKey,
        found: Box<AtSource>,
        asker: Asker,
    ) -> Result<Pulled> {
        if let Some(started) = self.pulls.active(&key) {
            return Ok(Pulled::Started(started));
        }
        if self.is_held(&key).await? {
            return Ok(Pulled::Held);
        }
        let patience = match asker {
            Asker::Client => PATIENCE,
            Asker::Behind { .. } => Duration::ZERO,
        };
        let look = || async { Ok::<_, Error>(self.is_held(&key).await?.then_some(())) };
        let lease = match self.take_turn("pull", &key, patience, look).await? {
            Turn::Done(()) => return Ok(Pulled::Held),
            Turn::Own(None) if self.store.is_shared() && matches!(asker, Asker::Behind { .. }) => {
                return Ok(Pulled::Declined);
            }
            Turn::Own(lease) => lease,
        };
        let source = match self.connection_source(&view.nodes[found.node]).await {
            Ok(source) => source,
            Err(fault) => return Ok(Pulled::Fault(fault)),
        };
        let download = match source.open(&found.asset.url).await {
            Ok(download) => download,
            Err(SourceError::Absent) => return Ok(Pulled::Absent),
            Err(error) => return Ok(Pulled::Fault(SourceFault::Source(error))),
        };
        let allowance = match asker {
            Asker::Client => Allowance::unbounded(),
            Asker::Behind { left_bytes } => Allowance::bounded(left_bytes),
        };
        if download
            .length
            .is_some_and(|length| !allowance.admits(length))
        {
            return Ok(Pulled::Declined);
        }
        let mut stage = self.blobs.stage().await.map_err(from_blobs)?;
        let (announce, stored) = watch::channel(None);
        let allowance = Arc::new(allowance);
        let started = Started {
            reader: stage.reader(),
            length: download.length,
            expected: found.asset.expected.clone(),
            home_id: view.home().id,
            allowance: Arc::clone(&allowance),
            stored,
        };
        self.pulls.enter(key.clone(), started.clone());
        let pull = Pull {
            view,
            key,
            found,
            source,
            allowance,
        };
        let under_way = self.background.begin();
        tokio::spawn(async move {
            let outcome = self.finish_pull(&pull, stage, download).await;
            drop(lease);
            self.pulls.leave(&pull.key, &pull.allowance);
            match outcome {
                Ok(size_bytes) => {
                    announce.send_replace(Some(size_bytes));
                }
                Err(reason) => pull.note_failure(&reason),
            }
            drop(under_way);
        });
        Ok(Pulled::Started(started))
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
        let asset = reader
            .find_asset(found.id, &key.asset)
            .await
            .map_err(from_store)?;
        drop(reader);
        let Some(asset) = asset else {
            return Ok(false);
        };
        // A row whose bytes have been lost does not keep them from being pulled again.
        let sha256 = asset.digests().map_err(from_store)?.sha256;
        let blob = self.blobs.find(&sha256).await.map_err(from_blobs)?;
        Ok(blob.is_some())
    }

    /// Brings the bytes in, checks them, stores them and their rows, and only then lets the last byte out.
    async fn finish_pull(
        self: &Arc<Self>,
        pull: &Pull,
        stage: Stage,
        download: Download,
    ) -> Result<u64, String> {
        let last_modified = download.last_modified;
        let limit_bytes = self.settings.quotas.asset_size_bytes;
        let (staged, beside) = tokio::try_join!(
            receive(stage, download, limit_bytes, &pull.allowance),
            pull.digests_beside(),
        )?;
        let (view, key, found) = (&pull.view, &pull.key, &pull.found);
        for expected in [Some(&found.asset.expected), beside.as_ref()]
            .into_iter()
            .flatten()
        {
            if let Some(algorithm) = expected.mismatch(staged.digests()) {
                let reason =
                    format!("the {algorithm} digest of the bytes is not the one the source names");
                staged.fail(&reason);
                return Err(reason);
            }
        }
        let examined = self.examine(&key.package, &key.version, &key.asset, &staged);
        let examined = examined.await.unwrap_or_else(|error| {
            tracing::warn!(
                package = %key.package, version = %key.version, asset = %key.asset, error = %error.message,
                "an asset of a public source is kept without what its bytes should tell"
            );
            crate::Examined::default()
        });
        let size_bytes = staged.size_bytes();
        let ingested = Ingested {
            size_bytes,
            digests: staged.digests().clone(),
            examined,
            last_modified,
        };
        let committed = self.commit_held(staged).await.map_err(reason_of)?;
        let is_first = self
            .ingest(view, key, found, ingested)
            .await
            .map_err(reason_of)?;
        let retained = self.retain(view, found.node, &key.package, &key.version);
        retained.await.map_err(reason_of)?;
        committed.release();
        if is_first {
            self.fetch_rest(view, &key.package, found);
        }
        Ok(size_bytes)
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
    key: AssetKey,
    found: Box<AtSource>,
    source: Source,
    allowance: Arc<Allowance>,
}

impl Pull {
    /// What the file beside the asset says its bytes must be, where the source has one.
    async fn digests_beside(&self) -> Result<Option<ExpectedDigests>, String> {
        let Some(checksum) = &self.found.asset.checksum else {
            return Ok(None);
        };
        let SourceChecksum {
            url,
            read,
            limit_bytes,
        } = checksum;
        let bytes = match self.source.small_file(url, *limit_bytes).await {
            Ok(bytes) => bytes,
            Err(SourceError::Absent) => return Ok(None),
            // That nothing is known is the source's to say, and it did not.
            Err(error) => return Err(format!("the digest beside the asset: {error}")),
        };
        let said = std::str::from_utf8(&bytes).ok().and_then(read);
        if said.is_none() {
            tracing::warn!(
                source = self.source.name(), package = %self.key.package, version = %self.key.version,
                asset = %self.key.asset, "the digest beside an asset cannot be read"
            );
        }
        Ok(said)
    }

    fn note_failure(&self, reason: &str) {
        let (source, key) = (self.source.name(), &self.key);
        if self.allowance.is_lifted() {
            tracing::warn!(
                connection = source, package = %key.package, version = %key.version, asset = %key.asset, reason,
                "pulling an asset through failed"
            );
        } else {
            tracing::debug!(
                connection = source, package = %key.package, version = %key.version, asset = %key.asset, reason,
                "an asset was not fetched along with its version"
            );
        }
    }
}

async fn receive(
    mut stage: Stage,
    mut download: Download,
    limit_bytes: u64,
    allowance: &Allowance,
) -> Result<Staged, String> {
    loop {
        match download.chunk().await {
            Ok(Some(chunk)) => {
                let size_bytes = stage.written_bytes() + chunk.len() as u64;
                if size_bytes > limit_bytes || !allowance.admits(size_bytes) {
                    let reason = "the asset is larger than allowed".to_owned();
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
