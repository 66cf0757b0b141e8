//! Tokens: in every carrier, for every purpose but their own, and past their end.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, DomainName, Principal, PrincipalKind};
use reliquary_testkit::fake_npm::{FakePackage, FakeVersion};
use reliquary_testkit::server::{Answer, ApiCall, Ask};
use serde_json::json;

use crate::support::{House, Release, at, ok, refused, wait_until};

/// A read and every kind of write.
fn doors(release: &Release) -> Vec<(&'static str, String, String)> {
    let document = Release::new("intruder", "1.0.0").document().to_string();
    vec![
        ("GET", at("main", "left-pad"), String::new()),
        ("HEAD", at("main", "left-pad"), String::new()),
        ("GET", at("main", &release.file()), String::new()),
        ("HEAD", at("main", &release.file()), String::new()),
        ("GET", at("main", "left-pad/1.0.0"), String::new()),
        (
            "GET",
            at("main", "-/package/left-pad/dist-tags"),
            String::new(),
        ),
        (
            "GET",
            at("main", "-/package/left-pad/visibility"),
            String::new(),
        ),
        (
            "GET",
            at("main", "-/package/left-pad/collaborators"),
            String::new(),
        ),
        ("GET", at("main", "-/v1/search?text=left"), String::new()),
        ("GET", at("main", "-/whoami"), String::new()),
        ("GET", at("main", "-/ping"), String::new()),
        ("GET", at("main", ""), String::new()),
        ("GET", at("main", "left-pad?write=true"), String::new()),
        ("PUT", at("main", "intruder"), document),
        (
            "PUT",
            at("main", "-/package/left-pad/dist-tags/next"),
            "\"1.0.0\"".to_owned(),
        ),
        (
            "DELETE",
            at("main", "-/package/left-pad/dist-tags/latest"),
            String::new(),
        ),
        ("DELETE", at("main", "left-pad/-rev/1-x"), String::new()),
        (
            "DELETE",
            at("main", &format!("{}/-rev/1-x", release.file())),
            String::new(),
        ),
        (
            "PUT",
            at("main", "left-pad/-rev/1-x"),
            json!({ "name": "left-pad", "versions": {} }).to_string(),
        ),
    ]
}

/// Asks at every door with what `arm` adds, and expects this status and no change.
async fn assert_shut(
    house: &House,
    release: &Release,
    status: u16,
    what: &str,
    arm: impl Fn(Ask) -> Ask,
) {
    let before = house.state().await;
    for (method, target, body) in doors(release) {
        let answer = house
            .server
            .ask(arm(Ask::new(method, &target).body(body)))
            .await;
        assert_eq!(
            answer.status,
            status,
            "{what}: {method} {target}: {}",
            answer.text()
        );
        assert!(
            !answer.text().contains("1.0.0"),
            "{what}: {method} {target}: {}",
            answer.text()
        );
    }
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn a02_tokens_of_other_makes_open_nothing() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = part(json!({ "sub": "root", "domain": "acme", "exp": 99_999_999_999_u64 }));
    let sealed: Vec<&str> = house.token.split('.').collect();
    let mut changed = house.token.clone().into_bytes();
    let last = changed.len() - 8;
    changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
    for token in [
        format!("{}.{claims}.", part(json!({ "alg": "none" }))),
        format!(
            "{}.{claims}.{}",
            part(json!({ "alg": "HS256", "typ": "JWT" })),
            URL_SAFE_NO_PAD.encode([0; 32])
        ),
        format!(
            "{}.{claims}.AAAA",
            part(
                json!({ "alg": "RS256", "jku": house.source.base_url(), "jwk": { "kty": "oct", "k": "" } })
            )
        ),
        format!(
            "{}.{}",
            part(json!({ "alg": "none" })),
            sealed[1..].join(".")
        ),
        format!("{}.{}.", sealed[0], claims),
        house.token[..house.token.len() - 1].to_owned(),
        format!("{}A", house.token),
        String::from_utf8(changed).unwrap(),
        house.server.root_key().1.to_owned(),
        house.server.root_key().0.to_owned(),
        "x".repeat(8000),
        "undefined".to_owned(),
    ] {
        assert_shut(
            &house,
            &release,
            401,
            &token[..token.len().min(30)],
            |ask| ask.bearer(&token),
        )
        .await;
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "no key is fetched from where a token says"
    );
}

