//! A house with a fake Python index to pull from, and what its clients do.

use std::ops::Deref;

use bytes::Bytes;
use http::Method;
use model::{PackageCoordinates, PackageName};
use serde_json::Value;
use testkit::fake_pypi::FakePypi;
use testkit::house::{Answer, Client, Connection, Plan, full};
use testkit::packages::{Distribution, DistributionFile};

pub(crate) const CONNECTION: &str = "public:pypi";
pub(crate) const JSON: &str = "application/vnd.pypi.simple.v1+json";

pub(crate) struct House {
    inner: testkit::house::House,
    pub(crate) source: FakePypi,
}

impl Deref for House {
    type Target = testkit::house::House;

    fn deref(&self) -> &Self::Target {
        &self.inner
    }
}

impl House {
    pub(crate) async fn with(plan: Plan) -> Self {
        let source = FakePypi::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "pypi",
            url: source.index_url(),
        };
        let inner = testkit::house::House::open(plan, &[connection]).await;
        Self { inner, source }
    }

    /// A house with one repository that is connected to the index.
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

    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        self.client("pypi", repository)
    }

    /// Uploads to `main`, as twine does.
    pub(crate) async fn upload(&self, file: &DistributionFile) -> Answer {
        let (content_type, body) = file.upload_form();
        self.post("", &content_type, body).await
    }

    /// Uploads to `main`, which must succeed.
    pub(crate) async fn publish(&self, file: &DistributionFile) {
        let answer = self.upload(file).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub(crate) async fn post(&self, path: &str, content_type: &str, body: Bytes) -> Answer {
        let headers = [("content-type", content_type)];
        self.at("main")
            .ask(Method::POST, path, &headers, full(body))
            .await
    }

    /// The page of a project in JSON.
    pub(crate) async fn page(&self, repository: &str, project: &str) -> Value {
        let path = format!("simple/{project}/");
        let answer = self
            .at(repository)
            .get_with(&path, &[("accept", JSON)])
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// The names of the files that a page shows.
    pub(crate) async fn files(&self, repository: &str, project: &str) -> Vec<String> {
        let page = self.page(repository, project).await;
        let files = page["files"].as_array().unwrap();
        files
            .iter()
            .map(|file| file["filename"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until a repository holds these files of a version: what is pulled through is noted behind the answer, and the
    /// rest of a version follows it.
    pub(crate) async fn wait_for_files(&self, project: &str, version: &str, files: &[&str]) {
        let repository = testkit::house::repository("main");
        let version = model::VersionName::parse(version).unwrap();
        let mut found: Vec<String> = Vec::new();
        for _ in 0..500 {
            let listed = self
                .catalog
                .list_package_version_assets(
                    &self.domain,
                    &repository,
                    &coordinates(project),
                    &version,
                    None,
                    model::PageLimit::MAX,
                )
                .await;
            if let Ok(listed) = listed {
                let assets = listed.content.items.into_iter();
                found = assets.map(|asset| asset.name.to_string()).collect();
                if found == files {
                    return;
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("{found:?} are held of {project} {version}");
    }
}

/// The coordinates of a project.
pub(crate) fn coordinates(project: &str) -> PackageCoordinates {
    let rules = formats::rules().find("pypi").unwrap();
    rules
        .coordinates(None, PackageName::parse(project).unwrap())
        .unwrap()
}

/// A release that needs something.
pub(crate) fn release(project: &str, version: &str) -> Distribution {
    Distribution::new(project, version)
        .requires_python(">=3.8")
        .requires_dist("Other_Thing>=1.0")
        .description("# Text")
}

/// The path of a file below a repository's endpoint.
pub(crate) fn file_path(file: &DistributionFile) -> String {
    let project = coordinates(&file.project).name;
    format!("simple/{project}/{}/{}", file.version, file.file_name)
}
