//! The files of a family: ranges of its keys, each with a few files of rows of every table.
//!
//! Where a range ends is decided by the keys in it alone. So the ranges of a moment are the same whether all bundles were
//! read, or only those that changed since the backup before were put among those that it holds: a range in which nothing
//! changed is kept as it is, unread. Nothing of a backup is ever laid over another.

use std::collections::BTreeSet;
use std::ops::Bound;

use store::image::{ImageTable, ImageValue};

use crate::backup_folder::BackupFolder;
use crate::chunk::{Chunk, ends_behind};
use crate::error::{CarriageError, Result};
use crate::family::{Bundle, Family, Key, Source};
use crate::manifest::{ChunkEntry, FamilyEntry, Manifest, RangeEntry};

/// Bundles that are asked for at once.
const BATCH: usize = 256;

/// A range of a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Range {
    /// The last key that it held.
    through: Key,
    /// The files of each member.
    files: Vec<Vec<ChunkEntry>>,
}

/// What is not any more as the backup before has it.
pub(crate) struct Edit<'a> {
    /// Bundles that may be new, or others, or gone.
    pub(crate) touched: &'a BTreeSet<Key>,
    /// All whose key begins with one of these numbers are gone.
    pub(crate) gone: &'a BTreeSet<i64>,
}

impl Edit<'_> {
    fn is_gone(&self, key: &Key) -> bool {
        matches!(key.first(), Some(ImageValue::Integer(number)) if self.gone.contains(number))
    }

    /// Whether keys of a range, behind one and up to another, may be gone.
    fn reaches(&self, behind: Option<&Key>, through: &Key) -> bool {
        let first = |key: &Key| match key.first() {
            Some(ImageValue::Integer(number)) => Some(*number),
            _ => None,
        };
        let from = behind.and_then(first).unwrap_or(i64::MIN);
        let to = first(through).unwrap_or(i64::MAX);
        from <= to && self.gone.range(from..=to).next().is_some()
    }
}

/// The ranges of a family in a backup.
pub(crate) fn ranges_of(manifest: &Manifest, family: &Family) -> Result<Vec<Range>> {
    let damaged = |why: &str| {
        CarriageError::Damaged(format!(
            "backup {} is damaged: {why} of {}",
            manifest.number,
            family.name()
        ))
    };
    let entry = manifest.families.iter().find(|e| e.name == family.name());
    let entry = entry.ok_or_else(|| damaged("it does not tell the ranges"))?;
    let mut files: Vec<&[ChunkEntry]> = Vec::new();
    for member in family.members {
        let of_table = manifest.table(member.table());
        files.push(of_table.map_or(&[][..], |table| table.chunks.as_slice()));
    }
    let mut ranges: Vec<Range> = Vec::new();
    for range in &entry.ranges {
        let through = family.read_key(range.through.clone());
        let through = through.map_err(|why| damaged(&format!("{why}, in a range")))?;
        let is_behind = ranges.last().is_none_or(|last| last.through < through);
        if !is_behind || range.files.len() != files.len() {
            return Err(damaged("there is no order in the ranges"));
        }
        let mut of_range = Vec::new();
        for (left, count) in files.iter_mut().zip(&range.files) {
            let (own, rest) = left
                .split_at_checked(*count)
                .ok_or_else(|| damaged("there are fewer files than ranges have"))?;
            of_range.push(own.to_vec());
            *left = rest;
        }
        ranges.push(Range {
            through,
            files: of_range,
        });
    }
    if files.iter().any(|left| !left.is_empty()) {
        return Err(damaged("there are files outside of the ranges"));
    }
    Ok(ranges)
}

/// Makes the ranges of a family.
pub(crate) struct RangeWriter<'a> {
    folder: &'a BackupFolder,
    family: &'static Family,
    /// Bundles of the range that has not ended yet.
    open: Vec<Bundle>,
    open_rows: usize,
    ranges: Vec<Range>,
}

