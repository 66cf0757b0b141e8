//! Dependency confusion: internal names stay internal, from the first request on.

use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::House;
use crate::packages::Release;

async fn assert_internal_only(house: &House, repository: &str, versions: &[&str]) {
    let client = house.at(repository);
    let document = client.packument("@corp/secrets").await;
    assert_eq!(
        document["versions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        versions
    );
    assert_eq!(document["dist-tags"]["latest"], *versions.last().unwrap());
    let short = client
        .get_with("@corp%2fsecrets", &[("accept", crate::wire::ABBREVIATED)])
        .await
        .json();
    assert_eq!(
        short["versions"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        versions
    );
    for path in [
        "@corp/secrets/-/secrets-99.0.0.tgz",
        "@corp%2fsecrets/99.0.0",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
        assert_eq!(client.head(path).await.status, 404, "{path}");
        assert_eq!(
            client
                .get_with(path, &[("range", "bytes=0-1")])
                .await
                .status,
            404,
            "{path}"
        );
    }
}

#[tokio::test]
async fn y06_a_public_version_of_an_internal_name_is_neither_listed_nor_served() {
    let house = House::connected().await;
    house.add_repository("app", &["main"]).await;
    house
        .at("main")
        .publish(&Release::new("@corp/secrets", "1.0.0"))
        .await;
    house.source.forget_requests();
    house
        .source
        .add_package(FakePackage::new("@corp/secrets").version(FakeVersion::new("99.0.0")));
    for repository in ["main", "app"] {
        assert_internal_only(&house, repository, &["1.0.0"]).await;
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "x17: the name never leaves"
    );
}

#[tokio::test]
async fn y06_a_prerelease_alone_keeps_the_name_internal() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("@corp/other").version(FakeVersion::new("1.0.0")));
    house
        .at("main")
        .publish(&Release::new("@corp/secrets", "0.0.1-alpha.1").tagged("next"))
        .await;
    house.source.forget_requests();
    house
        .source
        .add_package(FakePackage::new("@corp/secrets").version(FakeVersion::new("99.0.0")));
    assert_internal_only(&house, "main", &["0.0.1-alpha.1"]).await;
    assert_eq!(house.source.requests_total(), 0);
}

#[tokio::test]
async fn y06_p15_names_that_differ_only_a_little_are_other_packages() {
    let house = House::connected().await;
    house
        .at("main")
        .publish(&Release::new("@corp/secrets", "1.0.0"))
        .await;
    for name in [
        "@corp/Secrets",
        "@Corp/secrets",
        "@corp/secret",
        "@corpx/secrets",
        "secrets",
    ] {
        house
            .source
            .add_package(FakePackage::new(name).version(FakeVersion::new("99.0.0")));
        let document = house.at("main").packument(name).await;
        assert_eq!(document["name"], name);
        assert_eq!(document["versions"].as_object().unwrap().len(), 1);
    }
    assert_internal_only(&house, "main", &["1.0.0"]).await;
}
