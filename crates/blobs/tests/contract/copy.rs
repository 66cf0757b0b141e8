//! Copies between stores, and reading a folder beside whoever serves from it.

use model::Sha256Digest;
use reliquary_blobs::{BlobError, BlobSettings, Blobs};

use crate::{Store, on_every_store, sample};

on_every_store![
    i10_a_copy_is_the_same_bytes_and_is_held_by_the_other_store,
    i10_what_is_damaged_or_missing_is_not_copied,
];

async fn i10_a_copy_is_the_same_bytes_and_is_held_by_the_other_store(store: Store) {
    let other = Store::on_disk();
    for (seed, size) in [(1, 0), (2, 10), (3, 300_000), (4, (9 << 20) + 1)] {
        let body = sample(seed, size);
        let digest = store.put(&body).await;
        let copied = other.blobs.copy_from(&store.blobs, &digest).await.unwrap();
        assert_eq!(copied, Some(size as u64));
        assert!(other.read(&digest).await.unwrap() == body, "{size} bytes");
        store.blobs.delete(&digest).await.unwrap();
        // And back; twice is as good as once.
        for _ in 0..2 {
            let back = store.blobs.copy_from(&other.blobs, &digest).await.unwrap();
            assert_eq!(back, Some(size as u64));
        }
        assert_eq!(
            store.blobs.verify(&digest).await.unwrap(),
            Some(size as u64)
        );
    }
}

async fn i10_what_is_damaged_or_missing_is_not_copied(store: Store) {
    let other = Store::on_disk();
    let digest = other.put(&sample(1, 300_000)).await;
    let hex = digest.to_hex();
    let file = other
        .folder
        .path()
        .join("data/blobs")
        .join(&hex[..2])
        .join(&hex[2..]);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[150_000] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let refused = store.blobs.copy_from(&other.blobs, &digest).await;
    assert!(matches!(refused, Err(BlobError::Damaged { digest: named, .. }) if named == digest));
    let absent = Sha256Digest::from_bytes([7; 32]);
    assert_eq!(
        store.blobs.copy_from(&other.blobs, &absent).await.unwrap(),
        None
    );
    assert!(store.listed().await.is_empty());
}

#[tokio::test]
async fn i10_who_reads_beside_a_server_leaves_its_uploads_alone() {
    let store = Store::on_disk();
    let body = sample(1, 300_000);
    let held = store.put(&body).await;
    let mut stage = store.blobs.stage().await.unwrap();
    // A reader makes it stage on the disk.
    let reader = stage.reader();
    stage.write(body.slice(..200_000)).await.unwrap();
    crate::eventually("bytes are staged", || reader.written_bytes() > 0).await;
    let scratch = tempfile::tempdir().unwrap();
    let root = store.folder.path().join("data");
    let beside = Blobs::open_disk_to_read(&root, scratch.path(), BlobSettings::default()).unwrap();
    assert_eq!(beside.verify(&held).await.unwrap(), Some(300_000));
    assert_eq!(beside.list(None, 10).await.unwrap().len(), 1);
    assert_eq!(std::fs::read_dir(root.join("staging")).unwrap().count(), 1);
    stage.write(body.slice(200_000..)).await.unwrap();
    let staged = stage.finish().await.unwrap();
    assert_eq!(staged.digests().sha256, held);
    staged.commit().await.unwrap();
}
