//! Packages and versions to list and describe.

use bytes::Bytes;
use catalog::{NewAsset, Publication};
use model::{
    Action, AssetName, EpochMillis, FormatId, Namespace, OriginRestrictions, OriginType,
    PackageCoordinates, PackageName, PackageVersionStatus, RepositoryName, VersionName,
};
use store::{NewVersion, StoreError};

use super::{Service, acme};

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
        metadata: &serde_json::Value,
        assets: &[(&str, &[u8])],
        tags: &[&str],
    ) -> String {
        let repository = RepositoryName::parse("team-a").unwrap();
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
        self.catalog
            .publish(&grant, publication)
            .await
            .unwrap()
            .revision
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
        let package = package.clone();
        let (origin_type, origin_name) = (origin.0, origin.1.to_owned());
        let version = VersionName::parse(version).unwrap();
        let written: Result<(), StoreError> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let domain = acme();
                    let domain = tx.find_domain(&domain.owner, &domain.name).await?.unwrap();
                    let repository = RepositoryName::parse("team-a").unwrap();
                    let repository = tx.find_repository(domain.id, &repository).await?.unwrap();
                    let restrictions = OriginRestrictions::INGESTED_FIRST;
                    let row = tx
                        .ensure_package(repository.id, &package, restrictions, published_at)
                        .await?;
                    let new = NewVersion {
                        package_id: row.id,
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
}
