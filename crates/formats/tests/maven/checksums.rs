//! Checksums: computed for every file, compared when they are sent.

use model::PackageVersionStatus;

use crate::deployment::{
    FOLDER, at, checksums, coordinates, house, metadata, put, put_well, release, text,
};

const JAR: &str = "com/acme/lib/1.0/lib-1.0.jar";
const METADATA: &str = "com/acme/lib/maven-metadata.xml";

#[tokio::test]
async fn every_algorithm_can_be_asked_for_whatever_was_sent() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    for (suffix, digest) in checksums(b"jar 1.0") {
        let path = format!("{JAR}.{suffix}");
        let answer = client.get(&path).await;
        assert_eq!(answer.text(), digest, "{suffix}");
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let head = client.head(&path).await;
        assert_eq!((head.status, head.text().as_str()), (200, ""));
        assert_eq!(head.header("content-length"), digest.len().to_string());
        let etag = answer.header("etag");
        let again = client.get_with(&path, &[("if-none-match", etag)]).await;
        assert_eq!(again.status, 304);
    }
    for absent in [
        "com/acme/lib/1.0/other.jar.sha1",
        "com/acme/lib/2.0/lib-2.0.jar.md5",
    ] {
        assert_eq!(client.get(absent).await.status, 404, "{absent}");
        assert_eq!(client.head(absent).await.status, 404, "{absent}");
    }
    let of_checksum = format!("{JAR}.sha1.md5");
    assert_eq!(client.get(&of_checksum).await.status, 404);
}

#[tokio::test]
async fn a_file_comes_with_its_checksums() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    let answer = client.get(JAR).await;
    for (suffix, digest) in checksums(b"jar 1.0") {
        assert_eq!(answer.header(&format!("x-checksum-{suffix}")), digest);
    }
}

#[tokio::test]
async fn metadata_has_the_checksums_of_the_bytes_that_are_served() {
    let house = house().await;
    let client = at(&house, "main");
    for version in ["1.0", "1.1"] {
        release(&client, version).await;
        let served = client.get(METADATA).await;
        for (suffix, digest) in checksums(served.bytes()) {
            let told = text(&client, &format!("{METADATA}.{suffix}")).await;
            assert_eq!(told, digest, "{suffix} after {version}");
        }
    }
    for suffix in ["sha1", "md5", "sha256", "sha512"] {
        // What clients send is of their own bytes, and says nothing of ours.
        put_well(&client, &format!("{METADATA}.{suffix}"), "0000").await;
    }
}

#[tokio::test]
async fn f_mvn_2_u06_a_checksum_that_does_not_match_is_refused_and_holds_the_version_back() {
    let house = house().await;
    let client = at(&house, "main");
    put_well(&client, JAR, "jar").await;
    let [_, (_, sha1), ..] = checksums(b"jar");
    let upper = sha1.to_uppercase();
    for wrong in ["0000", "", upper.as_str(), "<html>", "\u{e9}"] {
        let path = format!("{JAR}.sha1");
        let answer = put(&client, &path, wrong.to_owned()).await;
        assert_eq!(answer.status, 400, "{wrong}");
        assert!(answer.text().contains(&sha1), "{}", answer.text());
    }
    let refused = put(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.text().contains("lib-1.0.jar"), "{}", refused.text());
    assert_eq!(client.get(JAR).await.status, 404);
    // Another algorithm that matches changes nothing about the one that does not.
    put_well(
        &client,
        &format!("{JAR}.md5"),
        checksums(b"jar")[0].1.clone(),
    )
    .await;
    assert_eq!(
        put(&client, METADATA, metadata("lib", &["1.0"]))
            .await
            .status,
        400
    );
    // The deployment is made again, and this time all is well.
    put_well(&client, JAR, "jar").await;
    put_well(
        &client,
        &format!("{JAR}.sha1"),
        format!("{sha1}  lib-1.0.jar\n"),
    )
    .await;
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(text(&client, JAR).await, "jar");
}

#[tokio::test]
async fn f_mvn_2_a_mismatch_in_one_version_holds_no_other_back() {
    let house = house().await;
    let client = at(&house, "main");
    put_well(&client, JAR, "jar").await;
    assert_eq!(put(&client, &format!("{JAR}.sha1"), "0").await.status, 400);
    release(&client, "1.1").await;
    let statuses = house.statuses("main", &coordinates("lib")).await;
    assert_eq!(statuses["1.0"], "Unfinished");
    assert_eq!(statuses["1.1"], "Published");
    // All that a file names is finished, or nothing of it.
    let later = format!("{FOLDER}/1.2/lib-1.2.jar");
    put_well(&client, &later, "jar").await;
    let both = metadata("lib", &["1.0", "1.1", "1.2"]);
    assert_eq!(put(&client, METADATA, both).await.status, 400);
    assert_eq!(client.get(&later).await.status, 404);
}

#[tokio::test]
async fn f_mvn_2_a_checksum_before_its_file_is_not_found() {
    let house = house().await;
    let client = at(&house, "main");
    let answer = put(&client, &format!("{JAR}.sha1"), "0").await;
    assert_eq!(answer.status, 404, "{}", answer.text());
    put_well(&client, JAR, "jar").await;
    let asc = format!("{JAR}.asc");
    assert_eq!(put(&client, &format!("{asc}.md5"), "0").await.status, 404);
    put_well(&client, &asc, "signature").await;
    let digest = checksums(b"signature")[0].1.clone();
    put_well(&client, &format!("{asc}.md5"), digest).await;
    let long = put(&client, &format!("{JAR}.sha1"), vec![b'0'; 5000]).await;
    assert_eq!(long.status, 413);
}

#[tokio::test]
async fn f_mvn_2_a_late_mismatch_is_refused_and_the_file_is_served_all_the_same() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    let sources = "com/acme/lib/1.0/lib-1.0-sources.jar";
    put_well(&client, sources, "sources").await;
    let path = format!("{sources}.sha1");
    assert_eq!(put(&client, &path, "0000").await.status, 400);
    assert_eq!(text(&client, sources).await, "sources");
    assert_eq!(text(&client, &path).await, checksums(b"sources")[1].1);
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    let statuses = house.statuses("main", &coordinates("lib")).await;
    assert_eq!(statuses["1.0"], PackageVersionStatus::Published.as_str());
}
