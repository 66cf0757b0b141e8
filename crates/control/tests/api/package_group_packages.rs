//! Which packages belong to which group.

use model::{OriginType, PackageVersionStatus};
use serde_json::{Value, json};

use crate::support::{Ask, GENERIC, NOW, NPM, Service, get, package, post};

fn create(pattern: &str) -> Ask {
    post("/v1/package-group")
        .query("domain", "acme")
        .json(&json!({ "packageGroup": pattern }))
}

fn packages(pattern: &str) -> Ask {
    get("/v1/list-associated-packages")
        .query("domain", "acme")
        .query("package-group", pattern)
}

fn preview(pattern: &str) -> Ask {
    packages(pattern).query("preview", "true")
}

fn associated(format: &str, namespace: &str, name: &str) -> Ask {
    let ask = get("/v1/get-associated-package-group")
        .query("domain", "acme")
        .query("format", format)
        .query("package", name);
    if namespace.is_empty() {
        ask
    } else {
        ask.query("namespace", namespace)
    }
}

async fn add(service: &Service, format: model::FormatId, namespace: &str, name: &str) {
    let status = PackageVersionStatus::Published;
    let origin = (OriginType::External, "public:npmjs");
    let coordinates = package(format, namespace, name);
    service
        .insert_version(&coordinates, "1", status, origin, NOW)
        .await;
}

/// `format/namespace/name TYPE` of each package on a page.
fn told(page: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = page["packages"].as_array().unwrap();
    list.iter()
        .map(|item| {
            let path = [&item["format"], &item["namespace"], &item["package"]].map(text);
            format!("{} {}", path.join("/"), text(&item["associationType"]))
        })
        .collect()
}

/// All packages of a list, and how many pages it took.
async fn walk(
    service: &Service,
    ask: &Ask,
    mut before_page: impl AsyncFnMut(usize),
) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    for page in 0.. {
        before_page(page).await;
        let asked = match &token {
            None => ask.clone(),
            Some(token) => ask.clone().query("next-token", token),
        };
        let answer = service.ask(asked).await.ok();
        found.extend(told(&answer));
        match answer.get("nextToken") {
            None => return (found, page + 1),
            Some(next) => token = Some(next.as_str().unwrap().to_owned()),
        }
    }
    unreachable!("the walk ends by its last page")
}

async fn stocked() -> Service {
    let service = Service::with_repository().await;
    for (format, namespace, name) in [
        (NPM, "", "react"),
        (NPM, "", "react-dom"),
        (NPM, "", "reactive"),
        (NPM, "types", "node"),
        (GENERIC, "tools", "Foo-Bar"),
        (GENERIC, "tools", "foo_bar"),
        (GENERIC, "tools", "foobar"),
        (GENERIC, "Tools", "x"),
    ] {
        add(&service, format, namespace, name).await;
    }
    service
}

#[tokio::test]
async fn packages_are_listed_with_the_one_group_they_belong_to() {
    let service = stocked().await;
    for pattern in [
        "/npm//react~",
        "/generic/tools/foo-bar$",
        "/generic/tools/*",
    ] {
        service.ask(create(pattern)).await.ok();
    }
    for (pattern, expected) in [
        ("/*", &["npm//reactive STRONG", "npm/types/node STRONG"][..]),
        (
            "/npm//react~",
            &["npm//react STRONG", "npm//react-dom STRONG"],
        ),
        (
            "/generic/tools/foo-bar$",
            &["generic/tools/Foo-Bar WEAK", "generic/tools/foo_bar WEAK"],
        ),
        (
            "/generic/tools/*",
            &["generic/Tools/x WEAK", "generic/tools/foobar STRONG"],
        ),
    ] {
        let listed = service.ask(packages(pattern)).await.ok();
        let mut found = told(&listed);
        found.sort_unstable();
        assert_eq!(found, expected, "{pattern}");
        assert_eq!(listed.get("nextToken"), None);
        let again = service.ask(preview(pattern)).await.ok();
        assert_eq!(again, listed, "a preview of what is there");
    }
    // A more specific group for one variation takes it out of the other.
    service.ask(create("/generic/tools/Foo-Bar$")).await.ok();
    assert_eq!(
        told(&service.ask(packages("/generic/tools/Foo-Bar$")).await.ok()),
        ["generic/tools/Foo-Bar STRONG", "generic/tools/foo_bar WEAK"],
        "of two variations the first pattern has what neither names"
    );
    assert!(told(&service.ask(packages("/generic/tools/foo-bar$")).await.ok()).is_empty());
}

#[tokio::test]
async fn a_preview_shows_what_a_group_would_hold() {
    let service = stocked().await;
    service.ask(create("/npm//react$")).await.ok();
    for (pattern, expected) in [
        ("/npm//react~", &["npm//react-dom STRONG"][..]),
        (
            "/npm/*",
            &[
                "npm//react-dom STRONG",
                "npm//reactive STRONG",
                "npm/types/node STRONG",
            ],
        ),
        ("/npm/none/*", &[]),
        ("/generic/TOOLS/x$", &["generic/Tools/x WEAK"]),
    ] {
        let refused = service.ask(packages(pattern)).await;
        refused.refused(404, "ResourceNotFoundException");
        let refused = service
            .ask(packages(pattern).query("preview", "false"))
            .await;
        refused.refused(404, "ResourceNotFoundException");
        assert_eq!(
            told(&service.ask(preview(pattern)).await.ok()),
            expected,
            "{pattern}"
        );
        service.ask(create(pattern)).await.ok();
        assert_eq!(
            told(&service.ask(packages(pattern)).await.ok()),
            expected,
            "{pattern}"
        );
        let gone = crate::support::delete("/v1/package-group")
            .query("domain", "acme")
            .query("package-group", pattern);
        service.ask(gone).await.ok();
    }
    for bad in ["", "yes", "TRUE", "1"] {
        let ask = packages("/*").query("preview", bad);
        service.ask(ask).await.invalid("CANNOT_PARSE");
    }
}

