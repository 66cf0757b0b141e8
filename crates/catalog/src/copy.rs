//! Copying versions of a package between two repositories of a domain (API reference, CopyPackageVersions): rows
//! only. Bytes are the domain's and stay where they are; public sources are never asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{
    Change, ChangeKind, DomainRef, EpochMillis, FailedVersion, OriginRestrictions, OriginType,
    PackageCoordinates, PackageVersionStatus, RepositoryName, Result, SuccessfulVersion,
    VersionKey, VersionName, VersionOutcome,
};
use serde_json::json;
use store::{PackageRow, Tx};

use crate::change_log::{ChangeDetails, change};
use crate::failure::Failure;
use crate::held_version::HeldVersion;
use crate::packages::{package_not_in_repository, parse_version};
use crate::repository_view::{RepositoryView, Walk, repository_not_found};
use crate::rival_names::check_no_rival;
use crate::version_batch::Findings;
use crate::{Caller, Catalog, FormatRules};

/// What to copy, from where, to where.
#[derive(Debug, Clone)]
pub struct CopyRequest {
    /// The repository to copy from.
    pub source: RepositoryName,
    /// The repository to copy to.
    pub destination: RepositoryName,
    /// The package.
    pub package: PackageCoordinates,
    /// The versions, each with the revision it must have in the source, where the caller says one.
    pub versions: BTreeMap<VersionName, Option<String>>,
    /// Puts a copy in the place of another version of the same name.
    pub allow_overwrite: bool,
    /// Looks in the source's upstream repositories too.
    pub include_from_upstream: bool,
}

impl Catalog {
    /// Copies versions of a package. A version that is the same in both repositories is in neither list of the
    /// outcome. Status, revision, origin and tags come along.
    pub async fn copy_package_versions(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        request: CopyRequest,
    ) -> Result<VersionOutcome> {
        let source = self.repository_view(domain, &request.source).await?;
        let destination = self.repository_view(domain, &request.destination).await?;
        if request.include_from_upstream {
            source.check_upstreams()?;
        }
        let now = self.now();
        let template = change(ChangeKind::VersionCopied, now, caller)
            .in_repository(&request.destination)
            .of_package(&request.package);
        let (domain_id, package) = (source.domain_id, request.package.clone());
        let unit = Copying {
            source,
            destination,
            rules: self.rules(package.format)?,
            request,
            template,
            now,
        };
        let written: Result<VersionOutcome, Failure> = self
            .store
            .write(move |tx| Box::pin(async move { unit.run(tx).await }))
            .await;
        let outcome = written?;
        self.stamps.package_changed(domain_id, &package);
        Ok(outcome)
    }
}

/// One call, inside its transaction.
struct Copying {
    source: Arc<RepositoryView>,
    destination: Arc<RepositoryView>,
    rules: &'static dyn FormatRules,
    request: CopyRequest,
    template: Change,
    now: EpochMillis,
}

/// The package in one of the repositories that are searched.
struct Shelf {
    repository: RepositoryName,
    package: PackageRow,
}

/// A version to copy: where it was found, and what it takes the place of.
struct Step {
    from: RepositoryName,
    found: HeldVersion,
    replaced: Option<HeldVersion>,
}

impl Copying {
    async fn run(&self, tx: &mut Tx) -> Result<VersionOutcome, Failure> {
        let (source, destination) = (self.source.home(), self.destination.home());
        let package = &self.request.package;
        tx.order_writes(self.source.domain_id).await?;
        if tx.find_repository_by_id(destination.id).await?.is_none() {
            let domain = &self.destination.domain;
            return Err(repository_not_found(domain, &destination.name).into());
        }
        let shelves = self.shelves(tx).await?;
        if shelves.is_empty() {
            return Err(package_not_in_repository(source.id, package).into());
        }
        let target = tx.find_package(destination.id, package).await?;
        let mut findings = Findings::default();
        for (version, revision) in &self.request.versions {
            let key = self.rules.version_key(version);
            let there = match &target {
                Some(target) => HeldVersion::find(tx, target.id, &key).await?,
                None => None,
            };
            let judged = match find(tx, &shelves, &key).await? {
                None => Err(FailedVersion::not_found(version)),
                Some(step) => self.judge(version, revision.as_deref(), step, there)?,
            };
            if let Some(found) = judged.transpose() {
                findings.note(version, found);
            }
        }
        match findings.settle(|version| format!("Version {version} was skipped")) {
            Err(refused) => Ok(refused),
            Ok(steps) if steps.is_empty() => Ok(VersionOutcome::default()),
            Ok(steps) => self.write(tx, &shelves, steps).await,
        }
    }

    /// The package in the repositories that are searched, the nearest first. As for package managers, a package whose
    /// upstream is blocked in a repository is not looked for beyond it.
    async fn shelves(&self, tx: &mut Tx) -> Result<Vec<Shelf>, Failure> {
        let mut shelves = Vec::new();
        let mut walk = Walk::of(&self.source);
        while let Some(index) = walk.next() {
            let node = &self.source.nodes[index];
            let row = tx.find_package(node.id, &self.request.package).await?;
            if self.request.include_from_upstream
                && row.as_ref().is_none_or(|row| row.upstream_allowed)
            {
                walk.descend(node);
            }
            if let Some(package) = row {
                shelves.push(Shelf {
                    repository: node.name.clone(),
                    package,
                });
            }
        }
        Ok(shelves)
    }