impl<'a> RangeWriter<'a> {
    pub(crate) const fn new(folder: &'a BackupFolder, family: &'static Family) -> Self {
        Self {
            folder,
            family,
            open: Vec::new(),
            open_rows: 0,
            ranges: Vec::new(),
        }
    }

    /// Writes everything there is.
    pub(crate) async fn write_all(mut self, source: &mut impl Source) -> Result<Vec<Range>> {
        let mut behind = None;
        loop {
            let page = source.next(behind.as_ref()).await?;
            let Some(last) = page.last() else { break };
            behind = Some(last.key.clone());
            for bundle in page {
                self.push(bundle).await?;
            }
        }
        self.close().await?;
        Ok(self.ranges)
    }

    /// Writes what changed into the ranges of an earlier backup. `changed` hears of each bundle that may have: what it
    /// was, and what it is.
    pub(crate) async fn write_changed(
        mut self,
        before: &[Range],
        edit: &Edit<'_>,
        source: &mut impl Source,
        changed: &mut impl FnMut(Option<&Bundle>, Option<&Bundle>),
    ) -> Result<Vec<Range>> {
        let mut behind: Option<&Key> = None;
        for (at, range) in before.iter().enumerate() {
            let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
            // What is new behind the last key belongs to the last range.
            let to = if at + 1 == before.len() {
                Bound::Unbounded
            } else {
                Bound::Included(&range.through)
            };
            let mut touched = edit.touched.range::<Key, _>((from, to)).peekable();
            let is_as_it_was = self.open.is_empty()
                && touched.peek().is_none()
                && !edit.reaches(behind, &range.through);
            if is_as_it_was {
                self.keep(range).await?;
            } else {
                let held = self.read(range).await?;
                self.merge(held, touched, edit, source, changed).await?;
            }
            behind = Some(&range.through);
        }
        if before.is_empty() {
            let touched = edit.touched.iter();
            self.merge(Vec::new(), touched, edit, source, changed)
                .await?;
        }
        self.close().await?;
        Ok(self.ranges)
    }

    async fn merge<'k>(
        &mut self,
        held: Vec<Bundle>,
        mut touched: impl Iterator<Item = &'k Key>,
        edit: &Edit<'_>,
        source: &mut impl Source,
        changed: &mut impl FnMut(Option<&Bundle>, Option<&Bundle>),
    ) -> Result<()> {
        let mut held = held.into_iter().peekable();
        loop {
            let keys: Vec<Key> = touched.by_ref().take(BATCH).cloned().collect();
            if keys.is_empty() {
                break;
            }
            let mut found = source.find(&keys).await?.into_iter().peekable();
            for key in keys {
                while let Some(bundle) = held.next_if(|bundle| bundle.key < key) {
                    self.push_held(bundle, edit, changed).await?;
                }
                let old = held.next_if(|bundle| bundle.key == key);
                let new = found.next_if(|bundle| bundle.key == key);
                changed(old.as_ref(), new.as_ref());
                if let Some(new) = new {
                    self.push(new).await?;
                }
            }
        }
        for bundle in held {
            self.push_held(bundle, edit, changed).await?;
        }
        Ok(())
    }

    async fn push_held(
        &mut self,
        bundle: Bundle,
        edit: &Edit<'_>,
        changed: &mut impl FnMut(Option<&Bundle>, Option<&Bundle>),
    ) -> Result<()> {
        if edit.is_gone(&bundle.key) {
            changed(Some(&bundle), None);
            return Ok(());
        }
        self.push(bundle).await
    }

    async fn push(&mut self, bundle: Bundle) -> Result<()> {
        let ends = ends_behind(&bundle.key, self.family.bundles);
        self.open_rows += bundle.rows.iter().map(Vec::len).sum::<usize>();
        self.open.push(bundle);
        if ends || self.open_rows >= self.family.rows {
            self.close().await?;
        }
        Ok(())
    }

    /// Ends the open range, and writes its files.
    async fn close(&mut self) -> Result<()> {
        let open = std::mem::take(&mut self.open);
        self.open_rows = 0;
        let Some(last) = open.last() else {
            return Ok(());
        };
        let through = last.key.clone();
        let mut files = Vec::new();
        for at in 0..self.family.members.len() {
            let mut of_member = Vec::new();
            let mut chunk = Chunk::default();
            for row in open.iter().flat_map(|bundle| &bundle.rows[at]) {
                if chunk.add(row) {
                    of_member.push(self.folder.store(std::mem::take(&mut chunk)).await?);
                }
            }
            if chunk.rows > 0 {
                of_member.push(self.folder.store(chunk).await?);
            }
            files.push(of_member);
        }
        self.ranges.push(Range { through, files });
        Ok(())
    }

    /// Takes a range over as it is.
    async fn keep(&mut self, range: &Range) -> Result<()> {
        for (member, files) in self.family.members.iter().zip(&range.files) {
            for file in files {
                self.folder.check(member.table(), file).await?;
            }
        }
        self.ranges.push(range.clone());
        Ok(())
    }

    /// The bundles of a range.
    async fn read(&self, range: &Range) -> Result<Vec<Bundle>> {
        let mut members = Vec::new();
        for (member, files) in self.family.members.iter().zip(&range.files) {
            let mut rows = Vec::new();
            for file in files {
                rows.extend(self.folder.rows(member.table(), file).await?);
            }
            members.push(rows);
        }
        self.family.group(members)
    }
}

