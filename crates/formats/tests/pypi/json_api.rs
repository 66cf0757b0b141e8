//! The JSON API: what a project says of itself.

use testkit::fake_pypi::{FakeFile, FakeProject};

use crate::house::{House, release};

#[tokio::test]
async fn a_project_and_a_version_say_what_is_in_their_metadata() {
    let house = House::private().await;
    house.publish(&release("Left.Pad", "1.0").wheel()).await;
    house.publish(&release("Left.Pad", "1.0").sdist()).await;
    house.publish(&release("Left.Pad", "2.0rc1").wheel()).await;
    let main = house.at("main");
    for path in [
        "left-pad/json",
        "Left_Pad/json",
        "pypi/left-pad/json",
        "left-pad/json/",
    ] {
        let answer = main.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "application/json"),
            "{path}"
        );
        let json = answer.json();
        assert_eq!(json["info"]["version"], "1.0", "not the pre-release");
        assert_eq!(json["info"]["name"], "Left.Pad");
        assert_eq!(json["info"]["requires_python"], ">=3.8");
        assert_eq!(json["info"]["description"], "# Text");
        assert_eq!(json["urls"].as_array().unwrap().len(), 2);
        assert_eq!(json["releases"]["2.0rc1"].as_array().unwrap().len(), 1);
    }
    let version = main.get("left-pad/2.0c1/json").await.json();
    assert_eq!(version["info"]["version"], "2.0rc1");
    assert_eq!(version["urls"][0]["packagetype"], "bdist_wheel");
    assert!(version.get("releases").is_none());
    for absent in ["left-pad/3.0/json", "other/json", "other/1.0/json"] {
        assert_eq!(main.get(absent).await.status, 404, "{absent}");
    }
    assert_eq!(main.head("left-pad/json").await.bytes().len(), 0);
}

#[tokio::test]
async fn a_project_of_the_public_index_is_described_without_being_brought_in() {
    let house = House::connected().await;
    let wheel = release("widget", "1.0").wheel();
    house
        .source
        .add_project(FakeProject::new("widget").file(FakeFile::from(wheel)));
    let json = house.at("main").get("pypi/widget/json").await.json();
    assert_eq!(json["info"]["summary"], "The project widget");
    assert_eq!(
        json["info"]["requires_dist"],
        serde_json::json!(["Other_Thing>=1.0"])
    );
    let held = house
        .held("main", &crate::house::coordinates("widget"))
        .await;
    assert!(held.is_empty(), "{held:?}");
}
