//! Lists of packages: their order, their filters, and walks through them.

use model::PackageVersionStatus::{Archived, Published, Unlisted};
use model::{EpochMillis, OriginRestriction, OriginRestrictions, PageLimit};
use store::{NewVersion, PackageFilter, PackageRow};

use crate::database::TestDatabase;
use crate::package::{Key, OPEN, a_repository, add_all, key, listed, names};
use crate::samples::{ALPHA, BETA, new_version, package, texts_in_byte_order, walk};

on_both_engines![
    packages_are_listed_in_the_order_of_bytes,
    packages_are_walked_without_repeats_or_gaps,
    a_walk_sees_no_package_twice_while_others_are_added,
    p16_prefixes_of_packages_are_literal_and_case_sensitive,
    prefixes_end_after_every_character_there_is,
    filters_narrow_a_list_one_by_one_and_together,
    switches_keep_the_order_of_a_walk,
    a_format_and_a_namespace_bound_a_walk_on_both_sides,
    names_that_start_so_are_walked_by_name_and_namespace,
    the_packages_of_one_format_are_walked_by_namespace_and_name,
    names_of_a_namespace_tell_what_is_listed_and_what_is_blocked,
];

async fn packages_are_listed_in_the_order_of_bytes(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let texts = texts_in_byte_order();
    let backwards: Vec<_> = texts.iter().rev().map(|name| (ALPHA, "", *name)).collect();
    add_all(db, repository, &backwards).await;
    assert_eq!(
        names(&listed(db, repository, &PackageFilter::default()).await),
        texts
    );
    let backwards: Vec<_> = texts
        .iter()
        .rev()
        .map(|namespace| (BETA, *namespace, "thing"))
        .collect();
    add_all(db, repository, &backwards).await;
    let beta = PackageFilter {
        format: "beta".into(),
        ..PackageFilter::default()
    };
    let rows = listed(db, repository, &beta).await;
    assert_eq!(
        rows.iter()
            .map(|row| row.namespace.as_str())
            .collect::<Vec<_>>(),
        texts
    );
}

async fn packages_are_walked_without_repeats_or_gaps(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    let other = db.repository(domain, "other").await.id;
    let mut all = Vec::new();
    for format in [BETA, ALPHA] {
        for namespace in ["", "b", "B", "é", "a-b"] {
            all.extend(
                ["thing", "Thing", "a", "ab", "😀", "é"].map(|name| (format, namespace, name)),
            );
        }
    }
    add_all(db, repository, &all).await;
    add_all(db, other, &[(ALPHA, "", "not-ours"), (BETA, "b", "thing")]).await;
    let mut expected: Vec<Key> = all
        .iter()
        .map(|(f, namespace, name)| (f.to_string(), (*namespace).into(), (*name).into()))
        .collect();
    expected.sort();
    let mut read = db.read().await;
    let filter = PackageFilter::default();
    for limit in [1, 7, 59, 60, 61] {
        let page = async |after: Key, limit| {
            read.list_packages(repository, (&after.0, &after.1, &after.2), &filter, limit)
                .await
        };
        assert_eq!(
            walk(limit, Key::default(), page, key).await,
            expected,
            "pages of {limit}"
        );
    }
}

async fn a_walk_sees_no_package_twice_while_others_are_added(db: &TestDatabase) {
    let repository = a_repository(db).await;
    add_all(
        db,
        repository,
        &[
            (ALPHA, "", "b"),
            (ALPHA, "", "d"),
            (ALPHA, "", "f"),
            (ALPHA, "", "h"),
        ],
    )
    .await;
    let mut pages = 0;
    let page = async |after: Key, limit| {
        // One before the place reached, and one after it.
        pages += 1;
        match pages {
            2 => add_all(db, repository, &[(ALPHA, "", "a"), (ALPHA, "", "e")]).await,
            3 => add_all(db, repository, &[(ALPHA, "", "c"), (ALPHA, "", "z")]).await,
            _ => {}
        }
        let filter = PackageFilter::default();
        db.read()
            .await
            .list_packages(repository, (&after.0, &after.1, &after.2), &filter, limit)
            .await
    };
    let walked = walk(1, Key::default(), page, key).await;
    let walked: Vec<&str> = walked.iter().map(|key| key.2.as_str()).collect();
    assert_eq!(walked, ["b", "d", "e", "f", "h", "z"]);
}

