//! Assets, and the count of the bytes that a domain holds.

use model::PageLimit;
use store::{AssetCompanion, AssetRow, NewAsset, StoreError};

use crate::database::TestDatabase;
use crate::samples::{
    ALPHA, asset_name, digests, domain_name, new_asset, owner, package, texts_in_byte_order,
    version_key, walk,
};

on_both_engines![
    an_asset_is_found_as_it_was_added,
    an_asset_is_not_added_twice,
    assets_are_walked_in_the_byte_order_of_their_names,
    all_assets_of_a_version_come_at_once_however_many,
    the_assets_of_one_version_go_with_their_counts,
    the_assets_of_a_package_come_by_version_and_name,
    the_assets_of_a_repository_are_all_of_it,
    the_same_bytes_in_two_repositories_count_once,
    bytes_count_until_their_last_asset_goes,
    each_domain_counts_for_itself,
    an_asset_that_was_not_counted_is_not_taken_back,
    many_who_add_and_drop_the_same_bytes_at_once_leave_a_right_count,
    bytes_are_referenced_by_assets_and_by_source_documents,
    a_companion_comes_and_goes_with_its_asset_and_counts_for_no_domain,
    a_digest_of_a_wrong_length_is_an_error,
];

/// A domain with versions of packages to hang assets on.
struct Shelf {
    domain: i64,
    repositories: [i64; 2],
    packages: [i64; 2],
    /// Two versions of the package in the first repository, then one of that in the second.
    versions: [i64; 3],
}

async fn shelf(db: &TestDatabase, name: &str) -> Shelf {
    let domain = db.domain(name).await.id;
    let repositories = [
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    ];
    let of = package(ALPHA, "", "thing");
    let packages = [
        db.package(repositories[0], &of).await,
        db.package(repositories[1], &of).await,
    ];
    let versions = [
        db.version(packages[0], "1.0").await,
        db.version(packages[0], "2.0").await,
        db.version(packages[1], "1.0").await,
    ];
    Shelf {
        domain,
        repositories,
        packages,
        versions,
    }
}

async fn add(db: &TestDatabase, domain: i64, version: i64, name: &str, seed: u8, size_bytes: u64) {
    let new = new_asset(name, size_bytes, seed);
    db.write(move |tx| Box::pin(async move { tx.insert_asset(domain, version, &new).await }))
        .await;
}

/// Deletes a version as the rules do: first the counts, then the rows.
async fn delete_version(db: &TestDatabase, domain: i64, version: i64) {
    db.write(move |tx| {
        Box::pin(async move {
            for asset in tx.list_assets(version, "", PageLimit::MAX).await? {
                tx.drop_asset_reference(domain, &asset).await?;
            }
            tx.delete_version(version).await
        })
    })
    .await;
}

async fn size_bytes(db: &TestDatabase, domain: &str) -> i64 {
    db.read()
        .await
        .find_domain(&owner(), &domain_name(domain))
        .await
        .unwrap()
        .unwrap()
        .asset_size_bytes
}

async fn blobs(db: &TestDatabase) -> Vec<(i64, i64, i64)> {
    db.rows(
        "SELECT domain_id, size_bytes, reference_count FROM domain_blob ORDER BY domain_id, sha256",
    )
    .await
}

fn names(rows: &[AssetRow]) -> Vec<(i64, &str)> {
    rows.iter()
        .map(|row| (row.version_id, row.name.as_str()))
        .collect()
}

