//! Companions of assets that are not held yet.

use store::AssetCompanion;

use crate::database::TestDatabase;
use crate::samples::{ALPHA, NOW, asset_name, digests, package, version_key};

on_both_engines![
    a_companion_is_found_by_everything_that_names_its_asset,
    a_companion_fetched_again_replaces_the_older_one,
    a_forgotten_companion_is_gone_and_its_bytes_with_it,
    companions_go_with_their_repository,
    a_row_that_says_nothing_possible_is_an_error,
];

/// Where the samples are: package, version and asset.
const PLACE: (&str, &str, &str) = ("thing", "1.0", "thing.whl");

async fn repositories(db: &TestDatabase) -> [i64; 2] {
    let domain = db.domain("acme").await.id;
    [
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    ]
}

async fn keep(
    db: &TestDatabase,
    repository: i64,
    (name, version, asset): (&'static str, &'static str, &'static str),
    seed: u8,
) {
    db.write(move |tx| {
        Box::pin(async move {
            let (package, asset) = (package(ALPHA, "", name), asset_name(asset));
            let place = (&version_key(version), &asset);
            tx.upsert_source_companion(repository, &package, place, companion(seed), NOW)
                .await
        })
    })
    .await;
}

async fn find(
    db: &TestDatabase,
    repository: i64,
    (name, version, asset): (&str, &str, &str),
) -> Option<AssetCompanion> {
    let (package, key) = (package(ALPHA, "", name), version_key(version));
    db.read()
        .await
        .find_source_companion(repository, &package, &key, &asset_name(asset))
        .await
        .unwrap()
}

fn companion(seed: u8) -> AssetCompanion {
    AssetCompanion {
        sha256: digests(seed).sha256,
        size_bytes: 10 + u64::from(seed),
    }
}

fn sample(seed: u8) -> Option<AssetCompanion> {
    Some(companion(seed))
}

async fn a_companion_is_found_by_everything_that_names_its_asset(db: &TestDatabase) {
    let [one, two] = repositories(db).await;
    keep(db, one, PLACE, 1).await;
    keep(db, one, ("thing", "1.1", "thing.whl"), 2).await;
    keep(db, one, ("thing", "1.0", "thing.tar.gz"), 3).await;
    keep(db, one, ("other", "1.0", "thing.whl"), 4).await;
    keep(db, two, PLACE, 5).await;
    assert_eq!(find(db, one, PLACE).await, sample(1));
    assert_eq!(
        find(db, one, ("thing", "1.1", "thing.whl")).await,
        sample(2)
    );
    assert_eq!(
        find(db, one, ("thing", "1.0", "thing.tar.gz")).await,
        sample(3)
    );
    assert_eq!(
        find(db, one, ("other", "1.0", "thing.whl")).await,
        sample(4)
    );
    assert_eq!(find(db, two, PLACE).await, sample(5));
    assert_eq!(find(db, two, ("thing", "1.1", "thing.whl")).await, None);
    assert_eq!(find(db, one, ("thing", "1.0", "THING.whl")).await, None);
}

async fn a_companion_fetched_again_replaces_the_older_one(db: &TestDatabase) {
    let [one, _] = repositories(db).await;
    keep(db, one, PLACE, 1).await;
    keep(db, one, PLACE, 2).await;
    assert_eq!(find(db, one, PLACE).await, sample(2));
    assert_eq!(db.number("SELECT COUNT(*) FROM source_companion").await, 1);
    let mut read = db.read().await;
    for (seed, referenced) in [(1, false), (2, true)] {
        let digest = digests(seed).sha256;
        assert_eq!(read.is_blob_referenced(&digest).await.unwrap(), referenced);
    }
}

async fn a_forgotten_companion_is_gone_and_its_bytes_with_it(db: &TestDatabase) {
    let [one, two] = repositories(db).await;
    keep(db, one, PLACE, 1).await;
    keep(db, two, PLACE, 2).await;
    db.write(move |tx| {
        Box::pin(async move {
            let (package, asset) = (package(ALPHA, "", PLACE.0), asset_name(PLACE.2));
            tx.delete_source_companion(one, &package, &version_key("9"), &asset)
                .await?;
            tx.delete_source_companion(one, &package, &version_key(PLACE.1), &asset)
                .await
        })
    })
    .await;
    assert_eq!(find(db, one, PLACE).await, None);
    assert_eq!(find(db, two, PLACE).await, sample(2));
    let mut read = db.read().await;
    assert!(!read.is_blob_referenced(&digests(1).sha256).await.unwrap());
}

async fn companions_go_with_their_repository(db: &TestDatabase) {
    let [one, two] = repositories(db).await;
    keep(db, one, PLACE, 1).await;
    keep(db, two, PLACE, 2).await;
    db.write(move |tx| Box::pin(async move { tx.delete_repository(one).await }))
        .await;
    assert_eq!(find(db, one, PLACE).await, None);
    assert_eq!(find(db, two, PLACE).await, sample(2));
}

async fn a_row_that_says_nothing_possible_is_an_error(db: &TestDatabase) {
    let [one, _] = repositories(db).await;
    keep(db, one, PLACE, 1).await;
    db.execute("UPDATE source_companion SET size_bytes = -1")
        .await;
    let (package, key) = (package(ALPHA, "", PLACE.0), version_key(PLACE.1));
    let (mut read, asset) = (db.read().await, asset_name(PLACE.2));
    let found = read
        .find_source_companion(one, &package, &key, &asset)
        .await;
    assert!(found.is_err(), "{found:?}");
}
