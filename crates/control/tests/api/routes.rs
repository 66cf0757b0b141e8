//! Finding the operation, and what every reply carries.

use catalog::RequestId;
use control::{ControlPlane, Peer};

use crate::support::{Answer, Service, get, post};

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_unknown_operations() {
    let service = Service::with_repository().await;
    let domain = |ask: crate::support::Ask| ask.query("domain", "acme");
    for ask in [
        get("/v1/"),
        get("/v1/domains"),
        post("/v1/domain/"),
        post("/v1//domain"),
        post("/v1/%64omain"),
        post("/v1/Domain"),
        post("/v1/domain;x=y"),
        get("/v1/x/../domain"),
    ] {
        let answer = service.ask(domain(ask.clone())).await;
        let body = answer.refused(404, "UnknownOperationException");
        assert_eq!(body["reason"], "UNKNOWN_OPERATION", "{ask:?}");
    }
    let mut patch = domain(get("/v1/domain"));
    patch.method = "PATCH".into();
    let body = service
        .ask(patch)
        .await
        .refused(404, "UnknownOperationException");
    assert_eq!(body["message"], "There is no operation PATCH /v1/domain.");
}

#[test]
fn the_api_owns_the_paths_below_v1() {
    assert!(ControlPlane::owns("/v1/domain"));
    for other in [
        "/",
        "/v1",
        "/npm/d/acme-111122223333/v1/",
        "/V1/domain",
        "/v10/domain",
    ] {
        assert!(!ControlPlane::owns(other), "{other}");
    }
}

#[test]
fn all_operations_are_here() {
    assert_eq!(ControlPlane::operation_names().count(), 48);
    assert!(ControlPlane::operation_names().any(|name| name == "AssociateExternalConnection"));
}

#[tokio::test]
async fn every_reply_names_the_request_and_the_operation() {
    let service = Service::with_repository().await;
    let good = service.ask(get("/v1/domain").query("domain", "acme")).await;
    let bad = service.ask(get("/v1/domain").query("domain", "none")).await;
    let unknown = service.ask(get("/v1/none")).await;
    for answer in [&good, &bad, &unknown] {
        let id = answer.header("x-amzn-requestid").unwrap();
        assert_eq!(id.len(), 36, "{id}");
    }
    assert_ne!(
        good.header("x-amzn-requestid"),
        bad.header("x-amzn-requestid")
    );
    let operations = [&good, &bad, &unknown].map(|answer| answer.labels.unwrap().operation);
    assert_eq!(
        operations,
        ["DescribeDomain", "DescribeDomain", "UnknownOperation"]
    );
    assert!(good.labels.unwrap().format.is_empty() && good.labels.unwrap().cache.is_none());
}

#[tokio::test]
async fn a_request_that_has_an_id_gets_no_second_header() {
    let service = Service::with_repository().await;
    let ask = get("/v1/domain")
        .query("domain", "acme")
        .signed_by(&service.key, crate::support::NOW);
    let mut request = ask.into_request();
    request
        .extensions_mut()
        .insert(RequestId("5a7f0d0e".into()));
    let peer = Peer(std::net::SocketAddr::from(([127, 0, 0, 1], 1)));
    let answer = Answer::read(service.control.handle(request, peer).await).await;
    answer.ok();
    assert_eq!(answer.header("x-amzn-requestid"), None);
}
