//! Put, Get and Delete of domain and repository permissions policies.

use model::PrincipalKind;
use serde_json::{Value, json};

use crate::support::{ACCOUNT, Ask, STRANGER, Service, delete, get, post, put};

/// White space and order of members are the author's.
const DOCUMENT: &str = "{ \"Statement\" : [ {\n\t\"Sid\": \"Réadé\", \"Effect\": \"Allow\", \"Action\": [\"codeartifact:DescribeDomain\"],\n\t\"Resource\": \"*\",  \"Principal\": {\"AWS\": \"arn:aws:iam::999999999999:root\"} } ],\r\n \"Version\": \"2012-10-17\" }\n";
const OTHER: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"999999999999"},"Action":"codeartifact:*","Resource":"*"}}"#;

/// The three requests about the policy of the domain `acme`, or of its repository `team-a`.
struct Holder {
    kind: &'static str,
    id: &'static str,
    resource: &'static str,
}

const HOLDERS: [Holder; 2] = [
    Holder {
        kind: "domain",
        id: "acme",
        resource: "domain/acme",
    },
    Holder {
        kind: "repository",
        id: "team-a",
        resource: "repository/acme/team-a",
    },
];

impl Holder {
    fn arn(&self) -> String {
        format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{}", self.resource)
    }

    fn put(&self, document: &str, revision: Option<&str>) -> Ask {
        let mut body = json!({ "policyDocument": document });
        if let Some(revision) = revision {
            body["policyRevision"] = revision.into();
        }
        match self.kind {
            "domain" => {
                body["domain"] = "acme".into();
                put("/v1/domain/permissions/policy").json(&body)
            }
            _ => put("/v1/repository/permissions/policy")
                .query("domain", "acme")
                .query("repository", "team-a")
                .json(&body),
        }
    }

    fn get(&self) -> Ask {
        match self.kind {
            "domain" => get("/v1/domain/permissions/policy").query("domain", "acme"),
            _ => get("/v1/repository/permissions/policy")
                .query("domain", "acme")
                .query("repository", "team-a"),
        }
    }

    fn delete(&self, revision: Option<&str>) -> Ask {
        let ask = match self.kind {
            "domain" => delete("/v1/domain/permissions/policy").query("domain", "acme"),
            _ => delete("/v1/repository/permissions/policies")
                .query("domain", "acme")
                .query("repository", "team-a"),
        };
        match revision {
            None => ask,
            Some(revision) => ask.query("policy-revision", revision),
        }
    }

    fn revision(&self, answer: &Value, document: &str) -> String {
        let revision = answer["policy"]["revision"].as_str().unwrap().to_owned();
        let expected = json!({ "policy": {
            "resourceArn": self.arn(), "revision": revision, "document": document,
        } });
        assert_eq!(*answer, expected);
        let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
        assert!((20..=100).contains(&revision.len()) && revision.bytes().all(is_base64));
        revision
    }
}

#[tokio::test]
async fn a_policy_comes_back_byte_for_byte_until_it_is_replaced_or_deleted() {
    let service = Service::with_repository().await;
    for holder in &HOLDERS {
        let none = service.ask(holder.get()).await;
        none.refused_about(404, "ResourceNotFoundException", holder.kind, holder.id);
        let none = service.ask(holder.delete(None)).await;
        none.refused_about(404, "ResourceNotFoundException", holder.kind, holder.id);

        let answer = service.ask(holder.put(DOCUMENT, None)).await.ok();
        let first = holder.revision(&answer, DOCUMENT);
        assert_eq!(service.ask(holder.get()).await.ok(), answer);
        let answer = service.ask(holder.put(OTHER, None)).await.ok();
        let second = holder.revision(&answer, OTHER);
        assert_ne!(first, second);
        assert_eq!(service.ask(holder.get()).await.ok(), answer);
        // The same text again is another state.
        let again = service.ask(holder.put(OTHER, None)).await.ok();
        assert_ne!(holder.revision(&again, OTHER), second);

        assert_eq!(service.ask(holder.delete(None)).await.ok(), again);
        let none = service.ask(holder.get()).await;
        none.refused_about(404, "ResourceNotFoundException", holder.kind, holder.id);
    }
}

