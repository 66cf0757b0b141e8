//! Generic packages: one file in a version, put as curl does. Nothing is looked for in upstream repositories.

use bytes::Bytes;
use http::Method;
use model::{Namespace, PackageCoordinates, PackageName};
use testkit::house::{Answer, Client, full};

use super::Ecosystem;

pub(crate) struct Generic;

const NAMESPACE: &str = "tools";

impl Ecosystem for Generic {
    const FORMAT: &'static str = "generic";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("generic").unwrap();
        let namespace = Namespace::parse(NAMESPACE).unwrap();
        rules
            .coordinates(Some(namespace), PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn variations(name: &str) -> Vec<String> {
        vec![
            name.replace('-', "."),
            name.replace('-', "__"),
            name.to_uppercase(),
        ]
    }

    fn index_path(name: &str) -> String {
        format!("{NAMESPACE}/{name}/")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let listing = index.json();
        let versions = listing["versions"].as_array().unwrap();
        let names = versions
            .iter()
            .map(|entry| entry["version"].as_str().unwrap());
        names.map(str::to_owned).collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("{NAMESPACE}/{name}/{version}/{name}.bin")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        format!("{name} {version}, of no format: {content}\n")
            .repeat(20)
            .into()
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let bytes = Self::asset(name, version, content);
        let path = Self::asset_path(name, version);
        client.ask(Method::PUT, &path, &[], full(bytes)).await
    }
}
