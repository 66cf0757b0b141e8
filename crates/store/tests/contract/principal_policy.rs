//! Inline policies.

use model::{Principal, PrincipalKind};

use crate::database::TestDatabase;
use crate::samples::{NOW, owner};

on_both_engines![inline_policies_are_put_replaced_listed_by_name_and_deleted];

async fn principal(db: &TestDatabase, name: &str) -> i64 {
    let principal = Principal::at_path(owner(), PrincipalKind::User, "/", name);
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_principal(&principal, NOW).await?;
            Ok(tx.find_principal(&principal).await?.unwrap().id)
        })
    })
    .await
}

async fn put(db: &TestDatabase, id: i64, name: &'static str, document: &'static str) {
    db.write(move |tx| {
        Box::pin(async move { tx.upsert_principal_policy(id, name, document).await })
    })
    .await;
}

async fn listed(db: &TestDatabase, id: i64) -> Vec<(String, String)> {
    let rows = db.read().await.list_principal_policies(id).await.unwrap();
    rows.into_iter()
        .map(|row| (row.name, row.document))
        .collect()
}

async fn inline_policies_are_put_replaced_listed_by_name_and_deleted(db: &TestDatabase) {
    let (jane, joe) = (principal(db, "jane").await, principal(db, "joe").await);
    let pair = |name: &str, document: &str| (name.to_owned(), document.to_owned());
    assert!(listed(db, jane).await.is_empty());
    for (name, document) in [("read", "1"), ("Read", "2"), ("a", "3"), ("read", "4")] {
        put(db, jane, name, document).await;
    }
    put(db, joe, "read", "5").await;
    assert_eq!(
        listed(db, jane).await,
        [pair("Read", "2"), pair("a", "3"), pair("read", "4")]
    );
    let delete = async |name: &'static str| {
        db.write(move |tx| Box::pin(async move { tx.delete_principal_policy(jane, name).await }))
            .await
    };
    assert!(delete("read").await);
    assert!(!delete("read").await);
    assert_eq!(listed(db, jane).await.len(), 2);
    assert_eq!(listed(db, joe).await, [pair("read", "5")]);
}
