//! Pulling through: what is shown of a crate of the public index, what is fetched, and what is refused.

use serde_json::json;
use testkit::fake_cargo::FakeCargo;
use testkit::fake_source::{Behaviour, Document};
use testkit::house::{FRESHNESS_MS, repository};
use testkit::packages::CargoCrate;

use crate::house::{CONNECTION, House, coordinates, detail, download_path, index_path};

fn widget(version: &str) -> CargoCrate {
    CargoCrate::new("Widget", version)
        .description("Turns.")
        .dependency("Gear_Box", "^1")
        .file("README.md", b"# Widget")
}

#[tokio::test]
async fn an_index_file_is_passed_on_byte_for_byte_whether_a_version_is_held_or_not() {
    let house = House::connected().await;
    house.source.add(widget("1.0.0"));
    let odd = widget("1.1.0")
        .index_line(true)
        .replace("\"pubtime\"", "\"new-member\": [1.50, {}], \"pubtime\"");
    house.source.add_with_line(widget("1.1.0"), odd);
    let original = house.source.index_file("widget");
    assert_eq!(house.index("main", "widget").await, original);
    for version in ["1.0.0", "1.1.0"] {
        let answer = house
            .at("main")
            .get(&download_path("Widget", version))
            .await;
        assert_eq!(
            (answer.status, answer.bytes()),
            (200, &widget(version).bytes())
        );
    }
    let package = coordinates("widget");
    house
        .wait_until_held("main", &package, &["1.0.0", "1.1.0"])
        .await;
    assert_eq!(house.index("main", "widget").await, original);
    let held = house.held("main", &package).await;
    assert_eq!(held.get("1.0.0").map(String::as_str), Some(CONNECTION));
}

