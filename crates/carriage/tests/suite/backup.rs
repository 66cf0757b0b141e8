//! Making backups: consistent, incremental, and closed to others.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use carriage::{BackupFolder, CarriageError};

use crate::house::{House, Kind, body, embedded, files, publish, refusal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_backup_of_each_kind_restores_into_each_kind() {
    for from in [Kind::Embedded, Kind::ScaledOut] {
        let from = House::filled(from, 12).await;
        let folder = tempfile::tempdir().unwrap();
        let made = from.back_up(folder.path()).await.unwrap();
        assert_eq!((made.number, made.blobs), (1, 16));
        assert_eq!(made.new_blobs, 16);
        assert_eq!(made.rows, made.rows_read);
        for to in [Kind::Embedded, Kind::ScaledOut] {
            let to = House::new(to).await;
            let restored = to.restore(folder.path()).await.unwrap();
            assert_eq!(restored.number, 1);
            assert_eq!(restored.transferred.rows, made.rows);
            assert_eq!(restored.transferred.copied, 16);
            to.is_the_same_as(&from).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_the_next_backup_writes_what_is_new_and_each_one_can_be_restored() {
    let from = House::new(Kind::Embedded).await;
    let place = from.begin().await;
    // Enough entries that the log has files which are complete.
    for number in 0..700 {
        publish(&from.installation, place, number % 3 + 100 * number).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let first = from.back_up(folder.path()).await.unwrap();
    let first_image = from.image().await;
    let before = files(folder.path());

    let same = from.back_up(folder.path()).await.unwrap();
    assert_eq!((same.number, same.new_blobs, same.new_bytes), (2, 0, 0));
    assert_eq!(same.rows, first.rows);
    assert!(same.rows_read < first.rows_read, "{same:?}");
    let after = files(folder.path());
    let new: Vec<_> = after.iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(new.len(), 1, "only a manifest: {new:?}");

    from.publish(place, 7).await;
    let delete = from.store().write::<_, store::StoreError, _>(move |tx| {
        Box::pin(async move {
            tx.delete_image_rows(store::image::ImageTable::find("package_tag").unwrap())
                .await
        })
    });
    delete.await.unwrap();
    let third = from.back_up(folder.path()).await.unwrap();
    assert_eq!((third.number, third.new_blobs), (3, 1));
    assert_eq!(third.new_bytes, body(7).len() as u64);
    let written = files(folder.path()).len() - after.len();
    assert!(written < 12, "{written} files for one package");

    let restored = House::new(Kind::Embedded).await;
    restored.restore(folder.path()).await.unwrap();
    restored.is_the_same_as(&from).await;
    let older = House::new(Kind::Embedded).await;
    let told = older.restore_number(folder.path(), Some(1)).await.unwrap();
    assert_eq!(told.number, 1);
    assert_eq!(older.image().await, first_image);
    let none = House::new(Kind::Embedded).await;
    let refused = refusal(none.restore_number(folder.path(), Some(4)).await);
    assert!(
        refused.contains("no backup 4") && refused.contains("1 to 3"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_backups_taken_while_writers_publish_are_of_one_moment_each() {
    for kind in [Kind::Embedded, Kind::ScaledOut] {
        let from = House::new(kind).await;
        let place = from.begin().await;
        let stop = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicU32::new(0));
        let writers: Vec<_> = (0..4)
            .map(|_| {
                let (installation, stop, next) = (
                    from.installation.clone(),
                    Arc::clone(&stop),
                    Arc::clone(&next),
                );
                tokio::spawn(async move {
                    while !stop.load(Ordering::Relaxed) {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        publish(&installation, place, number).await;
                    }
                })
            })
            .collect();
        let folder = tempfile::tempdir().unwrap();
        let mut rows = Vec::new();
        while rows.len() < 4 {
            let made = from.back_up(folder.path()).await.unwrap();
            rows.push(made.rows);
        }
        stop.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.unwrap();
        }
        assert!(
            rows.windows(2).any(|pair| pair[0] < pair[1]),
            "nothing was written meanwhile: {rows:?}"
        );
        for number in 1..=4 {
            let to = House::new(Kind::Embedded).await;
            to.restore_number(folder.path(), Some(number))
                .await
                .unwrap();
            // One entry for each version, and one for the domain: rows and log are of the same moment.
            let versions = to.count("package_version").await;
            assert_eq!(to.count("change").await, versions + 1);
            assert_eq!(to.count("asset").await, versions);
            assert!(to.named().await.is_subset(&to.held().await));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_blob_that_is_missing_or_damaged_fails_the_backup_by_its_name() {
    let from = House::filled(Kind::Embedded, 3).await;
    let folder = tempfile::tempdir().unwrap();
    let digest = *from.named().await.iter().next().unwrap();
    let hex = digest.to_hex();
    let file = from
        .folder
        .path()
        .join("data/blobs")
        .join(&hex[..2])
        .join(&hex[2..]);
    let whole = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    // As a second process would see it.
    let failed = {
        let again = embedded(from.folder.path()).await;
        carriage::back_up(&again, folder.path(), 1, false, &carriage::NoProgress).await
    };
    assert!(
        matches!(&failed, Err(CarriageError::MissingBlob { digest: named, .. }) if *named == digest),
        "{failed:?}"
    );
    let mut damaged = whole.clone();
    damaged[50] ^= 1;
    fs::write(&file, damaged).unwrap();
    let failed = {
        let again = embedded(from.folder.path()).await;
        carriage::back_up(&again, folder.path(), 1, false, &carriage::NoProgress).await
    };
    assert!(failed.unwrap_err().to_string().contains(&hex));
    // What was broken off is no backup, and no hindrance.
    let to = House::new(Kind::Embedded).await;
    let refused = refusal(to.restore(folder.path()).await);
    assert!(refused.contains("no backup"), "{refused}");
    fs::write(&file, whole).unwrap();
    let again = embedded(from.folder.path()).await;
    let made = carriage::back_up(&again, folder.path(), 1, true, &carriage::NoProgress).await;
    assert_eq!(made.unwrap().number, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_folder_of_something_else_or_in_use_is_refused() {
    let from = House::filled(Kind::Embedded, 1).await;
    let other = House::filled(Kind::Embedded, 1).await;
    let folder = tempfile::tempdir().unwrap();
    from.back_up(folder.path()).await.unwrap();
    let refused = refusal(other.back_up(folder.path()).await);
    assert!(refused.contains("another installation"), "{refused}");
    let refused = refusal(from.back_up(from.folder.path()).await);
    assert!(
        refused.contains("holds something that is no backup"),
        "{refused}"
    );
    let held = BackupFolder::open(folder.path()).unwrap();
    let refused = refusal(from.back_up(folder.path()).await);
    assert!(refused.contains("another backup"), "{refused}");
    drop(held);
    assert_eq!(from.back_up(folder.path()).await.unwrap().number, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_backup_is_for_its_owner_alone() {
    let from = House::filled(Kind::Embedded, 3).await;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("new/backups");
    from.back_up(&folder).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files = files(&folder);
    assert!(files.len() > 10);
    for (path, _) in files {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

/// Deletes everything, rows first and bytes after them, when bytes are about to be copied.
struct Deleting {
    installation: carriage::Installation,
    copies: AtomicU32,
}

impl carriage::Progress for Deleting {
    fn begin(&self, step: &'static str, _: u64, _: carriage::Unit) {
        if step != "copying blobs" || self.copies.fetch_add(1, Ordering::Relaxed) > 0 {
            return;
        }
        let installation = self.installation.clone();
        let deleting = async move {
            let unit = installation.store.write::<_, store::StoreError, _>(|tx| {
                Box::pin(async move {
                    let assets = store::image::ImageTable::find("asset").unwrap();
                    tx.delete_image_rows(assets).await
                })
            });
            unit.await.unwrap();
            for digest in crate::house::held(&installation.blobs).await {
                installation.blobs.delete(&digest).await.unwrap();
            }
        };
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(deleting));
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_bytes_that_went_with_their_rows_meanwhile_make_the_rows_be_read_anew() {
    let from = House::filled(Kind::Embedded, 5).await;
    let folder = tempfile::tempdir().unwrap();
    let deleting = Deleting {
        installation: from.installation.clone(),
        copies: AtomicU32::new(0),
    };
    let made = carriage::back_up(&from.installation, folder.path(), 1, true, &deleting).await;
    assert_eq!((made.unwrap().blobs, deleting.copies.into_inner()), (0, 2));
    let to = House::new(Kind::Embedded).await;
    to.restore(folder.path()).await.unwrap();
    assert_eq!((to.count("asset").await, to.count("package").await), (0, 5));
}
