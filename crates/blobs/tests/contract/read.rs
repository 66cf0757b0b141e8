//! Reading what was committed.

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use model::Sha256Digest;
use reliquary_blobs::BlobError;

use crate::{Store, on_every_store, sample, whole};

on_every_store!(
    what_is_not_there_is_none_on_every_way,
    ranges_give_exactly_their_bytes,
    a_body_says_its_exact_length,
    small_blobs_are_held_in_memory_and_large_ones_are_not,
    a_large_body_is_never_one_frame,
    read_all_refuses_more_than_its_limit,
    many_readers_of_a_cold_blob_all_get_its_bytes,
    a_page_of_the_listing_goes_on_where_the_last_one_ended,
);

const SMALL: usize = 1280 * 1024;
const LARGE: usize = 3_000_003;

async fn what_is_not_there_is_none_on_every_way(store: Store) {
    let digest = Sha256Digest::from_bytes([9; 32]);
    assert!(store.blobs.open(&digest).await.unwrap().is_none());
    assert!(!store.blobs.contains(&digest).await.unwrap());
    assert_eq!(store.blobs.read_all(&digest, 10).await.unwrap(), None);
    assert_eq!(store.blobs.verify(&digest).await.unwrap(), None);
    assert!(!store.blobs.delete(&digest).await.unwrap());
    assert_eq!(store.listed().await, []);
}

async fn ranges_give_exactly_their_bytes(store: Store) {
    for size in [0, 1, 5_000, LARGE] {
        let body = sample(1, size);
        let digest = store.put(&body).await;
        let blob = store.blobs.open(&digest).await.unwrap().unwrap();
        let ends = [
            0,
            1,
            2,
            size / 2,
            size.saturating_sub(1),
            size,
            size + 1,
            70_000,
            300_000,
        ];
        for start in ends {
            for end in ends {
                let (from, to) = (start.min(end).min(size), end.min(size));
                let range = whole(blob.body_range(start as u64, end as u64))
                    .await
                    .unwrap();
                assert_eq!(
                    range,
                    body.slice(from.min(to)..to),
                    "{start}..{end} of {size}"
                );
            }
        }
    }
}

async fn a_body_says_its_exact_length(store: Store) {
    for size in [0, 1, 5_000, LARGE] {
        let digest = store.put(&sample(2, size)).await;
        let blob = store.blobs.open(&digest).await.unwrap().unwrap();
        assert_eq!(blob.size_bytes(), size as u64);
        let mut body = blob.body();
        let mut left = size as u64;
        assert_eq!(body.size_hint().exact(), Some(left));
        assert_eq!(body.is_end_stream(), size == 0);
        while let Some(frame) = body.frame().await {
            left -= frame.unwrap().data_ref().unwrap().len() as u64;
            assert_eq!(body.size_hint().exact(), Some(left));
        }
        assert_eq!(left, 0);
        assert!(body.is_end_stream());
    }
}

async fn small_blobs_are_held_in_memory_and_large_ones_are_not(store: Store) {
    for (size, in_memory) in [
        (0, true),
        (5_000, true),
        (SMALL, true),
        (SMALL + 1, false),
        (LARGE, false),
    ] {
        let body = sample(3, size);
        let digest = store.put(&body).await;
        for _ in 0..2 {
            let blob = store.blobs.open(&digest).await.unwrap().unwrap();
            assert_eq!(
                blob.bytes_if_memory(),
                in_memory.then(|| body.clone()),
                "{size} bytes"
            );
        }
    }
}

async fn a_large_body_is_never_one_frame(store: Store) {
    let digest = store.put(&sample(4, LARGE)).await;
    let mut body = store.blobs.open(&digest).await.unwrap().unwrap().body();
    while let Some(frame) = body.frame().await {
        assert!(frame.unwrap().data_ref().unwrap().len() <= 256 * 1024);
    }
}

async fn read_all_refuses_more_than_its_limit(store: Store) {
    for size in [5_000, LARGE] {
        let body = sample(5, size);
        let digest = store.put(&body).await;
        let size_bytes = size as u64;
        assert_eq!(
            store.blobs.read_all(&digest, size_bytes).await.unwrap(),
            Some(body)
        );
        let refused = store.blobs.read_all(&digest, size_bytes - 1).await;
        assert!(
            matches!(refused, Err(BlobError::TooLarge { size_bytes: size, limit_bytes }) if size == size_bytes && limit_bytes == size_bytes - 1),
            "{refused:?}"
        );
    }
}

async fn many_readers_of_a_cold_blob_all_get_its_bytes(store: Store) {
    for size in [SMALL, LARGE] {
        let body = sample(6, size);
        let digest = store.put(&body).await;
        let readers: Vec<_> = (0..50)
            .map(|_| {
                let blobs = store.blobs.clone();
                tokio::spawn(async move {
                    whole(blobs.open(&digest).await.unwrap().unwrap().body())
                        .await
                        .unwrap()
                })
            })
            .collect();
        for reader in readers {
            let read: Bytes = reader.await.unwrap();
            assert!(read == body, "a reader got other bytes");
        }
    }
}

async fn a_page_of_the_listing_goes_on_where_the_last_one_ended(store: Store) {
    let mut expected = Vec::new();
    for seed in 0..40 {
        let size = 10 + usize::try_from(seed).unwrap();
        expected.push((store.put(&sample(seed, size)).await, size as u64));
    }
    expected.sort();
    for limit in [1, 3, 39, 40, 41] {
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = store.blobs.list(after.as_ref(), limit).await.unwrap();
            assert!(page.len() <= limit);
            listed.extend(page.iter().map(|blob| (blob.digest, blob.size_bytes)));
            after = page.last().map(|blob| blob.digest);
            if page.len() < limit {
                break;
            }
        }
        assert_eq!(listed, expected, "pages of {limit}");
    }
    let at = store.listed().await[0].modified_at.0;
    assert!(at > 1_600_000_000_000, "{at} is not a time in milliseconds");
}
