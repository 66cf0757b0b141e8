//! What there is: the rows of each table by count and digest, and the blobs that they name. Two places that hold the same
//! have equal surveys, whatever their engines.

use std::collections::BTreeMap;

use model::Sha256Digest;
use sha2::{Digest, Sha256};
use store::image::{ImageRow, ImageTable, TABLES};

use crate::error::{CarriageError, Result};
use crate::manifest::{BlobsEntry, Hex};
use crate::progress::{Progress, Unit};
use crate::rows::{Place, Rows};

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableSum {
    pub(crate) name: &'static str,
    pub(crate) rows: u64,
    pub(crate) last_number: i64,
    sha256: Sha256Digest,
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sums(pub(crate) Vec<TableSum>);

impl Sums {
    pub(crate) fn rows(&self) -> u64 {
        self.0.iter().map(|table| table.rows).sum()
    }

    /// The tables that are not the same, in words.
    pub(crate) fn differences(&self, other: &Self) -> Option<String> {
        let differs = |(one, two): &(&TableSum, &TableSum)| one != two;
        let tell = |(one, two): (&TableSum, &TableSum)| {
            format!("{} ({} rows and {})", one.name, one.rows, two.rows)
        };
        let pairs = self.0.iter().zip(&other.0).filter(differs);
        let told: Vec<_> = pairs.map(tell).collect();
        (!told.is_empty()).then(|| told.join(", "))
    }
}

/// Makes the sum of one table.
pub(crate) struct Adder {
    table: &'static ImageTable,
    rows: u64,
    hasher: Sha256,
}

impl Adder {
    pub(crate) fn new(table: &'static ImageTable) -> Self {
        Self {
            table,
            rows: 0,
            hasher: Sha256::new(),
        }
    }

    pub(crate) fn add(&mut self, rows: &[ImageRow]) {
        for row in rows {
            self.hasher.update(row.to_line());
            self.hasher.update(b"\n");
        }
        self.rows += rows.len() as u64;
    }

    pub(crate) fn sum(self, last_number: i64) -> TableSum {
        TableSum {
            name: self.table.name,
            rows: self.rows,
            last_number,
            sha256: Sha256Digest::from_bytes(self.hasher.finalize().into()),
        }
    }
}

/// A blob that rows name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) size_bytes: u64,
    table: &'static str,
}

/// All blobs that rows name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct NamedBlobs(pub(crate) BTreeMap<Sha256Digest, Named>);

impl NamedBlobs {
    pub(crate) fn add(&mut self, table: &'static ImageTable, rows: &[ImageRow]) -> Result<()> {
        if table.blobs.is_empty() {
            return Ok(());
        }
        for row in rows {
            let named = row.blobs(table).map_err(|column| {
                CarriageError::Damaged(format!(
                    "the row {} has no digest and size in {column}; `reliquary fsck` says more",
                    key_text(table, row)
                ))
            })?;
            for (digest, size_bytes) in named {
                let table = table.name;
                let known = self.0.entry(digest).or_insert(Named { size_bytes, table });
                if known.size_bytes != size_bytes {
                    return Err(CarriageError::Damaged(format!(
                        "the rows give the blob {digest} two sizes, {} and {size_bytes}; `reliquary fsck` says more",
                        known.size_bytes
                    )));
                }
            }
        }
        Ok(())
    }

    pub(crate) fn size_bytes(&self) -> u64 {
        self.0.values().map(|named| named.size_bytes).sum()
    }

    pub(crate) fn entry(&self) -> BlobsEntry {
        let mut hasher = Sha256::new();
        for digest in self.0.keys() {
            hasher.update(digest.as_bytes());
        }
        BlobsEntry {
            count: self.0.len() as u64,
            size_bytes: self.size_bytes(),
            sha256: Hex(Sha256Digest::from_bytes(hasher.finalize().into())),
        }
    }

    pub(crate) fn missing(&self, digest: &Sha256Digest) -> CarriageError {
        let named = self.0.get(digest);
        CarriageError::MissingBlob {
            digest: *digest,
            size_bytes: named.map_or(0, |named| named.size_bytes),
            named_by: named.map_or_else(String::new, |named| format!("a row of {}", named.table)),
        }
    }
}

fn key_text(table: &ImageTable, row: &ImageRow) -> String {
    let key = serde_json::to_string(&row.key(table)).expect("keys are numbers and texts");
    format!("{key} of {}", table.name)
}

/// Reads everything once.
pub(crate) async fn survey(
    rows: &mut Rows<'_>,
    step: &'static str,
    progress: &dyn Progress,
) -> Result<(Sums, NamedBlobs)> {
    progress.begin(step, 0, Unit::Rows);
    let mut sums = Sums::default();
    let mut blobs = NamedBlobs::default();
    for table in TABLES {
        let mut adder = Adder::new(table);
        let mut place = Place::default();
        loop {
            let page = rows.next(table, &mut place).await?;
            if page.is_empty() {
                break;
            }
            adder.add(&page);
            blobs.add(table, &page)?;
            progress.advance(page.len() as u64);
        }
        sums.0.push(adder.sum(rows.last_number(table).await?));
    }
    progress.end();
    Ok((sums, blobs))
}
