//! The server between a caller and a public source that nobody trusts.

use std::io::Read as _;
use std::time::Duration;

use flate2::read::GzDecoder;
use reliquary_testkit::fake_npm::{Behaviour, FakeNpm, FakePackage, FakeVersion};
use reliquary_testkit::server::{Answer, ApiCall, Ask};
use serde_json::Value;

use crate::support::{House, at, encoded, ok, refused, wait_until};

const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

fn add(source: &FakeNpm, name: &str, versions: &[&str]) {
    let package = versions
        .iter()
        .fold(FakePackage::new(name), |package, version| {
            package.version(FakeVersion::new(version))
        });
    source.add_package(package);
}

/// Every way to learn of a version, or to get it, in a repository.
async fn doors_to(
    house: &House,
    repository: &str,
    name: &str,
    version: &str,
) -> Vec<(String, Answer)> {
    let base = name.rsplit('/').next().unwrap();
    let mut answers = Vec::new();
    let paths = [
        encoded(name),
        name.to_owned(),
        format!("{name}/{version}"),
        format!("{name}/latest"),
        format!("{name}/-/{base}-{version}.tgz"),
        format!("-/package/{}/dist-tags", encoded(name)),
        format!("{name}?write=true"),
        format!("-/v1/search?text={base}"),
    ];
    for path in paths {
        for (method, header, value) in [
            ("GET", "accept", "application/json"),
            ("GET", "accept", ABBREVIATED),
            ("GET", "range", "bytes=0-10"),
            ("HEAD", "accept", "*/*"),
            ("GET", "accept-encoding", "gzip"),
            ("GET", "if-none-match", "\"x\""),
        ] {
            let ask = Ask::new(method, at(repository, &path))
                .bearer(&house.token)
                .header(header, value);
            answers.push((
                format!("{method} {path} {header}: {value}"),
                house.server.ask(ask).await,
            ));
        }
    }
    let (namespace, name) = name
        .strip_prefix('@')
        .and_then(|scoped| scoped.split_once('/'))
        .map_or((None, name), |(scope, name)| (Some(scope), name));
    for (method, path, extra) in [
        ("POST", "/v1/package/versions", vec![]),
        ("GET", "/v1/package/version", vec![("version", version)]),
        (
            "POST",
            "/v1/package/version/assets",
            vec![("version", version)],
        ),
        (
            "GET",
            "/v1/package/version/asset",
            vec![("version", version), ("asset", "package.tgz")],
        ),
    ] {
        let mut call = ApiCall::new(method, path)
            .query("domain", "acme")
            .query("repository", repository);
        call = call.query("format", "npm").query("package", name);
        for (name, value) in extra
            .into_iter()
            .chain(namespace.map(|scope| ("namespace", scope)))
        {
            call = call.query(name, value);
        }
        answers.push((format!("{method} {path}"), house.server.call(call).await));
    }
    answers
}

/// The text of a body, unpacked.
fn text(answer: &Answer) -> String {
    if answer.header("content-encoding") == "gzip" {
        let mut text = String::new();
        GzDecoder::new(answer.body.as_slice())
            .read_to_string(&mut text)
            .unwrap();
        return text;
    }
    answer.text()
}

#[tokio::test]
async fn x17_y01_y06_a_public_version_of_an_internal_name_is_behind_no_door_and_never_asked_for() {
    let house = House::connected().await;
    for name in ["internal", "@corp/internal"] {
        house.published("team", name, "1.0.0").await;
        // The public version comes after, and is higher.
        add(&house.source, name, &["1.0.0", "99.0.0"]);
        house.source.forget_requests();
        for (door, answer) in doors_to(&house, "team", name, "99.0.0").await {
            assert!(answer.status < 500, "{door}: {}", answer.status);
            assert!(
                answer.status >= 400 || !text(&answer).contains("99.0.0"),
                "{door}: {}",
                text(&answer)
            );
            if door.contains("99.0.0.tgz") || door.contains("/99.0.0 ") {
                assert_eq!(answer.status, 404, "{door}");
            }
        }
        let own = ok(&house.get(&at("team", &encoded(name))).await);
        assert_eq!(own["dist-tags"]["latest"], "1.0.0");
        assert_eq!(
            house.source.requests_total(),
            0,
            "{:?}",
            house.source.request_log()
        );
    }
}

