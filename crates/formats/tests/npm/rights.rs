//! Policies at the package endpoints: every request is decided by what the repository's policy says now.

use bytes::Bytes;
use catalog::{Caller, PolicyHolder, RequestPlace};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use model::{AccountId, PolicyDocument, RepositoryName};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::house::{House, OWNER};
use crate::packages::Release;
use crate::wire::{Client, empty, full, send};

const GUEST: &str = "999900001111";

fn statement(effect: &str, action: &str, resource: &str) -> Value {
    json!({ "Effect": effect, "Principal": { "AWS": GUEST }, "Action": action, "Resource": resource })
}

fn packages(pattern: &str) -> String {
    format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/npm/{pattern}")
}

impl House {
    /// Sets the policy of `main`.
    async fn set_policy(&self, statements: &[Value]) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: RepositoryName::parse("main").ok(),
        };
        let document = PolicyDocument::parse(&document.to_string()).unwrap();
        self.catalog
            .put_resource_policy(&self.root, holder, &document, None)
            .await
            .unwrap();
    }

    /// A token of the root of another account.
    async fn guests_token(&self) -> String {
        let guest = Caller::root(AccountId::parse(GUEST).unwrap());
        self.token_of(&guest).await
    }

    async fn guest(&self) -> Client<'_> {
        let token = self.guests_token().await;
        self.at("main")
            .with_authorization(Some(format!("Bearer {token}")))
    }
}

#[tokio::test]
async fn a04_a_guest_that_may_read_reads_everything_and_writes_nothing() {
    let house = House::private().await;
    let release = Release::new("widget", "1.0.0");
    house.at("main").publish(&release).await;
    house
        .set_policy(&[statement("Allow", "codeartifact:ReadFromRepository", "*")])
        .await;
    let guest = house.guest().await;
    for path in [
        "widget",
        "widget/1.0.0",
        "widget/-/widget-1.0.0.tgz",
        "-/package/widget/dist-tags",
        "-/v1/search?text=w",
        "-/ping",
        "-/whoami",
    ] {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    assert_eq!(guest.get("absent").await.status, 404);
    let next = Release::new("widget", "2.0.0").document().to_string();
    let (before, stored) = (house.held("main", "widget").await, house.stored().await);
    for (method, path) in [
        (Method::PUT, "widget"),
        (Method::PUT, "fresh"),
        (Method::PUT, "widget/-rev/x"),
        (Method::DELETE, "widget/-rev/x"),
        (Method::DELETE, "widget/-/widget-1.0.0.tgz/-rev/x"),
        (Method::PUT, "-/package/widget/dist-tags/next"),
        (Method::DELETE, "-/package/widget/dist-tags/next"),
    ] {
        let answer = guest
            .ask(method.clone(), path, &[], full(next.clone()))
            .await;
        assert_eq!(answer.status, 403, "{method} {path}");
    }
    assert_eq!(house.held("main", "widget").await, before);
    assert_eq!(house.stored().await, stored);
}

#[tokio::test]
async fn p15_z05_a_right_to_publish_is_for_the_packages_it_names_and_for_publishing_alone() {
    let house = House::private().await;
    house
        .set_policy(&[
            statement(
                "Allow",
                "codeartifact:PublishPackageVersion",
                &packages("parity/*"),
            ),
            statement("Deny", "codeartifact:*", &packages("parity/core")),
        ])
        .await;
    let guest = house.guest().await;
    for (name, status) in [
        ("@parity/ui", 201),
        ("@parity/core", 403),
        ("@parityx/ui", 403),
        ("parity", 403),
        ("ui", 403),
    ] {
        let release = Release::new(name, "1.0.0");
        let answer = guest.put(&release.path(), &release.document()).await;
        assert_eq!(answer.status, status, "{name}: {:?}", answer.body);
        assert_eq!(
            house.held("main", name).await.len(),
            usize::from(status == 201)
        );
    }
    for path in ["@parity%2fui", "@parity/ui/-/ui-1.0.0.tgz", "-/ping"] {
        assert_eq!(guest.get(path).await.status, 403, "{path}");
    }
    let tag = "-/package/@parity%2fui/dist-tags/next";
    let answer = guest.ask(Method::PUT, tag, &[], full("\"1.0.0\"")).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn y08_a_change_of_policy_is_seen_by_the_next_request_whatever_lies_ready() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let guest = house.guest().await;
    let reading = [statement("Allow", "codeartifact:ReadFromRepository", "*")];
    for _ in 0..3 {
        house.set_policy(&reading).await;
        for _ in 0..2 {
            assert_eq!(guest.get("widget").await.status, 200);
            assert_eq!(guest.tarball("widget", "1.0.0").await.status, 200);
        }
        house
            .set_policy(&[statement("Deny", "codeartifact:*", "*")])
            .await;
        for _ in 0..2 {
            let refused = guest.get("widget").await;
            assert_eq!(refused.status, 403);
            let message = refused.error();
            assert!(!message.contains("explicit"), "{message}");
            assert_eq!(guest.tarball("widget", "1.0.0").await.status, 403);
        }
        // It is nobody else's.
        assert_eq!(house.at("main").get("widget").await.status, 200);
    }
}

#[tokio::test]
async fn a_policy_may_ask_where_a_package_request_comes_from() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let mut reading = statement("Allow", "codeartifact:ReadFromRepository", "*");
    reading["Condition"] = json!({
        "IpAddress": { "aws:SourceIp": ["203.0.113.0/24", "2001:db8::/32"] },
        "Bool": { "aws:SecureTransport": "true" },
    });
    house.set_policy(&[reading]).await;
    let token = house.guests_token().await;
    for (ip, secure_transport, status) in [
        ("203.0.113.77", true, 200),
        ("203.0.113.77", false, 403),
        ("2001:db8::5", true, 200),
        ("203.0.114.1", true, 403),
        ("127.0.0.1", true, 403),
    ] {
        let place = RequestPlace {
            source_ip: ip.parse().ok(),
            secure_transport,
        };
        let request = Request::get(format!("/npm/d/acme-{OWNER}/main/widget"))
            .header("authorization", format!("Bearer {token}"))
            // A claim of the client's own.
            .header("x-forwarded-for", "203.0.113.77")
            .extension(place)
            .body(empty())
            .unwrap();
        let answer = send(&house, request).await;
        assert_eq!(answer.status, status, "{ip} {secure_transport}");
    }
}

