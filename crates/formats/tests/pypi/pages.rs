//! Project pages and the list of projects, as clients get them.

use http::Method;
use testkit::house::empty;
use testkit::packages::Distribution;

use crate::house::{House, JSON, file_path, release};

const HTML: &str = "application/vnd.pypi.simple.v1+html";

#[tokio::test]
async fn a_page_links_to_each_file_with_its_digest_in_both_forms() {
    let house = House::private().await;
    let (wheel, sdist) = (
        release("Left.Pad", "1.0").wheel(),
        release("Left.Pad", "1.0").sdist(),
    );
    house.publish(&wheel).await;
    house.publish(&sdist).await;
    let main = house.at("main");
    let page = house.page("main", "left-pad").await;
    assert_eq!(page["meta"]["api-version"], "1.4");
    assert_eq!(
        (&page["name"], &page["versions"][0]),
        (&"left-pad".into(), &"1.0".into())
    );
    let files = page["files"].as_array().unwrap();
    assert_eq!(files.len(), 2);
    for (shown, file) in files.iter().zip([&wheel, &sdist]) {
        assert_eq!(shown["filename"], file.file_name.as_str());
        let sha256 = testkit::house::digests([&file.bytes[..]]).remove(0);
        assert_eq!(shown["hashes"]["sha256"], sha256.as_str());
        assert_eq!(shown["size"], file.bytes.len());
        assert_eq!(shown["requires-python"], ">=3.8");
        assert_eq!(shown["yanked"], false);
        assert_eq!(shown["upload-time"], "2023-11-14T22:13:20.000000Z");
        let url = shown["url"].as_str().unwrap();
        assert_eq!(
            url,
            format!(
                "http://packages.example{}{}",
                main.prefix(),
                file_path(file)
            )
        );
        assert_eq!(main.get(&file_path(file)).await.bytes(), &file.bytes);
    }
    let metadata = testkit::house::digests([&wheel.metadata[..]]).remove(0);
    assert_eq!(files[0]["core-metadata"]["sha256"], metadata.as_str());
    assert!(
        files[1].get("core-metadata").is_none(),
        "an sdist of old does not speak for its wheels"
    );
    let html = main.get("simple/left-pad/").await;
    assert_eq!(html.header("content-type"), "text/html; charset=utf-8");
    let text = html.text();
    assert_eq!(text.matches("<a href=").count(), 2);
    assert!(
        text.contains(&format!("data-core-metadata=\"sha256={metadata}\"")),
        "{text}"
    );
    assert!(text.contains("data-requires-python=\"&gt;=3.8\""), "{text}");
}

#[tokio::test]
async fn f_py_1_every_spelling_of_a_name_gets_the_same_page() {
    let house = House::private().await;
    house.publish(&release("Left.Pad", "1.0").wheel()).await;
    let main = house.at("main");
    let expected = main.get("simple/left-pad/").await;
    for spelling in ["left-pad", "Left.Pad/", "LEFT__PAD/", "left-_.pad"] {
        let answer = main.get(&format!("simple/{spelling}")).await;
        assert_eq!(
            (answer.status, answer.bytes()),
            (200, expected.bytes()),
            "{spelling}"
        );
    }
    for other in [
        "left",
        "leftpad",
        "left-pad-2",
        "-left-pad",
        "left%2fpad",
        "left%20pad",
    ] {
        let answer = main.get(&format!("simple/{other}/")).await;
        assert_eq!(answer.status, 404, "{other}: {}", answer.text());
    }
}

#[tokio::test]
async fn f_py_6_the_accept_field_and_the_address_choose_the_form() {
    let house = House::private().await;
    house.publish(&release("widget", "1.0").wheel()).await;
    let main = house.at("main");
    for path in ["simple/widget/", "simple/"] {
        for (accept, expected) in [
            (JSON, JSON),
            ("application/vnd.pypi.simple.latest+json", JSON),
            (HTML, HTML),
            ("*/*", "text/html; charset=utf-8"),
            (
                "text/html, application/vnd.pypi.simple.v1+json;q=0.9",
                "text/html; charset=utf-8",
            ),
        ] {
            let answer = main.get_with(path, &[("accept", accept)]).await;
            assert_eq!(
                (answer.status, answer.header("content-type")),
                (200, expected),
                "{accept}"
            );
            assert!(answer.header("vary").contains("Accept"), "{accept}");
            assert!(
                answer
                    .header("content-security-policy")
                    .contains("default-src 'none'")
            );
        }
        let refused = main.get_with(path, &[("accept", "application/json")]).await;
        assert_eq!(refused.status, 406);
        assert!(refused.header("vary").contains("Accept"));
        assert!(refused.text().contains(JSON));
        let by_address = main
            .get(&format!("{path}?format={}", JSON.replace('+', "%2B")))
            .await;
        assert_eq!(by_address.header("content-type"), JSON);
    }
}

