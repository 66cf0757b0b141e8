//! What `reliquary fsck` and `reliquary sweep` need from the rooms: a catalog over the real bytes, beside a server that
//! may be running.

use std::fs::File;
use std::sync::Arc;

use blobs::{BlobSettings, Blobs};
use catalog::{
    Catalog, ConnectionDirectory, InspectionProgress, InspectionReport, InspectionTerms,
    SweepReport, SweepTerms,
};
use model::SystemClock;
use store::Store;
use tempfile::TempDir;
use upstream::{SmallDocuments, Upstream};
use uuid::Uuid;

use super::connections::{Connections, NoConnections};
use super::sweeping::LEASE;
use super::{bucket, lock_data_folder, open_catalog, storage, upstream_limits};
use crate::config::{BlobsKind, Config};
use crate::connection_address::ConnectionAddresses;
use crate::start_error::StartError;

/// A catalog over the real bytes.
struct Beside {
    catalog: Arc<Catalog>,
    /// Where uploads to a bucket are staged.
    _staging: Option<TempDir>,
    _lock: Option<File>,
}

/// Checks the installation, and repairs it if that is asked for.
///
/// # Errors
/// It could not be looked at, or is to be repaired while a server has it.
pub async fn inspect(
    config: &Config,
    addresses: Arc<ConnectionAddresses>,
    terms: InspectionTerms,
    progress: &dyn InspectionProgress,
) -> Result<InspectionReport, StartError> {
    let beside = if terms.repair {
        open(config, connections(config, addresses)?, true).await?
    } else {
        open(config, Arc::new(NoConnections), false).await?
    };
    let inspected = beside.catalog.inspect(terms, progress).await;
    beside.catalog.settle().await;
    beside.catalog.close().await;
    inspected.map_err(|error| StartError::because("the installation cannot be checked", error))
}

/// Sweeps once.
///
/// # Errors
/// The installation cannot be used, or is being swept.
pub async fn sweep(config: &Config, terms: SweepTerms) -> Result<SweepReport, StartError> {
    let beside = open(config, Arc::new(NoConnections), false).await?;
    let swept = sweep_once(&beside.catalog, terms).await;
    beside.catalog.close().await;
    swept
}

async fn sweep_once(catalog: &Catalog, terms: SweepTerms) -> Result<SweepReport, StartError> {
    let failed = |error| StartError::because("the bytes cannot be swept", error);
    let lease = match terms.dry_run {
        true => None,
        false => catalog.take_lease(LEASE).await.map_err(failed)?,
    };
    if lease.is_none() && !terms.dry_run {
        return Err(StartError::new(
            "another node is sweeping at this moment; its work need not be done twice",
        ));
    }
    catalog.sweep(terms).await.map_err(failed)
}

async fn open(
    config: &Config,
    connections: Arc<dyn ConnectionDirectory>,
    alone: bool,
) -> Result<Beside, StartError> {
    let is_embedded = config.store.url.is_none();
    if is_embedded && !config.data.join("reliquary.sqlite").is_file() {
        return Err(StartError::new(format!(
            "there is no database in the folder {}; name the data folder with --data",
            config.data.display()
        )));
    }
    let lock = match alone && is_embedded {
        true => Some(lock_data_folder(&config.data).map_err(|error| {
            StartError::because("repairing needs the data folder for itself", error)
        })?),
        false => None,
    };
    let store = storage::open_store(config).await?;
    let (blobs, staging) = open_blobs(config, &store).await?;
    Ok(Beside {
        catalog: open_catalog(config, store, blobs, connections).await?,
        _staging: staging,
        _lock: lock,
    })
}

/// The real bytes, without taking a running server's staged files for leftovers.
async fn open_blobs(
    config: &Config,
    store: &Store,
) -> Result<(Blobs, Option<TempDir>), StartError> {
    let settings = BlobSettings::default();
    if config.blobs.kind == BlobsKind::S3 {
        let staging = tempfile::tempdir()
            .map_err(|error| StartError::because("no scratch folder can be made", error))?;
        let own = Config {
            data: staging.path().to_owned(),
            ..config.clone()
        };
        return Ok((bucket::open(&own, settings).await?, Some(staging)));
    }
    let root = match store.is_shared() {
        true => config.shared_blobs_folder(),
        false => config.data.clone(),
    };
    let opened = Blobs::open_disk_beside(&root, settings).map_err(|error| {
        let message = format!("the blobs below {} cannot be opened", root.display());
        StartError::because(message, error)
    })?;
    let nodes = config.shared_blobs_folder().join(storage::NODES);
    Ok((opened.beside_nodes(&nodes), None))
}

fn connections(
    config: &Config,
    addresses: Arc<ConnectionAddresses>,
) -> Result<Arc<dyn ConnectionDirectory>, StartError> {
    let via_name = format!("reliquary-{}", Uuid::new_v4().simple());
    let failed = |error| StartError::because("public sources cannot be asked", error);
    let small = SmallDocuments::new(via_name.clone(), Arc::new(SystemClock))
        .map_err(|error| StartError::because("public sources cannot be asked", error))?;
    let upstream = Upstream::builder(via_name, Arc::new(SystemClock))
        .limits(upstream_limits(config))
        .build()
        .map_err(failed)?;
    let rules = formats::rules();
    Ok(Arc::new(Connections::new(
        addresses, upstream, small, rules,
    )))
}
