//! The service index, and what only it leads to.

use serde_json::{Value, json};
use testkit::fake_source::{Behaviour, Document};
use testkit::packages::Nupkg;

use crate::house::{House, push};

fn place(index: &Value, kind: &str) -> Option<String> {
    let resources = index["resources"].as_array().unwrap();
    let found = resources
        .iter()
        .find(|resource| resource["@type"] == kind)?;
    Some(found["@id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_place_of_the_service_index_is_there() {
    let house = House::private().await;
    let main = house.at("main");
    assert_eq!(
        push(&main, &Nupkg::new("Acme.Lib", "1.0.0")).await.status,
        201
    );
    let index = main.get("v3/index.json").await.json();
    assert_eq!(index["version"], "3.0.0");
    for (kind, below) in [
        ("PackageBaseAddress/3.0.0", "acme.lib/index.json"),
        ("RegistrationsBaseUrl", "acme.lib/index.json"),
        ("RegistrationsBaseUrl/3.0.0-beta", "acme.lib/index.json"),
        ("RegistrationsBaseUrl/3.4.0", "acme.lib/index.json"),
        ("RegistrationsBaseUrl/3.6.0", "acme.lib/index.json"),
        ("SearchQueryService/3.0.0-rc", "?q=acme"),
        ("SearchAutocompleteService/3.5.0", "?q=acme"),
        ("VulnerabilityInfo/6.7.0", ""),
    ] {
        let place = place(&index, kind).unwrap_or_else(|| panic!("{kind}"));
        let (_, path) = place.split_once(main.prefix()).unwrap();
        let answer = main.get(&format!("{path}{below}")).await;
        assert_eq!(answer.status, 200, "{kind}: {place}");
    }
    for absent in ["SymbolPackagePublish/4.9.0", "RepositorySignatures/5.0.0"] {
        assert_eq!(place(&index, absent), None);
    }
    let signatures = main.get("v3/repository-signatures/index.json").await;
    assert_eq!(signatures.status, 404);
}

#[tokio::test]
async fn nothing_is_known_of_vulnerabilities_and_that_is_an_answer() {
    let house = House::private().await;
    let main = house.at("main");
    let index = main.get("v3/vulnerabilities/index.json").await.json();
    let page = index[0]["@id"].as_str().unwrap();
    let (_, path) = page.split_once(main.prefix()).unwrap();
    assert_eq!(main.get(path).await.json(), json!({}));
}

#[tokio::test]
async fn repository_signatures_are_passed_on_where_a_source_has_them() {
    let house = House::connected().await;
    house.add_repository("app", &["main"]).await;
    house
        .source
        .put_service_index(&[("RepositorySignatures/5.0.0", "signatures.json")]);
    let said = json!({
        "allRepositorySigned": true,
        "signingCertificates": [{"subject": "CN=Gallery", "fingerprints": {"2.16.840.1.101.3.4.2.1": "00"}}],
    });
    house.source.put("/signatures.json", Document::json(&said));
    for repository in ["main", "app"] {
        let client = house.at(repository);
        let index = client.get("v3/index.json").await.json();
        let place = place(&index, "RepositorySignatures/5.0.0").unwrap();
        let (_, path) = place.split_once(client.prefix()).unwrap();
        let signatures = client.get(path).await.json();
        assert_eq!(
            signatures["signingCertificates"],
            said["signingCertificates"]
        );
        assert_eq!(
            signatures["allRepositorySigned"], false,
            "what is pushed here is not"
        );
    }
    assert_eq!(house.source.requests("/signatures.json"), 1);
}

#[tokio::test]
async fn x10_the_service_index_is_there_while_a_source_is_not() {
    let house = House::connected().await;
    house.source.set_behaviour("*", Behaviour::Status(500));
    let index = house.at("main").get("v3/index.json").await;
    assert_eq!(index.status, 200);
    assert_eq!(place(&index.json(), "RepositorySignatures/5.0.0"), None);
}
