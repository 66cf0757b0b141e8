//! One row of an image: values read from either engine, and the line of JSON that a file keeps of them.

use std::ops::Range;

use model::Sha256Digest;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{ColumnKind, ImageColumn, ImageTable};

/// What a column holds in one row. Values of a column that is never empty have the order that both engines give them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageValue {
    /// Nothing.
    Empty,
    /// A number.
    Integer(i64),
    /// Text.
    Text(String),
    /// Bytes; in hexadecimal digits in a file.
    Bytes(Vec<u8>),
    /// True or false.
    Bool(bool),
}

/// The values of a row in the order of its table's columns.
#[derive(Clone, PartialEq, Eq)]
pub struct ImageRow(pub(super) Vec<ImageValue>);

impl std::fmt::Debug for ImageValue {
    /// The kind only: some rows hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty",
            Self::Integer(_) => "integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Bool(_) => "bool",
        })
    }
}

impl std::fmt::Debug for ImageRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(&self.0).finish()
    }
}

impl Serialize for ImageValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Empty => serializer.serialize_unit(),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bytes(bytes) => serializer.serialize_str(&hex::encode(bytes)),
            Self::Bool(truth) => serializer.serialize_bool(*truth),
        }
    }
}

impl ImageValue {
    /// Reads the values of some columns, as they were serialized.
    ///
    /// # Errors
    /// They are of other columns. The text says why, without a value.
    pub fn list_from_json(
        columns: &[ImageColumn],
        values: Vec<Value>,
    ) -> Result<Vec<Self>, String> {
        if values.len() != columns.len() {
            return Err(format!(
                "it has {} values, and there are {} columns",
                values.len(),
                columns.len()
            ));
        }
        let values = columns.iter().zip(values).map(|(column, value)| {
            read(column, value)
                .ok_or_else(|| format!("its value of {} is of another kind", column.name))
        });
        values.collect()
    }
}

impl Serialize for ImageRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut values = serializer.serialize_seq(Some(self.0.len()))?;
        for value in &self.0 {
            values.serialize_element(value)?;
        }
        values.end()
    }
}

