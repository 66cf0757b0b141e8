//! Two nodes over one PostgreSQL and one folder of bytes: what one has acknowledged the other shows with the next request,
//! however warm its memory is.

use std::time::Duration;

use futures_util::future::join_all;
use model::{
    GroupRestrictionMode as Mode, GroupRestrictionType as Kind, OriginRestriction,
    PackageVersionStatus, Principal, PrincipalKind,
};
use testkit::fake_npm::{Behaviour, FakePackage, FakeVersion};

use crate::house::{House, coordinates};
use crate::packages::Release;

const PATTERN: &str = "/npm//widget$";

/// The versions that a node lists of a package, in order; nothing if it knows of no package.
async fn shown(house: &House, repository: &str, package: &str) -> Vec<String> {
    let answer = house.at(repository).get(package).await;
    if answer.status == 404 {
        return Vec::new();
    }
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    let document = answer.json();
    let versions = document["versions"].as_object().unwrap();
    let mut versions: Vec<String> = versions.keys().cloned().collect();
    versions.sort();
    versions
}

async fn private() -> (House, House) {
    let (a, b) = House::pair().await;
    a.add_repository("main", &[]).await;
    (a, b)
}

#[tokio::test]
async fn i03_what_is_published_on_one_node_is_served_by_the_other_at_once() {
    let (a, b) = private().await;
    assert!(shown(&b, "main", "widget").await.is_empty());
    for round in 0..20 {
        let (writer, reader) = if round % 2 == 0 { (&a, &b) } else { (&b, &a) };
        let version = format!("1.{round}.0");
        let release = Release::new("widget", &version);
        writer.at("main").publish(&release).await;
        assert!(shown(reader, "main", "widget").await.contains(&version));
        let tarball = reader.at("main").tarball("widget", &version).await;
        assert_eq!(*tarball.bytes(), release.tarball);
    }
    assert_eq!(shown(&a, "main", "widget").await.len(), 20);
    assert_eq!(
        a.at("main").get("widget").await.header("etag"),
        b.at("main").get("widget").await.header("etag"),
        "one package has one tag on all nodes"
    );
}

#[tokio::test]
async fn i03_a_deleted_or_archived_version_is_gone_from_the_other_node_at_once() {
    let (a, b) = private().await;
    let package = coordinates("widget");
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        a.at("main").publish(&Release::new("widget", version)).await;
        let tarball = b.at("main").tarball("widget", version).await;
        assert_eq!(tarball.status, 200);
    }
    assert_eq!(shown(&b, "main", "widget").await.len(), 3);
    a.delete_version("main", &package, "1.0.0").await;
    assert_eq!(shown(&b, "main", "widget").await, ["2.0.0", "3.0.0"]);
    let gone = b.at("main").tarball("widget", "1.0.0").await;
    assert_eq!(gone.status, 404);
    let archived = PackageVersionStatus::Archived;
    a.set_status("main", &package, "2.0.0", archived).await;
    assert_eq!(b.at("main").tarball("widget", "2.0.0").await.status, 404);
    assert_eq!(shown(&b, "main", "widget").await, ["3.0.0"]);
    let published = PackageVersionStatus::Published;
    a.set_status("main", &package, "2.0.0", published).await;
    assert_eq!(shown(&b, "main", "widget").await, ["2.0.0", "3.0.0"]);
}

#[tokio::test]
async fn i04_a_new_upstream_and_one_that_is_taken_away_count_on_the_other_node_at_once() {
    let (a, b) = private().await;
    a.add_repository("store", &[]).await;
    a.at("store")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    assert!(shown(&b, "main", "widget").await.is_empty());
    a.set_upstreams("main", &["store"]).await;
    assert_eq!(shown(&b, "main", "widget").await, ["1.0.0"]);
    a.set_upstreams("main", &[]).await;
    assert!(shown(&b, "main", "widget").await.is_empty());
}

