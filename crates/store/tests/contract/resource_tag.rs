//! Tags of resources.

use crate::database::TestDatabase;

on_both_engines![
    tags_of_a_resource_are_set_replaced_and_listed_by_key,
    dropping_the_tags_of_one_resource_keeps_others,
    dropping_one_tag_keeps_those_whose_keys_look_like_it,
    dropping_the_tags_below_an_arn_keeps_those_beside_it
];

const ONE: &str = "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme";
const TWO: &str = "arn:aws:codeartifact:eu-west-1:111122223333:domain/acme2";

async fn set(db: &TestDatabase, arn: &'static str, tags: &'static [(&'static str, &'static str)]) {
    db.write(move |tx| {
        Box::pin(async move {
            for (key, value) in tags {
                tx.upsert_resource_tag(arn, key, value).await?;
            }
            Ok(())
        })
    })
    .await;
}

async fn listed(db: &TestDatabase, arn: &str) -> Vec<(String, String)> {
    db.read().await.list_resource_tags(arn).await.unwrap()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

async fn tags_of_a_resource_are_set_replaced_and_listed_by_key(db: &TestDatabase) {
    assert!(listed(db, ONE).await.is_empty());
    set(
        db,
        ONE,
        &[
            ("team", "tools"),
            ("Team", ""),
            ("é", "10 €"),
            ("cost", "1"),
        ],
    )
    .await;
    set(db, TWO, &[("team", "other")]).await;
    assert_eq!(
        listed(db, ONE).await,
        pairs(&[
            ("Team", ""),
            ("cost", "1"),
            ("team", "tools"),
            ("é", "10 €")
        ])
    );
    set(db, ONE, &[("team", "x=y"), ("cost", "1")]).await;
    assert_eq!(
        listed(db, ONE).await,
        pairs(&[("Team", ""), ("cost", "1"), ("team", "x=y"), ("é", "10 €")])
    );
    assert_eq!(listed(db, TWO).await, pairs(&[("team", "other")]));
}

async fn dropping_the_tags_of_one_resource_keeps_others(db: &TestDatabase) {
    set(db, ONE, &[("a", "1"), ("b", "2")]).await;
    set(db, TWO, &[("a", "3")]).await;
    for _ in 0..2 {
        db.write(|tx| Box::pin(async move { tx.delete_resource_tags(ONE).await }))
            .await;
        assert!(listed(db, ONE).await.is_empty());
    }
    assert_eq!(listed(db, TWO).await, pairs(&[("a", "3")]));
}

async fn dropping_one_tag_keeps_those_whose_keys_look_like_it(db: &TestDatabase) {
    set(
        db,
        ONE,
        &[("team", "1"), ("Team", "2"), ("%", "3"), ("t_am", "4")],
    )
    .await;
    set(db, TWO, &[("team", "5")]).await;
    for key in ["team", "team", "absent", "%", "t_am"] {
        db.write(move |tx| Box::pin(async move { tx.delete_resource_tag(ONE, key).await }))
            .await;
    }
    assert_eq!(listed(db, ONE).await, pairs(&[("Team", "2")]));
    assert_eq!(listed(db, TWO).await, pairs(&[("team", "5")]));
}

async fn dropping_the_tags_below_an_arn_keeps_those_beside_it(db: &TestDatabase) {
    const GROUPS: [&str; 2] = [
        "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme/%2a",
        "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme/npm//~",
    ];
    const BESIDE: &str = "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme-2/%2a";
    for arn in [GROUPS[0], GROUPS[1], BESIDE, ONE] {
        set(db, arn, &[("a", "1")]).await;
    }
    db.write(|tx| {
        Box::pin(async move {
            let prefix = "arn:aws:codeartifact:eu-west-1:111122223333:package-group/acme/";
            tx.delete_resource_tags_below(prefix).await
        })
    })
    .await;
    for arn in GROUPS {
        assert!(listed(db, arn).await.is_empty(), "{arn}");
    }
    for arn in [BESIDE, ONE] {
        assert_eq!(listed(db, arn).await, pairs(&[("a", "1")]), "{arn}");
    }
}
