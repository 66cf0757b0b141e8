//! A house without sources, and what Swift's clients do.

use std::ops::Deref;

use bytes::Bytes;
use http::Method;
use model::{Namespace, PackageCoordinates, PackageName};
use testkit::house::{Answer, Client, Plan, full};
use testkit::packages::{SwiftPackage, SwiftReleaseForm};

pub(crate) const JSON: &str = "application/vnd.swift.registry.v1+json";
pub(crate) const ZIP: &str = "application/vnd.swift.registry.v1+zip";
pub(crate) const SWIFT: &str = "application/vnd.swift.registry.v1+swift";
/// The address of `main` as documents spell it out.
pub(crate) const BASE: &str = "http://packages.example/swift/d/acme-111122223333/main/";

pub(crate) struct House(testkit::house::House);

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl House {
    pub(crate) async fn with(plan: Plan) -> Self {
        let house = Self(testkit::house::House::open(plan, &[]).await);
        house.add_repository("main", &[]).await;
        house
    }

    /// A house with one repository, `main`.
    pub(crate) async fn open() -> Self {
        Self::with(Plan::default()).await
    }

    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        self.client("swift", repository)
    }

    /// A GET of `main`, with this `Accept`.
    pub(crate) async fn get(&self, path: &str, accept: &str) -> Answer {
        self.at("main").get_with(path, &[("accept", accept)]).await
    }

    /// Sends a form to `main`, as the package manager does.
    pub(crate) async fn send(&self, path: &str, form: &SwiftReleaseForm) -> Answer {
        send(&self.at("main"), path, form, &[]).await
    }

    /// Publishes a release of `mona.LinkedList`, which must succeed; the archive.
    pub(crate) async fn publish(&self, version: &str) -> Bytes {
        let archive = list(version).archive();
        self.publish_form(version, &SwiftReleaseForm::of(&archive))
            .await;
        archive
    }

    /// Publishes a release of `mona.LinkedList` by this form, which must succeed.
    pub(crate) async fn publish_form(&self, version: &str, form: &SwiftReleaseForm) {
        let answer = self.send(&format!("mona/LinkedList/{version}"), form).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }
}

/// Sends a form, with more header fields.
pub(crate) async fn send(
    client: &Client<'_>,
    path: &str,
    form: &SwiftReleaseForm,
    more: &[(&str, &str)],
) -> Answer {
    let (content_type, body) = form.body();
    let mut headers = vec![
        ("content-type", content_type.as_str()),
        ("accept", JSON),
        ("prefer", "respond-async"),
    ];
    headers.extend_from_slice(more);
    client.ask(Method::PUT, path, &headers, full(body)).await
}

/// The package of most tests.
pub(crate) fn list(version: &str) -> SwiftPackage {
    SwiftPackage::new("LinkedList", version)
}

/// Its coordinates.
pub(crate) fn coordinates() -> PackageCoordinates {
    let rules = formats::rules().find("swift").unwrap();
    let scope = Namespace::parse("mona").unwrap();
    let name = PackageName::parse("linkedlist").unwrap();
    rules.coordinates(Some(scope), name).unwrap()
}

/// The elements of a `Link` field, cut as the package manager cuts it: at every comma.
pub(crate) fn links(answer: &Answer) -> Vec<String> {
    let field = answer.header("link");
    let elements = field.split(',').map(|element| element.trim().to_owned());
    elements.filter(|element| !element.is_empty()).collect()
}

/// What a failure says, in the shape that the package manager prints.
pub(crate) fn problem(answer: &Answer) -> String {
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("content-version"), "1");
    assert_eq!(answer.header("content-language"), "en");
    let problem = answer.json();
    assert_eq!(problem["status"], answer.status);
    problem["detail"].as_str().unwrap().to_owned()
}
