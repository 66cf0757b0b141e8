//! Cargo: a crate in each version, published as a frame. An index shows unlisted versions as yanked; what it lists is what
//! is not yanked.

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use serde_json::Value;
use testkit::fake_cargo::FakeCargo;
use testkit::house::{Answer, Client, full};
use testkit::packages::CargoCrate;

use super::{Ecosystem, Pulled};

pub(crate) struct Cargo;

fn made(name: &str, version: &str, content: &str) -> CargoCrate {
    CargoCrate::new(name, version).file("content.txt", content.as_bytes())
}

impl Ecosystem for Cargo {
    const FORMAT: &'static str = "cargo";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("cargo").unwrap();
        rules
            .coordinates(None, PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn spellings(name: &str) -> Vec<String> {
        vec![name.to_owned(), name.to_uppercase()]
    }

    fn variations(name: &str) -> Vec<String> {
        vec![name.replace('l', "1")]
    }

    fn index_path(name: &str) -> String {
        FakeCargo::index_path(name).replacen("/index/", "", 1)
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let text = index.text();
        let lines = text.lines().map(|line| {
            serde_json::from_str::<Value>(line).expect("every line is an object by itself")
        });
        lines
            .filter(|line| line["yanked"] == false)
            .map(|line| line["vers"].as_str().unwrap().to_owned())
            .collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("api/v1/crates/{name}/{version}/download")
    }

    fn asset_name(name: &str, version: &str) -> String {
        format!("{name}-{version}.crate")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        made(name, version, content).bytes()
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let body = made(name, version, content).publish_body();
        let path = "api/v1/crates/new";
        client.ask(Method::PUT, path, &[], full(body)).await
    }
}

impl Pulled for Cargo {
    const CONNECTION: &'static str = "public:crates-io";
    type Source = FakeCargo;

    async fn start() -> FakeCargo {
        FakeCargo::start().await
    }

    fn url(source: &FakeCargo) -> String {
        source.index_url()
    }

    fn show(source: &FakeCargo, name: &str, versions: &[&str]) {
        source.remove_crate(name);
        for version in versions {
            source.add(made(name, version, "from the source"));
        }
    }

    fn withdraw(source: &FakeCargo, name: &str) {
        source.remove_crate(name);
    }

    fn source_index(name: &str) -> String {
        FakeCargo::index_path(name)
    }

    fn source_asset(name: &str, version: &str) -> String {
        FakeCargo::file_path(name, version)
    }
}
