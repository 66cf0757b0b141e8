//! Calls about several versions of one package. They do all or nothing: every version is looked at before any is
//! changed, and where one stands against the call, the others are told that they were skipped.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::BoxFuture;
use model::{
    DomainRef, FailedVersion, PackageCoordinates, PackageVersionStatus, RepositoryName,
    SuccessfulVersion, VersionName, VersionOutcome,
};
use store::{PackageVersionRow, Tx};

use crate::failure::Failure;
use crate::packages::package_not_in_repository;
use crate::{Catalog, FormatRules};

/// The versions that a call is about, and what the caller takes them to be.
#[derive(Debug, Clone, Default)]
pub struct VersionSelection {
    /// The versions, each with the revision it must have, where the caller says one.
    pub versions: BTreeMap<VersionName, Option<String>>,
    /// The status that all of them must have.
    pub expected_status: Option<PackageVersionStatus>,
}

/// What was found of each version, before anything is done.
#[derive(Debug)]
pub(crate) struct Findings<T> {
    good: Vec<(VersionName, T)>,
    failed: BTreeMap<VersionName, FailedVersion>,
}

impl<T> Default for Findings<T> {
    fn default() -> Self {
        Self {
            good: Vec::new(),
            failed: BTreeMap::new(),
        }
    }
}

impl<T> Findings<T> {
    pub(crate) fn note(&mut self, version: &VersionName, found: Result<T, FailedVersion>) {
        match found {
            Ok(found) => self.good.push((version.clone(), found)),
            Err(failed) => {
                self.failed.insert(version.clone(), failed);
            }
        }
    }

    /// The versions to go on with, or the answer in which the good ones are skipped.
    pub(crate) fn settle(
        self,
        skipped: impl Fn(&VersionName) -> String,
    ) -> Result<Vec<(VersionName, T)>, VersionOutcome> {
        if self.failed.is_empty() {
            return Ok(self.good);
        }
        let mut failed = self.failed;
        failed.extend(self.good.into_iter().map(|(version, _)| {
            let message = skipped(&version);
            (version, FailedVersion::skipped(message))
        }));
        Err(VersionOutcome {
            successful: BTreeMap::new(),
            failed,
        })
    }
}

/// What a call about several versions wants of each: the status that it gives them.
pub(crate) struct BatchRequest<'a> {
    pub(crate) domain: &'a DomainRef,
    pub(crate) repository: &'a RepositoryName,
    pub(crate) package: &'a PackageCoordinates,
    pub(crate) selection: VersionSelection,
    pub(crate) target: PackageVersionStatus,
}

/// Changes one version inside the call's transaction; the number is that of the domain.
pub(crate) type ChangeOne = Box<
    dyn for<'t> Fn(&'t mut Tx, i64, &'t PackageVersionRow) -> BoxFuture<'t, Result<(), Failure>>
        + Send
        + Sync,
>;

impl Catalog {
    /// Runs a call: one transaction, in which every selected version is changed, or none. The outcome names versions as
    /// the caller did.
    pub(crate) async fn run_batch(
        &self,
        request: BatchRequest<'_>,
        change_one: ChangeOne,
    ) -> model::Result<VersionOutcome> {
        let view = self
            .repository_view(request.domain, request.repository)
            .await?;
        let (domain_id, home_id) = (view.domain_id, view.home().id);
        let rules = self.rules(request.package.format)?;
        let package = request.package.clone();
        let (selection, target) = (request.selection, request.target);
        let written: Result<VersionOutcome, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.order_writes(domain_id).await?;
                    let row = tx.find_package(home_id, &package).await?;
                    let row = row.ok_or_else(|| package_not_in_repository(home_id, &package))?;
                    let chosen = match choose(tx, rules, row.id, &selection, target).await? {
                        Ok(chosen) => chosen,
                        Err(refused) => return Ok(refused),
                    };
                    let mut outcome = VersionOutcome::default();
                    // Two spellings of one version are changed once.
                    let mut changed = HashSet::new();
                    for (version, found) in chosen {
                        if changed.insert(found.id) {
                            change_one(tx, domain_id, &found).await?;
                        }
                        let success = SuccessfulVersion {
                            revision: found.revision,
                            status: target,
                        };
                        outcome.successful.insert(version, success);
                    }
                    Ok(outcome)
                })
            })
            .await;
        let outcome = written?;
        self.stamps.package_changed(domain_id, request.package);
        Ok(outcome)
    }
}