#[tokio::test]
async fn a03_a04_z07_a_token_for_another_domain_or_of_a_stranger_opens_no_door() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    house.add_domain("beta").await;
    let beta = house.token_for("beta", house.server.root_key()).await;
    assert_shut(&house, &release, 403, "of another domain", |ask| {
        ask.bearer(&beta)
    })
    .await;
    let stranger = house.strangers_token().await;
    assert_shut(&house, &release, 403, "of a stranger", |ask| {
        ask.bearer(&stranger)
    })
    .await;
    let mut claims = house
        .server
        .claims(house.server.root(), "acme", (0, 900_000));
    claims.domain_owner = AccountId::parse("999900001111").unwrap();
    let foreign = house.server.mint(&claims).await;
    assert_shut(
        &house,
        &release,
        403,
        "of a domain of that name elsewhere",
        |ask| ask.bearer(&foreign),
    )
    .await;
    claims.domain_owner = house.server.config().account.clone();
    claims.domain = DomainName::parse("acme2").unwrap();
    let longer = house.server.mint(&claims).await;
    assert_shut(
        &house,
        &release,
        403,
        "of a domain whose name begins so",
        |ask| ask.bearer(&longer),
    )
    .await;
}

#[tokio::test]
async fn a04_w07_a_package_token_is_no_credential_for_the_api() {
    let house = House::private().await;
    let before = house.state().await;
    for (method, path) in [
        ("POST", "/v1/domains"),
        ("GET", "/v1/domain?domain=acme"),
        ("DELETE", "/v1/domain?domain=acme"),
        ("POST", "/v1/domain?domain=other"),
        ("POST", "/v1/repository?domain=acme&repository=other"),
        ("DELETE", "/v1/repository?domain=acme&repository=main"),
        ("POST", "/v1/authorization-token?domain=acme"),
    ] {
        for ask in [
            Ask::new(method, path).bearer(&house.token),
            Ask::new(method, path).basic("aws", &house.token),
            Ask::new(method, path).header("authorization", &house.token),
            Ask::new(method, path).header("x-amz-security-token", &house.token),
        ] {
            let answer = house.server.ask(ask).await;
            refused(&answer, path);
            assert!(!answer.text().contains("authorizationToken"));
        }
    }
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn a05_every_carrier_has_the_same_scope_and_a_query_string_is_none() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    type Carrier = fn(Ask, &str) -> Ask;
    let carriers: [(&str, Carrier); 4] = [
        ("bearer", |ask, token| ask.bearer(token)),
        ("password", |ask, token| ask.basic("aws", token)),
        ("user name", |ask, token| ask.basic(token, "")),
        ("bare", |ask, token| ask.header("authorization", token)),
    ];
    let good = house.token.clone();
    let stranger = house.strangers_token().await;
    let expired = house
        .server
        .mint(
            &house
                .server
                .claims(house.server.root(), "acme", (-7_200_000, -1000)),
        )
        .await;
    for (name, carrier) in carriers {
        let answer = house
            .server
            .ask(carrier(Ask::get(at("main", &release.file())), &good))
            .await;
        assert_eq!(
            (answer.status, answer.body),
            (200, release.tarball.to_vec()),
            "{name}"
        );
        assert_shut(&house, &release, 403, name, |ask| carrier(ask, &stranger)).await;
        assert_shut(&house, &release, 401, name, |ask| carrier(ask, &expired)).await;
    }
    assert_shut(&house, &release, 401, "nothing", |ask| ask).await;
    for header in [
        "cookie",
        "x-auth-token",
        "x-npm-auth",
        "x-api-key",
        "x-nuget-apikey",
        "proxy-authorization",
        "npm-otp",
    ] {
        let value = if header == "cookie" {
            format!("token={good}")
        } else {
            good.clone()
        };
        assert_shut(&house, &release, 401, header, |ask| {
            ask.header(header, &value)
        })
        .await;
    }
    for (method, target, body) in doors(&release) {
        for parameter in [
            "token",
            "access_token",
            "_authToken",
            "authToken",
            "authorization",
            "X-Amz-Security-Token",
        ] {
            let joint = if target.contains('?') { '&' } else { '?' };
            let target = format!("{target}{joint}{parameter}={good}");
            let answer = house
                .server
                .ask(Ask::new(method, &target).body(body.clone()))
                .await;
            assert_eq!(
                answer.status,
                401,
                "{method} {parameter}: {}",
                answer.text()
            );
        }
    }
    let twice = Ask::get(at("main", "left-pad"))
        .bearer(&stranger)
        .bearer(&good);
    assert_eq!(
        house.server.ask(twice).await.status,
        401,
        "two credentials are none"
    );
}

