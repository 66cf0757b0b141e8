//! How both engines find the rows that requests wait for: by an index and never by looking at a whole table, so that a
//! request costs what it shows and not what the domain holds.
//!
//! Every hot statement is explained, and the plans are compared with `plans/sqlite.txt` and `plans/postgres.txt`: a
//! change of a statement, of an index or of the engine shows there as a line that a reviewer can read. Independent of
//! those files, a plan that walks a whole table or a whole index fails.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row};
use store::{HotStatement, hot_statements};

use crate::database::TestDatabase;

/// Statements of a file, by the names of their constants, and a reason.
type Named = (&'static str, &'static [&'static str], &'static str);

/// Statements that no request waits for, and who waits instead.
const COLD: &[Named] = &[
    (
        "access_key",
        &[
            "DELETE",
            "INSERT",
            "LIST",
            "LIST_OF_PRINCIPAL",
            "SET_ACTIVE",
        ],
        IAM,
    ),
    (
        "change",
        &["LOCK", "SUM"],
        "the first start, and on PostgreSQL one question at a time of each node: a row for each domain",
    ),
    (
        "condemned_blob",
        &[
            "CONDEMN",
            "FORGET_GONE",
            "LIST",
            "NOTICE",
            "REPRIEVE",
            "SETTLE",
            "SHARE_LOCK",
            "SPARE",
            "TAKE_LOCK",
            "TAKE_OVER",
        ],
        "the sweep, beside all requests; the locks read nothing",
    ),
    (
        "domain_package",
        &["FILL", "LIST_UNFILLED"],
        "the start after a migration",
    ),
    (
        "engine",
        &["ANNOUNCE"],
        "nobody: it is said beside all requests",
    ),
    (
        "engine",
        &["NAME", "OTHERS", "PING"],
        "a new connection, a look whether it lives, and a command that wants the database for itself: they look at no table",
    ),
    (
        "event_cursor",
        &["BEGIN", "LIST_BACKLOG"],
        "the delivery of events, beside all requests",
    ),
    (
        "inspection",
        &[
            "CURSORS",
            "DELETE_COMPANIONS",
            "DELETE_DOCUMENTS",
            "FOREIGN_KEYS",
            "FORGET_COMPANIONS",
            "LIST_ASSET_PLACES",
            "LIST_BLOB_USERS",
            "LIST_REFERENCES",
            "LIST_REFERENCE_COUNTS",
            "LIST_REPOSITORY_NAMES",
            "LIST_VERSIONS",
            "LOST_CHANGES",
            "PACKAGE_COUNTS",
            "QUICK_CHECK",
            "REPOSITORY_COUNTS",
            "SIZES",
            "TAGS",
            "UNLISTED_PACKAGES",
        ],
        "the operator's check of everything, and the sweep",
    ),
    (
        "installation_mark",
        &["DELETE", "SET"],
        "a command that moves or restores an installation",
    ),
    (
        "managed_policy",
        &[
            "ATTACH",
            "COUNT_ATTACHED",
            "DELETE",
            "DETACH",
            "INSERT",
            "LIST",
        ],
        IAM,
    ),
    ("oidc_provider", &["DELETE", "INSERT", "LIST"], IAM),
    ("principal", &["DELETE", "INSERT", "LIST"], IAM),
    ("principal_policy", &["DELETE", "UPSERT"], IAM),
    ("role", &["INSERT", "SET_TRUST"], IAM),
    (
        "signing_key",
        &["INSERT", "LIST"],
        "the start; there are few",
    ),
];
const IAM: &str = "the operator's command line";

/// Hot statements that may walk a whole table or index, and why that stays cheap.
const MAY_WALK: &[Named] = &[
    (
        "connection",
        &["COUNT_IN_DOMAIN"],
        "PostgreSQL reads all external connections, few by quota, and only when one more is made",
    ),
    (
        "lease",
        &["Forget"],
        "leases are few, and what dead nodes left is removed beside all requests",
    ),
];

/// Set, to anything, to write the plans of this run into the files instead of comparing them.
const RENEW: &str = "RELIQUARY_RENEW_PLANS";

/// The plan of one statement, a line for each step.
type Plan = (&'static HotStatement, Vec<String>);

fn name(statement: &HotStatement) -> String {
    format!("{} {}", statement.noun, statement.name)
}

fn is_listed(list: &[Named], noun: &str, name: &str) -> bool {
    list.iter()
        .any(|(of, names, _)| *of == noun && names.contains(&name))
}

/// Fails for plans that walk a whole table, unless it is said why that is cheap.
fn check_walks(plans: &[Plan], walks: impl Fn(&[String]) -> bool) {
    let mut walking = Vec::new();
    for (statement, plan) in plans {
        let excepted = is_listed(MAY_WALK, statement.noun, statement.name);
        if walks(plan) && !excepted {
            walking.push(format!("{}: {plan:#?}", name(statement)));
        }
    }
    assert!(
        walking.is_empty(),
        "These statements look at a whole table or index, so they cost more the more there is. Give them an index that \
         fits (a new migration), or say in MAY_WALK why that stays cheap.\n{}",
        walking.join("\n")
    );
}

/// Compares the plans with a file; `header` is its first line.
fn compare(file: &str, header: &str, plans: &[Plan]) {
    let mut text = format!("{header}\n");
    for (statement, plan) in plans {
        writeln!(text, "\n{}", name(statement)).unwrap();
        for line in plan {
            writeln!(text, "    {line}").unwrap();
        }
    }
    let path = folder().join(file);
    if std::env::var_os(RENEW).is_some() {
        fs::write(&path, text).unwrap();
        return;
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let (old, new): (Vec<_>, Vec<_>) = (entries(&committed), entries(&text));
    let gone: Vec<_> = old.iter().filter(|entry| !new.contains(entry)).collect();
    let come: Vec<_> = new.iter().filter(|entry| !old.contains(entry)).collect();
    assert!(
        committed == text,
        "The plans differ from plans/{file}. If what has changed is meant, and each step still uses an index that fits, \
         write the file anew and commit it:\n  {RENEW}=1 cargo test -p reliquary-store --test contract plans\n\
         in the file only: {gone:#?}\nin this run only: {come:#?}"
    );
}

/// The paragraphs of a file of plans.
fn entries(text: &str) -> Vec<&str> {
    text.split("\n\n").map(str::trim_end).collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/plans")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_finds_what_requests_wait_for_by_an_index() {
    let db = TestDatabase::on_sqlite().await;
    let file = db.folder().unwrap().join("rows.db");
    let mut connection = SqliteConnectOptions::new()
        .filename(file)
        .connect()
        .await
        .unwrap();
    let mut plans: Vec<Plan> = Vec::new();
    for statement in hot_statements() {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.sqlite));
        let rows = sqlx::raw_sql(explain)
            .fetch_all(&mut connection)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", name(statement)));
        let plan = rows.iter().map(|row| row.get("detail")).collect();
        plans.push((statement, plan));
    }
    sqlx::Connection::close(connection).await.unwrap();
    db.remove().await;
    // `SCAN x USING INDEX` walks the whole index, which is no less. The row of constants is none of a table.
    check_walks(&plans, |plan| {
        plan.iter()
            .any(|line| line.starts_with("SCAN ") && !line.ends_with("CONSTANT ROW"))
    });
    compare(
        "sqlite.txt",
        "SQLite, by EXPLAIN QUERY PLAN; a statement without a step only inserts",
        &plans,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_finds_what_requests_wait_for_by_an_index() {
    let db = TestDatabase::on_postgres().await;
    let options: PgConnectOptions = db.postgres_url().unwrap().parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    // The plan for any values, as a connection uses it that runs a statement often. A table of the test is small enough
    // for a scan to be the cheapest way even where an index fits; without scans, only those remain that nothing spares.
    let settings =
        "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";
    for sql in [settings, include_str!("plans/rows.sql")] {
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    }
    check_that_no_table_is_empty(&mut connection).await;
    let mut plans: Vec<Plan> = Vec::new();
    for statement in hot_statements() {
        plans.push((
            statement,
            plan_on_postgres(&mut connection, statement).await,
        ));
    }
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();
    db.remove().await;
    check_walks(&plans, |plan| {
        plan.iter().enumerate().any(|(place, line)| {
            let is_bound = plan
                .get(place + 1)
                .is_some_and(|next| next.starts_with("Index Cond"));
            let of_index = line.starts_with("Index ") || line.starts_with("Bitmap Index ");
            line.starts_with("Seq Scan") || (of_index && line.contains("Scan ") && !is_bound)
        })
    });
    let major = version.split('.').next().unwrap_or_default();
    let header =
        format!("PostgreSQL {major}, by EXPLAIN of prepared statements, without costs and filters");
    let committed = fs::read_to_string(folder().join("postgres.txt")).unwrap_or_default();
    // Another version words and weighs its plans in another way; that it walks no table was checked above.
    let is_comparable = committed.lines().next().is_none_or(|first| first == header);
    if is_comparable || std::env::var_os(RENEW).is_some() {
        compare("postgres.txt", &header, &plans);
    }
}

/// For an empty table every way is as good as another, and the plan says nothing.
async fn check_that_no_table_is_empty(connection: &mut PgConnection) {
    const EMPTY: &str = "SELECT CAST(relname AS TEXT) FROM pg_class
        WHERE relkind = 'r' AND relnamespace = CAST('public' AS regnamespace) AND reltuples <= 0";
    let empty: Vec<String> = sqlx::query_scalar(EMPTY)
        .fetch_all(connection)
        .await
        .unwrap();
    assert!(
        empty.is_empty(),
        "plans/rows.sql puts no rows into {empty:?}"
    );
}

/// The steps of a plan and what bounds them.
///
/// Over PREPARE, because `EXPLAIN (GENERIC_PLAN)` is younger than the servers that are supported.
async fn plan_on_postgres(connection: &mut PgConnection, statement: &HotStatement) -> Vec<String> {
    let sql = statement.postgres;
    let values = (1..100)
        .take_while(|n| sql.contains(&format!("${n}")))
        .count();
    let arguments = if values == 0 {
        String::new()
    } else {
        format!("({})", vec!["NULL"; values].join(", "))
    };
    let explain =
        format!("PREPARE hot AS {sql}; EXPLAIN (COSTS OFF) EXECUTE hot{arguments}; DEALLOCATE hot");
    let rows = sqlx::raw_sql(AssertSqlSafe(explain))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", name(statement)));
    let lines = rows.iter().map(|row| row.get::<String, _>(0));
    let steps = lines.enumerate().filter_map(|(place, line)| {
        let trimmed = line.trim_start();
        if let Some(step) = trimmed.strip_prefix("->  ") {
            return Some(step.to_owned());
        }
        let is_kept = place == 0
            || trimmed.starts_with("Index Cond:")
            || trimmed.starts_with("Conflict Arbiter Indexes:");
        is_kept.then(|| trimmed.to_owned())
    });
    steps.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_deleted_row_takes_along_is_found_by_an_index() {
    // Plans do not show what foreign keys look for. The keys and indexes of both engines are the same, by another test.
    const REFERENCES: &str =
        "SELECT t.name, f.\"from\" FROM sqlite_schema t, pragma_foreign_key_list(t.name) f
        WHERE t.type = 'table'";
    const INDEXED: &str = "SELECT t.name, c.name
        FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
        WHERE t.type = 'table' AND c.seqno = 0
        UNION SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk = 1";
    type Column = (String, String);
    let db = TestDatabase::on_sqlite().await;
    let references: Vec<Column> = db.rows(REFERENCES).await;
    let indexed: BTreeSet<Column> = db.rows(INDEXED).await.into_iter().collect();
    db.remove().await;
    assert!(references.len() > 5, "{references:?}");
    let slow: Vec<_> = references
        .iter()
        .filter(|column| !indexed.contains(column))
        .collect();
    assert!(
        slow.is_empty(),
        "to delete a row of the table that these columns refer to, the whole table is looked at: {slow:?}"
    );
}

/// A statement in the sources.
struct Written {
    noun: String,
    name: String,
    sql: String,
}

/// The statements among the constants of the sources; and the places that run a text which is none.
fn written() -> (Vec<Written>, Vec<String>) {
    let (mut statements, mut nameless) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap() {
        let path = entry.unwrap().path();
        // The statements of an image are made table by table from a list of columns, and no request waits for them.
        if path.is_dir() {
            continue;
        }
        let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        for rest in text.split("const ").skip(1) {
            let Some((name, rest)) = rest.split_once(": &") else {
                continue;
            };
            let rest = rest.strip_prefix("'static ").unwrap_or(rest);
            let Some(rest) = rest.strip_prefix("str =") else {
                continue;
            };
            let Some((sql, _)) = rest
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'))
            else {
                continue;
            };
            let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
            if verbs.iter().any(|verb| sql.starts_with(verb)) {
                statements.push(Written {
                    noun: noun.clone(),
                    name: name.to_owned(),
                    sql: sql.to_owned(),
                });
            }
        }
        for opening in ["query(\"", "query_as(\"", "query_scalar(\""] {
            for rest in text.split(opening).skip(1) {
                let sql = rest.split('"').next().unwrap();
                nameless.push(format!("{noun}: {sql}"));
            }
        }
    }
    (statements, nameless)
}

#[test]
fn every_statement_is_hot_or_said_to_be_cold() {
    let (written, nameless) = written();
    assert!(
        written.len() > 60,
        "only {} statements were found",
        written.len()
    );
    assert_eq!(
        nameless, [""; 0],
        "a statement is a constant, so that its plan can be looked at"
    );
    let hot: BTreeSet<&str> = hot_statements()
        .flat_map(|statement| [statement.sqlite, statement.postgres])
        .collect();
    let missing: Vec<_> = written
        .iter()
        .filter(|found| {
            !hot.contains(found.sql.as_str()) && !is_listed(COLD, &found.noun, &found.name)
        })
        .map(|found| format!("{} {}", found.noun, found.name))
        .collect();
    assert!(
        missing.is_empty(),
        "No plan is looked at for {missing:?}. Name each in the `hot![...]` below the constants of its file (a new file's \
         list also goes into `hot_statements()`), or in COLD here when no request waits for it."
    );
    for (noun, names, _) in COLD {
        for name in *names {
            let found = written
                .iter()
                .find(|found| (found.noun.as_str(), found.name.as_str()) == (*noun, *name));
            let found = found.unwrap_or_else(|| panic!("COLD names {noun} {name}, which is gone"));
            assert!(
                !hot.contains(found.sql.as_str()),
                "COLD names {noun} {name}, which is hot"
            );
        }
    }
    for (noun, names, _) in MAY_WALK {
        for name in *names {
            assert!(
                hot_statements().any(|hot| (hot.noun, hot.name) == (*noun, *name)),
                "MAY_WALK names {noun} {name}, which is not hot"
            );
        }
    }
}

#[test]
fn no_two_hot_statements_have_the_same_name() {
    let mut seen = BTreeSet::new();
    for statement in hot_statements() {
        assert!(
            seen.insert(name(statement)),
            "{} is listed twice",
            name(statement)
        );
    }
}
