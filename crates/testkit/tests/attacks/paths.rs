//! One spelling, one meaning: paths, hosts and words of routes.

use reliquary_testkit::fake_npm::{FakePackage, FakeVersion};
use reliquary_testkit::server::{ACCOUNT, ApiCall, Ask};

use crate::support::{House, Release, at, encoded, ok, refused};

#[tokio::test]
async fn p04_other_spellings_of_an_address_never_skip_the_credentials() {
    let house = House::private().await;
    let release = house.published("main", "left-pad", "1.0.0").await;
    let (package, file) = (at("main", "left-pad"), at("main", &release.file()));
    let mut spellings = vec![
        "/v1/domains/".to_owned(),
        "//v1/domains".into(),
        "/v1//domains".into(),
        "/v1/%64omains".into(),
        "/V1/domains".into(),
        "/v1/domains;x=y".into(),
        "/%2Fv1/domains".into(),
        "/v1/domain?domain=acme".into(),
        "/v1/domain/?domain=acme".into(),
        "/healthz/../v1/domain?domain=acme".into(),
        "/healthz;/v1/domain?domain=acme".into(),
    ];
    for path in [&package, &file] {
        spellings.extend([
            format!("/{path}"),
            format!("{path}/"),
            format!("{path}//"),
            format!("/%2F{path}"),
            format!("{path};x=y"),
        ]);
        spellings.extend([
            format!("/healthz/..{path}"),
            path.replace("/npm/", "/%6epm/"),
            path.replace("/d/", "//d/"),
            path.replace("/npm/", "/NPM/"),
        ]);
        spellings.extend([
            path.replace("/main/", "/main//"),
            format!("/-/ping/..{path}"),
            format!("{path}?/healthz"),
            path.clone(),
        ]);
    }
    for target in &spellings {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = house.server.ask(Ask::new(method, target)).await;
            refused(&answer, &format!("{method} {target}"));
            assert!(
                !answer.text().contains("left-pad-1.0.0"),
                "{method} {target}"
            );
        }
    }
    // With credentials, each has the one meaning or none.
    for target in &spellings {
        let answer = house.get(target).await;
        let (path, _) = target.split_once('?').unwrap_or((target, ""));
        if path == package || path == file {
            assert_eq!(answer.status, 200, "{target}");
        } else {
            refused(&answer, target);
        }
    }
}

#[tokio::test]
async fn p06_rights_are_asked_for_the_decoded_domain_and_repository() {
    let house = House::private().await;
    house.published("main", "left-pad", "1.0.0").await;
    house.add_domain("beta").await;
    house.add_repository("beta", "main", &[]).await;
    let stranger = house.strangers_token().await;
    let beta = house.token_for("beta", house.server.root_key()).await;
    for target in [
        at("main", "left-pad"),
        at("main", "left%2Dpad"),
        at("m%61in", "left-pad"),
        format!("/npm/d/%61cme-{ACCOUNT}/main/left-pad"),
        format!("/npm/d/acme%2D{ACCOUNT}/main/left-pad"),
        format!("/npm/%64/acme-{ACCOUNT}/main/left-pad"),
    ] {
        assert_eq!(house.get(&target).await.status, 200, "{target}");
        assert_eq!(
            house.server.ask(Ask::get(&target)).await.status,
            401,
            "{target}"
        );
        for token in [&stranger, &beta] {
            let answer = house.server.ask(Ask::get(&target).bearer(token)).await;
            assert_eq!(answer.status, 403, "{target}");
        }
    }
}

#[tokio::test]
async fn p07_a_request_to_the_source_is_built_from_the_parsed_name() {
    let house = House::connected().await;
    for (asked, sent) in [
        ("x%23y", Some("/x%23y")),
        ("x%3fy", Some("/x%3Fy")),
        ("x%25y", Some("/x%25y")),
        ("x%2525y", Some("/x%2525y")),
        ("x%26y", None),
        ("x+y", None),
        ("@s%2fn", Some("/@s%2Fn")),
        ("@s/n", Some("/@s%2Fn")),
    ] {
        house.source.forget_requests();
        let answer = house.get(&at("team", asked)).await;
        refused(&answer, asked);
        for request in house.source.request_log() {
            let target = request.target;
            assert!(!target.contains(['?', '#']), "{asked}: {target}");
            if let Some(sent) = sent {
                assert!(target.eq_ignore_ascii_case(sent), "{asked}: {target}");
            }
        }
    }
}

