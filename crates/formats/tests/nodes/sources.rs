//! Several nodes that want the same of a public source at the same time: one of them asks for it. Here is what is about no
//! single package, and what lies beside assets; of packages and assets see `npm/nodes.rs`.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use model::{Action, Namespace};
use serde_json::json;
use testkit::fake_maven::{FakeMaven, FakePlugin};
use testkit::fake_nuget::FakeNuget;
use testkit::fake_pypi::{FakeProject, FakePypi};
use testkit::fake_ruby::FakeRuby;
use testkit::fake_source::{Behaviour, Document, FakeSource};
use testkit::house::{Connection, House, Plan, repository};
use testkit::packages::{Distribution, GemBuild};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// What is wanted, and where.
#[derive(Clone)]
struct Wish {
    connection: Connection,
    place: Place,
    /// The path at the source that it takes longest to get.
    path: String,
    source: Arc<dyn Deref<Target = FakeSource> + Send + Sync>,
}

#[derive(Clone)]
enum Place {
    /// A path of the package endpoint.
    Endpoint(String),
    /// What the sources say of a namespace.
    Namespace(&'static str),
}

impl Wish {
    /// What a source says of a namespace.
    async fn namespace() -> Self {
        let source = FakeMaven::start().await;
        let plugin = FakePlugin {
            prefix: "run",
            artifact: "run-maven-plugin",
            name: "Run",
        };
        source.set_plugins("com.acme", &[plugin]);
        Self {
            connection: Connection {
                name: "public:maven-central",
                format: "maven",
                url: source.base_url().to_owned(),
            },
            place: Place::Namespace("com.acme"),
            path: "/com/acme/maven-metadata.xml".to_owned(),
            source: Arc::new(source),
        }
    }

    /// How a source is laid out.
    async fn layout() -> Self {
        Self {
            path: FakeNuget::index_path().to_owned(),
            ..Self::of_layout().await
        }
    }

    /// What the layout of a source refers to.
    async fn of_layout() -> Self {
        let source = FakeNuget::start().await;
        source.put_service_index(&[("RepositorySignatures/5.0.0", "signatures.json")]);
        let said = json!({ "signingCertificates": [{ "subject": "CN=Gallery" }] });
        source.put("/signatures.json", Document::json(&said));
        Self {
            connection: Connection {
                name: "public:nuget-org",
                format: "nuget",
                url: source.index_url(),
            },
            place: Place::Endpoint("v3/repository-signatures/index.json".to_owned()),
            path: "/signatures.json".to_owned(),
            source: Arc::new(source),
        }
    }

    /// What lies beside an asset that nobody has fetched.
    async fn companion() -> Self {
        let source = FakePypi::start().await;
        source.add_project(FakeProject::new("widget").version("1.0"));
        let file = Distribution::new("widget", "1.0").wheel().file_name;
        Self {
            connection: Connection {
                name: "public:pypi",
                format: "pypi",
                url: source.index_url(),
            },
            place: Place::Endpoint(format!("simple/widget/1.0/{file}.metadata")),
            path: format!("{}.metadata", FakePypi::file_path(&file)),
            source: Arc::new(source),
        }
    }

    /// A document about all packages of a repository.
    async fn list() -> Self {
        let source = FakeRuby::start().await;
        source.show("widget", vec![GemBuild::new("widget", "1.0").build()]);
        source.list_gems();
        Self {
            connection: Connection {
                name: "public:ruby-gems-org",
                format: "ruby",
                url: source.base_url().to_owned(),
            },
            place: Place::Endpoint("versions".to_owned()),
            path: "/versions".to_owned(),
            source: Arc::new(source),
        }
    }

    async fn all() -> [Self; 5] {
        [
            Self::namespace().await,
            Self::layout().await,
            Self::of_layout().await,
            Self::companion().await,
            Self::list().await,
        ]
    }

    async fn house(&self) -> House {
        let connections = [self.connection.clone()];
        let house = House::open_on_postgres(Plan::default(), &connections).await;
        house.add_connected("main", self.connection.name).await;
        house
    }

