//! Reading the rows of one moment into the files of a backup: all of them, or what may have changed since the backup before.

use std::collections::{BTreeMap, BTreeSet};

use store::image::{CHANGE, ImageRow, ImageTable, ImageValue, TABLES};
use store::{Snapshot, Store};

use crate::backup_folder::BackupFolder;
use crate::chunk::Chunk;
use crate::error::{CarriageError, Result};
use crate::family::{
    Bundle, DOMAIN_BLOBS, DOMAIN_PACKAGES, DatabaseSource, FAMILIES, Family, Key, PACKAGES,
};
use crate::manifest::{ChunkEntry, FORM, FamilyEntry, Hex, Manifest, TableEntry};
use crate::progress::{Progress, Unit};
use crate::ranges::{Edit, RangeWriter, entries, ranges_of};
use crate::rows::PAGE;
use crate::survey::NamedBlobs;
use crate::told::{OfDomains, Repositories, Told};

/// Entries of a list of logs.
const LOGS: i64 = 1_000;
const REPOSITORY: &str = "repository";
const OTHER_LOG: &str = "the change log does not go on where the backup before ended, as if the database had been put back";
/// Also said where a reading of everything comes to something else.
pub(crate) const UNTOLD: &str =
    "packages changed without an entry in the change log; please report this";

/// The rows of a moment, and what it took to read them.
pub(crate) struct Moment {
    pub(crate) manifest: Manifest,
    /// The blobs that the rows name which were read.
    pub(crate) named: NamedBlobs,
    pub(crate) rows_read: u64,
    /// Whether it stands on the backup before.
    pub(crate) is_increment: bool,
}

/// Why rows could not be read.
pub(crate) enum Stop {
    /// The backup before is no ground to stand on.
    Anew(&'static str),
    /// Something failed.
    Failed(CarriageError),
}

impl<E: Into<CarriageError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Writes the rows of this moment into files. With `is_anew` all of them are read, whatever backups there are. Whoever
/// wants to look at the moment once more finds it in the snapshot.
pub(crate) async fn read(
    store: &Store,
    folder: &BackupFolder,
    (installation, now_ms): (&str, i64),
    is_anew: bool,
    progress: &dyn Progress,
) -> std::result::Result<(Moment, Snapshot), Stop> {
    let mut snapshot = store.snapshot().await?;
    let schema = snapshot.find_schema_number().await?;
    let logs = list_logs(&mut snapshot).await?;
    let last = folder.backups.last();
    // Of another schema, its files do not hold the same columns.
    let known = last
        .map(|(manifest, _)| manifest)
        .filter(|manifest| !is_anew && manifest.schema == schema && manifest.is_of_this_schema());
    let mut reading = Reading {
        snapshot,
        folder,
        known,
        logs,
        told: Told::default(),
        repositories: Repositories::default(),
        named: NamedBlobs::default(),
        rows_read: 0,
        tables: BTreeMap::new(),
        progress,
    };
    progress.begin("reading rows", 0, Unit::Rows);
    let read = reading.all().await;
    progress.end();
    let families = read?;
    let mut tables = Vec::new();
    for table in TABLES {
        tables.extend(reading.tables.remove(table.name));
    }
    let moment = Moment {
        manifest: Manifest {
            form: FORM,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            installation: installation.to_owned(),
            number: last.map_or(0, |(manifest, _)| manifest.number) + 1,
            previous: last.map(|(_, sha256)| Hex(*sha256)),
            made_at_ms: now_ms,
            logs: reading.logs,
            tables,
            families,
        },
        named: reading.named,
        rows_read: reading.rows_read,
        is_increment: known.is_some(),
    };
    Ok((moment, reading.snapshot))
}

async fn list_logs(snapshot: &mut Snapshot) -> Result<Vec<(i64, i64)>> {
    let mut logs: Vec<(i64, i64)> = Vec::new();
    loop {
        let after = logs.last().map_or(i64::MIN, |(id, _)| *id);
        let page = snapshot.list_logs(after, LOGS).await?;
        if page.is_empty() {
            return Ok(logs);
        }
        logs.extend(page.iter().map(|log| (log.id, log.sequence)));
    }
}

struct Reading<'a> {
    snapshot: Snapshot,
    folder: &'a BackupFolder,
    /// The backup that this one stands on.
    known: Option<&'a Manifest>,
    /// Each log, and the number of its last entry.
    logs: Vec<(i64, i64)>,
    told: Told,
    repositories: Repositories,
    named: NamedBlobs,
    rows_read: u64,
    tables: BTreeMap<&'static str, TableEntry>,
    progress: &'a dyn Progress,
}

