//! GetAuthorizationToken.

use crate::support::{Ask, NOW, NOW_SECONDS, Service, acme, post};

fn ask() -> Ask {
    post("/v1/authorization-token").query("domain", "acme")
}

#[tokio::test]
async fn a_token_is_good_for_the_domain_and_the_time_that_were_asked_for() {
    let service = Service::with_repository().await;
    for (request, seconds) in [
        (ask(), 43_200.0),
        (ask().query("duration", "900"), 900.0),
        (ask().query("duration", "43200"), 43_200.0),
    ] {
        let answer = service.ask(request).await.ok();
        let expiration = answer["expiration"].as_f64().unwrap();
        assert!(
            (expiration - NOW_SECONDS - seconds).abs() < 0.000_5,
            "{expiration}"
        );
        let token = answer["authorizationToken"].as_str().unwrap();
        let caller = service
            .catalog
            .authenticate_token(Some(token), &acme())
            .await
            .unwrap();
        assert_eq!(caller.principal(), &service.key.principal);
    }
}

#[tokio::test]
async fn a_token_names_the_principal_that_asked() {
    let service = Service::with_repository().await;
    let jane = service.make_admin("jane").await;
    let answer = service.send(ask().signed_by(&jane, NOW)).await.ok();
    let token = answer["authorizationToken"].as_str().unwrap();
    let caller = service
        .catalog
        .authenticate_token(Some(token), &acme())
        .await
        .unwrap();
    assert_eq!(caller.to_string(), "arn:aws:iam::111122223333:user/jane");
}

#[tokio::test]
async fn a10_other_lifetimes_are_refused() {
    let service = Service::with_repository().await;
    for (sent, reason) in [
        ("1", "FIELD_VALIDATION_FAILED"),
        ("899", "FIELD_VALIDATION_FAILED"),
        ("43201", "FIELD_VALIDATION_FAILED"),
        ("-1", "FIELD_VALIDATION_FAILED"),
        ("99999999999999999999", "FIELD_VALIDATION_FAILED"),
        ("", "CANNOT_PARSE"),
        ("900.5", "CANNOT_PARSE"),
        ("9e3", "CANNOT_PARSE"),
        ("1h", "CANNOT_PARSE"),
        // As long as the caller's session, and access keys have none.
        ("0", "OTHER"),
    ] {
        let message = service
            .ask(ask().query("duration", sent))
            .await
            .invalid(reason);
        assert!(message.contains("durationSeconds"), "{sent}: {message}");
    }
}

#[tokio::test]
async fn there_is_no_token_for_a_domain_that_does_not_exist() {
    let service = Service::with_repository().await;
    let answer = service.ask(ask().with("domain", "none")).await;
    answer.refused_about(404, "ResourceNotFoundException", "domain", "none");
}
