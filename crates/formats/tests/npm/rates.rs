//! Request rates of package clients, and what the audit record is told of a request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use catalog::{Rates, RequestFacts, RequestParameters, RequestPlace};
use formats::Body;
use http::Request;
use model::Clock as _;

use crate::house::{House, OWNER, Plan};
use crate::packages::Release;
use crate::wire::{Answer, empty, full, send};

async fn house_with(rates: Rates) -> House {
    let mut plan = Plan::default();
    plan.quotas.rates = rates;
    let house = House::with(plan).await;
    house.add_repository("main", &[]).await;
    house
}

fn from(address: &str, authorization: Option<&str>) -> Request<Body> {
    let target = format!("/npm/d/acme-{OWNER}/main/-/ping");
    let mut request = Request::get(target).body(empty()).unwrap();
    request.extensions_mut().insert(RequestPlace {
        source_ip: Some(address.parse().unwrap()),
        secure_transport: false,
    });
    if let Some(authorization) = authorization {
        let value = authorization.parse().unwrap();
        request.headers_mut().insert("authorization", value);
    }
    request
}

fn throttled(answer: &Answer) {
    assert_eq!(answer.status, 429);
    assert_eq!(answer.header("retry-after"), "1");
    assert_eq!(answer.error(), "Rate exceeded");
}

#[tokio::test]
async fn without_rates_nothing_is_counted() {
    let house = house_with(Rates::default()).await;
    for _ in 0..2000 {
        assert_eq!(house.at("main").get("-/ping").await.status, 200);
    }
}

#[tokio::test]
async fn reads_and_writes_of_an_account_are_counted_apart() {
    let house = house_with(Rates {
        reads_per_account: Some(3),
        writes_per_account: Some(1),
        ..Rates::default()
    })
    .await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let next = Release::new("widget", "1.1.0").document();
    throttled(&main.put("widget", &next).await);
    for _ in 0..3 {
        assert_eq!(main.get("widget").await.status, 200);
    }
    throttled(&main.get("widget").await);
    throttled(&main.tarball("widget", "1.0.0").await);
    assert_eq!(main.head("widget").await.status, 429);
    // A stranger has an account of his own.
    let token = house.strangers_token().await;
    let stranger = house
        .at("main")
        .with_authorization(Some(format!("Bearer {token}")));
    assert_eq!(stranger.get("widget").await.status, 403);
    house.clock.advance(1000);
    assert_eq!(main.get("widget").await.status, 200);
    main.publish(&Release::new("widget", "1.1.0")).await;
}

#[tokio::test]
async fn d07_a_token_has_one_share_in_every_form_it_is_sent() {
    let house = house_with(Rates {
        per_token: Some(4),
        ..Rates::default()
    })
    .await;
    let token = &house.token;
    let basic = STANDARD.encode(format!("aws:{token}"));
    let other = STANDARD.encode(format!("{token}:x"));
    let forms = [
        format!("Bearer {token}"),
        format!("Basic {basic}"),
        format!("Basic {other}"),
        token.clone(),
    ];
    for (turn, form) in forms.iter().enumerate() {
        let answer = send(&house, from(&format!("192.0.2.{turn}"), Some(form))).await;
        assert_eq!(answer.status, 200, "{form}");
    }
    throttled(&send(&house, from("192.0.2.99", Some(&forms[1]))).await);
    house.clock.advance(1000);
    let second = house.at("main").get("-/ping").await;
    assert_eq!(second.status, 200);
}

#[tokio::test]
async fn a11_d07_strangers_are_counted_by_address_and_shut_nobody_else_out() {
    let house = house_with(Rates {
        per_address_without_token: Some(3),
        ..Rates::default()
    })
    .await;
    let good = format!("Bearer {}", house.token);
    // No token, one that nobody made, and one that cannot be read are worth the same.
    for bad in [None, Some("Bearer eyJ.made-up.x"), Some("Digest x")] {
        let answer = send(&house, from("192.0.2.1", bad)).await;
        assert_eq!(answer.status, 401, "{bad:?}");
    }
    throttled(&send(&house, from("192.0.2.1", None)).await);
    throttled(&send(&house, from("192.0.2.1", Some("Bearer eyJ.other.y"))).await);
    assert_eq!(send(&house, from("192.0.2.2", None)).await.status, 401);
    for _ in 0..10 {
        let answer = send(&house, from("192.0.2.1", Some(&good))).await;
        assert_eq!(answer.status, 200, "a good token is not counted by address");
    }
    for host in 0..3 {
        let address = format!("2001:db8:1:2::{host}");
        assert_eq!(send(&house, from(&address, None)).await.status, 401);
    }
    throttled(&send(&house, from("2001:db8:1:2:ffff::9", None)).await);
    assert_eq!(
        send(&house, from("2001:db8:1:3::1", None)).await.status,
        401
    );
}

