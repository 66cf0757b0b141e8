//! Packages.

use model::{EpochMillis, FormatId, OriginRestriction, OriginRestrictions, PageLimit};
use store::{PackageFilter, PackageRow};

use crate::database::TestDatabase;
use crate::samples::{ALPHA, BETA, package, repository_name};

on_both_engines![
    a_package_is_made_once_and_found_by_all_its_coordinates,
    a_package_without_a_namespace_is_another_one,
    many_who_ensure_one_package_at_once_get_the_same_row,
    origin_controls_are_replaced_for_one_package_only,
    a_deleted_package_takes_its_versions_tags_and_assets,
];

pub(crate) const OPEN: OriginRestrictions = OriginRestrictions {
    publish: OriginRestriction::Allow,
    upstream: OriginRestriction::Allow,
};

pub(crate) type Key = (String, String, String);

pub(crate) fn key(row: &PackageRow) -> Key {
    (row.format.clone(), row.namespace.clone(), row.name.clone())
}

pub(crate) fn names(rows: &[PackageRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

pub(crate) async fn a_repository(db: &TestDatabase) -> i64 {
    let domain = db.domain("acme").await.id;
    db.repository(domain, "store").await.id
}

pub(crate) async fn add_all(db: &TestDatabase, repository: i64, all: &[(FormatId, &str, &str)]) {
    let all: Vec<_> = all
        .iter()
        .map(|(format, namespace, name)| package(*format, namespace, name))
        .collect();
    db.write(move |tx| {
        Box::pin(async move {
            for package in all {
                tx.ensure_package(repository, &package, OPEN, EpochMillis(1))
                    .await?;
            }
            Ok(())
        })
    })
    .await;
}

pub(crate) async fn listed(
    db: &TestDatabase,
    repository: i64,
    filter: &PackageFilter,
) -> Vec<PackageRow> {
    db.read()
        .await
        .list_packages(repository, ("", "", ""), filter, PageLimit::MAX)
        .await
        .unwrap()
}

async fn a_package_is_made_once_and_found_by_all_its_coordinates(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let of = package(ALPHA, "space", "thing");
    assert!(
        db.read()
            .await
            .find_package(repository, &of)
            .await
            .unwrap()
            .is_none()
    );
    let ensured = db.write(move |tx| {
        Box::pin(async move {
            let of = package(ALPHA, "space", "thing");
            let first = tx
                .ensure_package(
                    repository,
                    &of,
                    OriginRestrictions::INGESTED_FIRST,
                    EpochMillis(5),
                )
                .await?;
            let second = tx
                .ensure_package(
                    repository,
                    &of,
                    OriginRestrictions::PUBLISHED_FIRST,
                    EpochMillis(6),
                )
                .await?;
            Ok((first, second))
        })
    });
    let (first, second) = ensured.await;
    let found = db
        .read()
        .await
        .find_package(repository, &of)
        .await
        .unwrap()
        .unwrap();
    for row in [&first, &second, &found] {
        assert_eq!(
            (row.id, row.repository_id, row.created_at_ms),
            (first.id, repository, 5)
        );
        assert_eq!(key(row), ("alpha".into(), "space".into(), "thing".into()));
        assert_eq!(
            row.restrictions(),
            OriginRestrictions::INGESTED_FIRST,
            "what is there stays as it is"
        );
    }
    let mut read = db.read().await;
    for other in [
        package(BETA, "space", "thing"),
        package(ALPHA, "other", "thing"),
        package(ALPHA, "", "thing"),
        package(ALPHA, "space", "other"),
        package(ALPHA, "space", "Thing"),
    ] {
        assert!(
            read.find_package(repository, &other)
                .await
                .unwrap()
                .is_none(),
            "{other}"
        );
    }
    assert!(
        read.find_package(repository + 1, &of)
            .await
            .unwrap()
            .is_none()
    );
}

async fn a_package_without_a_namespace_is_another_one(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let with = db
        .package(repository, &package(ALPHA, "space", "thing"))
        .await;
    let without = db.package(repository, &package(ALPHA, "", "thing")).await;
    assert_ne!(with, without);
    let mut read = db.read().await;
    let found = read
        .find_package(repository, &package(ALPHA, "", "thing"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, found.namespace.as_str()), (without, ""));
    assert_eq!(found.restrictions(), OriginRestrictions::PUBLISHED_FIRST);
}

async fn many_who_ensure_one_package_at_once_get_the_same_row(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let of = package(ALPHA, "", "thing");
    let ids = futures_util::future::join_all((0..24).map(|_| db.package(repository, &of))).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(db.number("SELECT COUNT(*) FROM package").await, 1);
}

async fn origin_controls_are_replaced_for_one_package_only(db: &TestDatabase) {
    let repository = a_repository(db).await;
    add_all(
        db,
        repository,
        &[(ALPHA, "", "thing"), (ALPHA, "", "other")],
    )
    .await;
    let switch = |allow| {
        if allow {
            OriginRestriction::Allow
        } else {
            OriginRestriction::Block
        }
    };
    for (publish, upstream) in [(false, true), (true, false), (false, false), (true, true)] {
        let wanted = OriginRestrictions {
            publish: switch(publish),
            upstream: switch(upstream),
        };
        db.write(move |tx| {
            Box::pin(async move {
                let of = package(ALPHA, "", "thing");
                let row = tx.find_package(repository, &of).await?.unwrap();
                tx.update_package_restrictions(row.id, wanted).await
            })
        })
        .await;
        let rows = listed(db, repository, &PackageFilter::default()).await;
        assert_eq!(names(&rows), ["other", "thing"]);
        assert_eq!(rows[0].restrictions(), OPEN);
        assert_eq!(rows[1].restrictions(), wanted);
        assert_eq!(rows[1].created_at_ms, 1);
    }
}

async fn a_deleted_package_takes_its_versions_tags_and_assets(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    let (gone, kept) = (package(ALPHA, "", "gone"), package(ALPHA, "", "kept"));
    for of in [&gone, &kept] {
        let id = db.package(repository, of).await;
        let version = db.version(id, "1.0").await;
        db.write(move |tx| {
            Box::pin(async move {
                tx.upsert_package_tag(id, "latest", &crate::samples::version_name("1.0"))
                    .await?;
                let new = crate::samples::new_asset("file", 1, u8::try_from(version).unwrap());
                tx.insert_asset(domain, version, &new).await
            })
        })
        .await;
    }
    let id = db.package(repository, &gone).await;
    db.write(move |tx| Box::pin(async move { tx.delete_package(id).await }))
        .await;
    let mut read = db.read().await;
    assert!(
        read.find_package(repository, &gone)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_package(repository, &kept)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        read.find_repository(domain, &repository_name("store"))
            .await
            .unwrap()
            .is_some()
    );
    const LEFT: &str =
        "SELECT (SELECT COUNT(*) FROM package_version), (SELECT COUNT(*) FROM package_tag),
        (SELECT COUNT(*) FROM asset)";
    assert_eq!(db.rows::<(i64, i64, i64)>(LEFT).await, [(1, 1, 1)]);
    let again = db.package(repository, &gone).await;
    assert!(again > id, "a package made again is another one");
}
