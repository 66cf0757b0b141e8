//! Keys for tokens.

use model::EpochMillis;
use store::StoreError;

use crate::database::TestDatabase;

on_both_engines![keys_are_listed_newest_first, a_key_is_not_added_twice];

async fn insert(
    db: &TestDatabase,
    id: &'static str,
    secret: &'static [u8],
    at: i64,
) -> Result<(), StoreError> {
    db.try_write(move |tx| {
        Box::pin(async move { tx.insert_signing_key(id, secret, EpochMillis(at)).await })
    })
    .await
}

async fn keys_are_listed_newest_first(db: &TestDatabase) {
    assert!(
        db.read()
            .await
            .list_signing_keys()
            .await
            .unwrap()
            .is_empty()
    );
    let every_byte: &'static [u8] = std::array::from_fn::<u8, 256, _>(|i| i.to_le_bytes()[0])
        .to_vec()
        .leak();
    insert(db, "middle", b"", 20).await.unwrap();
    insert(db, "newest", every_byte, 30).await.unwrap();
    insert(db, "b-same-time", b"\0", 10).await.unwrap();
    insert(db, "B-same-time", b"\0\0", 10).await.unwrap();
    let rows = db.read().await.list_signing_keys().await.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.id.as_str(), row.secret.as_slice(), row.created_at_ms))
        .collect();
    let expected: [(&str, &[u8], i64); 4] = [
        ("newest", every_byte, 30),
        ("middle", b"", 20),
        ("B-same-time", b"\0\0", 10),
        ("b-same-time", b"\0", 10),
    ];
    assert_eq!(seen, expected);
    assert!(
        !format!("{rows:?}").contains("secret"),
        "a log must not show it"
    );
}

async fn a_key_is_not_added_twice(db: &TestDatabase) {
    insert(db, "one", b"first", 1).await.unwrap();
    assert!(matches!(
        insert(db, "one", b"second", 2).await,
        Err(StoreError::Backend(_))
    ));
    let rows = db.read().await.list_signing_keys().await.unwrap();
    assert_eq!(
        (rows.len(), rows[0].secret.as_slice()),
        (1, b"first".as_slice())
    );
}
