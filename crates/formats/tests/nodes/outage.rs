//! A node that cannot reach its PostgreSQL while others can.

use std::time::Duration;

use http::Method;
use model::{PackageCoordinates, PackageName, PackageVersionStatus};
use store::{PostgresSettings, Store};
use testkit::fake_npm::{FakeNpm, FakePackage, FakeVersion};
use testkit::house::{Answer, Connection, House, Plan, empty};
use testkit::postgres_proxy::{Passage, PostgresProxy};

const PATIENCE: Duration = Duration::from_secs(30);
const TARBALL: &str = "left-pad/-/left-pad-1.0.0.tgz";

/// A node with a way to the database that can be closed, and one beside it that has another way.
struct Outage {
    cut_off: House,
    other: House,
    way: PostgresProxy,
    _source: FakeNpm,
}

async fn open_over(way: &PostgresProxy) -> Store {
    let settings = PostgresSettings {
        connect_timeout: Duration::from_millis(300),
        statement_timeout: Duration::from_millis(500),
        silence: Duration::from_millis(50),
        ..PostgresSettings::new(way.url(), 8)
    };
    Store::open_postgres(&settings).await.unwrap()
}

impl Outage {
    async fn with(held_reads: Duration) -> Self {
        let source = FakeNpm::start().await;
        let connections = [Connection {
            name: "public:npmjs",
            format: "npm",
            url: source.base_url().to_owned(),
        }];
        let other = House::open_on_postgres(Plan::default(), &connections).await;
        other.add_connected("main", "public:npmjs").await;
        let version = FakeVersion::new("1.0.0").file("x", &[7; 6_000]);
        source.add_package(FakePackage::new("left-pad").version(version));
        let way = PostgresProxy::to(other.database());
        let plan = Plan {
            held_reads,
            ..Plan::default()
        };
        let store = open_over(&way).await;
        let cut_off = other.neighbour_over(store, plan, &connections).await;
        Self {
            cut_off,
            other,
            way,
            _source: source,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.cut_off.client("npm", "main").get(path).await
    }

    /// Reads until what is read lies ready: a pull is noted behind the answer.
    async fn warm(&self) {
        for path in ["left-pad", TARBALL, "left-pad", TARBALL, "left-pad"] {
            let answer = self.get(path).await;
            assert_eq!(
                (answer.status, answer.header("warning")),
                (200, ""),
                "{path}"
            );
            assert!(!answer.bytes().is_empty());
            self.cut_off.catalog.settle().await;
        }
    }

    /// Asks until the answer is as wanted.
    async fn get_until(&self, path: &str, is_wanted: impl Fn(&Answer) -> bool) -> Answer {
        let asking = async {
            loop {
                let answer = self.get(path).await;
                if is_wanted(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, asking).await.unwrap()
    }
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 503, "{:?}", answer.body);
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(answer.header("warning"), "");
}

#[tokio::test]
async fn d04_what_a_node_holds_is_shown_without_the_database_where_that_is_allowed() {
    let outage = Outage::with(Duration::from_secs(600)).await;
    outage.warm().await;
    let before = outage.get("left-pad").await;
    for passage in [Passage::Cut, Passage::Silent] {
        outage.way.set(passage);
        let told = outage
            .get_until("left-pad", |answer| !answer.header("warning").is_empty())
            .await;
        assert_eq!(told.status, 200);
        assert_eq!(told.header("warning"), "110 - \"Response is Stale\"");
        assert_eq!(told.bytes(), before.bytes());
        let tarball = outage.get(TARBALL).await;
        assert_eq!(tarball.status, 200, "{:?}", tarball.body);
        assert_eq!(tarball.header("warning"), told.header("warning"));
        let etag = before.header("etag");
        let client = outage.cut_off.client("npm", "main");
        let same = client
            .get_with("left-pad", &[("if-none-match", etag)])
            .await;
        assert_eq!(
            (same.status, same.header("warning")),
            (304, told.header("warning"))
        );
        // Whatever is not held, and whatever writes.
        assert_refused(&outage.get("right-pad").await);
        let body = testkit::house::full("\"1.0.0\"");
        let path = "-/package/left-pad/dist-tags/mark";
        assert_refused(&client.ask(Method::PUT, path, &[], body).await);
        assert_refused(&client.ask(Method::DELETE, path, &[], empty()).await);
        outage.way.set(Passage::Open);
        outage
            .get_until("left-pad", |answer| answer.header("warning").is_empty())
            .await;
        outage.warm().await;
    }
}

#[tokio::test]
async fn i03_what_others_wrote_meanwhile_is_shown_once_the_database_is_back() {
    let outage = Outage::with(Duration::from_secs(600)).await;
    outage.warm().await;
    outage.way.set(Passage::Cut);
    outage
        .get_until(TARBALL, |answer| !answer.header("warning").is_empty())
        .await;
    let package = PackageCoordinates {
        format: formats::rules().find("npm").unwrap().id(),
        namespace: None,
        name: PackageName::parse("left-pad").unwrap(),
    };
    let archived = PackageVersionStatus::Archived;
    let other = &outage.other;
    other.set_status("main", &package, "1.0.0", archived).await;
    let gone = other.client("npm", "main").get(TARBALL).await;
    assert_eq!(gone.status, 404);
    assert_eq!(outage.get(TARBALL).await.status, 200, "it cannot know");
    outage.way.set(Passage::Open);
    let whole = outage.get_until(TARBALL, |answer| answer.header("warning").is_empty());
    assert_eq!(whole.await.status, 404);
}

#[tokio::test]
async fn d04_nothing_is_shown_without_the_database_where_that_is_not_allowed_or_for_longer() {
    for held_reads in [Duration::ZERO, Duration::from_secs(2)] {
        let outage = Outage::with(held_reads).await;
        outage.warm().await;
        outage.way.set(Passage::Cut);
        let refused = outage
            .get_until("left-pad", |answer| answer.status != 200)
            .await;
        assert_refused(&refused);
        assert_refused(&outage.get(TARBALL).await);
        outage.way.set(Passage::Open);
        outage
            .get_until("left-pad", |answer| answer.status == 200)
            .await;
    }
}

#[tokio::test]
async fn d04_who_listens_gives_up_a_server_that_vanished_and_waits_for_one_that_has_nothing_to_say()
{
    let house = House::open_on_postgres(Plan::default(), &[]).await;
    let way = PostgresProxy::to(house.database());
    let store = open_over(&way).await;
    let mut listener = store.listen().await.unwrap().unwrap();
    let quiet = tokio::time::timeout(Duration::from_millis(500), listener.heard()).await;
    assert!(
        quiet.is_err(),
        "ten times as long as it waits before it asks"
    );
    house.store.announce().await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, listener.heard()).await;
    assert!(heard.unwrap().is_ok());
    way.set(Passage::Silent);
    let lost = tokio::time::timeout(PATIENCE, listener.heard()).await;
    assert!(matches!(
        lost.unwrap(),
        Err(store::StoreError::Unavailable(_))
    ));
    way.set(Passage::Open);
    let mut again = store.listen().await.unwrap().unwrap();
    house.store.announce().await.unwrap();
    let heard = tokio::time::timeout(PATIENCE, again.heard()).await;
    assert!(heard.unwrap().is_ok());
}
