//! The image of the whole database: that it carries every table, from either engine to either.

use std::collections::BTreeSet;

use store::image::{CHANGE, ColumnKind, ImageRow, ImageTable, LEFT_OUT, TABLES};
use store::{Store, StoreResult};

use crate::database::TestDatabase;
use crate::samples::{change, domain_name, owner};

on_both_engines![
    i10_an_image_loads_on_either_engine_and_is_the_same_there,
    i10_a_snapshot_does_not_move_while_others_write,
    i10_a_load_that_ends_early_leaves_nothing,
    i12_numbers_that_were_given_once_are_not_given_again_after_a_load,
    pages_of_a_table_are_read_behind_a_key,
    rows_are_read_by_another_key_and_by_what_they_refer_to,
    other_connections_are_counted_where_there_can_be_some,
];

/// Rows in every table that is carried, with and without what may be empty; the numbers have gaps.
const ROWS: &str = "
INSERT INTO log (id, sequence) VALUES (0, 1), (3, 2);
INSERT INTO change (log_id, sequence, at_ms, source_published_at_ms, actor, kind, repository, format, namespace, package,
  version, detail, administrator)
VALUES (0, 1, 10, NULL, 'root', 'keyAdded', NULL, NULL, NULL, NULL, NULL, '{}', NULL),
       (3, 1, 11, NULL, 'root', 'domainCreated', NULL, NULL, NULL, NULL, NULL, '{}', NULL),
       (3, 2, -12, 9, 'root', 'versionPublished', 'main', 'npm', 'team', 'a', '1.0', '{\"x\":\"\u{e9}\u{1F600}\"}', 'root');
INSERT INTO principal (account, kind, name, created_at_ms, path) VALUES ('111122223333', 'root', '', 1, '/'),
  ('111122223333', 'user', 'alice', 2, '/team/'), ('111122223333', 'role', 'build', 3, '/');
INSERT INTO access_key (id, principal_id, secret, active, created_at_ms)
VALUES ('AKIA1', 1, 'hush', TRUE, 1), ('AKIA2', 2, 'hush', FALSE, 2);
INSERT INTO signing_key (id, secret, created_at_ms) VALUES ('k1', X'00FF10', 1), ('k2', X'', 2);
INSERT INTO role (principal_id, trust_policy, max_session_seconds, description) VALUES (3, '{}', 3600, 'builds');
INSERT INTO principal_policy (principal_id, name, document) VALUES (2, 'read', '{}');
INSERT INTO managed_policy (arn, account, name, document, description, created_at_ms, updated_at_ms)
VALUES ('arn:p', '111122223333', 'p', '{}', '', 1, 2);
INSERT INTO attached_policy (principal_id, policy_arn) VALUES (2, 'arn:p'), (3, 'arn:p');
INSERT INTO oidc_provider (account, issuer, audiences, allow_private_network, certificate_authorities, created_at_ms)
VALUES ('111122223333', 'https://a.example', '[]', TRUE, NULL, 1), ('111122223333', 'https://b.example', '[]', FALSE, 'pem', 2);
INSERT INTO domain (owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes, package_group_revision)
VALUES ('111122223333', 'gone-a', 'key', 1, 0, 0, 0), ('111122223333', 'gone-b', 'key', 1, 0, 0, 0),
       ('111122223333', 'acme', 'key', 1, 2, 10, 4), ('111122223333', 'gone-c', 'key', 1, 0, 0, 0);
DELETE FROM domain WHERE name <> 'acme';
INSERT INTO repository (domain_id, name, administrator, description, created_at_ms)
VALUES (3, 'main', '111122223333', '', 1), (3, 'store', '111122223333', 'public', 2);
INSERT INTO upstream (repository_id, position, upstream_id, upstream_name) VALUES (1, 0, 2, 'store'), (1, 1, 99, 'dangling');
INSERT INTO external_connection (repository_id, name, format, created_at_ms) VALUES (2, 'public:source', 'npm', 1);
INSERT INTO resource_tag (resource, tag_key, tag_value) VALUES ('arn:d', 'team', 'core'), ('arn:d', 'stage', '');
INSERT INTO resource_policy (resource, document, revision, updated_at_ms) VALUES ('arn:d', '{}', 'r', 1);
INSERT INTO package (repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms)
VALUES (1, 'npm', 'team', 'a', TRUE, FALSE, 1), (2, 'npm', '', 'b', FALSE, TRUE, 2);
INSERT INTO package_version (package_id, version, status, revision, origin_type, origin_name, published_at_ms,
  source_published_at_ms, metadata, readme, version_key)
