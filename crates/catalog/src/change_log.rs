//! Entries of the change log, in the words of the rules.

use model::{
    Change, ChangeKind, EpochMillis, PackageCoordinates, PackageVersionStatus, RepositoryName,
    VersionName,
};
use serde_json::{Value, json};

use crate::Caller;

/// The log of what belongs to no domain: keys and principals.
pub(crate) const INSTALLATION: i64 = 0;

/// Starts an entry. What it is about is added by the methods below.
pub(crate) fn change(kind: ChangeKind, at: EpochMillis, actor: &Caller) -> Change {
    Change {
        kind,
        at,
        source_published_at: None,
        actor: actor.to_string(),
        repository: None,
        package: None,
        version: None,
        detail: "{}".into(),
    }
}

/// The rest of an entry.
pub(crate) trait ChangeDetails: Sized {
    fn in_repository(self, repository: &RepositoryName) -> Self;
    fn of_package(self, package: &PackageCoordinates) -> Self;
    fn of_version(self, version: &VersionName) -> Self;
    fn published_at_source(self, at: Option<EpochMillis>) -> Self;
    fn with(self, detail: &Value) -> Self;
    /// As [`ChangeDetails::with`], for an entry that is about a version: its event stands beside the rest.
    fn with_event(self, detail: Value, event: &VersionEvent<'_>) -> Self;
}

impl ChangeDetails for Change {
    fn in_repository(mut self, repository: &RepositoryName) -> Self {
        self.repository = Some(repository.clone());
        self
    }

    fn of_package(mut self, package: &PackageCoordinates) -> Self {
        self.package = Some(package.clone());
        self
    }

    fn of_version(mut self, version: &VersionName) -> Self {
        self.version = Some(version.clone());
        self
    }

    fn published_at_source(mut self, at: Option<EpochMillis>) -> Self {
        self.source_published_at = at;
        self
    }

    fn with(mut self, detail: &Value) -> Self {
        self.detail = detail.to_string();
        self
    }

    fn with_event(self, mut detail: Value, event: &VersionEvent<'_>) -> Self {
        detail["event"] = event.to_json();
        self.with(&detail)
    }
}

/// What a change did to a version, as events tell it (the service's event format, "CodeArtifact event format and
/// example"). It is the member `event` of an entry's detail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VersionEvent<'a> {
    pub(crate) operation: Operation,
    pub(crate) status: PackageVersionStatus,
    pub(crate) revision: &'a str,
    pub(crate) assets_added: usize,
    pub(crate) assets_removed: usize,
    pub(crate) assets_updated: usize,
    pub(crate) metadata_updated: bool,
    pub(crate) status_changed: bool,
}

/// What events call a change.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation {
    Created,
    Updated,
    Deleted,
}

impl<'a> VersionEvent<'a> {
    /// The version is new here, with this many assets.
    pub(crate) const fn created(
        status: PackageVersionStatus,
        revision: &'a str,
        assets: usize,
    ) -> Self {
        Self {
            operation: Operation::Created,
            assets_added: assets,
            metadata_updated: true,
            status_changed: true,
            ..Self::updated(status, revision)
        }
    }

    /// The version was there, and is now of this status and revision. What changed is to be added.
    pub(crate) const fn updated(status: PackageVersionStatus, revision: &'a str) -> Self {
        Self {
            operation: Operation::Updated,
            status,
            revision,
            assets_added: 0,
            assets_removed: 0,
            assets_updated: 0,
            metadata_updated: false,
            status_changed: false,
        }
    }

    /// The version is gone, and with it this many assets. Events have no status for that, and tell the last one.
    pub(crate) const fn deleted(
        status: PackageVersionStatus,
        revision: &'a str,
        assets: usize,
    ) -> Self {
        Self {
            operation: Operation::Deleted,
            assets_removed: assets,
            metadata_updated: true,
            status_changed: true,
            ..Self::updated(status, revision)
        }
    }

    fn to_json(self) -> Value {
        let operation = match self.operation {
            Operation::Created => "Created",
            Operation::Updated => "Updated",
            Operation::Deleted => "Deleted",
        };
        json!({
            "state": self.status.as_str(),
            "revision": self.revision,
            "operationType": operation,
            "assetsAdded": self.assets_added,
            "assetsRemoved": self.assets_removed,
            "assetsUpdated": self.assets_updated,
            "metadataUpdated": self.metadata_updated,
            "statusChanged": self.status_changed,
        })
    }
}
