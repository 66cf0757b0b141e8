//! Lists, page by page.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{OriginType, PackageVersionStatus, PrincipalKind};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NPM, STRANGER, Service, package, post};

/// Walks a list; returns the names on each page.
async fn walk(service: &Service, ask: &Ask, list: &str, name: &str) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let page = match &token {
            None => service.ask(ask.clone()).await.ok(),
            Some(token) => service
                .ask(ask.clone().query("next-token", token))
                .await
                .ok(),
        };
        let items = page[list].as_array().unwrap();
        pages.push(
            items
                .iter()
                .map(|item| item[name].as_str().unwrap().to_owned())
                .collect(),
        );
        match page.get("nextToken") {
            None => return pages,
            Some(next) => token = Some(next.as_str().unwrap().to_owned()),
        }
        assert!(pages.len() < 100, "the list never ends");
    }
}

async fn stocked() -> Service {
    let service = Service::with_repository().await;
    for name in ["team-b", "team-c", "team-d"] {
        service.make_repository(name).await;
    }
    let origin = (OriginType::External, "public:npmjs");
    let status = PackageVersionStatus::Published;
    let react = package(NPM, "", "react");
    for (index, version) in ["1.0.0", "1.1.0", "1.2.0", "2.0.0-é", "3.0.0"]
        .into_iter()
        .enumerate()
    {
        // Two of them at the same instant.
        let at = NOW.plus_ms(i64::try_from(index / 2).unwrap());
        service
            .insert_version(&react, version, status, origin, at)
            .await;
    }
    for (format, namespace, name) in [
        (NPM, "types", "node"),
        (NPM, "", "redux"),
        (GENERIC, "a", "react"),
    ] {
        let coordinates = package(format, namespace, name);
        service
            .insert_version(&coordinates, "1", status, origin, NOW)
            .await;
    }
    let assets: [(&str, &[u8]); 3] = [("a", b"1"), ("b", b"2"), ("c", b"3")];
    service
        .publish(
            &package(GENERIC, "a", "many"),
            "1",
            &json!({}),
            &assets,
            &[],
        )
        .await;
    service
}

fn lists() -> Vec<(Ask, &'static str, &'static str, Vec<&'static str>)> {
    let repository = |ask: Ask| ask.query("domain", "acme").query("repository", "team-a");
    let versions = || {
        repository(post("/v1/package/versions"))
            .query("format", "npm")
            .query("package", "react")
    };
    let assets = repository(post("/v1/package/version/assets"))
        .query("format", "generic")
        .query("namespace", "a");
    let teams = vec!["team-a", "team-b", "team-c", "team-d"];
    vec![
        (
            post("/v1/repositories"),
            "repositories",
            "name",
            teams.clone(),
        ),
        (
            post("/v1/domain/repositories").query("domain", "acme"),
            "repositories",
            "name",
            teams,
        ),
        (
            repository(post("/v1/packages")),
            "packages",
            "package",
            vec!["many", "react", "react", "redux", "node"],
        ),
        (
            versions(),
            "versions",
            "version",
            vec!["1.0.0", "1.1.0", "1.2.0", "2.0.0-é", "3.0.0"],
        ),
        (
            versions().query("sortBy", "PUBLISHED_TIME"),
            "versions",
            "version",
            vec!["3.0.0", "2.0.0-é", "1.2.0", "1.1.0", "1.0.0"],
        ),
        (
            assets.query("package", "many").query("version", "1"),
            "assets",
            "name",
            vec!["a", "b", "c"],
        ),
    ]
}

#[tokio::test]
async fn every_list_gives_all_its_items_once_whatever_the_page() {
    let service = stocked().await;
    for (ask, list, name, expected) in lists() {
        for size in [1, 2, 3, 1000] {
            let asked = ask.clone().query("max-results", &size.to_string());
            let pages = walk(&service, &asked, list, name).await;
            assert!(pages.iter().all(|page| page.len() <= size), "{pages:?}");
            assert_eq!(pages.len(), expected.len().div_ceil(size), "{pages:?}");
            let mut found: Vec<String> = pages.into_iter().flatten().collect();
            let mut expected = expected.clone();
            if list == "versions" && asked.raw_query.contains("sortBy") {
                // The order of two at one instant is not promised, only that both come.
                found.sort_unstable();
                expected.sort_unstable();
            }
            assert_eq!(found, expected, "{ask:?} by {size}");
        }
    }
}

#[tokio::test]
async fn the_newest_version_comes_first() {
    let service = stocked().await;
    let (ask, list, name, _) = lists().remove(4);
    let pages = walk(&service, &ask.query("max-results", "1"), list, name).await;
    assert_eq!(pages.first(), Some(&vec!["3.0.0".to_owned()]));
}

