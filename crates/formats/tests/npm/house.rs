//! A house with a fake npm registry to pull from.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use catalog::Caller;
use model::{Namespace, PackageCoordinates, PackageName};
use testkit::fake_npm::FakeNpm;
use testkit::house::Connection;
use testkit::storage::{Rows, Storage};

pub(crate) use testkit::house::{FRESHNESS_MS, OWNER, Plan, digests};

pub(crate) const CONNECTION: &str = "public:npmjs";

/// What packages are called here: `name`, or `@scope/name`.
pub(crate) struct House {
    inner: testkit::house::House,
    pub(crate) source: Arc<FakeNpm>,
}

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl House {
    pub(crate) async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    pub(crate) async fn with(plan: Plan) -> Self {
        let source = FakeNpm::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "npm",
            url: source.base_url().to_owned(),
        };
        let inner = testkit::house::House::open(plan, &[connection]).await;
        let source = Arc::new(source);
        Self { inner, source }
    }

    /// Two nodes over the same rows and bytes, with the same source.
    pub(crate) async fn pair() -> (Self, Self) {
        let source = Arc::new(FakeNpm::start().await);
        let connections = [Connection {
            name: CONNECTION,
            format: "npm",
            url: source.base_url().to_owned(),
        }];
        let first = testkit::house::House::open_on_postgres(Plan::patient(), &connections).await;
        let second = first.neighbour(Plan::patient(), &connections).await;
        let own = Arc::clone(&source);
        let house = |inner, source| Self { inner, source };
        (house(first, source), house(second, own))
    }

    /// A node that has its rows for itself, in a file whatever the run says.
    pub(crate) async fn alone() -> Self {
        let source = Arc::new(FakeNpm::start().await);
        let storage = Storage {
            rows: Rows::Sqlite,
            ..Storage::of_this_run()
        };
        let inner = testkit::house::House::open_on(storage, Plan::default(), &[]).await;
        Self { inner, source }
    }

    /// A house with one repository that is connected to the source.
    pub(crate) async fn connected() -> Self {
        let house = Self::open().await;
        house.add_connected("main").await;
        house
    }

    /// A house with one repository that is connected to nothing.
    pub(crate) async fn private() -> Self {
        let house = Self::open().await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) async fn add_connected(&self, name: &str) {
        self.inner.add_connected(name, CONNECTION).await;
    }

    /// The account's root, as the API knows it.
    pub(crate) const fn root(&self) -> &Caller {
        &self.inner.root
    }

    /// The versions that a repository itself holds of a package, each with where it came from.
    pub(crate) async fn held(&self, repository: &str, package: &str) -> BTreeMap<String, String> {
        self.inner.held(repository, &coordinates(package)).await
    }

    /// Waits until a repository holds these versions: what is pulled through is noted behind the answer.
    pub(crate) async fn wait_until_held(&self, repository: &str, package: &str, versions: &[&str]) {
        let package = coordinates(package);
        self.inner
            .wait_until_held(repository, &package, versions)
            .await;
    }

    /// The bytes of the source's full document of a package, as it serves them.
    pub(crate) async fn source_document(&self, package: &str) -> Vec<u8> {
        let path = package.replace('/', "%2F");
        let address = self.source.address().to_string();
        crate::wire::fetch(&address, &format!("/{path}"), "application/json").await
    }
}

/// The coordinates of `name` or `@scope/name`.
pub(crate) fn coordinates(package: &str) -> PackageCoordinates {
    let format = formats::rules().find("npm").unwrap().id();
    let (namespace, name) = match package
        .strip_prefix('@')
        .and_then(|scoped| scoped.split_once('/'))
    {
        Some((scope, name)) => (Some(Namespace::parse(scope).unwrap()), name),
        None => (None, package),
    };
    PackageCoordinates {
        format,
        namespace,
        name: PackageName::parse(name).unwrap(),
    }
}
