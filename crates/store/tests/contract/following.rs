//! What nodes that share a database learn of each other's writes, and how soon.

use futures_util::future::join_all;
use model::{Change, ChangeKind};

use crate::database::TestDatabase;
use crate::samples::change;

on_both_engines![
    the_count_of_changes_grows_with_every_log,
    what_changed_is_told_in_order_with_the_detail_of_one_kind,
    who_locks_a_log_keeps_the_next_entry_waiting,
    i05_entries_become_visible_in_the_order_of_their_numbers,
];

fn entry(kind: ChangeKind) -> Change {
    Change {
        kind,
        ..change("{\"a\":1}")
    }
}

async fn append(db: &TestDatabase, log: i64, kind: ChangeKind) -> i64 {
    db.write(move |tx| Box::pin(async move { tx.append_change(log, &entry(kind)).await }))
        .await
}

async fn the_count_of_changes_grows_with_every_log(db: &TestDatabase) {
    assert_eq!(db.read().await.count_changes().await.unwrap(), 0);
    append(db, 1, ChangeKind::VersionPublished).await;
    append(db, 2, ChangeKind::VersionPublished).await;
    append(db, 0, ChangeKind::UserCreated).await;
    assert_eq!(db.read().await.count_changes().await.unwrap(), 3);
    let mut follower = db.store.follow().await.unwrap();
    assert_eq!(follower.count_changes().await.unwrap(), 3);
}

async fn what_changed_is_told_in_order_with_the_detail_of_one_kind(db: &TestDatabase) {
    append(db, 7, ChangeKind::VersionPublished).await;
    append(db, 7, ChangeKind::VersionRetained).await;
    append(db, 7, ChangeKind::VersionDeleted).await;
    let mut read = db.read().await;
    let rows = read
        .list_changed(7, 1, 10, "version-retained")
        .await
        .unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.sequence, row.kind.as_str(), row.detail.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "version-retained", Some("{\"a\":1}")),
            (3, "version-deleted", None)
        ]
    );
    assert_eq!(read.list_changed(7, 0, 2, "").await.unwrap().len(), 2);
}

async fn who_locks_a_log_keeps_the_next_entry_waiting(db: &TestDatabase) {
    db.write(|tx| Box::pin(async move { tx.lock_log(0).await }))
        .await;
    assert_eq!(append(db, 0, ChangeKind::SigningKeyCreated).await, 1);
    db.write(|tx| Box::pin(async move { tx.lock_log(0).await }))
        .await;
    assert_eq!(append(db, 0, ChangeKind::SigningKeyCreated).await, 2);
}

/// Many write to one log, some of them give up, and one looks all the time: what it sees never has a gap.
async fn i05_entries_become_visible_in_the_order_of_their_numbers(db: &TestDatabase) {
    let watching = async {
        let mut last = 0;
        while last < 80 {
            let mut read = db.store.follow().await.unwrap();
            let head = read.list_logs(3, 1).await.unwrap();
            let rows = read.list_changed(4, 0, 1000, "").await.unwrap();
            let numbers: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
            let whole: Vec<i64> = (1..=i64::try_from(numbers.len()).unwrap()).collect();
            assert_eq!(numbers, whole);
            if let Some(head) = head.first() {
                assert!(numbers.len() >= usize::try_from(head.sequence).unwrap());
            }
            last = numbers.len();
            tokio::task::yield_now().await;
        }
    };
    let writing = join_all((0..120).map(|number| async move {
        let outcome: store::StoreResult<i64> = db
            .try_write(move |tx| {
                Box::pin(async move {
                    let sequence = tx
                        .append_change(4, &entry(ChangeKind::VersionPublished))
                        .await?;
                    tokio::task::yield_now().await;
                    match number % 3 {
                        0 => Err(store::StoreError::Corrupt("given up".into())),
                        _ => Ok(sequence),
                    }
                })
            })
            .await;
        outcome.is_ok()
    }));
    let ((), written) = tokio::join!(watching, writing);
    assert_eq!(written.into_iter().filter(|ok| *ok).count(), 80);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_announces_is_heard_on_postgres_and_sqlite_needs_no_ear() {
    let db = TestDatabase::on_sqlite().await;
    assert!(!db.store.is_shared());
    assert!(db.store.listen().await.unwrap().is_none());
    db.store.announce().await.unwrap();
    db.remove().await;
    let db = TestDatabase::on_postgres().await;
    assert!(db.store.is_shared());
    let mut listener = db.store.listen().await.unwrap().unwrap();
    let other = db.open_again().await.unwrap();
    other.announce().await.unwrap();
    listener.heard().await.unwrap();
    drop(listener);
    other.close().await;
    db.remove().await;
}
