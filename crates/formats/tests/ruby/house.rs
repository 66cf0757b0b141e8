//! A house with a fake gem host to pull from, and what its clients do.

use std::io::Read as _;
use std::ops::Deref;

use bytes::Bytes;
use flate2::read::{GzDecoder, ZlibDecoder};
use http::Method;
use md5::{Digest as _, Md5};
use model::{PackageCoordinates, PackageName};
use testkit::fake_ruby::FakeRuby;
use testkit::house::{Answer, Client, Connection, Plan, full};
use testkit::packages::{GemBuild, GemFile};

pub(crate) const CONNECTION: &str = "public:ruby-gems-org";

pub(crate) struct House {
    inner: testkit::house::House,
    pub(crate) source: FakeRuby,
}

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl House {
    pub(crate) async fn with(plan: Plan) -> Self {
        let source = FakeRuby::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "ruby",
            url: source.base_url().to_owned(),
        };
        let inner = testkit::house::House::open(plan, &[connection]).await;
        Self { inner, source }
    }

    /// A house with one repository that is connected to the host.
    pub(crate) async fn connected() -> Self {
        let house = Self::with(Plan::default()).await;
        house.add_connected("main", CONNECTION).await;
        house
    }

    /// A house with one repository that is connected to nothing.
    pub(crate) async fn private() -> Self {
        let house = Self::with(Plan::default()).await;
        house.add_repository("main", &[]).await;
        house
    }

    pub(crate) fn main(&self) -> Client<'_> {
        self.client("ruby", "main")
    }

    /// Pushes to `main`, as `gem push` does.
    pub(crate) async fn push(&self, bytes: impl Into<Bytes>) -> Answer {
        let headers = [("content-type", "application/octet-stream")];
        self.main()
            .ask(Method::POST, "api/v1/gems", &headers, full(bytes))
            .await
    }

    /// Pushes to `main`, which must succeed.
    pub(crate) async fn publish(&self, gem: &GemFile) {
        let answer = self.push(gem.bytes.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// Takes a gem out of the index, or puts it back.
    pub(crate) async fn yank(&self, form: &str, is_back: bool) -> Answer {
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let (method, path) = if is_back {
            (Method::PUT, "api/v1/gems/unyank")
        } else {
            (Method::DELETE, "api/v1/gems/yank")
        };
        self.main()
            .ask(method, path, &headers, full(form.to_owned()))
            .await
    }

    /// A document of `main`, as text.
    pub(crate) async fn text(&self, path: &str) -> String {
        let answer = self.main().get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }
}

/// The coordinates of a gem.
pub(crate) fn coordinates(gem: &str) -> PackageCoordinates {
    let rules = formats::rules().find("ruby").unwrap();
    rules
        .coordinates(None, PackageName::parse(gem).unwrap())
        .unwrap()
}

/// A gem that needs something.
pub(crate) fn widget(version: &str) -> GemBuild {
    GemBuild::new("widget", version)
        .needs("rack", ">= 2.0")
        .needs_for_development("rake", ">= 0")
        .required_ruby(">= 2.7")
}

pub(crate) fn md5(bytes: &[u8]) -> String {
    hex::encode(Md5::digest(bytes))
}

pub(crate) fn gunzipped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

pub(crate) fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    ZlibDecoder::new(bytes).read_to_end(&mut out).unwrap();
    out
}

/// Whether bytes hold a text.
pub(crate) fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}
