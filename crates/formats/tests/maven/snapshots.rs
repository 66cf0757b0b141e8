//! Snapshots: each deployment is a build of its own, and the snapshot shows the newest.

use futures_util::future::join_all;
use model::PackageVersionStatus;

use crate::deployment::{
    FOLDER, at, build, checksums, coordinates, finish_build, house, put, put_well, release,
    send_build, snapshot_metadata, text,
};

const FIRST: &str = "20260101.120000-1";
const SECOND: &str = "20260101.130000-2";
const METADATA: &str = "com/acme/lib/1.0-SNAPSHOT/maven-metadata.xml";
const NEWEST: &str = "com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar";

fn jar(build: &str) -> String {
    format!("{FOLDER}/1.0-SNAPSHOT/lib-1.0-{build}.jar")
}

#[tokio::test]
async fn each_deployment_is_a_build_and_the_snapshot_shows_the_newest() {
    let house = house().await;
    let client = at(&house, "main");
    let package = coordinates("lib");
    send_build(&client, FIRST, "first").await;
    let statuses = house.statuses("main", &package).await;
    assert_eq!(statuses.len(), 1, "{statuses:?}");
    assert_eq!(statuses["1.0-20260101.120000-1"], "Unfinished");
    assert_eq!(client.get(&jar(FIRST)).await.status, 404);
    assert_eq!(client.get(METADATA).await.status, 404);
    finish_build(&client, FIRST).await;
    build(&client, SECOND, "second").await;
    let statuses = house.statuses("main", &package).await;
    assert_eq!(statuses["1.0-20260101.120000-1"], "Unlisted");
    assert_eq!(statuses["1.0-20260101.130000-2"], "Unlisted");
    assert_eq!(statuses["1.0-SNAPSHOT"], "Published");
    assert_eq!(text(&client, &jar(FIRST)).await, "first");
    assert_eq!(text(&client, &jar(SECOND)).await, "second");
    assert_eq!(text(&client, NEWEST).await, "second");
    let in_own_folder = "com/acme/lib/1.0-20260101.120000-1/lib-1.0-20260101.120000-1.jar";
    assert_eq!(text(&client, in_own_folder).await, "first");
    let sha1 = checksums(b"second")[1].1.clone();
    assert_eq!(text(&client, &format!("{NEWEST}.sha1")).await, sha1);
    assert_eq!(text(&client, &format!("{}.sha1", jar(SECOND))).await, sha1);
    let newest = client.get(NEWEST).await;
    assert!(newest.header("cache-control").contains("must-revalidate"));
}

#[tokio::test]
async fn the_metadata_of_a_snapshot_names_its_newest_build_and_that_builds_files() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, FIRST, "first").await;
    let more = format!("{FOLDER}/1.0-SNAPSHOT/lib-1.0-{SECOND}-bin.tar.gz");
    put_well(&client, &more, "more").await;
    build(&client, SECOND, "second").await;
    let metadata = text(&client, METADATA).await;
    for part in [
        "<version>1.0-SNAPSHOT</version>",
        "<timestamp>20260101.130000</timestamp>",
        "<buildNumber>2</buildNumber>",
        "<lastUpdated>20260101130000</lastUpdated>",
        "<classifier>bin</classifier>",
        "<extension>tar.gz</extension>",
        "<extension>pom</extension>",
        "<value>1.0-20260101.130000-2</value>",
    ] {
        assert!(metadata.contains(part), "{part}: {metadata}");
    }
    assert!(!metadata.contains(FIRST), "{metadata}");
    let sha256 = checksums(metadata.as_bytes())[2].1.clone();
    assert_eq!(text(&client, &format!("{METADATA}.sha256")).await, sha256);
    let artifact = text(&client, "com/acme/lib/maven-metadata.xml").await;
    assert!(
        artifact.contains("<version>1.0-SNAPSHOT</version>"),
        "{artifact}"
    );
    assert!(!artifact.contains("20260101.1"), "{artifact}");
    assert!(!artifact.contains("<release>"), "{artifact}");
}

#[tokio::test]
async fn f_mvn_4_a_build_that_arrives_late_does_not_take_the_place_of_a_newer_one() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, SECOND, "second").await;
    build(&client, FIRST, "first").await;
    assert_eq!(text(&client, NEWEST).await, "second");
    assert_eq!(text(&client, &jar(FIRST)).await, "first");
    // The same metadata again, as after an answer that was lost.
    finish_build(&client, FIRST).await;
    finish_build(&client, SECOND).await;
    assert_eq!(text(&client, NEWEST).await, "second");
}

#[tokio::test]
async fn f_mvn_4_deployments_at_once_all_arrive_and_the_newest_is_shown() {
    let house = house().await;
    let client = at(&house, "main");
    let builds: Vec<String> = (1..=8)
        .map(|number| format!("20260101.12000{}-{number}", number % 3))
        .collect();
    join_all(builds.iter().map(|name| build(&client, name, name))).await;
    for name in &builds {
        assert_eq!(text(&client, &jar(name)).await, *name);
    }
    // The latest second, and in it the greatest number.
    assert_eq!(text(&client, NEWEST).await, "20260101.120002-8");
    let metadata = text(&client, METADATA).await;
    assert!(
        metadata.contains("<buildNumber>8</buildNumber>"),
        "{metadata}"
    );
}

#[tokio::test]
async fn f_mvn_4_two_builds_of_one_name_are_one_and_the_second_is_a_conflict() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, FIRST, "mine").await;
    let answer = put(&client, &jar(FIRST), "theirs").await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(text(&client, NEWEST).await, "mine");
}

