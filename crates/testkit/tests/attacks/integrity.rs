//! What was acknowledged is there, and what is gone stays gone.

use futures_util::future::join_all;
use reliquary_testkit::fake_npm::{FakePackage, FakeVersion};
use reliquary_testkit::server::{ApiCall, Ask};
use serde_json::json;

use crate::support::{House, Release, at, encoded, ok};

#[tokio::test]
async fn i03_every_view_shows_a_write_at_once() {
    let house = House::private().await;
    house.add_repository("acme", "below", &["main"]).await;
    for turn in 0..20 {
        let version = format!("1.0.{turn}");
        let release = house.published("main", "left-pad", &version).await;
        for repository in ["main", "below"] {
            for accept in ["application/json", "application/vnd.npm.install-v1+json"] {
                let ask = Ask::get(at(repository, "left-pad"))
                    .bearer(&house.token)
                    .header("accept", accept);
                let packument = ok(&house.server.ask(ask).await);
                assert_eq!(
                    packument["versions"].as_object().unwrap().len(),
                    turn + 1,
                    "{repository} {accept}"
                );
                assert_eq!(packument["dist-tags"]["latest"], version);
            }
        }
        // Only here: a version that is downloaded through another repository stays in that one.
        assert_eq!(
            house.get(&at("main", &release.file())).await.body,
            release.tarball
        );
        let tag = house
            .send(
                "PUT",
                &at("main", "-/package/left-pad/dist-tags/next"),
                format!("\"{version}\""),
            )
            .await;
        assert!(tag.status < 300, "{}", tag.text());
        for path in ["left-pad/next", "left-pad/latest"] {
            assert_eq!(ok(&house.get(&at("below", path)).await)["version"], version);
        }
    }
    let revision = ok(&house.get(&at("main", "left-pad?write=true")).await)["_rev"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        house
            .send(
                "DELETE",
                &at("main", &format!("left-pad/-rev/{revision}")),
                ""
            )
            .await
            .status,
        200
    );
    for path in [
        "left-pad",
        "left-pad/latest",
        "left-pad/-/left-pad-1.0.3.tgz",
        "-/package/left-pad/dist-tags",
    ] {
        for repository in ["main", "below"] {
            assert_eq!(
                house.get(&at(repository, path)).await.status,
                404,
                "{repository} {path}"
            );
        }
    }
}

