//! Where rows and bytes are: one data folder, or a PostgreSQL database with a bucket or a folder that several nodes share.
//!
//! Nodes that share a folder of bytes must not take each other's uploads for leftovers of a crash: each stages in a folder
//! of its own below `nodes`, on the same file system, and commits into the one that all of them read. The first node marks
//! the folder, and the database remembers the mark, so that a node that was given another folder does not start.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use blobs::{BlobSettings, Blobs};
use store::{PostgresSettings, Store, StoreError};
use uuid::Uuid;

use super::bucket;
use crate::config::{BlobsKind, Config};
use crate::start_error::StartError;

/// The name of the mark in the database.
const MARK: &str = "bytes";
/// Where in a shared folder of bytes each node has a folder of its own.
pub(super) const NODES: &str = "nodes";

/// Opens the database, and brings its schema up to date.
///
/// # Errors
/// It cannot be reached, its schema is newer than this program, or something is still being carried into it.
pub(super) async fn open_store(config: &Config) -> Result<Store, StartError> {
    let store = connect(config).await?;
    carriage::check_whole(&store).await?;
    Ok(store)
}

/// As [`open_store`], but also a database that is not whole.
pub(super) async fn connect(config: &Config) -> Result<Store, StartError> {
    let Some(url) = &config.store.url else {
        let file = config.data.join("reliquary.sqlite");
        return Store::open_sqlite(&file).await.map_err(|error| {
            StartError::because(
                format!("the database {} cannot be opened", file.display()),
                error,
            )
        });
    };
    let connections = u32::try_from(config.store.connections).unwrap_or(u32::MAX);
    let settings = PostgresSettings {
        password: password(config)?,
        connect_timeout: Duration::from_millis(config.store.connect_timeout_ms),
        statement_timeout: Duration::from_millis(config.store.statement_timeout_ms),
        ..PostgresSettings::new(url, connections)
    };
    Store::open_postgres(&settings).await.map_err(|error| {
        StartError::because(
            format!("the database {url} (store.url) cannot be opened"),
            error,
        )
    })
}

fn password(config: &Config) -> Result<Option<String>, StartError> {
    if let Some(password) = &config.store.password {
        return Ok(Some(password.expose().to_owned()));
    }
    let Some(path) = &config.store.password_file else {
        return Ok(None);
    };
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("{} (store.password_file) cannot be read", path.display());
        StartError::because(message, error)
    })?;
    // Editors and secret stores end it with a line feed.
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Opens the place where bytes are kept.
///
/// # Errors
/// It cannot be used, or it is not the one that the other nodes use.
pub(super) async fn open_blobs(config: &Config, store: &Store) -> Result<Blobs, StartError> {
    let settings = BlobSettings {
        memory_cache_bytes: config.cache.asset_bytes,
        ..BlobSettings::default()
    };
    mark_place(config, store).await?;
    if config.blobs.kind == BlobsKind::S3 {
        return bucket::open(config, settings).await;
    }
    let shared = config.shared_blobs_folder();
    let mut root = config.data.clone();
    if store.is_shared() && config.blobs_folder.is_some() {
        root = own_folder(&config.data, &shared).map_err(|error| unusable(&shared, error))?;
    }
    let opened = Blobs::open_disk(&root, settings).map_err(|error| {
        let message = format!("the blobs below {} cannot be opened", root.display());
        StartError::because(message, error)
    });
    Ok(opened?.beside_nodes(&shared.join(NODES)))
}

/// Opens the place of bytes for reading, while others may serve from it.
///
/// # Errors
/// It cannot be used.
pub(super) async fn open_blobs_beside(
    config: &Config,
    scratch: &Path,
) -> Result<Blobs, StartError> {
    if config.blobs.kind == BlobsKind::S3 {
        return open_bucket_beside(config, scratch).await;
    }
    let folder = config.shared_blobs_folder();
    Blobs::open_disk_to_read(&folder, scratch, read_once()).map_err(|error| {
        let message = format!("the blobs below {} cannot be opened", folder.display());
        StartError::because(message, error)
    })
}

/// Opens the place of bytes for whoever has it for himself.
///
/// # Errors
/// It cannot be used.
pub(super) async fn open_blobs_alone(config: &Config, scratch: &Path) -> Result<Blobs, StartError> {
    if config.blobs.kind == BlobsKind::S3 {
        return open_bucket_beside(config, scratch).await;
    }
    let folder = config.shared_blobs_folder();
    Blobs::open_disk(&folder, read_once()).map_err(|error| {
        let message = format!("the blobs below {} cannot be opened", folder.display());
        StartError::because(message, error)
    })
}

async fn open_bucket_beside(config: &Config, scratch: &Path) -> Result<Blobs, StartError> {
    let config = Config {
        data: scratch.to_owned(),
        ..config.clone()
    };
    bucket::open(&config, read_once()).await
}

/// For work that reads each blob once.
const fn read_once() -> BlobSettings {
    BlobSettings {
        memory_cache_bytes: 0,
        memory_cache_item_bytes: 0,
        open_files: 16,
    }
}

