//! The schema's versions: numbered files, the same numbers and names for both engines.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};

use crate::{Store, StoreError, StoreResult};

/// The files of an engine: number, name, statements.
type Files = &'static [(i64, &'static str, &'static str)];

macro_rules! files {
    ($engine:literal) => {
        files!($engine;
            1 "initial" "0001_initial",
            2 "package groups" "0002_package_groups",
            3 "resource policies" "0003_resource_policies",
            4 "identities" "0004_identities",
            5 "event delivery" "0005_event_delivery",
            8 "list indexes" "0008_list_indexes",
            9 "version keys" "0009_version_keys",
            10 "source companions" "0010_source_companions",
            11 "nodes" "0011_nodes",
            12 "blob sweep" "0012_blob_sweep",
        )
    };
    ($engine:literal; $($number:literal $name:literal $file:literal,)*) => {
        &[$((
            $number,
            $name,
            include_str!(concat!("../migrations/", $engine, "/", $file, ".sql")),
        )),*]
    };
}

const SQLITE: Files = files!("sqlite");
const POSTGRES: Files = files!("postgres");

/// The last migration that this program knows.
pub const SCHEMA: i64 = SQLITE[SQLITE.len() - 1].0;

/// What each migration sets to the last migration of the release before: the oldest program that still runs on the schema.
/// It is written by the migration itself, so that no schema is ever without it.
const MARK: &str = "oldest-program";