#[tokio::test]
async fn p07_a_file_is_kept_under_the_parsed_name_only() {
    let house = House::connected().await;
    house
        .source
        .add_package(FakePackage::new("x").version(FakeVersion::new("1.0.0")));
    house
        .source
        .add_package(FakePackage::new("x#y").version(FakeVersion::new("1.0.0")));
    let plain = house.get(&at("team", "x/-/x-1.0.0.tgz")).await;
    assert_eq!(plain.body, house.source.tarball("x", "1.0.0").unwrap());
    for name in ["x%23y", "x%3fy", "x%2523y"] {
        let answer = house
            .get(&at("team", &format!("{name}/-/{name}-1.0.0.tgz")))
            .await;
        assert_ne!(answer.body, plain.body, "{name}");
    }
    // Asked a second time, from what is held.
    assert_eq!(
        house.get(&at("team", "x/-/x-1.0.0.tgz")).await.body,
        plain.body
    );
}

#[tokio::test]
async fn p11_long_and_deep_targets_are_refused_at_once() {
    let house = House::private().await;
    let before = house.state().await;
    for target in [
        at("main", &"a/".repeat(1000)),
        at("main", &"a".repeat(70_000)),
        format!("{}?text={}", at("main", "-/v1/search"), "a".repeat(100_000)),
        format!("/v1/domain?domain={}", "a".repeat(100_000)),
        "/".repeat(10_000),
        "/%2e".repeat(3000),
    ] {
        let begun = std::time::Instant::now();
        refused(&house.get(&target).await, &target[..40]);
        assert!(begun.elapsed().as_millis() < 2000);
    }
    House::assert_same(&before, &house.state().await);
}

