//! Entries of the change log, in the words of the rules.

use model::{Change, ChangeKind, EpochMillis, PackageCoordinates, RepositoryName, VersionName};

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
    fn with(self, detail: &serde_json::Value) -> Self;
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

    fn with(mut self, detail: &serde_json::Value) -> Self {
        self.detail = detail.to_string();
        self
    }
}