    /// What is to be done about a version that was found: to copy it, nothing since it is there already, or to fail.
    fn judge(
        &self,
        version: &VersionName,
        revision: Option<&str>,
        step: Step,
        there: Option<HeldVersion>,
    ) -> Result<Result<Option<Step>, FailedVersion>, Failure> {
        let found = &step.found;
        let status = found.status()?;
        if let Some(expected) = revision
            && expected != found.row.revision
        {
            let current = &found.row.revision;
            return Ok(Err(FailedVersion::mismatched_revision(current, expected)));
        }
        if !can_be_copied(status) {
            return Ok(Err(FailedVersion::not_allowed(format!(
                "Version {version} has the status {status} and can not be copied"
            ))));
        }
        let Some(there) = there else {
            return Ok(Ok(Some(step)));
        };
        let there_status = there.status()?;
        // Of a disposed version the assets are gone, so it is another one, even if it never had any.
        let is_disposed = there_status == PackageVersionStatus::Disposed;
        if !is_disposed && found.is_identical(&there) {
            return Ok(Ok(None));
        }
        if !self.request.allow_overwrite {
            return Ok(Err(FailedVersion::already_exists(version)));
        }
        if !there_status.can_become(status) {
            return Ok(Err(FailedVersion::not_allowed(format!(
                "Version {version} has the status {there_status} in the destination repository and can not be \
                 overwritten"
            ))));
        }
        Ok(Ok(Some(Step {
            replaced: Some(there),
            ..step
        })))
    }

    async fn write(
        &self,
        tx: &mut Tx,
        shelves: &[Shelf],
        steps: Vec<(VersionName, Step)>,
    ) -> Result<VersionOutcome, Failure> {
        let domain_id = self.destination.domain_id;
        let (destination, package) = (self.destination.home().id, &self.request.package);
        if tx.find_package(destination, package).await?.is_none() {
            check_no_rival(tx, self.rules, destination, package).await?;
        }
        let restrictions = restrictions_of(&steps);
        let target = tx
            .ensure_package(
                self.destination.home().id,
                &self.request.package,
                restrictions,
                self.now,
            )
            .await?;
        let mut tags = tags_of(tx, shelves, &steps).await?;
        let mut outcome = VersionOutcome::default();
        for (version, step) in steps {
            let Step {
                from,
                found,
                replaced,
            } = step;
            if let Some(replaced) = &replaced {
                replaced.delete(tx, domain_id).await?;
            }
            found.insert(tx, domain_id, target.id).await?;
            let own_tags = tags.remove(&version).unwrap_or_default();
            for tag in &own_tags {
                tx.upsert_package_tag(target.id, tag, &version).await?;
            }
            let detail = json!({
                "from": from.as_str(),
                "revision": found.row.revision,
                "replaced": replaced.as_ref().map(|replaced| &replaced.row.revision),
                "tags": own_tags,
                "assets": found.assets.iter().map(|asset| asset.name.as_str()).collect::<Vec<_>>(),
            });
            let entry = self
                .template
                .clone()
                .of_version(&parse_version(&found.row.version)?)
                .published_at_source(found.source_published_at())
                .with_event(detail, &found.event(replaced.as_ref())?);
            tx.append_change(domain_id, &entry).await?;
            let success = SuccessfulVersion {
                status: found.status()?,
                revision: found.row.revision,
            };
            outcome.successful.insert(version, success);
        }
        Ok(outcome)
    }
}

/// A version in the nearest of the repositories that knows it, whatever its status there.
async fn find(tx: &mut Tx, shelves: &[Shelf], key: &VersionKey) -> Result<Option<Step>, Failure> {
    for shelf in shelves {
        if let Some(found) = HeldVersion::find(tx, shelf.package.id, key).await? {
            return Ok(Some(Step {
                from: shelf.repository.clone(),
                found,
                replaced: None,
            }));
        }
    }
    Ok(None)
}

/// The tags that name versions to copy, by version. Where two repositories have the same tag, the upstream's value
/// stands, as it does for package managers.
async fn tags_of(
    tx: &mut Tx,
    shelves: &[Shelf],
    steps: &[(VersionName, Step)],
) -> Result<BTreeMap<VersionName, Vec<String>>, Failure> {
    let mut named: BTreeMap<String, VersionName> = BTreeMap::new();
    for shelf in shelves {
        for row in tx.list_package_tags(shelf.package.id).await? {
            let copied =
                steps.binary_search_by(|(version, _)| version.as_str().cmp(row.version.as_str()));
            if let Ok(index) = copied {
                named.insert(row.tag, steps[index].0.clone());
            }
        }
    }
    let mut tags: BTreeMap<VersionName, Vec<String>> = BTreeMap::new();
    for (tag, version) in named {
        tags.entry(version).or_default().push(tag);
    }
    Ok(tags)
}

/// What is not whole, or no longer, is not copied.
const fn can_be_copied(status: PackageVersionStatus) -> bool {
    matches!(
        status,
        PackageVersionStatus::Published
            | PackageVersionStatus::Unlisted
            | PackageVersionStatus::Archived
    )
}

/// The origin controls of a package that is new in the destination: as if its versions had arrived there as they came
/// into the domain. One version that was published here makes the name an internal one.
fn restrictions_of(steps: &[(VersionName, Step)]) -> OriginRestrictions {
    let external =
        |(_, step): &(VersionName, Step)| step.found.origin_type() == OriginType::External;
    if steps.iter().all(external) {
        OriginRestrictions::INGESTED_FIRST
    } else {
        OriginRestrictions::PUBLISHED_FIRST
    }
}