#[tokio::test]
async fn a_page_answers_304_until_a_file_is_added() {
    let house = House::private().await;
    house.publish(&release("widget", "1.0").wheel()).await;
    let main = house.at("main");
    for accept in [JSON, HTML] {
        let first = main.get_with("simple/widget/", &[("accept", accept)]).await;
        let etag = first.header("etag").to_owned();
        let conditions = [("accept", accept), ("if-none-match", etag.as_str())];
        let again = main.get_with("simple/widget/", &conditions).await;
        assert_eq!((again.status, again.bytes().len()), (304, 0));
        let head = [("accept", accept)];
        let head = main
            .ask(Method::HEAD, "simple/widget/", &head, empty())
            .await;
        assert_eq!((head.status, head.header("etag")), (200, etag.as_str()));
        let version = if accept == JSON { "2.0" } else { "3.0" };
        house.publish(&release("widget", version).sdist()).await;
        let changed = main.get_with("simple/widget/", &conditions).await;
        assert_eq!(changed.status, 200);
        assert!(changed.text().contains(version));
    }
}

#[tokio::test]
async fn the_list_of_projects_names_what_is_held_here_and_above() {
    let house = House::private().await;
    house.add_repository("below", &["main"]).await;
    for project in ["Zebra", "left.pad", "ant"] {
        house
            .publish(&Distribution::new(project, "1.0").wheel())
            .await;
    }
    let below = house.at("below");
    for path in ["simple/", "simple", ""] {
        let html = below.get(path).await;
        let names: Vec<&str> = html
            .bytes()
            .split(|b| *b == b'\n')
            .filter_map(|line| {
                let line = std::str::from_utf8(line).ok()?;
                line.strip_suffix("</a><br>")?
                    .rsplit_once('>')
                    .map(|(_, name)| name)
            })
            .collect();
        assert_eq!(names, ["ant", "left-pad", "zebra"], "{path}");
        assert!(
            html.text()
                .contains(&format!("{}simple/ant/\"", below.prefix()))
        );
        let json = below.get_with(path, &[("accept", JSON)]).await;
        assert_eq!(json.json()["projects"][1]["name"], "left-pad");
        let etag = json.header("etag").to_owned();
        let again = [("accept", JSON), ("if-none-match", etag.as_str())];
        assert_eq!(below.get_with(path, &again).await.status, 304);
    }
}

#[tokio::test]
async fn f_py_3_versions_stand_in_their_order_and_equal_spellings_are_one() {
    let house = House::private().await;
    for version in ["1.10", "1.9", "1.0rc1", "1!0.1", "1.0+local.1"] {
        house
            .publish(&Distribution::new("widget", version).wheel())
            .await;
    }
    house
        .publish(&Distribution::new("widget", "1.9.0").sdist())
        .await;
    let page = house.page("main", "widget").await;
    let expected = ["1.0rc1", "1.0+local.1", "1.9", "1.10", "1!0.1"];
    assert_eq!(page["versions"], serde_json::json!(expected));
    let main = house.at("main");
    for file in page["files"].as_array().unwrap() {
        let url = file["url"].as_str().unwrap();
        let (_, path) = url.split_once(main.prefix()).unwrap();
        assert_eq!(main.get(path).await.status, 200, "{path}");
    }
    let held = house
        .held("main", &crate::house::coordinates("widget"))
        .await;
    assert_eq!(held.len(), 5, "{held:?}");
    let other_spelling = "simple/widget/1.9.0/widget-1.9.0.tar.gz";
    assert_eq!(main.get(other_spelling).await.status, 200);
}