#[tokio::test]
async fn p13_x13_no_header_of_a_caller_steers_an_address_in_a_document() {
    let house = House::private().await;
    house.published("main", "left-pad", "1.0.0").await;
    let base = format!("{}{}", house.server.base_url(), at("main", ""));
    let target = at("main", "left-pad");
    for (name, value) in [
        ("host", "evil.example"),
        ("host", "evil.example:80"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-prefix", "/evil"),
        ("x-forwarded-port", "1"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
        ("x-http-method-override", "DELETE"),
        ("origin", "http://evil.example"),
        ("referer", "http://evil.example/"),
    ] {
        let steered = house
            .server
            .ask(Ask::get(&target).bearer(&house.token).header(name, value))
            .await;
        let tarball = ok(&steered)["versions"]["1.0.0"]["dist"]["tarball"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(tarball.starts_with(&base), "{name}: {tarball}");
        assert!(
            !String::from_utf8_lossy(&steered.raw).contains("evil"),
            "{name}"
        );
        let next = house.get(&target).await;
        assert!(
            !next.text().contains("evil") && !next.text().contains("https:"),
            "{name}"
        );
    }
    for host in [
        "user@evil.example",
        "evil.example:x",
        "evil.example:99999999",
        "",
        "a b",
    ] {
        let answer = house
            .server
            .ask(Ask::get(&target).bearer(&house.token).header("host", host))
            .await;
        assert_eq!(answer.status, 400, "{host}");
    }
    let twice = Ask::get(&target)
        .bearer(&house.token)
        .header("host", "a.example")
        .header("host", "b.example");
    assert_eq!(house.server.ask(twice).await.status, 400);
    let absolute = Ask::get(format!("http://evil.example{target}")).bearer(&house.token);
    assert_eq!(house.server.ask(absolute).await.status, 400);
}

#[tokio::test]
async fn p14_packages_named_like_words_of_routes_are_published_and_fetched() {
    let house = House::private().await;
    for name in [
        "simple",
        "api",
        "v1",
        "v3",
        "index",
        "config.json",
        "metadata",
        "login",
        "identifiers",
        "maven-metadata.xml",
        "latest",
        "d",
        "npm",
        "package",
        "ping",
        "whoami",
        "search",
        "dist-tags",
        "user",
        "healthz",
        "readyz",
        "rev",
        "constructor",
        "toString",
        "hasOwnProperty",
    ] {
        let release = house.published("main", name, "1.0.0").await;
        let packument = ok(&house.get(&at("main", name)).await);
        assert_eq!(packument["name"], name);
        assert_eq!(packument["versions"]["1.0.0"]["version"], "1.0.0", "{name}");
        assert_eq!(
            house.get(&at("main", &release.file())).await.body,
            release.tarball,
            "{name}"
        );
        let tags = ok(&house
            .get(&at("main", &format!("-/package/{name}/dist-tags")))
            .await);
        assert_eq!(tags["latest"], "1.0.0", "{name}");
    }
    for name in [
        "-",
        "_",
        ".x",
        "_x",
        "-x",
        "node_modules",
        "favicon.ico",
        "-rev",
        "__proto__",
    ] {
        refused(
            &house.publish("main", &Release::new(name, "1.0.0")).await,
            name,
        );
    }
    // The routes are what they were.
    assert!(ok(&house.get(&at("main", "-/whoami")).await)["username"].is_string());
    assert_eq!(
        ok(&house.get(&at("main", "-/ping")).await),
        serde_json::json!({})
    );
    // A repository and a domain may have such names as well.
    house.add_domain("npm").await;
    house.add_repository("npm", "npm", &[]).await;
    let token = house.token_for("npm", house.server.root_key()).await;
    let answer = house
        .server
        .ask(Ask::get(format!("/npm/d/npm-{ACCOUNT}/npm/-/ping")).bearer(&token))
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn p15_names_that_begin_alike_stay_apart() {
    let house = House::private().await;
    for name in ["foo", "foobar", "@acme/x", "@acmex/x", "acme", "x"] {
        house.published("main", name, "1.0.0").await;
    }
    for (name, other) in [("foo", "foobar"), ("@acme/x", "@acmex/x"), ("x", "@acme/x")] {
        let packument = ok(&house.get(&at("main", &encoded(name))).await);
        assert_eq!(packument["name"], name);
        assert!(!packument.to_string().contains(&format!("\"{other}\"")));
        let file = at(
            "main",
            &format!("{name}/-/{}-1.0.0.tgz", other.rsplit('/').next().unwrap()),
        );
        let answer = house.get(&file).await;
        let is_own = name.rsplit('/').next() == other.rsplit('/').next();
        assert_eq!(answer.status, if is_own { 200 } else { 404 }, "{file}");
    }
    for domain in ["acmes", "acme2"] {
        house.add_domain(domain).await;
        house.add_repository(domain, "main", &[]).await;
        let answer = house
            .get(&format!("/npm/d/{domain}-{ACCOUNT}/main/-/ping"))
            .await;
        assert_eq!(answer.status, 403, "{domain}");
    }
}

#[tokio::test]
async fn p16_what_callers_type_is_never_a_pattern() {
    let house = House::private().await;
    for name in ["left-pad", "leftxpad", "a.b"] {
        house.published("main", name, "1.0.0").await;
    }
    for text in [
        "%", "_", "*", "?", "\\", "left_pad", "left%", "l*", ".*", "[a-z]", "a_b",
    ] {
        let found = ok(&house
            .get(&at("main", &format!("-/v1/search?text={}", encoded(text))))
            .await);
        assert_eq!(
            found["objects"].as_array().unwrap().len(),
            0,
            "{text}: {found}"
        );
        let call = ApiCall::new("POST", "/v1/packages")
            .query("domain", "acme")
            .query("repository", "main");
        let answer = house.server.call(call.query("package-prefix", text)).await;
        assert!(
            answer.status == 400 || answer.json()["packages"].as_array().unwrap().is_empty(),
            "{text}"
        );
        let call = ApiCall::new("POST", "/v1/repositories").query("repository-prefix", text);
        let answer = house.server.call(call).await;
        assert!(
            answer.status == 400 || answer.json()["repositories"].as_array().unwrap().is_empty(),
            "{text}"
        );
        // Deleting takes one name, not a pattern.
        let before = house.state().await;
        for target in [
            format!("{}/-rev/{}", encoded(text), encoded(text)),
            format!("left-pad/-rev/{}", encoded(text)),
        ] {
            refused(
                &house.send("DELETE", &at("main", &target), "").await,
                &target,
            );
        }
        House::assert_same(&before, &house.state().await);
    }
}

#[tokio::test]
async fn p08_names_that_only_look_or_fold_alike_are_not_one_package() {
    let house = House::private().await;
    let releases = [
        house.published("main", "JSONStream", "1.0.0").await,
        house.published("main", "jsonstream", "1.0.0").await,
    ];
    for release in &releases {
        let packument = ok(&house.get(&at("main", &release.name)).await);
        assert_eq!(
            packument["versions"]["1.0.0"]["dist"]["integrity"],
            release.integrity()
        );
        assert_eq!(
            house.get(&at("main", &release.file())).await.body,
            release.tarball
        );
    }
    house.published("main", "kilo", "1.0.0").await;
    // The Kelvin sign, a dotless i, composed and not: none of them is published, none of them is found as another.
    for name in [
        "\u{212a}ilo",
        "k\u{131}lo",
        "k\u{130}lo",
        "\u{43a}ilo",
        "kilo\u{301}",
        "KILO",
        "ｋｉｌｏ",
    ] {
        assert_eq!(
            house.get(&at("main", &encoded(name))).await.status,
            404,
            "{name}"
        );
        if !name.is_ascii() {
            refused(
                &house.publish("main", &Release::new(name, "1.0.0")).await,
                name,
            );
        }
    }
}
