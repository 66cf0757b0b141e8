//! Whether every row has its bytes, and whether those are what they were.
//!
//! Bytes are looked at in the order of their digests, a stretch at a time: what is stored, what refers to it, and then,
//! unless only sizes are asked for, every byte is read and hashed. Others may write meanwhile, so what seems missing is
//! looked for once more before it is told.

use std::collections::BTreeMap;

use blobs::StoredBlob;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use model::{Digests, OriginType, Result, Sha256Digest};
use store::{AssetPlaceRow, BlobReferenceRow, BlobUserRow};

use super::finding::{Finding, FindingKind, FoundPlace, InspectionReport};
use super::{InspectionProgress, InspectionTerms};
use crate::Catalog;
use crate::failure::{from_blobs, from_store};
use crate::sweep::LAST;

/// How many blobs are looked at together.
const PAGE: usize = 1_000;
/// How many are read at the same time.
const READ_AT_ONCE: usize = 4;

/// What rows say of the same bytes.
type References = BTreeMap<Vec<u8>, Vec<BlobReferenceRow>>;

impl Catalog {
    pub(super) async fn inspect_bytes(
        &self,
        terms: InspectionTerms,
        progress: &dyn InspectionProgress,
        report: &mut InspectionReport,
    ) -> Result<()> {
        progress.begin(if terms.quick { "sizes" } else { "bytes" });
        let mut after: Option<Sha256Digest> = None;
        loop {
            let page = self.blobs.list(after.as_ref(), PAGE).await;
            let page = page.map_err(from_blobs)?;
            let last = page.last().map(|blob| blob.digest);
            let through = last.filter(|_| page.len() == PAGE).unwrap_or(LAST);
            let start = after.map_or(Vec::new(), |digest| digest.as_bytes().to_vec());
            let references = self.references(&start, &through, report).await?;
            self.inspect_stretch(terms, page, references, progress, report)
                .await?;
            if through == LAST {
                return Ok(());
            }
            after = Some(through);
        }
    }

