//! CreateDomain, DescribeDomain, ListDomains, DeleteDomain.

use catalog::Quotas;
use model::PrincipalKind;
use serde_json::json;

use crate::support::{ACCOUNT, NOW_SECONDS, STRANGER, Service, Setup, delete, get, post};

const ARN: &str = "arn:aws:codeartifact:us-west-2:111122223333:domain/acme";
const DEFAULT_KEY: &str = "arn:aws:kms:us-west-2:111122223333:alias/aws/codeartifact";

#[tokio::test]
async fn a_domain_is_made_and_described() {
    let service = Service::start().await;
    let tags = json!({ "tags": [{ "key": "team", "value": "build" }] });
    let made = service
        .ask(post("/v1/domain").query("domain", "acme").json(&tags))
        .await
        .ok();
    let mut expected = json!({
        "name": "acme", "owner": ACCOUNT, "arn": ARN, "status": "Active", "createdTime": NOW_SECONDS,
        "encryptionKey": DEFAULT_KEY, "repositoryCount": 0, "assetSizeBytes": 0,
    });
    assert_eq!(made, json!({ "domain": expected }));
    service.make_repository("team-a").await;
    let described = service
        .ask(get("/v1/domain").query("domain", "acme"))
        .await
        .ok();
    expected["repositoryCount"] = 1.into();
    expected["s3BucketArn"] = "arn:aws:s3:::assets-111122223333-us-west-2".into();
    assert_eq!(described, json!({ "domain": expected }));
    let owned = get("/v1/domain")
        .query("domain", "acme")
        .query("domain-owner", ACCOUNT);
    assert_eq!(service.ask(owned).await.ok(), described);
}

