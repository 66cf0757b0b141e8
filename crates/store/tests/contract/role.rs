//! Roles.

use model::{Principal, PrincipalKind};
use store::RoleRow;

use crate::database::TestDatabase;
use crate::samples::{NOW, owner};

on_both_engines![
    a_role_is_found_with_what_it_was_made_with_and_goes_with_its_principal,
    a_trust_policy_is_replaced,
];

async fn make(db: &TestDatabase, name: &str) -> RoleRow {
    let principal = Principal::at_path(owner(), PrincipalKind::Role, "/", name);
    db.write(move |tx| {
        Box::pin(async move {
            assert!(tx.insert_principal(&principal, NOW).await?);
            let role = RoleRow {
                principal_id: tx.find_principal(&principal).await?.unwrap().id,
                trust_policy: "{}".into(),
                max_session_seconds: 7200,
                description: "builds".into(),
            };
            tx.insert_role(&role).await?;
            Ok(role)
        })
    })
    .await
}

async fn a_role_is_found_with_what_it_was_made_with_and_goes_with_its_principal(db: &TestDatabase) {
    let role = make(db, "ci").await;
    let id = role.principal_id;
    assert_eq!(db.read().await.find_role(id).await.unwrap(), Some(role));
    assert_eq!(db.read().await.find_role(id + 1).await.unwrap(), None);
    db.write(move |tx| {
        Box::pin(async move {
            tx.upsert_principal_policy(id, "p", "{}").await?;
            tx.attach_policy(id, "arn").await?;
            tx.delete_principal(id).await
        })
    })
    .await;
    assert_eq!(db.read().await.find_role(id).await.unwrap(), None);
    for table in [
        "SELECT COUNT(*) FROM principal",
        "SELECT COUNT(*) FROM role",
        "SELECT COUNT(*) FROM principal_policy",
        "SELECT COUNT(*) FROM attached_policy",
    ] {
        assert_eq!(db.number(table).await, 0, "{table}");
    }
    // A role of the same name is another one.
    let again = make(db, "ci").await;
    assert!(again.principal_id > id);
    let mut reader = db.read().await;
    let row = reader
        .find_principal(&Principal::at_path(
            owner(),
            PrincipalKind::Role,
            "/x/",
            "ci",
        ))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.created_at_ms, row.path.as_str()), (NOW.0, "/"));
}

async fn a_trust_policy_is_replaced(db: &TestDatabase) {
    let role = make(db, "ci").await;
    let other = make(db, "other").await;
    let id = role.principal_id;
    db.write(move |tx| Box::pin(async move { tx.update_role_trust_policy(id, "new").await }))
        .await;
    let expected = RoleRow {
        trust_policy: "new".into(),
        ..role
    };
    let mut reader = db.read().await;
    assert_eq!(reader.find_role(id).await.unwrap(), Some(expected));
    let found = reader.find_role(other.principal_id).await.unwrap();
    assert_eq!(found, Some(other));
}
