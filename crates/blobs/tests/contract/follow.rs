//! Following a stage while it grows.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt;
use reliquary_blobs::StageReader;

use crate::{Store, on_every_store, sample, whole};

on_every_store!(
    x14_fifty_followers_see_identical_bytes,
    bytes_reach_a_follower_before_the_body_is_complete,
    x07_the_last_byte_is_held_back_until_the_release,
    x07_the_last_byte_of_a_range_is_held_back_too,
    x14_a_failure_cuts_every_follower,
    giving_up_at_any_point_cuts_followers,
    a_commit_releases_followers,
    x14_a_follower_that_does_not_read_slows_nobody,
    followers_can_come_after_the_commit,
    an_empty_body_ends_with_its_release,
);

async fn x14_fifty_followers_see_identical_bytes(store: Store) {
    let body = sample(1, 2_000_003);
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    let followers: Vec<_> = (0..50_usize)
        .map(|follower| {
            let reader = reader.clone();
            let range = (follower % 5 == 4).then_some(1_000..1_500_000);
            tokio::spawn(async move { (range.clone(), whole(reader.body(range)).await.unwrap()) })
        })
        .collect();
    for chunk in body.chunks(37_001) {
        stage.write(Bytes::copy_from_slice(chunk)).await.unwrap();
    }
    let staged = stage.finish().await.unwrap();
    staged.release();
    staged.commit().await.unwrap();
    for follower in followers {
        let (range, read) = follower.await.unwrap();
        let expected = if range.is_some() {
            body.slice(1_000..1_500_000)
        } else {
            body.clone()
        };
        assert!(read == expected, "a follower of {range:?} got other bytes");
    }
}

/// Reads until `wanted` bytes have come; panics if the body ends or fails before.
async fn read_bytes<B: Body<Data = Bytes, Error = std::io::Error> + Unpin>(
    body: &mut B,
    wanted: usize,
) -> Bytes {
    let mut read = BytesMut::new();
    while read.len() < wanted {
        read.extend_from_slice(
            body.frame()
                .await
                .expect("more bytes")
                .unwrap()
                .data_ref()
                .unwrap(),
        );
    }
    read.freeze()
}

/// Whether nothing at all comes for a while.
async fn stays_quiet<B: Body<Data = Bytes, Error = std::io::Error> + Unpin>(body: &mut B) -> bool {
    tokio::time::timeout(Duration::from_millis(50), body.frame())
        .await
        .is_err()
}

async fn bytes_reach_a_follower_before_the_body_is_complete(store: Store) {
    let mut stage = store.blobs.stage().await.unwrap();
    stage.write(Bytes::from_static(b"before, ")).await.unwrap();
    let mut body = stage.reader().body(None);
    assert_eq!(read_bytes(&mut body, 7).await, "before,");
    stage.write(Bytes::from_static(b"after")).await.unwrap();
    assert_eq!(read_bytes(&mut body, 5).await, " afte");
    assert_eq!(body.size_hint().exact(), None);
}

async fn x07_the_last_byte_is_held_back_until_the_release(store: Store) {
    for size in [1, 2, 1_000, 600_000] {
        let expected = sample(2, size);
        let mut stage = store.blobs.stage().await.unwrap();
        let mut body = stage.reader().body(None);
        stage.write(expected.clone()).await.unwrap();
        assert_eq!(
            read_bytes(&mut body, size - 1).await,
            expected.slice(..size - 1)
        );
        assert!(
            stays_quiet(&mut body).await,
            "{size}: the end came before all was written"
        );
        let staged = stage.finish().await.unwrap();
        assert!(
            stays_quiet(&mut body).await,
            "{size}: the end came before the digests were checked"
        );
        assert!(!body.is_end_stream());
        staged.release();
        assert_eq!(body.size_hint().exact(), Some(1));
        assert_eq!(whole(body).await.unwrap(), expected.slice(size - 1..));
    }
}

async fn x07_the_last_byte_of_a_range_is_held_back_too(store: Store) {
    let expected = sample(3, 10_000);
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    let mut body = reader.body(Some(100..200));
    let beyond = reader.body(Some(9_000..20_000));
    let outside = reader.body(Some(20_000..30_000));
    stage.write(expected.clone()).await.unwrap();
    assert_eq!(read_bytes(&mut body, 99).await, expected.slice(100..199));
    assert!(stays_quiet(&mut body).await);
    stage.finish().await.unwrap().release();
    assert_eq!(whole(body).await.unwrap(), expected.slice(199..200));
    assert_eq!(whole(beyond).await.unwrap(), expected.slice(9_000..));
    assert_eq!(whole(outside).await.unwrap(), "");
}

