//! Python: a wheel in each version, uploaded by form. Versions are written as `1.0.0` and are the same as `1.0`.

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use serde_json::Value;
use testkit::fake_pypi::{FakeFile, FakeProject, FakePypi};
use testkit::house::{Answer, Client, full};
use testkit::packages::{Distribution, DistributionFile};

use super::{Ecosystem, Pulled};

pub(crate) struct Pypi;

fn wheel(name: &str, version: &str, content: &str) -> DistributionFile {
    let release = Distribution::new(name, version);
    release.file("content.txt", content.as_bytes()).wheel()
}

impl Ecosystem for Pypi {
    const FORMAT: &'static str = "pypi";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("pypi").unwrap();
        rules
            .coordinates(None, PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn spellings(name: &str) -> Vec<String> {
        vec![
            name.to_owned(),
            name.to_uppercase(),
            name.replace('-', "_"),
            name.replace('-', "._-"),
        ]
    }

    fn variations(name: &str) -> Vec<String> {
        vec![name.replace('l', "1")]
    }

    fn index_path(name: &str) -> String {
        format!("simple/{name}/?format=application/vnd.pypi.simple.v1%2Bjson")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let page = index.json();
        let versions = page["versions"].as_array().unwrap();
        let text = |version: &Value| version.as_str().unwrap().to_owned();
        versions.iter().map(text).collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        let file = wheel(name, version, "").file_name;
        format!("simple/{name}/{version}/{file}")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        wheel(name, version, content).bytes
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let (content_type, body) = wheel(name, version, content).upload_form();
        let headers = [("content-type", content_type.as_str())];
        client.ask(Method::POST, "", &headers, full(body)).await
    }
}

impl Pulled for Pypi {
    const CONNECTION: &'static str = "public:pypi";
    type Source = FakePypi;

    async fn start() -> FakePypi {
        FakePypi::start().await
    }

    fn url(source: &FakePypi) -> String {
        source.index_url()
    }

    fn show(source: &FakePypi, name: &str, versions: &[&str]) {
        let project = versions
            .iter()
            .fold(FakeProject::new(name), |project, version| {
                project.file(FakeFile::from(wheel(name, version, "from the source")))
            });
        source.add_project(project);
    }

    fn withdraw(source: &FakePypi, name: &str) {
        source.remove_project(name);
    }

    fn source_index(name: &str) -> String {
        FakePypi::page_path(name)
    }

    fn source_asset(name: &str, version: &str) -> String {
        FakePypi::file_path(&wheel(name, version, "").file_name)
    }
}