    async fn neighbour(&self, of: &House) -> House {
        let connections = [self.connection.clone()];
        of.neighbour(Plan::default(), &connections).await
    }

    async fn of(&self, house: &House) -> Bytes {
        match &self.place {
            Place::Endpoint(path) => {
                let client = house.client(self.connection.format, "main");
                let answer = client.get(path).await;
                assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
                answer.bytes().clone()
            }
            Place::Namespace(namespace) => {
                let (catalog, caller) = (&house.catalog, house.root.clone());
                let (read, main) = (Action::READ_FROM_REPOSITORY, repository("main"));
                let grant = catalog.grant(caller, read, &house.domain, &main, None);
                let grant = grant.await.unwrap();
                let format = formats::rules().find(self.connection.format).unwrap().id();
                let namespace = Namespace::parse(namespace).unwrap();
                let asked = catalog.namespace_documents(&grant, format, &namespace, None);
                let mut documents = asked.await.unwrap();
                assert_eq!(documents.len(), 1, "{namespace}");
                documents.remove(0)
            }
        }
    }
}

/// How many leases are held, or have run out and were not taken again.
fn leases(house: &House) -> String {
    house.psql("SELECT COUNT(*) FROM lease")
}

async fn wait_for_leases(house: &House, count: &str) {
    for _ in 0..500 {
        if leases(house) == count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} leases, not {count}", leases(house));
}

/// A node that asks for something, and ends with all that it has begun.
struct Dying {
    kill: oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Dying {
    fn begin(wish: &Wish, beside: &Arc<House>) -> Self {
        let (kill, killed) = oneshot::channel();
        let (wish, beside) = (wish.clone(), Arc::clone(beside));
        let thread = std::thread::spawn(move || {
            let node = Runtime::new().unwrap();
            node.block_on(async {
                let house = wish.neighbour(&beside).await;
                tokio::select! {
                    killed = killed => killed.unwrap(),
                    answer = wish.of(&house) => panic!("it has an answer: {answer:?}"),
                }
            });
            node.shutdown_timeout(Duration::from_secs(10));
        });
        Self { kill, thread }
    }

    fn die(self) {
        self.kill.send(()).unwrap();
        self.thread.join().unwrap();
    }
}

#[tokio::test]
async fn x14_two_nodes_make_one_fetch_of_what_is_about_no_single_asset() {
    for wish in Wish::all().await {
        let first = wish.house().await;
        let second = wish.neighbour(&first).await;
        wish.source.set_behaviour(&wish.path, Behaviour::Hold);
        let asked = join_all([&first, &second].map(|house| wish.of(house)));
        let release = async {
            wish.source.wait_until_held(1).await;
            wish.source.clear_behaviours();
            wish.source.release();
        };
        let (answers, ()) = tokio::join!(asked, release);
        assert_eq!(answers[0], answers[1], "{}", wish.path);
        assert_eq!(wish.source.requests(&wish.path), 1, "{}", wish.path);
        let third = wish.neighbour(&first).await;
        assert_eq!(wish.of(&third).await, answers[0], "{}", wish.path);
        assert_eq!(wish.source.requests(&wish.path), 1, "{}", wish.path);
    }
}

#[tokio::test]
async fn x14_a_node_that_dies_while_it_asks_a_source_is_followed_by_another() {
    for wish in Wish::all().await {
        let heir = Arc::new(wish.house().await);
        wish.source.set_behaviour(&wish.path, Behaviour::Hold);
        let dying = Dying::begin(&wish, &heir);
        wish.source.wait_until_held(1).await;
        wait_for_leases(&heir, "1").await;
        dying.die();
        assert_eq!(leases(&heir), "1", "nobody gave it back: {}", wish.path);
        wish.source.clear_behaviours();
        // As if its time had passed while another waits for it.
        let pass_time = async { heir.psql("UPDATE lease SET expires_at_ms = 0") };
        let (answer, _) = tokio::join!(wish.of(&heir), pass_time);
        assert!(!answer.is_empty());
        assert_eq!(wish.source.requests(&wish.path), 2, "{}", wish.path);
        // It was taken, not waited for in vain.
        wait_for_leases(&heir, "0").await;
    }
}