#[tokio::test]
async fn i04_changes_of_the_graph_are_seen_at_once() {
    let house = House::private().await;
    for name in ["left", "right"] {
        house.add_repository("acme", name, &[]).await;
    }
    house.published("left", "from-left", "1.0.0").await;
    house.published("right", "from-right", "1.0.0").await;
    for (upstreams, left, right) in [
        (vec!["left"], 200, 404),
        (vec!["right"], 404, 200),
        (vec!["right", "left"], 200, 200),
        (vec![], 404, 404),
    ] {
        let body: Vec<_> = upstreams
            .iter()
            .map(|name| json!({ "repositoryName": name }))
            .collect();
        let call = ApiCall::new("PUT", "/v1/repository")
            .query("domain", "acme")
            .query("repository", "main");
        ok(&house
            .server
            .call(call.json(&json!({ "upstreams": body })))
            .await);
        let found = (
            house.get(&at("main", "from-left")).await.status,
            house.get(&at("main", "from-right")).await.status,
        );
        assert_eq!(found, (left, right), "{upstreams:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i05_of_versions_published_at_once_none_is_lost() {
    let house = House::private().await;
    let releases: Vec<Release> = (0..40)
        .map(|turn| Release::new("@acme/many", &format!("1.{turn}.0")))
        .collect();
    let answers = join_all(
        releases
            .iter()
            .map(|release| house.publish("main", release)),
    )
    .await;
    assert!(
        answers.iter().all(|answer| answer.status == 201),
        "{answers:?}"
    );
    let packument = ok(&house.get(&at("main", &encoded("@acme/many"))).await);
    for release in &releases {
        assert_eq!(
            packument["versions"][&release.version]["dist"]["integrity"],
            release.integrity(),
            "{}",
            release.version
        );
        assert_eq!(
            house.get(&at("main", &release.file())).await.body,
            release.tarball
        );
    }
    let log: Vec<i64> = house
        .server
        .changes()
        .await
        .iter()
        .filter(|change| change.log_id != 0)
        .map(|change| change.sequence)
        .collect();
    assert!(
        log.windows(2).all(|pair| pair[1] == pair[0] + 1),
        "the log has no gaps: {log:?}"
    );
}

#[tokio::test]
async fn i06_a_repository_made_anew_has_nothing_of_the_old_one() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("public").version(FakeVersion::new("1.0.0")));
    let release = house.published("main", "left-pad", "1.0.0").await;
    ok(&house.get(&at("store", "public")).await);
    ok(&house.get(&at("main", "left-pad")).await);
    for name in ["team", "main", "store"] {
        let call = ApiCall::new("DELETE", "/v1/repository")
            .query("domain", "acme")
            .query("repository", name);
        ok(&house.server.call(call).await);
        assert_eq!(house.get(&at(name, "left-pad")).await.status, 404);
        house.add_repository("acme", name, &[]).await;
    }
    house.source.forget_requests();
    for path in [
        "left-pad",
        "left-pad/1.0.0",
        &release.file(),
        "-/package/left-pad/dist-tags",
    ] {
        assert_eq!(house.get(&at("main", path)).await.status, 404, "{path}");
    }
    assert_eq!(
        house.get(&at("store", "public")).await.status,
        404,
        "it has no connection any more"
    );
    assert_eq!(house.source.requests_total(), 0);
    // Other bytes under the old coordinates are the first ones here.
    let other = Release::with("left-pad", "1.0.0", &json!({}), b"other");
    assert_eq!(house.publish("main", &other).await.status, 201);
    assert_eq!(
        house.get(&at("main", &other.file())).await.body,
        other.tarball
    );
}

