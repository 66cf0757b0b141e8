//! Events on their way out: to receivers that fail, hang, point elsewhere, and to those that come back.

use std::time::Duration;

use reliquary_testkit::server::Captured;
use server::config::Config;

use crate::receiver::{Receiver, Reply};
use crate::support::{House, Release, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);

fn impatient(config: &mut Config) {
    config.events.timeout_ms = 300;
    config.events.first_retry_ms = 5;
    config.events.longest_retry_ms = 40;
}

async fn wait_for(receiver: &Receiver, events: usize) {
    let told = || async { receiver.story().len() >= events };
    wait_until("the events arrive", PATIENCE, told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o07_an_event_is_sent_signed_again_and_again_until_it_is_acknowledged() {
    let elsewhere = Receiver::start([]).await;
    let location = format!("location: http://{}/stolen\r\n", elsewhere.address);
    let receiver = Receiver::start([
        Reply::Status(500),
        Reply::Silence,
        Reply::With(307, location),
        Reply::Status(404),
        Reply::Status(200),
        Reply::Status(503),
    ])
    .await;
    let house = House::with(|config| {
        impatient(config);
        config.events.endpoints = vec![receiver.endpoint("hook")];
    })
    .await;
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        house.published("main", "widget", version).await;
    }
    wait_for(&receiver, 3).await;
    assert_eq!(
        receiver.story(),
        ["1.0.0 Created", "1.1.0 Created", "1.2.0 Created"]
    );
    assert!(
        elsewhere.attempts().is_empty(),
        "redirects are not followed"
    );
    let attempts = receiver.attempts();
    let statuses: Vec<u16> = attempts.iter().map(|one| one.status).collect();
    assert_eq!(statuses, [500, 0, 307, 404, 200, 503, 204, 204]);
    for attempt in &attempts {
        assert!(attempt.is_signed(), "{attempt:?}");
        assert_eq!(attempt.header("webhook-id"), attempt.json()["id"]);
        assert_eq!(attempt.header("content-type"), "application/json");
        assert_eq!(attempt.header("authorization"), "");
    }
    // A retry is the same message.
    for retry in &attempts[1..5] {
        assert_eq!(retry.text, attempts[0].text);
    }
    let metrics = house.server.metrics();
    for line in [
        "reliquary_event_deliveries_total{endpoint=\"hook\",result=\"delivered\"} 3",
        "reliquary_event_deliveries_total{endpoint=\"hook\",result=\"failed\"} 5",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o07_what_was_not_acknowledged_is_sent_after_a_restart_and_the_rest_is_not() {
    let receiver = Receiver::start([]).await;
    let mut house = House::with(|config| {
        impatient(config);
        config.events.endpoints = vec![receiver.endpoint("hook")];
    })
    .await;
    house.published("main", "widget", "1.0.0").await;
    wait_for(&receiver, 1).await;
    receiver.always(Some(Reply::Status(500)));
    house.published("main", "widget", "1.1.0").await;
    let tried = || async { receiver.attempts().len() >= 3 };
    wait_until("the second event is tried", PATIENCE, tried).await;
    house.server = house.server.restart().await;
    receiver.always(None);
    wait_for(&receiver, 2).await;
    house.server = house.server.restart().await;
    house.published("main", "widget", "1.2.0").await;
    wait_for(&receiver, 3).await;
    assert_eq!(
        receiver.story(),
        ["1.0.0 Created", "1.1.0 Created", "1.2.0 Created"]
    );
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn endpoints_get_what_they_ask_for_and_do_not_wait_for_each_other() {
    let (all, other, stuck) = tokio::join!(
        Receiver::start([]),
        Receiver::start([]),
        Receiver::start([])
    );
    stuck.always(Some(Reply::Status(500)));
    let house = House::with(|config| {
        impatient(config);
        let mut of_other = other.endpoint("other");
        of_other.domain = Some(model::DomainName::parse("other").unwrap());
        let mut of_nobody = other.endpoint("nobody");
        of_nobody.account = Some(model::AccountId::parse("999999999999").unwrap());
        config.events.endpoints = vec![
            stuck.endpoint("stuck"),
            all.endpoint("all"),
            of_other,
            of_nobody,
        ];
    })
    .await;
    house.add_domain("other").await;
    house.add_repository("other", "main", &[]).await;
    house.published("main", "widget", "1.0.0").await;
    let token = house.token_for("other", house.server.root_key()).await;
    let target = format!(
        "/npm/d/other-{}/main/widget",
        reliquary_testkit::server::ACCOUNT
    );
    let document = Release::new("widget", "2.0.0").document();
    let ask = reliquary_testkit::server::Ask::put(&target, &document).bearer(&token);
    assert_eq!(house.server.ask(ask).await.status, 201);
    wait_for(&all, 2).await;
    wait_for(&other, 1).await;
    assert_eq!(other.story(), ["2.0.0 Created"]);
    assert!(stuck.story().is_empty());
    let tried = || async { stuck.attempts().len() >= 2 };
    wait_until("the failing endpoint is tried again", PATIENCE, tried).await;
    let first = &stuck.attempts()[0];
    let same = |one: &crate::receiver::Delivered| one.text == first.text;
    assert!(
        stuck.attempts().iter().all(same),
        "nothing overtakes the first"
    );
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn o01_z14_o07_events_and_logs_hold_no_secret() {
    let log = Captured::start();
    let receiver = Receiver::start([Reply::Status(500)]).await;
    let endpoint = receiver.endpoint("hook");
    let secret = endpoint.secret.clone().unwrap();
    let house = House::with(|config| {
        impatient(config);
        config.events.endpoints = vec![endpoint];
    })
    .await;
    house.published("main", "widget", "1.0.0").await;
    wait_for(&receiver, 1).await;
    let sent: String = receiver
        .attempts()
        .iter()
        .map(|one| one.text.clone())
        .collect();
    let everything = format!("{sent}{}{}", log.text(), house.server.metrics());
    for (what, secret) in [
        ("a token", house.token.as_str()),
        ("the root's key", house.server.root_key().1),
        ("the secret of the endpoint", secret.expose()),
        ("the query of the endpoint", "planted-hook-query"),
    ] {
        assert!(!everything.contains(secret), "{what} came out");
    }
    house.server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d08_an_endpoint_that_is_dead_for_long_costs_a_request_in_a_while() {
    // A port that nobody listens on.
    let gone = Receiver::start([]).await.endpoint("gone");
    let house = House::with(|config| {
        impatient(config);
        config.events.longest_retry_ms = 60_000;
        config.events.first_retry_ms = 60_000;
        config.events.endpoints = vec![gone];
    })
    .await;
    for patch in 0..20 {
        house
            .published("main", "widget", &format!("1.0.{patch}"))
            .await;
    }
    let failed = "reliquary_event_deliveries_total{endpoint=\"gone\",result=\"failed\"} 1\n";
    let once = || async { house.server.metrics().contains(failed) };
    wait_until("the endpoint is tried", PATIENCE, once).await;
    house.published("main", "widget", "2.0.0").await;
    assert!(house.server.metrics().contains(failed), "the pause is kept");
    // Ending does not wait for it either.
    house.server.stop().await;
}
