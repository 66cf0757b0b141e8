//! Packages and versions to list and describe.

use std::collections::BTreeMap;

use bytes::Bytes;
use catalog::{NewAsset, Publication};
use model::{
    Action, AssetName, EpochMillis, FormatId, Namespace, OriginRestrictions, OriginType,
    PackageCoordinates, PackageName, PackageVersionStatus, RepositoryName, VersionName,
};
use serde_json::Value;
use store::{ChangeRow, NewVersion, StoreError};

use super::{Ask, Service, acme, get, post};

pub(crate) fn package(format: FormatId, namespace: &str, name: &str) -> PackageCoordinates {
    PackageCoordinates {
        format,
        namespace: (!namespace.is_empty()).then(|| Namespace::parse(namespace).unwrap()),
        name: PackageName::parse(name).unwrap(),
    }
}

impl Service {
    /// Publishes a version into `team-a` of `acme`; returns its revision.
    pub(crate) async fn publish(
        &self,
        package: &PackageCoordinates,
        version: &str,
        metadata: &Value,
        assets: &[(&str, &[u8])],
        tags: &[&str],
    ) -> String {
        self.publish_into("team-a", package, version, metadata, assets, tags)
            .await
            .unwrap()
    }

    /// Publishes a version into a repository of `acme`.
    pub(crate) async fn publish_into(
        &self,
        repository: &str,
        package: &PackageCoordinates,
        version: &str,
        metadata: &Value,
        assets: &[(&str, &[u8])],
        tags: &[&str],
    ) -> model::Result<String> {
        let repository = RepositoryName::parse(repository).unwrap();
        let action = Action::PUBLISH_PACKAGE_VERSION;
        let grant = self
            .catalog
            .grant(self.root(), action, &acme(), &repository, Some(package))
            .await
            .unwrap();
        let mut staged = Vec::new();
        for (name, bytes) in assets {
            let mut stage = self.catalog.stage().await.unwrap();
            stage.write(Bytes::copy_from_slice(bytes)).await.unwrap();
            let name = AssetName::parse(name).unwrap();
            staged.push(NewAsset {
                name,
                staged: stage.finish().await.unwrap(),
            });
        }
        let publication = Publication {
            package: package.clone(),
            version: VersionName::parse(version).unwrap(),
            metadata: metadata.to_string(),
            readme: metadata["readme"].as_str().map(str::to_owned),
            assets: staged,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        };
        let published = self.catalog.publish(&grant, publication).await?;
        Ok(published.revision)
    }

    /// Puts a row of a version into `team-a`, in a state that no call of this API leads to.
    pub(crate) async fn insert_version(
        &self,
        package: &PackageCoordinates,
        version: &str,
        status: PackageVersionStatus,
        origin: (OriginType, &str),
        published_at: EpochMillis,
    ) {
        self.insert_version_into("team-a", package, version, status, origin, published_at)
            .await;
    }

    /// The same in another repository of `acme`.
    pub(crate) async fn insert_version_into(
        &self,
        repository: &str,
        package: &PackageCoordinates,
        version: &str,
        status: PackageVersionStatus,
        origin: (OriginType, &str),
        published_at: EpochMillis,
    ) {
        let repository = RepositoryName::parse(repository).unwrap();
        let package = package.clone();
        let (origin_type, origin_name) = (origin.0, origin.1.to_owned());
        let version = VersionName::parse(version).unwrap();
        let written: Result<(), StoreError> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = acme();
                    let domain = tx.find_domain(&domain.owner, &domain.name).await?.unwrap();
                    let repository = tx.find_repository(domain.id, &repository).await?.unwrap();
                    let restrictions = OriginRestrictions::INGESTED_FIRST;
                    let row = tx
                        .ensure_package(repository.id, &package, restrictions, published_at)
                        .await?;
                    let new = NewVersion {
                        package_id: row.id,
                        key: model::VersionKey::of_name(&version),
                        version,
                        status,
                        revision: "cmV2aXNpb24=".into(),
                        origin_type,
                        origin_name,
                        published_at,
                        source_published_at: None,
                        metadata: "{}".into(),
                        readme: None,
                    };
                    tx.insert_version(&new).await?.unwrap();
                    Ok(())
                })
            })
            .await;
        written.unwrap();
    }

    /// What the log of `acme` says since it had this many entries: kinds and details.
    pub(crate) async fn changes_after(&self, known: usize) -> Vec<(ChangeRow, Value)> {
        let mut reader = self.store.read().await.unwrap();
        let domain = acme();
        let found = reader.find_domain(&domain.owner, &domain.name).await;
        let id = found.unwrap().unwrap().id;
        let rows = reader.list_changes(id, 0, 10_000).await.unwrap();
        let rows = rows.into_iter().skip(known);
        rows.map(|row| {
            let detail = serde_json::from_str(&row.detail).unwrap();
            (row, detail)
        })
        .collect()
    }

    /// How many entries the log of `acme` has.
    pub(crate) async fn log_length(&self) -> usize {
        self.changes_after(0).await.len()
    }

    /// The bytes that `acme` is said to hold.
    pub(crate) async fn asset_size_bytes(&self) -> i64 {
        let described = self.ask(get("/v1/domain").query("domain", "acme")).await;
        described.ok()["domain"]["assetSizeBytes"].as_i64().unwrap()
    }

    /// Status and revision of every version that a repository holds of a package.
    pub(crate) async fn versions_in(
        &self,
        repository: &str,
        package: &PackageCoordinates,
    ) -> BTreeMap<String, (String, String)> {
        let list = post("/v1/package/versions").query("max-results", "1000");
        let listed = self.ask(on_package(list, repository, package)).await.ok();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let versions = listed["versions"].as_array().unwrap().iter();
        versions
            .map(|found| {
                let state = (text(&found["status"]), text(&found["revision"]));
                (text(&found["version"]), state)
            })
            .collect()
    }
}

/// A request about a package in a repository of `acme`.
pub(crate) fn on_package(ask: Ask, repository: &str, package: &PackageCoordinates) -> Ask {
    let ask = ask
        .query("domain", "acme")
        .query("repository", repository)
        .query("format", package.format.as_str())
        .query("package", package.name.as_str());
    match package.namespace_str() {
        "" => ask,
        namespace => ask.query("namespace", namespace),
    }
}
