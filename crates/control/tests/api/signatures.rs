//! Who asks: signatures that are right, and all the ways in which they are not.

use serde_json::json;

use crate::support::{ACCOUNT, Ask, NOW, Service, Signing, get, post};

const UNKNOWN_TEXT: &str = "The security token included in the request is invalid.";

fn describe() -> Ask {
    get("/v1/domain").query("domain", "acme")
}

#[tokio::test]
async fn signatures_of_both_forms_and_of_every_kind_of_principal_are_taken() {
    let service = Service::with_repository().await;
    let jane = service.make_admin("jane").await;
    for key in [&service.key, &jane] {
        for presigned in [false, true] {
            let signing = Signing {
                presigned,
                ..Signing::by(key, NOW)
            };
            service.send(describe().signed(&signing)).await.ok();
            let list = post("/v1/domains")
                .json(&json!({ "maxResults": 1 }))
                .signed(&signing);
            service.send(list).await.ok();
        }
    }
}

#[tokio::test]
async fn s01_headers_that_must_be_signed_and_parts_that_must_be_there() {
    let service = Service::with_repository().await;
    let signed = describe().signed_by(&service.key, NOW);
    let edited = |from: &str, to: &str| {
        let mut ask = signed.clone();
        for (name, value) in &mut ask.headers {
            if name == "authorization" {
                *value = value.replace(from, to);
            }
        }
        ask
    };
    for (ask, status, exception) in [
        (
            edited("SignedHeaders=host;", "SignedHeaders="),
            403,
            "InvalidSignatureException",
        ),
        (
            edited(
                "SignedHeaders=host;x-amz-date",
                "SignedHeaders=x-amz-date;host",
            ),
            403,
            "InvalidSignatureException",
        ),
        (
            edited("Signature=", "Signatur="),
            400,
            "IncompleteSignatureException",
        ),
        (
            edited("/aws4_request", ""),
            400,
            "IncompleteSignatureException",
        ),
        (
            edited("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
            400,
            "IncompleteSignatureException",
        ),
        (
            edited("AWS4-HMAC-SHA256", "Bearer"),
            403,
            "MissingAuthenticationTokenException",
        ),
        (
            signed.clone().header("x-amz-date", "20260101T000000Z"),
            400,
            "IncompleteSignatureException",
        ),
        (
            signed.clone().header("x-amz-security-token", "x"),
            403,
            "InvalidSignatureException",
        ),
    ] {
        let answer = service.send(ask.clone()).await;
        answer.refused(status, exception);
    }
    let mut dateless = signed.clone();
    dateless.headers.retain(|(name, _)| name != "x-amz-date");
    service
        .send(dateless)
        .await
        .refused(400, "IncompleteSignatureException");
    service.send(signed).await.ok();
}

#[tokio::test]
async fn s02_what_was_changed_after_signing_is_refused_and_nothing_is_written() {
    let service = Service::with_repository().await;
    let tags = json!({ "tags": [{ "key": "a", "value": "b" }] });
    let make = || post("/v1/domain").query("domain", "beta").json(&tags);
    let signed = make().signed_by(&service.key, NOW);
    let before = service.change_count().await;
    let mut other_query = signed.clone();
    other_query.raw_query = "domain=gamma".into();
    let mut other_path = signed.clone();
    other_path.path = "/v1/domains".into();
    let mut other_method = signed.clone();
    other_method.method = "DELETE".into();
    let mut other_host = signed.clone();
    other_host.headers[0].1 = "elsewhere.example".into();
    for ask in [
        signed.clone().body(b"{}"),
        signed.clone().body(b""),
        signed.clone().query("extra", "1"),
        other_query,
        other_path,
        other_method,
        other_host,
        // The body of another request under a hash that was signed with it.
        make()
            .header("x-amz-content-sha256", &"0".repeat(64))
            .signed_by(&service.key, NOW),
    ] {
        let answer = service.send(ask.clone()).await;
        let exception = answer.header("x-amzn-errortype").unwrap().to_owned();
        let known = ["InvalidSignatureException", "ValidationException"];
        assert!(known.contains(&&*exception), "{exception}: {ask:?}");
        assert!(answer.status == 403 || answer.status == 400);
    }
    assert_eq!(service.change_count().await, before);
    service.send(signed).await.ok();
}

#[tokio::test]
async fn s02_bodies_outside_the_signature_are_refused() {
    let service = Service::with_repository().await;
    for presigned in [false, true] {
        for marker in ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"] {
            let signing = Signing {
                presigned,
                ..Signing::by(&service.key, NOW)
            };
            let ask = describe()
                .header("x-amz-content-sha256", marker)
                .signed(&signing);
            service
                .send(ask)
                .await
                .refused(403, "InvalidSignatureException");
        }
    }
}