fn unusable(folder: &Path, error: io::Error) -> StartError {
    let message = format!("the folder of bytes {} cannot be used", folder.display());
    StartError::because(message, error)
}

/// Binds a database that nodes share to the place of its bytes, or sees that it is bound to this one.
///
/// # Errors
/// It is bound to another one.
pub(super) async fn mark_place(config: &Config, store: &Store) -> Result<(), StartError> {
    if !store.is_shared() {
        return Ok(());
    }
    if config.blobs.kind == BlobsKind::S3 {
        let bucket = config.blobs.bucket.as_deref().unwrap_or_default();
        let place = format!("the bucket {bucket}, below '{}'", config.blobs.prefix);
        return check_mark(store, &place, &place).await;
    }
    let shared = config.shared_blobs_folder();
    let mark = mark_of(&shared).map_err(|error| unusable(&shared, error))?;
    check_mark(store, &format!("the folder {}", shared.display()), &mark).await
}

/// The mark of a folder; a new one if it has none. The file appears with all that is in it, or not at all.
fn mark_of(shared: &Path) -> io::Result<String> {
    fs::create_dir_all(shared)?;
    let path = shared.join("installation");
    if !path.exists() {
        let mut new = tempfile::NamedTempFile::new_in(shared)?;
        writeln!(new, "{}", Uuid::new_v4())?;
        new.as_file().sync_all()?;
        match new.persist_noclobber(&path) {
            Ok(_) => fs::File::open(shared)?.sync_all()?,
            // Another node was faster.
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
    }
    Ok(fs::read_to_string(path)?.trim().to_owned())
}

/// Whether the place of this mark is that of all nodes.
async fn check_mark(store: &Store, place: &str, mark: &str) -> Result<(), StartError> {
    let own = mark.to_owned();
    let kept: Result<String, StoreError> = store
        .write(move |tx| Box::pin(async move { tx.ensure_installation_mark(MARK, &own).await }))
        .await;
    let kept = kept.map_err(|error| StartError::because("the database does not answer", error))?;
    if kept == mark {
        return Ok(());
    }
    Err(StartError::new(format!(
        "the bytes of the packages in this database are in another place than {place}: give all nodes the same one in \
         [blobs]"
    )))
}

/// The folder of this node below the shared one: staging of its own, the blobs of all.
fn own_folder(data: &Path, shared: &Path) -> io::Result<PathBuf> {
    let name_file = data.join("node");
    let name = match fs::read_to_string(&name_file) {
        Ok(name) => name.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    let name = match Uuid::try_parse(&name) {
        Ok(name) => name,
        Err(_) => {
            let name = Uuid::new_v4();
            fs::write(&name_file, format!("{name}\n"))?;
            name
        }
    };
    let own = shared.join(NODES).join(name.to_string());
    fs::create_dir_all(&own)?;
    fs::create_dir_all(shared.join("blobs"))?;
    match symlink("../../blobs", own.join("blobs")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nodes_that_share_a_folder_see_each_others_bytes_and_leave_each_others_uploads_alone() {
        let shared = tempfile::tempdir().unwrap();
        let data = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let open = |data: &Path| {
            let root = own_folder(data, shared.path()).unwrap();
            Blobs::open_disk(&root, BlobSettings::default()).unwrap()
        };
        let first = open(data[0].path());
        let mut stage = first.stage().await.unwrap();
        stage.write("half".into()).await.unwrap();
        let second = open(data[1].path());
        let digests = second.put("whole".into()).await.unwrap();
        stage.write(" and half".into()).await.unwrap();
        let staged = stage.finish().await.unwrap();
        let sha256 = staged.digests().sha256;
        staged.commit().await.unwrap();
        for (blobs, sha256, text) in [
            (&first, digests.sha256, "whole"),
            (&second, sha256, "half and half"),
        ] {
            let read = blobs.read_all(&sha256, 100).await.unwrap().unwrap();
            assert_eq!(read, text);
        }
        drop(first);
        assert_eq!(
            own_folder(data[0].path(), shared.path()).unwrap(),
            own_folder(data[0].path(), shared.path()).unwrap(),
            "a node keeps its name"
        );
    }

    #[test]
    fn a_folder_keeps_the_mark_that_it_was_given_first() {
        let shared = tempfile::tempdir().unwrap();
        let mark = mark_of(shared.path()).unwrap();
        assert!(Uuid::try_parse(&mark).is_ok());
        assert_eq!(mark_of(shared.path()).unwrap(), mark);
    }

    #[tokio::test]
    async fn i10_an_installation_into_which_something_is_still_being_carried_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config {
            data: folder.path().to_owned(),
            ..Config::default()
        };
        let store = open_store(&config).await.unwrap();
        let marked: Result<(), StoreError> = store
            .write(|tx| Box::pin(tx.set_installation_mark("arriving-from", "another")))
            .await;
        marked.unwrap();
        store.close().await;
        let error = open_store(&config).await.expect_err("it is not whole");
        let text = error.to_string();
        assert!(
            text.contains("not whole") && text.contains("run the same command again"),
            "{text}"
        );
        connect(&config).await.unwrap().close().await;
    }
}
