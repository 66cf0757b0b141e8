//! What a repository holds of a package, and the API's calls on it.

use std::collections::BTreeMap;
use std::time::Duration;

use catalog::{CopyRequest, VersionQuery, VersionSelection};
use model::{
    Origin, PackageCoordinates, PackageVersion, PackageVersionStatus, PageLimit, VersionName,
    VersionOutcome,
};

use super::{House, repository};

fn version(name: &str) -> VersionName {
    VersionName::parse(name).expect("tests use good names for versions")
}

fn selection(versions: &[&str]) -> VersionSelection {
    VersionSelection {
        versions: versions.iter().map(|name| (version(name), None)).collect(),
        expected_status: None,
    }
}

fn all_done(outcome: &VersionOutcome) {
    assert!(outcome.failed.is_empty(), "{outcome:?}");
}

impl House {
    async fn versions(&self, name: &str, package: &PackageCoordinates) -> Vec<PackageVersion> {
        let name = repository(name);
        let listed = self.catalog.list_package_versions(
            &self.domain,
            &name,
            package,
            VersionQuery::default(),
            None,
            PageLimit::MAX,
        );
        // A package that the repository does not know has no versions.
        listed
            .await
            .map_or_else(|_| Vec::new(), |(_, page)| page.items)
    }

    /// The versions that a repository itself holds of a package, each with where it came from.
    pub async fn held(&self, name: &str, package: &PackageCoordinates) -> BTreeMap<String, String> {
        let origin = |origin: Origin| match origin {
            Origin::Internal(repository) => repository.to_string(),
            Origin::External(connection) => connection.to_string(),
            Origin::Unknown => "unknown".to_owned(),
        };
        let versions = self.versions(name, package).await;
        versions
            .into_iter()
            .map(|found| (found.version.to_string(), origin(found.origin)))
            .collect()
    }

    /// The versions that a repository itself holds of a package, each with its status.
    pub async fn statuses(
        &self,
        name: &str,
        package: &PackageCoordinates,
    ) -> BTreeMap<String, String> {
        let versions = self.versions(name, package).await;
        versions
            .into_iter()
            .map(|found| (found.version.to_string(), found.status.to_string()))
            .collect()
    }

    /// Waits until a repository holds these versions: what is pulled through is noted behind the answer.
    pub async fn wait_until_held(
        &self,
        name: &str,
        package: &PackageCoordinates,
        versions: &[&str],
    ) {
        for _ in 0..500 {
            let held = self.held(name, package).await;
            if held.keys().map(String::as_str).eq(versions.iter().copied()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{name} holds {:?} of {package}",
            self.held(name, package).await
        );
    }

    /// The names of the assets that a repository itself holds of a version; none of a version that it does not hold.
    pub async fn held_assets(
        &self,
        name: &str,
        package: &PackageCoordinates,
        number: &str,
    ) -> Vec<String> {
        let (name, version) = (repository(name), version(number));
        let listed = self.catalog.list_package_version_assets(
            &self.domain,
            &name,
            package,
            &version,
            None,
            PageLimit::MAX,
        );
        let assets = listed
            .await
            .map_or_else(|_| Vec::new(), |found| found.content.items);
        assets.iter().map(|asset| asset.name.to_string()).collect()
    }

    /// Sets the status of a version that is held.
    pub async fn set_status(
        &self,
        name: &str,
        package: &PackageCoordinates,
        version: &str,
        target: PackageVersionStatus,
    ) {
        let (name, versions) = (repository(name), selection(&[version]));
        let set = self.catalog.update_package_versions_status(
            &self.root,
            &self.domain,
            &name,
            package,
            versions,
            target,
        );
        all_done(&set.await.expect("the package is there"));
    }

    /// Disposes of a version that is held.
    pub async fn dispose(&self, name: &str, package: &PackageCoordinates, version: &str) {
        let (name, versions) = (repository(name), selection(&[version]));
        let gone = self.catalog.dispose_package_versions(
            &self.root,
            &self.domain,
            &name,
            package,
            versions,
        );
        all_done(&gone.await.expect("the package is there"));
    }

    /// Deletes a version that is held.
    pub async fn delete_version(&self, name: &str, package: &PackageCoordinates, version: &str) {
        let (name, versions) = (repository(name), selection(&[version]));
        let gone = self.catalog.delete_package_versions(
            &self.root,
            &self.domain,
            &name,
            package,
            versions,
        );
        all_done(&gone.await.expect("the package is there"));
    }

    /// Copies versions from one repository to another.
    pub async fn copy_versions(
        &self,
        (source, destination): (&str, &str),
        package: &PackageCoordinates,
        versions: &[&str],
        include_from_upstream: bool,
    ) -> VersionOutcome {
        let request = CopyRequest {
            source: repository(source),
            destination: repository(destination),
            package: package.clone(),
            versions: versions.iter().map(|name| (version(name), None)).collect(),
            allow_overwrite: false,
            include_from_upstream,
        };
        let copied = self
            .catalog
            .copy_package_versions(&self.root, &self.domain, request);
        copied.await.expect("the repositories exist")
    }
}