#[tokio::test]
async fn s11_a_revision_is_an_optimistic_lock() {
    let service = Service::with_repository().await;
    for holder in &HOLDERS {
        let stale = |answer: &crate::support::Answer| {
            answer.refused_about(409, "ConflictException", holder.kind, holder.id);
        };
        // There is no state yet that a revision could name.
        stale(&service.ask(holder.put(DOCUMENT, Some("x"))).await);
        let answer = service.ask(holder.put(DOCUMENT, None)).await.ok();
        let first = holder.revision(&answer, DOCUMENT);
        let answer = service.ask(holder.put(OTHER, Some(&first))).await.ok();
        let second = holder.revision(&answer, OTHER);
        let before = service.change_count().await;
        stale(&service.ask(holder.put(DOCUMENT, Some(&first))).await);
        stale(&service.ask(holder.delete(Some(&first))).await);
        stale(
            &service
                .ask(holder.delete(Some(&second.to_lowercase())))
                .await,
        );
        assert_eq!(service.change_count().await, before);
        assert_eq!(service.ask(holder.get()).await.ok(), answer);
        // Without one, whatever is there is replaced.
        service.ask(holder.put(DOCUMENT, None)).await.ok();
        let answer = service.ask(holder.get()).await.ok();
        let third = holder.revision(&answer, DOCUMENT);
        assert_eq!(service.ask(holder.delete(Some(&third))).await.ok(), answer);
    }
}

#[tokio::test]
async fn s11_of_many_who_send_the_same_revision_one_wins() {
    let service = Service::with_repository().await;
    let holder = &HOLDERS[1];
    let answer = service.ask(holder.put(DOCUMENT, None)).await.ok();
    let revision = holder.revision(&answer, DOCUMENT);
    let puts = (0..8).map(|_| service.ask(holder.put(OTHER, Some(&revision))));
    let answers = futures_util::future::join_all(puts).await;
    let won = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(won, 1);
    assert!(answers.iter().all(|a| a.status == 200 || a.status == 409));
}

