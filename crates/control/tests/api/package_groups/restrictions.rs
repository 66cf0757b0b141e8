//! Where packages of a group may come from, and the repositories on its lists.

use super::*;

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