/// The rows of the selected versions of a package, if all of them are there, as expected, and may become this.
async fn choose(
    tx: &mut Tx,
    rules: &dyn FormatRules,
    package_id: i64,
    selection: &VersionSelection,
    target: PackageVersionStatus,
) -> Result<Result<Vec<(VersionName, PackageVersionRow)>, VersionOutcome>, Failure> {
    let mut findings = Findings::default();
    for (version, revision) in &selection.versions {
        let row = tx
            .find_version(package_id, &rules.version_key(version))
            .await?;
        let found = match row {
            None => Err(FailedVersion::not_found(version)),
            Some(row) => {
                let status = row.status()?;
                check(
                    version,
                    status,
                    &row.revision,
                    (selection.expected_status, revision.as_deref()),
                    target,
                )
                .map(|()| row)
            }
        };
        findings.note(version, found);
    }
    Ok(findings.settle(|version| format!("version {version} is skipped")))
}

fn check(
    version: &VersionName,
    status: PackageVersionStatus,
    revision: &str,
    (expected_status, expected_revision): (Option<PackageVersionStatus>, Option<&str>),
    target: PackageVersionStatus,
) -> Result<(), FailedVersion> {
    if let Some(expected) = expected_status
        && expected != status
    {
        return Err(FailedVersion::mismatched_status(status, expected));
    }
    if let Some(expected) = expected_revision
        && expected != revision
    {
        return Err(FailedVersion::mismatched_revision(revision, expected));
    }
    if !status.can_become(target) {
        return Err(FailedVersion::not_allowed(format!(
            "Version {version} has the status {status} and can not become {target}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use PackageVersionStatus::{Archived, Disposed, Published, Unlisted};

    use super::*;

    fn version(text: &str) -> VersionName {
        VersionName::parse(text).unwrap()
    }

    #[test]
    fn one_version_that_fails_makes_the_others_skipped() {
        let mut findings = Findings::default();
        findings.note(&version("1"), Ok(1));
        findings.note(&version("2"), Err(FailedVersion::not_found(&version("2"))));
        findings.note(&version("3"), Ok(3));
        let refused = findings
            .settle(|version| format!("no {version}"))
            .unwrap_err();
        assert!(refused.successful.is_empty());
        let told: Vec<_> = refused
            .failed
            .iter()
            .map(|(version, failed)| (version.as_str(), failed.code.as_str(), &*failed.message))
            .collect();
        assert_eq!(
            told,
            [
                ("1", "SKIPPED", "no 1"),
                ("2", "NOT_FOUND", "Could not find version 2"),
                ("3", "SKIPPED", "no 3"),
            ]
        );
    }

    #[test]
    fn what_was_expected_is_told_before_what_is_not_allowed() {
        let check = |expected, target| check(&version("1"), Disposed, "A", expected, target);
        let codes = [
            (
                check((Some(Published), Some("B")), Archived),
                "MISMATCHED_STATUS",
            ),
            (
                check((Some(Disposed), Some("B")), Archived),
                "MISMATCHED_REVISION",
            ),
            (check((Some(Disposed), Some("A")), Archived), "NOT_ALLOWED"),
            (check((None, None), Unlisted), "NOT_ALLOWED"),
        ];
        for (outcome, code) in codes {
            assert_eq!(outcome.unwrap_err().code.as_str(), code);
        }
        assert_eq!(check((Some(Disposed), Some("A")), Disposed), Ok(()));
    }
}