fn migrator(files: Files) -> Migrator {
    let migrations = files.iter().map(|(number, name, sql)| {
        Migration::new(
            *number,
            Cow::Borrowed(*name),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.collect())
}

pub(crate) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

pub(crate) fn postgres() -> Migrator {
    migrator(POSTGRES)
}

/// What became of bringing the schema up to date: the first migration that this program does not know, if there is one.
pub(crate) fn newer_schema(outcome: Result<(), MigrateError>) -> StoreResult<Option<i64>> {
    match outcome {
        Ok(()) => Ok(None),
        Err(MigrateError::VersionMissing(number)) => Ok(Some(number)),
        Err(error) => Err(error.into()),
    }
}

impl Store {
    /// Asks a schema that a later release has changed whether this program may run on it.
    pub(crate) async fn check_newer_schema(&self, newer: i64) -> StoreResult<()> {
        let mark = self.read().await?.find_installation_mark(MARK).await?;
        let oldest = mark.and_then(|mark| mark.parse::<i64>().ok());
        if oldest.is_none_or(|oldest| oldest > SCHEMA) {
            return Err(StoreError::NewerSchema(newer));
        }
        tracing::warn!(
            migration = newer,
            "the database has the schema of the next release; this one runs on it, but sweeps no blobs and makes no backups"
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Unique indexes over tables that were there before, and why the previous release cannot be refused by them.
    const HARMLESS: &[(&str, &str)] = &[(
        "package_version_key",
        "over a key that is the name itself in the rows of the previous release, which was unique before",
    )];

    /// The last migration of the time when the schema did not say yet which programs run on it.
    const WITHOUT_MARK: i64 = 12;

    #[test]
    fn i12_migrations_say_which_programs_run_on_the_schema() {
        for files in [SQLITE, POSTGRES] {
            assert!(files.is_sorted_by(|one, next| one.0 < next.0));
            let complaints: Vec<String> = complaints_about_marks(files).collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
        let set = "INSERT INTO installation_mark (name, mark) VALUES ('oldest-program', '12')
            ON CONFLICT (name) DO UPDATE SET mark = excluded.mark";
        let cases = [
            (set.to_owned(), 0),
            ("CREATE TABLE other (id BIGINT)".to_owned(), 1),
            (set.replace("'12'", "'13'"), 1),
            (set.replace("'12'", "'7'"), 1),
            (set.replace("'12'", "'twelve'"), 1),
        ];
        for (statement, complaints) in cases {
            let files = [(12, "before", ""), (13, "next", statement.as_str())];
            let found = complaints_about_marks(&files).count();
            assert_eq!(found, complaints, "{statement}");
        }
    }

    fn complaints_about_marks<'a>(
        files: &'a [(i64, &'a str, &'a str)],
    ) -> impl Iterator<Item = String> + 'a {
        let has_to = files.iter().filter(|file| file.0 > WITHOUT_MARK);
        has_to.filter_map(|(number, _, sql)| {
            let value = format!("VALUES ('{MARK}', '");
            let rest = statements(sql).join(";");
            let oldest = rest
                .split_once(&value)
                .and_then(|(_, rest)| rest.split_once('\''));
            let oldest = oldest.and_then(|(oldest, _)| oldest.parse::<i64>().ok());
            let is_before = |oldest: i64| {
                oldest < *number && files.iter().any(|(before, ..)| *before == oldest)
            };
            (!oldest.is_some_and(is_before)).then(|| {
                format!("migration {number} does not set '{MARK}' to a migration before it")
            })
        })
    }

    /// While nodes are replaced one after the other, those of the previous release go on over the new schema: what their
    /// statements name must stay, and what they do not name must do without them.
    #[test]
    fn i12_migrations_only_add_so_that_the_previous_release_runs_on_the_new_schema() {
        for files in [SQLITE, POSTGRES] {
            let complaints: Vec<String> = complaints_about(files).collect();
            assert!(complaints.is_empty(), "{complaints:#?}");
        }
        let refused = [
            "ALTER TABLE asset DROP COLUMN size_bytes",
            "ALTER TABLE asset RENAME COLUMN size_bytes TO size",
            "ALTER TABLE asset RENAME TO held_asset",
            "ALTER TABLE asset ADD COLUMN checked BOOLEAN NOT NULL",
            "ALTER TABLE asset ADD COLUMN other BIGINT UNIQUE",
            "ALTER TABLE asset ALTER COLUMN size_bytes TYPE TEXT",
            "DROP TABLE asset",
            "DROP INDEX asset_sha256",
            "DELETE FROM asset",
            "CREATE UNIQUE INDEX asset_once ON asset (sha256)",
            "CREATE TRIGGER t BEFORE INSERT ON asset EXECUTE FUNCTION f()",
        ];
        for statement in refused {
            let files = [
                (1, "first", "CREATE TABLE asset (id BIGINT)"),
                (2, "next", statement),
            ];
            assert_eq!(complaints_about(&files).count(), 1, "{statement}");
        }
    }

    fn complaints_about<'a>(
        files: &'a [(i64, &'a str, &'a str)],
    ) -> impl Iterator<Item = String> + 'a {
        // The first made everything; no release was before it.
        files[1..].iter().flat_map(|(number, _, sql)| {
            let statements = statements(sql);
            let new: BTreeSet<String> = statements
                .iter()
                .filter_map(|statement| after(statement, "CREATE TABLE "))
                .collect();
            let refused: Vec<String> = statements
                .into_iter()
                .filter(|statement| !only_adds(statement, &new))
                .map(|statement| format!("migration {number} does more than add: {statement}"))
                .collect();
            refused
        })
    }

    /// The statements of a file, without comments, each on one line.
    fn statements(sql: &str) -> Vec<String> {
        let lines = sql
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default());
        let code: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
        let code = code.join(" ");
        let statements = code.split(';').map(|statement| statement.trim().to_owned());
        statements
            .filter(|statement| !statement.is_empty())
            .collect()
    }

    /// The word after some others.
    fn after(statement: &str, words: &str) -> Option<String> {
        let (_, rest) = statement.split_once(words)?;
        rest.split([' ', '(']).next().map(str::to_owned)
    }

    fn only_adds(statement: &str, new: &BTreeSet<String>) -> bool {
        let begins = |words: &str| statement.starts_with(words);
        if begins("ALTER TABLE ") {
            let is_column = statement.split(' ').skip(3).take(2).eq(["ADD", "COLUMN"]);
            let may_be_left_out = !statement.contains("NOT NULL") || statement.contains("DEFAULT");
            return is_column && may_be_left_out && !statement.contains("UNIQUE");
        }
        if begins("CREATE UNIQUE INDEX ") {
            let is_harmless = |index: String| HARMLESS.iter().any(|(name, _)| *name == index);
            return after(statement, " ON ").is_some_and(|table| new.contains(&table))
                || after(statement, "UNIQUE INDEX ").is_some_and(is_harmless);
        }
        // What they fill in is new, or says the same in another way.
        ["CREATE TABLE ", "CREATE INDEX ", "INSERT INTO ", "UPDATE "]
            .iter()
            .any(|words| begins(words))
    }
}