#[tokio::test]
async fn a06_tokens_of_the_past_and_of_the_future_open_nothing() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    // What is cached for those who may must not be given to those who may not.
    assert_eq!(house.get(&at("main", "left-pad")).await.status, 200);
    for (what, span) in [
        ("ended a second ago", (-7_200_000, -1000)),
        ("not yet", (3_600_000, 7_200_000)),
    ] {
        let token = house
            .server
            .mint(&house.server.claims(house.server.root(), "acme", span))
            .await;
        assert_shut(&house, &release, 401, what, |ask| ask.bearer(&token)).await;
    }
    let good = house
        .server
        .mint(
            &house
                .server
                .claims(house.server.root(), "acme", (0, 60_000)),
        )
        .await;
    assert_eq!(
        house
            .server
            .ask(Ask::get(at("main", "left-pad")).bearer(&good))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a06_a_disabled_key_and_its_tokens_end_within_five_seconds() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let (id, secret) = house.server.create_key(Some("jane")).await;
    let token = house.token_for("acme", (&id, &secret)).await;
    let read = || async {
        house
            .server
            .ask(Ask::get(at("main", "left-pad")).bearer(&token))
            .await
    };
    let list = || async {
        house
            .server
            .call_as(ApiCall::new("POST", "/v1/domains"), (&id, &secret))
            .await
    };
    assert_eq!((read().await.status, list().await.status), (200, 200));
    house.server.disable_key(&id).await;
    let ended = || async { read().await.status == 401 && list().await.status == 403 };
    wait_until("the key ends everywhere", Duration::from_secs(6), ended).await;
    assert_shut(&house, &release, 401, "a disabled key", |ask| {
        ask.bearer(&token)
    })
    .await;
    assert_eq!(
        house.get(&at("main", "left-pad")).await.status,
        200,
        "others are not concerned"
    );
}

#[tokio::test]
async fn a14_a15_nobody_is_somebody_because_of_a_header() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    for (name, value) in [
        ("x-forwarded-user", "root"),
        ("x-remote-user", "root"),
        ("remote-user", "root"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-real-ip", "127.0.0.1"),
        ("forwarded", "for=127.0.0.1"),
        ("x-amzn-oidc-identity", "root"),
        ("x-forwarded-client-cert", "Subject=\"CN=root\""),
        ("x-http-method-override", "GET"),
    ] {
        assert_shut(&house, &release, 401, name, |ask| ask.header(name, value)).await;
        let answer = house
            .server
            .ask(Ask::new("POST", "/v1/domains").header(name, value))
            .await;
        refused(&answer, name);
    }
    for password in ["", "undefined", "null", "anonymous"] {
        assert_shut(&house, &release, 401, "anonymous", |ask| {
            ask.basic("anonymous", password)
        })
        .await;
    }
}