#[tokio::test]
async fn a_package_counts_once_for_the_domain_and_until_the_last_repository_is_gone() {
    let service = stocked().await;
    service.ask(create("/npm//*")).await.ok();
    let everything = told(&service.ask(packages("/npm//*")).await.ok());
    assert_eq!(everything.len(), 3);
    let gone = crate::support::delete("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-a");
    service.ask(gone).await.ok();
    let listed = service.ask(packages("/npm//*")).await.ok();
    assert_eq!(listed, json!({ "packages": [] }));
}

#[tokio::test]
async fn s14_pages_of_packages_miss_and_repeat_nothing_while_packages_come() {
    let service = Service::with_repository().await;
    let mut standing = Vec::new();
    for n in 0..40 {
        add(&service, NPM, "", &format!("a{n:02}")).await;
        standing.push(format!("npm//a{n:02} STRONG"));
        // A group of its own between two of ours.
        add(&service, NPM, &format!("n{n:02}"), "x").await;
    }
    service.ask(create("/npm/*")).await.ok();
    service.ask(create("/npm/n07/*")).await.ok();
    let come = async |page: usize| {
        add(&service, NPM, "", &format!("a{:02}-{page}", page / 2)).await;
        add(&service, NPM, "", &format!("a{:02}-{page}", page + 3)).await;
    };
    let asked = packages("/npm/*").query("max-results", "1");
    let (walked, _) = walk(&service, &asked, come).await;
    let mut once = walked.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), walked.len(), "none twice");
    for one in &standing {
        assert!(walked.contains(one), "{one}");
    }
    assert!(!walked.iter().any(|one| one.starts_with("npm/n07/")));
    assert!(walked.iter().any(|one| one.starts_with("npm/n08/")));
}

#[tokio::test]
async fn d05_a_page_steps_over_the_packages_of_other_groups_and_may_be_short() {
    let service = Service::with_repository().await;
    for n in 0..70 {
        for name in ["x", "y", "z"] {
            add(&service, GENERIC, &format!("n{n:02}"), name).await;
        }
        service
            .ask(create(&format!("/generic/n{n:02}/*")))
            .await
            .ok();
    }
    add(&service, GENERIC, "zz", "last").await;
    service.ask(create("/generic/*")).await.ok();
    let (walked, pages) = walk(&service, &packages("/generic/*"), async |_| {}).await;
    assert_eq!(walked, ["generic/zz/last STRONG"]);
    assert!((2..=5).contains(&pages), "{pages} pages");
    let (walked, _) = walk(&service, &packages("/*"), async |_| {}).await;
    assert!(walked.is_empty());
}

#[tokio::test]
async fn a_package_that_nobody_has_belongs_to_a_group_all_the_same() {
    let service = Service::with_repository().await;
    for pattern in ["/npm/*", "/npm/types/*", "/generic/t/AsyncStorage$"] {
        service.ask(create(pattern)).await.ok();
    }
    for (format, namespace, name, expected, kind) in [
        ("npm", "", "react", "/npm/*", "STRONG"),
        ("npm", "types", "node", "/npm/types/*", "STRONG"),
        ("npm", "", "REACT", "/npm/*", "STRONG"),
        ("npm", "Types", "node", "/npm/types/*", "WEAK"),
        (
            "generic",
            "t",
            "AsyncStorage",
            "/generic/t/AsyncStorage$",
            "STRONG",
        ),
        ("generic", "t", "async.storage", "/*", "STRONG"),
        (
            "generic",
            "t",
            "ASYNCSTORAGE",
            "/generic/t/AsyncStorage$",
            "WEAK",
        ),
    ] {
        let found = service.ask(associated(format, namespace, name)).await.ok();
        assert_eq!(
            (&found["packageGroup"]["pattern"], &found["associationType"]),
            (&expected.into(), &kind.into()),
            "{format}/{namespace}/{name}"
        );
        let described = get("/v1/package-group")
            .query("domain", "acme")
            .query("package-group", expected);
        let described = service.ask(described).await.ok();
        assert_eq!(found["packageGroup"], described["packageGroup"]);
        assert_eq!(found.as_object().unwrap().len(), 2);
    }
    let missing = associated("npm", "", "react").with("domain", "none");
    let answer = service.ask(missing).await;
    answer.refused_about(404, "ResourceNotFoundException", "domain", "none");
    for bad in [
        associated("pypi", "", "x"),
        associated("generic", "", "x"),
        associated("npm", "", "a/b"),
    ] {
        service.ask(bad).await.invalid("FIELD_VALIDATION_FAILED");
    }
}
