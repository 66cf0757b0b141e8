//! Package versions.

use model::{EpochMillis, OriginType, PackageVersionStatus, PageLimit};
use store::{NewVersion, PackageVersionRow, StoreError, VersionContent, VersionFilter};

use crate::database::TestDatabase;
use crate::samples::{
    ALPHA, NOW, new_version, package, texts_in_byte_order, version_key, version_name, walk,
};

on_both_engines![
    a_version_is_found_with_all_it_was_made_of,
    a_second_version_of_the_same_name_is_not_added,
    a_version_is_found_by_its_key_and_shown_by_its_name,
    two_spellings_of_one_version_do_not_stand_in_one_package,
    of_many_who_add_one_version_at_once_one_succeeds,
    versions_with_metadata_come_in_the_order_of_arrival,
    versions_are_walked_in_the_byte_order_of_their_names,
    versions_are_walked_newest_first_also_when_times_are_equal,
    versions_are_filtered_by_status_and_origin,
    the_newest_version_is_the_published_one_that_arrived_last,
    new_metadata_makes_a_new_revision_and_changes_nothing_else,
    new_assets_change_the_content_of_their_version_only,
    a_new_status_changes_nothing_else,
    a_forgotten_readme_is_the_only_thing_gone,
    a_deleted_version_takes_its_assets,
    large_metadata_and_readmes_come_back_whole,
    a_status_nobody_knows_is_an_error,
];

async fn a_package(db: &TestDatabase) -> i64 {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    db.package(repository, &package(ALPHA, "", "thing")).await
}

async fn add_all(db: &TestDatabase, all: Vec<NewVersion>) -> Vec<i64> {
    db.write(move |tx| {
        Box::pin(async move {
            let mut ids = Vec::new();
            for new in all {
                ids.push(tx.insert_version(&new).await?.unwrap());
            }
            Ok(ids)
        })
    })
    .await
}

fn names(rows: &[PackageVersionRow]) -> Vec<&str> {
    rows.iter().map(|row| row.version.as_str()).collect()
}

