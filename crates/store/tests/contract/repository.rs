//! Repositories and their upstreams.

use model::{EpochMillis, PageLimit};
use store::UpstreamRow;

use crate::database::TestDatabase;
use crate::samples::{
    ALPHA, NOW, account, change, digests, new_asset, owner, package, repository_name, version_name,
    walk,
};

on_both_engines![
    a_repository_is_found_as_it_was_made,
    a_second_repository_of_the_same_name_is_not_made,
    names_differ_by_case,
    repositories_are_listed_by_name_without_repeats_or_gaps,
    a_list_keeps_to_its_domain_and_administrator,
    an_administrators_repositories_are_walked_over_all_domains,
    p16_prefixes_of_names_are_literal_and_case_sensitive,
    a_prefix_and_an_administrator_bound_a_walk_on_both_sides,
    a_description_is_replaced_in_one_repository_only,
    upstreams_keep_their_order_and_are_replaced_as_a_whole,
    a_deleted_upstream_dangles_and_a_namesake_is_not_picked_up,
    dangling_upstreams_are_dropped_and_live_ones_stay,
    deleting_a_repository_takes_what_it_holds_and_nothing_else,
    of_many_who_make_one_repository_at_once_one_succeeds,
];

fn names(rows: &[store::RepositoryRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

fn seen(upstreams: &[UpstreamRow]) -> Vec<(i64, &str, bool)> {
    upstreams
        .iter()
        .map(|row| (row.upstream_id, row.upstream_name.as_str(), row.alive))
        .collect()
}

async fn set_upstreams(db: &TestDatabase, repository: i64, upstreams: &[(i64, &str)]) {
    let upstreams: Vec<_> = upstreams
        .iter()
        .map(|(id, name)| (*id, repository_name(name)))
        .collect();
    db.write(move |tx| Box::pin(async move { tx.replace_upstreams(repository, &upstreams).await }))
        .await;
}

async fn delete(db: &TestDatabase, repository: i64) {
    db.write(move |tx| Box::pin(async move { tx.delete_repository(repository).await }))
        .await;
}

async fn a_repository_is_found_as_it_was_made(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let made = db.write(move |tx| {
        let administrator = account("444455556666");
        Box::pin(async move {
            tx.insert_repository(
                domain,
                &repository_name("Store.1"),
                &administrator,
                "Größe 😀",
                EpochMillis(9),
            )
            .await
        })
    });
    let made = made.await.unwrap();
    let mut read = db.read().await;
    let found = read
        .find_repository(domain, &repository_name("Store.1"))
        .await
        .unwrap()
        .unwrap();
    let same = read.find_repository_by_id(made.id).await.unwrap().unwrap();
    for row in [made, found, same] {
        assert_eq!(
            (row.domain_id, row.name.as_str(), row.description.as_str()),
            (domain, "Store.1", "Größe 😀")
        );
        assert_eq!(
            (row.administrator.as_str(), row.created_at_ms),
            ("444455556666", 9)
        );
    }
    assert!(
        read.find_repository(domain + 1, &repository_name("Store.1"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(read.find_repository_by_id(4711).await.unwrap().is_none());
}

async fn a_second_repository_of_the_same_name_is_not_made(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let first = db.repository(domain, "store").await;
    let second = db.write(move |tx| {
        Box::pin(async move {
            tx.insert_repository(domain, &repository_name("store"), &owner(), "new", NOW)
                .await
        })
    });
    assert!(second.await.is_none());
    let found = db
        .read()
        .await
        .find_repository(domain, &repository_name("store"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, found.description.as_str()), (first.id, ""));
    assert_ne!(
        db.repository(other, "store").await.id,
        first.id,
        "another domain may have one of that name"
    );
}

async fn names_differ_by_case(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (lower, upper) = (
        db.repository(domain, "store").await,
        db.repository(domain, "STORE").await,
    );
    let mut read = db.read().await;
    assert_eq!(
        read.find_repository(domain, &repository_name("STORE"))
            .await
            .unwrap()
            .unwrap()
            .id,
        upper.id
    );
    assert_eq!(
        read.find_repository(domain, &repository_name("store"))
            .await
            .unwrap()
            .unwrap()
            .id,
        lower.id
    );
    assert!(
        read.find_repository(domain, &repository_name("Store"))
            .await
            .unwrap()
            .is_none()
    );
}

async fn repositories_are_listed_by_name_without_repeats_or_gaps(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let mut all = [
        "b-1", "B-1", "a.b", "a_b", "a-b", "ab", "aB", "Zz", "zz", "10", "9x", "0-", "a.b.c",
    ];
    for name in all {
        db.repository(domain, name).await;
    }
    all.sort_unstable();
    let mut read = db.read().await;
    for limit in [1, 2, 5, 13, 14] {
        let page = async |after: String, limit| {
            read.list_repositories_in_domain(domain, &after, "", "", limit)
                .await
        };
        assert_eq!(
            walk(limit, String::new(), page, |row| row.name.clone()).await,
            all,
            "pages of {limit}"
        );
    }
}

async fn a_list_keeps_to_its_domain_and_administrator(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    db.repository(domain, "ours").await;
    db.repository(other, "elsewhere").await;
    db.write(move |tx| {
        let administrator = account("444455556666");
        Box::pin(async move {
            tx.insert_repository(domain, &repository_name("theirs"), &administrator, "", NOW)
                .await
        })
    })
    .await;
    let mut read = db.read().await;
    let all = read
        .list_repositories_in_domain(domain, "", "", "", PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(names(&all), ["ours", "theirs"]);
    let theirs = read
        .list_repositories_in_domain(domain, "", "", "444455556666", PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(names(&theirs), ["theirs"]);
    let nobodys = read
        .list_repositories_in_domain(domain, "", "", "000000000000", PageLimit::MAX)
        .await
        .unwrap();
    assert!(nobodys.is_empty());
}

async fn an_administrators_repositories_are_walked_over_all_domains(db: &TestDatabase) {
    let domains = [
        db.domain("one").await.id,
        db.domain("two").await.id,
        db.domain("three").await.id,
    ];
    let mut expected = Vec::new();
    for name in ["same", "Same", "other", "a_1", "a-1"] {
        for domain in domains {
            expected.push((name.to_owned(), db.repository(domain, name).await.id));
        }
    }
    expected.sort();
    db.write(move |tx| {
        let administrator = account("444455556666");
        let name = repository_name("not-ours");
        Box::pin(async move {
            tx.insert_repository(domains[0], &name, &administrator, "", NOW)
                .await
        })
    })
    .await;
    let mut read = db.read().await;
    for limit in [1, 2, 4, 15, 16] {
        let page = async |after: (String, i64), limit| {
            read.list_repositories_of_administrator(&owner(), (&after.0, after.1), "", limit)
                .await
        };
        let walked = walk(limit, (String::new(), 0), page, |row| {
            (row.name.clone(), row.id)
        })
        .await;
        assert_eq!(walked, expected, "pages of {limit}");
    }
    let page = async |after: (String, i64), limit| {
        read.list_repositories_of_administrator(&owner(), (&after.0, after.1), "same", limit)
            .await
    };
    let walked = walk(2, (String::new(), 0), page, |row| {
        (row.name.clone(), row.id)
    })
    .await;
    assert_eq!(walked.len(), 3);
    assert!(walked.iter().all(|(name, _)| name == "same"));
}

async fn p16_prefixes_of_names_are_literal_and_case_sensitive(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let all = [
        "a_b", "a_c", "axb", "aXb", "A_b", "a-b", "a.b", "zz", "zzz", "z~",
    ];
    for name in all.iter().filter(|name| **name != "z~") {
        db.repository(domain, name).await;
    }
    let mut read = db.read().await;
    let cases: [(&str, &[&str]); 13] = [
        ("a_", &["a_b", "a_c"]),
        ("A", &["A_b"]),
        ("a.", &["a.b"]),
        ("aX", &["aXb"]),
        ("zz", &["zz", "zzz"]),
        ("zzz", &["zzz"]),
        ("zzzz", &[]),
        ("%", &[]),
        ("*", &[]),
        ("a%", &[]),
        ("a*", &[]),
        ("\\", &[]),
        ("é", &[]),
    ];
    for (prefix, expected) in cases {
        let listed = read
            .list_repositories_in_domain(domain, "", prefix, "", PageLimit::MAX)
            .await
            .unwrap();
        assert_eq!(names(&listed), expected, "in the domain, prefix {prefix:?}");
        let listed = read
            .list_repositories_of_administrator(&owner(), ("", 0), prefix, PageLimit::MAX)
            .await
            .unwrap();
        assert_eq!(
            names(&listed),
            expected,
            "of the administrator, prefix {prefix:?}"
        );
    }
    let rest = read
        .list_repositories_in_domain(domain, "a_b", "a_", "", PageLimit::MAX)
        .await
        .unwrap();
    assert_eq!(names(&rest), ["a_c"], "a prefix and a place to go on from");
}

async fn a_prefix_and_an_administrator_bound_a_walk_on_both_sides(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let all = ["ab", "ab-1", "ab-2", "ab.1", "abc", "a0", "ac", "AB", "zz"];
    let theirs = account("444455556666");
    for (number, name) in all.into_iter().enumerate() {
        let administrator = if number % 2 == 0 {
            owner()
        } else {
            theirs.clone()
        };
        for domain in [domain, other] {
            let administrator = administrator.clone();
            db.write(move |tx| {
                Box::pin(async move {
                    tx.insert_repository(domain, &repository_name(name), &administrator, "", NOW)
                        .await
                })
            })
            .await
            .unwrap();
        }
    }
    let mut read = db.read().await;
    for prefix in ["", "a", "ab", "ab-", "ab-1", "ab-11", "zz", "zzz"] {
        for wanted in [None, Some(owner()), Some(theirs.clone())] {
            let fits = |(number, name): &(usize, &str)| {
                let administrator = if number % 2 == 0 {
                    owner()
                } else {
                    theirs.clone()
                };
                name.starts_with(prefix) && wanted.as_ref().is_none_or(|w| *w == administrator)
            };
            let mut expected: Vec<&str> = all
                .into_iter()
                .enumerate()
                .filter(fits)
                .map(|(_, name)| name)
                .collect();
            expected.sort_unstable();
            let administrator = wanted.as_ref().map_or("", |account| account.as_str());
            for limit in [1, 2, 9] {
                let page = async |after: String, limit| {
                    read.list_repositories_in_domain(domain, &after, prefix, administrator, limit)
                        .await
                };
                let found = walk(limit, String::new(), page, |row| row.name.clone()).await;
                assert_eq!(
                    found, expected,
                    "{prefix:?} of {wanted:?}, pages of {limit}"
                );
            }
            let Some(administrator) = wanted else {
                continue;
            };
            let page = async |after: (String, i64), limit| {
                let after = (after.0.as_str(), after.1);
                read.list_repositories_of_administrator(&administrator, after, prefix, limit)
                    .await
            };
            let found = walk(1, (String::new(), 0), page, |row| {
                (row.name.clone(), row.id)
            })
            .await;
            let found: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
            let twice: Vec<&str> = expected.iter().flat_map(|name| [*name, *name]).collect();
            assert_eq!(
                found, twice,
                "{prefix:?} of {administrator} in both domains"
            );
        }
    }
}

async fn a_description_is_replaced_in_one_repository_only(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (one, two) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    );
    db.write(move |tx| {
        Box::pin(async move { tx.update_repository_description(one, "it's \"new\"").await })
    })
    .await;
    let mut read = db.read().await;
    assert_eq!(
        read.find_repository_by_id(one)
            .await
            .unwrap()
            .unwrap()
            .description,
        "it's \"new\""
    );
    assert_eq!(
        read.find_repository_by_id(two)
            .await
            .unwrap()
            .unwrap()
            .description,
        ""
    );
}

async fn upstreams_keep_their_order_and_are_replaced_as_a_whole(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (a, b, c) = (
        db.repository(domain, "aa").await.id,
        db.repository(domain, "bb").await.id,
        db.repository(domain, "cc").await.id,
    );
    assert!(db.read().await.list_upstreams(a).await.unwrap().is_empty());
    set_upstreams(db, a, &[(c, "cc"), (b, "bb")]).await;
    set_upstreams(db, b, &[(c, "cc")]).await;
    assert_eq!(
        seen(&db.read().await.list_upstreams(a).await.unwrap()),
        [(c, "cc", true), (b, "bb", true)]
    );
    set_upstreams(db, a, &[(b, "bb"), (c, "cc")]).await;
    assert_eq!(
        seen(&db.read().await.list_upstreams(a).await.unwrap()),
        [(b, "bb", true), (c, "cc", true)]
    );
    set_upstreams(db, a, &[]).await;
    assert!(db.read().await.list_upstreams(a).await.unwrap().is_empty());
    assert_eq!(
        seen(&db.read().await.list_upstreams(b).await.unwrap()),
        [(c, "cc", true)]
    );
    let many: Vec<(i64, String)> = (0..12).map(|i| (i, format!("up-{i}"))).collect();
    let many: Vec<(i64, &str)> = many.iter().map(|(id, name)| (*id, name.as_str())).collect();
    set_upstreams(db, a, &many).await;
    let listed = db.read().await.list_upstreams(a).await.unwrap();
    let order: Vec<&str> = listed
        .iter()
        .map(|row| row.upstream_name.as_str())
        .collect();
    assert_eq!(
        order,
        many.iter().map(|(_, name)| *name).collect::<Vec<_>>(),
        "the tenth comes after the ninth"
    );
}

async fn a_deleted_upstream_dangles_and_a_namesake_is_not_picked_up(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (down, other) = (
        db.repository(domain, "down").await.id,
        db.repository(domain, "other").await.id,
    );
    let up = db.repository(domain, "upstream").await.id;
    set_upstreams(db, down, &[(up, "upstream"), (other, "other")]).await;
    delete(db, up).await;
    let dangling = [(up, "upstream", false), (other, "other", true)];
    assert_eq!(
        seen(&db.read().await.list_upstreams(down).await.unwrap()),
        dangling
    );
    // The newest row was deleted, so an engine that reuses ids would give its id to the next one.
    let again = db.repository(domain, "upstream").await.id;
    assert!(again > up, "{again} was {up} before");
    assert_eq!(
        seen(&db.read().await.list_upstreams(down).await.unwrap()),
        dangling
    );
    let reopened = db.open_again().await.unwrap();
    let seen_by_other = reopened
        .read()
        .await
        .unwrap()
        .list_upstreams(down)
        .await
        .unwrap();
    assert_eq!(seen(&seen_by_other), dangling);
    reopened.close().await;
    let third = db.repository(domain, "third").await.id;
    assert!(third > again);
}

async fn dangling_upstreams_are_dropped_and_live_ones_stay(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (down, second) = (
        db.repository(domain, "down").await.id,
        db.repository(domain, "second").await.id,
    );
    let (gone, kept) = (
        db.repository(domain, "gone").await.id,
        db.repository(domain, "kept").await.id,
    );
    let last = db.repository(domain, "last").await.id;
    set_upstreams(db, down, &[(gone, "gone"), (kept, "kept"), (last, "last")]).await;
    set_upstreams(db, second, &[(gone, "gone")]).await;
    delete(db, gone).await;
    db.write(move |tx| Box::pin(async move { tx.delete_dangling_upstreams(down).await }))
        .await;
    let mut read = db.read().await;
    assert_eq!(
        seen(&read.list_upstreams(down).await.unwrap()),
        [(kept, "kept", true), (last, "last", true)]
    );
    assert_eq!(
        seen(&read.list_upstreams(second).await.unwrap()),
        [(gone, "gone", false)]
    );
}

/// Fills a repository with a row in every table that hangs on it.
async fn fill(db: &TestDatabase, domain: i64, repository: i64, upstream: i64) {
    let of = package(ALPHA, "space", "thing");
    let id = db.package(repository, &of).await;
    let version = db.version(id, "1.0").await;
    set_upstreams(db, repository, &[(upstream, "kept")]).await;
    db.write(move |tx| {
        Box::pin(async move {
            let connection = model::ExternalConnectionName::parse("public:alpha").unwrap();
            tx.insert_external_connection(repository, &connection, "alpha", NOW)
                .await?;
            tx.upsert_package_tag(id, "latest", &version_name("1.0"))
                .await?;
            tx.insert_asset(domain, version, &new_asset("file", 10, 1))
                .await?;
            let document = store::SourceDocumentRow {
                sha256: digests(2).sha256.as_bytes().to_vec(),
                size_bytes: 3,
                etag: None,
                last_modified: None,
                fetched_at_ms: 1,
                checked_at_ms: 1,
            };
            tx.upsert_source_document(repository, &of, &document)
                .await?;
            tx.append_change(domain, &change("filled")).await.map(drop)
        })
    })
    .await;
}

async fn deleting_a_repository_takes_what_it_holds_and_nothing_else(db: &TestDatabase) {
    const HELD: &str = "SELECT (SELECT COUNT(*) FROM repository), (SELECT COUNT(*) FROM upstream),
        (SELECT COUNT(*) FROM external_connection), (SELECT COUNT(*) FROM package),
        (SELECT COUNT(*) FROM package_version), (SELECT COUNT(*) FROM package_tag),
        (SELECT COUNT(*) FROM asset), (SELECT COUNT(*) FROM source_document)";
    let domain = db.domain("acme").await.id;
    let kept = db.repository(domain, "kept").await.id;
    let gone = db.repository(domain, "gone").await.id;
    fill(db, domain, kept, kept).await;
    type Counts = (i64, i64, i64, i64, i64, i64, i64, i64);
    let before: Vec<Counts> = db.rows(HELD).await;
    assert_eq!(before, [(2, 1, 1, 1, 1, 1, 1, 1)]);
    fill(db, domain, gone, kept).await;
    let filled: Vec<Counts> = db.rows(HELD).await;
    assert_eq!(filled, [(2, 2, 2, 2, 2, 2, 2, 2)]);
    db.write(move |tx| {
        Box::pin(async move {
            for asset in tx.list_assets_of_repository(gone).await? {
                tx.drop_asset_reference(domain, &asset).await?;
            }
            tx.delete_repository(gone).await
        })
    })
    .await;
    let after: Vec<Counts> = db.rows(HELD).await;
    assert_eq!(after, [(1, 1, 1, 1, 1, 1, 1, 1)]);
    let mut read = db.read().await;
    assert!(read.find_repository_by_id(gone).await.unwrap().is_none());
    assert!(
        read.find_package(kept, &package(ALPHA, "space", "thing"))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        read.find_package(gone, &package(ALPHA, "space", "thing"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(read.is_blob_referenced(&digests(1).sha256).await.unwrap());
    assert_eq!(
        read.list_changes(domain, 0, 10).await.unwrap().len(),
        2,
        "history stays"
    );
}

async fn of_many_who_make_one_repository_at_once_one_succeeds(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let makes = (0..16).map(|_| {
        db.write(move |tx| {
            let name = repository_name("store");
            Box::pin(async move { tx.insert_repository(domain, &name, &owner(), "", NOW).await })
        })
    });
    let made = futures_util::future::join_all(makes).await;
    assert_eq!(made.iter().flatten().count(), 1);
    assert_eq!(db.number("SELECT COUNT(*) FROM repository").await, 1);
}
