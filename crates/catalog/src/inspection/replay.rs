//! Whether the change log tells what the rows say.
//!
//! What replays: every log has all numbers from 1 to its counter; of each version, the status, the revision and the
//! number of assets that its entries come to are those of its row, and there is no row without entries and no version in
//! the log without a row; the repositories that were made and not deleted are those that there are. All of it is read in
//! one snapshot, so it may be done while others write.

use std::collections::{HashMap, HashSet};

use model::{ChangeKind, Result, VersionName};
use serde::Deserialize;
use store::{ChangeRow, Snapshot, VersionPlaceRow};

use super::InspectionProgress;
use super::finding::{Finding, FindingKind, InspectionReport};
use crate::Catalog;
use crate::failure::from_store;

const PAGE: i64 = 1_000;

/// A version inside a repository: format, namespace, package, and what the spellings of the version have in common.
type Key = (String, String, String, String);

/// What the entries of a version come to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Told {
    status: String,
    revision: String,
    assets: i64,
}

/// A log as it was read so far: the versions of each repository.
type Versions = HashMap<String, HashMap<Key, Told>>;

#[derive(Deserialize)]
struct Detail {
    event: Option<VersionEvent>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionEvent {
    state: String,
    revision: String,
    operation_type: String,
    assets_added: i64,
    assets_removed: i64,
}

impl Catalog {
    pub(super) async fn inspect_logs(
        &self,
        snapshot: &mut Snapshot,
        progress: &dyn InspectionProgress,
        report: &mut InspectionReport,
    ) -> Result<()> {
        progress.begin("change log");
        let mut told = HashMap::new();
        let mut after = -1;
        loop {
            let logs = snapshot.list_logs(after, PAGE).await.map_err(from_store)?;
            let Some(last) = logs.last() else { break };
            after = last.id;
            for log in logs {
                let versions = self
                    .replay(snapshot, log.id, log.sequence, progress, report)
                    .await?;
                told.insert(log.id, versions);
            }
        }
        progress.begin("package versions");
        let mut after = 0;
        loop {
            let rows = snapshot.list_version_places(after, PAGE).await;
            let rows = rows.map_err(from_store)?;
            let Some(last) = rows.last() else { break };
            after = last.id;
            progress.advance(rows.len() as u64);
            report.versions += rows.len() as u64;
            for row in rows {
                let versions = told.get_mut(&row.domain_id);
                let entry = versions
                    .and_then(|versions| versions.get_mut(&row.repository))
                    .and_then(|versions| versions.remove(&self.key_of_row(&row)));
                report.findings.extend(difference(&row, entry));
            }
        }
        for (repository, key) in told.into_values().flatten().flat_map(|(repository, left)| {
            left.into_keys().map(move |key| (repository.clone(), key))
        }) {
            let (format, namespace, package, version) = key;
            let detail = format!(
                "the log tells of version {version} of {format} package {namespace}/{package} in repository \
                 {repository}, and there is no row of it"
            );
            report
                .findings
                .push(Finding::of_rows(FindingKind::LogDiffers, detail));
        }
        Ok(())
    }

    /// Reads one log from its beginning.
    async fn replay(
        &self,
        snapshot: &mut Snapshot,
        log_id: i64,
        last: i64,
        progress: &dyn InspectionProgress,
        report: &mut InspectionReport,
    ) -> Result<Versions> {
        let mut versions = Versions::new();
        let mut repositories = HashSet::new();
        let (mut after, mut expected) = (0, 1);
        loop {
            let entries = snapshot.list_changes(log_id, after, PAGE).await;
            let entries = entries.map_err(from_store)?;
            let Some(entry) = entries.last() else { break };
            after = entry.sequence;
            progress.advance(entries.len() as u64);
            report.changes += entries.len() as u64;
            for entry in entries {
                if entry.sequence != expected {
                    let detail = format!(
                        "log {log_id} has no entries {expected} to {}",
                        entry.sequence - 1
                    );
                    report
                        .findings
                        .push(Finding::of_rows(FindingKind::LogBroken, detail));
                }
                expected = entry.sequence + 1;
                self.apply(&entry, &mut versions, &mut repositories);
            }
        }
        if expected != last + 1 {
            let detail = format!(
                "log {log_id} ends with entry {}, and its counter stands at {last}",
                expected - 1
            );
            report
                .findings
                .push(Finding::of_rows(FindingKind::LogBroken, detail));
        }
        self.compare_repositories(snapshot, log_id, repositories, report)
            .await?;
        Ok(versions)
    }