#[tokio::test]
async fn a_file_that_is_added_to_a_build_is_shown_when_its_metadata_comes_again() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, FIRST, "first").await;
    let sources = format!("{FOLDER}/1.0-SNAPSHOT/lib-1.0-{FIRST}-sources.jar");
    put_well(&client, &sources, "sources").await;
    assert_eq!(text(&client, &sources).await, "sources");
    finish_build(&client, FIRST).await;
    let newest = "com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT-sources.jar";
    assert_eq!(text(&client, newest).await, "sources");
}

#[tokio::test]
async fn builds_can_be_deleted_and_the_snapshot_keeps_what_it_shows() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, FIRST, "first").await;
    build(&client, SECOND, "second").await;
    let package = coordinates("lib");
    for version in ["1.0-20260101.120000-1", "1.0-20260101.130000-2"] {
        house.delete_version("main", &package, version).await;
    }
    assert_eq!(client.get(&jar(FIRST)).await.status, 404);
    assert_eq!(text(&client, &jar(SECOND)).await, "second");
    assert_eq!(text(&client, NEWEST).await, "second");
    assert_eq!(
        text(&client, &format!("{}.md5", jar(SECOND))).await,
        checksums(b"second")[0].1
    );
}

#[tokio::test]
async fn a_snapshot_of_an_upstream_repository_is_never_an_old_one() {
    let house = house().await;
    house.add_repository("team", &["main"]).await;
    let (main, team) = (at(&house, "main"), at(&house, "team"));
    build(&main, FIRST, "first").await;
    assert_eq!(text(&team, NEWEST).await, "first");
    assert_eq!(text(&team, &jar(FIRST)).await, "first");
    build(&main, SECOND, "second").await;
    assert_eq!(text(&team, NEWEST).await, "second");
    let metadata = text(&team, METADATA).await;
    assert!(
        metadata.contains("<buildNumber>2</buildNumber>"),
        "{metadata}"
    );
    let held = house.statuses("team", &coordinates("lib")).await;
    assert!(!held.contains_key("1.0-SNAPSHOT"), "{held:?}");
    assert_eq!(held["1.0-20260101.120000-1"], "Unlisted");
}

#[tokio::test]
async fn f_mvn_2_a_mismatch_holds_a_build_back() {
    let house = house().await;
    let client = at(&house, "main");
    send_build(&client, FIRST, "first").await;
    let wrong = put(&client, &format!("{}.sha1", jar(FIRST)), "0").await;
    assert_eq!(wrong.status, 400);
    let metadata = snapshot_metadata("lib", "1.0-SNAPSHOT", FIRST);
    assert_eq!(put(&client, METADATA, metadata).await.status, 400);
    let statuses = house.statuses("main", &coordinates("lib")).await;
    assert_eq!(statuses["1.0-20260101.120000-1"], "Unfinished");
    assert!(!statuses.contains_key("1.0-SNAPSHOT"));
}

#[tokio::test]
async fn f_mvn_1_f_mvn_2_other_snapshots_and_other_names_are_refused() {
    let house = house().await;
    let client = at(&house, "main");
    for path in [
        "com/acme/lib/1.0-SNAPSHOT/lib-1.0-SNAPSHOT.jar",
        "com/acme/lib/1.0-SNAPSHOT/lib-1.0.jar",
        "com/acme/lib/1.0-SNAPSHOT/lib-2.0-20260101.120000-1.jar",
        "com/acme/lib/1.0-20260101.120000-1/lib-1.0-20260101.120000-1.jar",
    ] {
        let answer = put(&client, path, "x").await;
        assert_eq!(answer.status, 400, "{path}");
        let text = answer.text();
        assert!(text.starts_with("Invalid name for a Snapshot"), "{text}");
    }
    send_build(&client, FIRST, "first").await;
    let of_other = snapshot_metadata("lib", "2.0-SNAPSHOT", FIRST);
    assert_eq!(put(&client, METADATA, of_other).await.status, 400);
    // Of a snapshot that was never sent, nothing is made.
    let absent = snapshot_metadata("lib", "3.0-SNAPSHOT", FIRST);
    put_well(
        &client,
        "com/acme/lib/3.0-SNAPSHOT/maven-metadata.xml",
        absent,
    )
    .await;
    let statuses = house.statuses("main", &coordinates("lib")).await;
    assert_eq!(statuses.len(), 1, "{statuses:?}");
}

#[tokio::test]
async fn a_snapshot_that_was_put_away_takes_no_builds_and_releases_stand_beside_snapshots() {
    let house = house().await;
    let client = at(&house, "main");
    build(&client, FIRST, "first").await;
    release(&client, "1.0").await;
    let metadata = text(&client, "com/acme/lib/maven-metadata.xml").await;
    assert!(metadata.contains("<release>1.0</release>"), "{metadata}");
    assert!(metadata.contains("<latest>1.0</latest>"), "{metadata}");
    let (package, archived) = (coordinates("lib"), PackageVersionStatus::Archived);
    house
        .set_status("main", &package, "1.0-SNAPSHOT", archived)
        .await;
    assert_eq!(client.get(NEWEST).await.status, 404);
    send_build(&client, SECOND, "second").await;
    let refused = put(
        &client,
        METADATA,
        snapshot_metadata("lib", "1.0-SNAPSHOT", SECOND),
    )
    .await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    let statuses = house.statuses("main", &package).await;
    assert_eq!(statuses["1.0-20260101.130000-2"], "Unfinished");
}
