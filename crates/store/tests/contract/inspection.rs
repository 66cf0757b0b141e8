//! What a check of the installation reads.

use model::{OriginType, Sha256Digest};
use store::{BlobReferenceRow, BrokenRow};

use crate::database::TestDatabase;
use crate::samples::{
    ALPHA, NOW, asset_name, change, digests, new_asset, package, repository_name, version_key,
};

on_both_engines![
    a_snapshot_sees_nothing_of_what_is_written_later,
    every_reference_to_bytes_is_listed_with_what_rows_say_of_them,
    versions_are_listed_with_their_place_and_the_number_of_their_assets,
    those_who_use_bytes_are_named,
    rows_that_agree_are_not_told_and_each_that_does_not_is,
    documents_of_bytes_are_forgotten_and_assets_keep_theirs,
];

const LAST: Sha256Digest = Sha256Digest::from_bytes([0xff; 32]);

/// A domain with a package of one version with one asset, the bytes of seed 1 and beside it those of seed 2; and a
/// document of a source and one beside an asset there, seeds 3 and 4. The ids of domain, repository and version.
async fn installation(db: &TestDatabase) -> (i64, i64, i64) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "one").await.id;
    let thing = package(ALPHA, "org", "thing");
    let package_id = db.package(repository, &thing).await;
    let version = db.version(package_id, "1.0").await;
    db.write(move |tx| {
        Box::pin(async move {
            tx.add_repository_count(domain, 1).await?;
            let mut asset = new_asset("thing.bin", 5, 1);
            asset.companion = Some(companion(2));
            tx.insert_asset(domain, version, &asset).await?;
            let document = store::SourceDocumentRow {
                sha256: digests(3).sha256.as_bytes().to_vec(),
                size_bytes: 30,
                etag: None,
                last_modified: None,
                fetched_at_ms: 0,
                checked_at_ms: 0,
            };
            tx.upsert_source_document(repository, &thing, &document)
                .await?;
            let place = (&version_key("2.0"), &asset_name("later.bin"));
            tx.upsert_source_companion(repository, &thing, place, companion(4), NOW)
                .await?;
            tx.append_change(domain, &change("{}")).await.map(drop)
        })
    })
    .await;
    (domain, repository, version)
}

fn companion(seed: u8) -> store::AssetCompanion {
    store::AssetCompanion {
        sha256: digests(seed).sha256,
        size_bytes: u64::from(seed) * 10,
    }
}

async fn a_snapshot_sees_nothing_of_what_is_written_later(db: &TestDatabase) {
    let (domain, ..) = installation(db).await;
    let mut snapshot = db.store.snapshot().await.unwrap();
    assert_eq!(snapshot.list_changes(domain, 0, 10).await.unwrap().len(), 1);
    db.write(move |tx| {
        Box::pin(async move { tx.append_change(domain, &change("{}")).await.map(drop) })
    })
    .await;
    assert_eq!(snapshot.list_changes(domain, 0, 10).await.unwrap().len(), 1);
    drop(snapshot);
    // Whoever reads next is not inside it.
    let mut reader = db.read().await;
    assert_eq!(reader.list_changes(domain, 0, 10).await.unwrap().len(), 2);
}

async fn every_reference_to_bytes_is_listed_with_what_rows_say_of_them(db: &TestDatabase) {
    installation(db).await;
    let row = |seed: u8, size_bytes, is_asset: bool| BlobReferenceRow {
        sha256: digests(seed).sha256.as_bytes().to_vec(),
        size_bytes,
        md5: is_asset.then(|| digests(seed).md5.as_bytes().to_vec()),
        sha1: is_asset.then(|| digests(seed).sha1.as_bytes().to_vec()),
        sha512: is_asset.then(|| digests(seed).sha512.as_bytes().to_vec()),
    };
    let mut expected = vec![
        row(1, 5, true),
        row(2, 20, false),
        row(3, 30, false),
        row(4, 40, false),
    ];
    expected.sort_by(|a, b| a.sha256.cmp(&b.sha256));
    let mut reader = db.read().await;
    let listed = reader.list_blob_references(&[], &LAST).await.unwrap();
    assert_eq!(listed, expected);
    let second = Sha256Digest::from_slice(&expected[1].sha256).unwrap();
    let part = reader
        .list_blob_references(&expected[0].sha256, &second)
        .await;
    assert_eq!(part.unwrap(), expected[1..2]);
}

