//! Pulling through: what is shown of a project of the public index, what is fetched, and what is followed.

use serde_json::{Value, json};
use testkit::fake_pypi::{FakeFile, FakeProject, FakePypi, PageForms};
use testkit::fake_source::Behaviour;
use testkit::house::FRESHNESS_MS;
use testkit::packages::Distribution;

use crate::house::{CONNECTION, House, coordinates, file_path, release};

fn widget() -> FakeProject {
    FakeProject::new("Widget").version("1.0").version("2.0")
}

/// What a page says of its files, without where they are.
fn said(page: &Value) -> Value {
    let mut files = page["files"].clone();
    for file in files.as_array_mut().unwrap() {
        file.as_object_mut().unwrap().remove("url");
    }
    files
}

#[tokio::test]
async fn a_page_says_what_the_public_index_says_and_points_here() {
    let house = House::connected().await;
    let wheel =
        FakeFile::from(release("Widget", "3.0").wheel()).provenance("https://index.example/p");
    house.source.add_project(
        widget()
            .file(wheel)
            .yanked("1.0", "broken <b>")
            .status("archived", Some("old"))
            .tracks("https://other.example/widget/")
            .alternate_location("https://third.example/widget/"),
    );
    let page = house.page("main", "widget").await;
    let path = FakePypi::page_path("widget");
    let address = house
        .source
        .base_url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let original = testkit::house::fetch(&address, &path, crate::house::JSON).await;
    let original: Value = serde_json::from_slice(&original).unwrap();
    for (shown, expected) in said(&page)
        .as_array()
        .unwrap()
        .iter()
        .zip(said(&original).as_array().unwrap())
    {
        for member in [
            "filename",
            "hashes",
            "requires-python",
            "size",
            "upload-time",
            "yanked",
            "core-metadata",
            "provenance",
        ] {
            let (shown, expected) = (shown.get(member), expected.get(member));
            let there = |value: &&Value| !value.is_null();
            assert_eq!(shown.filter(there), expected.filter(there), "{member}");
        }
    }
    assert_eq!(page["files"].as_array().unwrap().len(), 5);
    for member in ["versions", "project-status", "alternate-locations"] {
        assert_eq!(page[member], original[member], "{member}");
    }
    assert_eq!(
        page["meta"]["tracks"],
        json!(["https://other.example/widget/"])
    );
    let prefix = house.at("main").prefix().to_owned();
    for file in page["files"].as_array().unwrap() {
        assert!(
            file["url"]
                .as_str()
                .unwrap()
                .starts_with(&format!("http://packages.example{prefix}simple/widget/"))
        );
    }
}

#[tokio::test]
async fn a_mirror_that_has_html_alone_serves_as_well() {
    let house = House::connected().await;
    house
        .source
        .add_project(widget().forms(PageForms::Html).yanked("1.0", "bad"));
    let page = house.page("main", "widget").await;
    assert_eq!(page["versions"], json!(["1.0", "2.0"]));
    assert_eq!(page["files"][0]["yanked"], "bad");
    let wheel = Distribution::new("Widget", "2.0").wheel();
    let answer = house.at("main").get(&file_path(&wheel)).await;
    assert_eq!(
        (answer.status, answer.bytes()),
        (200, &house.source.file(&wheel.file_name).unwrap())
    );
}

#[tokio::test]
async fn a_file_brings_the_whole_version_and_the_source_can_go() {
    let house = House::connected().await;
    house.source.add_project(widget());
    let release = Distribution::new("Widget", "1.0");
    let (wheel, sdist) = (release.wheel(), release.sdist());
    let main = house.at("main");
    let answer = main.get(&file_path(&wheel)).await;
    assert_eq!((answer.status, answer.bytes()), (200, &wheel.bytes));
    house
        .wait_for_files("widget", "1.0", &[&wheel.file_name, &sdist.file_name])
        .await;
    let held = house.held("main", &coordinates("widget")).await;
    assert_eq!(held.get("1.0").map(String::as_str), Some(CONNECTION));
    for path in [
        FakePypi::page_path("widget"),
        FakePypi::file_path(&wheel.file_name),
        FakePypi::file_path(&sdist.file_name),
    ] {
        house.source.set_behaviour(&path, Behaviour::Status(503));
    }
    for file in [&wheel, &sdist] {
        assert_eq!(main.get(&file_path(file)).await.bytes(), &file.bytes);
    }
    let metadata = main.get(&format!("{}.metadata", file_path(&wheel))).await;
    assert_eq!((metadata.status, metadata.bytes()), (200, &wheel.metadata));
}

