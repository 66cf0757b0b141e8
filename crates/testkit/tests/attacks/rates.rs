//! Request rates of the whole server.

use futures_util::future::join_all;
use reliquary_testkit::server::{ApiCall, Ask};

use crate::support::{House, at};

#[tokio::test(flavor = "multi_thread")]
async fn d07_rates_are_off_until_they_are_switched_on() {
    let house = House::private().await;
    for _ in 0..60 {
        let call = ApiCall::new("POST", "/v1/authorization-token").query("domain", "acme");
        assert_eq!(house.server.call(call).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d07_clients_are_told_when_to_come_back_and_headers_change_nothing() {
    let house = House::with(|config| {
        config.quotas.rates.enabled = true;
        config.quotas.rates.reads_per_account = 5;
        config.quotas.rates.per_address_without_token = 4;
    })
    .await;
    let mut refused = [0, 0];
    // All at once: one after the other they may take longer than the limits mind.
    let turns = (0..40).map(|turn| {
        let forwarded = format!("203.0.113.{turn}");
        let ask = Ask::get(at("main", "-/ping"))
            .header("x-forwarded-for", &forwarded)
            .header("forwarded", &format!("for={forwarded}"));
        let known = ask.clone().bearer(&house.token);
        join_all([house.server.ask(known), house.server.ask(ask)])
    });
    for answers in join_all(turns).await {
        for (answer, count) in answers.iter().zip(&mut refused) {
            if answer.status == 429 {
                assert_eq!(answer.header("retry-after"), "1");
                *count += 1;
            }
        }
    }
    assert!(refused[0] > 0 && refused[1] > 0, "{refused:?}");
    assert!(house.server.is_healthy().await, "probes are not counted");
}
