//! Package groups: what they are, what they restrict, and the tree they make.

use catalog::Quotas;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, Ask, NOW_SECONDS, Service, Setup, delete, get, post, put};

fn arn(encoded: &str) -> String {
    format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:package-group/acme{encoded}")
}

fn named(ask: Ask, pattern: &str) -> Ask {
    ask.query("domain", "acme").query("package-group", pattern)
}

fn create(pattern: &str) -> Ask {
    create_with(&json!({ "packageGroup": pattern }))
}

fn create_with(body: &Value) -> Ask {
    post("/v1/package-group").query("domain", "acme").json(body)
}

fn describe(pattern: &str) -> Ask {
    named(get("/v1/package-group"), pattern)
}

fn restrict(pattern: &str, body: &Value) -> Ask {
    named(put("/v1/package-group-origin-configuration"), pattern).json(body)
}

fn remove(pattern: &str) -> Ask {
    named(delete("/v1/package-group"), pattern)
}

fn groups() -> Ask {
    post("/v1/package-groups").query("domain", "acme")
}

fn sub_groups(pattern: &str) -> Ask {
    named(post("/v1/package-groups/sub-groups"), pattern)
}

fn allowed(pattern: &str, restriction: &str) -> Ask {
    named(get("/v1/package-group-allowed-repositories"), pattern)
        .query("originRestrictionType", restriction)
}

async fn stocked(patterns: &[&str]) -> Service {
    let service = Service::with_repository().await;
    for pattern in patterns {
        service.ask(create(pattern)).await.ok();
    }
    service
}

fn patterns(page: &Value) -> Vec<String> {
    let list = page["packageGroups"].as_array().unwrap();
    list.iter()
        .map(|group| group["pattern"].as_str().unwrap().to_owned())
        .collect()
}

/// What a group restricts, by type: mode, effective mode, and where it is inherited from.
fn restrictions(group: &Value) -> Vec<(String, String, Option<String>)> {
    let all = &group["originConfiguration"]["restrictions"];
    assert_eq!(all.as_object().unwrap().len(), 3, "{all}");
    ["PUBLISH", "EXTERNAL_UPSTREAM", "INTERNAL_UPSTREAM"]
        .map(|kind| {
            let text = |name: &str| all[kind][name].as_str().unwrap().to_owned();
            let from = all[kind]["inheritedFrom"]["pattern"].as_str();
            (text("mode"), text("effectiveMode"), from.map(str::to_owned))
        })
        .into()
}

async fn parent_of(service: &Service, pattern: &str) -> Option<String> {
    let described = service.ask(describe(pattern)).await.ok();
    let parent = &described["packageGroup"]["parent"]["pattern"];
    parent.as_str().map(str::to_owned)
}

#[tokio::test]
async fn every_domain_has_a_root_group_that_lets_everything_in() {
    let service = Service::with_repository().await;
    let described = service.ask(describe("/*")).await.ok();
    let allow = json!({ "mode": "ALLOW", "effectiveMode": "ALLOW" });
    let expected = json!({ "packageGroup": {
        "arn": arn("/%2a"), "pattern": "/*", "domainName": "acme", "domainOwner": ACCOUNT,
        "createdTime": NOW_SECONDS, "contactInfo": "", "description": "",
        "originConfiguration": { "restrictions": {
            "PUBLISH": allow, "EXTERNAL_UPSTREAM": allow, "INTERNAL_UPSTREAM": allow,
        } },
    } });
    assert_eq!(described, expected);
    assert_eq!(patterns(&service.ask(groups()).await.ok()), ["/*"]);
}

