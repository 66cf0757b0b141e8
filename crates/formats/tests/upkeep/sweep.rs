//! The sweep: what it removes, what it leaves, and that it never takes what someone was told is stored.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::future::join_all;
use model::ErrorKind;

use crate::ground::{Ground, sha256};

on_every_ground![
    bytes_go_a_grace_period_after_the_last_reference_to_them,
    bytes_that_a_failed_upload_left_go_too_and_those_of_others_stay,
    a_dry_run_tells_and_changes_nothing,
    i02_publishes_of_the_same_bytes_beside_sweeps_are_never_lost,
    what_a_dead_sweeper_was_removing_is_taken_over,
];

const GRACE_MS: i64 = 60_000;

async fn is_stored(ground: &Ground, bytes: &[u8]) -> bool {
    ground.blobs.find(&sha256(bytes)).await.unwrap().is_some()
}

async fn bytes_go_a_grace_period_after_the_last_reference_to_them(ground: &Ground) {
    let bytes = Bytes::from_static(b"shared by two versions");
    ground.publish("1.0", &bytes).await.unwrap();
    ground.publish("2.0", &bytes).await.unwrap();
    ground.delete("1.0").await;
    for _ in 0..3 {
        ground.clock.advance(2 * GRACE_MS);
        let report = ground.sweep(GRACE_MS, false).await;
        assert_eq!(
            (report.blobs, report.unreferenced, report.removed),
            (1, 0, 0)
        );
    }
    ground.delete("2.0").await;
    let report = ground.sweep(GRACE_MS, false).await;
    assert_eq!(
        (report.unreferenced, report.removed),
        (1, 0),
        "noticed just now"
    );
    ground.clock.advance(GRACE_MS - 1);
    assert_eq!(ground.sweep(GRACE_MS, false).await.removed, 0);
    ground.clock.advance(1);
    let report = ground.sweep(GRACE_MS, false).await;
    assert_eq!(
        (report.removed, report.removed_bytes),
        (1, bytes.len() as u64)
    );
    assert!(!is_stored(ground, &bytes).await);
    // They can come back, also while it is remembered that they went.
    ground.publish("3.0", &bytes).await.unwrap();
    assert_eq!(ground.read("3.0").await.unwrap(), bytes);
    assert_eq!(ground.findings().await, []);
}

async fn bytes_that_a_failed_upload_left_go_too_and_those_of_others_stay(ground: &Ground) {
    let kept = Bytes::from_static(b"kept");
    ground.publish("1.0", &kept).await.unwrap();
    let left = ground.blobs.put(Bytes::from_static(b"left")).await.unwrap();
    ground.sweep(GRACE_MS, false).await;
    ground.clock.advance(GRACE_MS);
    // Published again meanwhile: the same bytes are wanted now.
    let wanted = ground
        .blobs
        .put(Bytes::from_static(b"wanted"))
        .await
        .unwrap();
    ground.sweep(GRACE_MS, false).await;
    assert!(ground.blobs.find(&left.sha256).await.unwrap().is_none());
    ground
        .publish("2.0", &Bytes::from_static(b"wanted"))
        .await
        .unwrap();
    ground.clock.advance(GRACE_MS);
    assert_eq!(ground.sweep(GRACE_MS, false).await.removed, 0);
    assert!(ground.blobs.find(&wanted.sha256).await.unwrap().is_some());
    assert_eq!(ground.read("1.0").await.unwrap(), kept);
}

async fn a_dry_run_tells_and_changes_nothing(ground: &Ground) {
    ground.blobs.put(Bytes::from_static(b"left")).await.unwrap();
    ground.sweep(GRACE_MS, false).await;
    ground.clock.advance(GRACE_MS);
    for _ in 0..2 {
        let report = ground.sweep(GRACE_MS, true).await;
        assert_eq!(
            (report.unreferenced, report.removed, report.removed_bytes),
            (1, 1, 4)
        );
    }
    assert!(is_stored(ground, b"left").await);
    assert_eq!(ground.sweep(GRACE_MS, false).await.removed, 1);
}

/// Many publish, read back and delete the same few contents, while two sweep without any grace. Whoever was told that
/// bytes are stored must read them whole, as long as the version stands.
async fn i02_publishes_of_the_same_bytes_beside_sweeps_are_never_lost(ground: &Ground) {
    const PUBLISHERS: usize = 12;
    let contents: Vec<Bytes> = (0..3_u8).map(|n| Bytes::from(vec![n; 40_000])).collect();
    let until = Instant::now() + Duration::from_secs(4);
    let is_over = AtomicBool::new(false);
    let (published, removed) = (AtomicU64::new(0), AtomicU64::new(0));
    let publishers = (0..PUBLISHERS).map(|number| {
        let (contents, published) = (&contents, &published);
        async move {
            for round in 0_usize.. {
                if Instant::now() >= until {
                    return;
                }
                let bytes = &contents[(number + round) % contents.len()];
                let version = format!("{number}.{round}");
                match ground.publish(&version, bytes).await {
                    Ok(()) => {}
                    // The same bytes were being removed at this moment.
                    Err(error) if error.kind == ErrorKind::Unavailable => continue,
                    Err(error) => panic!("{error:?}"),
                }
                let read = ground.read(&version).await.unwrap();
                assert!(read == *bytes, "version {version} came back as other bytes");
                tokio::task::yield_now().await;
                let read = ground.read(&version).await.unwrap();
                assert!(read == *bytes, "version {version} was lost after a while");
                published.fetch_add(1, Ordering::SeqCst);
                ground.delete(&version).await;
            }
        }
    });
    let sweepers = (0..2).map(|_| async {
        while !is_over.load(Ordering::SeqCst) {
            let report = ground.sweep(0, false).await;
            removed.fetch_add(report.removed, Ordering::SeqCst);
        }
    });
    let publishing = async {
        join_all(publishers).await;
        is_over.store(true, Ordering::SeqCst);
    };
    tokio::join!(publishing, join_all(sweepers));
    let published = published.into_inner();
    assert!(published > 20, "only {published} were published");
    for (number, bytes) in contents.iter().enumerate() {
        let version = format!("last.{number}");
        let mut sent = ground.publish(&version, bytes).await;
        for _ in 0..50 {
            if sent.is_ok() {
                break;
            }
            sent = ground.publish(&version, bytes).await;
        }
        sent.unwrap();
    }
    ground.sweep(0, false).await;
    for (number, bytes) in contents.iter().enumerate() {
        assert!(ground.read(&format!("last.{number}")).await.unwrap() == *bytes);
    }
    assert_eq!(ground.findings().await, []);
}

async fn what_a_dead_sweeper_was_removing_is_taken_over(ground: &Ground) {
    let bytes = Bytes::from_static(b"half gone");
    ground.blobs.put(bytes.clone()).await.unwrap();
    let (digest, now) = (sha256(&bytes), ground.now());
    let marked: Result<_, store::StoreError> = ground
        .store
        .write(move |tx| {
            Box::pin(async move {
                tx.notice_blob(&digest, now).await?;
                tx.condemn_blobs(&[digest], now, now, "of the dead").await
            })
        })
        .await;
    assert_eq!(marked.unwrap(), [digest]);
    assert_eq!(
        ground.sweep(GRACE_MS, false).await.removed,
        0,
        "it may live yet"
    );
    ground.clock.advance(20 * 60_000);
    assert_eq!(ground.sweep(GRACE_MS, false).await.removed, 1);
    assert!(!is_stored(ground, &bytes).await);
    ground.publish("1.0", &bytes).await.unwrap();
    assert_eq!(ground.read("1.0").await.unwrap(), bytes);
}