#[tokio::test]
async fn s10_the_owners_own_root_is_bound_by_an_explicit_deny() {
    let house = House::private().await;
    house
        .at("main")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let mut nobody = statement("Deny", "codeartifact:PublishPackageVersion", "*");
    nobody["Principal"] = "*".into();
    house.set_policy(&[nobody]).await;
    let main = house.at("main");
    let release = Release::new("widget", "2.0.0");
    let answer = main.put(&release.path(), &release.document()).await;
    assert_eq!(answer.status, 403);
    assert!(
        answer
            .error()
            .ends_with("with an explicit deny in a resource-based policy"),
        "{}",
        answer.error()
    );
    assert_eq!(main.get("widget").await.status, 200);
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_tarball_comes_publishes_nothing() {
    let house = House::private().await;
    let release = Release::new("widget", "1.0.0");
    let document = Bytes::from(release.document().to_string());
    let statement = |effect| statement(effect, "codeartifact:PublishPackageVersion", "*");
    for (effect, status, held) in [("Deny", 403, 0), ("Allow", 201, 1)] {
        house.set_policy(&[statement("Allow")]).await;
        let guest = house.guest().await;
        let (sender, receiver) = mpsc::channel::<Bytes>(1);
        let frames = stream::unfold(receiver, |mut receiver| async move {
            let piece = receiver.recv().await?;
            Some((Ok(Frame::data(piece)), receiver))
        });
        let body = StreamBody::new(frames.fuse()).boxed_unsync();
        let put = guest.ask(Method::PUT, "widget", &[], body);
        let meanwhile = async {
            let (first, last) = (
                document.slice(..document.len() - 1),
                document.slice(document.len() - 1..),
            );
            sender.send(first).await.unwrap();
            // There is room again: so the first was taken.
            let room = sender.reserve().await.unwrap();
            house.set_policy(&[statement(effect)]).await;
            room.send(last);
            drop(sender);
        };
        let (answer, ()) = tokio::join!(put, meanwhile);
        assert_eq!(answer.status, status, "{:?}", answer.body);
        assert_eq!(house.held("main", "widget").await.len(), held);
    }
}
