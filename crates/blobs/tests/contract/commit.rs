//! Staging and committing.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::Bytes;
use reliquary_blobs::BlobError;

use crate::{Store, on_every_store, sample};

on_every_store!(
    bodies_of_every_size_class_come_back_under_their_digest,
    chunks_of_any_size_make_the_same_blob,
    put_and_stage_agree,
    committing_what_is_there_already_is_fine,
    u07_an_upload_cut_anywhere_leaves_nothing_and_can_be_retried,
    u07_identical_uploads_at_once_all_succeed_and_make_one_copy,
    a_cancelled_write_spoils_the_stage,
);

const KIB: usize = 1024;
/// On both sides of each size at which the way through the code changes.
const SIZES: [usize; 12] = [
    0,
    1,
    64 * KIB - 1,
    64 * KIB,
    64 * KIB + 1,
    128 * KIB + 1,
    256 * KIB - 1,
    256 * KIB,
    256 * KIB + 1,
    1280 * KIB,
    1280 * KIB + 1,
    3000 * KIB + 17,
];

async fn bodies_of_every_size_class_come_back_under_their_digest(store: Store) {
    for size in SIZES {
        let body = sample(1, size);
        let mut stage = store.blobs.stage().await.unwrap();
        stage.write(body.clone()).await.unwrap();
        assert_eq!(stage.written_bytes(), size as u64);
        let staged = stage.finish().await.unwrap();
        assert_eq!(staged.size_bytes(), size as u64);
        let digest = staged.digests().sha256;
        assert!(
            !store.blobs.contains(&digest).await.unwrap(),
            "{size} bytes are visible before the commit"
        );
        staged.commit().await.unwrap();
        assert_eq!(store.read(&digest).await, Some(body), "{size} bytes");
        assert_eq!(
            store.blobs.verify(&digest).await.unwrap(),
            Some(size as u64)
        );
    }
    assert_eq!(store.listed().await.len(), SIZES.len());
    store.wait_until_nothing_is_staged().await;
}

async fn chunks_of_any_size_make_the_same_blob(store: Store) {
    let body = sample(2, 700 * KIB + 3);
    let expected = store.put(&body).await;
    for chunk_bytes in [977, 16 * KIB, 64 * KIB, 256 * KIB, 300 * KIB, 700 * KIB] {
        let mut stage = store.blobs.stage().await.unwrap();
        for start in (0..body.len()).step_by(chunk_bytes) {
            stage
                .write(body.slice(start..body.len().min(start + chunk_bytes)))
                .await
                .unwrap();
        }
        assert_eq!(
            stage.finish().await.unwrap().digests().sha256,
            expected,
            "chunks of {chunk_bytes}"
        );
    }
}

async fn put_and_stage_agree(store: Store) {
    for size in [0, 10, 100 * KIB] {
        let body = sample(3, size);
        let mut stage = store.blobs.stage().await.unwrap();
        stage.write(body.clone()).await.unwrap();
        let staged = stage.finish().await.unwrap();
        assert_eq!(
            *staged.digests(),
            store.blobs.put(body).await.unwrap(),
            "{size} bytes"
        );
    }
}

async fn committing_what_is_there_already_is_fine(store: Store) {
    for size in [0, 10, 100 * KIB] {
        let body = sample(4, size);
        let digest = store.put(&body).await;
        assert_eq!(store.put(&body).await, digest);
        let mut stage = store.blobs.stage().await.unwrap();
        stage.write(body.clone()).await.unwrap();
        stage.finish().await.unwrap().commit().await.unwrap();
        assert_eq!(store.read(&digest).await, Some(body));
    }
    assert_eq!(store.listed().await.len(), 3);
    store.wait_until_nothing_is_staged().await;
}

async fn u07_an_upload_cut_anywhere_leaves_nothing_and_can_be_retried(store: Store) {
    for size in SIZES {
        let body = sample(5, size);
        let mut cut_while_writing = store.blobs.stage().await.unwrap();
        cut_while_writing.write(body.clone()).await.unwrap();
        drop(cut_while_writing);

        let mut cut_before_commit = store.blobs.stage().await.unwrap();
        cut_before_commit.write(body.clone()).await.unwrap();
        drop(cut_before_commit.finish().await.unwrap());

        let mut failed = store.blobs.stage().await.unwrap();
        failed.write(body).await.unwrap();
        failed.finish().await.unwrap().fail("the client went away");
    }
    assert_eq!(store.listed().await, []);
    store.wait_until_nothing_is_staged().await;
    for size in SIZES {
        let body = sample(5, size);
        let digest = store.put(&body).await;
        assert_eq!(
            store.read(&digest).await,
            Some(body),
            "{size} bytes, retried"
        );
    }
}

async fn u07_identical_uploads_at_once_all_succeed_and_make_one_copy(store: Store) {
    for (seed, size) in [(6, 5_000), (7, 400 * KIB)] {
        let body = sample(seed, size);
        let uploads: Vec<_> = (0..16)
            .map(|upload| {
                let (blobs, body) = (store.blobs.clone(), body.clone());
                tokio::spawn(async move {
                    if upload % 2 == 0 {
                        return blobs.put(body).await.unwrap().sha256;
                    }
                    let mut stage = blobs.stage().await.unwrap();
                    stage.write(body).await.unwrap();
                    let staged = stage.finish().await.unwrap();
                    let digest = staged.digests().sha256;
                    staged.commit().await.unwrap();
                    digest
                })
            })
            .collect();
        let mut digests = Vec::new();
        for upload in uploads {
            digests.push(upload.await.unwrap());
        }
        digests.dedup();
        assert_eq!(digests.len(), 1);
        assert_eq!(store.read(&digests[0]).await, Some(body));
    }
    assert_eq!(store.listed().await.len(), 2);
    store.wait_until_nothing_is_staged().await;
}

async fn a_cancelled_write_spoils_the_stage(store: Store) {
    let mut stage = store.blobs.stage().await.unwrap();
    {
        // More than the queue holds, so the first poll cannot take all of it.
        let mut write = pin!(stage.write(sample(8, 4_000 * KIB)));
        let first_poll = poll_fn(|cx| Poll::Ready(write.as_mut().poll(cx))).await;
        assert!(first_poll.is_pending());
    }
    let after = stage.write(Bytes::from_static(b"more")).await;
    assert!(matches!(after, Err(BlobError::Abandoned)), "{after:?}");
    let finished = stage.finish().await;
    assert!(
        matches!(finished, Err(BlobError::Abandoned)),
        "{finished:?}"
    );
    store.wait_until_nothing_is_staged().await;
}
