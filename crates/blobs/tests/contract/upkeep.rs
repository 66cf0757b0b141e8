//! What a check and a sweep ask of the bytes, past every cache.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::EpochMillis;
use reliquary_blobs::{BlobSettings, Blobs};

use crate::{Kind, Store, on_every_store, sample};
use testkit::s3_server::S3Server;

on_every_store!(
    a_blob_is_found_as_a_listing_tells_it,
    all_digests_are_read_anew,
    what_is_in_quarantine_is_read_by_nobody_and_can_be_stored_again,
    uploads_that_nobody_has_written_to_for_long_are_removed_and_others_stay,
);

async fn a_blob_is_found_as_a_listing_tells_it(store: Store) {
    let digest = store.put(&sample(1, 5_000)).await;
    let found = store.blobs.find(&digest).await.unwrap();
    assert_eq!(found.as_slice(), store.listed().await);
    store.blobs.delete(&digest).await.unwrap();
    assert_eq!(store.blobs.find(&digest).await.unwrap(), None);
}

async fn all_digests_are_read_anew(store: Store) {
    for size in [5_000, 3_000_000] {
        let body = sample(2, size);
        let digests = store.blobs.put(body.clone()).await.unwrap();
        // Now it is in memory, where there is one.
        assert_eq!(store.read(&digests.sha256).await, Some(body.clone()));
        let read = store.blobs.read_digests(&digests.sha256).await.unwrap();
        assert_eq!(read, Some((body.len() as u64, digests.clone())));
        store.blobs.delete(&digests.sha256).await.unwrap();
        let read = store.blobs.read_digests(&digests.sha256).await.unwrap();
        assert_eq!(read, None);
    }
}

async fn what_is_in_quarantine_is_read_by_nobody_and_can_be_stored_again(store: Store) {
    let body = sample(3, 5_000);
    let digest = store.put(&body).await;
    assert_eq!(store.read(&digest).await, Some(body.clone()));
    assert!(store.blobs.quarantine(&digest).await.unwrap());
    assert!(!store.blobs.quarantine(&digest).await.unwrap());
    assert_eq!(store.read(&digest).await, None);
    assert_eq!(store.listed().await, []);
    if store.kind == Kind::Disk {
        let kept = store
            .folder
            .path()
            .join("data/quarantine")
            .join(digest.to_hex());
        assert_eq!(fs::read(kept).unwrap(), body);
    }
    store.put(&body).await;
    assert_eq!(store.read(&digest).await, Some(body));
}

async fn uploads_that_nobody_has_written_to_for_long_are_removed_and_others_stay(store: Store) {
    let staging = store.folder.path().join("data/staging");
    for name in ["old", "young"] {
        fs::write(staging.join(name), b"half").unwrap();
    }
    let long_ago = SystemTime::now() - Duration::from_secs(7_200);
    let old = fs::File::options().write(true).open(staging.join("old"));
    old.unwrap().set_modified(long_ago).unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let cutoff = i64::try_from(since.as_millis()).unwrap() - 3_600_000;
    for dry_run in [true, false] {
        let cutoff = EpochMillis(cutoff);
        let removed = store.blobs.remove_stale_uploads(cutoff, dry_run).await;
        assert_eq!(removed.unwrap(), 1);
        assert_eq!(staging.join("old").exists(), dry_run);
    }
    assert!(staging.join("young").exists());
}

#[tokio::test]
async fn who_opens_a_folder_beside_another_leaves_its_uploads_alone() {
    let store = Store::on_disk();
    let root = store.folder.path().join("data");
    let upload = root.join("staging/upload");
    fs::write(&upload, b"half").unwrap();
    let digest = store.put(&sample(4, 5_000)).await;
    let beside = Blobs::open_disk_beside(&root, BlobSettings::default()).unwrap();
    assert!(upload.exists());
    assert!(beside.find(&digest).await.unwrap().is_some());
    Blobs::open_disk(&root, BlobSettings::default()).unwrap();
    assert!(!upload.exists(), "the owner of the folder clears it");
}

#[tokio::test]
async fn damage_shows_in_the_digests_that_are_read() {
    let s3 = S3Server::get().settings();
    for store in [Store::on_disk(), Store::in_bucket(&s3).await] {
        let body = sample(5, 5_000);
        let digest = store.put(&body).await;
        let mut damaged = body.to_vec();
        damaged[2_500] ^= 1;
        match store.kind {
            Kind::S3 => S3Server::get().overwrite(&s3.prefix, &digest, &damaged),
            Kind::Disk => {
                let hex = digest.to_hex();
                let path = store.folder.path().join("data/blobs");
                fs::write(path.join(&hex[..2]).join(&hex[2..]), &damaged).unwrap();
            }
        }
        let (size_bytes, digests) = store.blobs.read_digests(&digest).await.unwrap().unwrap();
        assert_eq!(size_bytes, 5_000);
        assert_ne!(digests.sha256, digest);
    }
}