    async fn references(
        &self,
        after: &[u8],
        through: &Sha256Digest,
        report: &mut InspectionReport,
    ) -> Result<References> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader.list_blob_references(after, through).await;
        let mut references = References::new();
        for row in rows.map_err(from_store)? {
            references.entry(row.sha256.clone()).or_default().push(row);
        }
        let counts = reader.list_broken_reference_counts(after, through).await;
        for row in counts.map_err(from_store)? {
            let detail = format!(
                "how often a domain refers to the same bytes: {} notes {}, its rows come to {}",
                row.subject, row.noted, row.counted
            );
            report
                .findings
                .push(Finding::of_rows(FindingKind::RowsDisagree, detail));
        }
        Ok(references)
    }

    async fn inspect_stretch(
        &self,
        terms: InspectionTerms,
        page: Vec<StoredBlob>,
        mut references: References,
        progress: &dyn InspectionProgress,
        report: &mut InspectionReport,
    ) -> Result<()> {
        report.referenced += references.len() as u64;
        let mut stored = Vec::new();
        for blob in page {
            match references.remove(blob.digest.as_bytes().as_slice()) {
                Some(rows) => stored.push((blob, rows)),
                None => {
                    report.unreferenced += 1;
                    report.unreferenced_bytes += blob.size_bytes;
                }
            }
        }
        // Not in the listing: perhaps stored since.
        for (sha256, rows) in references {
            let Some(digest) = Sha256Digest::from_slice(&sha256) else {
                let detail = format!(
                    "a row names bytes by {} instead of a SHA-256",
                    hex::encode(sha256)
                );
                report
                    .findings
                    .push(Finding::of_rows(FindingKind::RowsDisagree, detail));
                continue;
            };
            match self.blobs.find(&digest).await.map_err(from_blobs)? {
                Some(blob) => stored.push((blob, rows)),
                None => {
                    let detail = "rows refer to bytes that are not there".to_owned();
                    let finding = Finding::of_bytes(FindingKind::BytesMissing, digest, detail);
                    self.add_with_places(finding, report).await?;
                }
            }
        }
        let checks = stored.into_iter().map(|(blob, rows)| async move {
            let checked = self.check_blob(terms, &blob, &rows).await?;
            progress.advance(blob.size_bytes);
            Ok::<_, model::Error>((blob, checked))
        });
        let mut checks = stream::iter(checks).buffer_unordered(READ_AT_ONCE);
        while let Some((blob, checked)) = checks.try_next().await? {
            if !terms.quick {
                report.hashed_bytes += blob.size_bytes;
            }
            if let Some(finding) = checked {
                self.add_with_places(finding, report).await?;
            }
        }
        Ok(())
    }

    async fn check_blob(
        &self,
        terms: InspectionTerms,
        blob: &StoredBlob,
        rows: &[BlobReferenceRow],
    ) -> Result<Option<Finding>> {
        let digest = blob.digest;
        let damaged = |detail| Some(Finding::of_bytes(FindingKind::BytesDamaged, digest, detail));
        let of_size = |size_bytes: u64| {
            let is_other =
                |row: &&BlobReferenceRow| u64::try_from(row.size_bytes) != Ok(size_bytes);
            rows.iter().find(is_other).map(|row| {
                format!(
                    "there are {size_bytes} bytes, and a row says {}",
                    row.size_bytes
                )
            })
        };
        if terms.quick {
            return Ok(of_size(blob.size_bytes).and_then(damaged));
        }
        let read = self.blobs.read_digests(&digest).await.map_err(from_blobs)?;
        let Some((size_bytes, digests)) = read else {
            // Replaced or removed since it was listed.
            let detail = "the bytes went while they were looked at".to_owned();
            let finding = Finding::of_bytes(FindingKind::BytesMissing, digest, detail);
            return Ok(Some(finding));
        };
        if digests.sha256 != digest {
            let detail = format!("the {size_bytes} bytes have the SHA-256 {}", digests.sha256);
            return Ok(damaged(detail));
        }
        let wrong = of_size(size_bytes).or_else(|| wrong_digest(&digests, rows));
        Ok(wrong.map(|detail| Finding::of_bytes(FindingKind::RowWrong, digest, detail)))
    }

    /// Adds a finding with all whom it concerns, unless that is nobody any more.
    async fn add_with_places(
        &self,
        mut finding: Finding,
        report: &mut InspectionReport,
    ) -> Result<()> {
        if let Some(sha256) = finding.sha256 {
            finding.places = self.places_of(&sha256).await?;
            if finding.places.is_empty() {
                return Ok(());
            }
        }
        report.findings.push(finding);
        Ok(())
    }

    async fn places_of(&self, sha256: &Sha256Digest) -> Result<Vec<FoundPlace>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let assets = reader.list_asset_places(sha256).await.map_err(from_store)?;
        let users = reader.list_blob_users(sha256).await.map_err(from_store)?;
        let of_asset = |row| place_of_asset(row, sha256);
        let places = assets.into_iter().map(of_asset);
        Ok(places
            .chain(users.into_iter().map(place_of_document))
            .collect())
    }
}

fn place_of_asset(row: AssetPlaceRow, sha256: &Sha256Digest) -> FoundPlace {
    let is_asset = row.sha256 == sha256.as_bytes();
    FoundPlace {
        domain: format!("{}/{}", row.owner, row.domain),
        repository: row.repository,
        format: row.format,
        namespace: row.namespace,
        package: row.package,
        version: Some(row.version),
        asset: Some(row.asset),
        is_own: is_asset && row.origin_type != OriginType::External.as_str(),
        role: (!is_asset).then_some("the document beside it"),
    }
}

fn place_of_document(row: BlobUserRow) -> FoundPlace {
    let role = match row.asset {
        None => "a document of its public source",
        Some(_) => "a document beside it at its public source",
    };
    FoundPlace {
        domain: format!("{}/{}", row.owner, row.domain),
        repository: row.repository,
        format: row.format,
        namespace: row.namespace,
        package: row.name,
        version: None,
        asset: row.asset,
        is_own: false,
        role: Some(role),
    }
}

/// What a row says of sound bytes that is not so.
fn wrong_digest(digests: &Digests, rows: &[BlobReferenceRow]) -> Option<String> {
    for row in rows {
        let pairs = [
            ("MD5", &row.md5, digests.md5.as_bytes().as_slice()),
            ("SHA-1", &row.sha1, digests.sha1.as_bytes().as_slice()),
            ("SHA-512", &row.sha512, digests.sha512.as_bytes().as_slice()),
        ];
        for (name, said, is) in pairs {
            if let Some(said) = said
                && said != is
            {
                return Some(format!(
                    "the bytes are sound; their {name} is {}, and a row says {}",
                    hex::encode(is),
                    hex::encode(said)
                ));
            }
        }
    }
    None
}
