//! The rest of a version: once its first asset was pulled through, the others follow behind, so that the version is whole
//! when the source is gone.
//!
//! Only what is small together: versions of some packages have assets of gigabytes that nobody here will ask for. Two
//! versions at a time, so that clients' own pulls keep the source to themselves; and a client that asks for an asset
//! which is being fetched here takes the fetch over, without its bound.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{AssetName, PackageCoordinates, Result, VersionName};

use crate::Catalog;
use crate::asset_search::{AtSource, Located};
use crate::pull::{Asker, Pulled};
use crate::repository_view::RepositoryView;

/// Versions that may wait. Those beyond are not fetched whole, until one of their assets is asked for again.
const WAITING: usize = 256;
/// Versions fetched at a time.
const AT_ONCE: usize = 2;

/// A version whose first asset is held.
pub(crate) struct Rest {
    view: Arc<RepositoryView>,
    node: usize,
    package: PackageCoordinates,
    version: VersionName,
    /// The other assets, with their sizes where those are known.
    assets: Vec<(AssetName, Option<u64>)>,
}

/// The versions that wait.
#[derive(Default)]
pub(crate) struct WholeVersions(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Rest>,
    workers: usize,
}

impl WholeVersions {
    /// Queues a version; tells whether one more worker should begin.
    fn push(&self, rest: Rest) -> bool {
        let mut queue = self.lock();
        if queue.waiting.len() >= WAITING {
            return false;
        }
        queue.waiting.push_back(rest);
        let begins = queue.workers < AT_ONCE;
        queue.workers += usize::from(begins);
        begins
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One who fetches versions as long as any wait.
struct Worker {
    catalog: Arc<Catalog>,
    is_gone: bool,
}

impl Worker {
    /// The next version, or none and the worker is gone.
    fn next(&mut self) -> Option<Rest> {
        let mut queue = self.catalog.whole_versions.lock();
        let next = queue.waiting.pop_front();
        if next.is_none() {
            // In one step with the look: whoever pushes from here on begins another.
            queue.workers -= 1;
            self.is_gone = true;
        }
        next
    }

    async fn work(mut self) {
        while let Some(rest) = self.next() {
            self.catalog.fetch_assets(rest).await;
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if !self.is_gone {
            self.catalog.whole_versions.lock().workers -= 1;
        }
    }
}

impl Catalog {
    /// Has the rest of a version follow its first asset.
    pub(crate) fn fetch_rest(
        self: &Arc<Self>,
        view: &Arc<RepositoryView>,
        package: &PackageCoordinates,
        first: &AtSource,
    ) {
        let Ok(rules) = self.rules(package.format) else {
            return;
        };
        let version = &first.version;
        let mut assets: Vec<_> = if first.is_listed {
            let listed = version.assets.iter();
            listed.map(|a| (a.name.clone(), a.size_bytes)).collect()
        } else {
            let usual = rules
                .source()
                .map(|s| s.usual_assets(package, &version.version));
            let usual = usual.unwrap_or_default().into_iter();
            usual.map(|name| (name, None)).collect()
        };
        assets.retain(|(name, _)| *name != first.asset.name);
        let known = assets.iter().filter_map(|(_, size)| *size);
        let known_bytes = known.fold(0_u64, u64::saturating_add);
        if assets.is_empty() || known_bytes > self.settings.whole_version_bytes {
            return;
        }
        let rest = Rest {
            view: Arc::clone(view),
            node: first.node,
            package: package.clone(),
            version: version.version.clone(),
            assets,
        };
        if self.settings.whole_version_bytes > 0 && self.whole_versions.push(rest) {
            let worker = Worker {
                catalog: Arc::clone(self),
                is_gone: false,
            };
            self.background.spawn(worker.work());
        }
    }

    async fn fetch_assets(self: &Arc<Self>, rest: Rest) {
        let mut left_bytes = self.settings.whole_version_bytes;
        for (asset, size_bytes) in &rest.assets {
            if size_bytes.is_some_and(|size_bytes| size_bytes > left_bytes) || left_bytes == 0 {
                continue;
            }
            match self.fetch_asset(&rest, asset, left_bytes).await {
                Ok(spent_bytes) => left_bytes = left_bytes.saturating_sub(spent_bytes),
                // Who asks for it later gets its answer then.
                Err(error) => tracing::debug!(
                    package = %rest.package, version = %rest.version, asset = %asset, error = %error.message,
                    "an asset was not fetched along with its version"
                ),
            }
        }
    }

    /// Fetches one asset, under the same rules as if a client had asked; gives how many bytes it had.
    async fn fetch_asset(
        self: &Arc<Self>,
        rest: &Rest,
        asset: &AssetName,
        left_bytes: u64,
    ) -> Result<u64> {
        let Rest {
            view,
            package,
            version,
            ..
        } = rest;
        let mut search = self.search_asset(view, package, version, asset).await?;
        match search.next().await? {
            Located::Held { node, version, .. } => {
                self.retain(view, node, package, &version).await?;
                Ok(0)
            }
            // Another place than the one that the first asset came from: this is not the rest of the same version.
            Located::AtSource(found) if found.node != rest.node => Ok(0),
            Located::AtSource(found) => {
                let asker = Asker::Behind { left_bytes };
                match self.pull(view, package, found, asker).await? {
                    Pulled::Started(started) => Ok(started.stored().await.unwrap_or(0)),
                    Pulled::Held | Pulled::Absent | Pulled::Declined | Pulled::Fault(_) => Ok(0),
                }
            }
        }
    }
}