#[tokio::test]
async fn x17_y06_a_name_stays_internal_when_its_last_version_goes() {
    let house = House::connected().await;
    house.published("team", "internal", "1.0.0").await;
    let packument = ok(&house.get(&at("team", "internal?write=true")).await);
    let revision = packument["_rev"].as_str().unwrap();
    let gone = house
        .send(
            "DELETE",
            &at("team", &format!("internal/-rev/{revision}")),
            "",
        )
        .await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    add(&house.source, "internal", &["99.0.0"]);
    house.source.forget_requests();
    for (door, answer) in doors_to(&house, "team", "internal", "99.0.0").await {
        assert!(answer.status < 500, "{door}: {}", answer.status);
        assert!(
            answer.status >= 400 || !text(&answer).contains("99.0.0"),
            "{door}: {}",
            text(&answer)
        );
    }
    assert_eq!(
        house.source.requests_total(),
        0,
        "{:?}",
        house.source.request_log()
    );
}

#[tokio::test]
async fn x05_nothing_of_the_caller_reaches_the_source() {
    let house = House::connected().await;
    add(&house.source, "left-pad", &["1.0.0"]);
    for path in ["left-pad", "left-pad/-/left-pad-1.0.0.tgz", "absent"] {
        let mut ask =
            Ask::get(format!("{}?token=planted-query", at("team", path))).bearer(&house.token);
        for name in [
            "cookie",
            "x-forwarded-for",
            "x-forwarded-user",
            "forwarded",
            "referer",
            "npm-session",
            "x-api-key",
            "user-agent",
            "origin",
            "from",
        ] {
            ask = ask.header(name, "planted-header");
        }
        house.server.ask(ask).await;
    }
    let log = house.source.request_log();
    assert!(log.len() >= 3, "{log:?}");
    for request in log {
        let seen = format!("{} {:?}", request.target, request.headers);
        assert!(
            !seen.contains("planted") && !seen.contains(&house.token),
            "{seen}"
        );
        assert_eq!(request.header("authorization"), None);
    }
}

#[tokio::test]
async fn x07_x08_wrong_bytes_are_never_whole_and_kept_ones_are_never_replaced() {
    let house = House::connected().await;
    add(&house.source, "left-pad", &["1.0.0", "1.1.0"]);
    let file = at("team", "left-pad/-/left-pad-1.0.0.tgz");
    house.get(&at("team", "left-pad")).await;
    house
        .source
        .set_behaviour("/left-pad/-/*", Behaviour::WrongBytes);
    let before = house.server.stored_files().await;
    let answer = house.get(&file).await;
    assert!(answer.status >= 400 || !answer.is_whole, "{answer:?}");
    let nothing_kept = || async { before == house.server.stored_files().await };
    wait_until(
        "nothing of it is kept",
        Duration::from_secs(10),
        nothing_kept,
    )
    .await;
    house.source.clear_behaviours();
    let good = house.source.tarball("left-pad", "1.0.0").unwrap();
    assert_eq!(house.get(&file).await.body, good);
    // The source now says something else under the same name.
    let changed = FakeVersion::new("1.0.0").file("evil.js", b"evil");
    house
        .source
        .add_package(FakePackage::new("left-pad").version(changed));
    let again = house.get(&file).await;
    assert_eq!((again.status, again.body), (200, good.to_vec()));
}

#[tokio::test]
async fn x12_forms_of_a_document_are_kept_apart_and_said_to_vary() {
    let house = House::connected().await;
    let version =
        FakeVersion::new("1.0.0").field("description", "a full manifest says this".into());
    house
        .source
        .add_package(FakePackage::new("left-pad").version(version));
    let ask = |accept: &'static str, encoding: &'static str| {
        let ask = Ask::get(at("team", "left-pad"))
            .bearer(&house.token)
            .header("accept", accept);
        let ask = if encoding.is_empty() {
            ask
        } else {
            ask.header("accept-encoding", encoding)
        };
        house.server.ask(ask)
    };
    // Twice, in both orders, so that each is asked for after every other.
    for round in 0..2 {
        let mut turns = [
            (ABBREVIATED, "gzip"),
            ("application/json", ""),
            (ABBREVIATED, ""),
            ("application/json", "gzip"),
            ("text/html", "br"),
        ];
        if round == 1 {
            turns.reverse();
        }
        for (accept, encoding) in turns {
            let answer = ask(accept, encoding).await;
            assert_eq!(answer.status, 200);
            let is_abbreviated = accept == ABBREVIATED;
            assert_eq!(
                answer.header("content-type").starts_with(ABBREVIATED),
                is_abbreviated,
                "{accept}"
            );
            assert_eq!(
                text(&answer).contains("a full manifest says this"),
                !is_abbreviated,
                "{accept} {encoding}"
            );
            assert!(
                encoding == "gzip" || answer.header("content-encoding").is_empty(),
                "{accept} {encoding}"
            );
            let vary = answer.header("vary").to_ascii_lowercase();
            assert!(
                vary.contains("accept") && vary.contains("accept-encoding"),
                "{vary}"
            );
            assert!(
                answer.header("cache-control").contains("private")
                    || answer.header("cache-control").contains("no-store"),
                "{answer:?}"
            );
        }
    }
    let tags: Vec<Answer> = vec![
        ask(ABBREVIATED, "").await,
        ask("application/json", "").await,
    ];
    assert_ne!(tags[0].header("etag"), tags[1].header("etag"));
    let query = house
        .get(&format!("{}?b=2&a=1&utm=x", at("team", "left-pad")))
        .await;
    assert_eq!(
        query.header("etag"),
        tags[1].header("etag"),
        "what a query adds is ignored"
    );
    let overridden = Ask::get(at("team", "left-pad"))
        .bearer(&house.token)
        .header("x-http-method-override", "DELETE");
    assert_eq!(house.server.ask(overridden).await.status, 200);
}

