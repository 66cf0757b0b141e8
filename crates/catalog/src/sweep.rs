//! The sweep: removing bytes that no row refers to any more, and what dead uploads left behind.
//!
//! Deleting takes rows away and leaves the bytes, since other rows may refer to them and clients may be reading them. The
//! sweep goes over all bytes, notes those that nothing refers to, and removes them once a grace period has passed since
//! it first saw them so and since they were last stored. What refers to bytes: assets, their companions, documents of
//! public sources and those beside assets that are not held. (Readmes and policies are rows, audit files are no blobs.)
//!
//! Why no acknowledged write loses its bytes, however short the grace period and however many nodes write and sweep:
//!
//! 1. Before bytes are removed they are marked as *going*, in a transaction that sees no reference to them. A row that
//!    refers to bytes is only written in a transaction that sees no such mark. These two never overlap: SQLite has one
//!    writer; on PostgreSQL the second kind shares an advisory lock to its end, and the first takes it alone, before it
//!    looks. So at the moment of the mark nothing refers to the bytes, and while it stands nothing begins to.
//! 2. When they are removed the mark becomes *gone*, and stays for an hour. It still refuses references, so an upload that
//!    stored (or found) the bytes before they were removed, and writes its rows only afterwards, fails and is told to
//!    send them again. Uploads take far less than an hour from storing to writing.
//! 3. Only who stores the bytes after they were seen as gone takes that mark away, and by then they are there again
//!    (`stored_bytes`). Storing waits while they are going, because then their removal may still come. Each removal has
//!    a mark of its own, so that who was slow does not take away the mark of a later one.
//! 4. A sweeper that dies leaves bytes going. Another takes them over after a time in which a request of the first can
//!    no longer arrive: object stores refuse requests that were signed a quarter of an hour ago, and a sweeper does not
//!    begin a removal when its own mark is older than a few minutes.
//! 5. Rows that are copied from other rows (copies, versions that are retained) refer to bytes that something refers to
//!    in the same transaction, so those cannot be marked.
//!
//! Readers that found a row just before it was deleted have the grace period to read its bytes.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use blobs::StoredBlob;
use model::{EpochMillis, Result, Sha256Digest};
use store::{CondemnedBlobRow, StoreError};

use crate::Catalog;
use crate::failure::{Failure, from_blobs, from_store};

/// How many blobs are looked at together.
const PAGE: usize = 1_000;
/// How many are removed under one mark.
const BATCH: usize = 32;
/// When what a dead sweeper marked is taken over.
const TAKEN_OVER_AFTER_MS: i64 = 20 * 60 * 1_000;
/// How old its own mark may be when a sweeper begins a removal.
const MARK_LASTS: Duration = Duration::from_secs(180);
/// How long it is remembered that bytes are gone.
const REMEMBERED_MS: i64 = 3_600_000;
/// An upload that has written nothing for so long is dead, however short the grace period.
const STALE_UPLOAD_MS: i64 = 6 * 3_600_000;
/// And one in parts to a bucket that was begun so long ago, by the clock of the store.
const STALE_PARTS_MS: i64 = 24 * 3_600_000;
/// The digest behind all others.
pub(crate) const LAST: Sha256Digest = Sha256Digest::from_bytes([0xff; 32]);

/// How to sweep.
#[derive(Debug, Clone, Copy)]
pub struct SweepTerms {
    /// How long bytes stay after nothing refers to them any more.
    pub grace_ms: i64,
    /// Whether to look only.
    pub dry_run: bool,
}

/// What a sweep found and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepReport {
    /// Blobs that there were.
    pub blobs: u64,
    /// Those that nothing refers to.
    pub unreferenced: u64,
    /// Their bytes.
    pub unreferenced_bytes: u64,
    /// Those of them whose grace period is over: removed, or in a dry run to be removed.
    pub removed: u64,
    /// Their bytes.
    pub removed_bytes: u64,
    /// What was left of dead uploads, and removed, or in a dry run to be removed: staged files, and uploads in parts.
    pub stale_uploads: u64,
}

/// The mark of one removal.
struct Mark {
    name: String,
    made_at: Instant,
}

impl Mark {
    fn new() -> Self {
        Self {
            name: uuid::Uuid::new_v4().simple().to_string(),
            made_at: Instant::now(),
        }
    }
}

/// What is to be noted of a page of blobs.
#[derive(Default)]
struct Verdict {
    /// Nothing refers to them, as of now.
    noticed: Vec<Sha256Digest>,
    /// Something refers to them again, or they are not there any more.
    spared: Vec<Sha256Digest>,
    /// To be removed.
    ripe: Vec<StoredBlob>,
}

