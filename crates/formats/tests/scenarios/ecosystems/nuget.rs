//! NuGet: a package file in each version, pushed by form. Its registrations are the index that clients choose versions by.

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use testkit::fake_nuget::{FakeNuget, FakeNugetPackage, FakeNugetVersion};
use testkit::house::{Answer, Client, full};
use testkit::packages::Nupkg;

use super::{Ecosystem, Pulled};

pub(crate) struct Nuget;

fn package(id: &str, version: &str, content: &str) -> Nupkg {
    Nupkg::new(id, version).file("content/text.txt", content.as_bytes())
}

impl Ecosystem for Nuget {
    const FORMAT: &'static str = "nuget";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("nuget").unwrap();
        rules
            .coordinates(None, PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn spellings(name: &str) -> Vec<String> {
        vec![name.to_owned(), name.to_uppercase()]
    }

    fn variations(name: &str) -> Vec<String> {
        vec![name.replace('-', "_"), name.replace('l', "1")]
    }

    fn index_path(name: &str) -> String {
        format!("v3/registrations-semver2/{name}/index.json")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let index = index.json();
        let pages = index["items"].as_array().unwrap();
        let leaves = pages
            .iter()
            .flat_map(|page| page["items"].as_array().unwrap());
        let entries = leaves.map(|leaf| &leaf["catalogEntry"]);
        entries
            .filter(|entry| entry["listed"] == true)
            .map(|entry| entry["version"].as_str().unwrap().to_owned())
            .collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("v3/flatcontainer/{name}/{version}/{name}.{version}.nupkg")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        package(name, version, content).build()
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let (content_type, body) = package(name, version, content).push_form();
        let headers = [("content-type", content_type.as_str())];
        let path = "api/v2/package/";
        client.ask(Method::PUT, path, &headers, full(body)).await
    }
}

impl Pulled for Nuget {
    const CONNECTION: &'static str = "public:nuget-org";
    type Source = FakeNuget;

    async fn start() -> FakeNuget {
        FakeNuget::start().await
    }

    fn url(source: &FakeNuget) -> String {
        source.index_url()
    }

    fn show(source: &FakeNuget, name: &str, versions: &[&str]) {
        let all = versions
            .iter()
            .fold(FakeNugetPackage::new(name), |all, version| {
                let built = package(name, version, "from the source");
                all.release(FakeNugetVersion::of(&built))
            });
        source.add_package(all);
    }

    fn withdraw(source: &FakeNuget, name: &str) {
        source.remove_package(name);
    }

    fn source_index(name: &str) -> String {
        FakeNuget::registration_path(name)
    }

    fn source_asset(name: &str, version: &str) -> String {
        FakeNuget::file_path(name, version)
    }
}
