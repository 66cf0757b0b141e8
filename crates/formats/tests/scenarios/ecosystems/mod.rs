//! What a scenario needs to know of a format, and the formats that say it.
//!
//! Everything goes through the format's own protocol, as its clients speak it: scenarios know names, versions and bytes.

mod cargo;
mod generic;
mod maven;
mod npm;
mod nuget;
mod pypi;
mod ruby;
mod swift;

use std::ops::DerefMut;

use bytes::Bytes;
use model::PackageCoordinates;
use testkit::fake_source::FakeSource;
use testkit::house::{Answer, Client, Connection, House, Plan};

pub(crate) use cargo::Cargo;
pub(crate) use generic::Generic;
pub(crate) use maven::Maven;
pub(crate) use npm::Npm;
pub(crate) use nuget::Nuget;
pub(crate) use pypi::Pypi;
pub(crate) use ruby::Ruby;
pub(crate) use swift::Swift;

/// After this time every index is old, whatever its format says; and a token is good for three times as long.
pub(crate) const LATER_MS: i64 = 3 * 3_600_000 + 60_000;

/// A format, as scenarios use it. A name is a plain word like `left-pad`; a version one like `1.0.0`.
pub(crate) trait Ecosystem {
    /// The format's id.
    const FORMAT: &'static str;

    /// What a package of this name is to the API.
    fn coordinates(name: &str) -> PackageCoordinates;

    /// Names that a client may write for the same package.
    fn spellings(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }

    /// Names of other packages that a package group takes for variations of this one.
    fn variations(name: &str) -> Vec<String>;

    /// Where the document is that lists a package's versions, below the repository's endpoint.
    fn index_path(name: &str) -> String;

    /// The versions that the document lists, in any order.
    fn versions_of(index: &Answer) -> Vec<String>;

    /// Where the asset of a version is that holds its content.
    fn asset_path(name: &str, version: &str) -> String;

    /// What the API calls that asset.
    fn asset_name(name: &str, version: &str) -> String {
        let path = Self::asset_path(name, version);
        path.rsplit('/').next().unwrap().to_owned()
    }

    /// The bytes of that asset, as it is published with this content.
    fn asset(name: &str, version: &str, content: &str) -> Bytes;

    /// Publishes a version whose asset holds this content. The answer that refused it, or the last one.
    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer;

    /// The pattern of the package group of just this package.
    fn group(name: &str) -> String {
        let package = Self::coordinates(name);
        format!(
            "/{}/{}/{}$",
            Self::FORMAT,
            package.namespace_str(),
            package.name
        )
    }

    /// A client of a repository.
    fn at<'h>(house: &'h House, repository: &str) -> Client<'h> {
        house.client(Self::FORMAT, repository)
    }

    /// The versions that a repository lists of a package, in order of text; none, if it does not know the package.
    async fn listed(house: &House, repository: &str, name: &str) -> Vec<String> {
        let client = Self::at(house, repository);
        let mut answer = client.get(&Self::index_path(name)).await;
        // Another spelling of the name may be sent on to the right one.
        if [301, 302, 307, 308].contains(&answer.status) {
            let (_, path) = answer
                .header("location")
                .split_once(client.prefix())
                .unwrap();
            let path = path.to_owned();
            answer = client.get(&path).await;
        }
        match answer.status {
            200 => {
                let mut versions = Self::versions_of(&answer);
                versions.sort();
                versions
            }
            404 => Vec::new(),
            status => panic!("{status} for the index of {name}: {:?}", answer.body),
        }
    }

    /// The asset of a version, as a client of a repository gets it.
    async fn fetch(house: &House, repository: &str, name: &str, version: &str) -> Answer {
        let path = Self::asset_path(name, version);
        Self::at(house, repository).get(&path).await
    }

    /// Publishes, which must succeed, with some content.
    async fn published(house: &House, repository: &str, name: &str, version: &str) -> Bytes {
        let content = format!("{name} {version} by {repository}");
        let answer = Self::publish(&Self::at(house, repository), name, version, &content).await;
        assert!(is_success(&answer), "{} {:?}", answer.status, answer.body);
        Self::asset(name, version, &content)
    }
}