impl Catalog {
    /// Goes over all bytes once. Refused when a later release has changed the schema: bytes that its rows name would be
    /// taken for ones that nothing refers to.
    pub async fn sweep(&self, terms: SweepTerms) -> Result<SweepReport> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let schema = reader.find_schema_number().await.map_err(from_store)?;
        drop(reader);
        if schema > store::SCHEMA {
            return Err(from_store(StoreError::NewerSchema(schema)));
        }
        let mut report = SweepReport::default();
        if !terms.dry_run {
            let left = self.remove_left_behind(terms).await?;
            report.removed += left;
        }
        report.stale_uploads = self.remove_stale_uploads(terms).await?;
        let mut after: Option<Sha256Digest> = None;
        loop {
            let page = self.blobs.list(after.as_ref(), PAGE).await;
            let page = page.map_err(from_blobs)?;
            let last = page.last().map(|blob| blob.digest);
            let through = last.filter(|_| page.len() == PAGE).unwrap_or(LAST);
            let start = after.map_or(Vec::new(), |digest| digest.as_bytes().to_vec());
            self.sweep_page(terms, &start, through, &page, &mut report)
                .await?;
            if through == LAST {
                return Ok(report);
            }
            after = Some(through);
        }
    }

    async fn remove_stale_uploads(&self, terms: SweepTerms) -> Result<u64> {
        let before = |ms: i64| EpochMillis(self.now().0 - terms.grace_ms.max(ms));
        let (dry_run, cutoff) = (terms.dry_run, before(STALE_UPLOAD_MS));
        let staged = self.blobs.remove_stale_uploads(cutoff, dry_run).await;
        let staged = staged.map_err(from_blobs)?;
        let cutoff = before(STALE_PARTS_MS);
        let parts = self.blobs.give_up_stale_parts(cutoff, dry_run).await;
        // Not every store can list them or lets everyone do it; a lifecycle rule is as good.
        let parts = parts.unwrap_or_else(|error| {
            tracing::info!(%error, "uploads in parts that were never completed cannot be looked for");
            0
        });
        Ok(staged + parts)
    }

    async fn sweep_page(
        &self,
        terms: SweepTerms,
        after: &[u8],
        through: Sha256Digest,
        page: &[StoredBlob],
        report: &mut SweepReport,
    ) -> Result<()> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let references = reader.list_blob_references(after, &through).await;
        let references: HashSet<Vec<u8>> = references
            .map_err(from_store)?
            .into_iter()
            .map(|row| row.sha256)
            .collect();
        let noted = reader.list_condemned_blobs(after, &through).await;
        let noted: HashMap<Vec<u8>, CondemnedBlobRow> = noted
            .map_err(from_store)?
            .into_iter()
            .map(|row| (row.sha256.clone(), row))
            .collect();
        drop(reader);
        let verdict = self.judge(terms, page, &references, noted, report)?;
        if terms.dry_run {
            report.removed += verdict.ripe.len() as u64;
            report.removed_bytes += bytes_of(&verdict.ripe);
            return Ok(());
        }
        self.note(verdict.noticed, verdict.spared).await?;
        for batch in verdict.ripe.chunks(BATCH) {
            let removed = self.remove(terms, batch).await?;
            report.removed += removed.len() as u64;
            let of_these = |blob: &&StoredBlob| removed.contains(&blob.digest);
            report.removed_bytes += batch
                .iter()
                .filter(of_these)
                .map(|b| b.size_bytes)
                .sum::<u64>();
        }
        Ok(())
    }

    fn judge(
        &self,
        terms: SweepTerms,
        page: &[StoredBlob],
        references: &HashSet<Vec<u8>>,
        mut noted: HashMap<Vec<u8>, CondemnedBlobRow>,
        report: &mut SweepReport,
    ) -> Result<Verdict> {
        let mut verdict = Verdict::default();
        let now_ms = self.now().0;
        for blob in page {
            report.blobs += 1;
            let key = blob.digest.as_bytes().as_slice();
            let note = noted.remove(key);
            let state = note.as_ref().map(|row| row.state.as_str());
            if references.contains(key) {
                if state == Some(CondemnedBlobRow::NOTICED) {
                    verdict.spared.push(blob.digest);
                }
                continue;
            }
            report.unreferenced += 1;
            report.unreferenced_bytes += blob.size_bytes;
            let since_ms = match note {
                // Another sweeper's, or here again and not welcome yet: it is looked at once that is forgotten.
                Some(row) if row.state != CondemnedBlobRow::NOTICED => continue,
                // Stored anew since, so it was wanted since.
                Some(row) if row.since_ms >= blob.modified_at.0 => row.since_ms,
                _ => {
                    verdict.noticed.push(blob.digest);
                    now_ms
                }
            };
            if since_ms.max(blob.modified_at.0) <= now_ms - terms.grace_ms {
                verdict.ripe.push(blob.clone());
            }
        }
        for row in noted.into_values() {
            if row.state == CondemnedBlobRow::NOTICED {
                verdict.spared.push(row.digest().map_err(from_store)?);
            }
        }
        Ok(verdict)
    }

    async fn note(&self, noticed: Vec<Sha256Digest>, spared: Vec<Sha256Digest>) -> Result<()> {
        let noticed = noticed.into_iter().map(|digest| (digest, true));
        let mut notes: Vec<_> = noticed
            .chain(spared.into_iter().map(|digest| (digest, false)))
            .collect();
        if notes.is_empty() {
            return Ok(());
        }
        // Whoever writes several of these rows does it in this order, so that no two wait for each other.
        notes.sort_unstable();
        let now = self.now();
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                for (digest, is_noticed) in &notes {
                    match is_noticed {
                        true => tx.notice_blob(digest, now).await?,
                        false => tx.spare_blob(digest).await?,
                    }
                }
                Ok::<_, Failure>(())
            })
        });
        Ok(unit.await?)
    }

    /// Marks some bytes as going, and removes those that could be marked. Gives what was removed.
    async fn remove(&self, terms: SweepTerms, batch: &[StoredBlob]) -> Result<Vec<Sha256Digest>> {
        let digests: Vec<_> = batch.iter().map(|blob| blob.digest).collect();
        let now = self.now();
        let noticed_by = EpochMillis(now.0 - terms.grace_ms);
        let mark = Mark::new();
        let name = mark.name.clone();
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                let condemned = tx.condemn_blobs(&digests, noticed_by, now, &name).await?;
                Ok::<_, Failure>(condemned)
            })
        });
        let going = unit.await?;
        self.remove_going(terms, going, mark).await
    }

    /// What sweepers that died have left going.
    async fn remove_left_behind(&self, terms: SweepTerms) -> Result<u64> {
        let now = self.now();
        let mark = Mark::new();
        let name = mark.name.clone();
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                tx.forget_gone_blobs(EpochMillis(now.0 - REMEMBERED_MS))
                    .await?;
                let since = EpochMillis(now.0 - TAKEN_OVER_AFTER_MS);
                Ok::<_, Failure>(tx.take_over_blobs(since, now, &name).await?)
            })
        });
        let going = unit.await?;
        let removed = self.remove_going(terms, going, mark).await?;
        Ok(removed.len() as u64)
    }

    /// Removes bytes that are marked as going, but for those that were stored anew meanwhile.
    async fn remove_going(
        &self,
        terms: SweepTerms,
        going: Vec<Sha256Digest>,
        mark: Mark,
    ) -> Result<Vec<Sha256Digest>> {
        if going.is_empty() {
            return Ok(going);
        }
        let cutoff = EpochMillis(self.now().0 - terms.grace_ms);
        let (mut settled, mut removed) = (Vec::new(), Vec::new());
        let mut failure = None;
        for digest in going {
            if mark.made_at.elapsed() > MARK_LASTS {
                break;
            }
            // What fails stays marked: the removal may still happen.
            match self.remove_one(&digest, cutoff).await {
                Ok(true) => {
                    removed.push(digest);
                    settled.push((digest, true));
                }
                Ok(false) => match self.blobs.find(&digest).await {
                    Ok(found) => settled.push((digest, found.is_none())),
                    Err(error) => failure = Some(error),
                },
                Err(error) => failure = Some(error),
            }
        }
        settled.sort_unstable();
        let now = self.now();
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                for (digest, is_gone) in &settled {
                    match is_gone {
                        true => tx.settle_blob(digest, &mark.name, now).await?,
                        false => tx.reprieve_blob(digest, &mark.name).await?,
                    }
                }
                Ok::<_, Failure>(())
            })
        });
        unit.await?;
        match failure {
            Some(error) => Err(from_blobs(error)),
            None => Ok(removed),
        }
    }

    async fn remove_one(&self, digest: &Sha256Digest, cutoff: EpochMillis) -> blobs::Result<bool> {
        let blobs = &self.blobs;
        blobs.delete_unless_committed_since(digest, cutoff).await
    }
}

fn bytes_of(blobs: &[StoredBlob]) -> u64 {
    blobs.iter().map(|blob| blob.size_bytes).sum()
}
