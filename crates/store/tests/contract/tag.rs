//! Tags of packages.

use store::TagRow;

use crate::database::TestDatabase;
use crate::samples::{ALPHA, package, version_name};

on_both_engines![
    tags_are_set_moved_and_listed_by_tag,
    a_tag_is_removed_once,
    the_tags_of_a_version_are_removed_together
];

fn row(tag: &str, version: &str) -> TagRow {
    TagRow {
        tag: tag.into(),
        version: version.into(),
    }
}

async fn two_packages(db: &TestDatabase) -> [i64; 2] {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    [
        db.package(repository, &package(ALPHA, "", "thing")).await,
        db.package(repository, &package(ALPHA, "", "other")).await,
    ]
}

async fn set(db: &TestDatabase, package: i64, tags: &'static [(&'static str, &'static str)]) {
    db.write(move |tx| {
        Box::pin(async move {
            for (tag, version) in tags {
                tx.upsert_package_tag(package, tag, &version_name(version))
                    .await?;
            }
            Ok(())
        })
    })
    .await;
}

async fn listed(db: &TestDatabase, package: i64) -> Vec<TagRow> {
    db.read().await.list_package_tags(package).await.unwrap()
}

async fn tags_are_set_moved_and_listed_by_tag(db: &TestDatabase) {
    let [package, other] = two_packages(db).await;
    assert!(listed(db, package).await.is_empty());
    set(
        db,
        package,
        &[
            ("next", "2.0"),
            ("latest", "1.0"),
            ("Latest", "0.9"),
            ("é", "1.0"),
            ("10", "1.0"),
        ],
    )
    .await;
    set(db, other, &[("latest", "7.0")]).await;
    let rows = [
        row("10", "1.0"),
        row("Latest", "0.9"),
        row("latest", "1.0"),
        row("next", "2.0"),
        row("é", "1.0"),
    ];
    assert_eq!(listed(db, package).await, rows);
    set(db, package, &[("latest", "2.0"), ("10", "1.0")]).await;
    let rows = [
        row("10", "1.0"),
        row("Latest", "0.9"),
        row("latest", "2.0"),
        row("next", "2.0"),
        row("é", "1.0"),
    ];
    assert_eq!(listed(db, package).await, rows);
    assert_eq!(listed(db, other).await, [row("latest", "7.0")]);
}

async fn a_tag_is_removed_once(db: &TestDatabase) {
    let [package, other] = two_packages(db).await;
    set(db, package, &[("latest", "1.0"), ("next", "1.0")]).await;
    set(db, other, &[("latest", "1.0")]).await;
    let removed = db.write(move |tx| {
        Box::pin(async move {
            let other_case = tx.delete_package_tag(package, "LATEST").await?;
            Ok((
                other_case,
                tx.delete_package_tag(package, "latest").await?,
                tx.delete_package_tag(package, "latest").await?,
            ))
        })
    });
    assert_eq!(removed.await, (false, true, false));
    assert_eq!(listed(db, package).await, [row("next", "1.0")]);
    assert_eq!(listed(db, other).await, [row("latest", "1.0")]);
}

async fn the_tags_of_a_version_are_removed_together(db: &TestDatabase) {
    let [package, other] = two_packages(db).await;
    set(
        db,
        package,
        &[("latest", "1.0"), ("old", "0.9"), ("stable", "1.0")],
    )
    .await;
    set(db, other, &[("latest", "1.0")]).await;
    let removed = db.write(move |tx| {
        Box::pin(async move {
            let mut removed = tx.delete_tags_of_version(package, "1.0").await?;
            removed.sort();
            Ok((removed, tx.delete_tags_of_version(package, "1.0").await?))
        })
    });
    assert_eq!(
        removed.await,
        (vec!["latest".to_owned(), "stable".to_owned()], vec![])
    );
    assert_eq!(listed(db, package).await, [row("old", "0.9")]);
    assert_eq!(listed(db, other).await, [row("latest", "1.0")]);
}
