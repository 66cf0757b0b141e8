//! Bytes that nothing refers to: noticed, going, gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{EpochMillis, Sha256Digest};
use store::{CondemnedBlobRow, StoreError};

use crate::database::TestDatabase;
use crate::samples::{ALPHA, digests, new_asset, package};

on_both_engines![
    bytes_are_condemned_only_once_they_were_noticed_for_long_enough,
    bytes_that_a_row_refers_to_are_not_condemned,
    no_row_begins_to_refer_to_bytes_that_are_going_or_gone,
    a_note_is_taken_back_but_that_of_bytes_that_are_going_or_gone_stays,
    what_has_been_going_for_long_is_found_and_what_has_been_gone_for_long_forgotten,
    of_a_reference_and_a_mark_made_at_the_same_time_only_one_stands,
];

const MARK: &str = "one removal";
/// Behind every digest.
const LAST: Sha256Digest = Sha256Digest::from_bytes([0xff; 32]);

fn sha256(seed: u8) -> Sha256Digest {
    digests(seed).sha256
}

async fn notice(db: &TestDatabase, seed: u8, at: i64) {
    db.write(move |tx| {
        Box::pin(async move { tx.notice_blob(&sha256(seed), EpochMillis(at)).await })
    })
    .await;
}

async fn condemn(db: &TestDatabase, seed: u8, noticed_by: i64) -> bool {
    let condemned = db.write(move |tx| {
        let by = EpochMillis(noticed_by);
        Box::pin(async move {
            tx.condemn_blobs(&[sha256(seed)], by, EpochMillis(500), MARK)
                .await
        })
    });
    let condemned = condemned.await;
    assert!(condemned.is_empty() || condemned == [sha256(seed)]);
    !condemned.is_empty()
}

async fn settle(db: &TestDatabase, seed: u8, at: i64) {
    db.write(move |tx| {
        Box::pin(async move { tx.settle_blob(&sha256(seed), MARK, EpochMillis(at)).await })
    })
    .await;
}

async fn notes(db: &TestDatabase) -> Vec<(Sha256Digest, String, i64)> {
    let rows = db.read().await.list_condemned_blobs(&[], &LAST).await;
    let fields = |row: CondemnedBlobRow| (row.digest().unwrap(), row.state, row.since_ms);
    rows.unwrap().into_iter().map(fields).collect()
}

/// A version that assets can be added to: the ids of its domain and of itself.
async fn version(db: &TestDatabase, name: &str) -> (i64, i64) {
    let domain = db.domain(name).await.id;
    let repository = db.repository(domain, "one").await.id;
    let package = db.package(repository, &package(ALPHA, "", "thing")).await;
    (domain, db.version(package, "1.0").await)
}

async fn add_asset(
    db: &TestDatabase,
    (domain, version): (i64, i64),
    seed: u8,
) -> Result<(), StoreError> {
    db.try_write(move |tx| {
        Box::pin(async move {
            let asset = new_asset(&format!("{seed}.bin"), 5, seed);
            tx.insert_asset(domain, version, &asset).await
        })
    })
    .await
}

async fn bytes_are_condemned_only_once_they_were_noticed_for_long_enough(db: &TestDatabase) {
    assert!(!condemn(db, 1, 1_000).await, "nobody noticed them");
    notice(db, 1, 100).await;
    assert!(!condemn(db, 1, 99).await, "the grace period is not over");
    assert!(condemn(db, 1, 100).await);
    assert!(!condemn(db, 1, 1_000).await, "they are another's to remove");
    let going = CondemnedBlobRow::GOING.to_owned();
    assert_eq!(notes(db).await, [(sha256(1), going, 500)]);
}

async fn bytes_that_a_row_refers_to_are_not_condemned(db: &TestDatabase) {
    let version = version(db, "acme").await;
    add_asset(db, version, 1).await.unwrap();
    notice(db, 1, 100).await;
    assert!(!condemn(db, 1, 1_000).await);
    let (domain, id) = version;
    db.write(move |tx| {
        Box::pin(async move { tx.delete_assets_of_version(domain, id).await.map(drop) })
    })
    .await;
    assert!(condemn(db, 1, 1_000).await);
}

