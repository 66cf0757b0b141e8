//! Swift: one source archive in a release, published by form. All packages of the scenarios are in one scope.

use bytes::Bytes;
use http::Method;
use model::{Namespace, PackageCoordinates, PackageName};
use testkit::house::{Answer, Client, full};
use testkit::packages::{SwiftPackage, SwiftReleaseForm};

use super::Ecosystem;

pub(crate) struct Swift;

const SCOPE: &str = "mona";

impl Ecosystem for Swift {
    const FORMAT: &'static str = "swift";

    fn coordinates(name: &str) -> PackageCoordinates {
        let rules = formats::rules().find("swift").unwrap();
        let scope = Namespace::parse(SCOPE).unwrap();
        rules
            .coordinates(Some(scope), PackageName::parse(name).unwrap())
            .unwrap()
    }

    fn spellings(name: &str) -> Vec<String> {
        vec![name.to_owned(), name.to_uppercase()]
    }

    fn variations(name: &str) -> Vec<String> {
        vec![name.replace('-', "_"), name.replace('l', "1")]
    }

    fn index_path(name: &str) -> String {
        format!("{SCOPE}/{name}")
    }

    fn versions_of(index: &Answer) -> Vec<String> {
        let list = index.json();
        let releases = list["releases"].as_object().unwrap();
        releases.keys().cloned().collect()
    }

    fn asset_path(name: &str, version: &str) -> String {
        format!("{SCOPE}/{name}/{version}.zip")
    }

    fn asset_name(_: &str, _: &str) -> String {
        "source-archive.zip".to_owned()
    }

    fn asset(name: &str, version: &str, content: &str) -> Bytes {
        let package = SwiftPackage::new(name, version);
        package.file("content.txt", content.as_bytes()).archive()
    }

    async fn publish(client: &Client<'_>, name: &str, version: &str, content: &str) -> Answer {
        let form = SwiftReleaseForm::of(&Self::asset(name, version, content));
        let (content_type, body) = form.body();
        let path = format!("{SCOPE}/{name}/{version}");
        let headers = [("content-type", content_type.as_str())];
        client.ask(Method::PUT, &path, &headers, full(body)).await
    }
}
