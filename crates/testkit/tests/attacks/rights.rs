//! Who may: the same answer at every door, and nothing to be learnt from a refusal.

use model::ErrorKind;
use reliquary_testkit::server::{ACCOUNT, ApiCall, Ask};
use serde_json::json;

use crate::support::{House, Release, at, encoded, ok, refused};

#[tokio::test]
async fn z04_to_know_a_digest_opens_nothing() {
    let house = House::private().await;
    house.add_domain("beta").await;
    house.add_repository("beta", "main", &[]).await;
    let beta = house.token_for("beta", house.server.root_key()).await;
    let secret = house.published("main", "secret", "1.0.0").await;
    let sha256 = {
        use sha2::Digest as _;
        hex::encode(sha2::Sha256::digest(&secret.tarball))
    };
    assert!(
        house
            .server
            .stored_files()
            .await
            .iter()
            .any(|path| path.contains(&sha256[2..])),
        "the digest names the blob"
    );
    for path in [
        format!("/blobs/{sha256}"),
        format!("/v1/blobs/{sha256}"),
        format!("/v2/x/blobs/sha256:{sha256}"),
        format!("/npm/d/beta-{ACCOUNT}/main/{sha256}"),
        format!("/npm/d/beta-{ACCOUNT}/main/secret/-/{sha256}"),
        format!("/npm/d/beta-{ACCOUNT}/main/-/{sha256}"),
        format!("/npm/d/beta-{ACCOUNT}/main/secret/-/secret-1.0.0.tgz"),
    ] {
        for method in ["GET", "HEAD"] {
            let ask = Ask::new(method, &path)
                .bearer(&beta)
                .header("if-none-match", &format!("\"{sha256}\""));
            let answer = house.server.ask(ask.header("range", "bytes=0-0")).await;
            refused(&answer, &path);
        }
    }
    // A document that names the digest but brings other bytes, or none.
    let mut liar = Release::new("mine", "1.0.0").document();
    liar["versions"]["1.0.0"]["dist"]["integrity"] = json!(secret.integrity());
    let mine = format!("/npm/d/beta-{ACCOUNT}/main/mine");
    refused(
        &house.server.ask(Ask::put(&mine, &liar).bearer(&beta)).await,
        "other bytes",
    );
    liar["_attachments"] = json!({});
    refused(
        &house.server.ask(Ask::put(&mine, &liar).bearer(&beta)).await,
        "no bytes",
    );
    refused(
        &house.server.ask(Ask::get(&mine).bearer(&beta)).await,
        "nothing was published",
    );
}

#[tokio::test]
async fn z05_y13_a_refused_write_tells_nothing_and_does_nothing() {
    let house = House::private().await;
    let release = house.published("main", "secret", "1.0.0").await;
    let stranger = house.strangers_token().await;
    let before = house.state().await;
    let mut answers = Vec::new();
    for name in ["secret", "absent"] {
        for version in ["1.0.0", "2.0.0"] {
            let document = Release::new(name, version).document();
            let answer = house
                .server
                .ask(Ask::put(at("main", name), &document).bearer(&stranger))
                .await;
            answers.push((answer.status, answer.text().replace(name, "NAME")));
        }
        for (method, target) in [
            ("PUT", format!("-/package/{name}/dist-tags/latest")),
            ("DELETE", format!("-/package/{name}/dist-tags/next")),
            ("DELETE", format!("{name}/-rev/1-x")),
            ("DELETE", format!("{name}/-/{name}-1.0.0.tgz/-rev/1-x")),
        ] {
            let answer = house
                .server
                .ask(
                    Ask::new(method, at("main", &target))
                        .bearer(&stranger)
                        .body("\"1.0.0\""),
                )
                .await;
            assert_eq!(answer.status, 403, "{method} {target}");
            assert!(answer.header("etag").is_empty() && answer.header("location").is_empty());
            assert!(!answer.text().contains(&release.integrity()[..20]));
        }
    }
    assert_eq!(answers[0].0, 403);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:?}"
    );
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn z05_a_conflict_repeats_nothing_of_what_is_there() {
    let house = House::private().await;
    let held = Release::with(
        "secret",
        "1.0.0",
        &json!({ "description": "planted-description" }),
        b"planted",
    );
    assert_eq!(house.publish("main", &held).await.status, 201);
    let other = Release::with(
        "secret",
        "1.0.0",
        &json!({ "description": "mine" }),
        b"mine",
    );
    let answer = house.publish("main", &other).await;
    assert_eq!(answer.status, 409);
    assert!(
        !answer.text().contains("planted") && !answer.text().contains(&held.integrity()[..20]),
        "{}",
        answer.text()
    );
    assert!(answer.header("etag").is_empty());
    assert_eq!(
        house.get(&at("main", &held.file())).await.body,
        held.tarball,
        "what was there stays"
    );
}

