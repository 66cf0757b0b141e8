//! Reading files: what is there, and that everything else is absent and nothing worse.

use http::Method;
use model::PackageVersionStatus;
use testkit::house::{empty, full};

use crate::deployment::{FOLDER, at, coordinates, house, put_well, release, text};

const JAR: &str = "com/acme/lib/1.0/lib-1.0.jar";

#[tokio::test]
async fn files_come_with_their_type_size_and_tag() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    for (ending, content_type) in [
        ("-sources.jar", "application/java-archive"),
        ("-bin.tar.gz", "application/gzip"),
        (".module", "application/json"),
        (".pom.asc", "application/pgp-signature"),
        ("-page.html", "application/octet-stream"),
    ] {
        let path = format!("{FOLDER}/1.0/lib-1.0{ending}");
        put_well(&client, &path, ending.to_owned()).await;
        let answer = client.get(&path).await;
        assert_eq!(answer.text(), ending);
        assert_eq!(answer.header("content-type"), content_type, "{ending}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-disposition"), "attachment");
        let head = client.head(&path).await;
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-length"), ending.len().to_string());
        assert_eq!(head.header("etag"), answer.header("etag"));
    }
    let pom = client.get("com/acme/lib/1.0/lib-1.0.pom").await;
    assert_eq!(pom.header("content-type"), "text/xml");
    let part = client.get_with(JAR, &[("range", "bytes=0-2")]).await;
    assert_eq!((part.status, part.text().as_str()), (206, "jar"));
}

#[tokio::test]
async fn f_mvn_3_f_mvn_5_what_is_not_there_is_absent_however_odd_its_name() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    for path in [
        "",
        "com/",
        "com/acme/lib/",
        "com/acme/lib/1.0/",
        "com/acme/lib/1.0",
        "com/acme/lib/1.0/lib-1.0-third-party.properties",
        "com/acme/lib/1.0/lib-1.0.module",
        "com/acme/lib/2.0/lib-2.0.pom",
        "com/acme/lib/1.0/LIB-1.0.jar",
        "com/acme/Lib/1.0/lib-1.0.jar",
        "com/acme/other/maven-metadata.xml",
        "com/maven-metadata.xml",
        "archetype-catalog.xml",
        ".meta/prefixes.txt",
        ".meta/prefixes.txt.sha1",
        ".index/nexus-maven-repository-index.properties",
        "com/acme/lib/1.0-SNAPSHOT/maven-metadata.xml",
        "com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar",
        "com/acme/lib/1.0-SNAPSHOT/lib-1.0-20260101.120000-1.jar",
        "com/acme/lib/$%7Bproject.version%7D/lib-$%7Bproject.version%7D.pom",
        "com/acme/lib/%5B1.0,2.0)/lib-%5B1.0,2.0).pom",
        "com/acme/lib/LATEST/lib-LATEST.pom",
        "com/acme/lib/1.0/%2e%2e.jar",
        "com/acme/lib/1.0/a%20b.jar",
        "com/acme/lib/1.0/%F0%9F%A6%80.jar",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
        assert_eq!(client.head(path).await.status, 404, "{path}");
    }
    for method in [Method::POST, Method::DELETE, Method::PATCH] {
        let answer = client.ask(method, JAR, &[], full("x")).await;
        assert_eq!(answer.status, 404);
    }
    assert_eq!(text(&client, JAR).await, "jar 1.0");
}

#[tokio::test]
async fn without_credentials_basic_ones_are_asked_for() {
    let house = house().await;
    let stranger = at(&house, "main").with_authorization(None);
    let answer = stranger.get(JAR).await;
    assert_eq!(answer.status, 401);
    assert_eq!(
        answer.header("www-authenticate"),
        "Basic realm=\"reliquary\""
    );
    let answer = stranger.ask(Method::PUT, JAR, &[], empty()).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn y01_hidden_versions_are_hidden_at_every_door() {
    let house = house().await;
    let client = at(&house, "main");
    release(&client, "1.0").await;
    release(&client, "1.1").await;
    let package = coordinates("lib");
    let (jar, sum) = (
        "com/acme/lib/1.1/lib-1.1.jar",
        "com/acme/lib/1.1/lib-1.1.jar.sha1",
    );
    for (status, expected) in [
        (PackageVersionStatus::Unlisted, 200),
        (PackageVersionStatus::Archived, 404),
    ] {
        house.set_status("main", &package, "1.1", status).await;
        let metadata = text(&client, "com/acme/lib/maven-metadata.xml").await;
        assert!(!metadata.contains("1.1"), "{metadata}");
        assert!(metadata.contains("<release>1.0</release>"), "{metadata}");
        for path in [jar, sum] {
            assert_eq!(client.get(path).await.status, expected, "{path} {status}");
            assert_eq!(client.head(path).await.status, expected, "{path} {status}");
        }
    }
}