#[tokio::test]
async fn the_domain_in_a_reply_has_the_whole_arn_of_its_key() {
    let service = Service::start().await;
    for (index, (sent, expected)) in [
        (
            "1234abcd-12ab",
            "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab",
        ),
        (
            "alias/build",
            "arn:aws:kms:us-west-2:111122223333:alias/build",
        ),
        (
            "arn:aws:kms:eu-west-1:999999999999:key/x",
            "arn:aws:kms:eu-west-1:999999999999:key/x",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let ask = post("/v1/domain").query("domain", &format!("acme-{index}"));
        let made = service
            .ask(ask.json(&json!({ "encryptionKey": sent })))
            .await
            .ok();
        assert_eq!(made["domain"]["encryptionKey"], expected);
    }
    let before = service.change_count().await;
    let ask = post("/v1/domain").query("domain", "acme");
    let answer = service
        .ask(ask.json(&json!({ "encryptionKey": "arn:aws:s3:::x" })))
        .await;
    assert!(
        answer
            .invalid("ENCRYPTION_KEY_ERROR")
            .contains("KMS key not found")
    );
    assert_eq!(service.change_count().await, before);
}

#[tokio::test]
async fn a_name_that_is_taken_is_a_conflict_and_free_again_after_deletion() {
    let service = Service::start().await;
    service.make_domain("acme").await;
    let again = || post("/v1/domain").query("domain", "acme");
    service
        .ask(again())
        .await
        .refused_about(409, "ConflictException", "domain", "acme");
    service
        .ask(delete("/v1/domain").query("domain", "acme"))
        .await
        .ok();
    service.ask(again()).await.ok();
}

#[tokio::test]
async fn accounts_do_not_see_each_others_domains() {
    let service = Service::start().await;
    service.make_domain("acme").await;
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let now = crate::support::NOW;
    // The same name is free in another account.
    let made = service
        .send(
            post("/v1/domain")
                .query("domain", "acme")
                .signed_by(&stranger, now),
        )
        .await
        .ok();
    assert_eq!(made["domain"]["owner"], STRANGER);
    for (key, account) in [(&stranger, STRANGER), (&service.key, ACCOUNT)] {
        let listed = service
            .send(post("/v1/domains").signed_by(key, now))
            .await
            .ok();
        assert_eq!(listed["domains"].as_array().unwrap().len(), 1);
        assert_eq!(listed["domains"][0]["owner"], account);
    }
    // What belongs to others is refused alike whether it exists or not.
    for name in ["acme", "none"] {
        let ask = get("/v1/domain")
            .query("domain", name)
            .query("domain-owner", ACCOUNT);
        service
            .send(ask.signed_by(&stranger, now))
            .await
            .refused(403, "AccessDeniedException");
    }
}

#[tokio::test]
async fn the_eleventh_domain_is_over_quota_and_leaves_nothing_behind() {
    let service = Service::start().await;
    for index in 0..Quotas::default().domains_per_account {
        service.make_domain(&format!("acme-{index}")).await;
    }
    let before = service.change_count().await;
    let answer = service
        .ask(post("/v1/domain").query("domain", "one-more"))
        .await;
    answer.refused_about(402, "ServiceQuotaExceededException", "domain", "one-more");
    assert_eq!(service.change_count().await, before);
    let described = service
        .ask(get("/v1/domain").query("domain", "one-more"))
        .await;
    described.refused_about(404, "ResourceNotFoundException", "domain", "one-more");
}

#[tokio::test]
async fn s20_tags_that_may_not_be_are_refused_and_no_domain_is_made() {
    let quotas = Quotas {
        tags_per_resource: 2,
        ..Quotas::default()
    };
    let service = Service::start_with(Setup {
        quotas,
        ..Setup::default()
    })
    .await;
    let before = service.change_count().await;
    let make = |tags| {
        post("/v1/domain")
            .query("domain", "acme")
            .json(&json!({ "tags": tags }))
    };
    let tag = |key: &str| json!({ "key": key, "value": "x" });
    for tags in [
        json!([tag("aws:team")]),
        json!([tag("Team"), tag("team")]),
        json!([tag("")]),
        json!([tag(&"x".repeat(129))]),
        json!([tag("a\u{202e}b")]),
        json!([{ "key": "a" }]),
        json!([{ "key": "a", "value": "x".repeat(257) }]),
        json!([null]),
        json!(vec![tag("x"); 201]),
    ] {
        service
            .ask(make(tags))
            .await
            .invalid("FIELD_VALIDATION_FAILED");
    }
    let many = json!([tag("a"), tag("b"), tag("c")]);
    let answer = service.ask(make(many)).await;
    answer.refused_about(402, "ServiceQuotaExceededException", "domain", "acme");
    assert_eq!(service.change_count().await, before);
    service
        .ask(make(json!([tag("a"), { "key": "b", "value": "" }])))
        .await
        .ok();
}

#[tokio::test]
async fn deleting_a_domain_describes_it_a_last_time_and_is_no_error_when_it_is_gone() {
    let service = Service::start().await;
    service.make_domain("acme").await;
    let remove = || delete("/v1/domain").query("domain", "acme");
    let deleted = service.ask(remove()).await.ok();
    assert_eq!(deleted["domain"]["arn"], ARN);
    assert_eq!(deleted["domain"]["status"], "Deleted");
    assert_eq!(deleted["domain"]["repositoryCount"], 0);
    assert_eq!(service.ask(remove()).await.ok(), json!({}));
    let gone = service.ask(get("/v1/domain").query("domain", "acme")).await;
    gone.refused_about(404, "ResourceNotFoundException", "domain", "acme");
}

#[tokio::test]
async fn s17_a_domain_with_repositories_is_not_deleted() {
    let service = Service::with_repository().await;
    let before = service.change_count().await;
    let answer = service
        .ask(delete("/v1/domain").query("domain", "acme"))
        .await;
    answer.refused_about(409, "ConflictException", "domain", "acme");
    assert_eq!(service.change_count().await, before);
    service
        .ask(get("/v1/domain").query("domain", "acme"))
        .await
        .ok();
}

#[tokio::test]
async fn s19_of_many_who_make_one_domain_at_once_one_succeeds() {
    let service = Service::start().await;
    let before = service.change_count().await;
    let asks = (0..20).map(|_| service.ask(post("/v1/domain").query("domain", "acme")));
    let answers = futures_util::future::join_all(asks).await;
    let made = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(made, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        answer.refused_about(409, "ConflictException", "domain", "acme");
    }
    assert_eq!(service.change_count().await, before + 1);
}

#[tokio::test]
async fn domains_are_listed_with_a_body_an_empty_object_or_none() {
    let service = Service::start().await;
    assert_eq!(
        service.ask(post("/v1/domains")).await.ok(),
        json!({ "domains": [] })
    );
    service.make_domain("acme").await;
    let summary = json!({
        "name": "acme", "owner": ACCOUNT, "arn": ARN, "status": "Active", "createdTime": NOW_SECONDS,
        "encryptionKey": DEFAULT_KEY,
    });
    for ask in [
        post("/v1/domains"),
        post("/v1/domains").json(&json!({})),
        post("/v1/domains").json(&json!({ "maxResults": null, "nextToken": null })),
        post("/v1/domains").json(&json!({ "maxResults": 1000, "unknown": [1] })),
    ] {
        assert_eq!(service.ask(ask).await.ok(), json!({ "domains": [summary] }));
    }
}
