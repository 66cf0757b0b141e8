//! Deployments as clients make them: files, their checksums, then metadata.

use bytes::Bytes;
use http::Method;
use md5::Md5;
use model::{Namespace, PackageCoordinates, PackageName};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use testkit::house::{Answer, Client, House, Plan, full};
use testkit::packages::Pom;

pub(crate) const GROUP: &str = "com.acme";
pub(crate) const FOLDER: &str = "com/acme/lib";

/// A house with a repository that is connected to nothing.
pub(crate) async fn house() -> House {
    let house = House::open(Plan::default(), &[]).await;
    house.add_repository("main", &[]).await;
    house
}

/// A client of a repository's Maven endpoint.
pub(crate) fn at<'h>(house: &'h House, repository: &str) -> Client<'h> {
    house.client("maven", repository)
}

/// The coordinates of an artifact of the group that these tests publish to.
pub(crate) fn coordinates(artifact: &str) -> PackageCoordinates {
    package(GROUP, artifact)
}

pub(crate) fn package(group: &str, artifact: &str) -> PackageCoordinates {
    let rules = formats::rules().find("maven").unwrap();
    let group = Namespace::parse(group).unwrap();
    let artifact = PackageName::parse(artifact).unwrap();
    rules.coordinates(Some(group), artifact).unwrap()
}

/// A PUT.
pub(crate) async fn put(client: &Client<'_>, path: &str, body: impl Into<Bytes>) -> Answer {
    client.ask(Method::PUT, path, &[], full(body)).await
}

/// A PUT that must succeed.
pub(crate) async fn put_well(client: &Client<'_>, path: &str, body: impl Into<Bytes>) {
    let answer = put(client, path, body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.text());
}

/// The text of a file that must be there.
pub(crate) async fn text(client: &Client<'_>, path: &str) -> String {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

/// The four checksums of bytes, by their suffixes.
pub(crate) fn checksums(bytes: &[u8]) -> [(&'static str, String); 4] {
    [
        ("md5", hex::encode(Md5::digest(bytes))),
        ("sha1", hex::encode(Sha1::digest(bytes))),
        ("sha256", hex::encode(Sha256::digest(bytes))),
        ("sha512", hex::encode(Sha512::digest(bytes))),
    ]
}

/// The metadata that a client sends with a release.
pub(crate) fn metadata(artifact: &str, versions: &[&str]) -> String {
    let listed: String = versions
        .iter()
        .map(|version| format!("<version>{version}</version>"))
        .collect();
    let last = versions.last().copied().unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<metadata><groupId>{GROUP}</groupId><artifactId>{artifact}</artifactId>\
         <versioning><latest>{last}</latest><release>{last}</release><versions>{listed}</versions>\
         <lastUpdated>20260101120000</lastUpdated></versioning></metadata>"
    )
}

/// The metadata that a client sends with a build of a snapshot, e.g. `20260101.120000-1`.
pub(crate) fn snapshot_metadata(artifact: &str, snapshot: &str, build: &str) -> String {
    let (timestamp, number) = build.rsplit_once('-').unwrap();
    let value = snapshot.replace("SNAPSHOT", build);
    format!(
        "<metadata modelVersion=\"1.1.0\"><groupId>{GROUP}</groupId><artifactId>{artifact}</artifactId>\
         <version>{snapshot}</version><versioning><snapshot><timestamp>{timestamp}</timestamp>\
         <buildNumber>{number}</buildNumber></snapshot><lastUpdated>20260101120000</lastUpdated><snapshotVersions>\
         <snapshotVersion><extension>jar</extension><value>{value}</value><updated>20260101120000</updated>\
         </snapshotVersion></snapshotVersions></versioning></metadata>"
    )
}

/// The POM of an artifact of this group.
pub(crate) fn pom(artifact: &str, version: &str) -> Bytes {
    Pom::new(GROUP, artifact, version).xml()
}

/// Publishes a release of `com.acme:lib`, as Maven does: each file with its checksums, then the metadata.
pub(crate) async fn release(client: &Client<'_>, version: &str) {
    let (jar, pom) = (format!("jar {version}"), pom("lib", version));
    let folder = format!("{FOLDER}/{version}/lib-{version}");
    for (ending, bytes) in [("jar", Bytes::from(jar)), ("pom", pom)] {
        let path = format!("{folder}.{ending}");
        put_well(client, &path, bytes.clone()).await;
        for (suffix, digest) in &checksums(&bytes)[..2] {
            put_well(client, &format!("{path}.{suffix}"), digest.clone()).await;
        }
    }
    let metadata = metadata("lib", &[version]);
    put_well(client, &format!("{FOLDER}/maven-metadata.xml"), metadata).await;
}

/// Publishes a build of `com.acme:lib:1.0-SNAPSHOT` with this jar.
pub(crate) async fn build(client: &Client<'_>, build: &str, jar: &str) {
    send_build(client, build, jar).await;
    finish_build(client, build).await;
}

/// The files of a build, without its metadata.
pub(crate) async fn send_build(client: &Client<'_>, build: &str, jar: &str) {
    let folder = format!("{FOLDER}/1.0-SNAPSHOT/lib-1.0-{build}");
    put_well(client, &format!("{folder}.jar"), jar.to_owned()).await;
    put_well(client, &format!("{folder}.pom"), pom("lib", "1.0-SNAPSHOT")).await;
}

/// The metadata of a build.
pub(crate) async fn finish_build(client: &Client<'_>, build: &str) {
    let metadata = snapshot_metadata("lib", "1.0-SNAPSHOT", build);
    let path = format!("{FOLDER}/1.0-SNAPSHOT/maven-metadata.xml");
    put_well(client, &path, metadata).await;
}