#[tokio::test]
async fn x09_x19_bytes_of_others_are_never_a_page_of_this_server() {
    let house = House::connected().await;
    let page = bytes::Bytes::from_static(b"<html><script>alert(1)</script></html>");
    let version = FakeVersion::new("1.0.0").tarball(page.clone());
    house
        .source
        .add_package(FakePackage::new("page").version(version));
    add(&house.source, "plain", &["1.0.0"]);
    house
        .source
        .set_behaviour("/plain/-/*", Behaviour::WrongContentType);
    for file in ["page/-/page-1.0.0.tgz", "plain/-/plain-1.0.0.tgz"] {
        for _ in 0..2 {
            let answer = house.get(&at("team", file)).await;
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{file}");
            if answer.status == 200 {
                let kind = answer.header("content-type");
                assert!(
                    kind.starts_with("application/")
                        && !kind.contains("html")
                        && !kind.contains("xml"),
                    "{kind}"
                );
                assert_eq!(answer.header("content-disposition"), "attachment");
                assert_eq!(answer.header("content-security-policy"), "sandbox");
            }
        }
    }
    house.source.set_behaviour("/login", Behaviour::HtmlLogin);
    let answer = house.get(&at("team", "login")).await;
    assert!(
        answer.status >= 400 && !answer.text().contains('<'),
        "{}",
        answer.text()
    );
    let readme = Ask::get(at("team", "absent<script>")).bearer(&house.token);
    let answer = house.server.ask(readme).await;
    assert!(!answer.header("content-type").contains("html"));
}

#[tokio::test]
async fn x20_what_a_source_says_when_it_fails_is_not_passed_on() {
    let house = House::connected().await;
    add(&house.source, "left-pad", &["1.0.0"]);
    let address = house
        .source
        .base_url()
        .trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned();
    let elsewhere = "http://elsewhere.example/?token=planted".to_owned();
    for behaviour in [
        Behaviour::Status(401),
        Behaviour::Status(403),
        Behaviour::Status(429),
        Behaviour::Status(500),
        Behaviour::HtmlLogin,
        Behaviour::RedirectTo(elsewhere),
        Behaviour::RedirectLoop,
        Behaviour::CutShort { after_bytes: 10 },
        Behaviour::EmptyBody,
        Behaviour::EndlessHeaders,
    ] {
        for (index, path) in ["PACKAGE", "PACKAGE/-/PACKAGE-1.0.0.tgz"]
            .iter()
            .enumerate()
        {
            let name = format!("p{}{index}", format!("{behaviour:?}").len());
            house.source.set_behaviour("/*", behaviour.clone());
            let answer = house
                .get(&at("team", &path.replace("PACKAGE", &name)))
                .await;
            let raw = String::from_utf8_lossy(&answer.raw).into_owned();
            assert!(
                matches!(answer.status, 404 | 502 | 503),
                "{behaviour:?}: {raw}"
            );
            for secret in [
                "planted",
                &address,
                "set-cookie",
                "location:",
                "www-authenticate",
                "elsewhere",
            ] {
                assert!(
                    !raw.to_ascii_lowercase().contains(secret),
                    "{behaviour:?}: {secret} in {raw}"
                );
            }
            assert_eq!(
                answer.json()["error"],
                answer.json()["message"],
                "npm prints this: {raw}"
            );
        }
    }
}

