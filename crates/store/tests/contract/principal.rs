//! Principals.

use model::{EpochMillis, Principal, PrincipalKind};

use crate::database::TestDatabase;
use crate::samples::{account, owner};

on_both_engines![
    a_principal_is_found_by_account_kind_and_name,
    a_principal_that_exists_is_left_as_it_is,
    many_who_make_one_principal_at_once_make_one_row,
];

fn user(name: &str) -> Principal {
    Principal {
        account: owner(),
        kind: PrincipalKind::User,
        name: name.into(),
    }
}

async fn insert(db: &TestDatabase, principal: Principal, now: i64) {
    db.write(move |tx| {
        Box::pin(async move { tx.insert_principal(&principal, EpochMillis(now)).await })
    })
    .await;
}

async fn a_principal_is_found_by_account_kind_and_name(db: &TestDatabase) {
    assert!(
        db.read()
            .await
            .find_principal(&user("jane"))
            .await
            .unwrap()
            .is_none()
    );
    let role = Principal {
        kind: PrincipalKind::Role,
        ..user("jane")
    };
    let elsewhere = Principal {
        account: account("000000000000"),
        ..user("jane")
    };
    let all = [
        user("jane"),
        user("Jane"),
        role,
        elsewhere,
        Principal::root(owner()),
    ];
    for (now, principal) in (1..).zip(all.clone()) {
        insert(db, principal, now).await;
    }
    let mut ids = Vec::new();
    for (now, principal) in (1..).zip(all) {
        let row = db
            .read()
            .await
            .find_principal(&principal)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (row.account.as_str(), row.name.as_str()),
            (principal.account.as_str(), principal.name.as_str())
        );
        assert_eq!(
            (row.kind.as_str(), row.created_at_ms),
            (principal.kind.as_str(), now)
        );
        ids.push(row.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 5);
}

async fn a_principal_that_exists_is_left_as_it_is(db: &TestDatabase) {
    insert(db, user("jane"), 1).await;
    let first = db
        .read()
        .await
        .find_principal(&user("jane"))
        .await
        .unwrap()
        .unwrap();
    insert(db, user("jane"), 2).await;
    let second = db
        .read()
        .await
        .find_principal(&user("jane"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((second.id, second.created_at_ms), (first.id, 1));
}

async fn many_who_make_one_principal_at_once_make_one_row(db: &TestDatabase) {
    futures_util::future::join_all((0..16).map(|now| insert(db, user("jane"), now))).await;
    assert_eq!(db.number("SELECT COUNT(*) FROM principal").await, 1);
}
