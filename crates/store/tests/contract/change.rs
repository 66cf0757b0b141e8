//! The change log.

use std::collections::BTreeSet;

use model::{Change, ChangeKind, EpochMillis};
use store::{ChangeRow, LogRow, StoreError};

use crate::database::TestDatabase;
use crate::samples::{BETA, change, package, repository_name, version_name};

on_both_engines![
    a_change_is_read_as_it_was_appended,
    each_log_counts_from_one,
    a_log_is_read_on_from_any_number,
    numbers_are_gapless_under_many_writers_and_failing_units,
    a_change_stands_or_falls_with_the_rows_it_is_about,
    a_log_outlives_its_domain_and_a_namesake_starts_its_own,
    an_entry_keeps_the_administrator_of_its_repository,
    logs_are_listed_by_id_with_their_last_entries,
];

async fn append(db: &TestDatabase, log: i64, entry: Change) -> i64 {
    db.write(move |tx| Box::pin(async move { tx.append_change(log, &entry).await }))
        .await
}

async fn a_change_is_read_as_it_was_appended(db: &TestDatabase) {
    let full = Change {
        kind: ChangeKind::VersionIngested,
        at: EpochMillis(70),
        source_published_at: Some(EpochMillis(30)),
        actor: "arn:aws:iam::111122223333:user/é".into(),
        repository: Some(repository_name("Store")),
        package: Some(package(BETA, "space", "thing")),
        version: Some(version_name("1.0")),
        detail: r#"{"revision":"r1"}"#.into(),
    };
    let without_namespace = Change {
        package: Some(package(BETA, "", "thing")),
        ..full.clone()
    };
    assert_eq!(append(db, 5, full).await, 1);
    assert_eq!(append(db, 5, without_namespace).await, 2);
    assert_eq!(append(db, 5, change("{}")).await, 3);
    let rows = db.read().await.list_changes(5, 0, 10).await.unwrap();
    let text = |text: &str| Some(text.to_owned());
    let first = ChangeRow {
        log_id: 5,
        sequence: 1,
        at_ms: 70,
        source_published_at_ms: Some(30),
        actor: "arn:aws:iam::111122223333:user/é".into(),
        kind: "version-ingested".into(),
        repository: text("Store"),
        format: text("beta"),
        namespace: text("space"),
        package: text("thing"),
        version: text("1.0"),
        detail: r#"{"revision":"r1"}"#.into(),
        administrator: None,
    };
    let second = ChangeRow {
        sequence: 2,
        namespace: text(""),
        ..first.clone()
    };
    let third = ChangeRow {
        log_id: 5,
        sequence: 3,
        at_ms: crate::samples::NOW.0,
        source_published_at_ms: None,
        actor: "service".into(),
        kind: "repository-updated".into(),
        repository: None,
        format: None,
        namespace: None,
        package: None,
        version: None,
        detail: "{}".into(),
        administrator: None,
    };
    assert_eq!(rows, [first, second, third]);
}

async fn each_log_counts_from_one(db: &TestDatabase) {
    for expected in 1..=3 {
        assert_eq!(append(db, 0, change("installation")).await, expected);
        assert_eq!(append(db, 7, change("domain")).await, expected);
    }
    let mut read = db.read().await;
    assert!(
        read.list_changes(7, 0, 10)
            .await
            .unwrap()
            .iter()
            .all(|row| row.detail == "domain")
    );
    assert_eq!(read.list_changes(0, 0, 10).await.unwrap().len(), 3);
    assert!(read.list_changes(8, 0, 10).await.unwrap().is_empty());
}

async fn a_log_is_read_on_from_any_number(db: &TestDatabase) {
    for i in 1..=12 {
        append(db, 1, change(&format!("{i}"))).await;
    }
    let mut read = db.read().await;
    let mut seen = Vec::new();
    loop {
        let rows = read
            .list_changes(1, seen.last().copied().unwrap_or(0), 5)
            .await
            .unwrap();
        assert!(rows.len() <= 5);
        if rows.is_empty() {
            break;
        }
        seen.extend(rows.iter().map(|row| row.sequence));
    }
    assert_eq!(seen, (1..=12).collect::<Vec<_>>());
    assert_eq!(
        read.list_changes(1, 11, 5).await.unwrap()[0].detail,
        "12",
        "the tenth comes after the ninth"
    );
    assert!(read.list_changes(1, 12, 5).await.unwrap().is_empty());
}

