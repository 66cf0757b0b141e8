//! How far destinations of events have come.

use store::EventBacklogRow;

use crate::database::TestDatabase;
use crate::samples::change;

on_both_engines![
    a_cursor_is_kept_for_each_destination_and_log,
    a_cursor_never_goes_back,
    the_backlog_is_what_a_destination_has_not,
    a_destination_that_begins_has_everything_up_to_now,
    commits_are_noticed_and_failures_are_not,
];

async fn append(db: &TestDatabase, log: i64, count: i64) {
    db.write(move |tx| {
        Box::pin(async move {
            for _ in 0..count {
                tx.append_change(log, &change("{}")).await?;
            }
            Ok(())
        })
    })
    .await;
}

async fn save(db: &TestDatabase, destination: &'static str, log: i64, sequence: i64) {
    db.write(move |tx| {
        Box::pin(async move { tx.save_event_cursor(destination, log, sequence).await })
    })
    .await;
}

async fn cursor(db: &TestDatabase, destination: &str, log: i64) -> Option<i64> {
    let mut read = db.read().await;
    read.find_event_cursor(destination, log).await.unwrap()
}

async fn backlog(db: &TestDatabase, destination: &str) -> Vec<(i64, i64, i64)> {
    let mut read = db.read().await;
    let rows = read.list_event_backlog(destination, 0, 100).await.unwrap();
    let parts = |row: &EventBacklogRow| (row.log_id, row.sequence, row.last_sequence);
    rows.iter().map(parts).collect()
}

async fn a_cursor_is_kept_for_each_destination_and_log(db: &TestDatabase) {
    assert_eq!(cursor(db, "a", 1).await, None);
    save(db, "a", 1, 5).await;
    save(db, "a", 2, 6).await;
    save(db, "A", 1, 7).await;
    assert_eq!(cursor(db, "a", 1).await, Some(5));
    assert_eq!(cursor(db, "a", 2).await, Some(6));
    assert_eq!(cursor(db, "A", 1).await, Some(7));
    assert_eq!(cursor(db, "b", 1).await, None);
}

async fn a_cursor_never_goes_back(db: &TestDatabase) {
    for (sequence, expected) in [(5, 5), (9, 9), (7, 9), (9, 9)] {
        save(db, "a", 1, sequence).await;
        assert_eq!(cursor(db, "a", 1).await, Some(expected));
    }
}

async fn the_backlog_is_what_a_destination_has_not(db: &TestDatabase) {
    for (log, count) in [(0, 4), (1, 3), (2, 2), (3, 1)] {
        append(db, log, count).await;
    }
    assert_eq!(backlog(db, "a").await, [(1, 0, 3), (2, 0, 2), (3, 0, 1)]);
    save(db, "a", 1, 1).await;
    save(db, "a", 2, 2).await;
    save(db, "b", 3, 1).await;
    assert_eq!(backlog(db, "a").await, [(1, 1, 3), (3, 0, 1)]);
    assert_eq!(backlog(db, "b").await, [(1, 0, 3), (2, 0, 2)]);
    let mut read = db.read().await;
    let page = read.list_event_backlog("a", 0, 1).await.unwrap();
    assert_eq!(page.len(), 1);
    let next = read.list_event_backlog("a", 1, 1).await.unwrap();
    assert_eq!(next[0].log_id, 3);
    assert!(read.list_event_backlog("a", 3, 1).await.unwrap().is_empty());
}

async fn a_destination_that_begins_has_everything_up_to_now(db: &TestDatabase) {
    append(db, 0, 1).await;
    append(db, 1, 3).await;
    save(db, "a", 1, 2).await;
    for destination in ["a", "b"] {
        db.write(move |tx| Box::pin(async move { tx.begin_event_destination(destination).await }))
            .await;
    }
    assert_eq!(
        backlog(db, "a").await,
        [(1, 2, 3)],
        "what it lacked it lacks"
    );
    assert!(backlog(db, "b").await.is_empty());
    assert_eq!(cursor(db, "b", 0).await, Some(1));
    append(db, 1, 1).await;
    append(db, 2, 1).await;
    assert_eq!(backlog(db, "b").await, [(1, 3, 4), (2, 0, 1)]);
}

async fn commits_are_noticed_and_failures_are_not(db: &TestDatabase) {
    let mut commits = db.store.commits();
    assert!(!commits.has_changed().unwrap());
    append(db, 1, 1).await;
    assert!(commits.has_changed().unwrap());
    commits.mark_unchanged();
    let failed: store::StoreResult<()> = db
        .try_write(|_| Box::pin(async { Err(store::StoreError::Corrupt("on purpose".into())) }))
        .await;
    assert!(failed.is_err());
    assert!(!commits.has_changed().unwrap());
    let mut of_clone = db.store.clone().commits();
    append(db, 1, 1).await;
    assert!(commits.has_changed().unwrap() && of_clone.has_changed().unwrap());
    of_clone.mark_unchanged();
}
