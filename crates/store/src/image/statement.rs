//! The statements of an image. Their text is made from the constants of [`TABLES`](super::TABLES), never from input.

use std::fmt::Write;
use std::ops::Range;

use super::{ImageColumn, ImageTable};

fn names(columns: &[ImageColumn]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
    names.join(", ")
}

fn placeholders(from: usize, count: usize) -> String {
    let numbers: Vec<_> = (from..from + count)
        .map(|number| format!("${number}"))
        .collect();
    numbers.join(", ")
}

/// A page in the order of a key, which is the columns of this range: behind a key, or the first one.
pub(super) fn page(table: &ImageTable, key: Range<usize>, is_behind_a_key: bool) -> String {
    let width = key.len();
    let key = names(&table.columns[key]);
    let (behind, limit) = if is_behind_a_key {
        let values = placeholders(1, width);
        (format!("WHERE ({key}) > ({values})"), width + 1)
    } else {
        (String::new(), 1)
    };
    format!(
        "SELECT {} FROM {} {behind} ORDER BY {key} LIMIT ${limit}",
        names(table.columns),
        table.name
    )
}

/// The rows that have a key, which is the columns of this range.
pub(super) fn of_key(table: &ImageTable, key: Range<usize>) -> String {
    let named = table.columns[key].iter().enumerate();
    let equal: Vec<_> = named
        .map(|(at, column)| format!("{} = ${}", column.name, at + 1))
        .collect();
    format!(
        "SELECT {} FROM {} WHERE {}",
        names(table.columns),
        table.name,
        equal.join(" AND ")
    )
}

/// The rows that refer to so many others by one column, in the order of that column and the next of these two.
pub(super) fn below(table: &ImageTable, order: [usize; 2], parents: usize) -> String {
    let [parent, other] = order.map(|column| table.columns[column].name);
    format!(
        "SELECT {} FROM {} WHERE {parent} IN ({}) ORDER BY {parent}, {other}",
        names(table.columns),
        table.name,
        placeholders(1, parents)
    )
}

/// Adds so many rows. A pair: PostgreSQL lets numbers be given only to whoever says so.
pub(super) fn insert(table: &ImageTable, rows: usize, is_postgres: bool) -> String {
    let overriding = if is_postgres && table.is_numbered {
        "OVERRIDING SYSTEM VALUE "
    } else {
        ""
    };
    let mut text = format!(
        "INSERT INTO {} ({}) {overriding}VALUES ",
        table.name,
        names(table.columns)
    );
    let width = table.columns.len();
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        write!(text, "{comma}({})", placeholders(row * width + 1, width))
            .expect("a text takes what it is given");
    }
    text
}

pub(super) fn delete_all(table: &ImageTable) -> String {
    format!("DELETE FROM {}", table.name)
}

pub(super) fn count(table: &ImageTable) -> String {
    format!("SELECT COUNT(*) FROM {}", table.name)
}

/// The highest number that was ever given in a table. A pair: each engine remembers it in its own way.
pub(super) struct LastNumber;

impl LastNumber {
    pub(super) const SQLITE: &'static str =
        "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = $1";
    pub(super) const POSTGRES: &'static str = "SELECT COALESCE(
        pg_sequence_last_value(CAST(pg_get_serial_sequence($1, 'id') AS regclass)), 0)";
}

/// Makes the next number the one behind this. A pair for the same reason.
pub(super) struct SetLastNumber;

impl SetLastNumber {
    pub(super) const SQLITE_FORGET: &'static str = "DELETE FROM sqlite_sequence WHERE name = $1";
    pub(super) const SQLITE: &'static str =
        "INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)";
    pub(super) const POSTGRES: &'static str = "SELECT setval(CAST(pg_get_serial_sequence($1, 'id') AS regclass), GREATEST($2, 1), $2 > 0)";
}

/// The number of the last migration.
pub(super) const SCHEMA: &str =
    "SELECT CAST(COALESCE(MAX(version), 0) AS BIGINT) FROM _sqlx_migrations";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_read_as_if_they_were_written_by_hand() {
        let table = ImageTable::find("external_connection").unwrap();
        assert_eq!(
            page(table, 0..2, true),
            "SELECT repository_id, name, format, created_at_ms FROM external_connection \
             WHERE (repository_id, name) > ($1, $2) ORDER BY repository_id, name LIMIT $3"
        );
        let log = ImageTable::find("log").unwrap();
        assert_eq!(
            page(log, 0..1, false),
            "SELECT id, sequence FROM log  ORDER BY id LIMIT $1"
        );
        let tag = ImageTable::find("package_tag").unwrap();
        assert_eq!(
            of_key(tag, 0..2),
            "SELECT package_id, tag, version FROM package_tag WHERE package_id = $1 AND tag = $2"
        );
        assert_eq!(
            below(tag, [0, 1], 3),
            "SELECT package_id, tag, version FROM package_tag WHERE package_id IN ($1, $2, $3) ORDER BY package_id, tag"
        );
        assert_eq!(
            insert(log, 2, true),
            "INSERT INTO log (id, sequence) VALUES ($1, $2), ($3, $4)"
        );
        let domain = ImageTable::find("domain").unwrap();
        assert!(insert(domain, 1, true).contains(") OVERRIDING SYSTEM VALUE VALUES ($1, "));
        assert!(!insert(domain, 1, false).contains("OVERRIDING"));
    }
}
