//! A house with a fake public gallery to pull from, and what its clients do.

use std::ops::Deref;

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use serde_json::Value;
use testkit::fake_nuget::FakeNuget;
use testkit::house::{Answer, Client, Connection, Plan, empty, full};
use testkit::packages::Nupkg;

pub(crate) const CONNECTION: &str = "public:nuget-org";

pub(crate) struct House {
    inner: testkit::house::House,
    pub(crate) source: FakeNuget,
}

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl House {
    async fn open() -> Self {
        let source = FakeNuget::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "nuget",
            url: source.index_url(),
        };
        let inner = testkit::house::House::open(Plan::default(), &[connection]).await;
        Self { inner, source }
    }

    /// A house with one repository that is connected to the gallery.
    pub(crate) async fn connected() -> Self {
        let house = Self::open().await;
        house.add_connected("main", CONNECTION).await;
        house
    }

    /// A house with one repository that is connected to nothing.
    pub(crate) async fn private() -> Self {
        let house = Self::open().await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        self.client("nuget", repository)
    }

    /// Pushes to `main`, as dotnet does.
    pub(crate) async fn push(&self, package: &Nupkg) -> Answer {
        push(&self.at("main"), package).await
    }

    /// Pushes to `main`, which must succeed.
    pub(crate) async fn publish(&self, package: &Nupkg) {
        let answer = self.push(package).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    /// The registrations of a package, all of them inlined.
    pub(crate) async fn registration(&self, repository: &str, id: &str) -> Value {
        let path = format!("v3/registrations-semver2/{id}/index.json");
        let answer = self.at(repository).get(&path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// What the registrations say of one version.
    pub(crate) async fn entry(&self, repository: &str, id: &str, version: &str) -> Value {
        let index = self.registration(repository, id).await;
        let pages = index["items"].as_array().unwrap().iter();
        let leaves = pages.flat_map(|page| page["items"].as_array().unwrap());
        let mut entries = leaves.map(|leaf| leaf["catalogEntry"].clone());
        let found = entries.find(|entry| entry["version"] == version);
        found.unwrap_or_else(|| panic!("{version} in {index}"))
    }

    /// The list of versions.
    pub(crate) async fn versions(&self, repository: &str, id: &str) -> Vec<String> {
        let path = format!("v3/flatcontainer/{id}/index.json");
        let answer = self.at(repository).get(&path).await;
        if answer.status == 404 {
            return Vec::new();
        }
        assert_eq!(answer.status, 200, "{}", answer.text());
        let versions = answer.json()["versions"].as_array().unwrap().clone();
        versions
            .iter()
            .map(|version| version.as_str().unwrap().to_owned())
            .collect()
    }
}

/// Pushes as dotnet does.
pub(crate) async fn push(client: &Client<'_>, package: &Nupkg) -> Answer {
    let (content_type, body) = package.push_form();
    send(client, &[("content-type", &content_type)], body).await
}

/// Sends a body to the address of pushes.
pub(crate) async fn send(client: &Client<'_>, headers: &[(&str, &str)], body: Bytes) -> Answer {
    let path = "api/v2/package/";
    client.ask(Method::PUT, path, headers, full(body)).await
}

pub(crate) async fn relist(client: &Client<'_>, id: &str, version: &str) -> Answer {
    let path = format!("api/v2/package/{id}/{version}");
    client.ask(Method::POST, &path, &[], empty()).await
}

pub(crate) async fn unlist(client: &Client<'_>, id: &str, version: &str) -> Answer {
    let path = format!("api/v2/package/{id}/{version}");
    client.delete(&path).await
}

/// The coordinates of a package.
pub(crate) fn coordinates(id: &str) -> PackageCoordinates {
    let rules = formats::rules().find("nuget").unwrap();
    rules
        .coordinates(None, PackageName::parse(id).unwrap())
        .unwrap()
}

/// The path of a package file below a repository's endpoint.
pub(crate) fn file_path(id: &str, version: &str) -> String {
    let (id, version) = (id.to_lowercase(), version.to_lowercase());
    format!("v3/flatcontainer/{id}/{version}/{id}.{version}.nupkg")
}