async fn numbers_are_gapless_under_many_writers_and_failing_units(db: &TestDatabase) {
    const WRITERS: i64 = 32;
    const UNITS: i64 = 6;
    let writers = (0..WRITERS).map(|writer| {
        let store = db.store.clone();
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            for unit in 0..UNITS {
                let fails = (writer + unit) % 3 == 0;
                let written = store.write(move |tx| {
                    Box::pin(async move {
                        let sequence = tx
                            .append_change(1, &change(&format!("{writer}/{unit}")))
                            .await?;
                        if fails {
                            Err(StoreError::Corrupt("on purpose".into()))
                        } else {
                            Ok(sequence)
                        }
                    })
                });
                match written.await {
                    Ok(sequence) => acknowledged.push((sequence, format!("{writer}/{unit}"))),
                    Err(error) => {
                        assert!(fails && matches!(error, StoreError::Corrupt(_)), "{error}");
                    }
                }
            }
            acknowledged
        })
    });
    let acknowledged = futures_util::future::join_all(writers).await;
    let acknowledged: BTreeSet<(i64, String)> =
        acknowledged.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(
        acknowledged.len(),
        usize::try_from(WRITERS * UNITS * 2 / 3).unwrap()
    );
    let rows = db.read().await.list_changes(1, 0, 1000).await.unwrap();
    let sequences: Vec<i64> = rows.iter().map(|row| row.sequence).collect();
    assert_eq!(
        sequences,
        (1..=i64::try_from(rows.len()).unwrap()).collect::<Vec<_>>()
    );
    let stored: BTreeSet<(i64, String)> = rows
        .into_iter()
        .map(|row| (row.sequence, row.detail))
        .collect();
    assert_eq!(stored, acknowledged);
}

async fn a_change_stands_or_falls_with_the_rows_it_is_about(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    for (name, fails) in [("one", false), ("two", true), ("three", false)] {
        let unit = db.try_write(move |tx| {
            Box::pin(async move {
                let name = repository_name(name);
                tx.append_change(domain, &change(name.as_str())).await?;
                tx.insert_repository(domain, &name, &crate::samples::owner(), "", EpochMillis(1))
                    .await?;
                if fails {
                    Err(StoreError::Corrupt("on purpose".into()))
                } else {
                    Ok(())
                }
            })
        });
        assert_eq!(unit.await.is_err(), fails);
    }
    let rows = db.read().await.list_changes(domain, 0, 10).await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.sequence, row.detail.as_str()))
        .collect();
    assert_eq!(rows, [(1, "one"), (2, "three")]);
    assert_eq!(db.number("SELECT COUNT(*) FROM repository").await, 2);
}

async fn a_log_outlives_its_domain_and_a_namesake_starts_its_own(db: &TestDatabase) {
    let first = db.domain("acme").await.id;
    append(db, first, change("made")).await;
    db.write(move |tx| {
        Box::pin(async move {
            tx.delete_domain(first).await?;
            tx.append_change(first, &change("deleted")).await
        })
    })
    .await;
    let second = db.domain("acme").await.id;
    assert_eq!(append(db, second, change("made again")).await, 1);
    assert_eq!(
        db.read()
            .await
            .list_changes(first, 0, 10)
            .await
            .unwrap()
            .len(),
        2
    );
}

async fn an_entry_keeps_the_administrator_of_its_repository(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let made = db.repository(domain, "store").await;
    let about = |name: &str| Change {
        repository: Some(repository_name(name)),
        ..change("{}")
    };
    append(db, domain, about("store")).await;
    append(db, domain, about("absent")).await;
    append(db, domain, change("{}")).await;
    append(db, other, about("store")).await;
    db.write(move |tx| Box::pin(async move { tx.delete_repository(made.id).await }))
        .await;
    append(db, domain, about("store")).await;
    let mut read = db.read().await;
    let mut administrators = async |log| -> Vec<Option<String>> {
        let rows = read.list_changes(log, 0, 10).await.unwrap();
        rows.into_iter().map(|row| row.administrator).collect()
    };
    let owner = Some(crate::samples::owner().to_string());
    assert_eq!(administrators(domain).await, [owner, None, None, None]);
    assert_eq!(administrators(other).await, [None]);
}

async fn logs_are_listed_by_id_with_their_last_entries(db: &TestDatabase) {
    for log in [7, 0, 3, 7, 12, 7] {
        append(db, log, change("{}")).await;
    }
    let row = |id, sequence| LogRow { id, sequence };
    let mut read = db.read().await;
    let all = read.list_logs(-1, 10).await.unwrap();
    assert_eq!(all, [row(0, 1), row(3, 1), row(7, 3), row(12, 1)]);
    assert_eq!(read.list_logs(0, 2).await.unwrap(), [row(3, 1), row(7, 3)]);
    assert!(read.list_logs(12, 10).await.unwrap().is_empty());
}
