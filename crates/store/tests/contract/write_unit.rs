//! Units of work: what `Store::write` promises, and opening and closing.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use model::PageLimit;
use store::{Store, StoreError, StoreResult, Tx};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::database::TestDatabase;
use crate::samples::{ALPHA, change, domain_name, owner, package, repository_name, version_key};

on_both_engines![
    the_database_answers,
    a_unit_that_fails_leaves_nothing,
    a_unit_fails_with_the_error_of_its_rule,
    what_a_unit_writes_is_seen_by_others_after_its_end_only,
    a_failing_unit_takes_nothing_of_its_neighbours_with_it,
    a_panicking_unit_is_answered_and_the_store_goes_on,
    a_unit_that_panics_before_it_awaits_is_answered_and_the_store_goes_on,
    a_unit_that_goes_on_after_a_failed_statement_is_not_acknowledged,
    a_unit_whose_caller_is_gone_is_finished_all_the_same,
    readers_do_not_wait_for_a_writer,
    closing_ends_what_was_begun_and_refuses_the_rest,
    closing_leaves_nothing_beside_the_database,
    everything_is_there_after_the_next_start,
    two_stores_over_one_database_see_each_others_writes,
];

async fn append(tx: &mut Tx, detail: &str) -> StoreResult<i64> {
    tx.append_change(1, &change(detail)).await
}

/// A statement that the engine refuses: the row it needs is not there.
async fn fail(tx: &mut Tx) -> StoreResult<()> {
    tx.insert_access_key("AKIA", 4711, "", crate::samples::NOW)
        .await
}

async fn details(store: &Store) -> Vec<String> {
    let rows = store
        .read()
        .await
        .unwrap()
        .list_changes(1, 0, 1000)
        .await
        .unwrap();
    rows.into_iter().map(|row| row.detail).collect()
}

/// Begins a unit that appends a change and then stays open until told; returns once it has begun.
async fn hold(store: &Store) -> (JoinHandle<StoreResult<()>>, oneshot::Sender<()>) {
    let (begun, has_begun) = oneshot::channel();
    let (open, opened) = oneshot::channel();
    let store = store.clone();
    let unit = tokio::spawn(async move {
        store
            .write(|tx| {
                Box::pin(async move {
                    // Not in the log of the others, which would wait for it on engines with row locks.
                    tx.append_change(2, &change("held")).await?;
                    begun.send(()).unwrap();
                    opened.await.unwrap();
                    Ok(())
                })
            })
            .await
    });
    has_begun.await.unwrap();
    (unit, open)
}

/// Brings all futures to their first wait, in their order: units are then in the queue.
async fn begin<F: Future>(
    futures: impl IntoIterator<Item = F>,
) -> Pin<Box<impl Future<Output = Vec<F::Output>>>> {
    let mut all = Box::pin(futures_util::future::join_all(futures));
    let first = poll_fn(|context| Poll::Ready(all.as_mut().poll(context))).await;
    assert!(first.is_pending(), "something ended that should wait");
    all
}

async fn the_database_answers(db: &TestDatabase) {
    db.store.ping().await.unwrap();
    db.store.close().await;
    assert!(db.store.ping().await.is_err());
}

async fn a_unit_that_fails_leaves_nothing(db: &TestDatabase) {
    let failed = db.try_write(|tx| {
        Box::pin(async move {
            append(tx, "one").await?;
            append(tx, "two").await?;
            fail(tx).await
        })
    });
    assert!(matches!(failed.await, Err(StoreError::Backend(_))));
    assert!(details(&db.store).await.is_empty());
    assert_eq!(db.write(|tx| Box::pin(append(tx, "three"))).await, 1);
}

