//! Development mode: everyone is the account's root.

use model::PrincipalKind;

use crate::support::{ACCOUNT, NOW, STRANGER, Service, Setup, Signing, acme, get, post};

async fn start() -> Service {
    let service = Service::start_with(Setup {
        dev: true,
        ..Setup::default()
    })
    .await;
    service
        .send(post("/v1/domain").query("domain", "acme"))
        .await
        .ok();
    service
}

#[tokio::test]
async fn any_key_and_none_is_the_root_of_the_account() {
    let service = start().await;
    let describe = || get("/v1/domain").query("domain", "acme");
    let signing = Signing {
        id: "test",
        secret: "test",
        token: Some("session"),
        region: "eu-west-1",
        service: "codeartifact",
        at: NOW.plus_ms(-86_400_000),
        presigned: false,
    };
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    for ask in [
        describe(),
        describe().signed(&signing),
        describe().signed_by(&stranger, NOW),
        describe().header("authorization", "Bearer x"),
    ] {
        assert_eq!(service.send(ask).await.ok()["domain"]["owner"], ACCOUNT);
    }
    let answer = service
        .send(describe().query("domain-owner", STRANGER))
        .await;
    answer.refused(403, "AccessDeniedException");
}

#[tokio::test]
async fn a_signature_that_cannot_be_read_is_told_all_the_same() {
    let service = start().await;
    for header in [
        "AWS4-HMAC-SHA256 Credential=x",
        "AWS4-HMAC-SHA256",
        "AWS AKID:sig",
    ] {
        let ask = get("/v1/domain")
            .query("domain", "acme")
            .header("authorization", header);
        service
            .send(ask)
            .await
            .refused(400, "IncompleteSignatureException");
    }
}

#[tokio::test]
async fn a_token_is_given_for_hours_but_not_for_the_rest_of_a_session() {
    let service = start().await;
    let ask = || post("/v1/authorization-token").query("domain", "acme");
    let answer = service.send(ask()).await.ok();
    let token = answer["authorizationToken"].as_str().unwrap();
    let caller = service
        .catalog
        .authenticate_token(Some(token), &acme())
        .await
        .unwrap();
    assert_eq!(caller.to_string(), "arn:aws:iam::111122223333:root");
    service
        .send(ask().query("duration", "0"))
        .await
        .invalid("OTHER");
}
