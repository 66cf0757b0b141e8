//! What clients see of versions that are not simply published.

use http::Method;
use model::PackageVersionStatus::{self, Archived, Deleted, Disposed, Published, Unlisted};

use crate::house::House;
use crate::wire::full;

const FILE: &str = "tools/installer/1.0.0/a";
const FOLDER: &str = "tools/installer/1.0.0/";
const PACKAGE: &str = "tools/installer/";

async fn listed(house: &House) -> Vec<String> {
    house
        .at("main")
        .get(PACKAGE)
        .await
        .names("versions", "version")
}

#[tokio::test]
async fn an_unfinished_version_is_not_listed_and_is_given_to_who_names_it() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new("tools/installer/0.9.0/a", b"0").await;
    main.put_new(&format!("{FILE}?unfinished=true"), b"1").await;
    assert_eq!(listed(&house).await, ["0.9.0"]);
    assert_eq!(main.get(FILE).await.body, "1");
    let folder = main.get(FOLDER).await;
    assert_eq!(folder.json()["status"], "Unfinished");
    assert_eq!(folder.names("assets", "name"), ["a"]);
    house.set_status("1.0.0", Published).await;
    assert_eq!(listed(&house).await, ["0.9.0", "1.0.0"]);
    assert_eq!(main.put("tools/installer/1.0.0/b", "2").await.status, 409);
}

#[tokio::test]
async fn y01_y02_a_hidden_version_is_behind_no_door() {
    let house = House::open().await;
    let main = house.at("main");
    for (number, status) in [Archived, Disposed, Deleted].into_iter().enumerate() {
        let version = format!("{}.0.0", number + 1);
        let file = format!("tools/installer/{version}/a");
        let put = main.put(&file, "the bytes").await;
        assert_eq!(put.status, 201);
        // Once before, so that it lies ready.
        let etag = main.get(&file).await.header("etag").to_owned();
        house.set_status(&version, status).await;
        for path in [file.clone(), format!("tools/installer/{version}/")] {
            for (method, headers) in [
                (Method::GET, &[][..]),
                (Method::HEAD, &[]),
                (Method::GET, &[("range", "bytes=0-0")]),
                (Method::GET, &[("if-none-match", etag.as_str())]),
                (Method::GET, &[("accept", "text/html")]),
            ] {
                let answer = main.ask(method.clone(), &path, headers, full("")).await;
                assert_eq!(answer.status, 404, "{status}: {method} {path}");
                assert!(!answer.text().contains("the bytes"));
                assert_eq!(answer.header("etag"), "", "{status}: {method} {path}");
            }
        }
        assert!(listed(&house).await.is_empty(), "{status}");
        let again = main.put(&file, "the bytes").await.status;
        let is_free = status == Deleted;
        assert_eq!(again, if is_free { 201 } else { 409 }, "{status}");
        let still: PackageVersionStatus = if is_free { Published } else { status };
        let held = house.held("main").await;
        assert!(
            held.contains(&(version.clone(), still.to_string())),
            "{held:?}"
        );
        if is_free {
            house.set_status(&version, Deleted).await;
        }
    }
}

#[tokio::test]
async fn an_unlisted_version_is_fetched_and_not_listed() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(FILE, b"1").await;
    house.set_status("1.0.0", Unlisted).await;
    assert!(listed(&house).await.is_empty());
    assert_eq!(main.get(FILE).await.body, "1");
    assert_eq!(main.get(FOLDER).await.json()["status"], "Unlisted");
    // The same file again changes nothing, another one is refused.
    assert_eq!(main.put(FILE, "1").await.status, 200);
    assert_eq!(main.put("tools/installer/1.0.0/b", "1").await.status, 409);
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Unlisted".into())]
    );
}

#[tokio::test]
async fn i03_a_file_that_lies_ready_is_the_one_that_was_put_last() {
    let house = House::open().await;
    let main = house.at("main");
    for bytes in ["first", "second", "third"] {
        assert_eq!(main.put(FILE, bytes).await.status, 201);
        for _ in 0..2 {
            assert_eq!(main.get(FILE).await.body, bytes);
        }
        house.set_status("1.0.0", Deleted).await;
        assert_eq!(main.get(FILE).await.status, 404);
    }
}
