//! `PUT .../maven-metadata.xml`: that versions have arrived in full.
//!
//! That is all that is learned from it. What it says of other versions, of the newest one or of times counts for nothing:
//! the metadata that is served is made here.

use std::collections::HashSet;

use catalog::{Grant, SnapshotUpdate, VersionFilter, VersionQuery};
use futures_util::future::BoxFuture;
use model::{
    Action, AssetName, Error, ErrorKind, InvalidReason, Namespace, PackageCoordinates,
    PackageVersionStatus, PageLimit, Result, VersionName,
};

use super::checksum;
use super::layout::METADATA;
use super::metadata_xml::MetadataFile;
use super::name::is_release;
use super::reply::taken;
use super::snapshot::{Build, SnapshotFile};
use super::version_metadata::VersionMetadata;
use super::xml;
use crate::kit::body::{Body, read_all};
use crate::{Context, Endpoint, Permission, Reply, Subject};

/// Pages of unfinished versions that are looked through.
const MOST_PAGES: usize = 20;

/// A group's metadata stands where that of an artifact of the group above it would stand. It changes nothing, so that it
/// is taken from who may read; anything else is asked for again when the body is known.
fn metadata_or_read(package: Option<&PackageCoordinates>) -> Permission {
    const EITHER: &[Action] = &[Action::PUT_PACKAGE_METADATA, Action::READ_FROM_REPOSITORY];
    package.map_or_else(Permission::read, |package| {
        Permission::on(EITHER, package.clone())
    })
}

/// `PUT {group}/{artifact}/maven-metadata.xml`, or of a group.
pub(super) struct PutMetadata {
    pub(super) package: Option<PackageCoordinates>,
    pub(super) group: Namespace,
}

impl Endpoint for PutMetadata {
    fn label(&self) -> &'static str {
        "put-metadata"
    }

    fn permission(&self) -> Permission {
        metadata_or_read(self.package.as_ref())
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let file = read(body).await?;
            let Some(package) = self.package.filter(|_| !file.is_of_group()) else {
                // A group's plugins are told from its packages.
                tracing::debug!(group = %self.group, "metadata of a group was sent");
                return Ok(taken());
            };
            check_package(&file, &package)?;
            let publishing = Publishing::new(&cx, package).await?;
            publishing.finish(&file).await?;
            Ok(taken())
        })
    }
}

/// `PUT {group}/{artifact}/{v}-SNAPSHOT/maven-metadata.xml`
pub(super) struct PutSnapshotMetadata {
    pub(super) package: PackageCoordinates,
    pub(super) snapshot: VersionName,
}

impl Endpoint for PutSnapshotMetadata {
    fn label(&self) -> &'static str {
        "put-snapshot-metadata"
    }

    fn permission(&self) -> Permission {
        const METADATA: &[Action] = &[Action::PUT_PACKAGE_METADATA];
        Permission::on(METADATA, self.package.clone())
    }

    fn subject(&self) -> Subject<'_> {
        Subject::version(&self.package, &self.snapshot)
    }

    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            let file = read(body).await?;
            check_package(&file, &self.package)?;
            let snapshot = self.snapshot.as_str();
            if file.version.as_ref().is_some_and(|said| said != snapshot) {
                return Err(about_something_else(&format!("not about {snapshot}")));
            }
            let publishing = Publishing::new(&cx, self.package).await?;
            publishing.update_snapshot(&file, self.snapshot).await?;
            Ok(taken())
        })
    }
}

/// `PUT .../maven-metadata.xml.sha1` and the like: of the file that was sent, of which nothing is kept.
pub(super) struct PutMetadataChecksum {
    pub(super) package: Option<PackageCoordinates>,
}

impl Endpoint for PutMetadataChecksum {
    fn label(&self) -> &'static str {
        "put-metadata-checksum"
    }

    fn permission(&self) -> Permission {
        metadata_or_read(self.package.as_ref())
    }

    fn run(self: Box<Self>, _: Context, body: Body) -> BoxFuture<'static, Result<Reply>> {
        Box::pin(async move {
            read_all(body, checksum::MOST_BYTES).await?;
            Ok(taken())
        })
    }
}

async fn read(body: Body) -> Result<MetadataFile> {
    let bytes = read_all(body, xml::MOST_BYTES).await?;
    let file = tokio::task::spawn_blocking(move || MetadataFile::read(&bytes));
    file.await.map_err(Error::internal)?.map_err(|fault| {
        let message = format!("The '{METADATA}' cannot be used: it {fault}.");
        Error::invalid(InvalidReason::CannotParse, message)
    })
}

fn check_package(file: &MetadataFile, package: &PackageCoordinates) -> Result<()> {
    if file.contradicts(package) {
        return Err(about_something_else(&format!(
            "not about {}:{}",
            package.namespace_str(),
            package.name
        )));
    }
    Ok(())
}

fn about_something_else(how: &str) -> Error {
    let message = format!(
        "The '{METADATA}' is {how}, as its path says. Send it to the path of what it is about."
    );
    Error::invalid(InvalidReason::Other, message)
}