#[tokio::test]
async fn a_new_group_is_described_in_full_and_inherits_everything() {
    let service = stocked(&["/npm/*"]).await;
    service.clock.advance_ms(1000);
    let body = json!({
        "packageGroup": "/npm/space/any%thing$", "contactInfo": "us@corp.example", "description": "ours",
        "tags": [{ "key": "team", "value": "a" }, { "key": "stage", "value": "" }],
    });
    let made = service.ask(create_with(&body)).await.ok();
    let root = json!({ "arn": arn("/%2a"), "pattern": "/*" });
    let inherited = json!({ "mode": "INHERIT", "effectiveMode": "ALLOW", "inheritedFrom": root });
    let expected = json!({ "packageGroup": {
        "arn": arn("/npm/space/any%25thing%24"), "pattern": "/npm/space/any%thing$", "domainName": "acme",
        "domainOwner": ACCOUNT, "createdTime": NOW_SECONDS + 1.0, "contactInfo": "us@corp.example",
        "description": "ours",
        "originConfiguration": { "restrictions": {
            "PUBLISH": inherited, "EXTERNAL_UPSTREAM": inherited, "INTERNAL_UPSTREAM": inherited,
        } },
        "parent": { "arn": arn("/npm/%2a"), "pattern": "/npm/*" },
    } });
    assert_eq!(made, expected);
    assert_eq!(
        service.ask(describe("/npm/space/any%thing$")).await.ok(),
        expected
    );
    let mut reader = service.store.read().await.unwrap();
    let tags = reader
        .list_resource_tags(&arn("/npm/space/any%25thing%24"))
        .await
        .unwrap();
    assert_eq!(
        tags,
        [("stage".into(), String::new()), ("team".into(), "a".into())]
    );
}