    fn apply(
        &self,
        entry: &ChangeRow,
        versions: &mut Versions,
        repositories: &mut HashSet<String>,
    ) {
        let Some(repository) = &entry.repository else {
            return;
        };
        match ChangeKind::parse(&entry.kind) {
            Some(ChangeKind::RepositoryCreated) => {
                repositories.insert(repository.clone());
            }
            Some(ChangeKind::RepositoryDeleted) => {
                repositories.remove(repository);
                versions.remove(repository);
            }
            _ => {}
        }
        let (Some(format), Some(package), Some(version)) =
            (&entry.format, &entry.package, &entry.version)
        else {
            return;
        };
        let Ok(Detail { event: Some(event) }) = serde_json::from_str(&entry.detail) else {
            return;
        };
        let key = (
            format.clone(),
            entry.namespace.clone().unwrap_or_default(),
            package.clone(),
            self.version_key_of(format, version),
        );
        let of_repository = versions.entry(repository.clone()).or_default();
        if event.operation_type == "Deleted" {
            of_repository.remove(&key);
            return;
        }
        let before = match event.operation_type.as_str() {
            "Created" => 0,
            _ => of_repository.get(&key).map_or(0, |told| told.assets),
        };
        let told = Told {
            status: event.state,
            revision: event.revision,
            assets: before + event.assets_added - event.assets_removed,
        };
        of_repository.insert(key, told);
    }

    async fn compare_repositories(
        &self,
        snapshot: &mut Snapshot,
        domain_id: i64,
        mut told: HashSet<String>,
        report: &mut InspectionReport,
    ) -> Result<()> {
        for name in snapshot
            .list_repository_names(domain_id)
            .await
            .map_err(from_store)?
        {
            if !told.remove(&name) {
                let detail =
                    format!("the log of domain {domain_id} does not tell of repository {name}");
                report
                    .findings
                    .push(Finding::of_rows(FindingKind::LogDiffers, detail));
            }
        }
        for name in told {
            let detail = format!(
                "the log of domain {domain_id} tells of repository {name}, and there is no row of it"
            );
            report
                .findings
                .push(Finding::of_rows(FindingKind::LogDiffers, detail));
        }
        Ok(())
    }

    fn key_of_row(&self, row: &VersionPlaceRow) -> Key {
        (
            row.format.clone(),
            row.namespace.clone(),
            row.package.clone(),
            self.version_key_of(&row.format, &row.version),
        )
    }

    /// What the spellings of a version have in common; the spelling itself where this program does not know the format.
    fn version_key_of(&self, format: &str, version: &str) -> String {
        match (self.formats().find(format), VersionName::parse(version)) {
            (Some(rules), Ok(name)) => rules.version_key(&name).as_str().to_owned(),
            _ => version.to_owned(),
        }
    }
}

fn difference(row: &VersionPlaceRow, told: Option<Told>) -> Option<Finding> {
    let VersionPlaceRow {
        repository,
        format,
        namespace,
        package,
        version,
        ..
    } = row;
    let about = format!(
        "version {version} of {format} package {namespace}/{package} in repository {repository}"
    );
    let detail = match told {
        None => format!("the log does not tell of {about}"),
        Some(told) => {
            let of_row = Told {
                status: row.status.clone(),
                revision: row.revision.clone(),
                assets: row.asset_count,
            };
            if told == of_row {
                return None;
            }
            format!("{about}: the log comes to {told}, the row says {of_row}")
        }
    };
    Some(Finding::of_rows(FindingKind::LogDiffers, detail))
}

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} {} with {} assets",
            self.status, self.revision, self.assets
        )
    }
}
