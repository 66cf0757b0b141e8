//! Credentials go to the source's own origin, and into no message.

use std::sync::Arc;

use model::{Clock, SystemClock};
use tokio::net::TcpListener;
use upstream::{Credentials, SetupError, SourceConfig, SourceError, Upstream, Url};

use crate::registry::{Registry, Step, ask, config, limits, reply, source_with_token};

#[tokio::test]
async fn x04_credentials_are_sent_to_their_own_origin() {
    let registry = Registry::replying(200, "", "{}").await;
    let source = source_with_token(&registry, "s3cret");
    ask(&source, &registry.url("/a")).await.unwrap();
    drop(source.open(&registry.url("/b")).await.unwrap());
    source.check().await.unwrap();
    for request in registry.seen.requests() {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer s3cret"),
            "{} {}",
            request.method,
            request.path
        );
    }
}

#[tokio::test]
async fn x04_credentials_are_not_sent_to_where_a_redirect_leads() {
    let other = Registry::replying(200, "", "{}").await;
    let target = other.url("/stolen");
    let registry = Registry::start(move |_| {
        vec![Step::Send(reply(
            302,
            &format!("location: {target}\r\n"),
            b"",
        ))]
    })
    .await;
    let source = source_with_token(&registry, "s3cret");
    ask(&source, &registry.url("/a")).await.unwrap();
    assert_eq!(
        registry.seen.requests()[0].header("authorization"),
        Some("Bearer s3cret")
    );
    assert_eq!(other.seen.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn x04_credentials_are_not_sent_to_another_host_that_the_metadata_names() {
    let registry = Registry::replying(200, "", "{}").await;
    let files = Registry::replying(200, "", "bytes").await;
    let source = source_with_token(&registry, "s3cret");
    drop(source.open(&files.url("/x.tgz")).await.unwrap());
    ask(&source, &files.url("/x")).await.unwrap();
    assert_eq!(files.seen.count(), 2);
    assert!(
        files
            .seen
            .requests()
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[tokio::test]
async fn x04_credentials_are_not_sent_to_a_realm_that_the_source_names() {
    let realm = Registry::replying(200, "", "{}").await;
    let challenge = format!(
        "www-authenticate: Bearer realm=\"{}\"\r\n",
        realm.url("/token")
    );
    let registry = Registry::replying(401, &challenge, "").await;
    let source = source_with_token(&registry, "s3cret");
    assert_eq!(
        ask(&source, &registry.url("/a")).await,
        Err(SourceError::Refused { status: 401 })
    );
    assert_eq!(realm.seen.count(), 0);
}

#[tokio::test]
async fn x20_no_secret_is_in_a_message() {
    // A port that was free a moment ago and is closed now.
    let address = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let base = Url::parse(&format!("http://{address}/")).unwrap();
    let upstream =
        Upstream::new(limits(), "test", Arc::new(SystemClock) as Arc<dyn Clock>).unwrap();
    let credentials = Some(Credentials::Basic {
        username: "us3r".into(),
        password: "s3cret".into(),
    });
    let configured = SourceConfig {
        credentials,
        ..config(base.clone())
    };
    assert!(!format!("{configured:?}").contains("s3cret"));
    let source = upstream.source(configured).unwrap();
    let url = base.join("/x?token=t0ken").unwrap();
    let error = ask(&source, &url).await.unwrap_err();
    assert!(
        matches!(error, SourceError::Unavailable { .. }),
        "{error:?}"
    );
    let asked_with_user = Url::parse(&format!("http://us3r:s3cret@{address}/x")).unwrap();
    let refused = ask(&source, &asked_with_user).await.unwrap_err();
    for shown in [
        format!("{error} {error:?}"),
        format!("{refused} {refused:?}"),
        format!("{source:?} {upstream:?}"),
    ] {
        assert!(
            !["s3cret", "us3r", "t0ken"]
                .iter()
                .any(|secret| shown.contains(secret)),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn x20_what_the_source_writes_into_its_refusal_is_not_repeated() {
    let registry = Registry::replying(
        403,
        "set-cookie: session=1\r\nx-evil: 1\r\n",
        "<script>evil</script>",
    )
    .await;
    let source = source_with_token(&registry, "s3cret");
    let error = ask(&source, &registry.url("/a")).await.unwrap_err();
    let outward = model::Error::from(error);
    assert_eq!(outward.kind, model::ErrorKind::UpstreamUnavailable);
    assert!(!outward.message.contains("evil") && !outward.message.contains("session"));
}

#[test]
fn a_base_with_a_user_or_another_scheme_is_refused() {
    let upstream =
        Upstream::new(limits(), "test", Arc::new(SystemClock) as Arc<dyn Clock>).unwrap();
    for base in [
        "https://user:s3cret@a.example/",
        "file:///srv/",
        "ftp://a.example/",
    ] {
        let error = upstream
            .source(config(Url::parse(base).unwrap()))
            .unwrap_err();
        assert!(matches!(&error, SetupError::Base { .. }), "{base}");
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
    let bearer = Some(Credentials::Bearer("a\nb".into()));
    let configured = SourceConfig {
        credentials: bearer,
        ..config(Url::parse("https://a.example/").unwrap())
    };
    assert!(matches!(
        upstream.source(configured),
        Err(SetupError::Credentials { .. })
    ));
    let named = Upstream::new(
        limits(),
        "two words",
        Arc::new(SystemClock) as Arc<dyn Clock>,
    );
    assert!(matches!(named, Err(SetupError::Instance(_))));
}