#[tokio::test]
async fn origin_controls_and_groups_bind_the_other_node_at_once() {
    let (a, b) = private().await;
    a.add_repository("store", &[]).await;
    a.set_upstreams("main", &["store"]).await;
    a.at("store")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let package = coordinates("widget");
    assert_eq!(shown(&b, "main", "widget").await, ["1.0.0"]);
    let (allow, block) = (OriginRestriction::Allow, OriginRestriction::Block);
    a.set_controls("main", &package, (allow, block)).await;
    assert!(shown(&b, "main", "widget").await.is_empty());
    a.set_controls("main", &package, (allow, allow)).await;
    assert_eq!(shown(&b, "main", "widget").await, ["1.0.0"]);
    a.add_group(PATTERN).await;
    let modes = [
        (Kind::InternalUpstream, Mode::Block),
        (Kind::Publish, Mode::Block),
    ];
    a.restrict(PATTERN, &modes, &[]).await;
    assert!(shown(&b, "main", "widget").await.is_empty());
    let refused = Release::new("widget", "2.0.0");
    let refused = b.at("main").put("widget", &refused.document()).await;
    assert!(refused.status >= 400, "{:?}", refused.body);
    a.remove_group(PATTERN).await;
    assert_eq!(shown(&b, "main", "widget").await, ["1.0.0"]);
}

#[tokio::test]
async fn a_key_that_is_switched_off_on_one_node_ends_its_tokens_on_the_other_at_once() {
    let (a, b) = private().await;
    a.at("main").publish(&Release::new("widget", "1.0.0")).await;
    let root = Principal {
        kind: PrincipalKind::Root,
        ..a.root().principal().clone()
    };
    let key = a.catalog.create_access_key(a.root(), root).await.unwrap();
    let caller = catalog::Caller::signed(a.root().principal().clone(), key.id.clone());
    let token = a.token_of(&caller).await;
    let reader = b
        .at("main")
        .with_authorization(Some(format!("Bearer {token}")));
    assert_eq!(reader.get("widget").await.status, 200);
    a.catalog
        .disable_access_key(a.root(), &key.id)
        .await
        .unwrap();
    assert_eq!(reader.get("widget").await.status, 401);
    let active = catalog::KeyStatus::Active;
    a.catalog
        .update_access_key(a.root(), &key.id, active)
        .await
        .unwrap();
    assert_eq!(reader.get("widget").await.status, 200);
    a.catalog
        .delete_access_key(a.root(), &key.id)
        .await
        .unwrap();
    assert_eq!(reader.get("widget").await.status, 401);
}

#[tokio::test]
async fn readers_who_come_together_share_a_look_and_none_is_told_what_is_over() {
    let (a, b) = private().await;
    for round in 0..10 {
        let version = format!("{round}.0.0");
        a.at("main")
            .publish(&Release::new("widget", &version))
            .await;
        let readers = (0..40).map(|_| shown(&b, "main", "widget"));
        for versions in join_all(readers).await {
            assert!(
                versions.contains(&version),
                "{version} is not in {versions:?}"
            );
        }
    }
}

#[tokio::test]
async fn two_nodes_make_one_fetch_of_a_document_and_one_of_a_tarball() {
    const TARBALL: &str = "/left-pad/-/left-pad-1.0.0.tgz";
    let (a, b) = House::pair().await;
    a.add_connected("main").await;
    let version = FakeVersion::new("1.0.0").file("x", &[7; 60_000]);
    a.source
        .add_package(FakePackage::new("left-pad").version(version));
    a.source.set_behaviour("/left-pad", Behaviour::Hold);
    let both = [&a, &b];
    let asked = join_all(both.map(|node| shown(node, "main", "left-pad")));
    let release = async {
        a.source.wait_until_held(1).await;
        a.source.release();
    };
    let (versions, ()) = tokio::join!(asked, release);
    assert_eq!(versions, [["1.0.0"], ["1.0.0"]]);
    assert_eq!(a.source.requests("/left-pad"), 1);
    // Nor twice when one looks for what is held just before the other has its answer: each time at another moment of it.
    for number in 0..60 {
        let name = format!("package-{number}");
        let version = FakeVersion::new("1.0.0");
        a.source
            .add_package(FakePackage::new(&name).version(version));
        let later = async {
            tokio::time::sleep(Duration::from_micros(500 * number)).await;
            shown(&b, "main", &name).await
        };
        let (first, second) = tokio::join!(shown(&a, "main", &name), later);
        assert_eq!([first, second], [["1.0.0"], ["1.0.0"]]);
        assert_eq!(a.source.requests(&format!("/{name}")), 1, "{name}");
    }
    let dripping = Behaviour::Drip {
        bytes: 20_000,
        every_ms: 20,
    };
    a.source.set_behaviour(TARBALL, dripping);
    let expected = a.source.tarball("left-pad", "1.0.0").unwrap();
    let pulls = both.map(|node| async move { node.at("main").tarball("left-pad", "1.0.0").await });
    for answer in join_all(pulls).await {
        assert_eq!(*answer.bytes(), expected);
    }
    assert_eq!(a.source.requests(TARBALL), 1);
}

