//! Names, encodings and bodies that someone made on purpose.

use serde_json::json;

use crate::support::{Ask, Service, delete, get, post};

/// What goes into every place that takes a name.
fn hostile() -> Vec<String> {
    let mut texts: Vec<String> = [
        "",
        ".",
        "..",
        "../x",
        "..\\x",
        "a/b",
        "a\\b",
        "a#b",
        "a b",
        "a\tb",
        "x\0y",
        "x\r\nSet-Cookie:a=b",
        "//x",
        "a\u{202e}b",
        "a\u{200b}b",
        "\u{feff}",
        "．．/x",
        "\u{85}",
        " ",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.extend([256, 4097, 60_000].map(|length| "x".repeat(length)));
    texts
}

fn version(ask: Ask) -> Ask {
    let ask = ask
        .query("domain", "acme")
        .query("repository", "team-a")
        .query("format", "npm");
    ask.query("package", "react").query("version", "1.0.0")
}

#[tokio::test]
async fn p01_p05_p09_p10_p11_hostile_names_are_refused_in_every_place() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    for text in hostile() {
        for name in [
            "domain",
            "repository",
            "package",
            "version",
            "namespace",
            "format",
            "domain-owner",
        ] {
            let ask = version(get("/v1/package/version")).with(name, &text);
            service.ask(ask).await.invalid("FIELD_VALIDATION_FAILED");
        }
        for ask in [
            post("/v1/domain").query("domain", &text),
            delete("/v1/repository")
                .query("domain", "acme")
                .query("repository", &text),
            post("/v1/repositories").query("repository-prefix", &text),
            post("/v1/packages")
                .query("domain", "acme")
                .query("repository", "team-a")
                .query("package-prefix", &text),
        ] {
            let answer = service.ask(ask).await;
            answer.invalid("FIELD_VALIDATION_FAILED");
            assert!(
                answer.body.len() < 2000,
                "d02: the reply to a long name is short"
            );
        }
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn p02_names_are_decoded_once() {
    let service = Service::with_repository().await;
    for raw in ["domain=%252e%252e", "domain=..%252f", "domain=acm%2565"] {
        let message = service
            .ask(get("/v1/domain").raw(raw))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(message.contains('%'), "{message}");
    }
}

#[tokio::test]
async fn p12_malformed_encodings_are_refused_with_and_without_a_signature() {
    let service = Service::with_repository().await;
    let dev = crate::support::Setup {
        dev: true,
        ..Default::default()
    };
    let open = Service::start_with(dev).await;
    for raw in ["domain=%", "domain=%2", "domain=%zz", "domain=acme&x=%"] {
        let answer = open.send(get("/v1/domain").raw(raw)).await;
        answer.invalid("CANNOT_PARSE");
        // Such a query has no canonical form, so a signature over it cannot be right.
        let signed = get("/v1/domain")
            .query("domain", "acme")
            .signed_by(&service.key, crate::support::NOW);
        let mut broken = signed;
        broken.raw_query = raw.into();
        broken_is_refused(&service, broken).await;
    }
    let answer = open
        .send(get("/v1/domain").raw("domain=%c0%ae%c0%ae"))
        .await;
    answer.invalid("CANNOT_PARSE");
}

async fn broken_is_refused(service: &Service, ask: Ask) {
    service
        .send(ask)
        .await
        .refused(400, "IncompleteSignatureException");
}

#[tokio::test]
async fn p13_the_host_chooses_nothing() {
    let service = Service::with_repository().await;
    for host in [
        "evil.example",
        "beta-111122223333.packages.example",
        "user@evil.example:1",
    ] {
        let mut ask = get("/v1/repository/endpoint")
            .query("domain", "acme")
            .query("repository", "team-a");
        ask.headers[0].1 = host.into();
        let ask = ask.query("format", "npm").header("x-forwarded-host", host);
        let answer = service
            .send(ask.signed_by(&service.key, crate::support::NOW))
            .await;
        let expected = "http://acme-111122223333.ipv4.packages.example/npm/team-a/";
        assert_eq!(answer.ok()["repositoryEndpoint"], expected);
    }
}

#[tokio::test]
async fn s22_bodies_of_another_type_and_bodies_on_get_are_refused() {
    let service = Service::with_repository().await;
    let list = |kind: &str| post("/v1/domains").header("content-type", kind).body(b"{}");
    for kind in [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON",
        "application/x-amz-json-1.1",
    ] {
        service.ask(list(kind)).await.ok();
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "application/jsonx",
    ] {
        service.ask(list(kind)).await.invalid("CANNOT_PARSE");
    }
    // Without a body the type says nothing.
    service
        .ask(post("/v1/domains").header("content-type", "text/plain"))
        .await
        .ok();
    let answer = service
        .ask(get("/v1/domain").query("domain", "acme").json(&json!({})))
        .await;
    answer.invalid("CANNOT_PARSE");
}

#[tokio::test]
async fn u12_hostile_json_is_refused() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let deep = format!(
        "{{\"tags\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies: [&[u8]; 7] = [
        b"{\"description\":\"a\",\"description\":\"b\"}",
        b"{\"tags\":[{\"key\":\"a\",\"key\":\"b\",\"value\":\"\"}]}",
        b"{\"description\":\"x\"} trailing",
        b"{\"description\":\"\xff\xfe\"}",
        b"\xef\xbb\xbf{}",
        b"{\"description\":\"\\ud800\"}",
        deep.as_bytes(),
    ];
    for body in bodies {
        let ask = post("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-b")
            .body(body);
        service.ask(ask).await.invalid("CANNOT_PARSE");
    }
    assert_eq!(service.change_count().await, before);
}
