//! Pulling through from a public repository: its files, its checksums, its metadata, its plugins.

use testkit::fake_maven::{FakeArtifact, FakeBuild, FakeMaven, FakePlugin};
use testkit::fake_source::Behaviour;
use testkit::house::{Connection, House, Plan};
use testkit::packages::Pom;

use crate::deployment::{
    at, checksums, coordinates, metadata, package, put, put_well, release, text,
};

const CONNECTION: &str = "public:maven-central";
const JAR: &str = "org/pub/lib/1.0/lib-1.0.jar";
const POM: &str = "org/pub/lib/1.0/lib-1.0.pom";
const METADATA: &str = "org/pub/lib/maven-metadata.xml";

struct World {
    house: House,
    source: FakeMaven,
}

impl World {
    /// A house whose repository `main` is connected, and `team` below it.
    async fn open() -> Self {
        let source = FakeMaven::start().await;
        let connection = Connection {
            name: CONNECTION,
            format: "maven",
            url: source.base_url().to_owned(),
        };
        let house = House::open(Plan::default(), &[connection]).await;
        house.add_connected("main", CONNECTION).await;
        house.add_repository("team", &["main"]).await;
        Self { house, source }
    }

    /// The names of the files that a repository holds of version 1.0 of the public library.
    async fn files(&self, repository: &str) -> Vec<String> {
        let grant = self
            .house
            .catalog
            .grant(
                self.house.root.clone(),
                model::Action::READ_FROM_REPOSITORY,
                &self.house.domain,
                &testkit::house::repository(repository),
                None,
            )
            .await
            .unwrap();
        let version = model::VersionName::parse("1.0").unwrap();
        let package = package("org.pub", "lib");
        let held = self
            .house
            .catalog
            .held_assets(&grant, &package, &version)
            .await
            .unwrap();
        let assets = held.map_or_else(Vec::new, |(_, assets)| assets);
        assets
            .into_iter()
            .map(|asset| asset.name.as_str().to_owned())
            .collect()
    }
}

fn library() -> FakeArtifact {
    let pom = Pom::new("org.pub", "lib", "1.0")
        .description("Public.")
        .dependency("org.pub", "core", "1.0", "compile");
    FakeArtifact::new("org.pub", "lib").build(
        FakeBuild::new("1.0")
            .pom(pom.xml())
            .file("-sources.jar", "sources")
            .file("-linux.so", "native")
            .file(".module", "{}"),
    )
}

#[tokio::test]
async fn a_version_comes_with_its_usual_files_and_others_when_they_are_asked_for() {
    let world = World::open().await;
    world.source.add_artifact(library());
    let team = at(&world.house, "team");
    let jar = world.source.file("org.pub", "lib", "1.0", ".jar").unwrap();
    assert_eq!(team.get(JAR).await.bytes(), &jar);
    world.house.catalog.settle().await;
    let usual = ["lib-1.0-sources.jar", "lib-1.0.jar", "lib-1.0.pom"];
    assert_eq!(world.files("main").await, usual);
    // A classifier that nobody guesses is added to the version at both ends.
    assert_eq!(
        text(&team, "org/pub/lib/1.0/lib-1.0-linux.so").await,
        "native"
    );
    world.house.catalog.settle().await;
    for repository in ["main", "team"] {
        let files = world.files(repository).await;
        assert!(
            files.contains(&"lib-1.0-linux.so".to_owned()),
            "{repository}: {files:?}"
        );
    }
    let held = world.house.held("team", &package("org.pub", "lib")).await;
    assert_eq!(held["1.0"], CONNECTION);
    let (name, version) = (
        package("org.pub", "lib"),
        model::VersionName::parse("1.0").unwrap(),
    );
    let described = world
        .house
        .catalog
        .get_package_version(
            &world.house.domain,
            &testkit::house::repository("main"),
            &name,
            &version,
        )
        .await
        .unwrap();
    assert_eq!(described.details.summary.as_deref(), Some("Public."));
}

