//! The metadata of artifacts: made here, merged over the graph, the same for all who ask.

use crate::deployment::{at, house, release, text};

const METADATA: &str = "com/acme/lib/maven-metadata.xml";

#[tokio::test]
async fn versions_of_upstream_repositories_are_listed_in_the_order_of_maven() {
    let house = house().await;
    house.add_repository("team", &["main"]).await;
    release(&at(&house, "main"), "1.10").await;
    release(&at(&house, "main"), "1.9").await;
    let team = at(&house, "team");
    let listed = text(&team, METADATA).await;
    let versions: Vec<usize> = ["1.9<", "1.10<"]
        .iter()
        .map(|version| listed.find(&format!("<version>{version}")).unwrap())
        .collect();
    assert!(versions[0] < versions[1], "{listed}");
    assert!(listed.contains("<release>1.10</release>"), "{listed}");
    assert!(listed.contains("<latest>1.10</latest>"), "{listed}");
    assert_eq!(text(&at(&house, "main"), METADATA).await, listed);
}

#[tokio::test]
async fn i09_metadata_answers_304_until_it_changes() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    let first = client.get(METADATA).await;
    assert_eq!(first.header("content-type"), "text/xml");
    let etag = first.header("etag").to_owned();
    let conditional = [("if-none-match", etag.as_str())];
    assert_eq!(client.get_with(METADATA, &conditional).await.status, 304);
    let packed = client
        .get_with(METADATA, &[("accept-encoding", "gzip")])
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    release(&client, "1.1").await;
    let second = client.get_with(METADATA, &conditional).await;
    assert_eq!(second.status, 200);
    assert!(second.text().contains("1.1"));
    let head = client.head(METADATA).await;
    assert_eq!(head.header("etag"), second.header("etag"));
    assert_eq!(head.bytes(), "");
}
