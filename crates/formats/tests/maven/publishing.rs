//! Publishing releases: a version is Unfinished until its metadata comes, and can grow afterwards.

use std::collections::BTreeMap;

use bytes::Bytes;
use catalog::VersionQuery;
use futures_util::future::join_all;
use http::Method;
use model::{PackageVersionStatus, PageLimit, VersionName};
use testkit::house::{House, full, pieces, repository};

use crate::deployment::{
    FOLDER, at, coordinates, house, metadata, pom, put, put_well, release, text,
};

const JAR: &str = "com/acme/lib/1.0/lib-1.0.jar";
const METADATA: &str = "com/acme/lib/maven-metadata.xml";

async fn status(house: &House, version: &str) -> String {
    let statuses: BTreeMap<String, String> = house.statuses("main", &coordinates("lib")).await;
    statuses.get(version).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_version_is_neither_listed_nor_served_until_its_metadata_comes() {
    let house = house().await;
    let client = at(&house, "main");
    put_well(&client, JAR, "jar").await;
    put_well(&client, "com/acme/lib/1.0/lib-1.0.pom", pom("lib", "1.0")).await;
    assert_eq!(status(&house, "1.0").await, "Unfinished");
    for path in [JAR, "com/acme/lib/1.0/lib-1.0.jar.sha1", METADATA] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
        assert_eq!(client.head(path).await.status, 404, "{path}");
    }
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(status(&house, "1.0").await, "Published");
    assert_eq!(text(&client, JAR).await, "jar");
    let listed = text(&client, METADATA).await;
    assert!(listed.contains("<version>1.0</version>"), "{listed}");
    assert!(listed.contains("<release>1.0</release>"), "{listed}");
    // The time is that of the house, not that of the file that was sent.
    assert!(
        listed.contains("<lastUpdated>20231114221320</lastUpdated>"),
        "{listed}"
    );
}

#[tokio::test]
async fn a_status_call_publishes_a_version_too() {
    let house = house().await;
    let client = at(&house, "main");
    put_well(&client, JAR, "jar").await;
    let package = coordinates("lib");
    let published = PackageVersionStatus::Published;
    house.set_status("main", &package, "1.0", published).await;
    assert_eq!(text(&client, JAR).await, "jar");
}

#[tokio::test]
async fn f_mvn_2_metadata_finishes_what_it_names_and_nothing_else() {
    let house = house().await;
    let client = at(&house, "main");
    for version in ["1.0", "1.1", "1.2"] {
        let path = format!("{FOLDER}/{version}/lib-{version}.jar");
        put_well(&client, &path, "jar").await;
    }
    put_well(&client, METADATA, metadata("lib", &["1.0", "1.1", "7.0"])).await;
    assert_eq!(status(&house, "1.0").await, "Published");
    assert_eq!(status(&house, "1.1").await, "Published");
    assert_eq!(status(&house, "1.2").await, "Unfinished");
    assert_eq!(
        status(&house, "7.0").await,
        "",
        "naming a version makes none"
    );
    let listed = text(&client, METADATA).await;
    assert!(
        !listed.contains("1.2") && !listed.contains("7.0"),
        "{listed}"
    );
    // Maven sends the same again; nothing changes.
    put_well(&client, METADATA, metadata("lib", &["1.0", "1.1", "7.0"])).await;
    assert_eq!(text(&client, METADATA).await, listed);
}

#[tokio::test]
async fn f_mvn_2_u12_metadata_that_lies_or_is_none_finishes_nothing() {
    let house = house().await;
    let client = at(&house, "main");
    put_well(&client, JAR, "jar").await;
    let other_group = metadata("lib", &["1.0"]).replace("com.acme", "com.other");
    let other_artifact = metadata("other", &["1.0"]);
    let dtd = metadata("lib", &["1.0"]).replace(
        "<metadata>",
        "<!DOCTYPE metadata [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><metadata>",
    );
    for bad in [
        other_group.as_str(),
        &other_artifact,
        &dtd,
        "",
        "{}",
        "<metadata>",
        "<html><version>1.0</version></html>",
        &"<a>".repeat(100_000),
    ] {
        let answer = put(&client, METADATA, bad.to_owned()).await;
        let told = bad.chars().take(60).collect::<String>();
        assert_eq!(answer.status, 400, "{told}: {}", answer.text());
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
    }
    let large = put(&client, METADATA, vec![b' '; 5 << 20]).await;
    assert_eq!(large.status, 413);
    assert_eq!(status(&house, "1.0").await, "Unfinished");
}

#[tokio::test]
async fn u12_f_mvn_2_a_hostile_pom_is_refused_and_leaves_nothing() {
    let house = house().await;
    let client = at(&house, "main");
    let bomb = "<!DOCTYPE p [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><project><name>&b;</name></project>";
    for bad in [bomb, "", "no xml", "<metadata/>"] {
        let answer = put(&client, "com/acme/lib/1.0/lib-1.0.pom", bad.to_owned()).await;
        assert_eq!(answer.status, 400, "{bad}");
        assert!(answer.text().contains("lib-1.0.pom"), "{}", answer.text());
    }
    assert_eq!(status(&house, "1.0").await, "");
    assert!(house.stored().await.is_empty());
}