#[tokio::test]
async fn a_pattern_is_taken_once_and_its_case_counts() {
    let service = stocked(&["/generic/t/AsyncStorage$", "/generic/t/asyncstorage$"]).await;
    let before = service.change_count().await;
    for pattern in ["/generic/t/AsyncStorage$", "/*"] {
        let body = service
            .ask(create(pattern))
            .await
            .refused(409, "ConflictException");
        let message = format!("Package group '{pattern}' already exists in domain 'acme'.");
        assert_eq!(
            body,
            json!({ "message": message }),
            "no type stands for groups"
        );
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn texts_that_are_no_patterns_are_refused_with_a_reason() {
    let service = stocked(&[]).await;
    let before = service.change_count().await;
    for (pattern, reason) in [
        ("npm/*", "it must begin with '/'"),
        ("/npm//my-~", "'~' must follow a letter or a number"),
        ("/npm/a*", "'*' may stand only directly after a '/'"),
        ("/npm/react$", "two slashes"),
        (
            "/python//requests$",
            "'python', which is not one of the package formats npm, generic",
        ),
        (
            "/generic//installer$",
            "must have a namespace: generic packages always do",
        ),
        ("/generic//*", "must have a namespace"),
        (
            "/npm//React$",
            "must have the normal form of npm names, which is '/npm//react'",
        ),
        (
            "/npm/@types/*",
            "has a namespace that npm packages cannot have",
        ),
    ] {
        for ask in [
            create(pattern),
            describe(pattern),
            remove(pattern),
            sub_groups(pattern),
        ] {
            let message = service.ask(ask).await.invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains(reason), "{pattern}: {message}");
            assert!(message.contains(&format!("'{pattern}'")), "{message}");
        }
    }
    let long = format!("/npm//{}$", "x".repeat(514));
    for (bad, rule) in [
        ("/", "Member must have length greater than or equal to 2"),
        (
            long.as_str(),
            "Member must have length less than or equal to 520",
        ),
        (
            "/npm//a b$",
            "Member must satisfy regular expression pattern: [^\\p{C}\\p{IsWhitespace}]+",
        ),
    ] {
        let message = service
            .ask(create(bad))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(
            message.contains("at 'packageGroup' failed to satisfy"),
            "{message}"
        );
        assert!(message.contains(rule), "{message}");
    }
    for bad in [json!({}), json!({ "packageGroup": null })] {
        let message = service
            .ask(create_with(&bad))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(
            message.contains("Value null at 'packageGroup'"),
            "{message}"
        );
    }
    service
        .ask(create_with(&json!({ "packageGroup": 1 })))
        .await
        .invalid("CANNOT_PARSE");
    let texts = json!({
        "packageGroup": "/npm/*", "contactInfo": "x".repeat(1001), "description": "a\nb",
    });
    let message = service
        .ask(create_with(&texts))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    assert!(message.starts_with("2 validation errors"), "{message}");
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn d08_groups_and_their_tags_have_quotas() {
    let quotas = Quotas {
        package_groups_per_domain: 2,
        tags_per_resource: 1,
        ..Quotas::default()
    };
    let setup = Setup {
        quotas,
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    service.make_domain("acme").await;
    let tags = json!([{ "key": "a", "value": "" }, { "key": "b", "value": "" }]);
    let body = json!({ "packageGroup": "/npm/*", "tags": tags });
    let refused = service.ask(create_with(&body)).await;
    refused.refused(402, "ServiceQuotaExceededException");
    service.ask(create("/npm/*")).await.ok();
    let refused = service.ask(create("/npm/a/*")).await;
    refused.refused_about(402, "ServiceQuotaExceededException", "domain", "acme");
    let reserved = json!({ "packageGroup": "/npm/a/*", "tags": [{ "key": "aws:x", "value": "" }] });
    service
        .ask(create_with(&reserved))
        .await
        .invalid("FIELD_VALIDATION_FAILED");
    service
        .ask(describe("/npm/a/*"))
        .await
        .refused(404, "ResourceNotFoundException");
}

#[tokio::test]
async fn s17_a_group_that_comes_or_goes_gives_its_neighbours_another_parent() {
    let service = stocked(&["/npm/space/anycompany-ui$", "/npm/*"]).await;
    let exact = "/npm/space/anycompany-ui$";
    assert_eq!(parent_of(&service, exact).await.as_deref(), Some("/npm/*"));
    for pattern in [
        "/npm/space/*",
        "/npm/space/anycompany~",
        "/npm/space/anycompany-ui~",
    ] {
        service.ask(create(pattern)).await.ok();
        assert_eq!(parent_of(&service, exact).await.as_deref(), Some(pattern));
    }
    assert_eq!(
        parent_of(&service, "/npm/space/anycompany-ui~")
            .await
            .as_deref(),
        Some("/npm/space/anycompany~")
    );
    let block = json!({ "restrictions": { "PUBLISH": "BLOCK" } });
    service
        .ask(restrict("/npm/space/anycompany~", &block))
        .await
        .ok();
    let listed = service.ask(sub_groups("/npm/space/anycompany~")).await.ok();
    assert_eq!(patterns(&listed), ["/npm/space/anycompany-ui~"]);
    let before = service.ask(describe(exact)).await.ok();
    let from = Some("/npm/space/anycompany~".to_owned());
    assert_eq!(
        restrictions(&before["packageGroup"])[0],
        ("INHERIT".into(), "BLOCK".into(), from)
    );

    let gone = service.ask(remove("/npm/space/anycompany~")).await.ok();
    assert_eq!(gone["packageGroup"]["pattern"], "/npm/space/anycompany~");
    assert_eq!(gone["packageGroup"]["parent"]["pattern"], "/npm/space/*");
    assert_eq!(restrictions(&gone["packageGroup"])[0].0, "BLOCK");
    let after = service.ask(describe(exact)).await.ok();
    let from = Some("/*".to_owned());
    assert_eq!(
        restrictions(&after["packageGroup"])[0],
        ("INHERIT".into(), "ALLOW".into(), from)
    );
    assert_eq!(
        parent_of(&service, "/npm/space/anycompany-ui~")
            .await
            .as_deref(),
        Some("/npm/space/*")
    );
    assert_eq!(
        patterns(&service.ask(sub_groups("/npm/space/*")).await.ok()),
        ["/npm/space/anycompany-ui~"]
    );
}

#[tokio::test]
async fn s17_the_root_group_stays_and_a_missing_group_is_told() {
    let service = stocked(&[]).await;
    let before = service.change_count().await;
    assert!(
        service
            .ask(remove("/*"))
            .await
            .invalid("OTHER")
            .contains("cannot be deleted")
    );
    let update = put("/v1/package-group")
        .query("domain", "acme")
        .json(&json!({ "packageGroup": "/npm/*", "description": "x" }));
    for ask in [
        describe("/npm/*"),
        update,
        restrict("/npm/*", &json!({})),
        remove("/npm/*"),
        sub_groups("/npm/*"),
        allowed("/npm/*", "PUBLISH"),
        named(get("/v1/list-associated-packages"), "/npm/*"),
    ] {
        let body = service
            .ask(ask)
            .await
            .refused(404, "ResourceNotFoundException");
        let message =
            "Package group not found. Package group '/npm/*' does not exist in domain 'acme'.";
        assert_eq!(body, json!({ "message": message }));
    }
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn i06_a_group_or_domain_that_is_made_again_has_nothing_of_the_old_one() {
    let service = stocked(&[]).await;
    let tagged = json!({
        "packageGroup": "/npm/*", "description": "old", "tags": [{ "key": "a", "value": "b" }],
    });
    service.ask(create_with(&tagged)).await.ok();
    let list = json!({
        "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": [{ "repositoryName": "team-a", "originRestrictionType": "PUBLISH" }],
    });
    service.ask(restrict("/npm/*", &list)).await.ok();
    service.ask(remove("/npm/*")).await.ok();
    let again = service.ask(create("/npm/*")).await.ok();
    assert_eq!(again["packageGroup"]["description"], "");
    assert_eq!(restrictions(&again["packageGroup"])[0].0, "INHERIT");
    let no_tags = async || {
        let mut reader = service.store.read().await.unwrap();
        reader
            .list_resource_tags(&arn("/npm/%2a"))
            .await
            .unwrap()
            .is_empty()
    };
    assert!(no_tags().await);

    service.ask(remove("/npm/*")).await.ok();
    service.ask(create_with(&tagged)).await.ok();
    service
        .ask(restrict(
            "/*",
            &json!({ "restrictions": { "PUBLISH": "BLOCK" } }),
        ))
        .await
        .ok();
    for ask in [
        delete("/v1/repository")
            .query("domain", "acme")
            .query("repository", "team-a"),
        delete("/v1/domain").query("domain", "acme"),
        post("/v1/domain").query("domain", "acme"),
    ] {
        service.ask(ask).await.ok();
    }
    assert_eq!(patterns(&service.ask(groups()).await.ok()), ["/*"]);
    let root = service.ask(describe("/*")).await.ok();
    assert_eq!(restrictions(&root["packageGroup"])[0].0, "ALLOW");
    assert!(no_tags().await);
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_an_empty_text_clears() {
    let service = stocked(&[]).await;
    let update = |body: &Value| put("/v1/package-group").query("domain", "acme").json(body);
    for pattern in ["/*", "/npm/*"] {
        if pattern != "/*" {
            service.ask(create(pattern)).await.ok();
        }
        for (body, contact, description) in [
            (
                json!({ "contactInfo": "us", "description": "ours" }),
                "us",
                "ours",
            ),
            (json!({ "description": "yours" }), "us", "yours"),
            (json!({ "contactInfo": "" }), "", "yours"),
            (json!({}), "", "yours"),
        ] {
            let mut body = body;
            body["packageGroup"] = pattern.into();
            let updated = service.ask(update(&body)).await.ok();
            let described = service.ask(describe(pattern)).await.ok();
            assert_eq!(updated, described);
            let group = &updated["packageGroup"];
            assert_eq!(
                (&group["contactInfo"], &group["description"]),
                (&contact.into(), &description.into())
            );
        }
    }
}

#[tokio::test]
async fn modes_are_set_one_by_one_and_inherited_with_their_lists() {
    let service = stocked(&["/npm/*", "/npm/space/*", "/npm/space/ui$"]).await;
    service.make_repository("team-b").await;
    let body = json!({
        "restrictions": { "PUBLISH": "BLOCK", "INTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": [
            { "repositoryName": "team-b", "originRestrictionType": "INTERNAL_UPSTREAM" },
            { "repositoryName": "team-a", "originRestrictionType": "INTERNAL_UPSTREAM" },
        ],
    });
    let updated = service.ask(restrict("/npm/*", &body)).await.ok();
    assert_eq!(
        updated["allowedRepositoryUpdates"],
        json!({ "INTERNAL_UPSTREAM": { "ADDED": ["team-b", "team-a"] } })
    );
    let own = |mode: &str| (mode.to_owned(), mode.to_owned(), None);
    let root = Some("/*".to_owned());
    assert_eq!(
        restrictions(&updated["packageGroup"]),
        [
            own("BLOCK"),
            ("INHERIT".into(), "ALLOW".into(), root.clone()),
            own("ALLOW_SPECIFIC_REPOSITORIES")
        ]
    );
    let middle = json!({ "restrictions": { "PUBLISH": "ALLOW" } });
    service.ask(restrict("/npm/space/*", &middle)).await.ok();

    let below = service.ask(describe("/npm/space/ui$")).await.ok();
    let npm = Some("/npm/*".to_owned());
    assert_eq!(
        restrictions(&below["packageGroup"]),
        [
            (
                "INHERIT".into(),
                "ALLOW".into(),
                Some("/npm/space/*".into())
            ),
            ("INHERIT".into(), "ALLOW".into(), root),
            ("INHERIT".into(), "ALLOW_SPECIFIC_REPOSITORIES".into(), npm),
        ]
    );
    let kinds = &below["packageGroup"]["originConfiguration"]["restrictions"];
    let inherited = &kinds["INTERNAL_UPSTREAM"];
    assert_eq!(inherited["repositoriesCount"], 2);
    assert_eq!(
        inherited["inheritedFrom"],
        json!({ "arn": arn("/npm/%2a"), "pattern": "/npm/*" })
    );
    assert_eq!(kinds["PUBLISH"].get("repositoriesCount"), None);
    assert_eq!(
        service.ask(describe("/npm/*")).await.ok()["packageGroup"],
        updated["packageGroup"]
    );
}

#[tokio::test]
async fn repositories_are_added_before_others_are_removed_and_only_changes_are_told() {
    let service = stocked(&["/npm/*"]).await;
    service.make_repository("team-b").await;
    let item =
        |name: &str, kind: &str| json!({ "repositoryName": name, "originRestrictionType": kind });
    let body = json!({
        "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES", "EXTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": [
            item("team-a", "PUBLISH"), item("team-b", "PUBLISH"), item("team-a", "EXTERNAL_UPSTREAM"),
            item("team-a", "PUBLISH"),
        ],
        "removeAllowedRepositories": [item("team-b", "PUBLISH"), item("team-b", "EXTERNAL_UPSTREAM")],
    });
    let updates = service.ask(restrict("/npm/*", &body)).await.ok();
    assert_eq!(
        updates["allowedRepositoryUpdates"],
        json!({
            "PUBLISH": { "ADDED": ["team-a", "team-b"], "REMOVED": ["team-b"] },
            "EXTERNAL_UPSTREAM": { "ADDED": ["team-a"] },
        })
    );
    let listed = service.ask(allowed("/npm/*", "PUBLISH")).await.ok();
    assert_eq!(listed, json!({ "allowedRepositories": ["team-a"] }));
    let again = service.ask(restrict("/npm/*", &body)).await.ok();
    assert_eq!(
        again["allowedRepositoryUpdates"],
        json!({ "PUBLISH": { "ADDED": ["team-b"], "REMOVED": ["team-b"] } })
    );
    let nothing = service.ask(restrict("/npm/*", &json!({}))).await.ok();
    assert_eq!(nothing["allowedRepositoryUpdates"], json!({}));
    assert_eq!(nothing["packageGroup"], updates["packageGroup"]);

    // A list is out of sight, and kept, while the mode is another one.
    let block = json!({ "restrictions": { "PUBLISH": "BLOCK" } });
    service.ask(restrict("/npm/*", &block)).await.ok();
    let hidden = service.ask(allowed("/npm/*", "PUBLISH")).await.ok();
    assert_eq!(hidden, json!({ "allowedRepositories": [] }));
    let back = json!({ "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" } });
    let back = service.ask(restrict("/npm/*", &back)).await.ok();
    let kinds = &back["packageGroup"]["originConfiguration"]["restrictions"];
    assert_eq!(kinds["PUBLISH"]["repositoriesCount"], 1);

    // What is deleted leaves the lists.
    let gone = delete("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-a");
    service.ask(gone).await.ok();
    let described = service.ask(describe("/npm/*")).await.ok();
    let kinds = &described["packageGroup"]["originConfiguration"]["restrictions"];
    assert_eq!(kinds["PUBLISH"]["repositoriesCount"], 0);
}

#[tokio::test]
async fn restrictions_that_cannot_be_are_refused_and_nothing_changes() {
    let service = stocked(&["/npm/*"]).await;
    let before = (
        service.change_count().await,
        service.ask(groups()).await.ok(),
    );
    let refused = async |pattern: &str, body: Value| -> Answer {
        service.ask(restrict(pattern, &body)).await
    };
    let item =
        |name: &str, kind: &str| json!({ "repositoryName": name, "originRestrictionType": kind });
    let list =
        |count: usize| -> Vec<Value> { (0..count).map(|_| item("team-a", "PUBLISH")).collect() };

    let inherit = json!({ "restrictions": { "PUBLISH": "INHERIT" } });
    assert!(
        refused("/*", inherit)
            .await
            .invalid("OTHER")
            .contains("no group to inherit from")
    );
    let no_mode = json!({ "addAllowedRepositories": [item("team-a", "PUBLISH")] });
    let message = refused("/npm/*", no_mode).await.invalid("OTHER");
    assert!(
        message.contains("is not ALLOW_SPECIFIC_REPOSITORIES"),
        "{message}"
    );
    let other_mode = json!({
        "restrictions": { "EXTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES", "PUBLISH": "ALLOW" },
        "addAllowedRepositories": [item("team-a", "EXTERNAL_UPSTREAM"), item("team-a", "PUBLISH")],
    });
    refused("/npm/*", other_mode).await.invalid("OTHER");
    for member in ["addAllowedRepositories", "removeAllowedRepositories"] {
        let mut body = json!({ "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" } });
        body[member] = json!([item("none", "PUBLISH")]);
        let answer = refused("/npm/*", body).await;
        answer.refused_about(404, "ResourceNotFoundException", "repository", "none");
    }
    let many = json!({
        "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": list(60), "removeAllowedRepositories": list(41),
    });
    let answer = refused("/npm/*", many).await;
    let message = answer.refused_about(402, "ServiceQuotaExceededException", "domain", "acme");
    assert!(message.contains("At most 100"), "{message}");
    for (body, told) in [
        (
            json!({ "restrictions": { "COPY": "ALLOW" } }),
            "Value 'COPY' at 'restrictions'",
        ),
        (
            json!({ "restrictions": { "PUBLISH": "allow" } }),
            "Value 'allow' at 'restrictions.PUBLISH.member'",
        ),
        (
            json!({ "restrictions": { "PUBLISH": null } }),
            "Value null at 'restrictions.PUBLISH.member'",
        ),
        (
            json!({ "addAllowedRepositories": [item("team-a", "PUBLISH"), item("?", "ALL")] }),
            "2 validation errors detected: Value '?' at 'addAllowedRepositories.2.member.repositoryName'",
        ),
        (
            json!({ "removeAllowedRepositories": [{ "repositoryName": "team-a" }] }),
            "Value null at 'removeAllowedRepositories.1.member.originRestrictionType'",
        ),
    ] {
        let message = refused("/npm/*", body)
            .await
            .invalid("FIELD_VALIDATION_FAILED");
        assert!(message.contains(told), "{message}");
    }
    for body in [
        json!({ "restrictions": [] }),
        json!({ "restrictions": { "PUBLISH": 1 } }),
        json!({ "addAllowedRepositories": {} }),
        json!({ "addAllowedRepositories": ["team-a"] }),
    ] {
        refused("/npm/*", body).await.invalid("CANNOT_PARSE");
    }
    let after = (
        service.change_count().await,
        service.ask(groups()).await.ok(),
    );
    assert_eq!(after, before);
    let hundred = json!({
        "restrictions": { "PUBLISH": "ALLOW_SPECIFIC_REPOSITORIES" },
        "addAllowedRepositories": list(60), "removeAllowedRepositories": list(40),
    });
    refused("/npm/*", hundred).await.ok();
}

#[tokio::test]
async fn allowed_repositories_are_listed_page_by_page() {
    let service = stocked(&["/npm/*", "/npm/a/*"]).await;
    let mut names: Vec<String> = vec!["team-a".into()];
    for index in 0..6 {
        let name = format!("repo-{index}");
        service.make_repository(&name).await;
        names.push(name);
    }
    let items: Vec<_> = names
        .iter()
        .map(|name| json!({ "repositoryName": name, "originRestrictionType": "EXTERNAL_UPSTREAM" }))
        .collect();
    let body = json!({
        "restrictions": { "EXTERNAL_UPSTREAM": "ALLOW_SPECIFIC_REPOSITORIES" }, "addAllowedRepositories": items,
    });
    service.ask(restrict("/npm/*", &body)).await.ok();
    names.sort_unstable();
    let list = allowed("/npm/*", "EXTERNAL_UPSTREAM");
    for size in [1, 3, 7] {
        let asked = list.clone().query("max-results", &size.to_string());
        let walked = walk(&service, &asked, "allowedRepositories", async |_| {}).await;
        assert_eq!(walked, names);
    }
    let below = service
        .ask(allowed("/npm/a/*", "EXTERNAL_UPSTREAM"))
        .await
        .ok();
    assert_eq!(
        below,
        json!({ "allowedRepositories": [] }),
        "its own list is empty"
    );
    for bad in ["", "publish", "ANY"] {
        let ask = allowed("/npm/*", "PUBLISH").with("originRestrictionType", bad);
        service.ask(ask).await.invalid("FIELD_VALIDATION_FAILED");
    }
}

/// Follows the pages of a list to its end, doing something before each page; returns the names or patterns.
async fn walk(
    service: &Service,
    ask: &Ask,
    list: &str,
    mut before_page: impl AsyncFnMut(usize),
) -> Vec<String> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    for page in 0.. {
        before_page(page).await;
        let asked = match &token {
            None => ask.clone(),
            Some(token) => ask.clone().query("next-token", token),
        };
        let answer = service.ask(asked).await.ok();
        found.extend(answer[list].as_array().unwrap().iter().map(|item| {
            let text = item.as_str().or(item["pattern"].as_str());
            text.unwrap().to_owned()
        }));
        match answer.get("nextToken") {
            None => break,
            Some(next) => token = Some(next.as_str().unwrap().to_owned()),
        }
    }
    found
}

#[tokio::test]
async fn groups_are_listed_by_literal_prefix() {
    let service = stocked(&["/npm/*", "/npm//a~", "/npm//a$", "/generic/*", "/npm/a_b/*"]).await;
    for (prefix, expected) in [
        (
            "",
            &[
                "/*",
                "/generic/*",
                "/npm/*",
                "/npm//a$",
                "/npm//a~",
                "/npm/a_b/*",
            ][..],
        ),
        ("/npm//", &["/npm//a$", "/npm//a~"]),
        ("/npm/a_", &["/npm/a_b/*"]),
        ("/npm/a%", &[]),
        ("/*", &["/*"]),
        ("npm", &[]),
        ("/NPM", &[]),
    ] {
        let listed = service.ask(groups().query("prefix", prefix)).await.ok();
        assert_eq!(patterns(&listed), expected, "p16: {prefix}");
    }
    let all = service.ask(groups()).await.ok();
    for group in all["packageGroups"].as_array().unwrap() {
        let described = service
            .ask(describe(group["pattern"].as_str().unwrap()))
            .await
            .ok();
        assert_eq!(*group, described["packageGroup"]);
    }
    for bad in ["a b".to_owned(), "x".repeat(521)] {
        let refused = service.ask(groups().query("prefix", &bad)).await;
        refused.invalid("FIELD_VALIDATION_FAILED");
    }
}

#[tokio::test]
async fn only_direct_sub_groups_are_listed() {
    let service = stocked(&["/npm/*", "/npm/a/*", "/npm/a/x$", "/npm/b/*", "/generic/*"]).await;
    for (pattern, expected) in [
        ("/*", &["/generic/*", "/npm/*"][..]),
        ("/npm/*", &["/npm/a/*", "/npm/b/*"]),
        ("/npm/a/*", &["/npm/a/x$"]),
        ("/npm/a/x$", &[]),
    ] {
        assert_eq!(
            patterns(&service.ask(sub_groups(pattern)).await.ok()),
            expected
        );
        let asked = sub_groups(pattern).query("max-results", "1");
        assert_eq!(
            walk(&service, &asked, "packageGroups", async |_| {}).await,
            expected
        );
    }
}

#[tokio::test]
async fn s14_lists_of_groups_miss_and_repeat_nothing_while_groups_come_and_go() {
    let service = stocked(&["/npm/*"]).await;
    let mut standing: Vec<String> = (0..120).map(|n| format!("/npm/s{n:03}/*")).collect();
    for pattern in &standing {
        service.ask(create(pattern)).await.ok();
    }
    for n in (0..120).step_by(3) {
        service.ask(create(&format!("/npm/s{n:03}x/*"))).await.ok();
    }
    for (ask, others) in [
        (sub_groups("/npm/*"), 0),
        (groups().query("prefix", "/npm/"), 1),
    ] {
        let come_and_go = async |page: usize| {
            // Before the place reached, at it, and after it.
            for at in [page / 2, page, page + 7] {
                let at = at % 120;
                service.ask(remove(&format!("/npm/s{at:03}x/*"))).await;
                service
                    .ask(create(&format!("/npm/s{at:03}y{others}/*")))
                    .await;
            }
        };
        let walked = walk(
            &service,
            &ask.query("max-results", "1"),
            "packageGroups",
            come_and_go,
        )
        .await;
        let mut once = walked.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once, walked, "in order, and none twice");
        standing.sort_unstable();
        let missed: Vec<_> = standing
            .iter()
            .filter(|one| !walked.contains(one))
            .collect();
        assert!(missed.is_empty(), "{missed:?}");
        for n in (0..120).step_by(3) {
            service.ask(create(&format!("/npm/s{n:03}x/*"))).await;
        }
    }
}
