//! What a group is, and its place in the tree.

use super::*;

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