async fn p16_prefixes_of_packages_are_literal_and_case_sensitive(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let texts = texts_in_byte_order();
    let named: Vec<_> = texts.iter().map(|text| (ALPHA, "", *text)).collect();
    let spaced: Vec<_> = texts.iter().map(|text| (BETA, *text, "thing")).collect();
    add_all(db, repository, &named).await;
    add_all(db, repository, &spaced).await;
    for prefix in [
        "a", "A", "a_", "a%", "a*", "aX", "é", "E", "s", "S", "日", "😀", "%", "_", "*", "?", "\\",
        "10", "ａ",
    ] {
        let expected: Vec<&str> = texts
            .iter()
            .copied()
            .filter(|text| text.starts_with(prefix))
            .collect();
        let by_name = PackageFilter {
            name_prefix: prefix.into(),
            format: "alpha".into(),
            ..Default::default()
        };
        assert_eq!(
            names(&listed(db, repository, &by_name).await),
            expected,
            "name prefix {prefix:?}"
        );
        let by_namespace = PackageFilter {
            namespace_prefix: prefix.into(),
            ..Default::default()
        };
        let rows = listed(db, repository, &by_namespace).await;
        let namespaces: Vec<&str> = rows.iter().map(|row| row.namespace.as_str()).collect();
        assert_eq!(namespaces, expected, "namespace prefix {prefix:?}");
    }
}

async fn prefixes_end_after_every_character_there_is(db: &TestDatabase) {
    let repository = a_repository(db).await;
    // The last letters of the planes that have letters: what a too early end of the range would lose.
    let all = [
        "z",
        "z~",
        "z\u{7ff}",
        "z\u{ffdc}",
        "z\u{1f9ff}",
        "z\u{323af}",
        "z\u{323af}z",
    ];
    add_all(db, repository, &all.map(|name| (ALPHA, "", name))).await;
    add_all(db, repository, &[(ALPHA, "", "y"), (ALPHA, "", "{")]).await;
    let filter = PackageFilter {
        name_prefix: "z".into(),
        ..PackageFilter::default()
    };
    assert_eq!(names(&listed(db, repository, &filter).await), all);
}