#[tokio::test]
async fn z06_z12_what_exists_and_what_does_not_is_refused_alike_to_strangers() {
    let house = House::private().await;
    house.published("main", "secret", "1.0.0").await;
    let token = house.strangers_token().await;
    let mut answers: Vec<(u16, String)> = Vec::new();
    for (repository, name) in [
        ("main", "secret"),
        ("main", "absent"),
        ("absent", "secret"),
        ("absent", "absent"),
    ] {
        for path in [
            name.to_owned(),
            format!("{name}/1.0.0"),
            format!("{name}/-/{name}-1.0.0.tgz"),
            format!("-/package/{name}/dist-tags"),
            "-/v1/search?text=s".into(),
            "-/ping".into(),
        ] {
            let answer = house
                .server
                .ask(Ask::get(at(repository, &path)).bearer(&token))
                .await;
            answers.push((
                answer.status,
                answer.text().replace(repository, "REPOSITORY"),
            ));
        }
    }
    assert_eq!(answers[0].0, 403);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    // Without credentials nothing is told apart either, domains included.
    let mut answers: Vec<(u16, String)> = Vec::new();
    for target in [
        at("main", "secret"),
        at("absent", "secret"),
        format!("/npm/d/absent-{ACCOUNT}/main/x"),
        "/npm/d/acme-999900001111/main/x".into(),
    ] {
        let answer = house.server.ask(Ask::get(&target)).await;
        answers.push((answer.status, answer.text()));
    }
    assert_eq!(answers[0].0, 401);
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "{answers:#?}"
    );
    assert_eq!(ErrorKind::Unauthenticated.label(), "unauthenticated");
}

#[tokio::test]
async fn z07_every_way_to_ask_for_a_file_needs_the_same_right() {
    let house = House::private().await;
    let release = house.published("main", "secret", "1.0.0").await;
    let known = house
        .get(&at("main", &release.file()))
        .await
        .header("etag")
        .to_owned();
    let document = house
        .get(&at("main", "secret"))
        .await
        .header("etag")
        .to_owned();
    assert!(!known.is_empty() && !document.is_empty());
    let stranger = house.strangers_token().await;
    for path in ["secret", "secret/1.0.0", &release.file()] {
        for method in ["GET", "HEAD", "OPTIONS"] {
            for (name, value) in [
                ("range", "bytes=0-0"),
                ("if-none-match", known.as_str()),
                ("if-none-match", document.as_str()),
                ("if-none-match", "*"),
                ("if-match", known.as_str()),
                ("if-modified-since", "Thu, 01 Jan 2099 00:00:00 GMT"),
                ("accept", "application/vnd.npm.install-v1+json"),
                ("accept-encoding", "gzip"),
            ] {
                let ask = Ask::new(method, at("main", path)).header(name, value);
                let anonymous = house.server.ask(ask.clone()).await;
                let denied = house.server.ask(ask.bearer(&stranger)).await;
                for answer in [&anonymous, &denied] {
                    assert!(
                        answer.header("etag").is_empty()
                            && answer.header("content-range").is_empty(),
                        "{method} {path} {name}"
                    );
                    assert_eq!(answer.header("access-control-allow-origin"), "", "w04");
                }
                // What is no request of the protocol is refused before or after the right is asked; never answered.
                let shut = if method == "OPTIONS" {
                    vec![401, 403, 404]
                } else {
                    vec![401, 403]
                };
                assert!(
                    shut.contains(&anonymous.status) && shut.contains(&denied.status),
                    "{method} {path} {name}: {} {}",
                    anonymous.status,
                    denied.status
                );
            }
        }
    }
}

#[tokio::test]
async fn z13_members_that_nobody_knows_are_never_applied() {
    let house = House::private().await;
    let mut document = Release::new("left-pad", "1.0.0").document();
    for member in [
        "owner",
        "role",
        "admin",
        "origin",
        "status",
        "maintainers",
        "_npmUser",
        "repositoryId",
        "domain",
    ] {
        document[member] = json!("planted");
        document["versions"]["1.0.0"][member] = json!("planted");
    }
    let answer = house
        .send("PUT", &at("main", "left-pad"), document.to_string())
        .await;
    assert!(
        matches!(answer.status, 200 | 201 | 400),
        "{}",
        answer.text()
    );
    let call = ApiCall::new("POST", "/v1/repository")
        .query("domain", "acme")
        .query("repository", "other");
    let body = json!({ "administratorAccount": "999900001111", "domainOwner": "999900001111", "arn": "x", "externalConnections": [{ "externalConnectionName": "public:npmjs" }] });
    let made = ok(&house.server.call(call.json(&body)).await);
    assert_eq!(
        made["repository"]["administratorAccount"], ACCOUNT,
        "{made}"
    );
    assert_eq!(
        made["repository"]["externalConnections"],
        json!([]),
        "{made}"
    );
}