/// Who finishes versions of a package: it takes the right to change its metadata and the right to publish.
struct Publishing<'c> {
    cx: &'c Context,
    grant: Grant,
    package: PackageCoordinates,
}

impl<'c> Publishing<'c> {
    async fn new(cx: &'c Context, package: PackageCoordinates) -> Result<Self> {
        cx.grant_for(Action::PUT_PACKAGE_METADATA, &package).await?;
        let grant = cx
            .grant_for(Action::PUBLISH_PACKAGE_VERSION, &package)
            .await?;
        Ok(Self { cx, grant, package })
    }

    /// Publishes what is Unfinished among the versions that the file names; all of them, or none.
    async fn finish(&self, file: &MetadataFile) -> Result<()> {
        let named: HashSet<&str> = file.named_versions().collect();
        let mut versions = self.unfinished().await?;
        versions.retain(|version| named.contains(version.as_str()) && is_release(version));
        for version in &versions {
            self.check(version).await?;
        }
        for version in &versions {
            self.cx
                .catalog
                .finish_version(&self.grant, &self.package, version)
                .await?;
        }
        Ok(())
    }

    async fn update_snapshot(&self, file: &MetadataFile, snapshot: VersionName) -> Result<()> {
        let builds: Vec<VersionName> = file
            .builds
            .iter()
            .filter_map(|build| build.version(snapshot.as_str()))
            .collect();
        for build in &builds {
            self.check(build).await?;
        }
        let update = SnapshotUpdate {
            package: self.package.clone(),
            snapshot,
            builds,
            is_outdone,
        };
        let updated = self.cx.catalog.update_snapshot(&self.grant, update).await;
        match updated {
            // Of a package that is not here, nothing has arrived.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            updated => updated,
        }
    }

    /// The versions that are Unfinished in the repository.
    async fn unfinished(&self) -> Result<Vec<VersionName>> {
        let (cx, mut after, mut found) = (self.cx, None, Vec::new());
        let query = VersionQuery {
            filter: VersionFilter {
                status: Some(PackageVersionStatus::Unfinished),
                ..VersionFilter::default()
            },
            newest_first: false,
        };
        for _ in 0..MOST_PAGES {
            let (domain, repository) = (&cx.domain, &cx.repository);
            let after_key: Option<&str> = after.as_deref();
            let listed = cx
                .catalog
                .list_package_versions(
                    domain,
                    repository,
                    &self.package,
                    query,
                    after_key,
                    PageLimit::MAX,
                )
                .await;
            let page = match listed {
                Ok((_, page)) => page,
                Err(error) if error.kind == ErrorKind::NotFound => return Ok(found),
                Err(error) => return Err(error),
            };
            found.extend(page.items.into_iter().map(|version| version.version));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(found)
    }

    /// Refuses a version of which a checksum did not match.
    async fn check(&self, version: &VersionName) -> Result<()> {
        let held = self
            .cx
            .catalog
            .held_version_metadata(&self.grant, &self.package, version)
            .await?;
        let metadata = held.map(|json| VersionMetadata::read(&json));
        let mismatched = metadata.and_then(|found| found.mismatched.into_keys().next());
        match mismatched {
            None => Ok(()),
            Some(file) => {
                let message = format!(
                    "Version {version} is not published: a checksum that was sent for '{file}' did not match it. Send \
                     the file and its checksums again, or delete the version first."
                );
                Err(Error::invalid(InvalidReason::Other, message))
            }
        }
    }
}

/// Whether the build that has these files is newer than a build. Times decide and then numbers, as for those who read.
fn is_outdone(build: &VersionName, by: &[AssetName]) -> bool {
    let Some(own) = Build::of_version(build.as_str()) else {
        return false;
    };
    by.iter()
        .filter_map(|file| build_in(file.as_str()))
        .max()
        .is_some_and(|shown| shown > own)
}

/// The build that a file of some artifact is of.
fn build_in(file: &str) -> Option<Build> {
    // What stands before the time ends with a hyphen, and is not told apart further here.
    file.match_indices('-').find_map(|(at, _)| {
        match SnapshotFile::read(&file[..at], "SNAPSHOT", file)? {
            SnapshotFile::OfBuild(build, _) => Some(build),
            SnapshotFile::OfNewest(_) => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f_mvn_4_only_a_newer_build_outdoes_another() {
        let outdone = |build: &str, files: &[&str]| {
            let files: Vec<AssetName> = files
                .iter()
                .map(|file| AssetName::parse(file).unwrap())
                .collect();
            is_outdone(&VersionName::parse(build).unwrap(), &files)
        };
        let build = "1.0-20260101.120000-2";
        for (file, expected) in [
            ("lib-1.0-20260101.120000-1.jar", false),
            ("lib-1.0-20260101.120000-2.jar", false),
            ("lib-1.0-20260101.120000-3.jar", true),
            ("lib-core-1.0-20260101.120001-1-sources.jar", true),
            ("lib-1.0-20251231.235959-9.jar", false),
            ("readme.txt", false),
        ] {
            assert_eq!(outdone(build, &[file]), expected, "{file}");
        }
        assert!(!outdone(build, &[]));
    }
}