async fn a_unit_fails_with_the_error_of_its_rule(db: &TestDatabase) {
    #[derive(Debug)]
    enum Refusal {
        Rule(&'static str),
        Store(StoreError),
    }
    impl From<StoreError> for Refusal {
        fn from(error: StoreError) -> Self {
            Self::Store(error)
        }
    }
    let refused = db.store.write::<(), Refusal, _>(|tx| {
        Box::pin(async move {
            append(tx, "one").await?;
            Err(Refusal::Rule("no"))
        })
    });
    assert!(matches!(refused.await, Err(Refusal::Rule("no"))));
    let broken = db
        .store
        .write::<(), Refusal, _>(|tx| Box::pin(async move { Ok(fail(tx).await?) }));
    assert!(matches!(
        broken.await,
        Err(Refusal::Store(StoreError::Backend(_)))
    ));
    assert!(details(&db.store).await.is_empty());
}

async fn what_a_unit_writes_is_seen_by_others_after_its_end_only(db: &TestDatabase) {
    let (unit, open) = hold(&db.store).await;
    let mut read = db.read().await;
    assert!(read.list_changes(2, 0, 1).await.unwrap().is_empty());
    open.send(()).unwrap();
    unit.await.unwrap().unwrap();
    assert_eq!(
        read.list_changes(2, 0, 1).await.unwrap()[0].detail,
        "held",
        "a connection does not stick to the past"
    );
}

async fn a_failing_unit_takes_nothing_of_its_neighbours_with_it(db: &TestDatabase) {
    const UNITS: usize = 48;
    // While one unit is open the others gather; on SQLite they then share one commit.
    let (held, open) = hold(&db.store).await;
    let units = begin((0..UNITS).map(|unit| {
        db.try_write(move |tx| {
            Box::pin(async move {
                append(tx, &format!("{unit}")).await?;
                match unit % 4 {
                    0 => fail(tx).await,
                    1 => Err(StoreError::Corrupt("on purpose".into())),
                    2 if unit % 8 == 2 => panic!("on purpose"),
                    _ => Ok(()),
                }
            })
        })
    }))
    .await;
    open.send(()).unwrap();
    held.await.unwrap().unwrap();
    let mut expected = Vec::new();
    for (unit, outcome) in units.await.into_iter().enumerate() {
        match (unit % 4, unit % 8) {
            (0, _) => assert!(
                matches!(outcome, Err(StoreError::Backend(_))),
                "{unit}: {outcome:?}"
            ),
            (1, _) => assert!(
                matches!(outcome, Err(StoreError::Corrupt(_))),
                "{unit}: {outcome:?}"
            ),
            (2, 2) => assert!(
                matches!(outcome, Err(StoreError::Abandoned(_))),
                "{unit}: {outcome:?}"
            ),
            _ => {
                assert!(outcome.is_ok(), "{unit}: {outcome:?}");
                expected.push(format!("{unit}"));
            }
        }
    }
    let mut seen = details(&db.store).await;
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
}

/// Enough writes and reads to come across every pooled connection, and what they left in the log.
async fn use_every_connection(db: &TestDatabase) -> Vec<String> {
    let writes = (0..16).map(|i| {
        db.write(move |tx| Box::pin(async move { append(tx, &format!("after {i:02}")).await }))
    });
    futures_util::future::join_all(writes).await;
    let mut seen = details(&db.store).await;
    seen.sort();
    seen
}

fn afterwards() -> Vec<String> {
    (0..16).map(|i| format!("after {i:02}")).collect()
}

async fn assert_nothing_is_left_open(db: &TestDatabase) {
    if db.folder().is_none() {
        let idle = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
        assert_eq!(
            db.number(idle).await,
            0,
            "a pooled connection is still inside a transaction"
        );
    }
}

async fn a_panicking_unit_is_answered_and_the_store_goes_on(db: &TestDatabase) {
    for _ in 0..10 {
        let unit = db.try_write::<(), _>(|tx| {
            Box::pin(async move {
                append(tx, "lost").await?;
                panic!("on purpose")
            })
        });
        assert!(matches!(unit.await, Err(StoreError::Abandoned(why)) if why.contains("panicked")));
    }
    assert_nothing_is_left_open(db).await;
    assert_eq!(use_every_connection(db).await, afterwards());
}

async fn a_unit_that_panics_before_it_awaits_is_answered_and_the_store_goes_on(db: &TestDatabase) {
    for _ in 0..10 {
        let unit = db.try_write::<(), _>(|_| panic!("on purpose"));
        assert!(matches!(unit.await, Err(StoreError::Abandoned(why)) if why.contains("panicked")));
    }
    assert_nothing_is_left_open(db).await;
    assert_eq!(use_every_connection(db).await, afterwards());
}

async fn a_unit_that_goes_on_after_a_failed_statement_is_not_acknowledged(db: &TestDatabase) {
    // Engines differ in what such a unit would leave behind: all but the statement, or nothing. Neither may be
    // reported as a success.
    let at_the_end = db.try_write(|tx| {
        Box::pin(async move {
            append(tx, "before").await?;
            fail(tx).await.ok();
            Ok(())
        })
    });
    assert!(matches!(at_the_end.await, Err(StoreError::Backend(_))));
    let in_the_middle = db.try_write(|tx| {
        Box::pin(async move {
            fail(tx).await.ok();
            append(tx, "behind").await.ok();
            Ok(())
        })
    });
    assert!(matches!(in_the_middle.await, Err(StoreError::Backend(_))));
    assert!(details(&db.store).await.is_empty());
    assert_nothing_is_left_open(db).await;
    assert_eq!(use_every_connection(db).await, afterwards());
}

async fn a_unit_whose_caller_is_gone_is_finished_all_the_same(db: &TestDatabase) {
    let (caller, open) = hold(&db.store).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    open.send(()).unwrap();
    let finished = async {
        while db
            .read()
            .await
            .list_changes(2, 0, 10)
            .await
            .unwrap()
            .is_empty()
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), finished)
        .await
        .expect("the unit was not finished");
    assert_eq!(use_every_connection(db).await, afterwards());
}