#[tokio::test]
async fn an_asset_above_the_quota_is_refused_with_402() {
    let house = House::private().await;
    let main = house.at("main");
    // Eight mebibytes of noise; the archive is a little larger.
    let mut state = 7_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    })
    .take(8 << 20)
    .collect();
    let release = Release::with("widget", "1.0.0", serde_json::json!({}), &noise);
    let answer = main.put("widget", &release.document()).await;
    assert_eq!(answer.status, 402, "{:?}", answer.body);
    assert!(answer.error().contains("8388608"), "{}", answer.error());
    assert_eq!(main.get("widget").await.status, 404);
    assert!(house.stored().await.is_empty());
}

async fn facts(house: &House, method: &str, path: &str, body: String) -> RequestFacts {
    let request = Request::builder()
        .method(method)
        .uri(format!("/npm/d/acme-{OWNER}/main/{path}"))
        .header("authorization", format!("Bearer {}", house.token))
        .body(full(body))
        .unwrap();
    let mut response = house.endpoints.handle(request).await;
    response.extensions_mut().remove().unwrap()
}

/// Event, whether it only read, and the package with its version.
fn about(facts: &RequestFacts) -> (&'static str, bool, String) {
    let RequestParameters::Package(named) = &facts.parameters else {
        panic!("a package request");
    };
    assert_eq!(named.format, "npm");
    assert_eq!(named.domain.as_ref().unwrap().name.as_str(), "acme");
    assert_eq!(named.repository.as_ref().unwrap().as_str(), "main");
    let package = named.package.as_ref().map(ToString::to_string);
    let version = named.version.as_ref().map(ToString::to_string);
    let shown = format!(
        "{} {}",
        package.unwrap_or_default(),
        version.unwrap_or_default()
    );
    (facts.event, facts.is_read_only, shown)
}

#[tokio::test]
async fn the_record_is_told_the_right_and_the_package_of_a_request() {
    let house = House::private().await;
    let release = Release::new("@team/widget", "1.0.0").document().to_string();
    let published = facts(&house, "PUT", "@team%2fwidget", release).await;
    let expected = (
        "PublishPackageVersion",
        false,
        "npm/team/widget 1.0.0".to_owned(),
    );
    assert_eq!(about(&published), expected);
    assert_eq!(published.failure, None);
    assert_eq!(published.administrator.unwrap().as_str(), OWNER);
    assert_eq!(published.owner.unwrap().as_str(), OWNER);
    assert_eq!(published.caller.unwrap().account().as_str(), OWNER);

    let document = house.at("main").get("@team%2fwidget?write=true").await;
    let mut document = document.json();
    document["versions"]["1.0.0"]["deprecated"] = "old".into();
    let deprecated = facts(&house, "PUT", "@team%2fwidget", document.to_string()).await;
    let expected = ("PutPackageMetadata", false, "npm/team/widget ".to_owned());
    assert_eq!(about(&deprecated), expected);

    for (method, path, event, is_read_only, shown) in [
        (
            "GET",
            "@team%2fwidget",
            "ReadFromRepository",
            true,
            "npm/team/widget ",
        ),
        (
            "GET",
            "@team/widget/-/widget-1.0.0.tgz",
            "ReadFromRepository",
            true,
            "npm/team/widget 1.0.0",
        ),
        ("GET", "absent", "ReadFromRepository", true, "npm//absent "),
        ("GET", "-/ping", "ReadFromRepository", true, " "),
        (
            "PUT",
            "-/package/@team%2fwidget/dist-tags/x",
            "PutPackageMetadata",
            false,
            "npm/team/widget ",
        ),
        (
            "DELETE",
            "@team%2fwidget/-rev/x",
            "DeletePackage",
            false,
            "npm/team/widget ",
        ),
        ("POST", "-/unheard/of", "UnknownOperation", false, " "),
    ] {
        let told = facts(&house, method, path, "\"1.0.0\"".into()).await;
        assert_eq!(
            about(&told),
            (event, is_read_only, shown.to_owned()),
            "{path}"
        );
        assert!(told.caller.is_some());
    }
}

#[tokio::test]
async fn a_refused_request_is_told_with_what_the_client_was_told() {
    let house = House::private().await;
    let mut request = from("192.0.2.1", Some("Bearer eyJ.planted.x"));
    let mut response = house.endpoints.handle(request).await;
    let told: RequestFacts = response.extensions_mut().remove().unwrap();
    let failure = told.failure.as_ref().unwrap();
    assert_eq!(failure.code, "UnrecognizedClientException");
    assert!(!failure.message.contains("planted"));
    assert!(told.caller.is_none());
    assert_eq!(about(&told), ("ReadFromRepository", true, " ".to_owned()));

    let token = house.strangers_token().await;
    request = from("192.0.2.1", Some(&format!("Bearer {token}")));
    let mut response = house.endpoints.handle(request).await;
    let told: RequestFacts = response.extensions_mut().remove().unwrap();
    assert_eq!(told.failure.unwrap().code, "AccessDeniedException");
    let caller = told.caller.unwrap();
    assert_eq!(caller.to_string(), "arn:aws:iam::999900001111:user/mallory");
    assert_eq!(caller.token_issued_at(), Some(house.clock.now()));
    assert_eq!(caller.place().source_ip, Some([192, 0, 2, 1].into()));
    assert_eq!(
        told.administrator, None,
        "whoever may not read learns nothing"
    );
}