impl Reading<'_> {
    async fn all(&mut self) -> std::result::Result<Vec<FamilyEntry>, Stop> {
        for table in TABLES {
            if table.name == CHANGE {
                self.log(table).await?;
            } else if !FAMILIES.iter().any(|family| family.has(table)) {
                self.table(table).await?;
            }
        }
        if let Some(why) = self.told.not_enough.filter(|_| self.known.is_some()) {
            return Err(Stop::Anew(why));
        }
        let families = self.families().await?;
        self.count().await?;
        Ok(families)
    }

    async fn families(&mut self) -> Result<Vec<FamilyEntry>> {
        let before = self.repositories_before().await?;
        let gone = before.without(&self.repositories);
        let touched = self.told.packages(&self.repositories);
        let mut of_domains = OfDomains::new(&before, &self.repositories);
        let none = BTreeSet::new();
        let packages = self
            .family(&PACKAGES, (&touched, &gone), &mut of_domains)
            .await?;
        let OfDomains {
            blobs,
            packages: names,
            ..
        } = of_domains;
        let mut unheard = OfDomains::default();
        let blobs = self
            .family(&DOMAIN_BLOBS, (&blobs, &none), &mut unheard)
            .await?;
        let names = self
            .family(&DOMAIN_PACKAGES, (&names, &none), &mut unheard)
            .await?;
        Ok(vec![packages, blobs, names])
    }

    /// The repositories that the backup before knew.
    async fn repositories_before(&self) -> Result<Repositories> {
        let mut before = Repositories::default();
        let table = ImageTable::find(REPOSITORY).expect("repositories are carried");
        for chunk in self
            .known
            .and_then(|manifest| manifest.table(table))
            .map_or(&[][..], |entry| entry.chunks.as_slice())
        {
            before.add(&self.folder.rows(table, chunk).await?);
        }
        Ok(before)
    }

    async fn family(
        &mut self,
        family: &'static Family,
        (touched, gone): (&BTreeSet<Key>, &BTreeSet<i64>),
        of_domains: &mut OfDomains,
    ) -> Result<FamilyEntry> {
        let mut source = DatabaseSource {
            snapshot: &mut self.snapshot,
            family,
            named: &mut self.named,
            rows_read: &mut self.rows_read,
            progress: self.progress,
        };
        let writer = RangeWriter::new(self.folder, family);
        let ranges = match self.known {
            None => writer.write_all(&mut source).await?,
            Some(manifest) => {
                let before = ranges_of(manifest, family)?;
                let mut changed =
                    |old: Option<&Bundle>, new: Option<&Bundle>| of_domains.hear(old, new);
                let edit = Edit { touched, gone };
                writer
                    .write_changed(&before, &edit, &mut source, &mut changed)
                    .await?
            }
        };
        let (entry, files) = entries(family, ranges);
        for (table, chunks) in files {
            self.put(table, chunks).await?;
        }
        Ok(entry)
    }

    /// That as many rows came together as there are: whoever made or deleted one told it.
    async fn count(&mut self) -> std::result::Result<(), Stop> {
        for table in FAMILIES.iter().flat_map(|family| family.members) {
            let table = table.table();
            let counted = self.snapshot.count_image_rows(table).await?;
            let written = self.tables.get(table.name).map_or(0, |entry| entry.rows);
            if u64::try_from(counted) == Ok(written) {
                continue;
            }
            if self.known.is_some() {
                return Err(Stop::Anew(UNTOLD));
            }
            return Err(Stop::Failed(CarriageError::Damaged(format!(
                "{} has {counted} rows, and only {written} belong to anything; `reliquary fsck` says more",
                table.name
            ))));
        }
        Ok(())
    }

    /// A table that is read whole.
    async fn table(&mut self, table: &'static ImageTable) -> Result<()> {
        let mut chunks = Vec::new();
        let mut chunk = Chunk::default();
        let mut behind = None;
        loop {
            let page = self
                .snapshot
                .list_image_rows(table, behind.as_deref(), PAGE)
                .await?;
            let Some(last) = page.last() else { break };
            behind = Some(last.key(table));
            self.take_down(table, &page)?;
            if table.name == REPOSITORY {
                self.repositories.add(&page);
            }
            for row in &page {
                if chunk.push(table, row) {
                    chunks.push(self.folder.store(std::mem::take(&mut chunk)).await?);
                }
            }
        }
        if chunk.rows > 0 {
            chunks.push(self.folder.store(chunk).await?);
        }
        self.put(table, chunks).await
    }

    fn take_down(&mut self, table: &'static ImageTable, rows: &[ImageRow]) -> Result<()> {
        self.named.add(table, rows)?;
        self.rows_read += rows.len() as u64;
        self.progress.advance(rows.len() as u64);
        Ok(())
    }

    async fn put(&mut self, table: &'static ImageTable, chunks: Vec<ChunkEntry>) -> Result<()> {
        let last_number = self.snapshot.find_last_number(table).await?;
        let columns = table.columns.iter().map(|column| column.name.to_owned());
        let entry = TableEntry {
            name: table.name.to_owned(),
            columns: columns.collect(),
            rows: chunks.iter().map(|chunk| chunk.rows).sum(),
            last_number,
            chunks,
        };
        self.tables.insert(table.name, entry);
        Ok(())
    }

    /// The log: what the last backup has of it, and what came since.
    async fn log(&mut self, table: &'static ImageTable) -> std::result::Result<(), Stop> {
        let before: BTreeMap<i64, i64> = self
            .known
            .into_iter()
            .flat_map(|manifest| manifest.logs.iter().copied())
            .collect();
        let now: BTreeMap<i64, i64> = self.logs.iter().copied().collect();
        // A log that is shorter than it was is not the same log.
        if before
            .iter()
            .any(|(log, through)| now.get(log).is_none_or(|last| last < through))
        {
            return Err(Stop::Anew(OTHER_LOG));
        }
        let mut chunks = Vec::new();
        for log in now.keys() {
            self.one_log(table, *log, &mut chunks).await?;
        }
        let rows: u64 = chunks.iter().map(|chunk: &ChunkEntry| chunk.rows).sum();
        let told: i64 = now.values().sum();
        if u64::try_from(told) != Ok(rows) {
            return Err(Stop::Failed(CarriageError::Damaged(format!(
                "the change log has {rows} entries, and counts {told}; `reliquary fsck` says more"
            ))));
        }
        Ok(self.put(table, chunks).await?)
    }

    async fn one_log(
        &mut self,
        table: &'static ImageTable,
        log: i64,
        chunks: &mut Vec<ChunkEntry>,
    ) -> std::result::Result<(), Stop> {
        let is_of_log = |chunk: &&ChunkEntry| chunk.through.is_some_and(|(id, _)| id == log);
        let before = self.known.and_then(|manifest| manifest.table(table));
        let mut kept: Vec<ChunkEntry> = before
            .into_iter()
            .flat_map(|entry| entry.chunks.iter().filter(is_of_log))
            .cloned()
            .collect();
        // The last file may go on with what came since.
        let open = kept.pop();
        for chunk in &kept {
            self.folder.check(table, chunk).await?;
        }
        chunks.append(&mut kept);
        let held = match open {
            Some(open) => self.folder.rows(table, &open).await?,
            None => Vec::new(),
        };
        let mut chunk = Chunk::default();
        for row in &held {
            if chunk.push(table, row) {
                chunks.push(self.folder.store(std::mem::take(&mut chunk)).await?);
            }
        }
        // The last entry is read again: it must be the same.
        let mut same = held.last();
        let through = same.and_then(|row| row.integer(1)).unwrap_or(1);
        let mut behind = vec![ImageValue::Integer(log), ImageValue::Integer(through - 1)];
        loop {
            let mut page = self
                .snapshot
                .list_image_rows(table, Some(&behind), PAGE)
                .await?;
            let read = page.len();
            page.retain(|row| row.integer(0) == Some(log));
            self.take_down(table, &page)?;
            for row in &page {
                match same.take() {
                    None => {}
                    Some(same) if same == row => continue,
                    Some(_) => return Err(Stop::Anew(OTHER_LOG)),
                }
                if self.known.is_some() {
                    self.told.hear(row);
                }
                if chunk.push(table, row) {
                    chunks.push(self.folder.store(std::mem::take(&mut chunk)).await?);
                }
            }
            match page.last() {
                Some(last) if page.len() == read => behind = last.key(table),
                _ => break,
            }
        }
        if chunk.rows > 0 {
            chunks.push(self.folder.store(chunk).await?);
        }
        Ok(())
    }
}