#[tokio::test]
async fn f_cr_2_public_versions_that_differ_in_build_metadata_alone_are_two() {
    let house = House::connected().await;
    for version in ["1.0.0+20160901", "1.0.0+20161212"] {
        house
            .source
            .add(widget(version).file("content.txt", version.as_bytes()));
    }
    for _ in 0..2 {
        let shown = house.index("main", "widget").await;
        assert_eq!(shown, house.source.index_file("widget"));
        for version in ["1.0.0+20160901", "1.0.0+20161212"] {
            let answer = house
                .at("main")
                .get(&download_path("Widget", version))
                .await;
            let expected = widget(version)
                .file("content.txt", version.as_bytes())
                .bytes();
            assert_eq!(
                (answer.status, answer.bytes()),
                (200, &expected),
                "{version}"
            );
        }
        let versions = ["1.0.0+20160901", "1.0.0+20161212"];
        house
            .wait_until_held("main", &coordinates("widget"), &versions)
            .await;
    }
    let open = (
        model::OriginRestriction::Allow,
        model::OriginRestriction::Allow,
    );
    house
        .set_controls("main", &coordinates("widget"), open)
        .await;
    let answer = house.send(&CargoCrate::new("widget", "1.0.0")).await;
    assert_eq!(answer.status, 409);
    assert!(
        detail(&answer).contains("already exists"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn what_was_pulled_outlives_the_source_and_tells_of_itself() {
    let house = House::connected().await;
    house.source.add(widget("1.0.0"));
    let main = house.at("main");
    assert_eq!(
        main.get(&download_path("Widget", "1.0.0")).await.status,
        200
    );
    let package = coordinates("widget");
    house.wait_until_held("main", &package, &["1.0.0"]).await;
    house.source.set_behaviour("/*", Behaviour::Status(503));
    house.clock.advance(FRESHNESS_MS + 1);
    let answer = main.get(&download_path("widget", "1.0.0")).await;
    assert_eq!(
        (answer.status, answer.bytes()),
        (200, &widget("1.0.0").bytes())
    );
    assert_eq!(house.lines("main", "widget").await.len(), 1);
    let version = model::VersionName::parse("1.0.0").unwrap();
    let described = house
        .catalog
        .get_package_version(&house.domain, &repository("main"), &package, &version)
        .await
        .unwrap();
    assert_eq!(described.details.display_name.as_deref(), Some("Widget"));
    assert_eq!(described.details.summary.as_deref(), Some("Turns."));
}

#[tokio::test]
async fn the_index_says_where_files_are_and_may_say_otherwise_later() {
    let house = House::connected().await;
    let source = &house.source;
    source.add(widget("1.0.0"));
    source.add(widget("2.0.0"));
    let base = source.base_url().to_owned();
    let checksum = widget("1.0.0").index_line(false);
    let checksum = checksum
        .split('"')
        .skip_while(|part| *part != "cksum")
        .nth(2)
        .unwrap()
        .to_owned();
    source.set_downloads(&format!(
        "{base}x/{{prefix}}/{{lowerprefix}}/{{crate}}/{{version}}/{{sha256-checksum}}"
    ));
    let path = format!("/x/Wi/dg/wi/dg/Widget/1.0.0/{checksum}");
    source.put(&path, Document::file(widget("1.0.0").bytes()));
    let main = house.at("main");
    let answer = main.get(&download_path("Widget", "1.0.0")).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    assert_eq!(source.requests(&path), 1);
    assert_eq!(source.requests(FakeCargo::CONFIG), 1);
    house.index("main", "widget").await;
    assert_eq!(
        source.requests(FakeCargo::CONFIG),
        1,
        "held as any document"
    );

    source.set_downloads(&format!("{base}files"));
    source.add(widget("3.0.0"));
    house.clock.advance(FRESHNESS_MS + 1);
    for _ in 0..500 {
        let lines = house.lines("main", "widget").await.len();
        let answer = main.get(&download_path("Widget", "3.0.0")).await;
        if lines == 3 && answer.status == 200 {
            assert_eq!(answer.bytes(), &widget("3.0.0").bytes());
            return;
        }
        house.clock.advance(FRESHNESS_MS + 1);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the new place was never learnt");
}

#[tokio::test]
async fn x09_x20_a_source_that_does_not_say_where_files_are_is_no_index() {
    for (what, config) in [
        ("nothing", None),
        (
            "no JSON",
            Some(Document::new("text/html", "<html>login</html>")),
        ),
        (
            "no address",
            Some(Document::json(&json!({ "api": "https://index.example" }))),
        ),
        (
            "a file",
            Some(Document::json(&json!({ "dl": "file:///etc/{crate}" }))),
        ),
        (
            "a password",
            Some(Document::json(
                &json!({ "dl": "http://u:p@files.example/" }),
            )),
        ),
    ] {
        let house = House::connected().await;
        house.source.add(widget("1.0.0"));
        match config {
            Some(config) => house.source.put(FakeCargo::CONFIG, config),
            None => house.source.remove(FakeCargo::CONFIG),
        }
        let answer = house.at("main").get(&index_path("widget")).await;
        assert_eq!(answer.status, 502, "{what}: {:?}", answer.body);
        assert!(!detail(&answer).contains(house.source.base_url()), "{what}");
        assert!(house.held("main", &coordinates("widget")).await.is_empty());
    }
}

#[tokio::test]
async fn f_cr_3_x07_a_crate_whose_bytes_are_not_those_of_its_line_is_never_whole_and_never_kept() {
    let house = House::connected().await;
    let line = widget("1.0.0").index_line(false);
    house
        .source
        .add_with_line(widget("1.0.0").file("evil.rs", b"x"), line);
    let answer = house
        .at("main")
        .get(&download_path("Widget", "1.0.0"))
        .await;
    assert!(
        answer.status != 200 || answer.body.is_err(),
        "{}",
        answer.status
    );
    assert!(house.held("main", &coordinates("widget")).await.is_empty());
}

#[tokio::test]
async fn x08_a_line_that_means_other_bytes_later_does_not_change_what_is_held() {
    let house = House::connected().await;
    house.source.add(widget("1.0.0"));
    let main = house.at("main");
    assert_eq!(
        main.get(&download_path("Widget", "1.0.0")).await.status,
        200
    );
    house
        .wait_until_held("main", &coordinates("widget"), &["1.0.0"])
        .await;
    let before = house.index("main", "widget").await;
    let other = widget("1.0.0").file("evil.rs", b"x");
    let line = other.index_line(true);
    house.source.add_with_line(other, line);
    house.source.add(widget("2.0.0"));
    house.clock.advance(FRESHNESS_MS + 1);
    for _ in 0..500 {
        if house.lines("main", "widget").await.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let after = house.index("main", "widget").await;
    assert_eq!(after.lines().next(), before.lines().next());
    let answer = main.get(&download_path("Widget", "1.0.0")).await;
    assert_eq!(answer.bytes(), &widget("1.0.0").bytes());
}

#[tokio::test]
async fn a_pulled_crate_that_cannot_be_looked_into_is_passed_on_nevertheless() {
    let house = House::connected().await;
    let old = CargoCrate::new("widget", "0.0.1").manifest("not = [toml");
    house.source.add(old.clone());
    let answer = house
        .at("main")
        .get(&download_path("widget", "0.0.1"))
        .await;
    assert_eq!((answer.status, answer.bytes()), (200, &old.bytes()));
    house
        .wait_until_held("main", &coordinates("widget"), &["0.0.1"])
        .await;
    assert_eq!(
        house.index("main", "widget").await,
        house.source.index_file("widget")
    );
}

#[tokio::test]
async fn x11_nothing_is_asked_for_that_cannot_be_a_crate() {
    let house = House::connected().await;
    let main = house.at("main");
    for path in [
        "..%2f/..%2f/..%2fx",
        "se/rd/serde%2f..",
        "se/rd/se%23rd",
        "se/rd/serde.json",
        "se/rd/s%C3%A9rde",
        "api/v1/crates/se%2frde/1.0.0/download",
        "api/v1/crates/serde/..%2f1.0.0/download",
        "api/v1/crates/serde/1.0.0%3fx/download",
    ] {
        let answer = main.get(path).await;
        assert!(
            matches!(answer.status, 400 | 404),
            "{path}: {}",
            answer.status
        );
    }
    assert_eq!(house.source.requests_total(), 0);
}

#[tokio::test]
async fn a_name_that_is_kept_from_a_source_is_published_while_that_is_down() {
    let mut house = House::connected().await;
    house.add_group("/cargo//corp~").await;
    let external = model::GroupRestrictionType::ExternalUpstream;
    let blocked = [(external, model::GroupRestrictionMode::Block)];
    house.restrict("/cargo//corp~", &blocked, &[]).await;
    house.source.shutdown().await;
    // What others may have published there is not called absent.
    let unknown = house.at("main").get(&index_path("parcel")).await;
    assert_eq!(unknown.status, 502);
    let own = index_path("corp-tool");
    assert_eq!(house.at("main").get(&own).await.status, 404);
    house.publish(&CargoCrate::new("corp-tool", "1.0.0")).await;
    assert_eq!(house.lines("main", "corp-tool").await.len(), 1);
}
