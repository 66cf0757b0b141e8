//! Access keys.

use model::{EpochMillis, Principal, PrincipalKind};
use store::{AccessKeyRow, StoreError};

use crate::database::TestDatabase;
use crate::samples::{NOW, owner};

on_both_engines![
    a_key_is_found_with_the_principal_it_belongs_to,
    keys_are_listed_by_principal,
    a_key_is_switched_off_and_on,
    a_key_is_not_added_twice_and_needs_its_principal,
    the_keys_of_one_principal_are_listed_by_age_and_deleted,
];

async fn principal(db: &TestDatabase, kind: PrincipalKind, name: &str) -> i64 {
    let principal = Principal {
        account: owner(),
        kind,
        name: name.into(),
    };
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_principal(&principal, NOW).await?;
            Ok(tx.find_principal(&principal).await?.unwrap().id)
        })
    })
    .await
}

async fn insert(db: &TestDatabase, id: &'static str, principal: i64) -> Result<(), StoreError> {
    db.try_write(move |tx| {
        Box::pin(async move {
            tx.insert_access_key(id, principal, &format!("secret of {id}"), EpochMillis(3))
                .await
        })
    })
    .await
}

async fn find(db: &TestDatabase, id: &str) -> Option<AccessKeyRow> {
    db.read().await.find_access_key(id).await.unwrap()
}

async fn a_key_is_found_with_the_principal_it_belongs_to(db: &TestDatabase) {
    let jane = principal(db, PrincipalKind::User, "jane").await;
    principal(db, PrincipalKind::Role, "jane").await;
    insert(db, "AKIAONE", jane).await.unwrap();
    let row = find(db, "AKIAONE").await.unwrap();
    assert_eq!(
        (row.id.as_str(), row.secret.as_str()),
        ("AKIAONE", "secret of AKIAONE")
    );
    assert_eq!((row.active, row.created_at_ms), (true, 3));
    assert_eq!(
        (row.account.as_str(), row.kind.as_str(), row.name.as_str()),
        ("111122223333", "user", "jane")
    );
    assert!(
        !format!("{row:?}").contains("secret of"),
        "a log must not show it"
    );
    assert!(find(db, "AKIATWO").await.is_none());
    assert!(find(db, "akiaone").await.is_none());
}

async fn keys_are_listed_by_principal(db: &TestDatabase) {
    assert!(db.read().await.list_access_keys().await.unwrap().is_empty());
    let jane = principal(db, PrincipalKind::User, "jane").await;
    let upper = principal(db, PrincipalKind::User, "Zoe").await;
    let root = principal(db, PrincipalKind::Root, "").await;
    for (id, of) in [
        ("AKIAB", jane),
        ("AKIAa", jane),
        ("AKIAC", upper),
        ("AKIAD", root),
    ] {
        insert(db, id, of).await.unwrap();
    }
    let rows = db.read().await.list_access_keys().await.unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.id.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("", "AKIAD"),
            ("Zoe", "AKIAC"),
            ("jane", "AKIAB"),
            ("jane", "AKIAa")
        ]
    );
}

async fn a_key_is_switched_off_and_on(db: &TestDatabase) {
    let jane = principal(db, PrincipalKind::User, "jane").await;
    insert(db, "AKIAONE", jane).await.unwrap();
    insert(db, "AKIATWO", jane).await.unwrap();
    for active in [false, false, true] {
        let found = db.write(move |tx| {
            Box::pin(async move { tx.update_access_key_active("AKIAONE", active).await })
        });
        assert!(found.await);
        assert_eq!(find(db, "AKIAONE").await.unwrap().active, active);
        assert!(find(db, "AKIATWO").await.unwrap().active);
    }
    let found = db
        .write(|tx| Box::pin(async move { tx.update_access_key_active("AKIATHREE", true).await }));
    assert!(!found.await);
}

async fn a_key_is_not_added_twice_and_needs_its_principal(db: &TestDatabase) {
    let (jane, joe) = (
        principal(db, PrincipalKind::User, "jane").await,
        principal(db, PrincipalKind::User, "joe").await,
    );
    insert(db, "AKIAONE", jane).await.unwrap();
    assert!(matches!(
        insert(db, "AKIAONE", joe).await,
        Err(StoreError::Backend(_))
    ));
    assert_eq!(find(db, "AKIAONE").await.unwrap().name, "jane");
    assert!(insert(db, "AKIATWO", 4711).await.is_err());
    assert!(find(db, "AKIATWO").await.is_none());
}

async fn the_keys_of_one_principal_are_listed_by_age_and_deleted(db: &TestDatabase) {
    let jane = principal(db, PrincipalKind::User, "jane").await;
    let joe = principal(db, PrincipalKind::User, "joe").await;
    for (id, of) in [("AKIAB", jane), ("AKIAA", jane), ("AKIAC", joe)] {
        insert(db, id, of).await.unwrap();
    }
    let listed = async |of| {
        let rows = db.read().await.list_access_keys_of(of).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(jane).await, ["AKIAA", "AKIAB"]);
    let delete = async || {
        db.write(|tx| Box::pin(async move { tx.delete_access_key("AKIAA").await }))
            .await
    };
    assert!(delete().await);
    assert!(!delete().await);
    assert_eq!(listed(jane).await, ["AKIAB"]);
    assert_eq!(listed(joe).await, ["AKIAC"]);
    assert!(find(db, "AKIAA").await.is_none());
}
