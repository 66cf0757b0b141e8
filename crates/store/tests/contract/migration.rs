//! Databases that an older release left behind, opened by this one.

use crate::database::TestDatabase;
use crate::samples::{digests, new_version, version_key};
use store::NewVersion;

on_both_engines![
    i12_versions_and_assets_of_before_there_were_keys_and_companions_are_found,
    i12_a_process_of_the_release_before_goes_on_adding_versions_beside_this_one,
];

/// The last migration before versions had keys.
const BEFORE_KEYS: i64 = 8;

const ROWS: &str = "
INSERT INTO domain (owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes)
VALUES ('111122223333', 'acme', 'key', 1, 1, 10);
INSERT INTO repository (domain_id, name, administrator, description, created_at_ms)
VALUES (1, 'store', '111122223333', '', 1);
INSERT INTO package (repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms)
VALUES (1, 'alpha', '', 'thing', TRUE, TRUE, 1), (1, 'alpha', '', 'other', TRUE, TRUE, 1);
INSERT INTO package_version (package_id, version, status, revision, origin_type, origin_name, published_at_ms, metadata)
VALUES (1, '1.0', 'Published', 'r1', 'INTERNAL', 'store', 5, '{}'),
       (1, '1.0+Build', 'Archived', 'r2', 'INTERNAL', 'store', 6, '{}'),
       (2, '1.0', 'Published', 'r3', 'INTERNAL', 'store', 7, '{}');
INSERT INTO asset (version_id, name, size_bytes, md5, sha1, sha256, sha512)
VALUES (1, 'file', 10, X'01010101010101010101010101010101', X'0101010101010101010101010101010101010101',
  X'0101010101010101010101010101010101010101010101010101010101010101',
  X'01010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101010101');
INSERT INTO domain_blob (domain_id, sha256, size_bytes, reference_count)
VALUES (1, X'0101010101010101010101010101010101010101010101010101010101010101', 10, 1);
";

/// A version added by the statement of the release before.
const ADD_AS_BEFORE: &str =
    "INSERT INTO package_version (package_id, version, status, revision, origin_type,
    origin_name, published_at_ms, source_published_at_ms, metadata, readme)
    VALUES (1, '2.0', 'Published', 'r', 'INTERNAL', 'store', 8, NULL, '{}', NULL)
    ON CONFLICT (package_id, version) DO NOTHING";

async fn i12_versions_and_assets_of_before_there_were_keys_and_companions_are_found(
    db: &TestDatabase,
) {
    let db = db.upgraded(BEFORE_KEYS, ROWS).await;
    let mut read = db.read().await;
    for (package, version, revision) in [(1, "1.0", "r1"), (1, "1.0+Build", "r2"), (2, "1.0", "r3")]
    {
        let found = read.find_version(package, &version_key(version)).await;
        let found = found.unwrap().unwrap();
        assert_eq!((&*found.version, &*found.revision), (version, revision));
    }
    let assets = read.list_assets_of_version(1).await.unwrap();
    assert_eq!(assets.len(), 1);
    assert_eq!(assets[0].digests().unwrap(), digests(1));
    assert_eq!(assets[0].companion().unwrap(), None);
    for (seed, is_kept) in [(1, true), (2, false)] {
        let sha256 = digests(seed).sha256;
        assert_eq!(read.is_blob_referenced(&sha256).await.unwrap(), is_kept);
    }
    drop(read);
    let another_spelling = NewVersion {
        key: version_key("1.0"),
        ..new_version(1, "1.0.0")
    };
    let added = db
        .write(move |tx| Box::pin(async move { tx.insert_version(&another_spelling).await }))
        .await;
    assert_eq!(added, None, "the version of before stands");
    db.version(1, "3.0").await;
    db.open_again().await.unwrap().close().await;
    db.remove().await;
}

async fn i12_a_process_of_the_release_before_goes_on_adding_versions_beside_this_one(
    db: &TestDatabase,
) {
    let db = db.upgraded(BEFORE_KEYS, ROWS).await;
    let with_a_key = NewVersion {
        key: version_key("4"),
        ..new_version(1, "4.0")
    };
    db.write(move |tx| Box::pin(async move { tx.insert_version(&with_a_key).await }))
        .await
        .unwrap();
    // Twice: what is there already does not stop it, as before.
    for _ in 0..2 {
        db.execute(ADD_AS_BEFORE).await;
    }
    let found = db.read().await.find_version(1, &version_key("2.0")).await;
    assert_eq!(found.unwrap().unwrap().version, "2.0");
    let again = new_version(1, "2.0");
    let added = db
        .write(move |tx| Box::pin(async move { tx.insert_version(&again).await }))
        .await;
    assert_eq!(added, None);
    db.remove().await;
}