#[tokio::test]
async fn a_checksum_that_is_asked_for_first_brings_its_file() {
    let world = World::open().await;
    world.source.add_artifact(library());
    let client = at(&world.house, "main");
    let jar = world.source.file("org.pub", "lib", "1.0", ".jar").unwrap();
    let sums = checksums(&jar);
    assert_eq!(client.head(&format!("{JAR}.sha512")).await.status, 200);
    // Gradle asks for the checksum before the file.
    assert_eq!(text(&client, &format!("{JAR}.sha512")).await, sums[3].1);
    assert_eq!(text(&client, &format!("{JAR}.sha1")).await, sums[1].1);
    world.house.catalog.settle().await;
    world.source.forget_requests();
    assert_eq!(client.get(JAR).await.bytes(), &jar);
    assert_eq!(text(&client, &format!("{JAR}.md5")).await, sums[0].1);
    assert_eq!(world.source.requests_total(), 0);
    for absent in [
        "org/pub/lib/1.0/lib-1.0.war.sha1",
        "org/pub/lib/9.0/lib-9.0.pom.sha256",
    ] {
        assert_eq!(client.get(absent).await.status, 404, "{absent}");
        assert_eq!(client.head(absent).await.status, 404, "{absent}");
    }
}

#[tokio::test]
async fn u06_x07_bytes_that_are_not_those_of_the_sources_checksum_are_never_served() {
    let world = World::open().await;
    let wrong = FakeBuild::new("1.0").wrong_checksum(".jar", &"0".repeat(40));
    world
        .source
        .add_artifact(FakeArtifact::new("org.pub", "lib").build(wrong));
    let client = at(&world.house, "main");
    let answer = client.get(JAR).await;
    assert!(
        answer.body.is_err() || answer.status >= 500,
        "{}",
        answer.status
    );
    let sum = client.get(&format!("{JAR}.sha1")).await;
    assert!(sum.status >= 500, "{}: {}", sum.status, sum.text());
    assert_eq!(client.get(POM).await.status, 200);
    let sourced = world.source.file("org.pub", "lib", "1.0", ".jar").unwrap();
    world.house.catalog.settle().await;
    let digest = checksums(&sourced)[2].1.clone();
    assert!(!world.house.stored().await.contains(&digest));
}

#[tokio::test]
async fn a_source_without_checksums_or_metadata_gives_its_files() {
    let world = World::open().await;
    let build = FakeBuild::new("1.0").without_checksums();
    let artifact = FakeArtifact::new("org.pub", "lib")
        .build(build)
        .without_metadata();
    world.source.add_artifact(artifact);
    let client = at(&world.house, "main");
    assert_eq!(client.get(METADATA).await.status, 404);
    assert_eq!(client.get(JAR).await.status, 200);
    world.house.catalog.settle().await;
    // What is held is listed, even if the source lists nothing.
    let listed = text(&client, METADATA).await;
    assert!(listed.contains("<version>1.0</version>"), "{listed}");
}

#[tokio::test]
async fn metadata_is_merged_from_what_is_held_and_what_the_source_lists() {
    let world = World::open().await;
    let artifact = FakeArtifact::new("com.acme", "lib")
        .version("1.9")
        .version("1.10")
        .version("2.0-SNAPSHOT");
    world.source.add_artifact(artifact);
    world.house.add_repository("own", &[]).await;
    world.house.add_repository("all", &["own", "main"]).await;
    release(&at(&world.house, "own"), "1.9.5").await;
    let all = at(&world.house, "all");
    let path = "com/acme/lib/maven-metadata.xml";
    let listed = text(&all, path).await;
    let order: Vec<usize> = ["1.9", "1.9.5", "1.10"]
        .iter()
        .map(|version| listed.find(&format!("<version>{version}<")).unwrap())
        .collect();
    assert!(order.is_sorted(), "{listed}");
    assert!(listed.contains("<release>1.10</release>"), "{listed}");
    assert!(
        listed.contains("<lastUpdated>20231114221320</lastUpdated>"),
        "{listed}"
    );
    let main = text(&at(&world.house, "main"), path).await;
    assert!(!main.contains("1.9.5"), "{main}");
    assert!(
        main.contains("<lastUpdated>20200202202020</lastUpdated>"),
        "{main}"
    );
    assert!(!main.contains("SNAPSHOT"), "{main}");
    assert_eq!(world.house.held("main", &coordinates("lib")).await.len(), 0);
}

