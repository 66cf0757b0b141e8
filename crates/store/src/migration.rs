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
    use super::*;

    #[test]
    fn both_engines_have_the_same_migrations() {
        let names = |files: &[(i64, &'static str, &str)]| {
            files.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>()
        };
        assert_eq!(names(SQLITE), names(POSTGRES));
    }
}