async fn versions_are_listed_with_their_place_and_the_number_of_their_assets(db: &TestDatabase) {
    let (domain, _, version) = installation(db).await;
    let mut reader = db.read().await;
    let rows = reader.list_version_places(0, 10).await.unwrap();
    let [row] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(
        (row.id, row.domain_id, row.asset_count),
        (version, domain, 1)
    );
    let names = [&row.repository, &row.namespace, &row.package, &row.version];
    assert_eq!(names, ["one", "org", "thing", "1.0"]);
    assert!(
        reader
            .list_version_places(version, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let names = reader.list_repository_names(domain).await.unwrap();
    assert_eq!(names, [repository_name("one").as_str()]);
}

async fn those_who_use_bytes_are_named(db: &TestDatabase) {
    installation(db).await;
    let mut reader = db.read().await;
    for seed in [1, 2] {
        let places = reader
            .list_asset_places(&digests(seed).sha256)
            .await
            .unwrap();
        let [place] = places.as_slice() else {
            panic!("{places:?}")
        };
        assert_eq!(
            (place.domain.as_str(), place.asset.as_str()),
            ("acme", "thing.bin")
        );
        assert_eq!(place.origin_type, OriginType::Internal.as_str());
        assert_eq!(place.sha256, digests(1).sha256.as_bytes());
    }
    for (seed, asset) in [(3, None), (4, Some("later.bin"))] {
        let users = reader.list_blob_users(&digests(seed).sha256).await.unwrap();
        let [user] = users.as_slice() else {
            panic!("{users:?}")
        };
        assert_eq!(
            (user.name.as_str(), user.asset.as_deref()),
            ("thing", asset)
        );
    }
    assert!(
        reader
            .list_blob_users(&digests(1).sha256)
            .await
            .unwrap()
            .is_empty()
    );
}

async fn rows_that_agree_are_not_told_and_each_that_does_not_is(db: &TestDatabase) {
    installation(db).await;
    let broken = async || {
        let mut reader = db.read().await;
        let mut broken = reader.list_broken_rows().await.unwrap();
        let counts = reader
            .list_broken_reference_counts(&[], &LAST)
            .await
            .unwrap();
        broken.extend(counts.into_iter().map(|row| ("references", row)));
        broken
    };
    assert_eq!(broken().await, []);
    let owner = crate::samples::owner();
    let found = |noted, counted| BrokenRow {
        subject: format!("{}/acme", owner.as_str()),
        noted,
        counted,
    };
    db.execute("UPDATE domain SET repository_count = 3").await;
    assert_eq!(
        broken().await,
        [("the number of a domain's repositories", found(3, 1))]
    );
    db.execute("UPDATE domain SET repository_count = 1, asset_size_bytes = 7")
        .await;
    assert_eq!(
        broken().await,
        [("the bytes that a domain holds", found(7, 5))]
    );
    db.execute("UPDATE domain SET asset_size_bytes = 5").await;
    db.execute("UPDATE domain_blob SET reference_count = 2")
        .await;
    assert_eq!(broken().await, [("references", found(2, 1))]);
    db.execute("DELETE FROM domain_blob").await;
    db.execute("UPDATE domain SET asset_size_bytes = 0").await;
    assert_eq!(broken().await, [("references", found(0, 1))]);
    db.execute("UPDATE domain_package SET repository_count = 2")
        .await;
    assert_eq!(broken().await.len(), 2);
    db.execute("DELETE FROM domain_package").await;
    assert_eq!(broken().await.len(), 2);
    db.execute("INSERT INTO event_cursor (destination, log_id, sequence) VALUES ('hook', 1, 99)")
        .await;
    assert_eq!(broken().await.len(), 3);
    db.execute("INSERT INTO package_tag (package_id, tag, version) SELECT id, 'latest', '9.9' FROM package")
        .await;
    assert_eq!(broken().await.len(), 4);
    db.execute("DELETE FROM log").await;
    assert!(broken().await.len() >= 5);
}

async fn documents_of_bytes_are_forgotten_and_assets_keep_theirs(db: &TestDatabase) {
    installation(db).await;
    for seed in [1, 2, 3, 4] {
        db.write(move |tx| {
            Box::pin(async move {
                tx.delete_documents_of_blob(&digests(seed).sha256).await?;
                tx.forget_companions_of_blob(&digests(seed).sha256).await
            })
        })
        .await;
    }
    let left = db
        .read()
        .await
        .list_blob_references(&[], &LAST)
        .await
        .unwrap();
    let left: Vec<_> = left.into_iter().map(|row| row.sha256).collect();
    assert_eq!(left, [digests(1).sha256.as_bytes().to_vec()]);
}
