//! Who may do what: decided by the package that a push turns out to be, before anything of it is kept.

use catalog::PolicyHolder;
use http::Method;
use model::PolicyDocument;
use serde_json::{Value, json};
use testkit::house::{OWNER, repository};
use testkit::packages::Nupkg;

use crate::house::{House, coordinates, push, relist, send, unlist};

const GUEST: &str = "999900001111";

impl House {
    async fn set_policy(&self, statements: &[Value]) {
        let document = json!({ "Version": "2012-10-17", "Statement": statements });
        let holder = PolicyHolder {
            domain: self.domain.clone(),
            repository: Some(repository("main")),
        };
        let document = PolicyDocument::parse(&document.to_string()).unwrap();
        self.catalog
            .put_resource_policy(&self.root, holder, &document, None)
            .await
            .unwrap();
    }
}

fn allow(action: &str, resource: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": { "AWS": GUEST }, "Action": action, "Resource": resource })
}

#[tokio::test]
async fn z05_a_right_to_publish_is_for_the_packages_it_names_and_needs_the_right_to_read() {
    let house = House::private().await;
    let packages =
        format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/nuget//team.*");
    let publish = allow("codeartifact:PublishPackageVersion", &packages);
    house.set_policy(std::slice::from_ref(&publish)).await;
    let guest = house.guest("nuget", "main").await;
    let (own, foreign) = (
        Nupkg::new("Team.Tool", "1.0.0"),
        Nupkg::new("other", "1.0.0"),
    );
    assert_eq!(push(&guest, &own).await.status, 403, "it may not read");
    let read = allow("codeartifact:ReadFromRepository", "*");
    house.set_policy(&[publish, read]).await;
    assert_eq!(push(&guest, &foreign).await.status, 403);
    assert!(house.stored().await.is_empty(), "nothing was kept");
    assert_eq!(push(&guest, &own).await.status, 201);
    assert_eq!(unlist(&guest, "team.tool", "1.0.0").await.status, 403);
    assert_eq!(relist(&guest, "team.tool", "1.0.0").await.status, 403);
    assert!(house.versions("main", "other").await.is_empty());
}

#[tokio::test]
async fn a04_a_guest_that_may_read_reads_everything_and_changes_nothing() {
    let house = House::private().await;
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0")).await;
    house
        .set_policy(&[allow("codeartifact:ReadFromRepository", "*")])
        .await;
    let guest = house.guest("nuget", "main").await;
    for path in [
        "v3/index.json",
        "v3/query?q=acme",
        "v3/autocomplete?q=acme",
        "v3/vulnerabilities/index.json",
        "v3/flatcontainer/acme.lib/index.json",
        "v3/flatcontainer/acme.lib/1.0.0/acme.lib.nuspec",
        "v3/registrations/acme.lib/index.json",
    ] {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    assert_eq!(
        push(&guest, &Nupkg::new("Acme.Lib", "2.0.0")).await.status,
        403
    );
    assert_eq!(unlist(&guest, "acme.lib", "1.0.0").await.status, 403);
}

#[tokio::test]
async fn f_nu_3_an_api_key_is_a_token_and_an_empty_one_is_none() {
    let house = House::private().await;
    let token = house.token.clone();
    let keyless = house.at("main").with_authorization(None);
    let refused = keyless.get("v3/index.json").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").starts_with("Basic "));
    let package = Nupkg::new("Acme.Lib", "1.0.0").build();
    for (key, status) in [
        ("", 401),
        ("az", 401),
        ("eyJhbGciOiJub25lIn0.e30.", 401),
        (token.as_str(), 201),
    ] {
        let answer = send(&keyless, &[("x-nuget-apikey", key)], package.clone()).await;
        assert_eq!(answer.status, status, "{key}");
    }
    let main = house.at("main");
    let beside = send(&main, &[("x-nuget-apikey", "anything")], package.clone()).await;
    assert_eq!(beside.status, 201, "the Authorization field goes before it");
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_package_comes_publishes_nothing() {
    const MAY: &[&str] = &["ReadFromRepository", "PublishPackageVersion"];
    let house = House::private().await;
    let (content_type, body) = Nupkg::new("parcel", "1.0.0").push_form();
    let headers = [("content-type", content_type.as_str())];
    for (then, status, held) in [(&MAY[..1], 403, 0), (MAY, 201, 1)] {
        house.allow_guest("main", MAY).await;
        let guest = house.guest("nuget", "main").await;
        let meanwhile = house.allow_guest("main", then);
        let answer = guest
            .ask_and_meanwhile(
                (Method::PUT, "api/v2/package/"),
                &headers,
                body.clone(),
                meanwhile,
            )
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(house.held("main", &coordinates("parcel")).await.len(), held);
        assert_eq!(house.stored().await.is_empty(), held == 0);
    }
}
