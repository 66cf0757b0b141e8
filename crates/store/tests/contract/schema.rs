//! The schema on both engines: the same tables and columns, and the rules that keep their behaviour the same.

use std::collections::BTreeSet;

use model::EpochMillis;
use store::StoreError;

use crate::database::TestDatabase;
use crate::samples::digests;

on_both_engines![
    i12_a_program_that_a_newer_schema_names_runs_on_it_and_condemns_nothing,
    i12_a_schema_newer_than_the_program_is_refused,
    i12_a_schema_with_a_changed_migration_is_refused,
    i12_many_who_open_a_new_database_at_once_all_succeed,
];

/// A column: table, name, kind, and whether it may be empty.
type Column = (String, String, String, bool);

/// The driver's own table, the same on both engines.
const MIGRATIONS: &str = "_sqlx_migrations";

async fn both() -> (TestDatabase, TestDatabase) {
    (
        TestDatabase::on_sqlite().await,
        TestDatabase::on_postgres().await,
    )
}

async fn remove(sqlite: TestDatabase, postgres: TestDatabase) {
    sqlite.remove().await;
    postgres.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_tables_and_columns() {
    const SQLITE: &str = "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0, t.sql
        FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND substr(t.name, 1, 7) <> 'sqlite_'";
    const POSTGRES: &str =
        "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), CAST(data_type AS TEXT),
        is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = 'public'";
    let (sqlite, postgres) = both().await;
    let rows: Vec<(String, String, String, bool, String)> = sqlite.rows(SQLITE).await;
    let on_sqlite: BTreeSet<Column> = rows
        .into_iter()
        .filter(|row| row.0 != MIGRATIONS)
        .map(|(table, column, kind, may_be_empty, sql)| {
            let boolean = sql.contains(&format!(
                " {column} INTEGER NOT NULL CHECK ({column} IN (0, 1))"
            ));
            let kind = match kind.as_str() {
                "INTEGER" if boolean => "boolean",
                "INTEGER" => "bigint",
                "TEXT" => "text",
                "BLOB" => "bytea",
                other => panic!("{table}.{column} is {other}, which is not one of the four kinds"),
            };
            (table, column, kind.to_owned(), may_be_empty)
        })
        .collect();
    let rows: Vec<Column> = postgres.rows(POSTGRES).await;
    let on_postgres: BTreeSet<Column> =
        rows.into_iter().filter(|row| row.0 != MIGRATIONS).collect();
    let only_here: Vec<_> = on_sqlite.difference(&on_postgres).collect();
    let only_there: Vec<_> = on_postgres.difference(&on_sqlite).collect();
    assert!(
        only_here.is_empty() && only_there.is_empty(),
        "SQLite: {only_here:?}\nPostgreSQL: {only_there:?}"
    );
    assert!(
        on_sqlite.len() > 80 && on_sqlite.iter().any(|column| column.2 == "boolean"),
        "the comparison is not vacuous"
    );
    remove(sqlite, postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_engines_have_the_same_keys_and_indexes() {
    // What is unique or a foreign key decides what a statement may do; an index decides what it costs.
    const SQLITE_INDEXES: &str = "SELECT t.name, group_concat(c.name), i.\"unique\" <> 0
        FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
        WHERE t.type = 'table' GROUP BY t.name, i.name";
    // A row's number is a key without an index of its own.
    const SQLITE_NUMBERS: &str =
        "SELECT t.name, c.name, c.pk <> 0 FROM sqlite_schema t, pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.pk <> 0 AND c.type = 'INTEGER'
          AND (SELECT COUNT(*) FROM pragma_table_info(t.name) p WHERE p.pk <> 0) = 1";
    const POSTGRES_INDEXES: &str = "SELECT CAST(t.relname AS TEXT),
          (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
           JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), i.indisunique
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        WHERE n.nspname = 'public'";
    const SQLITE_REFERENCES: &str = "SELECT t.name, f.\"from\" || '>' || f.\"table\" || '.' || f.\"to\", f.on_delete = 'CASCADE'
        FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";
    const POSTGRES_REFERENCES: &str = "SELECT CAST(t.relname AS TEXT), a.attname || '>' || r.relname || '.' || b.attname,
          c.confdeltype = 'c'
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = c.conkey[1]
        JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = c.confkey[1]
        WHERE c.contype = 'f' AND array_length(c.conkey, 1) = 1";
    type Key = (String, String, bool);
    let (sqlite, postgres) = both().await;
    let ours = |rows: Vec<Key>| {
        rows.into_iter()
            .filter(|row| row.0 != MIGRATIONS)
            .collect::<BTreeSet<Key>>()
    };
    let mut indexes = ours(sqlite.rows(SQLITE_INDEXES).await);
    indexes.extend(ours(sqlite.rows(SQLITE_NUMBERS).await));
    assert_eq!(indexes, ours(postgres.rows(POSTGRES_INDEXES).await));
    assert!(
        indexes.contains(&("repository".into(), "domain_id,name".into(), true)),
        "{indexes:?}"
    );
    let references = ours(sqlite.rows(SQLITE_REFERENCES).await);
    assert_eq!(references, ours(postgres.rows(POSTGRES_REFERENCES).await));
    assert!(
        references.contains(&("asset".into(), "version_id>package_version.id".into(), true)),
        "{references:?}"
    );
    remove(sqlite, postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sqlite_table_is_strict_and_never_reuses_ids() {
    let db = TestDatabase::on_sqlite().await;
    let loose: Vec<(String,)> =
        db.rows("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0").await;
    let loose: Vec<_> = loose
        .iter()
        .map(|row| row.0.as_str())
        .filter(|name| !name.starts_with("sqlite_"))
        .collect();
    assert_eq!(loose, [MIGRATIONS], "the driver's own table only");
    // An `id` that the engine gives must be of a sequence that survives deletions.
    let reused: Vec<(String,)> = db
        .rows(
            "SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) c
             WHERE t.type = 'table' AND c.name = 'id' AND c.type = 'INTEGER' AND t.name <> 'log'
               AND t.sql NOT LIKE '%id INTEGER PRIMARY KEY AUTOINCREMENT%'",
        )
        .await;
    assert!(reused.is_empty(), "{reused:?}");
    db.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_postgres_text_column_sorts_by_bytes() {
    const OTHER: &str = "SELECT CAST(t.relname AS TEXT), CAST(a.attname AS TEXT), CAST(c.collname AS TEXT)
        FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_collation c ON c.oid = a.attcollation
        WHERE n.nspname = 'public' AND t.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
          AND c.collname <> 'C'";
    let db = TestDatabase::on_postgres().await;
    let other: Vec<(String, String, String)> = db.rows(OTHER).await;
    let ours: Vec<_> = other.iter().filter(|row| row.0 != MIGRATIONS).collect();
    assert!(ours.is_empty(), "{ours:?}");
    assert!(
        !other.is_empty(),
        "the driver's own table shows that the question finds something"
    );
    db.remove().await;
}

async fn i12_a_schema_newer_than_the_program_is_refused(db: &TestDatabase) {
    db.execute("UPDATE _sqlx_migrations SET version = version + 1000")
        .await;
    // A release after the next one names a program that knows more than this one.
    for names_one in [false, true] {
        if names_one {
            db.execute(NAME_THE_NEWEST_PROGRAM).await;
        }
        let refused = db.open_again().await;
        assert!(
            matches!(refused, Err(StoreError::NewerSchema(_))),
            "{refused:?}"
        );
    }
}

/// As a migration does that only runs with programs which know the last one.
const NAME_THE_NEWEST_PROGRAM: &str = "INSERT INTO installation_mark (name, mark)
    SELECT 'oldest-program', CAST(MAX(version) AS TEXT) FROM _sqlx_migrations WHERE TRUE
    ON CONFLICT (name) DO UPDATE SET mark = excluded.mark";
const ADD_A_MIGRATION: &str = "INSERT INTO _sqlx_migrations
    (version, description, success, checksum, execution_time)
    SELECT version + 1, 'of the next release', success, checksum, 0 FROM _sqlx_migrations
    WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";

/// The release before starts on the schema of the next one, reads and writes. But there may be tables that it does not
/// know, and bytes that only they name.
async fn i12_a_program_that_a_newer_schema_names_runs_on_it_and_condemns_nothing(
    db: &TestDatabase,
) {
    db.execute(NAME_THE_NEWEST_PROGRAM).await;
    db.execute(ADD_A_MIGRATION).await;
    let store = db.open_again().await.unwrap();
    let added = store
        .write(|tx| {
            Box::pin(async move {
                tx.ensure_installation_mark("made-by", "the release before")
                    .await
            })
        })
        .await;
    assert_eq!(added.unwrap(), "the release before");
    let digest = digests(1).sha256;
    let (noticed, now) = (EpochMillis(1), EpochMillis(2));
    let condemned = store
        .write(move |tx| {
            Box::pin(async move {
                tx.notice_blob(&digest, noticed).await?;
                tx.condemn_blobs(&[digest], noticed, now, "mark").await
            })
        })
        .await;
    assert!(
        matches!(condemned, Err(StoreError::NewerSchema(_))),
        "{condemned:?}"
    );
    store.close().await;
}

async fn i12_a_schema_with_a_changed_migration_is_refused(db: &TestDatabase) {
    db.execute("UPDATE _sqlx_migrations SET checksum = substr(checksum, 2)")
        .await;
    let refused = db.open_again().await;
    assert!(
        matches!(refused, Err(StoreError::Migration(_))),
        "{refused:?}"
    );
}

async fn i12_many_who_open_a_new_database_at_once_all_succeed(db: &TestDatabase) {
    for opened in db.open_new_at_once(8).await {
        assert!(opened.is_ok(), "{opened:?}");
    }
}
