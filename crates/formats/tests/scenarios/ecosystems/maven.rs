//! Maven: files sent one by one, then metadata that finishes the version.

use bytes::Bytes;
use http::Method;
use model::{Namespace, PackageCoordinates, PackageName};
use testkit::fake_maven::{FakeArtifact, FakeMaven};
use testkit::house::{Answer, Client, full};
use testkit::packages::{Pom, jar};

use super::{Ecosystem, Pulled, is_success};

pub(crate) struct Maven;

const GROUP: &str = "com.example";
const FOLDER: &str = "com/example";

impl Ecosystem for Maven {
    const FORMAT: &'static str = "maven";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("maven").unwrap();
        let group = Namespace::parse(GROUP).unwrap();
        rules
            .coordinates(Some(group), PackageName::parse(name).unwrap())
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
        format!("{FOLDER}/{name}/maven-metadata.xml")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let text = index.text();
        let parts = text.split("<version>").skip(1);
        parts
            .map(|part| part.split('<').next().unwrap().to_owned())
            .collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("{FOLDER}/{name}/{version}/{name}-{version}.jar")
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        let text = format!("{name} {version}: {content}");
        jar(&[("about.txt", text.as_bytes())])
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let pom = Pom::new(GROUP, name, version).xml();
        let metadata = format!(
            "<metadata><groupId>{GROUP}</groupId><artifactId>{name}</artifactId><versioning><versions><version>{version}\
             </version></versions></versioning></metadata>"
        );
        let asset_path = Self::asset_path(name, version);
        let files = [
            (asset_path.clone(), Self::asset(name, version, content)),
            (asset_path.replace(".jar", ".pom"), pom),
            (Self::index_path(name), metadata.into()),
        ];
        let mut last = None;
        for (path, bytes) in files {
            let answer = client.ask(Method::PUT, &path, &[], full(bytes)).await;
            if !is_success(&answer) {
                return answer;
            }
            last = Some(answer);
        }
        last.unwrap()
    }
}

impl Pulled for Maven {
    const CONNECTION: &'static str = "public:maven-central";
    type Source = FakeMaven;

    async fn start() -> FakeMaven {
        FakeMaven::start().await
    }

    fn url(source: &FakeMaven) -> String {
        source.base_url().to_owned()
    }

    fn show(source: &FakeMaven, name: &str, versions: &[&str]) {
        let artifact = versions
            .iter()
            .fold(FakeArtifact::new(GROUP, name), |artifact, version| {
                artifact.version(version)
            });
        source.add_artifact(artifact);
    }

    fn withdraw(source: &FakeMaven, name: &str) {
        source.remove_artifact(GROUP, name);
    }

    fn source_index(name: &str) -> String {
        FakeMaven::metadata_path(GROUP, name)
    }

    fn source_asset(name: &str, version: &str) -> String {
        FakeMaven::file_path(GROUP, name, version, ".jar")
    }
}
