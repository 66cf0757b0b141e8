//! Pulling through: what is shown of a gem of the public host, what is fetched, and what is followed.

use testkit::fake_ruby::FakeRuby;
use testkit::fake_source::Behaviour;
use testkit::house::FRESHNESS_MS;
use testkit::packages::{GemBuild, GemFile};

use crate::house::{House, coordinates, holds, inflated, md5, widget};

fn files() -> Vec<GemFile> {
    vec![
        widget("2.0").build(),
        widget("1.0").build(),
        widget("1.0").platform("java").build(),
    ]
}

async fn wait_for_files(house: &House, version: &str, files: &[&str]) {
    let mut found = Vec::new();
    for _ in 0..500 {
        found = house
            .held_assets("main", &coordinates("widget"), version)
            .await;
        if found == files {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{found:?} are held of {version}");
}

#[tokio::test]
async fn the_lines_of_a_public_gem_are_passed_on_as_they_are() {
    let house = House::connected().await;
    house.source.show("widget", files());
    let said = FakeRuby::info_of(&files());
    assert_eq!(house.text("info/widget").await, said);
    let gem = house.main().get("gems/widget-1.0-java.gem").await;
    assert_eq!(gem.bytes(), &files()[2].bytes);
    wait_for_files(&house, "1.0", &["widget-1.0-java.gem", "widget-1.0.gem"]).await;
    assert_eq!(house.text("info/widget").await, said, "held or not");
    let answer = house.main().get("api/v1/dependencies?gems=widget").await;
    assert!(holds(answer.bytes(), "rack"));
    // What is known beside the index comes with the gem.
    let kept = house.main().get("api/v1/versions/widget.json").await.json();
    assert_eq!(kept[1]["summary"], "The gem widget");
}

#[tokio::test]
async fn a_public_specification_is_passed_on_until_the_gem_itself_is_here() {
    let house = House::connected().await;
    house.source.show("widget", files());
    let path = "quick/Marshal.4.8/widget-2.0.gemspec.rz";
    let said = house.main().get(path).await;
    assert_eq!(said.bytes(), &FakeRuby::specification("widget-2.0.gem"));
    let source_path = FakeRuby::quick_path("widget-2.0.gem");
    house.main().get(path).await;
    assert_eq!(house.source.requests(&source_path), 1, "it is kept");
    assert_eq!(house.source.requests("/gems/widget-2.0.gem"), 0);
    house.main().get("gems/widget-2.0.gem").await;
    wait_for_files(&house, "2.0", &["widget-2.0.gem"]).await;
    let own = house.main().get(path).await;
    assert!(inflated(own.bytes()).starts_with(b"\x04\x08u:\x17Gem::Specification"));
}

#[tokio::test]
async fn x08_x06_a_gem_that_is_not_what_the_index_names_is_never_kept() {
    let house = House::connected().await;
    house.source.show("widget", files());
    house
        .source
        .set_behaviour("/gems/widget-2.0.gem", Behaviour::WrongBytes);
    let answer = house.main().get("gems/widget-2.0.gem").await;
    assert!(answer.status >= 500 || answer.body.is_err());
    assert!(house.held("main", &coordinates("widget")).await.is_empty());
}

#[tokio::test]
async fn a_gem_of_old_that_cannot_be_read_is_served_as_it_is() {
    let house = House::connected().await;
    let odd = widget("1.0").metadata("--- !ruby/object:Odd {}\n").build();
    house.source.show("widget", vec![odd.clone()]);
    let got = house.main().get("gems/widget-1.0.gem").await;
    assert_eq!(got.bytes(), &odd.bytes);
    wait_for_files(&house, "1.0", &["widget-1.0.gem"]).await;
    let spec = house
        .main()
        .get("quick/Marshal.4.8/widget-1.0.gemspec.rz")
        .await;
    assert_eq!(spec.bytes(), &FakeRuby::specification("widget-1.0.gem"));
}

#[tokio::test]
async fn new_files_of_a_held_version_are_followed_and_yanked_ones_stay_where_they_are_held() {
    let house = House::connected().await;
    house.source.show("widget", vec![widget("1.0").build()]);
    house.main().get("gems/widget-1.0.gem").await;
    wait_for_files(&house, "1.0", &["widget-1.0.gem"]).await;
    let java = widget("1.0").platform("java").build();
    let newer = widget("1.1").build();
    let now = vec![widget("1.0").build(), java, newer];
    house.source.show("widget", now.clone());
    house.clock.advance(FRESHNESS_MS + 1);
    let expected = FakeRuby::info_of(&now);
    for _ in 0..500 {
        if house.text("info/widget").await == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(house.text("info/widget").await, expected);
    // The host takes back what is held, and what is not.
    house.source.show("widget", vec![]);
    house.clock.advance(FRESHNESS_MS + 1);
    for _ in 0..500 {
        if !house.text("info/widget").await.contains("\n1.1 ") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let left = house.text("info/widget").await;
    assert_eq!(left, FakeRuby::info_of(&[widget("1.0").build()]));
}

#[tokio::test]
async fn f_rb_2_the_hosts_own_list_is_passed_on_with_what_is_published_here() {
    let house = House::connected().await;
    house.source.show("widget", files());
    house.source.list_gems();
    let first = house.text("versions").await;
    let said = String::from_utf8(house.source.bytes("/versions").unwrap().to_vec()).unwrap();
    assert_eq!(first, said);

    house.publish(&GemBuild::new("gadget", "2").build()).await;
    let second = house.text("versions").await;
    let info = house.text("info/gadget").await;
    let line = format!("gadget 2 {}\n", md5(info.as_bytes()));
    assert_eq!(second, format!("{first}{line}"));
    assert_eq!(house.text("names").await, "---\ngadget\nwidget\n");

    // What is pulled is the same as before: its line is right.
    house.text("info/widget").await;
    house.main().get("gems/widget-2.0.gem").await;
    wait_for_files(&house, "2.0", &["widget-2.0.gem"]).await;
    assert_eq!(house.text("versions").await, second);
    assert_eq!(house.source.requests("/versions"), 1);

    // It is large, and asked for again only after a while.
    house
        .source
        .show("rocket", vec![GemBuild::new("rocket", "3").build()]);
    house.clock.advance(16 * 60_000);
    house.text("versions").await;
    let mut third = String::new();
    for _ in 0..500 {
        third = house.text("versions").await;
        if third.contains("rocket") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let news = third.strip_prefix(&second).unwrap();
    assert!(news.starts_with("rocket 3 "), "{news}");
}

#[tokio::test]
async fn f_rb_2_what_is_hidden_here_is_asked_for_again() {
    let house = House::connected().await;
    house.source.show("widget", files());
    house.source.list_gems();
    let before = house.text("versions").await;
    house.main().get("gems/widget-2.0.gem").await;
    wait_for_files(&house, "2.0", &["widget-2.0.gem"]).await;
    house
        .set_status(
            "main",
            &coordinates("widget"),
            "2.0",
            model::PackageVersionStatus::Archived,
        )
        .await;
    let info = house.text("info/widget").await;
    assert!(!info.contains("2.0 rack"), "{info}");
    let after = house.text("versions").await;
    let line = after.strip_prefix(&before).unwrap();
    assert!(line.starts_with("widget "), "{line}");
    let said = FakeRuby::info_of(&files());
    // Who has either document asks for it again.
    for known in [said.as_bytes(), info.as_bytes()] {
        assert!(!line.contains(&md5(known)));
    }
}

#[tokio::test]
async fn x10_a_list_that_cannot_be_had_is_no_empty_list() {
    let house = House::connected().await;
    house.publish(&GemBuild::new("gadget", "2").build()).await;
    house
        .source
        .set_behaviour("/versions", Behaviour::Status(500));
    let refused = house.main().get("versions").await;
    assert!(matches!(refused.status, 502 | 503), "{}", refused.status);
    house
        .source
        .set_behaviour("/versions", Behaviour::Status(404));
    house.clock.advance(10 * 60_000);
    let versions = house.text("versions").await;
    assert!(versions.contains("gadget 2 "), "{versions}");
}

#[tokio::test]
async fn x17_a_gem_that_is_published_here_is_not_the_public_one() {
    let house = House::connected().await;
    house
        .publish(&widget("1.0").file("ours", b"x").build())
        .await;
    // The publish itself looked whether the public host has the name.
    house.source.forget_requests();
    house.source.show(
        "widget",
        vec![widget("9.0").build(), widget("1.0.0").build()],
    );
    let info = house.text("info/widget").await;
    assert!(
        info.contains("\n1.0 ") && !info.contains("9.0") && !info.contains("1.0.0"),
        "{info}"
    );
    assert_eq!(house.main().get("gems/widget-9.0.gem").await.status, 404);
    assert_eq!(house.main().get("gems/widget-1.0.0.gem").await.status, 404);
    assert_eq!(house.source.requests("/info/widget"), 0);
}