async fn readers_do_not_wait_for_a_writer(db: &TestDatabase) {
    db.domain("acme").await;
    let (unit, open) = hold(&db.store).await;
    let reads = (0..32).map(|_| async {
        db.read()
            .await
            .list_domains(&owner(), "", PageLimit::MAX)
            .await
            .unwrap()
            .len()
    });
    let reads = tokio::time::timeout(
        Duration::from_secs(30),
        futures_util::future::join_all(reads),
    )
    .await;
    assert!(reads.unwrap().iter().all(|rows| *rows == 1));
    open.send(()).unwrap();
    unit.await.unwrap().unwrap();
}

async fn closing_ends_what_was_begun_and_refuses_the_rest(db: &TestDatabase) {
    let (held, open) = hold(&db.store).await;
    let units = begin((0..20).map(|unit| {
        db.try_write(move |tx| Box::pin(async move { append(tx, &format!("{unit:02}")).await }))
    }))
    .await;
    let closing = begin([db.store.close()]).await;
    open.send(()).unwrap();
    let closing = tokio::time::timeout(Duration::from_secs(30), closing).await;
    assert!(closing.is_ok(), "closing does not end");
    held.await.unwrap().expect("it had begun");
    let mut acknowledged = Vec::new();
    for (unit, outcome) in units.await.into_iter().enumerate() {
        match outcome {
            Ok(_) => acknowledged.push(format!("{unit:02}")),
            // Those that had no connection yet.
            Err(error) => assert!(db.folder().is_none(), "{unit} waited in the queue: {error}"),
        }
    }
    assert!(
        db.try_write(|tx| Box::pin(append(tx, "late")))
            .await
            .is_err()
    );
    assert!(db.store.read().await.is_err());
    db.store.close().await;
    let next = db.open_again().await.unwrap();
    let mut seen = details(&next).await;
    seen.sort();
    assert_eq!(seen, acknowledged);
    assert_eq!(
        next.read()
            .await
            .unwrap()
            .list_changes(2, 0, 10)
            .await
            .unwrap()
            .len(),
        1
    );
    next.close().await;
}

