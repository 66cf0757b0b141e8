//! npm: one tarball in a version, published with its document.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::{PackageCoordinates, PackageName};
use serde_json::json;
use testkit::fake_npm::{FakeNpm, FakePackage, FakeVersion};
use testkit::house::{Answer, Client};
use testkit::packages::tgz;

use super::{Ecosystem, Pulled};

pub(crate) struct Npm;

impl Ecosystem for Npm {
    const FORMAT: &'static str = "npm";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("npm").unwrap();
        rules
            .coordinates(None, PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn variations(name: &str) -> Vec<String> {
        vec![
            name.replace('-', "."),
            name.replace('-', "_"),
            name.replace('-', "--"),
        ]
    }

    fn index_path(name: &str) -> String {
        name.to_owned()
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let document = index.json();
        let versions = document["versions"].as_object().unwrap();
        versions.keys().cloned().collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("{name}/-/{name}-{version}.tgz")
    }

    fn asset_name(_: &str, _: &str) -> String {
        "package.tgz".to_owned()
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        tgz(name, version, &[("index.js", content.as_bytes())])
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let tarball = Self::asset(name, version, content);
        let document = json!({
            "_id": name,
            "name": name,
            "dist-tags": { "latest": version },
            "versions": { version: { "name": name, "version": version, "dist": {} } },
            "_attachments": { format!("{name}-{version}.tgz"): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&tarball),
                "length": tarball.len(),
            } },
        });
        client.put(name, &document).await
    }
}

impl Pulled for Npm {
    const CONNECTION: &'static str = "public:npmjs";
    type Source = FakeNpm;

    async fn start() -> FakeNpm {
        FakeNpm::start().await
    }

    fn url(source: &FakeNpm) -> String {
        source.base_url().to_owned()
    }

    fn show(source: &FakeNpm, name: &str, versions: &[&str]) {
        let package = versions
            .iter()
            .fold(FakePackage::new(name), |package, version| {
                package.version(FakeVersion::new(version))
            });
        source.add_package(package);
    }

    fn withdraw(source: &FakeNpm, name: &str) {
        source.remove_package(name);
    }

    fn source_index(name: &str) -> String {
        format!("/{name}")
    }

    fn source_asset(name: &str, version: &str) -> String {
        format!("/{name}/-/{name}-{version}.tgz")
    }
}
