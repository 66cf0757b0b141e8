//! Documents about namespaces.

use model::Namespace;

use crate::fake_source::Reply;
use crate::formats::LOOSE;
use crate::house::{FRESHNESS_MS, House};

impl House {
    /// What the sources say of a namespace, as text.
    pub(crate) async fn namespace_documents(&self, from: &str, namespace: &str) -> Vec<String> {
        let (grant, namespace) = (self.grant(from).await, Namespace::parse(namespace).unwrap());
        let asked = self
            .catalog
            .namespace_documents(&grant, LOOSE, &namespace, None);
        let documents = asked.await.unwrap().into_iter();
        let texts = documents.map(|document| String::from_utf8(document.to_vec()).unwrap());
        texts.collect()
    }
}

#[tokio::test]
async fn documents_of_a_namespace_are_kept_and_asked_for_again_behind_the_answer() {
    let house = House::open().await;
    house.connect("first", "public:loose").await;
    house.connect("second", "public:looser").await;
    house.add_repository("home", &["first", "second"]).await;
    house
        .loose
        .set("/org/lib/index", Reply::of("near").header("etag: \"1\""));
    house.looser.set("/org/lib/index", Reply::of("far"));
    for _ in 0..3 {
        assert_eq!(
            house.namespace_documents("home", "org.lib").await,
            ["near", "far"]
        );
    }
    assert_eq!(house.loose.count("GET /org/lib/index"), 1);
    house.loose.set("/org/lib/index", Reply::of("newer"));
    house.clock.advance(FRESHNESS_MS);
    let stale = house.namespace_documents("home", "org.lib").await;
    assert_eq!(stale, ["near", "far"], "nobody waits for the source");
    house.catalog.settle().await;
    assert_eq!(
        house.namespace_documents("home", "org.lib").await,
        ["newer", "far"]
    );
    assert_eq!(house.loose.count("GET /org/lib/index"), 2);
}

#[tokio::test]
async fn x10_a_source_that_fails_is_left_out_or_answers_with_what_it_said_before() {
    let house = House::open().await;
    house.connect("first", "public:loose").await;
    house.connect("second", "public:looser").await;
    house.add_repository("home", &["first", "second"]).await;
    house.loose.set("/org/lib/index", Reply::status(500));
    house.looser.set("/org/lib/index", Reply::of("far"));
    assert_eq!(house.namespace_documents("home", "org.lib").await, ["far"]);
    house.looser.fail_with(503);
    house.clock.advance(FRESHNESS_MS);
    for _ in 0..2 {
        assert_eq!(house.namespace_documents("home", "org.lib").await, ["far"]);
        house.catalog.settle().await;
    }
    house.looser.remove("/org/lib/index");
    house.clock.advance(FRESHNESS_MS);
    house.namespace_documents("home", "org.lib").await;
    house.catalog.settle().await;
    assert_eq!(
        house.namespace_documents("home", "org.lib").await,
        [""; 0],
        "gone for good"
    );
}

#[tokio::test]
async fn x15_a_namespace_that_no_source_knows_is_asked_for_once_in_a_while() {
    let house = House::connected("public:loose").await;
    for _ in 0..3 {
        assert_eq!(house.namespace_documents("home", "org.none").await, [""; 0]);
    }
    assert_eq!(house.loose.requests(), ["GET /org/none/index"]);
}
