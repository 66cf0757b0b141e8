//! Rows in files of a backup: lines of JSON, compressed.
//!
//! Where one file ends and the next begins is decided by the rows themselves, so that a row more or less changes one file
//! and leaves the others as they were: the next backup stores only what it has not yet.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use store::image::{CHANGE, ImageRow, ImageTable, ImageValue};

use crate::error::{CarriageError, Result};

/// Rows in a file, on the average.
const ROWS: u64 = 512;
/// A file ends when its text has this size, whatever its rows say.
const TEXT_BYTES: usize = 4 << 20;
/// The most that a file may hold, so that a made-up one does not fill the memory.
const LIMIT_BYTES: u64 = 1 << 30;
/// The most that a file may be.
pub(crate) const FILE_LIMIT_BYTES: u64 = 256 << 20;

/// Rows that are gathered for one file.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    pub(crate) rows: u64,
    /// Of entries of a log: which, and the last number.
    pub(crate) through: Option<(i64, i64)>,
}

impl Chunk {
    /// Adds a row; true when the file is full.
    pub(crate) fn add(&mut self, row: &ImageRow) -> bool {
        self.text.push_str(&row.to_line());
        self.text.push('\n');
        self.rows += 1;
        self.text.len() >= TEXT_BYTES
    }

    /// Adds a row; true when the file ends behind it.
    pub(crate) fn push(&mut self, table: &ImageTable, row: &ImageRow) -> bool {
        if table.name == CHANGE {
            self.through = row.integer(0).zip(row.integer(1));
        }
        self.add(row) || ends_behind(&row.key(table), ROWS)
    }
}

/// Whether a key is one of those behind which something ends: one of so many.
pub(crate) fn ends_behind(key: &[ImageValue], one_of: u64) -> bool {
    let key = serde_json::to_string(key).expect("keys are numbers, texts and bytes");
    mixed(key.as_bytes()).is_multiple_of(one_of)
}

/// FNV-1a, mixed once more because keys are alike. It only decides where files end.
fn mixed(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

/// The bytes of a file.
pub(crate) fn pack(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::new(3));
    encoder
        .write_all(text.as_bytes())
        .expect("a vector takes what it is given");
    encoder.finish().expect("a vector takes what it is given")
}

/// The rows in the bytes of a file.
pub(crate) fn unpack(table: &ImageTable, bytes: &[u8], shown: &str) -> Result<Vec<ImageRow>> {
    let damaged = |why: String| {
        CarriageError::Damaged(format!("the file {shown} of rows of {}: {why}", table.name))
    };
    let mut text = String::new();
    GzDecoder::new(bytes)
        .take(LIMIT_BYTES)
        .read_to_string(&mut text)
        .map_err(|error| damaged(format!("it cannot be read: {error}")))?;
    if text.len() as u64 >= LIMIT_BYTES {
        return Err(damaged(format!("it holds more than {LIMIT_BYTES} bytes")));
    }
    let rows = text.lines().enumerate().map(|(at, line)| {
        ImageRow::from_line(table, line).map_err(|why| damaged(format!("line {}: {why}", at + 1)))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunks(table: &ImageTable, lines: &[String]) -> Vec<String> {
        let mut chunks = Vec::new();
        let mut chunk = Chunk::default();
        for line in lines {
            let row = ImageRow::from_line(table, line).unwrap();
            if chunk.push(table, &row) {
                chunks.push(std::mem::take(&mut chunk).text);
            }
        }
        chunks.extend((chunk.rows > 0).then_some(chunk.text));
        chunks
    }

    #[test]
    fn a_row_more_in_the_middle_changes_one_file() {
        let table = ImageTable::find("package_tag").unwrap();
        let lines: Vec<_> = (0..20_000)
            .map(|id| format!(r#"[{id},"latest","1.0"]"#))
            .collect();
        let before = chunks(table, &lines);
        assert!((20..80).contains(&before.len()), "{} files", before.len());
        let mut more = lines;
        more.insert(10_000, r#"[9999,"next","2.0"]"#.to_owned());
        let after = chunks(table, &more);
        let new = after.iter().filter(|chunk| !before.contains(chunk)).count();
        assert!(new <= 2, "{new} new files");
        assert_eq!(after.concat().lines().count(), 20_001);
    }

    #[test]
    fn a_file_of_a_log_tells_its_last_entry_and_rows_come_back() {
        let table = ImageTable::find(CHANGE).unwrap();
        let line = |sequence: i64| {
            format!(r#"[4,{sequence},1,null,"a","k",null,null,null,null,null,"{{}}",null]"#)
        };
        let lines = [line(1), line(2)];
        let mut chunk = Chunk::default();
        for line in &lines {
            chunk.push(table, &ImageRow::from_line(table, line).unwrap());
        }
        assert_eq!((chunk.rows, chunk.through), (2, Some((4, 2))));
        let rows = unpack(table, &pack(&chunk.text), "x").unwrap();
        let read: Vec<_> = rows.iter().map(ImageRow::to_line).collect();
        assert_eq!(read, lines);
    }

    #[test]
    fn i10_a_file_that_is_none_is_refused() {
        let table = ImageTable::find("log").unwrap();
        let whole = pack("[1,2]\n");
        for bytes in [
            &b"no gzip"[..],
            &whole[..whole.len() - 3],
            &pack("[1]\n"),
            &pack("[1,2]\n[\"hush\",3]\n"),
        ] {
            let error = unpack(table, bytes, "abc")
                .expect_err("not good")
                .to_string();
            assert!(error.contains("abc") && !error.contains("hush"), "{error}");
        }
    }
}