#[tokio::test]
async fn w04_w06_w08_w09_nothing_is_shown_to_who_did_not_say_who_he_is() {
    let house = House::private().await;
    house.published("main", "secret-package", "1.0.0").await;
    house.get(&at("main", "secret-package")).await;
    for path in [
        "/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/status",
        "/stats",
        "/debug",
        "/debug/pprof/",
        "/debug/vars",
        "/console",
        "/ui",
        "/-/all",
        "/api",
        "/openapi.json",
        "/swagger",
        "/favicon.ico",
        "/robots.txt",
        "/.env",
        "/reliquary.sqlite",
        "/aws/credentials",
        "/npm",
        "/npm/",
        "/npm/d",
        "/npm/d/",
        "/v1",
        "/v1/",
        "/npm/-/v1/search?text=s",
        "/feed",
        "/badge/acme",
        "/?redirect=http://evil.example",
        "/healthz?url=//evil.example",
        "/config",
    ] {
        for method in ["GET", "HEAD", "OPTIONS", "POST"] {
            let ask = Ask::new(method, path)
                .header("origin", "http://evil.example")
                .header("access-control-request-method", "PUT");
            let answer = house.server.ask(ask).await;
            let text = String::from_utf8_lossy(&answer.raw).into_owned();
            assert!(
                !text.contains("secret-package")
                    && !text.contains("acme")
                    && !text.contains("evil.example"),
                "{method} {path}: {text}"
            );
            assert!(
                answer.header("access-control-allow-origin").is_empty()
                    && answer.header("location").is_empty()
            );
            let probe = matches!(path.split('?').next(), Some("/healthz" | "/readyz"));
            assert!(
                (400..500).contains(&answer.status) || probe,
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    let metrics = house.server.metrics();
    assert!(metrics.contains("read-packument"), "{metrics}");
    for private in ["secret-package", "acme", ACCOUNT, &house.token] {
        assert!(!metrics.contains(private), "{private} is in {metrics}");
    }
    let search = house
        .server
        .ask(Ask::get(at(
            "main",
            &format!("-/v1/search?text={}", encoded("secret")),
        )))
        .await;
    assert_eq!(search.status, 401);
}

#[tokio::test]
async fn z03_what_is_published_in_one_format_is_nothing_in_another() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let before = house.state().await;
    for format in [
        "pypi", "maven", "nuget", "generic", "swift", "ruby", "cargo", "NPM", "npm2",
    ] {
        for path in ["left-pad", "simple/left-pad/", &release.file()] {
            let target = format!("/{format}/d/acme-{ACCOUNT}/main/{path}");
            refused(&house.get(&target).await, &target);
            let put = house
                .send(
                    "PUT",
                    &target,
                    Release::new("left-pad", "2.0.0").document().to_string(),
                )
                .await;
            refused(&put, &target);
        }
        let call = ApiCall::new("GET", "/v1/package/version/asset")
            .query("domain", "acme")
            .query("repository", "main");
        let call = call
            .query("format", format)
            .query("package", "left-pad")
            .query("version", "1.0.0");
        refused(
            &house.server.call(call.query("asset", "package.tgz")).await,
            format,
        );
    }
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn s06_a_captured_call_that_is_sent_again_does_nothing_new() {
    let house = House::private().await;
    let create = ApiCall::new("POST", "/v1/domain").query("domain", "beta");
    let captured = house.server.signed(&create, house.server.root_key());
    assert_eq!(house.server.ask(captured.clone()).await.status, 200);
    let before = house.state().await;
    for _ in 0..3 {
        assert_eq!(house.server.ask(captured.clone()).await.status, 409);
    }
    House::assert_same(&before, &house.state().await);
    let delete = ApiCall::new("DELETE", "/v1/repository")
        .query("domain", "acme")
        .query("repository", "main");
    let captured = house.server.signed(&delete, house.server.root_key());
    assert_eq!(house.server.ask(captured.clone()).await.status, 200);
    let before = house.state().await;
    assert!(house.server.ask(captured).await.status < 500);
    House::assert_same(&before, &house.state().await);
}