#[tokio::test]
async fn s09_a_document_that_is_no_policy_is_refused_and_nothing_changes() {
    let service = Service::with_repository().await;
    for holder in &HOLDERS {
        let answer = service.ask(holder.put(DOCUMENT, None)).await.ok();
        let before = service.change_count().await;
        let statement = |members: &str| {
            format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*",
                "Action":"codeartifact:*","Resource":"*"{members}}}]}}"#
            )
        };
        for bad in [
            "x",
            "{}",
            "[]",
            "{",
            r#"{"Version":"2012-10-17"}"#,
            r#"{"Version":"2020-01-01","Statement":[]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"codeartifact:*","Resource":"*"}]}"#,
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Maybe","Principal":"*","Action":"codeartifact:*","Resource":"*"}]}"#,
            &statement(r#","Unknown":1"#),
            &statement(r#","Effect":"Deny""#),
            &statement(r#","NotAction":"codeartifact:*""#),
            &statement(r#","Condition":{"StringSounds":{"aws:username":"x"}}"#),
        ] {
            let message = service
                .ask(holder.put(bad, None))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
            assert!(
                message.starts_with("The policy document is not valid: "),
                "{bad}: {message}"
            );
        }
        for (bad, text) in [
            ("", "greater than or equal to 1"),
            ("{\u{0}}", "regular expression"),
            (&" ".repeat(7169), "less than or equal to 7168"),
        ] {
            let message = service
                .ask(holder.put(bad, None))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains("at 'policyDocument' failed") && message.contains(text));
        }
        for bad in ["", "a b", &"x".repeat(101)] {
            let message = service
                .ask(holder.put(DOCUMENT, Some(bad)))
                .await
                .invalid("FIELD_VALIDATION_FAILED");
            assert!(message.contains("at 'policyRevision' failed"), "{message}");
        }
        assert_eq!(service.change_count().await, before);
        assert_eq!(service.ask(holder.get()).await.ok(), answer);
        // As long as it may be.
        let longest = format!("{OTHER}{}", " ".repeat(7168 - OTHER.len()));
        service.ask(holder.put(&longest, None)).await.ok();
        let document = &service.ask(holder.get()).await.ok()["policy"]["document"];
        assert_eq!(document.as_str(), Some(longest.as_str()));
    }
}

#[tokio::test]
async fn i06_a_policy_ends_with_its_resource_and_is_not_there_for_the_next_of_the_name() {
    let service = Service::with_repository().await;
    for holder in &HOLDERS {
        service.ask(holder.put(DOCUMENT, None)).await.ok();
    }
    let remove = |path: &str| delete(path).query("domain", "acme");
    service
        .ask(remove("/v1/repository").query("repository", "team-a"))
        .await
        .ok();
    service.make_repository("team-a").await;
    let [domain, repository] = &HOLDERS;
    service.ask(domain.get()).await.ok();
    let none = service.ask(repository.get()).await;
    none.refused_about(404, "ResourceNotFoundException", "repository", "team-a");
    service
        .ask(remove("/v1/repository").query("repository", "team-a"))
        .await
        .ok();
    service.ask(remove("/v1/domain")).await.ok();
    service.make_domain("acme").await;
    let none = service.ask(domain.get()).await;
    none.refused_about(404, "ResourceNotFoundException", "domain", "acme");
}

#[tokio::test]
async fn every_change_of_a_policy_is_in_the_log_of_its_domain_with_its_text() {
    let service = Service::with_repository().await;
    for holder in &HOLDERS {
        service.ask(holder.put(DOCUMENT, None)).await.ok();
        service.ask(holder.delete(None)).await.ok();
    }
    let domain = crate::support::acme();
    let mut reader = service.store.read().await.unwrap();
    let row = reader.find_domain(&domain.owner, &domain.name).await;
    let log_id = row.unwrap().unwrap().id;
    let rows = reader.list_changes(log_id, 0, 1000).await.unwrap();
    let about: Vec<_> = rows
        .iter()
        .filter(|row| row.kind.starts_with("resource-policy"))
        .map(|row| {
            let detail: Value = serde_json::from_str(&row.detail).unwrap();
            let document = detail["document"].as_str().unwrap_or_default().to_owned();
            (row.kind.as_str(), row.repository.as_deref(), document)
        })
        .collect();
    let put = DOCUMENT.to_owned();
    assert_eq!(
        about,
        [
            ("resource-policy-put", None, put.clone()),
            ("resource-policy-deleted", None, String::new()),
            ("resource-policy-put", Some("team-a"), put),
            ("resource-policy-deleted", Some("team-a"), String::new()),
        ]
    );
}

#[tokio::test]
async fn s11_nobody_but_the_owner_sets_a_policy_whatever_the_policy_says() {
    let service = Service::with_repository().await;
    let guest = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    for holder in &HOLDERS {
        let everything = OTHER.replace("Deny", "Allow");
        service.ask(holder.put(&everything, None)).await.ok();
        let mut ask = holder.put(DOCUMENT, None);
        if holder.kind == "domain" {
            let mut body: Value = serde_json::from_slice(&ask.body).unwrap();
            body["domainOwner"] = ACCOUNT.into();
            ask = ask.body(body.to_string().as_bytes());
        } else {
            ask = ask.query("domain-owner", ACCOUNT);
        }
        let body = service
            .ask_as(&guest, ask)
            .await
            .refused(403, "AccessDeniedException");
        let action = match holder.kind {
            "domain" => "codeartifact:PutDomainPermissionsPolicy",
            _ => "codeartifact:PutRepositoryPermissionsPolicy",
        };
        assert_eq!(
            body["message"],
            format!(
                "User: arn:aws:iam::{STRANGER}:root is not authorized to perform: {action} on resource: {} because no \
                 resource-based policy allows the {action} action",
                holder.arn()
            )
        );
        // Reading and deleting it are ordinary rights.
        let as_guest = |ask: Ask| service.ask_as(&guest, ask.query("domain-owner", ACCOUNT));
        as_guest(holder.get()).await.ok();
        as_guest(holder.delete(None)).await.ok();
        as_guest(holder.get())
            .await
            .refused(403, "AccessDeniedException");
    }
}

#[tokio::test]
async fn s11_an_owner_who_locks_everyone_out_can_still_set_another_policy() {
    let service = Service::with_repository().await;
    let nobody = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#;
    for holder in &HOLDERS {
        service.ask(holder.put(nobody, None)).await.ok();
        for ask in [holder.get(), holder.delete(None)] {
            let body = service.ask(ask).await.refused(403, "AccessDeniedException");
            let message = body["message"].as_str().unwrap();
            assert!(
                message.ends_with(" with an explicit deny in a resource-based policy"),
                "{message}"
            );
        }
        let describe = match holder.kind {
            "domain" => get("/v1/domain").query("domain", "acme"),
            _ => post("/v1/packages")
                .query("domain", "acme")
                .query("repository", "team-a"),
        };
        service
            .ask(describe.clone())
            .await
            .refused(403, "AccessDeniedException");
        service.ask(holder.put(DOCUMENT, None)).await.ok();
        service.ask(describe).await.ok();
        service.ask(holder.delete(None)).await.ok();
    }
}
