//! Ruby: one gem in each version, pushed as it is, and listed by its lines in the compact index.

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use testkit::fake_ruby::FakeRuby;
use testkit::house::{Answer, Client, full};
use testkit::packages::{GemBuild, GemFile};

use super::{Ecosystem, Pulled};

pub(crate) struct Ruby;

fn gem(name: &str, version: &str, content: &str) -> GemFile {
    let build = GemBuild::new(name, version);
    build.file("content.txt", content.as_bytes()).build()
}

impl Ecosystem for Ruby {
    const FORMAT: &'static str = "ruby";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("ruby").unwrap();
        rules
            .coordinates(None, PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn variations(name: &str) -> Vec<String> {
        vec![
            name.to_uppercase(),
            name.replace('-', "_"),
            name.replace('l', "1"),
        ]
    }

    fn index_path(name: &str) -> String {
        format!("info/{name}")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let text = index.text();
        let lines = text.strip_prefix("---\n").unwrap().lines();
        lines
            .map(|line| line.split(' ').next().unwrap().to_owned())
            .collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("gems/{name}-{version}.gem")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        gem(name, version, content).bytes
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let headers = [("content-type", "application/octet-stream")];
        let body = full(gem(name, version, content).bytes);
        client
            .ask(Method::POST, "api/v1/gems", &headers, body)
            .await
    }
}

impl Pulled for Ruby {
    const CONNECTION: &'static str = "public:ruby-gems-org";
    type Source = FakeRuby;

    async fn start() -> FakeRuby {
        FakeRuby::start().await
    }

    fn url(source: &FakeRuby) -> String {
        source.base_url().to_owned()
    }

    fn show(source: &FakeRuby, name: &str, versions: &[&str]) {
        let files = versions
            .iter()
            .map(|version| gem(name, version, "from the source"));
        source.show(name, files.collect());
    }

    fn withdraw(source: &FakeRuby, name: &str) {
        source.withdraw(name);
    }

    fn source_index(name: &str) -> String {
        FakeRuby::info_path(name)
    }

    fn source_asset(name: &str, version: &str) -> String {
        FakeRuby::file_path(&format!("{name}-{version}.gem"))
    }
}