VALUES (1, '1.0', 'Published', 'r1', 'INTERNAL', 'main', 5, NULL, '{\"a\":1}', NULL, NULL),
       (2, '1.0.0', 'Unlisted', 'r2', 'EXTERNAL', 'public:source', 6, 4, '{}', 'Read me', '1.0');
INSERT INTO asset (version_id, name, size_bytes, md5, sha1, sha256, sha512, companion_sha256, companion_size_bytes)
VALUES (1, 'a.tgz', 10, X'01', X'01', X'0101010101010101010101010101010101010101010101010101010101010101', X'01', NULL, NULL),
       (2, 'b.tgz', 4, X'02', X'02', X'0202020202020202020202020202020202020202020202020202020202020202', X'02',
        X'0303030303030303030303030303030303030303030303030303030303030303', 5);
INSERT INTO domain_blob (domain_id, sha256, size_bytes, reference_count)
VALUES (3, X'0101010101010101010101010101010101010101010101010101010101010101', 10, 1);
INSERT INTO package_tag (package_id, tag, version) VALUES (1, 'latest', '1.0');
INSERT INTO source_document (repository_id, format, namespace, name, sha256, size_bytes, etag, last_modified, fetched_at_ms,
  checked_at_ms)
VALUES (2, 'npm', '', 'b', X'0404040404040404040404040404040404040404040404040404040404040404', 7, NULL, 'then', 1, 2);
INSERT INTO source_companion (repository_id, format, namespace, name, version_key, asset, sha256, size_bytes, fetched_at_ms)
VALUES (2, 'npm', '', 'b', '1.0', 'c.tgz', X'0505050505050505050505050505050505050505050505050505050505050505', 8, 1);
INSERT INTO package_group (domain_id, pattern, contact_info, description, created_at_ms, publish_mode,
  external_upstream_mode, internal_upstream_mode)
VALUES (3, '/*', '', '', 1, 'ALLOW', 'ALLOW', 'ALLOW');
INSERT INTO package_group_repository (group_id, restriction, repository_name, repository_id) VALUES (1, 'PUBLISH', 'main', 1);
INSERT INTO domain_package (domain_id, format, namespace, name, namespace_variation, name_variation, repository_count)
VALUES (3, 'npm', 'team', 'a', 'team', 'a', 1);
INSERT INTO event_cursor (destination, log_id, sequence) VALUES ('https://hook.example', 0, 0), ('https://hook.example', 3, 2);
INSERT INTO lease (name, owner, expires_at_ms) VALUES ('events', 'a node that is alive', 1);
INSERT INTO installation_mark (name, mark) VALUES ('bytes', 'a folder of this place');
";

/// Everything that is carried, as lines, and the last number of each table.
async fn image(store: &Store) -> Vec<(&'static str, Vec<String>, i64)> {
    let mut snapshot = store.snapshot().await.unwrap();
    let mut image = Vec::new();
    for table in TABLES {
        let rows = all_rows(&mut snapshot, table).await;
        let lines: Vec<_> = rows.iter().map(ImageRow::to_line).collect();
        let last = snapshot.find_last_number(table).await.unwrap();
        image.push((table.name, lines, last));
    }
    image
}

async fn all_rows(read: &mut store::Connection, table: &'static ImageTable) -> Vec<ImageRow> {
    let mut rows: Vec<ImageRow> = Vec::new();
    loop {
        let behind = rows.last().map(|row| row.key(table));
        let page = read.list_image_rows(table, behind.as_deref(), 1).await;
        let page = page.unwrap();
        if page.is_empty() {
            break;
        }
        rows.extend(page);
    }
    let counted = read.count_image_rows(table).await.unwrap();
    assert_eq!(
        counted,
        i64::try_from(rows.len()).unwrap(),
        "{}",
        table.name
    );
    rows
}

