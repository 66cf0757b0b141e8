//! What can be done about bytes that are missing or damaged.
//!
//! Damaged bytes are moved away, so that nobody is ever served them. What came from a public source is fetched again, and
//! must have the digest that it had; documents of sources and documents beside assets are forgotten, since they can be had
//! again. What was published here nobody else has: it is named, and comes back when the same bytes are published again.
//! Rows that disagree are not touched: which of them is right is not for a program to guess.

use std::sync::Arc;
use std::time::Duration;

use model::{
    AccountId, AssetName, ChangeKind, DomainName, DomainRef, Error, Namespace, PackageCoordinates,
    PackageName, RepositoryName, Result, Sha256Digest, VersionName,
};

use super::InspectionProgress;
use super::finding::{Finding, FindingKind, FoundPlace, InspectionReport};
use crate::change_log::{ChangeDetails, change};
use crate::failure::{Failure, from_blobs, from_store};
use crate::pull::AssetKey;
use crate::{Caller, Catalog};

/// How long fetching one asset again may take.
const FETCH_WITHIN: Duration = Duration::from_secs(600);

impl Catalog {
    /// Repairs what can be, and says of each finding what was done.
    pub(super) async fn repair(
        self: &Arc<Self>,
        progress: &dyn InspectionProgress,
        report: &mut InspectionReport,
    ) -> Result<()> {
        progress.begin("repairs");
        for finding in &mut report.findings {
            let is_about_bytes = matches!(
                finding.kind,
                FindingKind::BytesMissing | FindingKind::BytesDamaged
            );
            match finding.sha256 {
                Some(sha256) if is_about_bytes => self.repair_bytes(&sha256, finding).await?,
                _ => finding.outcome = Some("not repaired: only restoring a backup helps".into()),
            }
            progress.advance(1);
        }
        Ok(())
    }

    async fn repair_bytes(
        self: &Arc<Self>,
        sha256: &Sha256Digest,
        finding: &mut Finding,
    ) -> Result<()> {
        let mut done = Vec::new();
        if finding.kind == FindingKind::BytesDamaged
            && self.blobs.quarantine(sha256).await.map_err(from_blobs)?
        {
            done.push("the damaged bytes were moved to quarantine".to_owned());
        }
        if finding.places.iter().any(|place| place.role.is_some()) {
            self.forget_documents(sha256, &finding.places).await?;
            done.push(
                "the document was forgotten, and is made or fetched again when needed".to_owned(),
            );
        }
        let assets: Vec<_> = finding.places.iter().filter(|p| p.role.is_none()).collect();
        finding.is_repaired = assets.is_empty();
        let external = assets.iter().filter(|place| !place.is_own);
        let mut reasons = Vec::new();
        for place in external.clone() {
            match self.fetch_place(place).await {
                Ok(()) => {
                    done.push("it was fetched again from its public source".to_owned());
                    finding.is_repaired = true;
                    break;
                }
                Err(error) => reasons.push(reason_of(&error)),
            }
        }
        if !finding.is_repaired && !assets.is_empty() {
            done.push(match reasons.pop() {
                Some(reason) => format!(
                    "it could not be fetched again now ({reason}); the next pull of it tries again"
                ),
                None => "it was published here and is not served until the same bytes are published again, or put \
                         back from a backup"
                    .to_owned(),
            });
        }
        finding.outcome = Some(done.join("; "));
        Ok(())
    }

    /// Forgets who has these bytes as a document, and notes it.
    async fn forget_documents(&self, sha256: &Sha256Digest, places: &[FoundPlace]) -> Result<()> {
        let mut entries = Vec::new();
        for place in places.iter().filter(|place| place.role.is_some()) {
            let (domain, repository) = repository_of(place)?;
            let mut reader = self.store.read().await.map_err(from_store)?;
            let row = reader.find_domain(&domain.owner, &domain.name).await;
            let Some(row) = row.map_err(from_store)? else {
                continue;
            };
            let root = Caller::root(self.settings.account.clone());
            let mut entry = change(ChangeKind::MetadataRefreshed, self.now(), &root)
                .in_repository(&repository)
                .with(&serde_json::json!({ "forgotten": sha256.to_hex() }));
            entry.actor = "service".into();
            if let Ok(package) = self.package_of(place) {
                entry = entry.of_package(&package);
            }
            entries.push((row.id, entry));
        }
        if entries.is_empty() {
            // Whose they were is gone meanwhile. Nothing is forgotten without an entry: a backup reads by what is told.
            return Ok(());
        }
        let sha256 = *sha256;
        let unit = self.store.write(move |tx| {
            Box::pin(async move {
                tx.delete_documents_of_blob(&sha256).await?;
                tx.forget_companions_of_blob(&sha256).await?;
                for (domain_id, entry) in &entries {
                    tx.append_change(*domain_id, entry).await?;
                }
                Ok::<_, Failure>(())
            })
        });
        Ok(unit.await?)
    }

    async fn fetch_place(self: &Arc<Self>, place: &FoundPlace) -> Result<()> {
        let (domain, repository) = repository_of(place)?;
        let view = self.repository_view(&domain, &repository).await?;
        let (Some(version), Some(asset)) = (&place.version, &place.asset) else {
            return Err(Error::internal("a place of an asset without a name"));
        };
        let version = readable(VersionName::parse(version))?;
        let asset = readable(AssetName::parse(asset))?;
        let package = self.package_of(place)?;
        let key = AssetKey::new(view.home().id, &package, &version, &asset);
        match tokio::time::timeout(FETCH_WITHIN, self.fetch_again(&view, key)).await {
            Ok(fetched) => fetched,
            Err(late) => Err(Error::internal(late)),
        }
    }

    fn package_of(&self, place: &FoundPlace) -> Result<PackageCoordinates> {
        let namespace = match place.namespace.as_str() {
            "" => None,
            text => Some(readable(Namespace::parse(text))?),
        };
        Ok(PackageCoordinates {
            format: self.format(&place.format)?.id(),
            namespace,
            name: readable(PackageName::parse(&place.package))?,
        })
    }
}

fn repository_of(place: &FoundPlace) -> Result<(DomainRef, RepositoryName)> {
    let (owner, name) = place.domain.split_once('/').unwrap_or_default();
    let domain = DomainRef {
        owner: readable(AccountId::parse(owner))?,
        name: readable(DomainName::parse(name))?,
    };
    let repository = readable(RepositoryName::parse(&place.repository))?;
    Ok((domain, repository))
}

fn readable<T>(parsed: std::result::Result<T, model::Constraint>) -> Result<T> {
    parsed.map_err(|error| Error::internal(format!("a row cannot be read: {error}")))
}

fn reason_of(error: &Error) -> String {
    let source = error.source.as_ref();
    source.map_or_else(|| error.message.clone(), ToString::to_string)
}
