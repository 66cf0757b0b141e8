//! External connections.

use model::{EpochMillis, ExternalConnectionName};

use crate::database::TestDatabase;
use crate::samples::NOW;

on_both_engines![
    connections_are_attached_listed_by_name_and_detached,
    a_connection_is_not_attached_twice,
    connections_are_counted_over_the_repositories_of_a_domain,
    a_connection_needs_its_repository,
];

fn name(text: &str) -> ExternalConnectionName {
    ExternalConnectionName::parse(text).unwrap()
}

async fn attach(db: &TestDatabase, repository: i64, text: &'static str) -> store::StoreResult<()> {
    db.try_write(move |tx| {
        Box::pin(async move {
            tx.insert_external_connection(repository, &name(text), "alpha", NOW)
                .await
        })
    })
    .await
}

async fn connections_are_attached_listed_by_name_and_detached(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (one, two) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    );
    assert!(
        db.read()
            .await
            .list_external_connections(one)
            .await
            .unwrap()
            .is_empty()
    );
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_external_connection(one, &name("public:beta"), "beta", EpochMillis(5))
                .await?;
            tx.insert_external_connection(one, &name("Public:alpha"), "alpha", EpochMillis(6))
                .await?;
            tx.insert_external_connection(two, &name("public:beta"), "beta", EpochMillis(7))
                .await
        })
    })
    .await;
    let listed = db
        .read()
        .await
        .list_external_connections(one)
        .await
        .unwrap();
    let listed: Vec<_> = listed
        .iter()
        .map(|row| (row.name.as_str(), row.format.as_str(), row.created_at_ms))
        .collect();
    assert_eq!(
        listed,
        [("Public:alpha", "alpha", 6), ("public:beta", "beta", 5)]
    );
    let detached = db.write(move |tx| {
        Box::pin(async move {
            let once = tx
                .delete_external_connection(one, &name("public:beta"))
                .await?;
            let twice = tx
                .delete_external_connection(one, &name("public:beta"))
                .await?;
            let other_case = tx
                .delete_external_connection(one, &name("public:alpha"))
                .await?;
            Ok((once, twice, other_case))
        })
    });
    assert_eq!(detached.await, (true, false, false));
    assert_eq!(
        db.read()
            .await
            .list_external_connections(one)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        db.read()
            .await
            .list_external_connections(two)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn a_connection_is_not_attached_twice(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "one").await.id;
    attach(db, repository, "public:alpha").await.unwrap();
    assert!(matches!(
        attach(db, repository, "public:alpha").await,
        Err(store::StoreError::Backend(_))
    ));
    assert_eq!(
        db.read()
            .await
            .list_external_connections(repository)
            .await
            .unwrap()
            .len(),
        1
    );
}

async fn connections_are_counted_over_the_repositories_of_a_domain(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    for (in_domain, repository) in [(domain, "one"), (domain, "two"), (other, "one")] {
        let repository = db.repository(in_domain, repository).await.id;
        attach(db, repository, "public:alpha").await.unwrap();
    }
    let mut read = db.read().await;
    assert_eq!(read.count_external_connections(domain).await.unwrap(), 2);
    assert_eq!(read.count_external_connections(other).await.unwrap(), 1);
    assert_eq!(read.count_external_connections(other + 1).await.unwrap(), 0);
}

async fn a_connection_needs_its_repository(db: &TestDatabase) {
    assert!(attach(db, 4711, "public:alpha").await.is_err());
    assert_eq!(
        db.number("SELECT COUNT(*) FROM external_connection").await,
        0
    );
}