async fn load(store: &Store, image: Vec<(&'static str, Vec<String>, i64)>) -> StoreResult<()> {
    store
        .write(move |tx| {
            Box::pin(async move {
                tx.begin_image_load().await?;
                for table in TABLES.iter().rev() {
                    tx.delete_image_rows(table).await?;
                }
                for (name, lines, last) in image {
                    let table = ImageTable::find(name).unwrap();
                    let rows: Vec<_> = lines
                        .iter()
                        .map(|line| ImageRow::from_line(table, line).unwrap())
                        .collect();
                    tx.insert_image_rows(table, &rows).await?;
                    tx.set_last_number(table, last).await?;
                }
                Ok(())
            })
        })
        .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_every_table_and_column_of_the_schema_is_carried_or_left_out_on_purpose() {
    // The same on both engines, as the tests of the schema say.
    const COLUMNS: &str =
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT),
        is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = 'public'";
    const KEYS: &str = "SELECT CAST(t.relname AS TEXT),
          (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number)
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public' AND i.indisprimary";
    const NUMBERED: &str = "SELECT CAST(table_name AS TEXT) FROM information_schema.columns
        WHERE table_schema = 'public' AND is_identity = 'YES'";
    let db = TestDatabase::on_postgres().await;
    let is_ours = |table: &str| table != "_sqlx_migrations" && !LEFT_OUT.contains(&table);
    let schema: BTreeSet<(String, String, String, bool)> = db
        .rows(COLUMNS)
        .await
        .into_iter()
        .filter(|row: &(String, String, String, bool)| is_ours(&row.0))
        .collect();
    let mut carried = BTreeSet::new();
    for table in TABLES {
        for column in table.columns {
            let kind = match column.kind {
                ColumnKind::Integer => "bigint",
                ColumnKind::Text => "text",
                ColumnKind::Bytes => "bytea",
                ColumnKind::Bool => "boolean",
            };
            carried.insert((
                table.name.to_owned(),
                column.name.to_owned(),
                kind.to_owned(),
                column.may_be_empty,
            ));
        }
    }
    let missing: Vec<_> = schema.difference(&carried).collect();
    let unknown: Vec<_> = carried.difference(&schema).collect();
    assert!(
        missing.is_empty() && unknown.is_empty(),
        "the schema has {missing:?}, the image {unknown:?}: add them to store::image::TABLES, or to LEFT_OUT with the reason"
    );
    let keys: BTreeSet<(String, String)> = db
        .rows(KEYS)
        .await
        .into_iter()
        .filter(|row: &(String, String)| is_ours(&row.0))
        .collect();
    let key_of = |table: &ImageTable| {
        let names: Vec<_> = table.columns[..table.key_columns]
            .iter()
            .map(|column| column.name)
            .collect();
        (table.name.to_owned(), names.join(","))
    };
    assert_eq!(keys, TABLES.iter().map(key_of).collect());
    let numbered: BTreeSet<String> = db
        .rows::<(String,)>(NUMBERED)
        .await
        .into_iter()
        .map(|row| row.0)
        .collect();
    let known = TABLES.iter().filter(|table| table.is_numbered);
    assert_eq!(numbered, known.map(|table| table.name.to_owned()).collect());
    db.remove().await;
}

async fn i10_an_image_loads_on_either_engine_and_is_the_same_there(db: &TestDatabase) {
    let db = db.upgraded(i64::MAX, ROWS).await;
    let taken = image(&db.store).await;
    for (name, lines, last) in &taken {
        assert!(!lines.is_empty(), "no row of {name}");
        let numbered = ImageTable::find(name).unwrap().is_numbered;
        assert_eq!(*last > 0, numbered, "{name}");
    }
    for other in [
        TestDatabase::on_sqlite().await,
        TestDatabase::on_postgres().await,
    ] {
        // What is there goes; what only concerns that place stays.
        other.domain("of-before").await;
        other
            .write(|tx| Box::pin(async move { tx.set_installation_mark("bytes", "here").await }))
            .await;
        load(&other.store, taken.clone()).await.unwrap();
        let loaded = image(&other.store).await;
        for (was, is) in taken.iter().zip(&loaded) {
            assert_eq!(was, is);
        }
        let mut read = other.read().await;
        let mark = read.find_installation_mark("bytes").await.unwrap();
        assert_eq!(mark.as_deref(), Some("here"));
        let schema = read.find_schema_number().await.unwrap();
        assert_eq!(schema, db.read().await.find_schema_number().await.unwrap());
        assert!(schema >= 11);
        drop(read);
        other
            .write(|tx| Box::pin(async move { tx.delete_installation_mark("bytes").await }))
            .await;
        let mark = other.read().await.find_installation_mark("bytes").await;
        assert_eq!(mark.unwrap(), None);
        other.remove().await;
    }
    db.remove().await;
}

async fn i12_numbers_that_were_given_once_are_not_given_again_after_a_load(db: &TestDatabase) {
    let from = db.upgraded(i64::MAX, ROWS).await;
    load(&db.store, image(&from.store).await).await.unwrap();
    // Number 4 was a domain's whose log outlives it.
    assert_eq!(db.domain("new").await.id, 5);
    let empty = TestDatabase::on_sqlite().await;
    load(&db.store, image(&empty.store).await).await.unwrap();
    assert_eq!(db.domain("first").await.id, 1);
    empty.remove().await;
    from.remove().await;
}

async fn i10_a_snapshot_does_not_move_while_others_write(db: &TestDatabase) {
    let acme = db.domain("acme").await.id;
    let mut snapshot = db.store.snapshot().await.unwrap();
    db.domain("later").await;
    db.write(move |tx| {
        Box::pin(async move { tx.append_change(acme, &change("repository")).await })
    })
    .await;
    let domains = ImageTable::find("domain").unwrap();
    assert_eq!(snapshot.count_image_rows(domains).await.unwrap(), 1);
    let changes = ImageTable::find(CHANGE).unwrap();
    assert_eq!(snapshot.count_image_rows(changes).await.unwrap(), 0);
    // Reads of nouns see the same moment.
    let later = snapshot.find_domain(&owner(), &domain_name("later")).await;
    assert!(later.unwrap().is_none());
    drop(snapshot);
    let mut snapshot = db.store.snapshot().await.unwrap();
    assert_eq!(snapshot.count_image_rows(domains).await.unwrap(), 2);
    assert_eq!(snapshot.count_image_rows(changes).await.unwrap(), 1);
    drop(snapshot);
    // Connections of snapshots are not given to anyone else.
    db.domain("after").await;
    assert_eq!(db.read().await.count_image_rows(domains).await.unwrap(), 3);
}

async fn i10_a_load_that_ends_early_leaves_nothing(db: &TestDatabase) {
    db.domain("acme").await;
    let before = image(&db.store).await;
    let from = db.upgraded(i64::MAX, ROWS).await;
    let mut taken = image(&from.store).await;
    // The last table refers to nothing, so this fails where the most is done already.
    let broken = taken
        .iter_mut()
        .find(|table| table.0 == "package_group_repository");
    broken
        .unwrap()
        .1
        .push(r#"[77,"PUBLISH","main",1]"#.to_owned());
    load(&db.store, taken)
        .await
        .expect_err("there is no group 77");
    let mut after = image(&db.store).await;
    // PostgreSQL gives numbers outside of transactions; a gap harms nobody.
    for (after, before) in after.iter_mut().zip(&before) {
        after.2 = before.2;
    }
    assert_eq!(after, before);
    from.remove().await;
}

async fn pages_of_a_table_are_read_behind_a_key(db: &TestDatabase) {
    let db = db.upgraded(i64::MAX, ROWS).await;
    let mut read = db.read().await;
    let changes = ImageTable::find(CHANGE).unwrap();
    let first = read.list_image_rows(changes, None, 2).await.unwrap();
    let keys: Vec<_> = first
        .iter()
        .map(|row| (row.integer(0), row.integer(1)))
        .collect();
    assert_eq!(keys, [(Some(0), Some(1)), (Some(3), Some(1))]);
    let key = first[1].key(changes);
    let rest = read.list_image_rows(changes, Some(&key), 2).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].integer(1), Some(2));
    drop(read);
    db.remove().await;
}

