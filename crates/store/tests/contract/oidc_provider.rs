//! Identity providers.

use model::AccountId;
use store::OidcProviderRow;

use crate::database::TestDatabase;
use crate::samples::{account, owner};

on_both_engines![a_provider_is_one_of_its_account_for_one_issuer];

fn provider(account: &AccountId, issuer: &str) -> OidcProviderRow {
    OidcProviderRow {
        account: account.to_string(),
        issuer: issuer.into(),
        audiences: r#"["sts"]"#.into(),
        allow_private_network: true,
        certificate_authorities: Some("PEM".into()),
        created_at_ms: 5,
    }
}

async fn insert(db: &TestDatabase, row: OidcProviderRow) -> bool {
    db.write(move |tx| Box::pin(async move { tx.insert_oidc_provider(&row).await }))
        .await
}

async fn a_provider_is_one_of_its_account_for_one_issuer(db: &TestDatabase) {
    let (issuer, other) = ("https://id.example/b", "https://id.example/a");
    let row = provider(&owner(), issuer);
    assert!(insert(db, row.clone()).await);
    let again = OidcProviderRow {
        allow_private_network: false,
        ..row.clone()
    };
    assert!(!insert(db, again).await);
    let bare = OidcProviderRow {
        certificate_authorities: None,
        allow_private_network: false,
        ..provider(&owner(), other)
    };
    assert!(insert(db, bare.clone()).await);
    let stranger = account("000000000000");
    assert!(insert(db, provider(&stranger, issuer)).await);

    let mut reader = db.read().await;
    let found = reader.find_oidc_provider(&owner(), issuer).await.unwrap();
    assert_eq!(found.as_ref(), Some(&row));
    let listed = reader.list_oidc_providers(&owner()).await.unwrap();
    assert_eq!(listed, [bare, row]);
    let found = reader.find_oidc_provider(&stranger, other).await.unwrap();
    assert_eq!(found, None);
    drop(reader);

    let delete = async || {
        db.write(move |tx| {
            Box::pin(async move {
                tx.delete_oidc_provider(&owner(), "https://id.example/b")
                    .await
            })
        })
        .await
    };
    assert!(delete().await);
    assert!(!delete().await);
    let mut reader = db.read().await;
    assert_eq!(reader.list_oidc_providers(&owner()).await.unwrap().len(), 1);
    assert_eq!(
        reader.list_oidc_providers(&stranger).await.unwrap().len(),
        1
    );
}
