//! Principals.

use model::{EpochMillis, PageLimit, Principal, PrincipalKind};

use crate::database::TestDatabase;
use crate::samples::{account, owner, texts_in_byte_order, walk};

on_both_engines![
    a_principal_is_found_by_account_kind_and_name,
    a_principal_that_exists_is_left_as_it_is,
    many_who_make_one_principal_at_once_make_one_row,
    principals_are_listed_by_account_and_kind_in_order_of_bytes,
    a_name_is_unique_whatever_its_path,
    i12_principals_of_before_there_were_policies_keep_all_their_rights,
];

fn user(name: &str) -> Principal {
    Principal {
        account: owner(),
        kind: PrincipalKind::User,
        name: name.into(),
    }
}

async fn insert(db: &TestDatabase, principal: Principal, now: i64) -> bool {
    db.write(move |tx| {
        Box::pin(async move { tx.insert_principal(&principal, EpochMillis(now)).await })
    })
    .await
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
    let made = futures_util::future::join_all((0..16).map(|now| insert(db, user("jane"), now)));
    assert_eq!(made.await.iter().filter(|made| **made).count(), 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM principal").await, 1);
}

async fn principals_are_listed_by_account_and_kind_in_order_of_bytes(db: &TestDatabase) {
    let names = texts_in_byte_order();
    for name in names.iter().rev() {
        insert(db, user(name), 1).await;
    }
    let role = Principal {
        kind: PrincipalKind::Role,
        ..user("role")
    };
    insert(db, role, 1).await;
    let elsewhere = Principal {
        account: account("000000000000"),
        ..user("elsewhere")
    };
    insert(db, elsewhere, 1).await;
    for limit in [1, 7, 1000] {
        let seen = walk(
            limit,
            String::new(),
            async |after, limit: PageLimit| {
                db.read()
                    .await
                    .list_principals(&owner(), PrincipalKind::User, &after, limit)
                    .await
            },
            |row| row.name.clone(),
        )
        .await;
        assert_eq!(seen, names);
    }
}

async fn a_name_is_unique_whatever_its_path(db: &TestDatabase) {
    assert!(insert(db, user("team/build/jane"), 1).await);
    assert!(!insert(db, user("jane"), 1).await);
    let row = db.read().await.find_principal(&user("jane")).await;
    let row = row.unwrap().unwrap();
    assert_eq!(
        (row.path.as_str(), row.name.as_str()),
        ("/team/build/", "jane")
    );
    db.write(move |tx| Box::pin(async move { tx.delete_principal(row.id).await }))
        .await;
    assert!(insert(db, user("jane"), 1).await);
}

async fn i12_principals_of_before_there_were_policies_keep_all_their_rights(db: &TestDatabase) {
    // Back to the schema of before.
    for sql in [
        "DROP TABLE role",
        "DROP TABLE principal_policy",
        "DROP TABLE managed_policy",
        "DROP TABLE attached_policy",
        "DROP TABLE oidc_provider",
        "ALTER TABLE principal DROP COLUMN path",
        "DELETE FROM _sqlx_migrations WHERE version = 4",
        "INSERT INTO principal (account, kind, name, created_at_ms) VALUES ('111122223333', 'root', '', 1)",
        "INSERT INTO principal (account, kind, name, created_at_ms) VALUES ('111122223333', 'user', 'jane', 1)",
    ] {
        db.execute(sql).await;
    }
    let store = db.open_again().await.unwrap();
    let mut reader = store.read().await.unwrap();
    let jane = reader.find_principal(&user("jane")).await.unwrap().unwrap();
    let root = reader.find_principal(&Principal::root(owner())).await;
    let attached = reader.list_attached_policies(jane.id).await.unwrap();
    assert_eq!(
        attached,
        ["arn:aws:iam::aws:policy/AWSCodeArtifactAdminAccess"]
    );
    let root = root.unwrap().unwrap().id;
    assert!(
        reader
            .list_attached_policies(root)
            .await
            .unwrap()
            .is_empty()
    );
    drop(reader);
    store.close().await;
}
