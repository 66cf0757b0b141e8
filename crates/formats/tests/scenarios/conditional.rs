//! Conditions and parts of requests: ETag, If-None-Match, HEAD and ranges.

use testkit::house::Client;

use crate::ecosystems::{Ecosystem, house};

const NAME: &str = "left-pad";

/// That a document answers 304 to its own ETag and no other, and that HEAD tells what GET does.
async fn assert_conditional(client: &Client<'_>, path: &str) -> String {
    let whole = client.get(path).await;
    assert_eq!(whole.status, 200, "{path}: {:?}", whole.body);
    let etag = whole.header("etag").to_owned();
    assert!(etag.ends_with('"') && etag.len() > 2, "{path}: {etag}");
    for known in [
        etag.clone(),
        format!("\"another\", {etag}"),
        format!("W/{}", etag.trim_start_matches("W/")),
        "*".to_owned(),
    ] {
        let same = client.get_with(path, &[("if-none-match", &known)]).await;
        assert_eq!(
            (same.status, same.bytes().len()),
            (304, 0),
            "{path}: {known}"
        );
        assert_eq!(same.header("etag"), etag, "{path}");
    }
    let other = client
        .get_with(path, &[("if-none-match", "\"another\"")])
        .await;
    assert_eq!(
        (other.status, other.bytes()),
        (200, whole.bytes()),
        "{path}"
    );
    let head = client.head(path).await;
    assert_eq!((head.status, head.bytes().len()), (200, 0), "{path}");
    for name in ["etag", "content-type", "content-length"] {
        assert_eq!(head.header(name), whole.header(name), "{path}: {name}");
    }
    let length = whole.bytes().len().to_string();
    assert_eq!(whole.header("content-length"), length, "{path}");
    etag
}

pub(crate) async fn i09_an_index_answers_304_to_its_own_etag_until_it_changes<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let main = E::at(&house, "main");
    let path = E::index_path(NAME);
    E::published(&house, "main", NAME, "1.0.0").await;
    let before = assert_conditional(&main, &path).await;
    E::published(&house, "main", NAME, "1.1.0").await;
    let changed = main.get_with(&path, &[("if-none-match", &before)]).await;
    assert_eq!(changed.status, 200);
    let after = assert_conditional(&main, &path).await;
    assert_ne!(before, after);
    // The package itself is as it was; what others publish does not touch it.
    E::published(&house, "main", "right-pad", "1.0.0").await;
    let same = main.get_with(&path, &[("if-none-match", &after)]).await;
    assert_eq!(same.status, 304);
}

pub(crate) async fn an_asset_answers_304_to_its_own_etag_and_tells_its_size_to_head<
    E: Ecosystem,
>() {
    let house = house(&[("main", &[])]).await;
    let published = E::published(&house, "main", NAME, "1.0.0").await;
    let main = E::at(&house, "main");
    let path = E::asset_path(NAME, "1.0.0");
    assert_conditional(&main, &path).await;
    let head = main.head(&path).await;
    assert_eq!(head.header("content-length"), published.len().to_string());
    assert_eq!(head.header("accept-ranges"), "bytes");
}

pub(crate) async fn parts_of_an_asset_can_be_asked_for<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let bytes = E::published(&house, "main", NAME, "1.0.0").await;
    let main = E::at(&house, "main");
    let path = E::asset_path(NAME, "1.0.0");
    let length = bytes.len();
    for (asked, from, to) in [
        ("bytes=0-9", 0, 10),
        ("bytes=10-19", 10, 20),
        ("bytes=-16", length - 16, length),
        ("bytes=20-", 20, length),
        ("bytes=5-100000000", 5, length),
    ] {
        let part = main.get_with(&path, &[("range", asked)]).await;
        assert_eq!(part.status, 206, "{asked}");
        assert_eq!(part.bytes(), &bytes[from..to], "{asked}");
        assert_eq!(
            part.header("content-range"),
            format!("bytes {from}-{}/{length}", to - 1)
        );
    }
    let beyond = format!("bytes={length}-");
    let refused = main.get_with(&path, &[("range", &beyond)]).await;
    assert_eq!(refused.status, 416);
    assert_eq!(refused.header("content-range"), format!("bytes */{length}"));

    let etag = main.head(&path).await.header("etag").to_owned();
    for (condition, status) in [(etag.as_str(), 206), ("\"another\"", 200)] {
        let headers = [("range", "bytes=0-3"), ("if-range", condition)];
        let part = main.get_with(&path, &headers).await;
        assert_eq!(part.status, status, "if-range: {condition}");
    }
}
