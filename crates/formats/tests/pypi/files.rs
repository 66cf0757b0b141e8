//! Files, and the documents beside them.

use serde_json::{Value, json};
use testkit::house::digests;

use crate::house::{House, file_path, release};
use crate::upload_form::Form;

#[tokio::test]
async fn files_are_sent_whole_in_part_and_described() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    house.publish(&wheel).await;
    let main = house.at("main");
    let path = file_path(&wheel);
    let whole = main.get(&path).await;
    assert_eq!((whole.status, whole.bytes()), (200, &wheel.bytes));
    let etag = format!("\"{}\"", digests([&wheel.bytes[..]]).remove(0));
    assert_eq!(whole.header("etag"), etag);
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    // The tail of a wheel is what lazy installers ask for first.
    let tail = main.get_with(&path, &[("range", "bytes=-100")]).await;
    assert_eq!(
        (tail.status, &tail.bytes()[..]),
        (206, &wheel.bytes[wheel.bytes.len() - 100..])
    );
    let head = main.head(&path).await;
    assert_eq!(head.header("content-length"), wheel.bytes.len().to_string());
    let known = main.get_with(&path, &[("if-none-match", &etag)]).await;
    assert_eq!(known.status, 304);
}

#[tokio::test]
async fn core_metadata_is_served_beside_wheels_and_sdists() {
    let house = House::private().await;
    let release = release("widget", "1.0");
    for file in [release.wheel(), release.sdist()] {
        house.publish(&file).await;
        let path = format!("{}.metadata", file_path(&file));
        let main = house.at("main");
        let answer = main.get(&path).await;
        assert_eq!((answer.status, answer.bytes()), (200, &file.metadata));
        let etag = answer.header("etag").to_owned();
        assert_eq!(
            main.get_with(&path, &[("if-none-match", &etag)])
                .await
                .status,
            304
        );
        assert_eq!(
            main.head(&path).await.header("content-length"),
            file.metadata.len().to_string()
        );
    }
    let absent = "simple/widget/1.0/widget-1.0-py2-none-any.whl.metadata";
    assert_eq!(house.at("main").get(absent).await.status, 404);
}

#[tokio::test]
async fn u05_a_file_is_only_at_its_own_address() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    house.publish(&wheel).await;
    house.publish(&release("widget", "2.0").wheel()).await;
    let main = house.at("main");
    let file = &wheel.file_name;
    for path in [
        format!("simple/widget/2.0/{file}"),
        format!("simple/other/1.0/{file}"),
        format!("simple/widget/1.0/{file}/"),
        "simple/widget/1.0/widget-1.0.tar.gz".into(),
        "simple/widget/3.0/widget-3.0.tar.gz".into(),
        "simple/widget/1.0/".into(),
        format!("simple/widget/1.0/..%2f{file}"),
    ] {
        let status = main.get(&path).await.status;
        assert!(matches!(status, 400 | 404), "{path}: {status}");
    }
    assert_eq!(
        main.get(&format!("simple/Widget/1.0.0/{file}"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn attestations_are_kept_and_served_as_provenance() {
    let house = House::private().await;
    let wheel = release("widget", "1.0").wheel();
    let list = json!([attestation(
        &wheel.file_name,
        &digests([&wheel.bytes[..]])[0]
    )]);
    let form = Form::of(&wheel).with("attestations", &list.to_string());
    let answer = form.send(&house).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = house.page("main", "widget").await;
    let url = page["files"][0]["provenance"].as_str().unwrap();
    let main = house.at("main");
    let (_, path) = url.split_once(main.prefix()).unwrap();
    let by_integrity = format!("integrity/widget/1.0/{}/provenance", wheel.file_name);
    for path in [path, &by_integrity] {
        let answer = main.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        let provenance: Value = answer.json();
        assert_eq!(provenance["version"], 1);
        assert_eq!(provenance["attestation_bundles"][0]["attestations"], list);
    }
    house.publish(&release("widget", "1.0").sdist()).await;
    let without = format!(
        "{}.provenance",
        file_path(&release("widget", "1.0").sdist())
    );
    assert_eq!(main.get(&without).await.status, 404);
}

/// A well-formed attestation of a file.
pub(crate) fn attestation(file: &str, sha256: &str) -> Value {
    use base64::Engine as _;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": file, "digest": {"sha256": sha256}}],
        "predicateType": "https://predicate.example/v1",
        "predicate": null,
    });
    let statement = base64::engine::general_purpose::STANDARD.encode(statement.to_string());
    json!({
        "version": 1,
        "verification_material": {"certificate": "AAAA", "transparency_entries": [{}]},
        "envelope": {"statement": statement, "signature": "AAAA"},
    })
}
