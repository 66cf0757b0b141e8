//! The metadata of groups: their plugins, told by the plugins themselves.

use testkit::packages::{Pom, jar};

use crate::deployment::{at, checksums, house, metadata, put_well, release, text};

const GROUP: &str = "com/acme/maven-metadata.xml";

async fn publish_plugin(client: &testkit::house::Client<'_>, artifact: &str, prefix: Option<&str>) {
    let folder = format!("com/acme/{artifact}/1.0/{artifact}-1.0");
    let descriptor = prefix.map(|prefix| {
        format!("<plugin><name>P</name><goalPrefix>{prefix}</goalPrefix><mojos/></plugin>")
    });
    let files: Vec<(&str, &[u8])> = descriptor
        .iter()
        .map(|text| ("META-INF/maven/plugin.xml", text.as_bytes()))
        .collect();
    let pom = Pom::new("com.acme", artifact, "1.0").packaging("maven-plugin");
    put_well(client, &format!("{folder}.jar"), jar(&files)).await;
    put_well(client, &format!("{folder}.pom"), pom.xml()).await;
    let path = format!("com/acme/{artifact}/maven-metadata.xml");
    put_well(client, &path, metadata(artifact, &["1.0"])).await;
}

#[tokio::test]
async fn plugins_of_a_group_are_told_with_the_prefixes_of_their_goals() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    assert_eq!(
        client.get(GROUP).await.status,
        404,
        "a library is no plugin"
    );
    publish_plugin(&client, "runner-maven-plugin", Some("run")).await;
    publish_plugin(&client, "maven-plain-plugin", None).await;
    let told = client.get(GROUP).await;
    assert_eq!(told.header("content-type"), "text/xml");
    let told = told.text();
    for part in [
        "<prefix>run</prefix>\n      <artifactId>runner-maven-plugin</artifactId>",
        "<prefix>plain</prefix>\n      <artifactId>maven-plain-plugin</artifactId>",
        "<name>runner-maven-plugin</name>",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("<artifactId>lib</artifactId>"), "{told}");
    let sha1 = checksums(told.as_bytes())[1].1.clone();
    assert_eq!(text(&client, &format!("{GROUP}.sha1")).await, sha1);
    assert_eq!(client.head(GROUP).await.status, 200);
}

#[tokio::test]
async fn an_artifact_at_the_address_of_a_group_goes_first() {
    let house = house().await;
    let client = at(&house, "main");
    publish_plugin(&client, "runner-maven-plugin", Some("run")).await;
    put_well(&client, "com/acme/1.0/acme-1.0.jar", "jar").await;
    let own = metadata("acme", &["1.0"]).replace("<groupId>com.acme<", "<groupId>com<");
    put_well(&client, GROUP, own).await;
    let told = text(&client, GROUP).await;
    assert!(told.contains("<artifactId>acme</artifactId>"), "{told}");
    assert!(!told.contains("<plugins>"), "{told}");
}