#[tokio::test]
async fn a_published_version_takes_further_files_and_no_other_bytes() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    let sources = "com/acme/lib/1.0/lib-1.0-sources.jar";
    put_well(&client, sources, "sources").await;
    assert_eq!(text(&client, sources).await, "sources");
    put_well(&client, JAR, "jar 1.0").await;
    let answer = put(&client, JAR, "other").await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(text(&client, JAR).await, "jar 1.0");
    let package = coordinates("lib");
    let archived = PackageVersionStatus::Archived;
    house.set_status("main", &package, "1.0", archived).await;
    let path = "com/acme/lib/1.0/lib-1.0-javadoc.jar";
    assert_eq!(put(&client, path, "x").await.status, 409);
}

#[tokio::test]
async fn files_of_one_version_that_are_sent_at_once_are_all_there() {
    let house = house().await;
    let client = at(&house, "main");
    let paths: Vec<String> = (0..20)
        .map(|index| format!("{FOLDER}/1.0/lib-1.0-part{index}.jar"))
        .collect();
    let sent = join_all(paths.iter().map(|path| put(&client, path, path.clone()))).await;
    let statuses: Vec<u16> = sent.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [201; 20]);
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    for path in &paths {
        assert_eq!(text(&client, path).await, *path);
    }
}

#[tokio::test]
async fn f_mvn_3_part_of_a_file_is_not_taken_for_the_whole() {
    let house = house().await;
    let client = at(&house, "main");
    let headers = [("content-range", "bytes 0-2/9")];
    let answer = client.ask(Method::PUT, JAR, &headers, full("jar")).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    // The server itself sends the interim answer; here it must only not be in the way.
    let headers = [("expect", "100-continue")];
    let answer = client.ask(Method::PUT, JAR, &headers, full("jar")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

#[tokio::test]
async fn u07_u11_an_upload_that_is_cut_or_too_large_leaves_nothing() {
    let house = house().await;
    let client = at(&house, "main");
    let cut = pieces(vec![
        Ok(Bytes::from_static(b"half")),
        Err(std::io::Error::other("gone")),
    ]);
    let answer = client.ask(Method::PUT, JAR, &[], cut).await;
    assert_eq!(answer.status, 400);
    let large = pieces((0..9).map(|_| Ok(Bytes::from(vec![7; 1 << 20]))).collect());
    let answer = client.ask(Method::PUT, JAR, &[], large).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    let announced = [("content-length", "99999999999")];
    let answer = client.ask(Method::PUT, JAR, &announced, full("x")).await;
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(status(&house, "1.0").await, "");
    assert!(house.stored().await.is_empty());
    put_well(&client, JAR, "whole").await;
}

#[tokio::test]
async fn f_mvn_1_hostile_addresses_take_nothing() {
    let house = house().await;
    let client = at(&house, "main");
    for path in [
        "com/acme/lib/1.0/",
        "com/acme/lib",
        "lib-1.0.jar",
        "com.acme/lib/1.0/lib-1.0.jar",
        "com/acme/lib/%5B1.0,2.0)/lib.jar",
        "com/acme/lib/LATEST/lib-LATEST.jar",
        "com/acme/lib/RELEASE/lib-RELEASE.jar",
        "com/acme/lib/$%7Brevision%7D/lib-x.jar",
        "com/acme/lib/1.0/x%2Fy.jar",
        "com%2Facme/lib/1.0/lib-1.0.jar",
        "com/acme/lib-SNAPSHOT/1.0/lib-1.0.jar",
        "com/acme/lib/1.0%20x/lib-1.0.jar",
        "com/acme/../lib/1.0/lib-1.0.jar",
        "com/acme/lib/1.0/lib%00.jar",
    ] {
        let answer = put(&client, path, "x").await;
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    assert!(house.stored().await.is_empty());
}

#[tokio::test]
async fn the_api_tells_what_the_pom_says() {
    let house = house().await;
    let client = at(&house, "main");
    let xml = testkit::packages::Pom::new("com.acme", "lib", "1.0")
        .description("a < b")
        .license("Apache-2.0", "https://l.example")
        .parent("com.acme", "parent", "7")
        .dependency("org.example", "base", "2.0", "test")
        .xml();
    put_well(&client, JAR, "jar").await;
    put_well(&client, "com/acme/lib/1.0/lib-1.0.pom", xml).await;
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    let (main, package) = (repository("main"), coordinates("lib"));
    let version = VersionName::parse("1.0").unwrap();
    let described = house
        .catalog
        .get_package_version(&house.domain, &main, &package, &version)
        .await
        .unwrap();
    assert_eq!(described.details.display_name.as_deref(), Some("lib"));
    assert_eq!(described.details.summary.as_deref(), Some("a < b"));
    assert_eq!(described.details.licenses[0].0, "Apache-2.0");
    let listed = house
        .catalog
        .list_package_versions(
            &house.domain,
            &main,
            &package,
            VersionQuery::default(),
            None,
            PageLimit::MAX,
        )
        .await
        .unwrap();
    assert_eq!(listed.0.unwrap().as_str(), "1.0");
}