async fn x14_a_failure_cuts_every_follower(store: Store) {
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    let followers: Vec<_> = (0..50)
        .map(|_| {
            let reader = reader.clone();
            tokio::spawn(async move { whole(reader.body(None)).await })
        })
        .collect();
    stage.write(sample(4, 400_000)).await.unwrap();
    stage.finish().await.unwrap().fail("the digest is wrong");
    for follower in followers {
        let error = follower.await.unwrap().expect_err("must not end well");
        assert!(error.to_string().contains("the digest is wrong"), "{error}");
    }
    assert!(
        reader
            .outcome()
            .await
            .unwrap_err()
            .to_string()
            .contains("the digest is wrong")
    );
    assert!(
        whole(reader.body(None)).await.is_err(),
        "who comes late is cut too"
    );
    assert_eq!(store.listed().await, []);
    store.wait_until_nothing_is_staged().await;
}

async fn giving_up_at_any_point_cuts_followers(store: Store) {
    async fn is_cut(reader: &StageReader) {
        assert!(whole(reader.body(None)).await.is_err());
        assert!(reader.outcome().await.is_err());
    }
    let mut empty = store.blobs.stage().await.unwrap();
    let reader = empty.reader();
    drop(empty);
    is_cut(&reader).await;

    let mut begun = store.blobs.stage().await.unwrap();
    let reader = begun.reader();
    begun.write(sample(5, 300_000)).await.unwrap();
    drop(begun);
    is_cut(&reader).await;

    let mut finished = store.blobs.stage().await.unwrap();
    let reader = finished.reader();
    finished.write(sample(5, 300_000)).await.unwrap();
    drop(finished.finish().await.unwrap());
    is_cut(&reader).await;

    let mut named = store.blobs.stage().await.unwrap();
    let reader = named.reader();
    named.fail("the source stalled");
    assert!(
        reader
            .outcome()
            .await
            .unwrap_err()
            .to_string()
            .contains("the source stalled")
    );
    store.wait_until_nothing_is_staged().await;
}

async fn a_commit_releases_followers(store: Store) {
    let expected = sample(6, 5_000);
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    stage.write(expected.clone()).await.unwrap();
    let staged = stage.finish().await.unwrap();
    let digest = staged.digests().sha256;
    staged.commit().await.unwrap();
    assert_eq!(reader.outcome().await.unwrap(), 5_000);
    assert_eq!(whole(reader.body(None)).await.unwrap(), expected);
    assert_eq!(store.read(&digest).await, Some(expected));
}

async fn x14_a_follower_that_does_not_read_slows_nobody(store: Store) {
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    let mut idle = reader.body(None);
    let busy = {
        let body = reader.body(None);
        tokio::spawn(async move { whole(body).await.unwrap().len() })
    };
    stage.write(sample(7, 100)).await.unwrap();
    let begun = read_bytes(&mut idle, 1).await.len();
    for seed in 0..80 {
        stage.write(sample(seed, 100_000)).await.unwrap();
    }
    stage.finish().await.unwrap().release();
    assert_eq!(busy.await.unwrap(), 8_000_100);
    assert_eq!(
        begun + whole(idle).await.unwrap().len(),
        8_000_100,
        "the idle one goes on where it was"
    );
}

async fn followers_can_come_after_the_commit(store: Store) {
    let expected = sample(8, 700_000);
    let mut stage = store.blobs.stage().await.unwrap();
    let reader = stage.reader();
    stage.write(expected.clone()).await.unwrap();
    let staged = stage.finish().await.unwrap();
    let digest = staged.digests().sha256;
    staged.commit().await.unwrap();
    assert!(store.blobs.delete(&digest).await.unwrap());
    let body = reader.body(None);
    assert_eq!(body.size_hint().exact(), Some(700_000));
    assert!(
        whole(body).await.unwrap() == expected,
        "the open file stays readable"
    );
}

async fn an_empty_body_ends_with_its_release(store: Store) {
    let mut stage = store.blobs.stage().await.unwrap();
    let mut body = stage.reader().body(None);
    let staged = stage.finish().await.unwrap();
    assert!(stays_quiet(&mut body).await);
    staged.commit().await.unwrap();
    assert_eq!(whole(body).await.unwrap(), "");
    assert_eq!(store.listed().await.len(), 1);
}
