//! The distinct packages of a domain.

use model::{PackageCoordinates, PackageGroupPattern, PackageRange, PageLimit, Position};

use crate::database::TestDatabase;
use crate::samples::{ALPHA, BETA, package, texts_in_byte_order, walk};

on_both_engines![
    a_package_counts_once_for_a_domain_until_its_last_repository_lets_go,
    a_deleted_repository_lets_go_of_all_it_held,
    many_who_ensure_one_package_at_once_count_once_for_each_repository,
    packages_are_walked_by_variation_between_two_places,
    i12_variations_that_a_migration_left_empty_are_found_and_filled,
    i12_the_migration_gives_old_domains_their_root_group_and_packages,
];

async fn delete(db: &TestDatabase, package_id: i64) {
    db.write(move |tx| Box::pin(async move { tx.delete_package(package_id).await }))
        .await;
}

/// Format, namespace, name and count of every row.
async fn counted(db: &TestDatabase) -> Vec<(String, String, String, i64)> {
    db.rows(
        "SELECT format, namespace, name, repository_count FROM domain_package
         ORDER BY domain_id, format, namespace, name",
    )
    .await
}

fn row(format: &str, namespace: &str, name: &str, count: i64) -> (String, String, String, i64) {
    (format.into(), namespace.into(), name.into(), count)
}

fn places(range: &PackageRange) -> (Position, Position) {
    (range.start(), range.end())
}

fn everything() -> (Position, Position) {
    places(&PackageRange::of(&PackageGroupPattern::root()))
}

async fn a_package_counts_once_for_a_domain_until_its_last_repository_lets_go(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (one, two) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    );
    let thing = package(ALPHA, "space", "Thing");
    let in_one = db.package(one, &thing).await;
    db.package(one, &thing).await;
    let in_two = db.package(two, &thing).await;
    db.package(two, &package(ALPHA, "space", "thing")).await;
    assert_eq!(
        counted(db).await,
        [
            row("alpha", "space", "Thing", 2),
            row("alpha", "space", "thing", 1)
        ]
    );
    delete(db, in_one).await;
    delete(db, in_one).await;
    assert_eq!(counted(db).await[0], row("alpha", "space", "Thing", 1));
    delete(db, in_two).await;
    assert_eq!(counted(db).await, [row("alpha", "space", "thing", 1)]);
}

async fn a_deleted_repository_lets_go_of_all_it_held(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let (one, two, three) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
        db.repository(other, "three").await.id,
    );
    for (repository, name) in [(one, "a"), (one, "b"), (two, "b"), (two, "c"), (three, "a")] {
        db.package(repository, &package(ALPHA, "", name)).await;
    }
    db.write(move |tx| Box::pin(async move { tx.delete_repository(one).await }))
        .await;
    assert_eq!(
        counted(db).await,
        [
            row("alpha", "", "b", 1),
            row("alpha", "", "c", 1),
            row("alpha", "", "a", 1)
        ]
    );
}

async fn many_who_ensure_one_package_at_once_count_once_for_each_repository(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (one, two) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    );
    let of = package(ALPHA, "", "thing");
    let all = (0..24).map(|n| db.package(if n % 2 == 0 { one } else { two }, &of));
    futures_util::future::join_all(all).await;
    assert_eq!(counted(db).await, [row("alpha", "", "thing", 2)]);
}

async fn packages_are_walked_by_variation_between_two_places(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let repository = db.repository(domain, "store").await.id;
    let elsewhere = db.repository(other, "store").await.id;
    let mut all: Vec<PackageCoordinates> = Vec::new();
    for name in texts_in_byte_order() {
        all.push(package(ALPHA, "", name));
        all.push(package(BETA, name, "thing"));
    }
    for of in &all {
        db.package(repository, of).await;
    }
    db.package(elsewhere, &package(ALPHA, "", "not-ours")).await;
    let position = |of: &PackageCoordinates| {
        Position::of(of.format.as_str(), of.namespace_str(), of.name.as_str())
    };
    let mut expected: Vec<Position> = all.iter().map(position).collect();
    expected.sort();
    let mut read = db.read().await;
    for limit in [1, 7, 58, 59] {
        let (start, end) = everything();
        let page = async |after: Position, limit| {
            read.list_domain_packages(domain, &after, &end, limit).await
        };
        assert_eq!(
            walk(limit, start, page, |row| row.position()).await,
            expected
        );
    }
    for text in [
        "/alpha/*",
        "/alpha//*",
        "/alpha//a~",
        "/alpha//ab$",
        "/beta/a-b~",
        "/beta/a-b/*",
    ] {
        let pattern = PackageGroupPattern::parse(text).unwrap();
        let (start, end) = places(&PackageRange::of(&pattern));
        let rows = read
            .list_domain_packages(domain, &start, &end, PageLimit::MAX)
            .await
            .unwrap();
        let found: Vec<Position> = rows.iter().map(|row| row.position()).collect();
        let inside: Vec<Position> = expected
            .iter()
            .filter(|place| **place > start && **place < end)
            .cloned()
            .collect();
        assert!(
            !inside.is_empty() && inside.len() < expected.len(),
            "{text}"
        );
        assert_eq!(found, inside, "{text}");
    }
}

async fn i12_variations_that_a_migration_left_empty_are_found_and_filled(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    for name in ["Foo_Bar", "x"] {
        db.package(repository, &package(ALPHA, "Space", name)).await;
    }
    let (start, end) = everything();
    let whole = db
        .read()
        .await
        .list_domain_packages(domain, &start, &end, PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(whole[0].name_variation, "foo.bar");
    db.execute("UPDATE domain_package SET namespace_variation = '', name_variation = ''")
        .await;
    let found = db
        .read()
        .await
        .list_unfilled_domain_packages(PageLimit::new(1))
        .await
        .unwrap();
    assert_eq!(
        found.len(),
        2,
        "one more than asked for tells that more follow"
    );
    for row in found {
        db.write(move |tx| Box::pin(async move { tx.fill_domain_package(&row).await }))
            .await;
    }
    let mut read = db.read().await;
    let left = read.list_unfilled_domain_packages(PageLimit::MAX).await;
    assert!(left.unwrap().is_empty());
    let again = read
        .list_domain_packages(domain, &start, &end, PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(again, whole);
}

async fn i12_the_migration_gives_old_domains_their_root_group_and_packages(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    for name in ["one", "two"] {
        let repository = db.repository(domain, name).await.id;
        db.package(repository, &package(ALPHA, "", "thing")).await;
    }
    // As the release before left it.
    for statement in [
        "DROP TABLE package_group_repository",
        "DROP TABLE package_group",
        "DROP TABLE domain_package",
        "ALTER TABLE domain DROP COLUMN package_group_revision",
        "DELETE FROM _sqlx_migrations WHERE version = 2",
    ] {
        db.execute(statement).await;
    }
    let store = db.open_again().await.unwrap();
    let mut read = store.read().await.unwrap();
    let groups = read.list_package_groups(domain).await.unwrap();
    let patterns: Vec<&str> = groups.iter().map(|group| group.pattern.as_str()).collect();
    assert_eq!(patterns, ["/*"]);
    assert_eq!(groups[0].modes().unwrap(), model::GroupModes::ROOT);
    let unfilled = read.list_unfilled_domain_packages(PageLimit::MAX).await;
    assert_eq!(unfilled.unwrap().len(), 1);
    drop(read);
    store.close().await;
    assert_eq!(counted(db).await, [row("alpha", "", "thing", 2)]);
}