#[tokio::test]
async fn core_metadata_of_what_is_not_held_comes_from_the_source_without_the_file() {
    let house = House::connected().await;
    house.source.add_project(widget());
    let wheel = Distribution::new("Widget", "1.0").wheel();
    let path = format!("{}.metadata", file_path(&wheel));
    let main = house.at("main");
    for _ in 0..2 {
        let answer = main.get(&path).await;
        assert_eq!((answer.status, answer.bytes()), (200, &wheel.metadata));
    }
    assert_eq!(
        house
            .source
            .requests(&FakePypi::file_path(&wheel.file_name)),
        0
    );
    let beside = format!("{}.metadata", FakePypi::file_path(&wheel.file_name));
    assert_eq!(house.source.requests(&beside), 1);
    assert!(house.held("main", &coordinates("widget")).await.is_empty());
}

#[tokio::test]
async fn yanks_and_new_files_of_a_held_version_follow_the_public_index() {
    let house = House::connected().await;
    let release = Distribution::new("widget", "1.0");
    let wheel = release.wheel();
    house
        .source
        .add_project(FakeProject::new("widget").file(FakeFile::from(wheel.clone())));
    let main = house.at("main");
    assert_eq!(main.get(&file_path(&wheel)).await.status, 200);
    house
        .wait_for_files("widget", "1.0", &[&wheel.file_name])
        .await;
    let sdist = release.sdist();
    house.source.change_project("widget", |project| {
        project
            .file(FakeFile::from(sdist.clone()))
            .yanked("1.0", "broken")
    });
    house.clock.advance(FRESHNESS_MS + 1);
    for _ in 0..500 {
        let page = house.page("main", "widget").await;
        let files = page["files"].as_array().unwrap();
        if files.len() == 2 {
            assert_eq!(files[0]["yanked"], "broken");
            assert_eq!(files[1]["yanked"], "broken");
            let answer = main.get(&file_path(&sdist)).await;
            assert_eq!((answer.status, answer.bytes()), (200, &sdist.bytes));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the new file never came");
}

#[tokio::test]
async fn x07_a_file_that_is_not_what_the_index_says_is_never_whole_and_never_kept() {
    let house = House::connected().await;
    house.source.add_project(widget());
    let wheel = Distribution::new("Widget", "1.0").wheel();
    let at_source = FakePypi::file_path(&wheel.file_name);
    house
        .source
        .set_behaviour(&at_source, Behaviour::WrongBytes);
    let answer = house.at("main").get(&file_path(&wheel)).await;
    assert!(answer.status != 200 || answer.body.is_err());
    house.source.clear_behaviours();
    let answer = house.at("main").get(&file_path(&wheel)).await;
    assert_eq!((answer.status, answer.bytes()), (200, &wheel.bytes));
}

#[tokio::test]
async fn old_forms_of_distributions_are_passed_on() {
    let house = House::connected().await;
    let egg = FakeFile::new("0.1", "widget-0.1-py2.7.egg", &b"egg"[..]);
    let installer = FakeFile::new("0.1", "widget-0.1.win32-py2.7.exe", &b"exe"[..]);
    house
        .source
        .add_project(FakeProject::new("widget").file(egg).file(installer));
    let main = house.at("main");
    for (file, bytes) in [
        ("widget-0.1-py2.7.egg", "egg"),
        ("widget-0.1.win32-py2.7.exe", "exe"),
    ] {
        let answer = main.get(&format!("simple/widget/0.1/{file}")).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, bytes),
            "{file}"
        );
    }
    assert_eq!(
        house.page("main", "widget").await["versions"],
        json!(["0.1"])
    );
}

#[tokio::test]
async fn what_a_pulled_version_says_of_itself_is_in_the_api() {
    let house = House::connected().await;
    let wheel = release("Widget", "1.0").wheel();
    house
        .source
        .add_project(FakeProject::new("Widget").file(FakeFile::from(wheel.clone())));
    house.at("main").get(&file_path(&wheel)).await;
    house
        .wait_for_files("widget", "1.0", &[&wheel.file_name])
        .await;
    let repository = testkit::house::repository("main");
    let version = model::VersionName::parse("1.0.0").unwrap();
    let described = house
        .catalog
        .get_package_version(&house.domain, &repository, &coordinates("widget"), &version)
        .await
        .unwrap();
    assert_eq!(described.details.display_name.as_deref(), Some("Widget"));
}

#[tokio::test]
async fn x11_nothing_is_asked_for_that_cannot_be_a_project() {
    let house = House::connected().await;
    for name in ["..%2f..", "a%20b", "-a", "a%23b", "%C3%A9", "a*b"] {
        let answer = house.at("main").get(&format!("simple/{name}/")).await;
        assert!(matches!(answer.status, 400 | 404), "{name}");
    }
    assert_eq!(house.source.requests_total(), 0);
}