#[tokio::test]
async fn s03_other_times_regions_and_services_are_refused() {
    let service = Service::with_repository().await;
    let by = Signing::by(&service.key, NOW);
    let minutes = |minutes: i64| NOW.plus_ms(minutes * 60_000);
    for at in [minutes(-14), minutes(14)] {
        service
            .send(describe().signed(&Signing { at, ..by.clone() }))
            .await
            .ok();
    }
    for signing in [
        Signing {
            at: minutes(-16),
            ..by.clone()
        },
        Signing {
            at: minutes(16),
            ..by.clone()
        },
        Signing {
            region: "eu-west-1",
            ..by.clone()
        },
        Signing {
            service: "s3",
            ..by.clone()
        },
    ] {
        let answer = service.send(describe().signed(&signing)).await;
        answer.refused(403, "InvalidSignatureException");
    }
}

#[tokio::test]
async fn s05_a_presigned_request_ends_and_takes_no_more_parameters() {
    let service = Service::with_repository().await;
    let presigned = describe().signed(&Signing {
        presigned: true,
        ..Signing::by(&service.key, NOW)
    });
    let added = presigned.clone().query("domain-owner", ACCOUNT);
    service
        .send(added)
        .await
        .refused(403, "InvalidSignatureException");
    service.send(presigned.clone()).await.ok();
    service.clock.advance_ms(61_000);
    service
        .send(presigned)
        .await
        .refused(403, "InvalidSignatureException");
}

#[tokio::test]
async fn s04_encodings_that_mean_the_same_are_read_as_they_were_signed() {
    let service = Service::with_repository().await;
    // A plus that is signed as a space is also read as one.
    let make = post("/v1/packages")
        .query("domain", "acme")
        .query("repository", "team-a");
    let answer = service.ask(make.clone().raw("package-prefix=a+b")).await;
    let message = answer.invalid("FIELD_VALIDATION_FAILED");
    assert!(
        message.contains("Value 'a b' at 'packagePrefix'"),
        "{message}"
    );
    service.ask(make.raw("package-prefix=a%2bb")).await.ok();
    service
        .ask(get("/v1/domain").raw("do%6dain=%61cme"))
        .await
        .ok();
}

#[tokio::test]
async fn s07_a_session_token_with_a_long_term_key_is_refused() {
    let service = Service::with_repository().await;
    let signing = Signing {
        token: Some("FwoGZXIvYXdzEXAMPLE"),
        ..Signing::by(&service.key, NOW)
    };
    for presigned in [false, true] {
        let ask = describe().signed(&Signing {
            presigned,
            ..signing.clone()
        });
        let body = service
            .send(ask)
            .await
            .refused(403, "UnrecognizedClientException");
        assert_eq!(body["message"], UNKNOWN_TEXT);
    }
}

#[tokio::test]
async fn s08_unknown_disabled_and_impossible_keys_are_told_alike() {
    let service = Service::with_repository().await;
    let disabled = service.make_admin("jane").await;
    service
        .send(describe().signed_by(&disabled, NOW))
        .await
        .ok();
    service
        .catalog
        .disable_access_key(&service.root(), &disabled.id)
        .await
        .unwrap();
    let by = Signing::by(&disabled, NOW);
    let long = "A".repeat(2000);
    for id in [&*disabled.id, "AKIAIOSFODNN7EXAMPLE", "a-b", "é", &*long] {
        let body = service
            .send(describe().signed(&Signing { id, ..by.clone() }))
            .await
            .refused(403, "UnrecognizedClientException");
        assert_eq!(body, json!({ "message": UNKNOWN_TEXT }), "{id}");
    }
    let presigned = Signing {
        id: "A\0B",
        presigned: true,
        ..by
    };
    service
        .send(describe().signed(&presigned))
        .await
        .refused(403, "UnrecognizedClientException");
    let wrong = Signing {
        secret: "wrong",
        ..Signing::by(&service.key, NOW)
    };
    let body = service
        .send(describe().signed(&wrong))
        .await
        .refused(403, "InvalidSignatureException");
    let text = body["message"].as_str().unwrap();
    assert!(
        text.starts_with("The request signature we calculated does not match"),
        "{text}"
    );
}

#[tokio::test]
async fn the_signature_is_checked_before_members_and_members_before_rights() {
    let service = Service::with_repository().await;
    let bad = || {
        get("/v1/domain")
            .query("domain", "x")
            .query("domain-owner", "999999999999")
    };
    service
        .send(bad())
        .await
        .refused(403, "MissingAuthenticationTokenException");
    service.ask(bad()).await.invalid("FIELD_VALIDATION_FAILED");
    service
        .ask(bad().with("domain", "none"))
        .await
        .refused(403, "AccessDeniedException");
}

#[tokio::test]
async fn o01_refusals_do_not_repeat_signatures_or_secrets() {
    let service = Service::with_repository().await;
    let signed = describe().signed(&Signing {
        secret: "wrong",
        ..Signing::by(&service.key, NOW)
    });
    let header = signed
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap()
        .1
        .clone();
    let signature = header.rsplit('=').next().unwrap().to_owned();
    let answer = service.send(signed).await;
    let text = format!("{answer:?}");
    assert!(!text.contains(&signature) && !text.contains(service.key.secret.expose()));
}
