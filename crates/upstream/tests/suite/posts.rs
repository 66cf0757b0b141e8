//! Sending to receivers that are slow, far away, or want it elsewhere.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use model::{Clock, SystemClock};
use upstream::{Receiver, ReceiverConfig, SetupError, SourceError, Upstream, Url};

use crate::registry::{Names, Registry, Step, client, head, limits, reply, within};

fn config(url: Url) -> ReceiverConfig {
    ReceiverConfig {
        name: "hook".to_owned(),
        url,
        extra_ca_pem: None,
        allow_private_network: true,
        timeout_ms: 500,
    }
}

fn receiver(url: Url) -> Receiver {
    client(limits()).1.receiver(config(url)).unwrap()
}

async fn send(receiver: &Receiver) -> Result<(u16, Option<u32>), SourceError> {
    let mut headers = HeaderMap::new();
    headers.insert("webhook-id", "m-1".parse().unwrap());
    let sent = receiver.post(headers, Bytes::from_static(b"{\"a\":1}"));
    let answer = within("an answer", sent).await?;
    Ok((answer.status.as_u16(), answer.retry_after_seconds))
}

#[tokio::test]
async fn a_body_is_posted_as_json_and_the_status_comes_back() {
    let hook = Registry::replying(204, "", "").await;
    let receiver = receiver(hook.url("/events?a=b#fragment"));
    assert_eq!(send(&receiver).await.unwrap(), (204, None));
    let seen = hook.seen.requests();
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("POST", "/events?a=b")
    );
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(seen[0].header("content-length"), Some("7"));
    assert_eq!(seen[0].header("webhook-id"), Some("m-1"));
    assert_eq!(seen[0].header("via"), Some("1.1 reliquary-test"));
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn o07_redirects_of_receivers_are_answers_and_not_followed() {
    let elsewhere = Registry::replying(200, "", "").await;
    let target = elsewhere.url("/stolen");
    for status in [301, 302, 303, 307, 308] {
        let hook = Registry::replying(status, &format!("location: {target}\r\n"), "").await;
        assert_eq!(send(&receiver(hook.url("/"))).await.unwrap().0, status);
    }
    assert_eq!(elsewhere.seen.count(), 0);
}

#[tokio::test]
async fn a_receiver_says_when_to_come_back() {
    let hook = Registry::replying(503, "retry-after: 7\r\n", "later").await;
    assert_eq!(
        send(&receiver(hook.url("/"))).await.unwrap(),
        (503, Some(7))
    );
}

#[tokio::test]
async fn o07_a_receiver_that_says_nothing_or_never_ends_is_bounded() {
    let silent = Registry::start(|_| vec![Step::Hang]).await;
    let error = send(&receiver(silent.url("/"))).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
    let endless = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 99999999999\r\n")),
            Step::Forever(vec![b'x'; 4096]),
        ]
    })
    .await;
    assert_eq!(send(&receiver(endless.url("/"))).await.unwrap().0, 200);
    let dripping = Registry::start(|_| {
        vec![
            Step::Send(head(200, "content-length: 1000\r\n")),
            Step::Drip {
                byte: b'x',
                every_ms: 50,
            },
        ]
    })
    .await;
    assert_eq!(send(&receiver(dripping.url("/"))).await.unwrap().0, 200);
}

#[tokio::test]
async fn x01_o07_receivers_pass_the_rules_on_addresses() {
    let hook = Registry::start(|_| vec![Step::Send(reply(200, "", b""))]).await;
    let (_, upstream) = client(limits());
    let refused = |url: Url, allow_private_network| {
        let config = ReceiverConfig {
            allow_private_network,
            ..config(url)
        };
        let receiver = upstream.receiver(config).unwrap();
        async move { send(&receiver).await.unwrap_err() }
    };
    let error = refused(hook.url("/"), false).await;
    assert!(
        matches!(error, SourceError::ForbiddenAddress { .. }),
        "{error}"
    );
    let metadata = Url::parse("http://169.254.169.254/latest").unwrap();
    let error = refused(metadata, true).await;
    assert!(
        matches!(error, SourceError::ForbiddenAddress { .. }),
        "{error}"
    );
    assert_eq!(hook.seen.count(), 0);

    let names = Names::of(&[("metadata.example", &["169.254.169.254"])]);
    let upstream = Upstream::builder("test", Arc::new(SystemClock) as Arc<dyn Clock>)
        .lookup(names)
        .build()
        .unwrap();
    let url = Url::parse("http://metadata.example/").unwrap();
    let error = send(&upstream.receiver(config(url)).unwrap())
        .await
        .unwrap_err();
    assert!(
        matches!(error, SourceError::ForbiddenAddress { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn addresses_that_cannot_be_sent_to_are_told_at_once() {
    let (_, upstream) = client(limits());
    for bad in ["ftp://a.example/", "http://u:p@a.example/", "data:,x"] {
        let refused = upstream.receiver(config(Url::parse(bad).unwrap()));
        assert!(matches!(refused, Err(SetupError::Base { .. })), "{bad}");
    }
}