#[tokio::test]
async fn snapshots_are_not_asked_of_a_public_source() {
    let world = World::open().await;
    let client = at(&world.house, "main");
    for path in [
        "org/pub/lib/1.0-SNAPSHOT/lib-1.0-20260101.120000-1.jar",
        "org/pub/lib/1.0-SNAPSHOT/lib-1.0-20260101.120000-1.jar.sha1",
        "org/pub/lib/1.0-20260101.120000-1/lib-1.0-20260101.120000-1.jar",
        "org/pub/lib/LATEST/lib-LATEST.jar",
        ".meta/prefixes.txt",
        "archetype-catalog.xml",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    let asked = world.source.request_log();
    let of_snapshot = asked
        .iter()
        .any(|request| request.path.contains("20260101"));
    assert!(!of_snapshot, "{asked:?}");
}

#[tokio::test]
async fn y06_plugins_of_the_source_are_listed_behind_those_of_the_group() {
    let world = World::open().await;
    let plugin = |prefix, artifact| FakePlugin {
        prefix,
        artifact,
        name: "P",
    };
    world.source.set_plugins(
        "com.acme",
        &[
            plugin("run", "strange-maven-plugin"),
            plugin("shade", "shade-maven-plugin"),
        ],
    );
    let client = at(&world.house, "main");
    let path = "com/acme/maven-metadata.xml";
    let told = text(&client, path).await;
    assert!(told.contains("strange-maven-plugin"), "{told}");
    let pom = Pom::new("com.acme", "run-maven-plugin", "1.0").packaging("maven-plugin");
    let folder = "com/acme/run-maven-plugin";
    put_well(
        &client,
        &format!("{folder}/1.0/run-maven-plugin-1.0.pom"),
        pom.xml(),
    )
    .await;
    let sent = metadata("run-maven-plugin", &["1.0"]);
    put_well(&client, &format!("{folder}/maven-metadata.xml"), sent).await;
    let told = text(&client, path).await;
    assert!(told.contains("<artifactId>run-maven-plugin<"), "{told}");
    assert!(told.contains("shade-maven-plugin"), "{told}");
    assert!(!told.contains("strange-maven-plugin"), "{told}");
}

#[tokio::test]
async fn u12_x09_a_source_that_sends_nonsense_harms_nothing() {
    let world = World::open().await;
    let hostile =
        "<!DOCTYPE p [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><project><name>&a;</name></project>";
    let artifact = FakeArtifact::new("org.pub", "lib").build(FakeBuild::new("1.0").pom(hostile));
    world.source.add_artifact(artifact);
    let client = at(&world.house, "main");
    // What builds need is passed on as it is; nothing of it is believed.
    assert_eq!(text(&client, POM).await, hostile);
    world
        .source
        .set_behaviour(&format!("/{METADATA}"), Behaviour::HtmlLogin);
    let other = at(&world.house, "team");
    let answer = other.get("org/pub/lib/maven-metadata.xml").await;
    assert!(
        answer.status == 200 || answer.status == 502,
        "{}",
        answer.status
    );
    assert!(!answer.text().contains("password"), "{}", answer.text());
}

#[tokio::test]
async fn y06_a_version_that_was_published_here_is_not_completed_from_outside() {
    let world = World::open().await;
    world.house.add_repository("own", &[]).await;
    world.house.set_upstreams("team", &["own", "main"]).await;
    release(&at(&world.house, "own"), "1.0").await;
    let public = FakeArtifact::new("com.acme", "lib")
        .build(FakeBuild::new("1.0").file("-extra.jar", "from outside"));
    world.source.add_artifact(public);
    let team = at(&world.house, "team");
    assert_eq!(text(&team, "com/acme/lib/1.0/lib-1.0.jar").await, "jar 1.0");
    let extra = "com/acme/lib/1.0/lib-1.0-extra.jar";
    assert_eq!(team.get(extra).await.status, 404);
    let refused = put(&at(&world.house, "main"), extra, "x").await;
    assert_eq!(refused.status, 409, "{}", refused.text());
}