impl ImageRow {
    /// The row as one line of JSON, without the end of the line.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).expect("numbers, texts and truths have a form in JSON")
    }

    /// Reads a line that [`ImageRow::to_line`] wrote.
    ///
    /// # Errors
    /// It is none, or not of this table. The text says why, without a value of it.
    pub fn from_line(table: &ImageTable, line: &str) -> Result<Self, String> {
        let values: Vec<Value> = serde_json::from_str(line)
            .map_err(|error| format!("it is no list of values, at character {}", error.column()))?;
        ImageValue::list_from_json(table.columns, values).map(Self)
    }

    /// The values of the primary key.
    #[must_use]
    pub fn key(&self, table: &ImageTable) -> Vec<ImageValue> {
        self.0.iter().take(table.key_columns).cloned().collect()
    }

    /// The values of some columns.
    #[must_use]
    pub fn values(&self, columns: Range<usize>) -> &[ImageValue] {
        self.0.get(columns).unwrap_or_default()
    }

    /// The text in a column; none if it holds something else.
    #[must_use]
    pub fn text(&self, column: usize) -> Option<&str> {
        match self.0.get(column) {
            Some(ImageValue::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The number in a column; none if it holds something else.
    #[must_use]
    pub fn integer(&self, column: usize) -> Option<i64> {
        match self.0.get(column) {
            Some(ImageValue::Integer(number)) => Some(*number),
            _ => None,
        }
    }

    /// The blobs that the row names, with their sizes. Fails, with the name of the column, where it names one in a way
    /// that cannot be.
    pub fn blobs(&self, table: &ImageTable) -> Result<Vec<(Sha256Digest, u64)>, &'static str> {
        let mut blobs = Vec::new();
        for (digest, size) in table.blobs {
            let name = table.columns[*digest].name;
            match (self.0.get(*digest), self.integer(*size)) {
                (Some(ImageValue::Bytes(bytes)), Some(size)) => {
                    let digest = Sha256Digest::from_slice(bytes).ok_or(name)?;
                    blobs.push((digest, u64::try_from(size).map_err(|_| name)?));
                }
                (Some(ImageValue::Empty), None) => {}
                _ => return Err(name),
            }
        }
        Ok(blobs)
    }
}

fn read(column: &ImageColumn, value: Value) -> Option<ImageValue> {
    Some(match (column.kind, value) {
        (_, Value::Null) if column.may_be_empty => ImageValue::Empty,
        (ColumnKind::Integer, Value::Number(number)) => ImageValue::Integer(number.as_i64()?),
        (ColumnKind::Text, Value::String(text)) => ImageValue::Text(text),
        (ColumnKind::Bytes, Value::String(text)) => ImageValue::Bytes(hex::decode(text).ok()?),
        (ColumnKind::Bool, Value::Bool(truth)) => ImageValue::Bool(truth),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::TABLES;

    #[test]
    fn a_row_is_read_as_it_was_written() {
        let table = ImageTable::find("oidc_provider").unwrap();
        let row = ImageRow(vec![
            ImageValue::Text("111122223333".into()),
            ImageValue::Text("a \"quoted\" \u{1F600} line\n".into()),
            ImageValue::Text(String::new()),
            ImageValue::Bool(true),
            ImageValue::Empty,
            ImageValue::Integer(i64::MIN),
        ]);
        let line = row.to_line();
        assert!(!line.contains('\n'), "{line}");
        assert!(ImageRow::from_line(table, &line) == Ok(row));
        let key = ImageTable::find("signing_key").unwrap();
        let row = ImageRow::from_line(key, r#"["k","00ff",7]"#).unwrap();
        assert!(row.0[1] == ImageValue::Bytes(vec![0, 255]));
        assert_eq!(row.to_line(), r#"["k","00ff",7]"#);
        assert_eq!(format!("{row:?}"), "[text, bytes, integer]");
    }

    #[test]
    fn i10_a_row_of_another_shape_is_refused_without_showing_its_values() {
        let table = ImageTable::find("signing_key").unwrap();
        for line in [
            "",
            "{}",
            r#"["hush"]"#,
            r#"["hush","00",7,8]"#,
            r#"["hush","zz",7]"#,
            r#"["hush",null,7]"#,
            r#"["hush","00",7.5]"#,
            r#"["hush","00","7"]"#,
            r#"["hush","00",9223372036854775808]"#,
            r#"["hush","00",7"#,
        ] {
            let refused = ImageRow::from_line(table, line).expect_err(line);
            assert!(!refused.contains("hush"), "{refused}");
        }
    }

    #[test]
    fn blobs_are_named_by_digest_and_size_together() {
        let table = ImageTable::find("asset").unwrap();
        let hex = |byte: &str, length: usize| byte.repeat(length);
        let line = |sha256: String, companion: &str| {
            format!(
                r#"[1,"a",10,"{}","{}","{sha256}","{}",{companion}]"#,
                hex("00", 16),
                hex("00", 20),
                hex("00", 64),
            )
        };
        let read = |sha256: String, companion: &str| {
            let row = ImageRow::from_line(table, &line(sha256, companion)).unwrap();
            row.blobs(table)
        };
        let one = Sha256Digest::from_bytes([1; 32]);
        assert_eq!(read(hex("01", 32), "null,null"), Ok(vec![(one, 10)]));
        let two = format!("\"{}\",3", hex("02", 32));
        let other = Sha256Digest::from_bytes([2; 32]);
        assert_eq!(read(hex("01", 32), &two), Ok(vec![(one, 10), (other, 3)]));
        assert_eq!(read(hex("01", 31), "null,null"), Err("sha256"));
        assert_eq!(read(hex("01", 32), "null,3"), Err("companion_sha256"));
        assert_eq!(read(hex("01", 32), "\"00\",-3"), Err("companion_sha256"));
        let naming: Vec<_> = TABLES
            .iter()
            .filter(|table| !table.blobs.is_empty())
            .collect();
        for (digest, size) in naming.iter().flat_map(|table| {
            table
                .blobs
                .iter()
                .map(|pair| (table.columns[pair.0].name, table.columns[pair.1].name))
        }) {
            assert_eq!(digest.replace("sha256", "size_bytes"), size);
        }
    }
}
