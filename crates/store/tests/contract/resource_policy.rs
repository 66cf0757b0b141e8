//! Permissions policies of domains and repositories.

use model::EpochMillis;
use store::ResourcePolicyRow;

use crate::database::TestDatabase;
use crate::samples::NOW;

on_both_engines![
    a_policy_is_kept_byte_for_byte_and_replaced_as_a_whole,
    dropping_the_policy_of_one_resource_keeps_others
];

const ONE: &str = "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme";
const TWO: &str = "arn:aws:codeartifact:eu-west-1:111122223333:repository/acme/team-a";
/// White space, line ends and characters beyond ASCII are part of what was sent.
const DOCUMENT: &str =
    "{ \"Version\" : \"2012-10-17\",\r\n\t\"Id\": \"é😀\",  \"Statement\": [] }\n";

async fn put(
    db: &TestDatabase,
    arn: &'static str,
    document: &'static str,
    revision: &'static str,
    at: EpochMillis,
) {
    db.write(move |tx| {
        Box::pin(async move { tx.upsert_resource_policy(arn, document, revision, at).await })
    })
    .await;
}

async fn found(db: &TestDatabase, arn: &str) -> Option<ResourcePolicyRow> {
    db.read().await.find_resource_policy(arn).await.unwrap()
}

fn row(document: &str, revision: &str, at: EpochMillis) -> Option<ResourcePolicyRow> {
    Some(ResourcePolicyRow {
        document: document.into(),
        revision: revision.into(),
        updated_at_ms: at.0,
    })
}

async fn a_policy_is_kept_byte_for_byte_and_replaced_as_a_whole(db: &TestDatabase) {
    assert_eq!(found(db, ONE).await, None);
    put(db, ONE, DOCUMENT, "one=", NOW).await;
    put(db, TWO, "{}", "two=", NOW).await;
    assert_eq!(found(db, ONE).await, row(DOCUMENT, "one=", NOW));
    let later = NOW.plus_ms(1);
    put(db, ONE, "{}", "three=", later).await;
    assert_eq!(found(db, ONE).await, row("{}", "three=", later));
    assert_eq!(found(db, TWO).await, row("{}", "two=", NOW));
    // An ARN is exact text.
    let upper = ONE.to_uppercase();
    for other in [upper.as_str(), &ONE[..ONE.len() - 1], "", "%"] {
        assert_eq!(found(db, other).await, None, "{other}");
    }
}

async fn dropping_the_policy_of_one_resource_keeps_others(db: &TestDatabase) {
    put(db, ONE, DOCUMENT, "one=", NOW).await;
    put(db, TWO, "{}", "two=", NOW).await;
    for _ in 0..2 {
        db.write(|tx| Box::pin(async move { tx.delete_resource_policy(ONE).await }))
            .await;
        assert_eq!(found(db, ONE).await, None);
    }
    assert_eq!(found(db, TWO).await, row("{}", "two=", NOW));
}