/// What a manifest says of the ranges, and the files of each member.
pub(crate) fn entries(
    family: &Family,
    ranges: Vec<Range>,
) -> (FamilyEntry, Vec<(&'static ImageTable, Vec<ChunkEntry>)>) {
    let mut files: Vec<_> = family
        .members
        .iter()
        .map(|member| (member.table(), Vec::new()))
        .collect();
    let mut entry = FamilyEntry {
        name: family.name().to_owned(),
        ranges: Vec::new(),
    };
    for range in ranges {
        let through = range.through.iter().map(|value| {
            serde_json::to_value(value).expect("numbers, texts and bytes have a form in JSON")
        });
        entry.ranges.push(RangeEntry {
            through: through.collect(),
            files: range.files.iter().map(Vec::len).collect(),
        });
        for (of_table, own) in files.iter_mut().zip(range.files) {
            of_table.1.extend(own);
        }
    }
    (entry, files)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use store::image::ImageRow;

    use super::*;
    use crate::family::PACKAGES;

    /// Packages, in so small ranges that a few hundred have many.
    static SMALL: Family = Family {
        members: PACKAGES.members,
        key: PACKAGES.key,
        bundles: 4,
        rows: 24,
        page: 3,
    };

    /// Bundles in memory; counts how often one was asked for.
    #[derive(Default)]
    struct Model {
        bundles: BTreeMap<Key, Bundle>,
        found: usize,
        last_id: i64,
        seed: u64,
    }

    impl Source for Model {
        async fn find(&mut self, keys: &[Key]) -> Result<Vec<Bundle>> {
            self.found += keys.len();
            let found = keys.iter().filter_map(|key| self.bundles.get(key));
            Ok(found.cloned().collect())
        }

        async fn next(&mut self, behind: Option<&Key>) -> Result<Vec<Bundle>> {
            let from = behind.map_or(Bound::Unbounded, Bound::Excluded);
            let page = self.bundles.range::<Key, _>((from, Bound::Unbounded));
            Ok(page.take(7).map(|(_, bundle)| bundle.clone()).collect())
        }
    }

    impl Model {
        fn random(&mut self, below: u64) -> u64 {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            self.seed % below
        }

        fn key(&mut self) -> Key {
            let repository = i64::try_from(self.random(5)).unwrap();
            let name = format!("package-{}", self.random(80));
            vec![
                ImageValue::Integer(repository),
                ImageValue::Text("npm".into()),
                ImageValue::Text(String::new()),
                ImageValue::Text(name),
            ]
        }

        /// A package of a new number with some versions and all that hangs on them.
        fn put(&mut self, key: &Key) {
            self.last_id += 1;
            let package = self.last_id;
            let (ImageValue::Integer(repository), ImageValue::Text(name)) = (&key[0], &key[3])
            else {
                panic!("keys of packages begin with a number and end with a name");
            };
            let mut lines = vec![
                vec![format!(
                    r#"[{package},{repository},"npm","","{name}",true,true,1]"#
                )],
                Vec::new(),
                Vec::new(),
                Vec::new(),
            ];
            for number in 0..self.random(4) {
                self.last_id += 1;
                let id = self.last_id;
                lines[1].push(format!(
                    r#"[{id},{package},"{number}","Published","r","Internal","main",1,null,"{{}}",null,null]"#
                ));
                for asset in 0..self.random(3) {
                    lines[2].push(format!(
                        r#"[{id},"asset-{asset}",1,"00","00","{}","00",null,null]"#,
                        "ab".repeat(32)
                    ));
                }
            }
            lines[3].push(format!(r#"[{package},"latest","0"]"#));
            let rows = SMALL.members.iter().zip(lines).map(|(member, lines)| {
                let lines = lines.iter();
                lines
                    .map(|line| ImageRow::from_line(member.table(), line).unwrap())
                    .collect()
            });
            let bundles = SMALL.group(rows.collect()).unwrap();
            let [bundle] = <[Bundle; 1]>::try_from(bundles).unwrap();
            assert_eq!(bundle.key, *key);
            self.bundles.insert(key.clone(), bundle);
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn ranges_of_what_changed_are_those_of_everything() {
        let root = tempfile::tempdir().unwrap();
        let folder = BackupFolder::open(&root.path().join("backups")).unwrap();
        for seed in 1..=4 {
            let mut model = Model {
                seed,
                ..Model::default()
            };
            // Once from nothing, else from many.
            for _ in 0..(seed - 1) * 100 {
                let key = model.key();
                model.put(&key);
            }
            let writer = || RangeWriter::new(&folder, &SMALL);
            let mut ranges = writer().write_all(&mut model).await.unwrap();
            assert!(ranges.len() >= 10 || seed == 1, "{}", ranges.len());
            for round in 0..40 {
                let before = model.bundles.clone();
                let (mut touched, mut gone) = (BTreeSet::new(), BTreeSet::new());
                if round % 8 == 7 {
                    let repository = i64::try_from(model.random(5)).unwrap();
                    gone.insert(repository);
                    let is_there = |key: &Key| key[0] != ImageValue::Integer(repository);
                    model.bundles.retain(|key, _| is_there(key));
                }
                // Also none, and once so many that they are read in more than one go.
                let changes = if round == 20 { 300 } else { model.random(6) };
                for _ in 0..changes {
                    let key = model.key();
                    if matches!(key[0], ImageValue::Integer(number) if gone.contains(&number)) {
                        continue;
                    }
                    match model.random(3) {
                        0 => drop(model.bundles.remove(&key)),
                        // Named by the log, and as it was.
                        1 if round % 2 == 0 => {}
                        _ => model.put(&key),
                    }
                    touched.insert(key);
                }
                model.found = 0;
                let mut heard = Vec::new();
                let edit = Edit {
                    touched: &touched,
                    gone: &gone,
                };
                let changed = writer()
                    .write_changed(&ranges, &edit, &mut model, &mut |old, new| {
                        heard.push((old.cloned(), new.cloned()));
                    })
                    .await
                    .unwrap();
                assert_eq!(model.found, touched.len(), "only what was touched is read");
                for (old, new) in heard {
                    let key = old
                        .as_ref()
                        .or(new.as_ref())
                        .map(|bundle| bundle.key.clone());
                    let Some(key) = key else { continue };
                    assert_eq!(old.as_ref(), before.get(&key));
                    assert_eq!(new.as_ref(), model.bundles.get(&key));
                }
                let all = writer().write_all(&mut model).await.unwrap();
                assert!(changed == all, "seed {seed}, round {round}");
                ranges = changed;
            }
        }
    }
}
