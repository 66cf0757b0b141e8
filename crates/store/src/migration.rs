//! The schema's versions: numbered files, the same numbers and names for both engines.

use std::borrow::Cow;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

const SQLITE: &[(i64, &str, &str)] = &[
    (
        1,
        "initial",
        include_str!("../migrations/sqlite/0001_initial.sql"),
    ),
    (
        2,
        "package groups",
        include_str!("../migrations/sqlite/0002_package_groups.sql"),
    ),
    (
        3,
        "resource policies",
        include_str!("../migrations/sqlite/0003_resource_policies.sql"),
    ),
    (
        4,
        "identities",
        include_str!("../migrations/sqlite/0004_identities.sql"),
    ),
    (
        5,
        "event delivery",
        include_str!("../migrations/sqlite/0005_event_delivery.sql"),
    ),
    (
        8,
        "list indexes",
        include_str!("../migrations/sqlite/0008_list_indexes.sql"),
    ),
    (
        9,
        "version keys",
        include_str!("../migrations/sqlite/0009_version_keys.sql"),
    ),
    (
        10,
        "source companions",
        include_str!("../migrations/sqlite/0010_source_companions.sql"),
    ),
    (
        11,
        "nodes",
        include_str!("../migrations/sqlite/0011_nodes.sql"),
    ),
    (
        12,
        "blob sweep",
        include_str!("../migrations/sqlite/0012_blob_sweep.sql"),
    ),
];
const POSTGRES: &[(i64, &str, &str)] = &[
    (
        1,
        "initial",
        include_str!("../migrations/postgres/0001_initial.sql"),
    ),
    (
        2,
        "package groups",
        include_str!("../migrations/postgres/0002_package_groups.sql"),
    ),
    (
        3,
        "resource policies",
        include_str!("../migrations/postgres/0003_resource_policies.sql"),
    ),
    (
        4,
        "identities",
        include_str!("../migrations/postgres/0004_identities.sql"),
    ),
    (
        5,
        "event delivery",
        include_str!("../migrations/postgres/0005_event_delivery.sql"),
    ),
    (
        8,
        "list indexes",
        include_str!("../migrations/postgres/0008_list_indexes.sql"),
    ),
    (
        9,
        "version keys",
        include_str!("../migrations/postgres/0009_version_keys.sql"),
    ),
    (
        10,
        "source companions",
        include_str!("../migrations/postgres/0010_source_companions.sql"),
    ),
    (
        11,
        "nodes",
        include_str!("../migrations/postgres/0011_nodes.sql"),
    ),
    (
        12,
        "blob sweep",
        include_str!("../migrations/postgres/0012_blob_sweep.sql"),
    ),
];

fn migrator(files: &'static [(i64, &'static str, &'static str)]) -> Migrator {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Unique indexes over tables that were there before, and why the previous release cannot be refused by them.
    const HARMLESS: &[(&str, &str)] = &[(
        "package_version_key",
        "over a key that is the name itself in the rows of the previous release, which was unique before",
    )];

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |files: &[(i64, &'static str, &str)]| {
            files.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>()
        };
        assert_eq!(names(SQLITE), names(POSTGRES));
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