async fn a_version_is_found_with_all_it_was_made_of(db: &TestDatabase) {
    let package = a_package(db).await;
    let new = NewVersion {
        package_id: package,
        version: version_name("1.0.0+Build"),
        key: version_key("1.0.0+Build"),
        status: PackageVersionStatus::Unlisted,
        revision: "r1".into(),
        origin_type: OriginType::External,
        origin_name: "public:alpha".into(),
        published_at: EpochMillis(70),
        source_published_at: Some(EpochMillis(30)),
        metadata: r#"{"a":"\u0000 é"}"#.into(),
        readme: Some("# read me".into()),
    };
    let plain = new_version(package, "2");
    let ids = add_all(db, vec![new, plain]).await;
    let mut read = db.read().await;
    let found = read
        .find_version(package, &version_key("1.0.0+Build"))
        .await
        .unwrap()
        .unwrap();
    let with_metadata = read
        .find_version_metadata(package, &version_key("1.0.0+Build"))
        .await
        .unwrap()
        .unwrap();
    for row in [&found, &with_metadata.version] {
        assert_eq!(
            (row.id, row.package_id, row.version.as_str()),
            (ids[0], package, "1.0.0+Build")
        );
        assert_eq!(row.status().unwrap(), PackageVersionStatus::Unlisted);
        assert_eq!(
            (row.origin_type.as_str(), row.origin_name.as_str()),
            ("EXTERNAL", "public:alpha")
        );
        assert_eq!(
            (row.published_at_ms, row.source_published_at_ms),
            (70, Some(30))
        );
        assert_eq!(row.revision, "r1");
    }
    assert_eq!(with_metadata.metadata, r#"{"a":"\u0000 é"}"#);
    assert_eq!(
        read.find_version_readme(ids[0]).await.unwrap().as_deref(),
        Some("# read me")
    );
    assert_eq!(
        read.find_version_readme(ids[1]).await.unwrap(),
        None,
        "a version without a readme"
    );
    assert_eq!(
        read.find_version_readme(4711).await.unwrap(),
        None,
        "no version"
    );
    assert_eq!(
        read.find_version(package, &version_key("2"))
            .await
            .unwrap()
            .unwrap()
            .source_published_at_ms,
        None
    );
    assert!(
        read.find_version(package, &version_key("1.0.0+build"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_version_metadata(package + 1, &version_key("2"))
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(read.count_versions(package).await.unwrap(), 2);
    assert_eq!(read.count_versions(package + 1).await.unwrap(), 0);
}

async fn a_second_version_of_the_same_name_is_not_added(db: &TestDatabase) {
    let package = a_package(db).await;
    let first = db.version(package, "1.0").await;
    let second = NewVersion {
        revision: "another".into(),
        ..new_version(package, "1.0")
    };
    assert_eq!(
        db.write(move |tx| Box::pin(async move { tx.insert_version(&second).await }))
            .await,
        None
    );
    let found = db
        .read()
        .await
        .find_version(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.id, found.revision.as_str()),
        (first, "revision of 1.0")
    );
}

/// A version whose key is not its name.
fn spelled(package: i64, version: &str, key: &str) -> NewVersion {
    NewVersion {
        key: version_key(key),
        ..new_version(package, version)
    }
}

async fn a_version_is_found_by_its_key_and_shown_by_its_name(db: &TestDatabase) {
    let package = a_package(db).await;
    add_all(
        db,
        vec![spelled(package, "1.0", "1"), new_version(package, "2")],
    )
    .await;
    let mut read = db.read().await;
    let found = read.find_version(package, &version_key("1")).await;
    assert_eq!(found.unwrap().unwrap().version, "1.0");
    let found = read.find_version_metadata(package, &version_key("1")).await;
    assert_eq!(found.unwrap().unwrap().version.version, "1.0");
    let by_name = read.find_version(package, &version_key("1.0")).await;
    assert!(by_name.unwrap().is_none(), "a name is no key");
    let found = read.find_version(package, &version_key("2")).await;
    assert_eq!(found.unwrap().unwrap().version, "2");
}

async fn two_spellings_of_one_version_do_not_stand_in_one_package(db: &TestDatabase) {
    let package = a_package(db).await;
    add_all(
        db,
        vec![spelled(package, "1.0", "1"), new_version(package, "2")],
    )
    .await;
    let refused = [
        spelled(package, "1.0.0", "1"),
        new_version(package, "1"),
        spelled(package, "2.0", "2"),
        // The name is taken, whatever key a later release of a format may make of it.
        spelled(package, "1.0", "another"),
    ];
    for new in refused {
        let name = new.version.clone();
        let added = db
            .write(move |tx| Box::pin(async move { tx.insert_version(&new).await }))
            .await;
        assert_eq!(added, None, "{name}");
    }
    assert_eq!(db.read().await.count_versions(package).await.unwrap(), 2);
}

async fn of_many_who_add_one_version_at_once_one_succeeds(db: &TestDatabase) {
    let package = a_package(db).await;
    let adds = (0..16).map(|i| {
        let new = NewVersion {
            revision: format!("{i}"),
            ..new_version(package, "1.0")
        };
        db.write(move |tx| Box::pin(async move { tx.insert_version(&new).await }))
    });
    let added = futures_util::future::join_all(adds).await;
    let winner = added.iter().position(Option::is_some).unwrap();
    assert_eq!(added.iter().flatten().count(), 1);
    let found = db
        .read()
        .await
        .find_version(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.revision, format!("{winner}"));
}

async fn versions_with_metadata_come_in_the_order_of_arrival(db: &TestDatabase) {
    let package = a_package(db).await;
    assert!(
        db.read()
            .await
            .list_version_metadata(package)
            .await
            .unwrap()
            .is_empty()
    );
    for version in ["2", "10", "1"] {
        db.version(package, version).await;
    }
    let rows = db
        .read()
        .await
        .list_version_metadata(package)
        .await
        .unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.version.version.as_str(), row.metadata.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            ("2", r#"{"version":"2"}"#),
            ("10", r#"{"version":"10"}"#),
            ("1", r#"{"version":"1"}"#)
        ]
    );
}

async fn versions_are_walked_in_the_byte_order_of_their_names(db: &TestDatabase) {
    let package = a_package(db).await;
    let mut expected = texts_in_byte_order();
    expected.extend(["1.0.0", "1.0.0-alpha", "1.0.0-Alpha", "1.0.0+1", "1.0.0~rc"]);
    add_all(
        db,
        expected
            .iter()
            .rev()
            .map(|name| new_version(package, name))
            .collect(),
    )
    .await;
    expected.sort_unstable();
    let mut read = db.read().await;
    for limit in [1, 4, 1000] {
        let page = async |after: String, limit| {
            read.list_versions_by_name(package, &after, VersionFilter::default(), limit)
                .await
        };
        assert_eq!(
            walk(limit, String::new(), page, |row| row.version.clone()).await,
            expected,
            "pages of {limit}"
        );
    }
}

async fn versions_are_walked_newest_first_also_when_times_are_equal(db: &TestDatabase) {
    let package = a_package(db).await;
    let mut expected = Vec::new();
    for (time, name) in [
        (5, "a"),
        (5, "B"),
        (5, "é"),
        (5, "b"),
        (7, "old-name"),
        (-3, "before-the-epoch"),
        (6, "10"),
    ] {
        let new = NewVersion {
            published_at: EpochMillis(time),
            ..new_version(package, name)
        };
        add_all(db, vec![new]).await;
        expected.push((time, name.to_owned()));
    }
    expected.sort_by(|a, b| b.cmp(a));
    let mut read = db.read().await;
    for limit in [1, 2, 3, 7, 8] {
        let page = async |before: (i64, String), limit| {
            let before = (EpochMillis(before.0), before.1.as_str());
            read.list_versions_by_time(package, before, VersionFilter::default(), limit)
                .await
        };
        let first = (i64::MAX, String::new());
        let walked = walk(limit, first, page, |row| {
            (row.published_at_ms, row.version.clone())
        })
        .await;
        assert_eq!(walked, expected, "pages of {limit}");
    }
}

async fn versions_are_filtered_by_status_and_origin(db: &TestDatabase) {
    let package = a_package(db).await;
    let all = PackageVersionStatus::ALL.into_iter().flat_map(|status| {
        OriginType::ALL.map(|origin_type| NewVersion {
            status,
            origin_type,
            ..new_version(package, &format!("{status}-{}", origin_type.as_str()))
        })
    });
    add_all(db, all.collect()).await;
    let statuses = PackageVersionStatus::ALL
        .into_iter()
        .map(Some)
        .chain([None]);
    let mut read = db.read().await;
    for status in statuses {
        for origin_type in OriginType::ALL.into_iter().map(Some).chain([None]) {
            let filter = VersionFilter {
                status,
                origin_type,
            };
            let by_name = read
                .list_versions_by_name(package, "", filter, PageLimit::MAX)
                .await
                .unwrap();
            let before = (EpochMillis(i64::MAX), "");
            let mut by_time = read
                .list_versions_by_time(package, before, filter, PageLimit::MAX)
                .await
                .unwrap();
            by_time.reverse();
            assert_eq!(names(&by_name), names(&by_time), "all have the same time");
            let count =
                if status.is_none() { 6 } else { 1 } * if origin_type.is_none() { 3 } else { 1 };
            assert_eq!(by_name.len(), count, "{filter:?}");
            for row in by_name {
                assert!(
                    status.is_none_or(|status| row.status().unwrap() == status),
                    "{filter:?} {row:?}"
                );
                assert!(
                    origin_type.is_none_or(|origin| row.origin_type == origin.as_str()),
                    "{filter:?} {row:?}"
                );
            }
        }
    }
}

async fn the_newest_version_is_the_published_one_that_arrived_last(db: &TestDatabase) {
    let package = a_package(db).await;
    assert!(
        db.read()
            .await
            .find_newest_version(package)
            .await
            .unwrap()
            .is_none()
    );
    let at = |time, name: &str, status| NewVersion {
        published_at: EpochMillis(time),
        status,
        ..new_version(package, name)
    };
    add_all(
        db,
        vec![at(9, "9.9-unlisted", PackageVersionStatus::Unlisted)],
    )
    .await;
    assert!(
        db.read()
            .await
            .find_newest_version(package)
            .await
            .unwrap()
            .is_none(),
        "an unlisted one does not count"
    );
    let published = PackageVersionStatus::Published;
    let more = vec![
        at(5, "3.0", published),
        at(7, "1.0", published),
        at(7, "0.9", published),
        at(8, "unfinished", PackageVersionStatus::Unfinished),
    ];
    add_all(db, more).await;
    let newest = db
        .read()
        .await
        .find_newest_version(package)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(newest.version, "1.0");
}

async fn new_metadata_makes_a_new_revision_and_changes_nothing_else(db: &TestDatabase) {
    let package = a_package(db).await;
    let (id, other) = (
        db.version(package, "1.0").await,
        db.version(package, "2.0").await,
    );
    db.write(move |tx| Box::pin(async move { tx.update_version_metadata(id, "{}", "r2").await }))
        .await;
    let mut read = db.read().await;
    let changed = read
        .find_version_metadata(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            changed.version.id,
            changed.version.revision.as_str(),
            changed.metadata.as_str()
        ),
        (id, "r2", "{}")
    );
    assert_eq!(
        (
            changed.version.published_at_ms,
            changed.version.status.as_str()
        ),
        (NOW.0, "Published")
    );
    let same = read
        .find_version_metadata(package, &version_key("2.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (same.version.id, same.version.revision.as_str()),
        (other, "revision of 2.0")
    );
}

async fn new_assets_change_the_content_of_their_version_only(db: &TestDatabase) {
    let package = a_package(db).await;
    let unfinished = NewVersion {
        status: PackageVersionStatus::Unfinished,
        readme: Some("read me".into()),
        ..new_version(package, "1.0")
    };
    let others = [new_version(package, "2.0"), new_version(package, "3.0")];
    let ids = add_all(db, [vec![unfinished], others.into()].concat()).await;
    let (id, without_readme) = (ids[0], ids[2]);
    db.write(move |tx| {
        Box::pin(async move {
            let content = VersionContent {
                status: PackageVersionStatus::Published,
                revision: "r2",
                published_at: EpochMillis(NOW.0 + 7),
                metadata: r#"{"more":1}"#,
                readme: Some("not the first"),
            };
            tx.update_version_content(id, &content).await?;
            let content = VersionContent {
                readme: Some("the first"),
                ..content
            };
            tx.update_version_content(without_readme, &content).await
        })
    })
    .await;
    let mut read = db.read().await;
    let changed = read
        .find_version_metadata(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            changed.version.id,
            changed.version.status.as_str(),
            changed.version.revision.as_str(),
            changed.version.published_at_ms,
            changed.metadata.as_str(),
        ),
        (id, "Published", "r2", NOW.0 + 7, r#"{"more":1}"#)
    );
    assert_eq!(
        read.find_version_readme(id).await.unwrap().as_deref(),
        Some("read me"),
        "the first readme stays"
    );
    assert_eq!(
        read.find_version_readme(without_readme)
            .await
            .unwrap()
            .as_deref(),
        Some("the first")
    );
    let same = read
        .find_version(package, &version_key("2.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (same.revision.as_str(), same.published_at_ms),
        ("revision of 2.0", NOW.0)
    );
}

async fn a_new_status_changes_nothing_else(db: &TestDatabase) {
    let package = a_package(db).await;
    let first = db.version(package, "1.0").await;
    db.version(package, "2.0").await;
    let before = db
        .read()
        .await
        .find_version_metadata(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    for status in PackageVersionStatus::ALL {
        db.write(move |tx| Box::pin(async move { tx.update_version_status(first, status).await }))
            .await;
        let mut read = db.read().await;
        let after = read
            .find_version_metadata(package, &version_key("1.0"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(after.version.status().unwrap(), status);
        assert_eq!(
            (
                after.version.id,
                after.version.revision,
                after.version.published_at_ms,
                after.metadata
            ),
            (
                before.version.id,
                before.version.revision.clone(),
                before.version.published_at_ms,
                before.metadata.clone()
            )
        );
        let other = read
            .find_version(package, &version_key("2.0"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(other.status().unwrap(), PackageVersionStatus::Published);
    }
}

async fn a_forgotten_readme_is_the_only_thing_gone(db: &TestDatabase) {
    let package = a_package(db).await;
    let with_readme = |version| NewVersion {
        readme: Some(format!("# {version}")),
        ..new_version(package, version)
    };
    let ids = add_all(db, vec![with_readme("1.0"), with_readme("2.0")]).await;
    let first = ids[0];
    db.write(move |tx| Box::pin(async move { tx.delete_version_readme(first).await }))
        .await;
    let mut read = db.read().await;
    assert_eq!(read.find_version_readme(ids[0]).await.unwrap(), None);
    assert_eq!(
        read.find_version_readme(ids[1]).await.unwrap().as_deref(),
        Some("# 2.0")
    );
    let found = read
        .find_version_metadata(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.version.revision.as_str(), found.metadata.as_str()),
        ("revision of 1.0", r#"{"version":"1.0"}"#)
    );
}

async fn a_deleted_version_takes_its_assets(db: &TestDatabase) {
    let package = a_package(db).await;
    let domain = db.number("SELECT id FROM domain").await;
    let (gone, kept) = (
        db.version(package, "1.0").await,
        db.version(package, "2.0").await,
    );
    db.write(move |tx| {
        Box::pin(async move {
            for version in [gone, kept] {
                let new = crate::samples::new_asset("file", 5, 1);
                tx.insert_asset(domain, version, &new).await?;
            }
            tx.delete_version(gone).await
        })
    })
    .await;
    let mut read = db.read().await;
    assert!(
        read.find_version(package, &version_key("1.0"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_version(package, &version_key("2.0"))
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(
        db.rows::<(i64,)>("SELECT version_id FROM asset").await,
        [(kept,)]
    );
    drop(read);
    assert!(
        db.version(package, "1.0").await > kept,
        "a version published again is another one"
    );
}

async fn large_metadata_and_readmes_come_back_whole(db: &TestDatabase) {
    let package = a_package(db).await;
    let text: String = "0123456789abcdefé😀"
        .chars()
        .cycle()
        .take(3_000_000)
        .collect();
    let new = NewVersion {
        metadata: text.clone(),
        readme: Some(text.clone()),
        ..new_version(package, "1.0")
    };
    let id = add_all(db, vec![new]).await[0];
    let mut read = db.read().await;
    assert!(
        read.find_version_metadata(package, &version_key("1.0"))
            .await
            .unwrap()
            .unwrap()
            .metadata
            == text
    );
    assert!(read.find_version_readme(id).await.unwrap().unwrap() == text);
}

async fn a_status_nobody_knows_is_an_error(db: &TestDatabase) {
    let package = a_package(db).await;
    db.version(package, "1.0").await;
    let mut row = db
        .read()
        .await
        .find_version(package, &version_key("1.0"))
        .await
        .unwrap()
        .unwrap();
    row.status = "Lost".into();
    assert!(matches!(row.status(), Err(StoreError::Corrupt(text)) if text.contains("Lost")));
}
