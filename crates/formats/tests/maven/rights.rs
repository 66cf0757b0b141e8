//! Rights: reading, publishing, and putting metadata are three.

use catalog::{Caller, PolicyHolder};
use http::Method;
use model::{AccountId, PolicyDocument, RepositoryName};
use serde_json::{Value, json};
use testkit::house::{Client, House, OWNER, full, piecemeal};

use crate::deployment::{at, coordinates, house, metadata, put, put_well, release};

const GUEST: &str = "999900001111";
const JAR: &str = "com/acme/lib/1.0/lib-1.0.jar";
const METADATA: &str = "com/acme/lib/maven-metadata.xml";
const PUBLISH: &str = "codeartifact:PublishPackageVersion";
const PUT_METADATA: &str = "codeartifact:PutPackageMetadata";
const READ: &str = "codeartifact:ReadFromRepository";

/// A guest who may do these things, to packages of one group where they are about packages.
async fn guest<'h>(house: &'h House, actions: &[&str]) -> Client<'h> {
    allow(house, actions).await;
    let guest = Caller::root(AccountId::parse(GUEST).unwrap());
    let token = house.token_of(&guest).await;
    at(house, "main").with_authorization(Some(format!("Bearer {token}")))
}

/// Lets the guest do these things and nothing else.
async fn allow(house: &House, actions: &[&str]) {
    let package =
        format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/maven/com.acme/*");
    let statements: Vec<Value> = actions
        .iter()
        .map(|action| {
            let resource = if *action == READ { "*" } else { &package };
            json!({ "Effect": "Allow", "Principal": { "AWS": GUEST }, "Action": action, "Resource": resource })
        })
        .collect();
    let document = json!({ "Version": "2012-10-17", "Statement": statements });
    let holder = PolicyHolder {
        domain: house.domain.clone(),
        repository: RepositoryName::parse("main").ok(),
    };
    let document = PolicyDocument::parse(&document.to_string()).unwrap();
    let set = house
        .catalog
        .put_resource_policy(&house.root, holder, &document, None);
    set.await.unwrap();
}

#[tokio::test]
async fn a04_who_may_read_reads_everything_and_changes_nothing() {
    let house = house().await;
    release(&at(&house, "main"), "1.0").await;
    let guest = guest(&house, &[READ]).await;
    for path in [JAR, METADATA, "com/acme/lib/1.0/lib-1.0.pom.sha1"] {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    assert_eq!(guest.get("com/acme/lib/2.0/lib-2.0.pom").await.status, 404);
    for path in [
        "com/acme/lib/2.0/lib-2.0.jar",
        "com/acme/lib/1.0/lib-1.0.jar.sha1",
        METADATA,
        "com/acme/lib/1.0-SNAPSHOT/maven-metadata.xml",
        "com/acme/lib/1.0-SNAPSHOT/lib-1.0-20260101.120000-1.jar",
    ] {
        let answer = put(&guest, path, metadata("lib", &["1.0"])).await;
        assert_eq!(answer.status, 403, "{path}: {}", answer.text());
    }
    assert_eq!(house.statuses("main", &coordinates("lib")).await.len(), 1);
}

#[tokio::test]
async fn publishing_takes_both_rights_and_no_right_to_read() {
    let house = house().await;
    let client = guest(&house, &[PUBLISH]).await;
    put_well(&client, JAR, "jar").await;
    let refused = put(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let client = guest(&house, &[PUT_METADATA]).await;
    assert_eq!(put(&client, JAR, "jar").await.status, 403);
    let refused = put(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let client = guest(&house, &[PUBLISH, PUT_METADATA]).await;
    put_well(&client, METADATA, metadata("lib", &["1.0"])).await;
    assert_eq!(client.get(JAR).await.status, 403);
    let statuses = house.statuses("main", &coordinates("lib")).await;
    assert_eq!(statuses["1.0"], "Published");
    let other = "com/other/lib/1.0/lib-1.0.jar";
    assert_eq!(put(&client, other, "jar").await.status, 403);
}

#[tokio::test]
async fn the_metadata_of_a_group_is_taken_from_who_publishes_into_it() {
    let house = house().await;
    let client = guest(&house, &[READ, PUBLISH, PUT_METADATA]).await;
    let plugins = "<metadata><plugins><plugin><name>X</name><prefix>x</prefix>\
                   <artifactId>x-maven-plugin</artifactId></plugin></plugins></metadata>";
    // Its address is that of an artifact `acme` of the group `com`, to which the guest has no right.
    let path = "com/acme/maven-metadata.xml";
    put_well(&client, path, plugins).await;
    put_well(&client, &format!("{path}.sha1"), "0").await;
    assert_eq!(
        client.get(path).await.status,
        404,
        "nothing was learned from it"
    );
    let foreign = metadata("acme", &["1.0"]).replace("com.acme", "com");
    let answer = client.ask(Method::PUT, path, &[], full(foreign)).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    let token = house.strangers_token().await;
    let nobody = at(&house, "main").with_authorization(Some(format!("Bearer {token}")));
    assert_eq!(put(&nobody, path, plugins).await.status, 403);
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_file_comes_publishes_nothing() {
    let house = house().await;
    for (then, status, held) in [(READ, 403, 0), (PUBLISH, 201, 1)] {
        let guest = guest(&house, &[PUBLISH]).await;
        let (body, sender) = piecemeal();
        let put = guest.ask(Method::PUT, JAR, &[], body);
        let meanwhile = async {
            sender.send("first ".into()).await.unwrap();
            // There is room again: so the first was taken.
            let room = sender.reserve().await.unwrap();
            allow(&house, &[then]).await;
            room.send("second".into());
            drop(sender);
        };
        let (answer, ()) = tokio::join!(put, meanwhile);
        assert_eq!(answer.status, status, "{}", answer.error());
        let found = house.held("main", &coordinates("lib")).await;
        assert_eq!(found.len(), held);
        assert_eq!(house.stored().await.len(), held);
    }
}