#[tokio::test]
async fn domains_are_paged_through_the_body() {
    let service = Service::start().await;
    for name in ["aa", "bb", "cc"] {
        service.make_domain(name).await;
    }
    let mut body = json!({ "maxResults": 2 });
    let first = service.ask(post("/v1/domains").json(&body)).await.ok();
    let names = |page: &Value| -> Vec<String> {
        page["domains"]
            .as_array()
            .unwrap()
            .iter()
            .map(|d| d["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["aa", "bb"]);
    body["nextToken"] = first["nextToken"].clone();
    let second = service.ask(post("/v1/domains").json(&body)).await.ok();
    assert_eq!(names(&second), ["cc"]);
    assert_eq!(second.get("nextToken"), None);
    // In the query these members are nobody's.
    let all = service
        .ask(post("/v1/domains").query("max-results", "1"))
        .await
        .ok();
    assert_eq!(names(&all), ["aa", "bb", "cc"]);
}

#[tokio::test]
async fn pages_have_the_published_default_sizes() {
    let service = Service::with_repository().await;
    let origin = (OriginType::External, "public:npmjs");
    let status = PackageVersionStatus::Published;
    for index in 0..101 {
        let version = format!("1.0.{index:03}");
        service
            .insert_version(&package(NPM, "", "react"), &version, status, origin, NOW)
            .await;
        let coordinates = package(NPM, "", &format!("p{index:03}"));
        service
            .insert_version(&coordinates, "1", status, origin, NOW)
            .await;
    }
    let at = |path: &str| {
        post(path)
            .query("domain", "acme")
            .query("repository", "team-a")
    };
    let pages = walk(&service, &at("/v1/packages"), "packages", "package").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [100, 2]);
    let versions = at("/v1/package/versions")
        .query("format", "npm")
        .query("package", "react");
    let pages = walk(&service, &versions, "versions", "version").await;
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 1]);
}

#[tokio::test]
async fn s15_page_sizes_outside_1_to_1000_are_refused() {
    let service = stocked().await;
    for (ask, ..) in lists() {
        for (bad, bound) in [
            ("0", "greater than or equal to 1"),
            ("-1", "greater than or equal to 1"),
            ("1001", "less than or equal to 1000"),
            ("99999999999999999999999", "less than or equal to 1000"),
        ] {
            let message = service
                .ask(ask.clone().query("max-results", bad))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
            let expected = format!(
                "1 validation error detected: Value '{bad}' at 'maxResults' failed to satisfy constraint: Member must \
                 have value {bound}"
            );
            assert_eq!(message, expected);
        }
        for bad in ["", "ten", "1.0", "1e2", " 5", "0x5"] {
            service
                .ask(ask.clone().query("max-results", bad))
                .await
                .invalid("CANNOT_PARSE");
        }
    }
    let answer = service
        .ask(post("/v1/domains").json(&json!({ "maxResults": 0 })))
        .await;
    answer.invalid("FIELD_VALIDATION_FAILED");
}

#[tokio::test]
async fn s14_tokens_of_other_lists_callers_and_filters_are_refused() {
    let service = stocked().await;
    let mut tokens = Vec::new();
    for (ask, ..) in lists() {
        let page = service
            .ask(ask.clone().query("max-results", "1"))
            .await
            .ok();
        tokens.push((ask, page["nextToken"].as_str().unwrap().to_owned()));
    }
    for (index, (ask, _)) in tokens.iter().enumerate() {
        for (other, (_, token)) in tokens.iter().enumerate() {
            let answer = service.ask(ask.clone().query("next-token", token)).await;
            if index == other {
                answer.ok();
            } else {
                let message = answer.invalid("FIELD_VALIDATION_FAILED");
                assert!(message.contains("nextToken"), "{message}");
            }
        }
    }
    let (ask, token) = &tokens[0];
    let filtered = ask
        .clone()
        .query("repository-prefix", "team")
        .query("next-token", token);
    service
        .ask(filtered)
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    // The size of the page may change on the way.
    service
        .ask(
            ask.clone()
                .query("next-token", token)
                .query("max-results", "2"),
        )
        .await
        .ok();
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let theirs = ask
        .clone()
        .query("next-token", token)
        .signed_by(&stranger, NOW);
    service
        .send(theirs)
        .await
        .invalid("FIELD_VALIDATION_FAILED");
}

#[tokio::test]
async fn s14_forged_and_truncated_tokens_are_refused_and_never_an_internal_error() {
    let service = stocked().await;
    for (ask, ..) in lists() {
        let page = service
            .ask(ask.clone().query("max-results", "1"))
            .await
            .ok();
        let token = page["nextToken"].as_str().unwrap();
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        let content: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(service.key.secret.expose()));
        let long = "x".repeat(5000);
        for bad in ["", " ", "e30", "x y", "%", &token[..token.len() - 2], &long] {
            service
                .ask(ask.clone().query("next-token", bad))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
        }
        // A key that nobody gave: refused, or the caller's own list from another place.
        for key in [
            "",
            "\t",
            "\t\t\t",
            "zzz\tx",
            "a\u{0}b",
            "\u{10ffff}",
            "9999999999999999999999\tx",
        ] {
            let mut forged = content.clone();
            forged["key"] = key.into();
            let forged = URL_SAFE_NO_PAD.encode(forged.to_string());
            let answer = service.ask(ask.clone().query("next-token", &forged)).await;
            assert!(matches!(answer.status, 200 | 400), "{key:?}: {answer:?}");
        }
    }
}