async fn rows_are_read_by_another_key_and_by_what_they_refer_to(db: &TestDatabase) {
    const PACKAGES: &str = "
INSERT INTO domain (owner, name, encryption_key, created_at_ms, repository_count, asset_size_bytes, package_group_revision)
VALUES ('111122223333', 'acme', 'key', 1, 2, 10, 4);
INSERT INTO repository (domain_id, name, administrator, description, created_at_ms)
VALUES (1, 'main', '111122223333', '', 1), (1, 'store', '111122223333', '', 2);
INSERT INTO package (repository_id, format, namespace, name, publish_allowed, upstream_allowed, created_at_ms)
VALUES (2, 'npm', '', 'b', TRUE, TRUE, 1), (1, 'npm', 'team', 'a', TRUE, TRUE, 1), (1, 'npm', '', 'z', TRUE, TRUE, 1),
       (1, 'npm', '', '\u{e9}', TRUE, TRUE, 1), (1, 'npm', '', 'Z', TRUE, TRUE, 1);
INSERT INTO package_tag (package_id, tag, version) VALUES (3, 'next', '2'), (3, 'latest', '1'), (1, 'latest', '1'),
       (2, 'latest', '1');
";
    let db = db.upgraded(i64::MAX, PACKAGES).await;
    let mut read = db.read().await;
    let packages = ImageTable::find("package").unwrap();
    // In the order of repository, format, namespace and name, and that is the order of the values.
    let mut all: Vec<ImageRow> = Vec::new();
    loop {
        let behind = all.last().map(|row| row.values(1..5));
        let page = read.list_image_rows_by(packages, 1..5, behind, 2).await;
        let page = page.unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let names: Vec<_> = all.iter().filter_map(|row| row.text(4)).collect();
    assert_eq!(names, ["Z", "z", "\u{e9}", "a", "b"]);
    assert!(all.is_sorted_by(|one, two| one.values(1..5) < two.values(1..5)));
    for row in &all {
        let found = read.find_image_row(packages, 1..5, row.values(1..5)).await;
        assert!(found.unwrap().as_ref() == Some(row));
    }
    let none = [all[0].values(1..4), all[4].values(4..5)].concat();
    let found = read.find_image_row(packages, 1..5, &none).await.unwrap();
    assert!(found.is_none(), "b is in another repository");
    let tags = ImageTable::find("package_tag").unwrap();
    for (parents, expected) in [
        (vec![3], vec![(3, "latest"), (3, "next")]),
        (
            vec![3, 4, 1],
            vec![(1, "latest"), (3, "latest"), (3, "next")],
        ),
        (Vec::new(), Vec::new()),
        // More than one statement takes.
        (
            (2..1_000).collect(),
            vec![(2, "latest"), (3, "latest"), (3, "next")],
        ),
    ] {
        let rows = read.list_image_rows_below(tags, [0, 1], &parents).await;
        let rows = rows.unwrap();
        let found: Vec<_> = rows
            .iter()
            .map(|row| (row.integer(0).unwrap(), row.text(1).unwrap()))
            .collect();
        assert_eq!(found, expected);
    }
    drop(read);
    db.remove().await;
}

async fn other_connections_are_counted_where_there_can_be_some(db: &TestDatabase) {
    if !db.store.is_shared() {
        assert_eq!(db.store.count_other_connections().await.unwrap(), 0);
        return;
    }
    let other = db.open_again().await.unwrap();
    other.ping().await.unwrap();
    assert!(db.store.count_other_connections().await.unwrap() >= 1);
    other.close().await;
    // A connection is gone a moment after it was closed.
    for _ in 0..500 {
        if db.store.count_other_connections().await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the other store's connections are still counted");
}
