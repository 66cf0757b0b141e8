//! Secrets, planted everywhere a caller or an operator can put one, and looked for everywhere the server writes.

use reliquary_testkit::fake_npm::{Behaviour, FakePackage, FakeVersion};
use reliquary_testkit::server::{ApiCall, Ask, Captured};
use serde_json::Value;

use crate::support::{House, Release, at};

#[tokio::test]
async fn o01_z14_planted_secrets_come_out_nowhere() {
    let log = Captured::start();
    let house = House::connected_with(|config| {
        let connection = config.connections.get_mut("public:npmjs").unwrap();
        connection.username = Some("planted-o01-user".to_owned());
        connection.password = Some(server::config::Secret::new(
            "planted-o01-password".to_owned(),
        ));
    })
    .await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    let secret = house.server.root_key().1.to_owned();
    let (extra_id, extra_secret) = house.server.create_key(Some("o01")).await;
    let expired = house
        .server
        .mint(
            &house
                .server
                .claims(house.server.root(), "acme", (-7_200_000, -1000)),
        )
        .await;
    let mut answers = Vec::new();
    for path in [
        "left-pad",
        "left-pad/-/left-pad-1.0.0.tgz",
        "absent",
        "-/whoami",
        "-/npm/v1/user",
        "%zz",
    ] {
        for token in [
            house.token.as_str(),
            "planted-o01-token",
            &expired,
            "eyJ2ZXIiOjF9.planted-o01.sealed",
        ] {
            let query = format!("{}?token=planted-o01-query", at("team", path));
            for ask in [
                Ask::get(at("team", path)).bearer(token),
                Ask::get(at("team", path)).basic("planted-o01-name", token),
                Ask::get(&query)
                    .bearer(token)
                    .header("cookie", "session=planted-o01-cookie")
                    .header("x-api-key", "planted-o01-key"),
                Ask::get(at("team", path)).header("authorization", &format!("Digest {token}")),
            ] {
                answers.push(house.server.ask(ask).await);
            }
        }
    }
    for behaviour in [
        Behaviour::Status(401),
        Behaviour::Status(500),
        Behaviour::CutShort { after_bytes: 3 },
        Behaviour::RedirectTo("http://h.example/?t=planted-o01-redirect".into()),
    ] {
        house.source.set_behaviour("/*", behaviour);
        answers.push(house.get(&at("team", "failing")).await);
        house.source.clear_behaviours();
    }
    let call = || ApiCall::new("POST", "/v1/domains");
    answers.push(
        house
            .server
            .call_as(call(), (house.server.root_key().0, "planted-o01-wrong"))
            .await,
    );
    answers.push(
        house
            .server
            .call_as(call(), (&extra_id, &extra_secret))
            .await,
    );
    let signed = house.server.signed(&call(), house.server.root_key());
    answers.push(
        house
            .server
            .ask(
                signed
                    .clone()
                    .header("x-amz-security-token", "planted-o01-session"),
            )
            .await,
    );
    answers.push(
        house
            .server
            .ask(signed.header("authorization", "AWS4-HMAC-SHA256 planted-o01-header"))
            .await,
    );
    for path in [
        "/v1/repository?domain=acme&repository=store",
        "/v1/domain?domain=acme",
    ] {
        let (path, query) = path.split_once('?').unwrap();
        let mut call = ApiCall::new("GET", path);
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap();
            call = call.query(name, value);
        }
        answers.push(house.server.call(call).await);
    }
    let mut document = Release::new("mine", "1.0.0").document();
    document["_authToken"] = "planted-o01-body".into();
    answers.push(
        house
            .send("PUT", &at("team", "mine"), document.to_string())
            .await,
    );
    answers.push(house.get(&at("team", "mine")).await);

    let sent: Vec<_> = house
        .source
        .request_log()
        .iter()
        .filter_map(|request| request.header("authorization").map(str::to_owned))
        .collect();
    assert!(!sent.is_empty(), "the source got its own credentials");
    let signature_of = |text: &str| text.contains("Signature=") || text.contains("Credential=");
    let log = log.text();
    assert!(log.contains("read-packument"), "the log was looked at");
    let changes = format!("{:?}", house.server.changes().await);
    let metrics = house.server.metrics();
    let replies: Vec<String> = answers
        .iter()
        .map(|answer| String::from_utf8_lossy(&answer.raw).into_owned())
        .collect();
    let basic = sent[0].trim_start_matches("Basic ").to_owned();
    for planted in [
        "planted-o01",
        house.token.as_str(),
        &expired,
        &secret,
        &extra_secret,
        &basic,
    ] {
        for (place, text) in [
            ("the log", &log),
            ("the change log", &changes),
            ("the metrics", &metrics),
        ] {
            assert!(
                !text.contains(planted),
                "{} is in {place}: {:?}",
                &planted[..planted.len().min(24)],
                line_with(text, planted)
            );
        }
        for reply in &replies {
            assert!(
                !reply.contains(planted),
                "{} is in {reply}",
                &planted[..planted.len().min(24)]
            );
        }
    }
    assert!(
        !signature_of(&changes) && !signature_of(&metrics),
        "no signature is kept"
    );
}

fn line_with<'t>(text: &'t str, planted: &str) -> Option<&'t str> {
    text.lines().find(|line| line.contains(planted))
}

#[tokio::test]
async fn o02_callers_cannot_forge_or_hide_lines_of_the_log() {
    let log = Captured::start();
    let house = House::private().await;
    for text in [
        "x%0aforged-o02",
        "x%0d%0a{\"level\":\"ERROR\",\"message\":\"forged-o02\"}",
        "x%1b%5b31mforged-o02",
        "%e2%80%ae-forged-o02",
        "x\u{7f}forged-o02",
    ] {
        house.get(&at("main", text)).await;
        house
            .server
            .ask(Ask::get(format!("/v1/domain?domain={text}")))
            .await;
        house
            .server
            .ask(
                Ask::get(at("main", "x"))
                    .bearer(&house.token)
                    .header("user-agent", &format!("forged-o02\t{text}\u{1b}[2J")),
            )
            .await;
        let release = Release::with(
            "left-pad",
            "1.0.0",
            &serde_json::json!({ "description": "\nforged-o02\u{1b}[2J" }),
            b"x",
        );
        house.publish("main", &release).await;
    }
    let text = log.text();
    assert!(text.lines().count() > 10);
    for line in text.lines() {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(
            event["timestamp"].is_string() && event["level"].is_string(),
            "{line}"
        );
        assert!(
            !event["message"]
                .as_str()
                .unwrap_or_default()
                .contains("forged-o02"),
            "{line}"
        );
        assert!(!line.contains(['\u{1b}', '\u{7f}', '\u{202e}']), "{line}");
    }
}
