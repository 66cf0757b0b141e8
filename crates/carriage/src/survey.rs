//! What there is: the rows of each table by count and sum, and the blobs that they name. Two places that hold the same
//! have equal surveys, whatever their engines, and in whatever order they give their rows.

use std::collections::BTreeMap;

use model::Sha256Digest;
use sha2::{Digest, Sha256};
use store::image::{ImageRow, ImageTable, TABLES};

use crate::error::{CarriageError, Result};
use crate::progress::{Progress, Unit};
use crate::rows::{Place, Rows};

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableSum {
    pub(crate) name: &'static str,
    pub(crate) rows: u64,
    pub(crate) last_number: i64,
    sum: Sum,
}

/// The sum of the SHA-256 of rows, as numbers of 256 bits. It does not depend on their order, and unlike an exclusive or
/// it tells a row that is there twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sum([u64; 4]);

impl Sum {
    fn add(&mut self, line: &str) {
        let digest = Sha256::digest(line);
        let mut carry = false;
        for (at, limb) in self.0.iter_mut().enumerate() {
            let bytes = digest[at * 8..at * 8 + 8].try_into();
            let other = u64::from_le_bytes(bytes.expect("eight bytes are eight bytes"));
            let (sum, first) = limb.overflowing_add(other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = first || second;
        }
    }
}

/// All rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sums(pub(crate) Vec<TableSum>);

impl Sums {
    pub(crate) fn rows(&self) -> u64 {
        self.0.iter().map(|table| table.rows).sum()
    }

    /// Whether the rows are the same. The highest numbers are not looked at: on PostgreSQL they are of no moment.
    pub(crate) fn have_the_rows_of(&self, other: &Self) -> bool {
        let is_same = |(one, two): (&TableSum, &TableSum)| {
            (one.name, one.rows, one.sum) == (two.name, two.rows, two.sum)
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(is_same)
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
    sum: Sum,
}

impl Adder {
    pub(crate) fn new(table: &'static ImageTable) -> Self {
        Self {
            table,
            rows: 0,
            sum: Sum::default(),
        }
    }

    pub(crate) fn add(&mut self, rows: &[ImageRow]) {
        for row in rows {
            self.sum.add(&row.to_line());
        }
        self.rows += rows.len() as u64;
    }

    pub(crate) fn sum(self, last_number: i64) -> TableSum {
        TableSum {
            name: self.table.name,
            rows: self.rows,
            last_number,
            sum: self.sum,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(lines: &[&str]) -> TableSum {
        let table = ImageTable::find("log").expect("there is one");
        let mut adder = Adder::new(table);
        for line in lines {
            adder.add(&[ImageRow::from_line(table, line).expect("a row")]);
        }
        adder.sum(0)
    }

    #[test]
    fn a_sum_does_not_depend_on_the_order_and_on_everything_else() {
        let rows = ["[1,2]", "[3,4]", "[5,6]"];
        assert_eq!(sum(&rows), sum(&["[5,6]", "[1,2]", "[3,4]"]));
        assert_ne!(sum(&rows), sum(&["[1,2]", "[3,4]", "[5,7]"]));
        assert_ne!(sum(&rows).sum, sum(&["[1,2]", "[3,4]"]).sum);
        // Two rows too many that are alike do not cancel each other.
        let twice = ["[1,2]", "[3,4]", "[5,6]", "[7,8]", "[7,8]"];
        assert_ne!(sum(&rows).sum, sum(&twice).sum);
    }

    #[test]
    fn a_sum_carries_from_limb_to_limb() {
        let mut sum = Sum([u64::MAX; 4]);
        sum.add("x");
        let mut one_less = Sum::default();
        one_less.add("x");
        let mut borrowed = one_less.0;
        for limb in &mut borrowed {
            let (less, borrow) = limb.overflowing_sub(1);
            *limb = less;
            if !borrow {
                break;
            }
        }
        assert_eq!(sum.0, borrowed);
    }
}