async fn an_asset_is_found_as_it_was_added(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let large = u64::from(u32::MAX) * 8;
    add(
        db,
        shelf.domain,
        shelf.versions[0],
        "Setup x64/é.exe",
        1,
        large,
    )
    .await;
    let mut read = db.read().await;
    let found = read
        .find_asset(shelf.versions[0], &asset_name("Setup x64/é.exe"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.version_id, found.name.as_str()),
        (shelf.versions[0], "Setup x64/é.exe")
    );
    assert_eq!(
        (found.size(), found.size_bytes),
        (large, i64::try_from(large).unwrap())
    );
    assert_eq!(found.digests().unwrap(), digests(1));
    assert!(
        read.find_asset(shelf.versions[0], &asset_name("setup x64/é.exe"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_asset(shelf.versions[1], &asset_name("Setup x64/é.exe"))
            .await
            .unwrap()
            .is_none()
    );
}

async fn an_asset_is_not_added_twice(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let (domain, version) = (shelf.domain, shelf.versions[0]);
    add(db, domain, version, "file", 1, 10).await;
    let again = db.try_write(move |tx| {
        Box::pin(async move {
            tx.insert_asset(domain, version, &new_asset("file", 20, 2))
                .await
        })
    });
    assert!(matches!(again.await, Err(StoreError::Backend(_))));
    let found = db
        .read()
        .await
        .find_asset(version, &asset_name("file"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (found.size_bytes, found.digests().unwrap()),
        (10, digests(1))
    );
    assert_eq!(blobs(db).await, [(domain, 10, 1)]);
    assert_eq!(size_bytes(db, "acme").await, 10);
}

async fn assets_are_walked_in_the_byte_order_of_their_names(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let mut expected = texts_in_byte_order();
    expected.extend(["a b", "a/b", "x/y z", "#"]);
    for (seed, name) in (0..).zip(expected.iter().rev()) {
        add(db, shelf.domain, shelf.versions[0], name, seed, 1).await;
    }
    add(
        db,
        shelf.domain,
        shelf.versions[1],
        "of another version",
        1,
        1,
    )
    .await;
    expected.sort_unstable();
    let mut read = db.read().await;
    for limit in [1, 4, 1000] {
        let page =
            async |after: String, limit| read.list_assets(shelf.versions[0], &after, limit).await;
        assert_eq!(
            walk(limit, String::new(), page, |row| row.name.clone()).await,
            expected,
            "pages of {limit}"
        );
    }
}

async fn all_assets_of_a_version_come_at_once_however_many(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let (domain, version) = (shelf.domain, shelf.versions[0]);
    // One more than the longest page.
    db.write(move |tx| {
        Box::pin(async move {
            for index in 0..=PageLimit::MAX.rows() {
                tx.insert_asset(domain, version, &new_asset(&format!("{index:04}"), 1, 1))
                    .await?;
            }
            Ok(())
        })
    })
    .await;
    add(db, domain, shelf.versions[1], "other", 2, 10).await;
    let mut read = db.read().await;
    let rows = read.list_assets_of_version(version).await.unwrap();
    assert_eq!(rows.len(), PageLimit::MAX.rows() + 1);
    assert!(rows.is_sorted_by(|a, b| a.name.as_bytes() < b.name.as_bytes()));
    assert!(rows.iter().all(|row| row.version_id == version));
    assert_eq!(rows[0].digests().unwrap(), digests(1));
    assert!(
        read.list_assets_of_version(shelf.versions[2])
            .await
            .unwrap()
            .is_empty()
    );
}

async fn the_assets_of_one_version_go_with_their_counts(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let (domain, version) = (shelf.domain, shelf.versions[0]);
    add(db, domain, version, "a", 1, 10).await;
    add(db, domain, version, "b", 2, 20).await;
    add(db, domain, version, "again", 2, 20).await;
    add(db, domain, shelf.versions[1], "b", 2, 20).await;
    add(db, domain, shelf.versions[2], "c", 3, 40).await;
    let delete = || {
        db.write(move |tx| {
            Box::pin(async move { tx.delete_assets_of_version(domain, version).await })
        })
    };
    let mut deleted = delete().await;
    deleted.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(
        names(&deleted),
        [(version, "a"), (version, "again"), (version, "b")]
    );
    assert_eq!(deleted[0].digests().unwrap(), digests(1));
    assert_eq!(blobs(db).await, [(domain, 20, 1), (domain, 40, 1)]);
    assert_eq!(size_bytes(db, "acme").await, 60);
    assert!(delete().await.is_empty(), "there is nothing left to delete");
    assert_eq!(size_bytes(db, "acme").await, 60);
    let mut read = db.read().await;
    assert_eq!(
        names(
            &read
                .list_assets_of_package(shelf.packages[0])
                .await
                .unwrap()
        ),
        [(shelf.versions[1], "b")]
    );
    assert!(
        read.find_version(shelf.packages[0], &version_key("1.0"))
            .await
            .unwrap()
            .is_some(),
        "the version stays"
    );
}

async fn the_assets_of_a_package_come_by_version_and_name(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let [first, second, elsewhere] = shelf.versions;
    for (seed, (version, name)) in
        (0..).zip([(second, "a"), (first, "b"), (elsewhere, "c"), (first, "B")])
    {
        add(db, shelf.domain, version, name, seed, 1).await;
    }
    let mut read = db.read().await;
    let rows = read
        .list_assets_of_package(shelf.packages[0])
        .await
        .unwrap();
    assert_eq!(names(&rows), [(first, "B"), (first, "b"), (second, "a")]);
    assert_eq!(rows[0].digests().unwrap(), digests(3));
    assert_eq!(
        names(
            &read
                .list_assets_of_package(shelf.packages[1])
                .await
                .unwrap()
        ),
        [(elsewhere, "c")]
    );
    assert!(read.list_assets_of_package(4711).await.unwrap().is_empty());
}

async fn the_assets_of_a_repository_are_all_of_it(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let [first, second, elsewhere] = shelf.versions;
    let another = db
        .package(shelf.repositories[0], &package(ALPHA, "n", "another"))
        .await;
    let third = db.version(another, "1.0").await;
    for (version, name) in [(second, "a"), (first, "b"), (elsewhere, "c"), (third, "d")] {
        add(db, shelf.domain, version, name, 7, 1).await;
    }
    let mut read = db.read().await;
    let mut rows = read
        .list_assets_of_repository(shelf.repositories[0])
        .await
        .unwrap();
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    assert_eq!(names(&rows), [(second, "a"), (first, "b"), (third, "d")]);
    assert!(
        rows.iter()
            .all(|row| row.digests().unwrap() == digests(7) && row.size() == 1)
    );
    assert_eq!(
        names(
            &read
                .list_assets_of_repository(shelf.repositories[1])
                .await
                .unwrap()
        ),
        [(elsewhere, "c")]
    );
}

async fn the_same_bytes_in_two_repositories_count_once(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    add(db, shelf.domain, shelf.versions[0], "file", 1, 100).await;
    add(db, shelf.domain, shelf.versions[2], "file", 1, 100).await;
    assert_eq!(
        (size_bytes(db, "acme").await, blobs(db).await),
        (100, vec![(shelf.domain, 100, 2)])
    );
    add(
        db,
        shelf.domain,
        shelf.versions[2],
        "copy under another name",
        1,
        100,
    )
    .await;
    add(db, shelf.domain, shelf.versions[2], "other bytes", 2, 11).await;
    assert_eq!(size_bytes(db, "acme").await, 111);
    assert_eq!(
        blobs(db).await,
        [(shelf.domain, 100, 3), (shelf.domain, 11, 1)]
    );
}

async fn bytes_count_until_their_last_asset_goes(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let [first, second, elsewhere] = shelf.versions;
    add(db, shelf.domain, first, "file", 1, 100).await;
    add(db, shelf.domain, elsewhere, "file", 1, 100).await;
    add(db, shelf.domain, second, "other", 2, 7).await;
    delete_version(db, shelf.domain, first).await;
    assert_eq!(size_bytes(db, "acme").await, 107);
    assert_eq!(
        blobs(db).await,
        [(shelf.domain, 100, 1), (shelf.domain, 7, 1)]
    );
    delete_version(db, shelf.domain, elsewhere).await;
    assert_eq!(
        (size_bytes(db, "acme").await, blobs(db).await),
        (7, vec![(shelf.domain, 7, 1)])
    );
    assert!(
        !db.read()
            .await
            .is_blob_referenced(&digests(1).sha256)
            .await
            .unwrap()
    );
    delete_version(db, shelf.domain, second).await;
    assert_eq!((size_bytes(db, "acme").await, blobs(db).await), (0, vec![]));
    // The same bytes once more count from the start.
    let again = db.version(shelf.packages[0], "3.0").await;
    add(db, shelf.domain, again, "file", 1, 100).await;
    assert_eq!(
        (size_bytes(db, "acme").await, blobs(db).await),
        (100, vec![(shelf.domain, 100, 1)])
    );
}

async fn each_domain_counts_for_itself(db: &TestDatabase) {
    let (ours, theirs) = (shelf(db, "acme").await, shelf(db, "other").await);
    add(db, ours.domain, ours.versions[0], "file", 1, 100).await;
    add(db, theirs.domain, theirs.versions[0], "file", 1, 100).await;
    assert_eq!(
        (size_bytes(db, "acme").await, size_bytes(db, "other").await),
        (100, 100)
    );
    delete_version(db, ours.domain, ours.versions[0]).await;
    assert_eq!(
        (size_bytes(db, "acme").await, size_bytes(db, "other").await),
        (0, 100)
    );
    assert_eq!(blobs(db).await, [(theirs.domain, 100, 1)]);
    assert!(
        db.read()
            .await
            .is_blob_referenced(&digests(1).sha256)
            .await
            .unwrap()
    );
}

async fn an_asset_that_was_not_counted_is_not_taken_back(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let domain = shelf.domain;
    add(db, domain, shelf.versions[0], "file", 1, 100).await;
    let mut row = db
        .read()
        .await
        .find_asset(shelf.versions[0], &asset_name("file"))
        .await
        .unwrap()
        .unwrap();
    row.sha256 = digests(9).sha256.as_bytes().to_vec();
    db.write(move |tx| Box::pin(async move { tx.drop_asset_reference(domain, &row).await }))
        .await;
    assert_eq!(
        (size_bytes(db, "acme").await, blobs(db).await),
        (100, vec![(domain, 100, 1)])
    );
}

async fn many_who_add_and_drop_the_same_bytes_at_once_leave_a_right_count(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let domain = shelf.domain;
    let version = shelf.versions[0];
    // Half of the units name the blobs in the opposite order: without the lock, engines with row locks would
    // refuse some of them as deadlocks.
    let units = (0..32_u8).map(|unit| {
        db.write(move |tx| {
            Box::pin(async move {
                assert!(tx.lock_domain(domain).await?);
                let mut seeds = [1_u8, 2, 3];
                if unit % 2 == 0 {
                    seeds.reverse();
                }
                for seed in seeds {
                    let new = new_asset(&format!("{unit}-{seed}"), u64::from(seed) * 10, seed);
                    tx.insert_asset(domain, version, &new).await?;
                }
                if unit % 4 == 0 {
                    let row = tx
                        .find_asset(version, &asset_name(&format!("{unit}-1")))
                        .await?
                        .unwrap();
                    tx.drop_asset_reference(domain, &row).await?;
                }
                Ok(())
            })
        })
    });
    futures_util::future::join_all(units).await;
    assert_eq!(
        blobs(db).await,
        [(domain, 10, 24), (domain, 20, 32), (domain, 30, 32)]
    );
    assert_eq!(size_bytes(db, "acme").await, 60);
}

async fn bytes_are_referenced_by_assets_and_by_source_documents(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let repository = shelf.repositories[0];
    add(db, shelf.domain, shelf.versions[0], "file", 1, 100).await;
    db.write(move |tx| {
        Box::pin(async move {
            let document = store::SourceDocumentRow {
                sha256: digests(2).sha256.as_bytes().to_vec(),
                size_bytes: 5,
                etag: None,
                last_modified: None,
                fetched_at_ms: 1,
                checked_at_ms: 1,
            };
            tx.upsert_source_document(repository, &package(ALPHA, "", "thing"), &document)
                .await
        })
    })
    .await;
    let mut read = db.read().await;
    for (seed, referenced) in [(1, true), (2, true), (3, false)] {
        assert_eq!(
            read.is_blob_referenced(&digests(seed).sha256)
                .await
                .unwrap(),
            referenced,
            "{seed}"
        );
    }
}

async fn a_digest_of_a_wrong_length_is_an_error(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    add(db, shelf.domain, shelf.versions[0], "file", 1, 100).await;
    let whole = db
        .read()
        .await
        .find_asset(shelf.versions[0], &asset_name("file"))
        .await
        .unwrap()
        .unwrap();
    let cuts: [fn(&mut AssetRow); 4] = [
        |row| row.md5.truncate(15),
        |row| row.sha1.clear(),
        |row| row.sha256.push(0),
        |row| row.sha512.truncate(32),
    ];
    for cut in cuts {
        let mut row = whole.clone();
        cut(&mut row);
        assert!(matches!(row.digests(), Err(StoreError::Corrupt(text)) if text.contains("file")));
    }
}

async fn a_companion_comes_and_goes_with_its_asset_and_counts_for_no_domain(db: &TestDatabase) {
    let shelf = shelf(db, "acme").await;
    let (domain, version) = (shelf.domain, shelf.versions[0]);
    let companion = AssetCompanion {
        sha256: digests(7).sha256,
        size_bytes: 4_000_000_000,
    };
    let with = NewAsset {
        companion: Some(companion),
        ..new_asset("with", 10, 1)
    };
    db.write(move |tx| Box::pin(async move { tx.insert_asset(domain, version, &with).await }))
        .await;
    add(db, domain, version, "without", 2, 20).await;
    let mut read = db.read().await;
    let found = read
        .find_asset(version, &asset_name("with"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.companion().unwrap(), Some(companion));
    let again = found.to_new().unwrap();
    assert_eq!(
        (
            again.name.as_str(),
            again.size_bytes,
            again.digests,
            again.companion
        ),
        ("with", 10, digests(1), Some(companion))
    );
    let of_version = read.list_assets_of_version(version).await.unwrap();
    let page = read.list_assets(version, "", PageLimit::MAX).await.unwrap();
    let of_package = read
        .list_assets_of_package(shelf.packages[0])
        .await
        .unwrap();
    let repository = shelf.repositories[0];
    let of_repository = read.list_assets_of_repository(repository).await.unwrap();
    for mut rows in [of_version, page, of_package, of_repository] {
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        let companions: Vec<_> = rows.iter().map(|row| row.companion().unwrap()).collect();
        assert_eq!(companions, [Some(companion), None]);
    }
    let is_kept = async || {
        let mut read = db.read().await;
        read.is_blob_referenced(&companion.sha256).await.unwrap()
    };
    assert!(is_kept().await);
    assert_eq!(
        blobs(db).await,
        [(domain, 10, 1), (domain, 20, 1)],
        "only assets are counted"
    );
    let deleted = db
        .write(move |tx| {
            Box::pin(async move { tx.delete_assets_of_version(domain, version).await })
        })
        .await;
    assert!(
        deleted
            .iter()
            .any(|row| row.companion().unwrap() == Some(companion))
    );
    assert!(!is_kept().await);
    let mut cut = found.clone();
    cut.companion_sha256 = Some(vec![7; 31]);
    assert!(matches!(cut.companion(), Err(StoreError::Corrupt(_))));
    cut = found;
    cut.companion_size_bytes = None;
    assert!(matches!(cut.companion(), Err(StoreError::Corrupt(_))));
}
