//! A house to attack: a domain with repositories, a token, packages to publish.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reliquary_testkit::fake_npm::{FakeNpm, tgz};
use reliquary_testkit::server::{ACCOUNT, Answer, ApiCall, Ask, TestServer, connect_npm};
use reliquary_testkit::storage::Storage;
use serde_json::{Value, json};
use server::config::Config;
use sha2::{Digest as _, Sha512};

/// A server with domain `acme`, and a token for it.
pub(crate) struct House {
    pub(crate) server: TestServer,
    pub(crate) token: String,
    pub(crate) source: FakeNpm,
}

/// Everything that can be seen to have changed.
#[derive(Debug, PartialEq)]
pub(crate) struct State {
    changes: usize,
    files: Vec<String>,
}

impl House {
    /// With a repository `main` that is connected to nothing.
    pub(crate) async fn private() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::on(Storage::of_this_run(), adjust).await
    }

    /// On a combination of the test's own choice.
    pub(crate) async fn on(storage: Storage, adjust: impl FnOnce(&mut Config)) -> Self {
        let source = FakeNpm::start().await;
        let server = TestServer::start_on(storage, |config| {
            connect_npm(config, &source);
            adjust(config);
        })
        .await;
        let mut house = Self {
            server,
            token: String::new(),
            source,
        };
        house.add_domain("acme").await;
        house.add_repository("acme", "main", &[]).await;
        house.token = house.token_for("acme", house.server.root_key()).await;
        house
    }

    /// With a repository `store` that has the source, and `team` above it.
    pub(crate) async fn connected() -> Self {
        Self::connected_with(|_| {}).await
    }

    pub(crate) async fn connected_with(adjust: impl FnOnce(&mut Config)) -> Self {
        let house = Self::with(adjust).await;
        house.add_repository("acme", "store", &[]).await;
        let call = ApiCall::new("POST", "/v1/repository/external-connection")
            .query("domain", "acme")
            .query("repository", "store")
            .query("external-connection", "public:npmjs");
        ok(&house.server.call(call).await);
        house.add_repository("acme", "team", &["store"]).await;
        house
    }

    pub(crate) async fn add_domain(&self, name: &str) {
        ok(&self
            .server
            .call(ApiCall::new("POST", "/v1/domain").query("domain", name))
            .await);
    }

    pub(crate) async fn add_repository(&self, domain: &str, name: &str, upstreams: &[&str]) {
        let upstreams: Vec<Value> = upstreams
            .iter()
            .map(|name| json!({ "repositoryName": name }))
            .collect();
        let call = ApiCall::new("POST", "/v1/repository")
            .query("domain", domain)
            .query("repository", name);
        ok(&self
            .server
            .call(call.json(&json!({ "upstreams": upstreams })))
            .await);
    }

    pub(crate) async fn token_for(&self, domain: &str, key: (&str, &str)) -> String {
        let call = ApiCall::new("POST", "/v1/authorization-token").query("domain", domain);
        let answer = self.server.call_as(call, key).await;
        ok(&answer)["authorizationToken"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// A token of the root of another account, well made and for this domain.
    pub(crate) async fn strangers_token(&self) -> String {
        let claims = self
            .server
            .claims(self.server.stranger(), "acme", (0, 3_600_000));
        self.server.mint(&claims).await
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.server.ask(Ask::get(target).bearer(&self.token)).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let ask = Ask::new(method, target)
            .bearer(&self.token)
            .header("content-type", "application/json");
        self.server.ask(ask.body(body)).await
    }

    pub(crate) async fn publish(&self, repository: &str, release: &Release) -> Answer {
        let target = at(repository, &encoded(&release.name));
        self.send("PUT", &target, release.document().to_string())
            .await
    }

    pub(crate) async fn published(&self, repository: &str, name: &str, version: &str) -> Release {
        let release = Release::new(name, version);
        let answer = self.publish(repository, &release).await;
        assert!(
            matches!(answer.status, 200 | 201),
            "{} {}",
            answer.status,
            answer.text()
        );
        release
    }

    pub(crate) async fn state(&self) -> State {
        State {
            changes: self.server.changes().await.len(),
            files: self.server.stored_files().await,
        }
    }

    /// The state did not change, and the server lives.
    #[track_caller]
    pub(crate) fn assert_same(before: &State, after: &State) {
        assert_eq!(before.changes, after.changes, "the change log grew");
        assert_eq!(before.files, after.files, "a stored file came or went");
    }
}

/// The address of something in a repository of `acme`.
pub(crate) fn at(repository: &str, path: &str) -> String {
    format!("/npm/d/acme-{ACCOUNT}/{repository}/{path}")
}

/// Text as one segment of a path, or one value of a query.
pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[track_caller]
pub(crate) fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[track_caller]
pub(crate) fn refused(answer: &Answer, what: &str) {
    assert!(
        (400..500).contains(&answer.status),
        "{what}: {} {}",
        answer.status,
        answer.text()
    );
}

/// Waits until something that happens behind an answer has happened.
pub(crate) async fn wait_until<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    condition: impl Fn() -> F,
) {
    let begun = std::time::Instant::now();
    while !condition().await {
        assert!(
            begun.elapsed() < limit,
            "it did not happen in {limit:?}: {what}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A version to publish.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) tarball: Bytes,
    members: Value,
}

impl Release {
    pub(crate) fn new(name: &str, version: &str) -> Self {
        Self::with(
            name,
            version,
            &json!({}),
            format!("'{name}@{version}'\n").as_bytes(),
        )
    }

    pub(crate) fn with(name: &str, version: &str, members: &Value, index: &[u8]) -> Self {
        let mut inside = json!({ "name": name, "version": version });
        inside
            .as_object_mut()
            .unwrap()
            .extend(members.as_object().unwrap().clone());
        let text = inside.to_string();
        let tarball = tgz(
            "x",
            "1.0.0",
            &[("package.json", text.as_bytes()), ("index.js", index)],
        );
        Self {
            name: name.into(),
            version: version.into(),
            tarball,
            members: inside,
        }
    }

    pub(crate) fn integrity(&self) -> String {
        format!("sha512-{}", STANDARD.encode(Sha512::digest(&self.tarball)))
    }

    pub(crate) fn document(&self) -> Value {
        let mut manifest = self.members.clone();
        manifest["dist"] =
            json!({ "integrity": self.integrity(), "tarball": "http://elsewhere.example/x.tgz" });
        json!({
            "_id": self.name,
            "name": self.name,
            "dist-tags": { "latest": self.version },
            "versions": { &self.version: manifest },
            "_attachments": { format!("{}-{}.tgz", self.name, self.version): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&self.tarball),
                "length": self.tarball.len(),
            } },
        })
    }

    /// Where its tarball is, below a repository.
    pub(crate) fn file(&self) -> String {
        let base = self.name.rsplit('/').next().unwrap();
        format!("{}/-/{base}-{}.tgz", self.name, self.version)
    }
}