#[tokio::test]
async fn a19_credentials_in_addresses_come_out_nowhere() {
    let house = House::connected().await;
    let version = FakeVersion::new("1.0.0");
    let base = house
        .source
        .base_url()
        .replace("http://", "http://planted-user:planted-word@");
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(version)
            .tarball_base(&base),
    );
    let mut outputs: Vec<Answer> = Vec::new();
    for path in [
        "left-pad",
        "left-pad/1.0.0",
        "left-pad/-/left-pad-1.0.0.tgz",
        "absent",
    ] {
        outputs.push(house.get(&at("team", path)).await);
    }
    let call = ApiCall::new("GET", "/v1/package/version")
        .query("domain", "acme")
        .query("repository", "team");
    let call = call
        .query("format", "npm")
        .query("package", "left-pad")
        .query("version", "1.0.0");
    outputs.push(house.server.call(call).await);
    outputs.push(
        house
            .server
            .ask(
                Ask::get(at("team", "left-pad"))
                    .header("host", "planted-user:planted-word@h.example"),
            )
            .await,
    );
    outputs.push(
        house
            .server
            .ask(Ask::get("http://planted-user:planted-word@h.example/npm/"))
            .await,
    );
    for answer in outputs {
        assert!(
            !String::from_utf8_lossy(&answer.raw).contains("planted"),
            "{answer:?}"
        );
    }
    assert!(
        !serde_json::to_string(
            &house
                .server
                .changes()
                .await
                .iter()
                .map(|change| change.detail.clone())
                .collect::<Vec<_>>()
        )
        .unwrap()
        .contains("planted")
    );
    for request in house.source.request_log() {
        assert_eq!(
            request.header("authorization"),
            None,
            "nobody configured it for this source"
        );
    }
}

#[tokio::test]
async fn a10_s02_a_token_lasts_as_long_as_documented_and_no_longer() {
    let house = House::private().await;
    for duration in [
        "-1",
        "1",
        "899",
        "43201",
        "99999999999999999999",
        "900.5",
        "0x384",
        "1e3",
        "",
        " 900",
        "NaN",
    ] {
        let call = ApiCall::new("POST", "/v1/authorization-token")
            .query("domain", "acme")
            .query("duration", duration);
        assert_eq!(house.server.call(call).await.status, 400, "{duration}");
    }
    let user = Principal {
        account: house.server.config().account.clone(),
        kind: PrincipalKind::User,
        name: "jane".into(),
    };
    house.server.create_key(Some("jane")).await;
    let token = house
        .server
        .mint(&house.server.claims(user, "acme", (0, 900_000)))
        .await;
    let who = ok(&house
        .server
        .ask(Ask::get(at("main", "-/whoami")).bearer(&token))
        .await);
    assert!(
        who["username"].as_str().unwrap().ends_with(":user/jane"),
        "{who}"
    );
}

#[tokio::test]
async fn o04_o05_keys_and_tokens_of_one_installation_open_no_other() {
    let (house, other) = (House::private().await, House::private().await);
    let release = other.published("main", "left-pad", "1.0.0").await;
    assert_ne!(house.server.root_key().1, other.server.root_key().1);
    // Both have domain `acme` of the same account, with a root of the same name.
    assert_shut(&other, &release, 401, "of another installation", |ask| {
        ask.bearer(&house.token)
    })
    .await;
    let answer = other
        .server
        .call_as(ApiCall::new("POST", "/v1/domains"), house.server.root_key())
        .await;
    assert_eq!(answer.status, 403);
    // What development mode takes is taken nowhere else.
    for id in ["AKIAIOSFODNN7EXAMPLE", "dev", "test"] {
        let answer = other
            .server
            .call_as(ApiCall::new("POST", "/v1/domains"), (id, "x"))
            .await;
        assert_eq!(answer.status, 403, "{id}");
    }
}
