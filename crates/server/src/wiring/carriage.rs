//! Backup, restore and migration: which places the settings mean, and that nobody serves from them meanwhile.

use std::fs::{self, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

use ::carriage::{BackupReport, CarriageError, Installation, Progress, Restored, Transferred};
use model::{Clock, SystemClock};
use store::Store;
use tempfile::TempDir;

use super::{lock_data_folder, storage};
use crate::config::Config;
use crate::start_error::StartError;

/// How long a connection of a process that has just ended may still be seen.
const CONNECTION_ENDS_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl From<CarriageError> for StartError {
    fn from(error: CarriageError) -> Self {
        match error {
            CarriageError::Store(error) => Self::because("the database cannot be used", error),
            CarriageError::Blobs(error) => Self::because("the bytes cannot be used", error),
            error => Self::new(error.to_string()),
        }
    }
}

/// An installation that this process has for itself.
struct Alone {
    installation: Installation,
    config: Config,
    _lock: Option<File>,
    _scratch: TempDir,
}

/// Makes a backup of the installation of these settings, which may be served from meanwhile.
///
/// # Errors
/// There is no such installation, or it could not be read whole, or the folder cannot be used.
pub async fn back_up(
    config: &Config,
    folder: &Path,
    with_proof: bool,
    progress: &dyn Progress,
) -> Result<BackupReport, StartError> {
    refuse_absent(config)?;
    let scratch = scratch()?;
    let store = storage::open_store(config).await?;
    let blobs = storage::open_blobs_beside(config, scratch.path()).await?;
    let from = Installation { store, blobs };
    let now_ms = SystemClock.now().0;
    let done = ::carriage::back_up(&from, folder, now_ms, with_proof, progress).await;
    from.store.close().await;
    Ok(done?)
}

/// Restores a backup into the installation of these settings, which must be empty and not served from.
///
/// # Errors
/// It is not empty, the backup is not whole, or one of the places failed.
pub async fn restore(
    config: &Config,
    folder: &Path,
    number: Option<u64>,
    progress: &dyn Progress,
) -> Result<Restored, StartError> {
    let to = open_target(config).await?;
    let scratch = scratch()?;
    let done =
        ::carriage::restore(folder, number, scratch.path(), &to.installation, progress).await;
    to.end(done).await
}

/// Moves the installation of these settings to that of others; neither may be served from.
///
/// # Errors
/// One of them is served from, the target holds something else, or one of the places failed.
pub async fn migrate(
    config: &Config,
    to: &Config,
    progress: &dyn Progress,
) -> Result<Transferred, StartError> {
    refuse_absent(config)?;
    let from = open_source(config).await?;
    let to = open_target(to).await?;
    let done = ::carriage::migrate(&from.installation, &to.installation, progress).await;
    from.installation.store.close().await;
    to.end(done).await
}

impl Alone {
    /// Closes the place, and binds its database to its bytes if all has arrived.
    async fn end<T>(self, done: ::carriage::Result<T>) -> Result<T, StartError> {
        let done = match done {
            Ok(done) => storage::mark_place(&self.config, &self.installation.store)
                .await
                .map(|()| done),
            Err(error) => Err(error.into()),
        };
        self.installation.store.close().await;
        done
    }
}

async fn open_source(config: &Config) -> Result<Alone, StartError> {
    let lock = match config.data.is_dir() {
        true => Some(lock_data_folder(&config.data)?),
        false => None,
    };
    let scratch = scratch()?;
    let store = storage::open_store(config).await?;
    refuse_served(&store, "source").await?;
    let blobs = storage::open_blobs_beside(config, scratch.path()).await?;
    Ok(Alone {
        installation: Installation { store, blobs },
        config: config.clone(),
        _lock: lock,
        _scratch: scratch,
    })
}

async fn open_target(config: &Config) -> Result<Alone, StartError> {
    let mut lock = None;
    if config.store.url.is_none() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&config.data)
            .map_err(|error| {
                let message = format!("the data folder {} cannot be made", config.data.display());
                StartError::because(message, error)
            })?;
        lock = Some(lock_data_folder(&config.data)?);
    }
    let scratch = scratch()?;
    let store = storage::connect(config).await?;
    refuse_served(&store, "target").await?;
    let blobs = storage::open_blobs_alone(config, scratch.path()).await?;
    Ok(Alone {
        installation: Installation { store, blobs },
        config: config.clone(),
        _lock: lock,
        _scratch: scratch,
    })
}

fn scratch() -> Result<TempDir, StartError> {
    tempfile::tempdir().map_err(|error| StartError::because("no scratch folder can be made", error))
}

fn refuse_absent(config: &Config) -> Result<(), StartError> {
    if config.store.url.is_some() || config.data.join("reliquary.sqlite").is_file() {
        return Ok(());
    }
    Err(StartError::new(format!(
        "there is no installation in {}; name its folder with --data, or its settings with --config",
        config.data.display()
    )))
}

/// A node always has a connection open. Nobody else's are seen where the node is another user of the database.
async fn refuse_served(store: &Store, which: &str) -> Result<(), StartError> {
    let deadline = Instant::now() + CONNECTION_ENDS_WITHIN;
    loop {
        let others = store
            .count_other_connections()
            .await
            .map_err(|error| StartError::because("the database does not answer", error))?;
        if others == 0 {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(StartError::new(format!(
                "the {which}'s database is in use: {others} connections of Reliquary are open; stop all nodes and wait for \
                 other commands to end"
            )));
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