#[tokio::test]
async fn x10_a_failing_source_is_never_remembered_as_an_absence() {
    for status in [401, 403, 429, 500, 503] {
        let house = House::connected().await;
        add(&house.source, "left-pad", &["1.0.0"]);
        house.source.set_behaviour(
            "/left-pad",
            Behaviour::Sequence(vec![Behaviour::Status(status), Behaviour::Normal]),
        );
        let first = house.get(&at("team", "left-pad")).await;
        assert!(
            matches!(first.status, 502 | 503),
            "{status}: {}",
            first.status
        );
        assert_ne!(first.status, 404);
    }
}

#[tokio::test]
async fn x03_x11_a_document_of_the_source_leads_nowhere_else() {
    let house = House::connected().await;
    let other = FakeNpm::start().await;
    add(&other, "left-pad", &["1.0.0"]);
    house.source.add_package(
        FakePackage::new("left-pad")
            .version(FakeVersion::new("1.0.0"))
            .tarball_base(other.base_url()),
    );
    let packument = ok(&house.get(&at("team", "left-pad")).await);
    let tarball: &Value = &packument["versions"]["1.0.0"]["dist"]["tarball"];
    assert!(
        tarball
            .as_str()
            .unwrap()
            .starts_with(&house.server.base_url()),
        "{tarball}"
    );
    let answer = house
        .get(&at("team", "left-pad/-/left-pad-1.0.0.tgz"))
        .await;
    assert!(answer.status < 500);
    assert_eq!(other.requests_total(), 0, "nobody configured that address");
    // An address that a client gives is never fetched.
    for path in [
        format!(
            "left-pad/-/{}",
            encoded(&format!(
                "{}left-pad/-/left-pad-1.0.0.tgz",
                other.base_url()
            ))
        ),
        format!("left-pad?tarball={}", encoded(other.base_url())),
        encoded(other.base_url()),
    ] {
        let answer = house.get(&at("team", &path)).await;
        assert!(answer.status < 500, "{path}");
    }
    assert_eq!(other.requests_total(), 0);
    refused(
        &house.get(&at("team", "@x/http:")).await,
        "a name that is a scheme",
    );
}

#[tokio::test]
async fn x18_indexes_are_asked_for_again_and_files_never() {
    let house = House::connected_with(|config| config.upstream.freshness_ms = 1).await;
    add(&house.source, "left-pad", &["1.0.0"]);
    let file = at("team", "left-pad/-/left-pad-1.0.0.tgz");
    ok(&house.get(&at("team", "left-pad")).await);
    let first = house.get(&file).await;
    add(&house.source, "left-pad", &["1.0.0", "1.1.0"]);
    let refreshed = || async {
        house
            .get(&at("team", "left-pad"))
            .await
            .text()
            .contains("\"1.1.0\"")
    };
    wait_until(
        "the index is asked for again",
        Duration::from_secs(10),
        refreshed,
    )
    .await;
    for _ in 0..5 {
        assert_eq!(house.get(&file).await.body, first.body);
    }
    assert_eq!(house.source.requests("/left-pad/-/left-pad-1.0.0.tgz"), 1);
}

#[tokio::test]
async fn y10_what_was_installed_stays_when_the_source_fails_or_forgets_it() {
    let house = House::connected_with(|config| {
        config.upstream.freshness_ms = 1;
        config.upstream.negative_ttl_ms = 1;
    })
    .await;
    add(&house.source, "left-pad", &["1.0.0"]);
    let file = at("team", "left-pad/-/left-pad-1.0.0.tgz");
    let first = house.get(&file).await;
    assert_eq!(first.status, 200);
    let works = || async {
        let packument = house.get(&at("team", "left-pad")).await;
        packument.json()["versions"]["1.0.0"].is_object()
            && house.get(&file).await.body == first.body
    };
    wait_until("it is held", Duration::from_secs(10), works).await;
    for behaviour in [
        Behaviour::Status(500),
        Behaviour::EmptyBody,
        Behaviour::HtmlLogin,
        Behaviour::Status(403),
    ] {
        house.source.set_behaviour("/*", behaviour.clone());
        for _ in 0..3 {
            assert!(works().await, "{behaviour:?}");
        }
    }
    house.source.clear_behaviours();
    house.source.remove_package("left-pad");
    for _ in 0..10 {
        assert!(works().await, "the source forgot it");
    }
}
