//! Managed policies and what they are attached to.

use model::{PageLimit, Principal, PrincipalKind};
use store::ManagedPolicyRow;

use crate::database::TestDatabase;
use crate::samples::{NOW, account, owner, texts_in_byte_order, walk};

on_both_engines![
    a_policy_is_found_by_its_arn_and_its_name_is_unique_in_the_account,
    policies_are_listed_by_account_in_order_of_bytes,
    policies_are_attached_once_counted_and_detached,
];

fn policy(account: &str, name: &str) -> ManagedPolicyRow {
    ManagedPolicyRow {
        arn: format!("arn:aws:iam::{account}:policy/{name}"),
        account: account.into(),
        name: name.into(),
        document: format!("document of {name}"),
        description: "about".into(),
        created_at_ms: 1,
        updated_at_ms: 2,
    }
}

async fn insert(db: &TestDatabase, row: ManagedPolicyRow) -> bool {
    db.write(move |tx| Box::pin(async move { tx.insert_managed_policy(&row).await }))
        .await
}

async fn a_policy_is_found_by_its_arn_and_its_name_is_unique_in_the_account(db: &TestDatabase) {
    let row = policy("111122223333", "readers");
    assert!(insert(db, row.clone()).await);
    let changed = ManagedPolicyRow {
        arn: "arn:aws:iam::111122223333:policy/path/readers".into(),
        ..row.clone()
    };
    assert!(!insert(db, changed).await);
    assert!(insert(db, policy("000000000000", "readers")).await);
    let mut reader = db.read().await;
    let found = reader.find_managed_policy(&row.arn).await.unwrap();
    assert_eq!(found.as_ref(), Some(&row));
    let found = reader.find_managed_policy("readers").await.unwrap();
    assert_eq!(found, None);
    drop(reader);
    let arn = row.arn.clone();
    db.write(move |tx| Box::pin(async move { tx.delete_managed_policy(&arn).await }))
        .await;
    let found = db.read().await.find_managed_policy(&row.arn).await.unwrap();
    assert_eq!(found, None);
}

async fn policies_are_listed_by_account_in_order_of_bytes(db: &TestDatabase) {
    let names = texts_in_byte_order();
    for name in names.iter().rev() {
        insert(db, policy("111122223333", name)).await;
    }
    insert(db, policy("000000000000", "elsewhere")).await;
    for limit in [1, 7, 1000] {
        let seen = walk(
            limit,
            String::new(),
            async |after, limit: PageLimit| {
                db.read()
                    .await
                    .list_managed_policies(&owner(), &after, limit)
                    .await
            },
            |row| row.name.clone(),
        )
        .await;
        assert_eq!(seen, names);
    }
    let other = account("999999999999");
    let limit = PageLimit::MAX;
    let none = db
        .read()
        .await
        .list_managed_policies(&other, "", limit)
        .await;
    assert!(none.unwrap().is_empty());
}

async fn policies_are_attached_once_counted_and_detached(db: &TestDatabase) {
    let mut ids = Vec::new();
    for name in ["jane", "joe"] {
        let principal = Principal::at_path(owner(), PrincipalKind::User, "/", name);
        ids.push(
            db.write(move |tx| {
                Box::pin(async move {
                    tx.insert_principal(&principal, NOW).await?;
                    let id = tx.find_principal(&principal).await?.unwrap().id;
                    for arn in ["arn:b", "arn:a", "arn:b"] {
                        tx.attach_policy(id, arn).await?;
                    }
                    Ok(id)
                })
            })
            .await,
        );
    }
    let mut reader = db.read().await;
    let attached = reader.list_attached_policies(ids[0]).await.unwrap();
    assert_eq!(attached, ["arn:a", "arn:b"]);
    assert_eq!(reader.count_attachments("arn:b").await.unwrap(), 2);
    assert_eq!(reader.count_attachments("arn:c").await.unwrap(), 0);
    drop(reader);
    let id = ids[0];
    let detach = async || {
        db.write(move |tx| Box::pin(async move { tx.detach_policy(id, "arn:b").await }))
            .await
    };
    assert!(detach().await);
    assert!(!detach().await);
    let mut reader = db.read().await;
    assert_eq!(
        reader.list_attached_policies(ids[0]).await.unwrap(),
        ["arn:a"]
    );
    assert_eq!(
        reader.list_attached_policies(ids[1]).await.unwrap().len(),
        2
    );
}
