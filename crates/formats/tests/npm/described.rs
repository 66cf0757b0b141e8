//! What the API tells of npm versions beside their lists: readmes and dependencies, published here or pulled through.

use model::{ErrorKind, PageLimit, RepositoryName, VersionName};
use serde_json::json;
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, coordinates};
use crate::packages::Release;

impl House {
    async fn readme(
        &self,
        repository: &str,
        package: &str,
        version: &str,
    ) -> model::Result<String> {
        let repository = RepositoryName::parse(repository).unwrap();
        let version = VersionName::parse(version).unwrap();
        let package = coordinates(package);
        let found = self
            .catalog
            .get_package_version_readme(&self.domain, &repository, &package, &version)
            .await;
        found.map(|found| found.content)
    }

    async fn dependencies(&self, repository: &str, package: &str, version: &str) -> Vec<String> {
        let repository = RepositoryName::parse(repository).unwrap();
        let version = VersionName::parse(version).unwrap();
        let package = coordinates(package);
        let listed = self
            .catalog
            .list_package_version_dependencies(
                &self.domain,
                &repository,
                &package,
                &version,
                None,
                PageLimit::MAX,
            )
            .await
            .unwrap();
        let told = listed.content.items.into_iter().map(|found| {
            let (kind, range) = (found.dependency_type, found.version_requirement);
            format!("{} {} {}", kind.unwrap(), found.package, range.unwrap())
        });
        told.collect()
    }
}

#[tokio::test]
async fn p05_a_readme_with_a_character_that_no_row_can_hold_is_published_without_it() {
    let house = House::private().await;
    let members = json!({
        "dependencies": { "left-pad": "^1.0.0" }, "devDependencies": { "mocha": "10" },
        "description": "a\u{0}b", "keywords": ["\u{0}"],
    });
    let release = Release::with("widget", "1.0.0", members, b"1");
    let mut document = release.document();
    document["versions"]["1.0.0"]["readme"] = json!("# wid\u{0}get\n\u{1f600}");
    let main = house.at("main");
    let answer = main.put("widget", &document).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    let readme = house.readme("main", "widget", "1.0.0").await.unwrap();
    assert_eq!(readme, "# widget\n\u{1f600}");
    assert_eq!(
        house.dependencies("main", "widget", "1.0.0").await,
        ["regular left-pad ^1.0.0", "dev mocha 10"]
    );
}

#[tokio::test]
async fn versions_that_were_pulled_through_have_the_readme_and_dependencies_of_their_source() {
    let house = House::connected().await;
    house.add_repository("team", &["main"]).await;
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .version(FakeVersion::new("1.1.0").dependency("right-pad", "~2")),
    );
    let team = house.at("team");
    for version in ["1.0.0", "1.1.0"] {
        assert_eq!(team.tarball("left-pad", version).await.status, 200);
    }
    for repository in ["main", "team"] {
        house
            .wait_until_held(repository, "left-pad", &["1.0.0", "1.1.0"])
            .await;
        // The source has one readme, and that is of the version it calls latest.
        let latest = house.readme(repository, "left-pad", "1.1.0").await.unwrap();
        assert_eq!(latest, "# left-pad\n", "{repository}");
        let older = house.readme(repository, "left-pad", "1.0.0").await;
        assert_eq!(older.unwrap_err().kind, ErrorKind::NotFound, "{repository}");
        assert_eq!(
            house.dependencies(repository, "left-pad", "1.1.0").await,
            ["regular right-pad ~2"]
        );
    }
}