#[tokio::test]
async fn i06_a_domain_made_anew_does_not_take_the_tokens_of_the_old_one() {
    let house = House::private().await;
    house.published("main", "left-pad", "1.0.0").await;
    assert_eq!(house.get(&at("main", "left-pad")).await.status, 200);
    let call = ApiCall::new("DELETE", "/v1/repository")
        .query("domain", "acme")
        .query("repository", "main");
    ok(&house.server.call(call).await);
    ok(&house
        .server
        .call(ApiCall::new("DELETE", "/v1/domain").query("domain", "acme"))
        .await);
    house.add_domain("acme").await;
    house.add_repository("acme", "main", &[]).await;
    let old = house.get(&at("main", "-/ping")).await;
    assert!(
        matches!(old.status, 401 | 403),
        "a token of the old domain: {} {}",
        old.status,
        old.text()
    );
    let token = house.token_for("acme", house.server.root_key()).await;
    let answer = house
        .server
        .ask(Ask::get(at("main", "left-pad")).bearer(&token))
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        house
            .server
            .ask(Ask::get(at("main", "-/ping")).bearer(&token))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn i08_requests_that_only_look_store_nothing() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    let private = house.published("main", "private", "1.0.0").await;
    let before = house.state().await;
    for path in [
        "",
        "-",
        "private",
        &private.file(),
        "absent",
        "absent/-/absent-1.0.0.tgz",
        "@acme",
        "@acme/",
        "private/-/",
        "private/-",
    ] {
        for method in ["HEAD", "OPTIONS", "GET"] {
            let answer = house
                .server
                .ask(Ask::new(method, at("main", path)).bearer(&house.token))
                .await;
            assert!(answer.status < 500, "{method} {path}");
            if method == "HEAD" {
                assert!(answer.body.is_empty(), "{path}");
            }
        }
    }
    House::assert_same(&before, &house.state().await);
    let names = [
        "@acme",
        "left-pad/-/",
        "left-pad/-",
        "left-pad/",
        "left-pad//",
    ];
    for path in names {
        house
            .server
            .ask(Ask::new("HEAD", at("team", path)).bearer(&house.token))
            .await;
    }
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn i01_i09_a_restart_keeps_what_was_there_and_its_entity_tags() {
    let mut house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let (document, file) = (at("main", "left-pad"), at("main", &release.file()));
    let before = (house.get(&document).await, house.get(&file).await);
    let (changes, files) = (
        house.server.changes().await,
        house.server.stored_files().await,
    );
    house.server = house.server.restart().await;
    // The address of this server is part of the document, and it has another port now.
    let after = (house.get(&document).await, house.get(&file).await);
    assert_eq!(before.1.header("etag"), after.1.header("etag"));
    assert_eq!(
        (after.0.status, &after.1.body[..]),
        (200, &release.tarball[..])
    );
    let integrity = |answer: &reliquary_testkit::server::Answer| {
        answer.json()["versions"]["1.0.0"]["dist"]["integrity"].clone()
    };
    assert_eq!(integrity(&before.0), integrity(&after.0));
    assert_eq!(changes, house.server.changes().await);
    assert_eq!(files, house.server.stored_files().await);
    let tag = after.0.header("etag");
    let again = house
        .server
        .ask(
            Ask::get(&document)
                .bearer(&house.token)
                .header("if-none-match", tag),
        )
        .await;
    assert_eq!(again.status, 304);
    house.published("main", "left-pad", "1.0.1").await;
    assert_ne!(house.get(&document).await.header("etag"), tag);
}

#[tokio::test]
async fn y14_every_change_by_every_route_is_in_the_log_with_who_made_it() {
    let house = House::private().await;
    let mut seen = house.server.changes().await.len();
    let release = Release::new("left-pad", "1.0.0");
    let mut deprecated = release.document();
    deprecated["_attachments"] = json!({});
    deprecated["versions"]["1.0.0"]["deprecated"] = json!("use the language");
    let mut writes = vec![
        ("PUT", "left-pad".to_owned(), release.document().to_string()),
        (
            "PUT",
            "-/package/left-pad/dist-tags/next".to_owned(),
            "\"1.0.0\"".to_owned(),
        ),
        (
            "DELETE",
            "-/package/left-pad/dist-tags/next".to_owned(),
            String::new(),
        ),
        ("PUT", "left-pad".to_owned(), deprecated.to_string()),
        ("DELETE", "left-pad/-rev/REVISION".to_owned(), String::new()),
    ];
    for (method, path, body) in writes.drain(..) {
        let packument = house.get(&at("main", "left-pad?write=true")).await.json();
        let path = path.replace("REVISION", packument["_rev"].as_str().unwrap_or_default());
        let answer = house.send(method, &at("main", &path), body).await;
        assert!(
            answer.status < 300,
            "{method} {path}: {} {}",
            answer.status,
            answer.text()
        );
        let changes = house.server.changes().await;
        assert!(changes.len() > seen, "{method} {path} left no entry");
        for change in &changes {
            assert!(
                change.actor.ends_with(":root") || change.actor == "service",
                "{change:?}"
            );
        }
        seen = changes.len();
    }
    for call in [
        ApiCall::new("POST", "/v1/repository").query("repository", "other"),
        ApiCall::new("PUT", "/v1/repository")
            .query("repository", "other")
            .json(&json!({ "description": "x" })),
        ApiCall::new("POST", "/v1/repository/external-connection")
            .query("repository", "other")
            .query("external-connection", "public:npmjs"),
        ApiCall::new("DELETE", "/v1/repository/external-connection")
            .query("repository", "other")
            .query("external-connection", "public:npmjs"),
        ApiCall::new("DELETE", "/v1/repository").query("repository", "other"),
    ] {
        let shown = format!("{call:?}");
        ok(&house.server.call(call.query("domain", "acme")).await);
        let changes = house.server.changes().await.len();
        assert_eq!(changes, seen + 1, "{shown}");
        seen = changes;
    }
}