async fn filters_narrow_a_list_one_by_one_and_together(db: &TestDatabase) {
    use OriginRestriction::{Allow, Block};
    let repository = a_repository(db).await;
    db.write(move |tx| {
        Box::pin(async move {
            let all = [
                ("aa", Allow, Allow),
                ("ab", Allow, Block),
                ("ba", Block, Allow),
                ("bb", Block, Block),
            ];
            for (name, publish, upstream) in all {
                let restrictions = OriginRestrictions { publish, upstream };
                tx.ensure_package(
                    repository,
                    &package(ALPHA, "n", name),
                    restrictions,
                    EpochMillis(1),
                )
                .await?;
            }
            tx.ensure_package(repository, &package(BETA, "m", "aa"), OPEN, EpochMillis(1))
                .await
        })
    })
    .await;
    let all = PackageFilter::default;
    let cases: [(PackageFilter, &[&str]); 10] = [
        (all(), &["aa", "ab", "ba", "bb", "aa"]),
        (
            PackageFilter {
                format: "alpha".into(),
                ..all()
            },
            &["aa", "ab", "ba", "bb"],
        ),
        (
            PackageFilter {
                format: "alph".into(),
                ..all()
            },
            &[],
        ),
        (
            PackageFilter {
                namespace_prefix: "m".into(),
                ..all()
            },
            &["aa"],
        ),
        (
            PackageFilter {
                publish: Some(Allow),
                ..all()
            },
            &["aa", "ab", "aa"],
        ),
        (
            PackageFilter {
                publish: Some(Block),
                ..all()
            },
            &["ba", "bb"],
        ),
        (
            PackageFilter {
                upstream: Some(Allow),
                ..all()
            },
            &["aa", "ba", "aa"],
        ),
        (
            PackageFilter {
                upstream: Some(Block),
                ..all()
            },
            &["ab", "bb"],
        ),
        (
            PackageFilter {
                publish: Some(Block),
                upstream: Some(Block),
                ..all()
            },
            &["bb"],
        ),
        (
            PackageFilter {
                format: "alpha".into(),
                name_prefix: "a".into(),
                namespace_prefix: "n".into(),
                publish: Some(Allow),
                upstream: Some(Allow),
            },
            &["aa"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            names(&listed(db, repository, &filter).await),
            expected,
            "{filter:?}"
        );
    }
}

/// Packages of two formats whose switches take turns.
async fn a_repository_of_all_switches(db: &TestDatabase) -> (i64, Vec<PackageRow>) {
    let repository = a_repository(db).await;
    let mut all = Vec::new();
    for name in ["a", "ab", "abc", "b", "é", "Ab"] {
        for (format, namespace) in [(ALPHA, ""), (ALPHA, "n"), (ALPHA, "no"), (BETA, "n")] {
            all.push(package(format, namespace, name));
        }
    }
    db.write(move |tx| {
        Box::pin(async move {
            for (number, package) in all.iter().enumerate() {
                let switch = |allowed| match allowed {
                    true => OriginRestriction::Allow,
                    false => OriginRestriction::Block,
                };
                let restrictions = OriginRestrictions {
                    publish: switch(number % 2 == 0),
                    upstream: switch(number % 3 == 0),
                };
                tx.ensure_package(repository, package, restrictions, EpochMillis(1))
                    .await?;
            }
            Ok(())
        })
    })
    .await;
    let rows = listed(db, repository, &PackageFilter::default()).await;
    assert_eq!(rows.len(), 24);
    (repository, rows)
}

/// What a walk in pages of this size finds.
async fn walked(
    db: &TestDatabase,
    repository: i64,
    filter: &PackageFilter,
    limit: u16,
) -> Vec<Key> {
    let mut read = db.read().await;
    let page = async |after: Key, limit| {
        read.list_packages(repository, (&after.0, &after.1, &after.2), filter, limit)
            .await
    };
    walk(limit, Key::default(), page, key).await
}

async fn switches_keep_the_order_of_a_walk(db: &TestDatabase) {
    use OriginRestriction::{Allow, Block};
    let (repository, rows) = a_repository_of_all_switches(db).await;
    for publish in [None, Some(Allow), Some(Block)] {
        for upstream in [None, Some(Allow), Some(Block)] {
            let filter = PackageFilter {
                publish,
                upstream,
                ..PackageFilter::default()
            };
            let fits = |row: &&PackageRow| {
                publish.is_none_or(|wanted| row.restrictions().publish == wanted)
                    && upstream.is_none_or(|wanted| row.restrictions().upstream == wanted)
            };
            let expected: Vec<Key> = rows.iter().filter(fits).map(key).collect();
            assert!(!expected.is_empty());
            for limit in [1, 3, 24] {
                let found = walked(db, repository, &filter, limit).await;
                assert_eq!(found, expected, "{filter:?}, pages of {limit}");
            }
        }
    }
}

async fn a_format_and_a_namespace_bound_a_walk_on_both_sides(db: &TestDatabase) {
    let (repository, rows) = a_repository_of_all_switches(db).await;
    for (format, namespace_prefix) in [
        ("alpha", ""),
        ("alpha", "n"),
        ("alpha", "no"),
        ("beta", ""),
        ("beta", "x"),
        ("", "n"),
    ] {
        let filter = PackageFilter {
            format: format.into(),
            namespace_prefix: namespace_prefix.into(),
            ..PackageFilter::default()
        };
        let fits = |row: &&PackageRow| {
            (format.is_empty() || row.format == format)
                && row.namespace.starts_with(namespace_prefix)
        };
        let expected: Vec<Key> = rows.iter().filter(fits).map(key).collect();
        for limit in [1, 5, 24] {
            let found = walked(db, repository, &filter, limit).await;
            assert_eq!(found, expected, "{filter:?}, pages of {limit}");
        }
    }
}

async fn names_that_start_so_are_walked_by_name_and_namespace(db: &TestDatabase) {
    let (repository, rows) = a_repository_of_all_switches(db).await;
    let mut read = db.read().await;
    for (name_prefix, publish) in [
        ("", None),
        ("a", None),
        ("ab", None),
        ("abc", None),
        ("abcd", None),
        ("A", None),
        ("é", None),
        ("a", Some(OriginRestriction::Allow)),
        ("a", Some(OriginRestriction::Block)),
    ] {
        let filter = PackageFilter {
            name_prefix: name_prefix.into(),
            publish,
            ..PackageFilter::default()
        };
        let fits = |row: &&PackageRow| {
            row.format == "alpha"
                && row.name.starts_with(name_prefix)
                && publish.is_none_or(|wanted| row.restrictions().publish == wanted)
        };
        let mut expected: Vec<(String, String)> = rows
            .iter()
            .filter(fits)
            .map(|row| (row.name.clone(), row.namespace.clone()))
            .collect();
        expected.sort();
        for limit in [1, 2, 24] {
            let page = async |after: Option<(String, String)>, limit| {
                let after = after
                    .as_ref()
                    .map(|(name, namespace)| (name.as_str(), namespace.as_str()));
                read.list_packages_by_name(repository, "alpha", after, &filter, limit)
                    .await
            };
            let found = walk(limit, None, page, |row| {
                Some((row.name.clone(), row.namespace.clone()))
            })
            .await;
            let found: Vec<_> = found.into_iter().flatten().collect();
            assert_eq!(found, expected, "{filter:?}, pages of {limit}");
        }
    }
}

async fn the_packages_of_one_format_are_walked_by_namespace_and_name(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let mut expected = Vec::new();
    for namespace in ["", "b", "B", "é"] {
        for name in ["thing", "Thing", "a"] {
            add_all(
                db,
                repository,
                &[(BETA, namespace, name), (ALPHA, namespace, "other")],
            )
            .await;
            expected.push((namespace.to_owned(), name.to_owned()));
        }
    }
    expected.sort();
    let mut read = db.read().await;
    for limit in [1, 5, 12, 13] {
        let page = async |after: (String, String), limit| {
            read.list_packages_of_format(repository, "beta", (&after.0, &after.1), limit)
                .await
        };
        let walked = walk(limit, Default::default(), page, |row| {
            (row.namespace.clone(), row.name.clone())
        })
        .await;
        assert_eq!(walked, expected, "pages of {limit}");
    }
}

async fn names_of_a_namespace_tell_what_is_listed_and_what_is_blocked(db: &TestDatabase) {
    let repository = a_repository(db).await;
    let others = [(ALPHA, "n", "elsewhere"), (BETA, "", "another")];
    add_all(db, repository, &others).await;
    for other in others {
        let id = db
            .package(repository, &package(other.0, other.1, other.2))
            .await;
        db.version(id, "1.0").await;
    }
    for (name, statuses) in [
        ("empty", &[][..]),
        ("hidden", &[Unlisted, Archived]),
        ("shown", &[Archived, Published]),
        ("zz", &[Published, Published]),
    ] {
        add_all(db, repository, &[(ALPHA, "", name)]).await;
        let id = db.package(repository, &package(ALPHA, "", name)).await;
        for (number, status) in statuses.iter().enumerate() {
            let new = NewVersion {
                status: *status,
                ..new_version(id, &number.to_string())
            };
            db.write(move |tx| Box::pin(async move { tx.insert_version(&new).await }))
                .await;
        }
        if name == "hidden" {
            let blocked = OriginRestrictions {
                upstream: OriginRestriction::Block,
                ..OPEN
            };
            db.write(move |tx| {
                Box::pin(async move { tx.update_package_restrictions(id, blocked).await })
            })
            .await;
        }
    }
    let mut read = db.read().await;
    let rows = read
        .list_package_names(repository, ("alpha", ""), "", PageLimit::MAX)
        .await
        .unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| (row.name.as_str(), row.upstream_allowed, row.is_listed))
        .collect();
    assert_eq!(
        told,
        [
            ("empty", true, false),
            ("hidden", false, false),
            ("shown", true, true),
            ("zz", true, true),
        ]
    );
    for limit in [1, 3, 4] {
        let page = async |after: String, limit| {
            read.list_package_names(repository, ("alpha", ""), &after, limit)
                .await
        };
        let walked = walk(limit, String::new(), page, |row| row.name.clone()).await;
        assert_eq!(
            walked,
            ["empty", "hidden", "shown", "zz"],
            "pages of {limit}"
        );
    }
}
