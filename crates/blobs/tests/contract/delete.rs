//! Deleting, and the races between a sweep and uploads.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::EpochMillis;

use crate::{Kind, Store, on_every_store, sample, whole};

on_every_store!(
    a_deleted_blob_is_gone_from_every_cache,
    who_is_reading_goes_on_reading_or_is_told,
    a_sweep_spares_what_was_committed_again,
    i02_an_acknowledged_upload_is_not_lost_to_a_sweep_of_the_same_bytes,
    i02_uploads_readers_and_deletes_of_one_digest_never_see_half_a_blob,
);

fn now() -> EpochMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    EpochMillis(i64::try_from(since.as_millis()).unwrap())
}

async fn a_deleted_blob_is_gone_from_every_cache(store: Store) {
    for size in [5_000, 3_000_000] {
        let digest = store.put(&sample(1, size)).await;
        assert!(store.read(&digest).await.is_some());
        assert!(store.blobs.delete(&digest).await.unwrap());
        assert!(
            !store.blobs.delete(&digest).await.unwrap(),
            "there is nothing left to delete"
        );
        assert!(store.blobs.open(&digest).await.unwrap().is_none());
        assert!(!store.blobs.contains(&digest).await.unwrap());
    }
    assert_eq!(store.listed().await, []);
}

async fn who_is_reading_goes_on_reading_or_is_told(store: Store) {
    for size in [5_000, 3_000_000] {
        let body = sample(2, size);
        let digest = store.put(&body).await;
        let blob = store.blobs.open(&digest).await.unwrap().unwrap();
        assert!(store.blobs.delete(&digest).await.unwrap());
        match whole(blob.body()).await {
            Ok(read) => assert!(read == body),
            // Of a large one in an object store only the beginning is on its way.
            Err(error) => assert!(store.kind == Kind::S3 && size > 5_000, "{error}"),
        }
    }
}

async fn a_sweep_spares_what_was_committed_again(store: Store) {
    let body = sample(3, 5_000);
    let digest = store.put(&body).await;
    let grain_ms = store.date_grain_ms();
    tokio::time::sleep(Duration::from_millis(2 * grain_ms.unsigned_abs())).await;
    let cutoff = EpochMillis(now().0 - grain_ms);
    store.put(&body).await;
    assert!(
        !store
            .blobs
            .delete_unless_committed_since(&digest, cutoff)
            .await
            .unwrap()
    );
    assert_eq!(store.read(&digest).await, Some(body));
    let later = now().plus_ms(60_000);
    assert!(
        store
            .blobs
            .delete_unless_committed_since(&digest, later)
            .await
            .unwrap()
    );
    assert!(
        !store
            .blobs
            .delete_unless_committed_since(&digest, later)
            .await
            .unwrap()
    );
    assert_eq!(store.read(&digest).await, None);
}

async fn i02_an_acknowledged_upload_is_not_lost_to_a_sweep_of_the_same_bytes(store: Store) {
    let body = sample(4, 3_000);
    let digest = store.put(&body).await;
    let started = now();
    // The blob is old by the time the sweep looks at it; each upload makes it young.
    let grain_ms = store.date_grain_ms();
    tokio::time::sleep(Duration::from_millis(2 * grain_ms.unsigned_abs())).await;
    let cutoff = started.plus_ms(grain_ms);
    let sweep = {
        let blobs = store.blobs.clone();
        tokio::spawn(async move {
            for _ in 0..300 {
                blobs
                    .delete_unless_committed_since(&digest, cutoff)
                    .await
                    .unwrap();
            }
        })
    };
    for _ in 0..100 {
        store.put(&body).await;
        assert_eq!(
            store.blobs.verify(&digest).await.unwrap(),
            Some(3_000),
            "acknowledged, then swept"
        );
    }
    sweep.await.unwrap();
    assert_eq!(store.read(&digest).await, Some(body));
}

async fn i02_uploads_readers_and_deletes_of_one_digest_never_see_half_a_blob(store: Store) {
    for size in [3_000, 1_500_000] {
        let body = sample(5, size);
        let digest = store.put(&body).await;
        let mut tasks = Vec::new();
        for task in 0..8 {
            let (blobs, body, kind) = (store.blobs.clone(), body.clone(), store.kind);
            tasks.push(tokio::spawn(async move {
                for _ in 0..20 {
                    match task % 4 {
                        0 | 1 => assert_eq!(blobs.put(body.clone()).await.unwrap().sha256, digest),
                        2 => drop(blobs.delete(&digest).await.unwrap()),
                        _ => {
                            let read = async {
                                let blob = blobs.open(&digest).await?;
                                let Some(blob) = blob else { return Ok(None) };
                                whole(blob.body()).await.map(Some)
                            };
                            match read.await {
                                Ok(read) => assert!(read.is_none_or(|read| read == body)),
                                // Deleted in the middle of it, and cut for that.
                                Err(error) => assert_eq!(kind, Kind::S3, "{error}"),
                            }
                        }
                    }
                }
            }));
        }
        for task in tasks {
            task.await.unwrap();
        }
        store.put(&body).await;
        assert!(store.read(&digest).await == Some(body));
        assert_eq!(store.listed().await.len(), 1);
        store.blobs.delete(&digest).await.unwrap();
        assert_eq!(store.read(&digest).await, None);
    }
}
