//! A house with a fake public index to pull from, and what Cargo does.

use std::ops::Deref;

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use serde_json::Value;
use testkit::fake_cargo::FakeCargo;
use testkit::house::{Answer, Client, Connection, Plan, full};
use testkit::packages::CargoCrate;

pub(crate) const CONNECTION: &str = "public:crates-io";
pub(crate) const PUBLISH: &str = "api/v1/crates/new";

pub(crate) struct House {
    inner: testkit::house::House,
    pub(crate) source: FakeCargo,
}

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

fn connection_to(source: &FakeCargo) -> Connection {
    Connection {
        name: CONNECTION,
        format: "cargo",
        url: source.index_url(),
    }
}

impl House {
    pub(crate) async fn with(plan: Plan) -> Self {
        let source = FakeCargo::start().await;
        let inner = testkit::house::House::open(plan, &[connection_to(&source)]).await;
        Self { inner, source }
    }

    /// A house with one repository that is connected to the index.
    pub(crate) async fn connected() -> Self {
        let house = Self::with(Plan::default()).await;
        house.add_connected("main", CONNECTION).await;
        house
    }

    /// The same, so that it can have neighbours.
    pub(crate) async fn connected_on_postgres() -> Self {
        let source = FakeCargo::start().await;
        let connections = [connection_to(&source)];
        let inner = testkit::house::House::open_on_postgres(Plan::default(), &connections).await;
        let house = Self { inner, source };
        house.add_connected("main", CONNECTION).await;
        house
    }

    /// What a neighbour is opened with.
    pub(crate) fn connections(&self) -> [Connection; 1] {
        [connection_to(&self.source)]
    }

    /// A house with one repository that is connected to nothing.
    pub(crate) async fn private() -> Self {
        let house = Self::with(Plan::default()).await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        self.client("cargo", repository)
    }

    /// Publishes to `main`, as Cargo does.
    pub(crate) async fn send(&self, made: &CargoCrate) -> Answer {
        self.put(made.publish_body()).await
    }

    /// Sends a body to where publishes go.
    pub(crate) async fn put(&self, body: Bytes) -> Answer {
        self.at("main")
            .ask(Method::PUT, PUBLISH, &[], full(body))
            .await
    }

    /// Publishes to `main`, which must succeed.
    pub(crate) async fn publish(&self, made: &CargoCrate) -> Answer {
        let answer = self.send(made).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    /// A crate's file in the index of a repository.
    pub(crate) async fn index(&self, repository: &str, name: &str) -> String {
        let answer = self.at(repository).get(&index_path(name)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    /// The lines of that file.
    pub(crate) async fn lines(&self, repository: &str, name: &str) -> Vec<Value> {
        let text = self.index(repository, name).await;
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().unwrap()
    }

    /// Of each version of a crate, whether it is yanked.
    pub(crate) async fn yanked(&self, repository: &str, name: &str) -> Vec<(String, bool)> {
        let lines = self.lines(repository, name).await;
        lines
            .iter()
            .map(|line| {
                let version = line["vers"].as_str().unwrap().to_owned();
                (version, line["yanked"].as_bool().unwrap())
            })
            .collect()
    }
}

/// Where a crate's file is in an index.
pub(crate) fn index_path(name: &str) -> String {
    FakeCargo::index_path(name).replacen("/index/", "", 1)
}

/// Where Cargo fetches a version.
pub(crate) fn download_path(name: &str, version: &str) -> String {
    format!("api/v1/crates/{name}/{version}/download")
}

/// The coordinates of a crate.
pub(crate) fn coordinates(name: &str) -> PackageCoordinates {
    let rules = formats::rules().find("cargo").unwrap();
    rules
        .coordinates(None, PackageName::parse(name).unwrap())
        .unwrap()
}

/// What an error says, in the shape that Cargo prints.
pub(crate) fn detail(answer: &Answer) -> String {
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1);
    let errors = body["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1);
    errors[0]["detail"].as_str().unwrap().to_owned()
}
