//! Where names and addresses may lead.

use std::sync::Arc;

use model::{Clock, SystemClock};
use upstream::{Lookup, Source, SourceConfig, SourceError, Upstream, Url};

use crate::registry::{Names, Registry, Step, ask, config, limits, reply};

fn guarded(names: &Arc<Names>, base: &str, allow_private_network: bool) -> Source {
    client(names)
        .source(configured(base, allow_private_network))
        .unwrap()
}

fn client(names: &Arc<Names>) -> Upstream {
    let clock = Arc::new(SystemClock) as Arc<dyn Clock>;
    let lookup = Arc::clone(names) as Arc<dyn Lookup>;
    Upstream::builder("test", clock)
        .limits(limits())
        .lookup(lookup)
        .build()
        .unwrap()
}

fn configured(base: &str, allow_private_network: bool) -> SourceConfig {
    SourceConfig {
        allow_private_network,
        ..config(Url::parse(base).unwrap())
    }
}

fn is_forbidden<T>(outcome: &Result<T, SourceError>) -> bool {
    matches!(outcome, Err(SourceError::ForbiddenAddress { .. }))
}

#[tokio::test]
async fn x01_an_address_of_this_machine_is_refused_without_permission() {
    let registry = Registry::replying(200, "", "{}").await;
    let port = registry.address.port();
    let names = Names::of(&[]);
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "[::ffff:127.0.0.1]",
        "[::1]",
        "0.0.0.0",
    ] {
        let source = guarded(&names, &format!("http://{host}:{port}/"), false);
        assert!(is_forbidden(&ask(&source, source.base()).await), "{host}");
        assert!(is_forbidden(&source.open(source.base()).await), "{host}");
        assert!(is_forbidden(&source.check().await), "{host}");
    }
    assert_eq!(registry.seen.count(), 0);
    let permitted = guarded(&names, &format!("http://127.0.0.1:{port}/"), true);
    assert!(ask(&permitted, permitted.base()).await.is_ok());
}

#[tokio::test]
async fn x02_a_name_that_leads_into_a_private_network_is_refused() {
    let names = Names::of(&[
        ("loopback.example", &["127.0.0.1"]),
        ("mapped.example", &["::ffff:10.0.0.1"]),
        ("mixed.example", &["203.0.113.1", "127.0.0.1"]),
        ("translated.example", &["64:ff9b::a00:1"]),
    ]);
    for host in [
        "loopback.example",
        "mapped.example",
        "mixed.example",
        "translated.example",
    ] {
        let source = guarded(&names, &format!("http://{host}/"), false);
        let outcome = ask(&source, source.base()).await;
        assert_eq!(
            outcome,
            Err(SourceError::ForbiddenAddress {
                host: host.to_owned()
            })
        );
    }
}

#[tokio::test]
async fn x02_the_name_of_a_metadata_service_is_refused_even_with_permission() {
    let names = Names::of(&[
        ("metadata.internal.example", &["169.254.169.254"]),
        ("six.example", &["fd00:ec2::254"]),
    ]);
    for host in ["metadata.internal.example", "six.example"] {
        let source = guarded(&names, &format!("http://{host}/"), true);
        assert!(is_forbidden(&ask(&source, source.base()).await), "{host}");
    }
}

#[tokio::test]
async fn x02_the_address_that_is_checked_is_the_address_that_is_connected_to() {
    let registry = Registry::replying(200, "", "{}").await;
    let names = Names::of(&[("turning.example", &["127.0.0.1"])]);
    let base = format!("http://turning.example:{}/", registry.address.port());
    let source = guarded(&names, &base, true);
    assert!(ask(&source, source.base()).await.is_ok());
    assert_eq!(
        names.asked(),
        1,
        "one lookup serves the check and the connection"
    );
    names.set("turning.example", &["169.254.169.254"]);
    assert!(
        is_forbidden(&ask(&source, source.base()).await),
        "and the next connection is checked afresh"
    );
}

#[tokio::test]
async fn x02_a_connection_made_with_permission_does_not_serve_a_source_without() {
    // Kept open by both sides, so that it could be used again.
    let gate = Arc::new(tokio::sync::Semaphore::new(0));
    let held = Arc::clone(&gate);
    let registry = Registry::start(move |_| {
        let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec();
        vec![Step::Send(reply), Step::Gate(Arc::clone(&held))]
    })
    .await;
    let names = Names::of(&[("shared.example", &["127.0.0.1"])]);
    let base = format!("http://shared.example:{}/", registry.address.port());
    let upstream = client(&names);
    let permitted = upstream.source(configured(&base, true)).unwrap();
    let without = upstream.source(configured(&base, false)).unwrap();
    assert!(ask(&permitted, permitted.base()).await.is_ok());
    assert!(is_forbidden(&ask(&without, without.base()).await));
}

#[tokio::test]
async fn x03_a_redirect_to_a_name_with_a_forbidden_address_is_refused() {
    let registry = Registry::start(|_| {
        vec![Step::Send(reply(
            302,
            "location: http://inside.example/\r\n",
            b"",
        ))]
    })
    .await;
    let names = Names::of(&[
        ("outside.example", &["127.0.0.1"]),
        ("inside.example", &["169.254.170.2"]),
    ]);
    let source = guarded(
        &names,
        &format!("http://outside.example:{}/", registry.address.port()),
        true,
    );
    let outcome = ask(&source, source.base()).await;
    assert_eq!(
        outcome,
        Err(SourceError::ForbiddenAddress {
            host: "inside.example".to_owned()
        })
    );
}

#[tokio::test]
async fn a_name_that_does_not_exist_makes_the_source_unavailable() {
    let names = Names::of(&[]);
    let source = guarded(&names, "http://nowhere.example/", false);
    let error = ask(&source, source.base()).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Unavailable { reason } if reason.contains("no such name")),
        "{error:?}"
    );
    assert!(error.is_transient());
}