async fn no_row_begins_to_refer_to_bytes_that_are_going_or_gone(db: &TestDatabase) {
    let version = version(db, "acme").await;
    let state = async || {
        let going = db.read().await.find_going_blob(&sha256(1)).await.unwrap();
        going.map(|row| row.state)
    };
    let is_refused = async || {
        let refused = add_asset(db, version, 1).await;
        matches!(refused, Err(StoreError::BlobGoing(named)) if named == sha256(1))
    };
    notice(db, 1, 100).await;
    assert_eq!(
        state().await,
        None,
        "what was only noticed may be referred to"
    );
    assert!(condemn(db, 1, 100).await);
    assert_eq!(state().await.as_deref(), Some(CondemnedBlobRow::GOING));
    assert!(is_refused().await);
    settle(db, 1, 600).await;
    assert_eq!(state().await.as_deref(), Some(CondemnedBlobRow::GONE));
    assert!(is_refused().await);
    add_asset(db, version, 2).await.unwrap();
    let welcome = async |mark: &'static str| {
        db.write(move |tx| Box::pin(async move { tx.welcome_blob(&sha256(1), mark).await }))
            .await;
    };
    welcome("of another removal").await;
    assert!(
        is_refused().await,
        "who is slow does not take away a later mark"
    );
    welcome(MARK).await;
    add_asset(db, version, 1).await.unwrap();
}

async fn a_note_is_taken_back_but_that_of_bytes_that_are_going_or_gone_stays(db: &TestDatabase) {
    for seed in [1, 2, 3] {
        notice(db, seed, 100).await;
    }
    assert!(condemn(db, 2, 100).await && condemn(db, 3, 100).await);
    settle(db, 3, 600).await;
    for seed in [1, 2, 3] {
        notice(db, seed, 700).await;
    }
    let noted = |seed, state: &str, at| (sha256(seed), state.to_owned(), at);
    let mut expected = vec![
        noted(1, CondemnedBlobRow::NOTICED, 700),
        noted(2, CondemnedBlobRow::GOING, 500),
        noted(3, CondemnedBlobRow::GONE, 600),
    ];
    expected.sort();
    assert_eq!(notes(db).await, expected);
    db.write(|tx| {
        Box::pin(async move {
            for seed in [1, 2, 3] {
                tx.spare_blob(&sha256(seed)).await?;
            }
            Ok(())
        })
    })
    .await;
    assert_eq!(notes(db).await.len(), 2);
    db.write(|tx| {
        Box::pin(async move {
            for seed in [2, 3] {
                tx.reprieve_blob(&sha256(seed), MARK).await?;
            }
            Ok(())
        })
    })
    .await;
    assert_eq!(notes(db).await, [noted(3, CondemnedBlobRow::GONE, 600)]);
}

async fn what_has_been_going_for_long_is_found_and_what_has_been_gone_for_long_forgotten(
    db: &TestDatabase,
) {
    for seed in [1, 2] {
        notice(db, seed, 100).await;
        assert!(condemn(db, seed, 100).await);
    }
    settle(db, 2, 600).await;
    let take_over = async |since, mark: &'static str| {
        db.write(move |tx| {
            let since = EpochMillis(since);
            Box::pin(async move { tx.take_over_blobs(since, EpochMillis(700), mark).await })
        })
        .await
    };
    assert_eq!(take_over(499, "heir").await, []);
    assert_eq!(take_over(500, "heir").await, [sha256(1)]);
    assert_eq!(take_over(500, "too late").await, []);
    settle(db, 1, 800).await;
    let state = async || {
        let going = db.read().await.find_going_blob(&sha256(1)).await.unwrap();
        going.unwrap().state
    };
    assert_eq!(
        state().await,
        CondemnedBlobRow::GOING,
        "it is the heir's to settle"
    );
    for (by, left) in [(599, 2), (600, 1)] {
        db.write(move |tx| Box::pin(async move { tx.forget_gone_blobs(EpochMillis(by)).await }))
            .await;
        assert_eq!(notes(db).await.len(), left);
    }
}

/// The heart of the sweep: many at once begin to refer to bytes while others mark the same bytes as going. If ever both
/// succeed for the same bytes, a row stands whose bytes are being removed.
async fn of_a_reference_and_a_mark_made_at_the_same_time_only_one_stands(db: &TestDatabase) {
    let version = version(db, "acme").await;
    let (mut referred, mut marked) = (0, 0);
    for seed in 1..=60_u8 {
        notice(db, seed, 100).await;
        let both = Arc::new(tokio::sync::Barrier::new(2));
        let was_marked = AtomicBool::new(false);
        let (added, ()) = tokio::join!(
            async {
                both.wait().await;
                add_asset(db, version, seed).await
            },
            async {
                both.wait().await;
                was_marked.store(condemn(db, seed, 100).await, Ordering::SeqCst);
            }
        );
        let was_marked = was_marked.load(Ordering::SeqCst);
        match &added {
            Ok(()) => assert!(!was_marked, "a row refers to bytes that are going"),
            Err(StoreError::BlobGoing(_)) => assert!(was_marked, "it was refused for nothing"),
            Err(error) => panic!("{error}"),
        }
        referred += usize::from(added.is_ok());
        marked += usize::from(was_marked);
    }
    assert_eq!(referred + marked, 60);
}
