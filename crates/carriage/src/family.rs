//! Tables that a backup reads by what the change log tells was touched, instead of whole.
//!
//! A family is a table whose rows have a key of their own, with the tables whose rows hang on them. All that hangs on one
//! row is a bundle: a package with its versions, assets and tags. Bundles are read, kept and replaced as one.

use std::collections::HashMap;

use store::Snapshot;
use store::image::{ImageRow, ImageTable, ImageValue};

use crate::error::{CarriageError, Result};
use crate::progress::Progress;
use crate::survey::NamedBlobs;

/// The values by which bundles are ordered and found.
pub(crate) type Key = Vec<ImageValue>;

/// One table of a family.
#[derive(Debug)]
pub(crate) struct Member {
    name: &'static str,
    /// What its rows hang on: a member before it, and the columns that order them, the first of which refers.
    above: Option<(usize, [usize; 2])>,
}

impl Member {
    pub(crate) fn table(&self) -> &'static ImageTable {
        ImageTable::find(self.name).expect("families are made of tables that are carried")
    }
}

/// Tables that belong together.
#[derive(Debug)]
pub(crate) struct Family {
    /// The first one has one row for each bundle.
    pub(crate) members: &'static [Member],
    /// The columns of the first table that are the key: from one, and so many.
    pub(crate) key: (usize, usize),
    /// Bundles in a range, on the average.
    pub(crate) bundles: u64,
    /// A range ends when it has so many rows, whatever its keys say.
    pub(crate) rows: usize,
    /// Bundles that are read at once.
    pub(crate) page: usize,
}

/// Packages, by repository and name.
pub(crate) const PACKAGES: Family = Family {
    members: &[
        Member {
            name: "package",
            above: None,
        },
        Member {
            name: "package_version",
            above: Some((0, [1, 0])),
        },
        Member {
            name: "asset",
            above: Some((1, [0, 1])),
        },
        Member {
            name: "package_tag",
            above: Some((0, [0, 1])),
        },
    ],
    key: (1, 4),
    bundles: 256,
    rows: 8_192,
    page: 32,
};

/// Which bytes a domain holds, and how often.
pub(crate) const DOMAIN_BLOBS: Family = Family {
    members: &[Member {
        name: "domain_blob",
        above: None,
    }],
    key: (0, 2),
    bundles: 1_024,
    rows: 8_192,
    page: 256,
};

/// The packages of a domain, and in how many repositories they are.
pub(crate) const DOMAIN_PACKAGES: Family = Family {
    members: &[Member {
        name: "domain_package",
        above: None,
    }],
    key: (0, 4),
    bundles: 1_024,
    rows: 8_192,
    page: 256,
};

/// All of them, in the order in which they are read: what changed in the first tells what to read of the others.
pub(crate) const FAMILIES: [&Family; 3] = [&PACKAGES, &DOMAIN_BLOBS, &DOMAIN_PACKAGES];

/// One row of the first table and all that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) key: Key,
    /// The rows of each member.
    pub(crate) rows: Vec<Vec<ImageRow>>,
}

impl Family {
    pub(crate) fn name(&self) -> &'static str {
        self.members[0].name
    }

    pub(crate) fn has(&self, table: &ImageTable) -> bool {
        self.members.iter().any(|member| member.name == table.name)
    }

    /// The key that a list of a manifest spells.
    pub(crate) fn read_key(
        &self,
        values: Vec<serde_json::Value>,
    ) -> std::result::Result<Key, String> {
        let (from, count) = self.key;
        let columns = &self.members[0].table().columns[from..from + count];
        ImageValue::list_from_json(columns, values)
    }

    /// Bundles of rows of all members. Those of the first come in the order of their keys, the others together with their
    /// kind, in any order of what they hang on.
    pub(crate) fn group(&self, members: Vec<Vec<ImageRow>>) -> Result<Vec<Bundle>> {
        let (from, count) = self.key;
        let mut bundles: Vec<Bundle> = Vec::new();
        // Where the bundle of a row of each member is, by the row's number.
        let mut places: Vec<HashMap<i64, usize>> = Vec::new();
        for (member, rows) in self.members.iter().zip(members) {
            let mut of_member = HashMap::new();
            for row in rows {
                let place = match member.above {
                    None => {
                        bundles.push(Bundle {
                            key: row.values(from..from + count).to_vec(),
                            rows: vec![Vec::new(); self.members.len()],
                        });
                        bundles.len() - 1
                    }
                    Some((above, [column, _])) => row
                        .integer(column)
                        .and_then(|number| places[above].get(&number).copied())
                        .ok_or_else(|| {
                            CarriageError::Damaged(format!(
                                "a row of {} belongs to none of the rows beside it",
                                member.name
                            ))
                        })?,
                };
                if let Some(number) = row.integer(0) {
                    of_member.entry(number).or_insert(place);
                }
                bundles[place].rows[places.len()].push(row);
            }
            places.push(of_member);
        }
        Ok(bundles)
    }
}

/// Where bundles come from.
pub(crate) trait Source {
    /// Those of these keys that there are, in the order of the keys.
    async fn find(&mut self, keys: &[Key]) -> Result<Vec<Bundle>>;
    /// Some that come next behind a key, or the first ones; none once there are no more.
    async fn next(&mut self, behind: Option<&Key>) -> Result<Vec<Bundle>>;
}

/// Bundles of a database, as of one moment.
pub(crate) struct DatabaseSource<'a> {
    pub(crate) snapshot: &'a mut Snapshot,
    pub(crate) family: &'static Family,
    /// Takes down what the rows name.
    pub(crate) named: &'a mut NamedBlobs,
    /// Counts them.
    pub(crate) rows_read: &'a mut u64,
    pub(crate) progress: &'a dyn Progress,
}

impl Source for DatabaseSource<'_> {
    async fn find(&mut self, keys: &[Key]) -> Result<Vec<Bundle>> {
        let (table, (from, count)) = (self.family.members[0].table(), self.family.key);
        let mut found = Vec::new();
        for keys in keys.chunks(self.family.page) {
            let mut rows = Vec::new();
            for key in keys {
                let columns = from..from + count;
                rows.extend(self.snapshot.find_image_row(table, columns, key).await?);
            }
            found.extend(self.with_all_below(rows).await?);
        }
        Ok(found)
    }

    async fn next(&mut self, behind: Option<&Key>) -> Result<Vec<Bundle>> {
        let (table, (from, count)) = (self.family.members[0].table(), self.family.key);
        let behind = behind.map(Vec::as_slice);
        let limit = i64::try_from(self.family.page).expect("a page is small");
        let rows = self
            .snapshot
            .list_image_rows_by(table, from..from + count, behind, limit)
            .await?;
        self.with_all_below(rows).await
    }
}

impl DatabaseSource<'_> {
    async fn with_all_below(&mut self, rows: Vec<ImageRow>) -> Result<Vec<Bundle>> {
        let mut members = vec![rows];
        for member in &self.family.members[1..] {
            let Some((above, order)) = member.above else {
                continue;
            };
            let parents: Vec<i64> = members[above]
                .iter()
                .filter_map(|row| row.integer(0))
                .collect();
            let rows = self
                .snapshot
                .list_image_rows_below(member.table(), order, &parents)
                .await?;
            members.push(rows);
        }
        for (member, rows) in self.family.members.iter().zip(&members) {
            self.named.add(member.table(), rows)?;
            *self.rows_read += rows.len() as u64;
            self.progress.advance(rows.len() as u64);
        }
        self.family.group(members)
    }
}