async fn closing_leaves_nothing_beside_the_database(db: &TestDatabase) {
    db.write(|tx| Box::pin(append(tx, "one"))).await;
    assert_eq!(details(&db.store).await, ["one"]);
    db.store.close().await;
    if let Some(folder) = db.folder() {
        // A log beside the file would have to be copied with it.
        let files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(files, ["rows.db"]);
    } else {
        let others = "SELECT COUNT(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        let gone = async {
            while db.number(others).await != 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), gone)
            .await
            .expect("a connection stays open");
    }
}

async fn everything_is_there_after_the_next_start(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    let of = db
        .package(repository, &package(ALPHA, "space", "thing"))
        .await;
    let version = db.version(of, "1.0").await;
    db.write(move |tx| {
        Box::pin(async move {
            let new = crate::samples::new_asset("file", 10, 1);
            tx.insert_asset(domain, version, &new).await?;
            tx.upsert_resource_tag("arn", "key", "value").await?;
            tx.insert_signing_key("key", b"secret", crate::samples::NOW)
                .await?;
            append(tx, "made").await
        })
    })
    .await;
    db.store.close().await;
    for _ in 0..2 {
        let next = db.open_again().await.unwrap();
        let mut read = next.read().await.unwrap();
        let found = read
            .find_domain(&owner(), &domain_name("acme"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((found.id, found.asset_size_bytes), (domain, 10));
        let found = read
            .find_repository(domain, &repository_name("store"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.id, repository);
        let found = read
            .find_package(repository, &package(ALPHA, "space", "thing"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.id, of);
        assert_eq!(
            read.find_version(of, &version_key("1.0"))
                .await
                .unwrap()
                .unwrap()
                .id,
            version
        );
        let assets = read.list_assets_of_repository(repository).await.unwrap();
        assert_eq!(assets[0].digests().unwrap(), crate::samples::digests(1));
        assert_eq!(
            read.list_resource_tags("arn").await.unwrap(),
            [("key".to_owned(), "value".to_owned())]
        );
        assert_eq!(read.list_signing_keys().await.unwrap()[0].secret, b"secret");
        assert_eq!(read.list_changes(1, 0, 10).await.unwrap().len(), 1);
        drop(read);
        next.close().await;
    }
    let next = db.open_again().await.unwrap();
    let sequence = next
        .write::<i64, StoreError, _>(|tx| Box::pin(append(tx, "again")))
        .await
        .unwrap();
    assert_eq!(sequence, 2, "the count goes on");
    next.close().await;
}

async fn two_stores_over_one_database_see_each_others_writes(db: &TestDatabase) {
    let other = db.open_again().await.unwrap();
    for round in 0..5 {
        let expected = round * 2 + 1;
        assert_eq!(db.write(|tx| Box::pin(append(tx, "ours"))).await, expected);
        assert_eq!(
            details(&other).await.len(),
            usize::try_from(expected).unwrap()
        );
        let theirs = other
            .write::<i64, StoreError, _>(|tx| Box::pin(append(tx, "theirs")))
            .await;
        assert_eq!(theirs.unwrap(), expected + 1);
        assert_eq!(
            details(&db.store).await.len(),
            usize::try_from(expected + 1).unwrap()
        );
    }
    let both = (0..16).map(|i| {
        let store = if i % 2 == 0 {
            db.store.clone()
        } else {
            other.clone()
        };
        async move {
            store
                .write::<i64, StoreError, _>(|tx| Box::pin(append(tx, "together")))
                .await
                .unwrap()
        }
    });
    let mut sequences = futures_util::future::join_all(both).await;
    sequences.sort_unstable();
    assert_eq!(sequences, (11..=26).collect::<Vec<_>>());
    other.close().await;
}