/// A format whose packages can come from a public source.
pub(crate) trait Pulled: Ecosystem {
    /// The external connection.
    const CONNECTION: &'static str;

    /// A fake of the source.
    type Source: DerefMut<Target = FakeSource>;

    /// Starts the fake, empty.
    async fn start() -> Self::Source;

    /// The address that the connection has.
    fn url(source: &Self::Source) -> String;

    /// Makes the source have this package, with exactly these versions.
    fn show(source: &Self::Source, name: &str, versions: &[&str]);

    /// Takes the package away from the source.
    fn withdraw(source: &Self::Source, name: &str);

    /// The path of the package's index at the source.
    fn source_index(name: &str) -> String;

    /// The path of a version's asset at the source.
    fn source_asset(name: &str, version: &str) -> String;

    /// The bytes of that asset as the source serves them.
    fn bytes_at_source(source: &Self::Source, name: &str, version: &str) -> Bytes {
        let bytes = source.bytes(&Self::source_asset(name, version));
        bytes.expect("the source has this version")
    }
}

/// A house and the public source that its connected repositories pull from.
pub(crate) struct Connected<E: Pulled> {
    pub(crate) house: House,
    pub(crate) source: E::Source,
}

impl<E: Pulled> Connected<E> {
    /// A house without repositories.
    pub(crate) async fn open() -> Self {
        let source = E::start().await;
        let connection = Connection {
            name: E::CONNECTION,
            format: E::FORMAT,
            url: E::url(&source),
        };
        let house = House::open(Plan::default(), &[connection]).await;
        Self { house, source }
    }

    /// A house whose repository `main` is connected.
    pub(crate) async fn main() -> Self {
        let world = Self::open().await;
        world.connect("main").await;
        world
    }

    /// Makes a repository that is connected to the source.
    pub(crate) async fn connect(&self, repository: &str) {
        self.house.add_connected(repository, E::CONNECTION).await;
    }

    /// Makes the source have this package, with exactly these versions.
    pub(crate) fn show(&self, name: &str, versions: &[&str]) {
        E::show(&self.source, name, versions);
    }

    pub(crate) async fn listed(&self, repository: &str, name: &str) -> Vec<String> {
        E::listed(&self.house, repository, name).await
    }

    pub(crate) async fn fetch(&self, repository: &str, name: &str, version: &str) -> Answer {
        E::fetch(&self.house, repository, name, version).await
    }

    /// Fetches a version and waits until a repository holds it, and nothing else of the package.
    pub(crate) async fn pull(&self, repository: &str, name: &str, version: &str) -> Bytes {
        let answer = self.fetch(repository, name, version).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        self.house
            .wait_until_held(repository, &E::coordinates(name), &[version])
            .await;
        answer.bytes().clone()
    }
}

/// A house with these repositories, each with its upstreams, and no source.
pub(crate) async fn house(repositories: &[(&str, &[&str])]) -> House {
    let house = House::open(Plan::default(), &[]).await;
    for (name, upstreams) in repositories {
        house.add_repository(name, upstreams).await;
    }
    house
}

pub(crate) fn is_success(answer: &Answer) -> bool {
    (200..300).contains(&answer.status)
}

/// Whether an asset is behind its address, however one asks.
pub(crate) async fn is_behind(client: &Client<'_>, path: &str) -> bool {
    let get = client.get(path).await.status;
    let head = client.head(path).await.status;
    let range = client.get_with(path, &[("range", "bytes=0-0")]).await;
    match (get, head, range.status) {
        (200, 200, 206) => true,
        (404, 404, 404) => false,
        other => panic!("GET, HEAD and a range of {path} disagree: {other:?}"),
    }
}
