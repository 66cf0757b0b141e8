//! A house with one repository, `main`; nothing is pulled from anywhere.

use std::ops::Deref;

use catalog::{Caller, PolicyHolder};
use model::{
    AccountId, Namespace, PackageCoordinates, PackageName, PackageVersionStatus, PolicyDocument,
};
use serde_json::{Value, json};
use testkit::house::Plan;

pub(crate) use testkit::house::{OWNER, repository};

pub(crate) const ASSET_LIMIT_BYTES: u64 = 1 << 20;
pub(crate) const ASSETS_PER_VERSION: usize = 6;

pub(crate) struct House(testkit::house::House);

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        let mut plan = Plan::default();
        plan.quotas.asset_size_bytes = ASSET_LIMIT_BYTES;
        plan.quotas.assets_per_version = ASSETS_PER_VERSION;
        let house = Self(testkit::house::House::open(plan, &[]).await);
        house.add_repository("main", &[]).await;
        house
    }

    /// A token of the root of another account, who may do here what policies say.
    pub(crate) async fn guests_token(&self) -> String {
        let account = AccountId::parse("999900001111").unwrap();
        self.token_of(&Caller::root(account)).await
    }

    /// Sets a repository's policy: each statement is its effect, action and resource, for everyone.
    pub(crate) async fn set_policy(&self, name: &str, statements: &[(&str, &str, &str)]) {
        let statements: Vec<Value> = statements
            .iter()
            .map(|(effect, action, resource)| {
                json!({ "Effect": effect, "Principal": "*", "Action": action, "Resource": resource })
            })
            .collect();
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: Some(repository(name)),
        };
        let document = PolicyDocument::parse(&document.to_string()).unwrap();
        self.catalog
            .put_resource_policy(&self.root, holder, &document, None)
            .await
            .unwrap();
    }

    /// Gives a version of `tools/installer` in `main` a status, the last two included.
    pub(crate) async fn set_status(&self, version: &str, target: PackageVersionStatus) {
        match target {
            PackageVersionStatus::Disposed => self.dispose("main", &installer(), version).await,
            PackageVersionStatus::Deleted => {
                self.delete_version("main", &installer(), version).await;
            }
            target => {
                self.0
                    .set_status("main", &installer(), version, target)
                    .await;
            }
        }
    }

    /// The versions of `tools/installer` that a repository holds, with their statuses.
    pub(crate) async fn held(&self, name: &str) -> Vec<(String, String)> {
        let statuses = self.statuses(name, &installer()).await;
        statuses.into_iter().collect()
    }

    /// How many blobs are stored.
    pub(crate) async fn stored(&self) -> usize {
        self.0.stored().await.len()
    }

    /// How many entries the log of the domain has.
    pub(crate) async fn changes(&self) -> usize {
        let mut reader = self.store.read().await.unwrap();
        let domain = reader
            .find_domain(&self.domain.owner, &self.domain.name)
            .await
            .unwrap()
            .unwrap();
        let changes = reader.list_changes(domain.id, 0, 10_000).await;
        changes.unwrap().len()
    }
}

/// The package of most tests.
pub(crate) fn installer() -> PackageCoordinates {
    PackageCoordinates {
        format: formats::rules().find("generic").unwrap().id(),
        namespace: Some(Namespace::parse("tools").unwrap()),
        name: PackageName::parse("installer").unwrap(),
    }
}
