//! Versions that show the newest of several others: a snapshot and its builds, as Maven publishes them (user guide, "Use
//! Maven snapshots").
//!
//! Each build is a version of its own. Once it has arrived it is Unlisted: who knows its name gets it. The snapshot is
//! Published and has the assets of the newest build.

use std::sync::Arc;

use model::{
    AssetName, ChangeKind, EpochMillis, Error, PackageCoordinates, PackageVersionStatus,
    ResourceType, Result, VersionName,
};
use serde_json::json;
use store::{PackageRow, Tx, VersionContent};

use crate::change_log::{ChangeDetails, VersionEvent, change};
use crate::failure::Failure;
use crate::held_version::HeldVersion;
use crate::origin_gate::OriginGate;
use crate::packages::{parse_version, version_not_found};
use crate::repository_view::RepositoryView;
use crate::{Caller, Catalog, FormatRules, Grant};

/// Builds that have arrived in full, and the snapshot that they are builds of.
#[derive(Debug, Clone)]
pub struct SnapshotUpdate {
    /// The package.
    pub package: PackageCoordinates,
    /// The snapshot.
    pub snapshot: VersionName,
    /// The builds, the oldest first. Those that are not held are passed over.
    pub builds: Vec<VersionName>,
    /// Whether the build that has these assets is newer than a build.
    pub is_outdone: fn(build: &VersionName, by: &[AssetName]) -> bool,
}

/// An update with all that its transaction needs.
struct Unit {
    caller: Caller,
    view: Arc<RepositoryView>,
    gate: OriginGate,
    rules: &'static dyn FormatRules,
    now: EpochMillis,
    update: SnapshotUpdate,
}

impl Catalog {
    /// Lists nothing new but lets a snapshot show the newest of its builds, after those that were Unfinished have become
    /// Unlisted. All of it happens at once, and in the same way whatever the order in which builds arrive.
    pub async fn update_snapshot(
        self: &Arc<Self>,
        grant: &Grant,
        update: SnapshotUpdate,
    ) -> Result<()> {
        let view = Arc::clone(grant.view());
        let (domain_id, package) = (view.domain_id, update.package.clone());
        let unit = Unit {
            caller: grant.caller().clone(),
            gate: self.origin_gate(domain_id, &package).await?,
            view,
            rules: self.rules(package.format)?,
            now: self.now(),
            update,
        };
        let written: Result<(), Failure> =
            self.store.write(move |tx| Box::pin(unit.write(tx))).await;
        written?;
        self.stamps.package_changed(domain_id, &package);
        Ok(())
    }
}

impl Unit {
    async fn write(self, tx: &mut Tx) -> Result<(), Failure> {
        let (domain_id, home) = (self.view.domain_id, self.view.home());
        tx.order_writes(domain_id).await?;
        let package = &self.update.package;
        let gate = self.gate.clone().current(tx, domain_id, package).await?;
        let row = tx.find_package(home.id, package).await?;
        let row = row.ok_or_else(|| version_not_found(package, &self.update.snapshot))?;
        gate.check_publish(home.id_and_name(), Some(row.restrictions()), package)?;
        let mut newest = None;
        for build in &self.update.builds {
            let key = self.rules.version_key(build);
            if let Some(held) = HeldVersion::find(tx, row.id, &key).await? {
                let held = self.finish(tx, held).await?;
                if held.status()?.is_downloadable() {
                    newest = Some((build, held));
                }
            }
        }
        match newest {
            Some((build, held)) => self.show(tx, &row, build, &held).await,
            None => Ok(()),
        }
    }

    /// The build as it is once it has arrived.
    async fn finish(&self, tx: &mut Tx, held: HeldVersion) -> Result<HeldVersion, Failure> {
        let before = held.status()?;
        if before != PackageVersionStatus::Unfinished {
            return Ok(held);
        }
        let status = PackageVersionStatus::Unlisted;
        let content = VersionContent {
            status,
            revision: &held.row.revision,
            published_at: self.now,
            metadata: &held.metadata,
            readme: None,
        };
        tx.update_version_content(held.row.id, &content).await?;
        let event = VersionEvent {
            status_changed: true,
            ..VersionEvent::updated(status, &held.row.revision)
        };
        let detail = json!({ "from": before.as_str(), "to": status.as_str() });
        let version = parse_version(&held.row.version)?;
        let kind = ChangeKind::VersionStatusUpdated;
        self.append(tx, kind, &version, detail, &event).await?;
        Ok(held.with_status(status, self.now))
    }

    /// Gives the snapshot what a build has, unless it shows a newer one.
    async fn show(
        &self,
        tx: &mut Tx,
        row: &PackageRow,
        build: &VersionName,
        held: &HeldVersion,
    ) -> Result<(), Failure> {
        let (domain_id, snapshot) = (self.view.domain_id, &self.update.snapshot);
        let key = self.rules.version_key(snapshot);
        let shown = HeldVersion::find(tx, row.id, &key).await?;
        if let Some(shown) = &shown {
            self.check_open(shown)?;
            let names: Result<Vec<AssetName>, Failure> = shown
                .assets
                .iter()
                .map(|asset| Ok(asset.to_new()?.name))
                .collect();
            if (self.update.is_outdone)(build, &names?) {
                return Ok(());
            }
        }
        let status = PackageVersionStatus::Published;
        let new = held.named(snapshot, key).with_status(status, self.now);
        match &shown {
            None => {
                new.insert(tx, domain_id, row.id).await?;
            }
            Some(shown) if shown.status()? == status && new.is_identical(shown) => return Ok(()),
            Some(shown) => new.replace(tx, domain_id, shown).await?,
        }
        let detail = json!({ "build": build.as_str(), "revision": new.row.revision });
        let event = new.event(shown.as_ref())?;
        let kind = ChangeKind::VersionPublished;
        self.append(tx, kind, snapshot, detail, &event).await
    }

    /// A snapshot that was put away stays away.
    fn check_open(&self, shown: &HeldVersion) -> Result<(), Failure> {
        let (snapshot, package) = (&self.update.snapshot, &self.update.package);
        let status = shown.status()?;
        if matches!(
            status,
            PackageVersionStatus::Archived | PackageVersionStatus::Disposed
        ) {
            let message = format!(
                "Version {snapshot} of package '{package}' is {status}: it shows no further builds. Delete it, or \
                 publish another version."
            );
            let kind = ResourceType::PackageVersion;
            return Err(Error::conflict(kind, snapshot.as_str(), message).into());
        }
        Ok(())
    }

    async fn append(
        &self,
        tx: &mut Tx,
        kind: ChangeKind,
        version: &VersionName,
        detail: serde_json::Value,
        event: &VersionEvent<'_>,
    ) -> Result<(), Failure> {
        let entry = change(kind, self.now, &self.caller)
            .in_repository(&self.view.home().name)
            .of_package(&self.update.package)
            .of_version(version)
            .with_event(detail, event);
        tx.append_change(self.view.domain_id, &entry).await?;
        Ok(())
    }
}
