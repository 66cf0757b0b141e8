//! Documents of public sources.

use model::{EpochMillis, Namespace};
use store::{DocumentSubject, SourceDocumentRow};

use crate::database::TestDatabase;
use crate::samples::{ALPHA, BETA, digests, package};

on_both_engines![
    a_document_is_found_as_it_was_stored,
    a_newer_document_replaces_the_older_one_entirely,
    a_source_that_said_the_same_moves_the_time_of_the_check_only,
    a_forgotten_document_is_gone_and_others_stay,
    the_document_of_a_namespace_is_none_of_its_packages,
];

fn document(seed: u8) -> SourceDocumentRow {
    SourceDocumentRow {
        sha256: digests(seed).sha256.as_bytes().to_vec(),
        size_bytes: 1000 + i64::from(seed),
        etag: Some(format!("W/\"{seed}\"")),
        last_modified: Some("Sun, 06 Nov 1994 08:49:37 GMT".into()),
        fetched_at_ms: 10 * i64::from(seed),
        checked_at_ms: 20 * i64::from(seed),
    }
}

type Fields = (Vec<u8>, i64, Option<String>, Option<String>, i64, i64);

fn fields(row: SourceDocumentRow) -> Fields {
    (
        row.sha256,
        row.size_bytes,
        row.etag,
        row.last_modified,
        row.fetched_at_ms,
        row.checked_at_ms,
    )
}

async fn two_repositories(db: &TestDatabase) -> [i64; 2] {
    let domain = db.domain("acme").await.id;
    [
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    ]
}

async fn store_document(
    db: &TestDatabase,
    repository: i64,
    namespace: &'static str,
    row: SourceDocumentRow,
) {
    db.write(move |tx| {
        Box::pin(async move {
            tx.upsert_source_document(repository, &package(ALPHA, namespace, "thing"), &row)
                .await
        })
    })
    .await;
}

async fn found(db: &TestDatabase, repository: i64, namespace: &str) -> Option<Fields> {
    let of = package(ALPHA, namespace, "thing");
    db.read()
        .await
        .find_source_document(repository, &of)
        .await
        .unwrap()
        .map(fields)
}

async fn a_document_is_found_as_it_was_stored(db: &TestDatabase) {
    let [one, two] = two_repositories(db).await;
    assert_eq!(found(db, one, "").await, None);
    store_document(db, one, "", document(1)).await;
    store_document(db, one, "space", document(2)).await;
    store_document(db, two, "", document(3)).await;
    assert_eq!(found(db, one, "").await, Some(fields(document(1))));
    assert_eq!(found(db, one, "space").await, Some(fields(document(2))));
    assert_eq!(found(db, two, "").await, Some(fields(document(3))));
    assert_eq!(found(db, two, "space").await, None);
    let mut read = db.read().await;
    assert!(
        read.find_source_document(one, &package(BETA, "", "thing"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_source_document(one, &package(ALPHA, "", "Thing"))
            .await
            .unwrap()
            .is_none()
    );
    let row = read
        .find_source_document(one, &package(ALPHA, "", "thing"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.digest(), Some(digests(1).sha256));
    assert_eq!(
        SourceDocumentRow {
            sha256: vec![1; 31],
            ..row
        }
        .digest(),
        None
    );
}

async fn a_newer_document_replaces_the_older_one_entirely(db: &TestDatabase) {
    let [one, two] = two_repositories(db).await;
    store_document(db, one, "", document(1)).await;
    store_document(db, two, "", document(1)).await;
    let newer = SourceDocumentRow {
        etag: None,
        last_modified: None,
        ..document(2)
    };
    store_document(db, one, "", newer.clone()).await;
    assert_eq!(found(db, one, "").await, Some(fields(newer)));
    assert_eq!(found(db, two, "").await, Some(fields(document(1))));
    assert_eq!(db.number("SELECT COUNT(*) FROM source_document").await, 2);
}

async fn a_source_that_said_the_same_moves_the_time_of_the_check_only(db: &TestDatabase) {
    let [one, two] = two_repositories(db).await;
    store_document(db, one, "", document(1)).await;
    store_document(db, two, "", document(1)).await;
    db.write(move |tx| {
        Box::pin(async move {
            tx.touch_source_document(one, &package(ALPHA, "", "thing"), EpochMillis(999))
                .await?;
            tx.touch_source_document(one, &package(ALPHA, "", "unknown"), EpochMillis(999))
                .await
        })
    })
    .await;
    assert_eq!(
        found(db, one, "").await,
        Some(fields(SourceDocumentRow {
            checked_at_ms: 999,
            ..document(1)
        }))
    );
    assert_eq!(found(db, two, "").await, Some(fields(document(1))));
    assert_eq!(
        db.number("SELECT COUNT(*) FROM source_document").await,
        2,
        "nothing is made by a check"
    );
}

async fn a_forgotten_document_is_gone_and_others_stay(db: &TestDatabase) {
    let [one, two] = two_repositories(db).await;
    store_document(db, one, "", document(1)).await;
    store_document(db, one, "space", document(2)).await;
    store_document(db, two, "", document(3)).await;
    db.write(move |tx| {
        Box::pin(async move {
            tx.delete_source_document(one, &package(ALPHA, "", "thing"))
                .await?;
            tx.delete_source_document(one, &package(ALPHA, "", "thing"))
                .await
        })
    })
    .await;
    assert_eq!(found(db, one, "").await, None);
    assert!(found(db, one, "space").await.is_some() && found(db, two, "").await.is_some());
    assert!(
        !db.read()
            .await
            .is_blob_referenced(&digests(1).sha256)
            .await
            .unwrap()
    );
}

async fn the_document_of_a_namespace_is_none_of_its_packages(db: &TestDatabase) {
    let [one, two] = two_repositories(db).await;
    store_document(db, one, "space", document(1)).await;
    let space = Namespace::parse("space").unwrap();
    let unit_space = space.clone();
    db.write(move |tx| {
        Box::pin(async move {
            let of = DocumentSubject::namespace(ALPHA, &unit_space);
            tx.upsert_source_document(one, of, &document(2)).await?;
            tx.touch_source_document(one, of, EpochMillis(7)).await
        })
    })
    .await;
    assert_eq!(found(db, one, "space").await, Some(fields(document(1))));
    let mut read = db.read().await;
    let of = DocumentSubject::namespace(ALPHA, &space);
    let held = read.find_source_document(one, of).await.unwrap();
    let expected = SourceDocumentRow {
        checked_at_ms: 7,
        ..document(2)
    };
    assert_eq!(held.map(fields), Some(fields(expected)));
    assert!(read.find_source_document(two, of).await.unwrap().is_none());
    drop(read);
    let whole = DocumentSubject::source(ALPHA);
    let at = |path: &'static str| DocumentSubject::address(ALPHA, path);
    db.write(move |tx| {
        Box::pin(async move {
            let near = at("https://a.example/near");
            tx.upsert_source_document(one, near, &document(3)).await
        })
    })
    .await;
    let mut read = db.read().await;
    for of in [whole, at("https://a.example/far")] {
        let held = read.find_source_document(one, of).await.unwrap();
        assert!(held.is_none(), "nor that of {of:?}");
    }
    let near = at("https://a.example/near");
    let held = read.find_source_document(one, near).await.unwrap();
    assert_eq!(held.map(fields), Some(fields(document(3))));
    let other = DocumentSubject::namespace(BETA, &space);
    assert!(
        read.find_source_document(one, other)
            .await
            .unwrap()
            .is_none()
    );
}
