//! Redirects are followed by hand, each hop checked like the first.

use upstream::{DocumentAnswer, Limits, SourceError};

use crate::registry::{Registry, Step, ask, limits, reply, source};

fn redirect_to(status: u16, location: &str) -> Vec<Step> {
    vec![Step::Send(reply(
        status,
        &format!("location: {location}\r\n"),
        b"moved",
    ))]
}

async fn redirecting_to(location: &str) -> Registry {
    let location = location.to_owned();
    Registry::start(move |_| redirect_to(302, &location)).await
}

#[tokio::test]
async fn a_redirect_is_followed_and_the_conditions_go_with_it() {
    for status in [301, 302, 303, 307, 308] {
        let registry = Registry::start(move |request| match request.path.as_str() {
            "/old" => redirect_to(status, "/new?x=1#part"),
            "/new?x=1" => vec![Step::Send(reply(200, "", b"here"))],
            _ => vec![Step::Send(reply(500, "", b""))],
        })
        .await;
        let (_, source) = source(&registry, limits());
        let answer = ask(&source, &registry.url("/old")).await.unwrap();
        assert!(
            matches!(answer, DocumentAnswer::Modified { bytes, .. } if bytes == "here"),
            "{status}"
        );
        assert_eq!(registry.seen.paths(), ["/old", "/new?x=1"]);
        assert_eq!(
            registry.seen.requests()[1].header("accept"),
            Some("application/json")
        );
    }
}

#[tokio::test]
async fn an_absence_behind_a_redirect_is_remembered_for_the_name_that_was_asked() {
    let registry = Registry::start(|request| match request.path.as_str() {
        "/old" => redirect_to(302, "/gone"),
        _ => vec![Step::Send(reply(404, "", b""))],
    })
    .await;
    let (_, source) = source(&registry, limits());
    for _ in 0..2 {
        assert_eq!(
            ask(&source, &registry.url("/old")).await,
            Ok(DocumentAnswer::Absent)
        );
    }
    assert_eq!(registry.seen.count(), 2);
}

#[tokio::test]
async fn x03_redirects_in_a_circle_are_refused() {
    let registry = Registry::start(|request| match request.path.as_str() {
        "/a" => redirect_to(302, "/b"),
        _ => redirect_to(302, "/a"),
    })
    .await;
    let (_, source) = source(&registry, limits());
    let error = ask(&source, &registry.url("/a")).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::ForbiddenRedirect {
            reason: "it leads in a circle"
        }
    );
    assert_eq!(registry.seen.paths(), ["/a", "/b"]);
}

#[tokio::test]
async fn x03_redirects_without_end_are_refused() {
    let registry = Registry::start(|request| redirect_to(302, &format!("{}x", request.path))).await;
    let (_, source) = source(
        &registry,
        Limits {
            redirects: 3,
            ..limits()
        },
    );
    let error = ask(&source, &registry.url("/")).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::ForbiddenRedirect {
            reason: "there are too many redirects in a row"
        }
    );
    assert_eq!(registry.seen.count(), 4);
}

#[tokio::test]
async fn x03_a_redirect_to_a_file_is_refused() {
    for location in [
        "file:///etc/passwd",
        "ftp://files.example/x",
        "gopher://files.example/1",
    ] {
        let registry = redirecting_to(location).await;
        let (_, source) = source(&registry, limits());
        let error = ask(&source, &registry.url("/x")).await.unwrap_err();
        assert_eq!(
            error,
            SourceError::ForbiddenRedirect {
                reason: "only http and https are spoken"
            }
        );
        let error = source.open(&registry.url("/x")).await.unwrap_err();
        assert_eq!(
            error,
            SourceError::ForbiddenRedirect {
                reason: "only http and https are spoken"
            }
        );
    }
}

#[tokio::test]
async fn x03_a_redirect_to_a_metadata_service_is_refused() {
    let targets = [
        "http://169.254.169.254/latest/",
        "http://2852039166/",
        "http://[fd00:ec2::254]/",
        "http://0/",
    ];
    for location in targets {
        let registry = redirecting_to(location).await;
        let (_, source) = source(&registry, limits());
        let error = ask(&source, &registry.url("/x")).await.unwrap_err();
        assert!(
            matches!(error, SourceError::ForbiddenAddress { .. }),
            "{location}: {error:?}"
        );
    }
}

#[tokio::test]
async fn x03_a_redirect_that_names_no_target_is_refused() {
    let registry = Registry::replying(302, "", "").await;
    let (_, source) = source(&registry, limits());
    let error = ask(&source, &registry.url("/x")).await.unwrap_err();
    assert_eq!(
        error,
        SourceError::ForbiddenRedirect {
            reason: "it does not say where to"
        }
    );
}
