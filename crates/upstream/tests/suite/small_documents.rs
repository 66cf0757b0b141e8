//! Small documents of parties that an operator named.

use std::sync::Arc;

use bytes::Bytes;
use model::SystemClock;
use upstream::{SmallDocuments, SourceConfig, SourceError, Url};

use crate::registry::{Registry, Step, config, reply};

async fn fetch(base: &Url, url: &Url, allow_private_network: bool) -> Result<Bytes, SourceError> {
    let party = SourceConfig {
        allow_private_network,
        ..config(base.clone())
    };
    let documents = SmallDocuments::new("test", Arc::new(SystemClock)).unwrap();
    documents.fetch(party, url).await
}

#[tokio::test]
async fn a_document_is_fetched_afresh_each_time() {
    let registry = Registry::replying(200, "content-type: application/json\r\n", "{}").await;
    let (base, url) = (registry.url("/"), registry.url("/keys"));
    for count in 1..=3 {
        assert_eq!(fetch(&base, &url, true).await.unwrap(), "{}");
        assert_eq!(registry.seen.count(), count);
    }
    let seen = &registry.seen.requests()[0];
    assert_eq!(seen.header("accept"), Some("application/json"));
    assert_eq!(seen.header("authorization"), None);
}

#[tokio::test]
async fn x01_a_private_network_needs_the_operators_permission() {
    let registry = Registry::replying(200, "", "{}").await;
    let url = registry.url("/keys");
    let refused = fetch(&registry.url("/"), &url, false).await;
    assert!(
        matches!(refused, Err(SourceError::ForbiddenAddress { .. })),
        "{refused:?}"
    );
    // Not the metadata service of a cloud, whatever the permission.
    let metadata = Url::parse("http://169.254.169.254/latest").unwrap();
    let refused = fetch(&registry.url("/"), &metadata, true).await;
    assert!(
        matches!(refused, Err(SourceError::ForbiddenAddress { .. })),
        "{refused:?}"
    );
    let with_tls = Url::parse("https://id.example/").unwrap();
    let refused = fetch(&with_tls, &url, true).await;
    assert!(
        matches!(refused, Err(SourceError::ForbiddenUrl { .. })),
        "{refused:?}"
    );
    assert_eq!(registry.seen.count(), 0);
}

#[tokio::test]
async fn x03_redirects_large_documents_and_failures_are_no_documents() {
    let registry = Registry::start(|request| {
        let bytes = match request.path.as_str() {
            "/moved" => reply(302, "location: /keys\r\n", b""),
            "/large" => reply(200, "", &[b' '; 300 * 1024]),
            "/page" => reply(200, "content-type: text/html\r\n", b"<html>"),
            "/absent" => reply(404, "", b"{}"),
            _ => reply(200, "", b"{}"),
        };
        vec![Step::Send(bytes)]
    })
    .await;
    let base = registry.url("/");
    for (path, label) in [
        ("/moved", "ForbiddenRedirect"),
        ("/large", "TooLarge"),
        ("/page", "NotADocument"),
        ("/absent", "Absent"),
    ] {
        let error = fetch(&base, &registry.url(path), true).await.unwrap_err();
        assert!(format!("{error:?}").starts_with(label), "{path}: {error:?}");
    }
    assert!(!registry.seen.paths().contains(&"/keys".to_owned()));
    assert!(fetch(&base, &registry.url("/keys"), true).await.is_ok());
}
