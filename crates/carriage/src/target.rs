//! The place that something is carried to: empty at first, and marked until all has arrived and was found right.
//!
//! The mark is a row of the place's own. Nobody serves from a place that has it, and whoever finds it of the same origin
//! goes on where the run before was broken off.

use store::Store;
use store::image::TABLES;
use uuid::Uuid;

use crate::Installation;
use crate::error::{CarriageError, Result};

/// Names the origin of what is arriving.
const ARRIVING: &str = "arriving-from";
/// Names an installation; made when it is first asked for, and not carried.
const IDENTITY: &str = "identity";

/// The name of an installation, if it was asked for before.
pub(crate) async fn find_identity(store: &Store) -> Result<Option<String>> {
    Ok(store.read().await?.find_installation_mark(IDENTITY).await?)
}

/// The name of an installation.
pub(crate) async fn identity(store: &Store) -> Result<String> {
    if let Some(identity) = find_identity(store).await? {
        return Ok(identity);
    }
    let new = Uuid::new_v4().to_string();
    store
        .write(move |tx| {
            Box::pin(async move { Ok(tx.ensure_installation_mark(IDENTITY, &new).await?) })
        })
        .await
}

/// Refuses a database in which something is still arriving.
///
/// # Errors
/// A restore or a migration into it was begun and has not ended.
pub async fn check_whole(store: &Store) -> Result<()> {
    match store.read().await?.find_installation_mark(ARRIVING).await? {
        None => Ok(()),
        Some(origin) => Err(CarriageError::Refused(format!(
            "this installation is not whole: a restore or a migration into it (of the installation {origin}) has not \
             ended; run the same command again, it goes on where it was"
        ))),
    }
}

/// Refuses a database whose schema a later release has changed: this program would carry a part of it only.
pub(crate) async fn check_known(store: &Store) -> Result<()> {
    let schema = store.read().await?.find_schema_number().await?;
    if schema <= store::SCHEMA {
        return Ok(());
    }
    Err(CarriageError::Refused(format!(
        "a later release has changed the schema (migration {schema}, and this program knows {}): use the program of that \
         release",
        store::SCHEMA
    )))
}

/// Takes a place for what comes from this origin. Only an empty one, or one that the same origin began to fill.
pub(crate) async fn claim(to: &Installation, origin: &str) -> Result<()> {
    let mut read = to.store.read().await?;
    match read.find_installation_mark(ARRIVING).await? {
        Some(before) if before == origin => return Ok(()),
        Some(before) => {
            return Err(CarriageError::Refused(format!(
                "the target holds a part of another installation ({before}) that was being carried there: end that, or \
                 give an empty database and an empty folder or bucket"
            )));
        }
        None => {}
    }
    for table in TABLES {
        if !read.list_image_rows(table, None, 1).await?.is_empty() {
            return Err(CarriageError::Refused(format!(
                "the target is not empty: there are rows in {}; give a database that was never served from",
                table.name
            )));
        }
    }
    drop(read);
    if let Some(blob) = to.blobs.list(None, 1).await?.first() {
        return Err(CarriageError::Refused(format!(
            "the target is not empty: its folder or bucket holds blobs ({} is one); give another folder, bucket or prefix",
            blob.digest
        )));
    }
    let origin = origin.to_owned();
    to.store
        .write(move |tx| {
            Box::pin(async move { Ok(tx.set_installation_mark(ARRIVING, &origin).await?) })
        })
        .await
}

/// All has arrived.
pub(crate) async fn release(store: &Store) -> Result<()> {
    store
        .write(|tx| Box::pin(async move { Ok(tx.delete_installation_mark(ARRIVING).await?) }))
        .await
}