#[tokio::test]
async fn a_lease_is_one_nodes_until_it_is_dropped() {
    let (a, b) = House::pair().await;
    let lease = a.catalog.take_lease("sweep").await.unwrap();
    assert!(lease.is_some());
    assert!(b.catalog.take_lease("sweep").await.unwrap().is_none());
    assert!(a.catalog.take_lease("sweep").await.unwrap().is_none());
    drop(lease);
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while b.catalog.take_lease("sweep").await.unwrap().is_none() {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    let alone = House::alone().await;
    let first = alone.catalog.take_lease("sweep").await.unwrap();
    let second = alone.catalog.take_lease("sweep").await.unwrap();
    assert!(first.is_some() && second.is_some(), "there is nobody else");
}

#[tokio::test]
async fn a_node_that_is_told_to_end_answers_nothing_from_memory_any_more() {
    let (a, b) = private().await;
    a.at("main").publish(&Release::new("widget", "1.0.0")).await;
    assert_eq!(shown(&b, "main", "widget").await, ["1.0.0"]);
    b.catalog.close().await;
    let answer = b.at("main").get("widget").await;
    assert_eq!(answer.status, 503);
}

#[tokio::test]
async fn rights_that_are_given_and_taken_on_one_node_count_on_the_other_at_once() {
    const READ: &str = "arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess";
    let (a, b) = private().await;
    a.at("main").publish(&Release::new("widget", "1.0.0")).await;
    let alice = Principal {
        kind: PrincipalKind::User,
        name: "alice".into(),
        ..a.root().principal().clone()
    };
    a.catalog
        .create_user(a.root(), alice.clone(), Vec::new())
        .await
        .unwrap();
    let caller = catalog::Caller::known(std::sync::Arc::new(alice.clone().into()));
    let token = a.token_of(&caller).await;
    let reader = b
        .at("main")
        .with_authorization(Some(format!("Bearer {token}")));
    for _ in 0..3 {
        assert_eq!(reader.get("widget").await.status, 403);
        a.catalog
            .attach_policy(a.root(), &alice, READ)
            .await
            .unwrap();
        assert_eq!(reader.get("widget").await.status, 200);
        a.catalog
            .detach_policy(a.root(), &alice, READ)
            .await
            .unwrap();
    }
    let holder = catalog::PolicyHolder {
        domain: a.domain.clone(),
        repository: model::RepositoryName::parse("main").ok(),
    };
    let statement = serde_json::json!({
        "Effect": "Allow", "Principal": "*", "Action": "codeartifact:ReadFromRepository", "Resource": "*",
    });
    let document = serde_json::json!({ "Version": "2012-10-17", "Statement": [statement] });
    let document = model::PolicyDocument::parse(&document.to_string()).unwrap();
    assert_eq!(reader.get("widget").await.status, 403);
    a.catalog
        .put_resource_policy(a.root(), holder.clone(), &document, None)
        .await
        .unwrap();
    assert_eq!(reader.get("widget").await.status, 200);
    let deleted = a.catalog.delete_resource_policy(a.root(), holder, None);
    deleted.await.unwrap();
    assert_eq!(reader.get("widget").await.status, 403);
}
