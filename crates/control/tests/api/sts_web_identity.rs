//! AssumeRoleWithWebIdentity: sessions for the holders of identity providers' tokens.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Answer, Issuer, Mood, Service, Temporary, allows, get, sts};

const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";

async fn start() -> (Service, Issuer) {
    let service = Service::with_repository().await;
    let issuer = Issuer::start().await;
    let arn = service.make_provider(&issuer).await;
    let trust = trust(
        &issuer,
        &arn,
        &json!({ "sub": SUBJECT, "aud": "sts.example" }),
    );
    service
        .make_role("ci", &trust, &allows(&["codeartifact:DescribeDomain"]))
        .await;
    (service, issuer)
}

/// A trust policy for a provider under conditions on claims.
fn trust(issuer: &Issuer, provider_arn: &str, claims: &Value) -> Value {
    let name = issuer.url.strip_prefix("http://").unwrap();
    let conditions: serde_json::Map<String, Value> = claims
        .as_object()
        .unwrap()
        .iter()
        .map(|(claim, value)| (format!("{name}:{claim}"), value.clone()))
        .collect();
    json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "Federated": provider_arn }, "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": conditions } } })
}

async fn assume(service: &Service, role: &str, token: &str, more: &[(&str, &str)]) -> Answer {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{role}");
    let mut members = vec![
        ("RoleArn", arn.as_str()),
        ("RoleSessionName", "run-7"),
        ("WebIdentityToken", token),
    ];
    members.extend(more);
    service
        .send(sts("AssumeRoleWithWebIdentity", &members))
        .await
}

#[tokio::test]
async fn a_job_becomes_a_session_without_a_signature() {
    let (service, issuer) = start().await;
    let token = issuer.token(&json!({}));
    let answer = assume(&service, "ci", &token, &[("DurationSeconds", "900")]).await;
    let session = Temporary::of(&answer);
    let session_arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run-7");
    assert_eq!(answer.xml("Arn"), session_arn);
    assert_eq!(answer.xml("SubjectFromWebIdentityToken"), SUBJECT);
    assert_eq!(answer.xml("Audience"), "sts.example");
    let host = issuer.url.strip_prefix("http://").unwrap();
    assert_eq!(
        answer.xml("Provider"),
        format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{host}")
    );
    assert_eq!(answer.xml("Expiration"), "2026-01-01T00:15:00Z");
    let describe = get("/v1/domain").query("domain", "acme");
    service.ask_in(&session, describe).await.ok();
    // The keys were fetched once for both.
    assert_eq!(assume(&service, "ci", &token, &[]).await.status, 200);
    assert_eq!(
        issuer.fetches(),
        2,
        "the discovery document and the key set"
    );
}

#[tokio::test]
async fn a16_tokens_of_other_subjects_audiences_issuers_and_times_are_refused() {
    let (service, issuer) = start().await;
    let seconds = crate::support::NOW.0 / 1000;
    for (changes, code, status) in [
        (
            json!({ "sub": "repo:acme/app:pull_request" }),
            "AccessDenied",
            403,
        ),
        (
            json!({ "sub": "repo:acme/app:ref:refs/heads/main2" }),
            "AccessDenied",
            403,
        ),
        (
            json!({ "sub": "Repo:acme/app:ref:refs/heads/main" }),
            "AccessDenied",
            403,
        ),
        (json!({ "aud": "other" }), "InvalidIdentityToken", 400),
        (json!({ "aud": null }), "InvalidIdentityToken", 400),
        (json!({ "azp": "other" }), "AccessDenied", 403),
        (json!({ "sub": null }), "InvalidIdentityToken", 400),
        (json!({ "exp": null }), "InvalidIdentityToken", 400),
        (
            json!({ "iss": "https://id.example" }),
            "InvalidIdentityToken",
            400,
        ),
        (
            json!({ "iss": format!("{}/", issuer.url) }),
            "InvalidIdentityToken",
            400,
        ),
        (json!({ "exp": seconds }), "ExpiredTokenException", 400),
        (json!({ "nbf": seconds + 120 }), "InvalidIdentityToken", 400),
        (json!({ "iat": seconds + 120 }), "InvalidIdentityToken", 400),
    ] {
        let answer = assume(&service, "ci", &issuer.token(&changes), &[]).await;
        let message = answer.sts_refused(status, code);
        assert!(!message.contains("eyJ"), "{message}");
    }
    for bad in ["eyJhbGciOiJub25lIn0.e30.", "abcd", "a.b.c", "...."] {
        let answer = assume(&service, "ci", bad, &[]).await;
        answer.sts_refused(400, "InvalidIdentityToken");
    }
    let token = issuer.token(&json!({}));
    assert_eq!(assume(&service, "ci", &token, &[]).await.status, 200);
}

#[tokio::test]
async fn a16_claims_are_compared_exactly_and_by_immutable_ids() {
    let (service, issuer) = start().await;
    let arn = service
        .catalog
        .list_oidc_providers(&service.key.principal.account)
        .await
        .unwrap()[0]
        .arn();
    let by_id = trust(
        &issuer,
        &arn,
        &json!({ "repository_id": "42", "ref": "refs/heads/main" }),
    );
    service
        .make_role("by-id", &by_id, &allows(&["codeartifact:*"]))
        .await;
    for (changes, allowed) in [
        (json!({}), true),
        (json!({ "sub": "renamed" }), true),
        (json!({ "repository_id": "43" }), false),
        (json!({ "repository_id": 42 }), true),
        (json!({ "repository_id": null }), false),
        (json!({ "ref": "refs/heads/main2" }), false),
    ] {
        let answer = assume(&service, "by-id", &issuer.token(&changes), &[]).await;
        assert_eq!(
            answer.status == 200,
            allowed,
            "{changes}: {}",
            answer.text()
        );
    }
    // A provider that nobody registered is not asked, whatever the token says.
    let stranger = Issuer::start().await;
    let answer = assume(&service, "by-id", &stranger.token(&json!({})), &[]).await;
    let message = answer.sts_refused(400, "InvalidIdentityToken");
    assert!(
        message.contains("No OpenIDConnect provider found"),
        "{message}"
    );
    assert_eq!(stranger.fetches(), 0);
}

#[tokio::test]
async fn z12_a_role_that_is_not_there_looks_like_one_that_does_not_trust() {
    let (service, issuer) = start().await;
    let token = issuer.token(&json!({ "sub": "someone else" }));
    let mut messages = Vec::new();
    for role in ["ci", "absent"] {
        let answer = assume(&service, role, &token, &[]).await;
        messages.push(answer.sts_refused(403, "AccessDenied"));
    }
    assert_eq!(messages[0], messages[1]);
    assert_eq!(
        messages[0],
        "Not authorized to perform sts:AssumeRoleWithWebIdentity"
    );
}

#[tokio::test]
async fn new_keys_are_fetched_when_a_token_needs_them_and_at_most_once_a_minute() {
    let (service, issuer) = start().await;
    let old = issuer.token(&json!({}));
    assert_eq!(assume(&service, "ci", &old, &[]).await.status, 200);
    assert_eq!(issuer.fetches(), 2);
    for n in 0..5 {
        let answer = assume(
            &service,
            "ci",
            &issuer.forged_token(&format!("made-up-{n}")),
            &[],
        )
        .await;
        answer.sts_refused(400, "InvalidIdentityToken");
    }
    assert_eq!(issuer.fetches(), 2, "fetched a moment ago");
    issuer.rotate("two");
    let new = issuer.token(&json!({}));
    assume(&service, "ci", &new, &[])
        .await
        .sts_refused(400, "InvalidIdentityToken");
    service.clock.advance_ms(60_000);
    assert_eq!(assume(&service, "ci", &new, &[]).await.status, 200);
    assert_eq!(issuer.fetches(), 4);
    assume(&service, "ci", &old, &[])
        .await
        .sts_refused(400, "InvalidIdentityToken");
    assert_eq!(issuer.fetches(), 4);
    // A signature by another key under a known id is wrong, and no reason to ask.
    service.clock.advance_ms(60_000);
    let answer = assume(&service, "ci", &issuer.forged_token("two"), &[]).await;
    answer.sts_refused(400, "InvalidIdentityToken");
    assert_eq!(issuer.fetches(), 4);
}

#[tokio::test]
async fn x02_a_provider_that_misbehaves_gives_no_keys_and_no_way_into_the_network() {
    for mood in [Mood::Broken, Mood::Impostor, Mood::Aiming, Mood::Endless] {
        let (service, issuer) = start().await;
        issuer.set_mood(mood);
        let token = issuer.token(&json!({}));
        let answer = assume(&service, "ci", &token, &[]).await;
        answer.sts_refused(400, "IDPCommunicationError");
        let asked = issuer.fetches();
        let answer = assume(&service, "ci", &token, &[]).await;
        answer.sts_refused(400, "IDPCommunicationError");
        assert_eq!(issuer.fetches(), asked, "{mood:?}: not asked again at once");
        issuer.set_mood(Mood::Honest);
        service.clock.advance_ms(5_000);
        let answer = assume(&service, "ci", &token, &[]).await;
        assert_eq!(answer.status, 200, "{mood:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn keys_that_are_held_stand_in_while_the_provider_is_down() {
    let (service, issuer) = start().await;
    let token = issuer.token(&json!({}));
    assert_eq!(assume(&service, "ci", &token, &[]).await.status, 200);
    issuer.set_mood(Mood::Broken);
    service.clock.advance_ms(2 * 3_600_000);
    assert_eq!(assume(&service, "ci", &token, &[]).await.status, 200);
    assert_eq!(issuer.fetches(), 3, "it was tried");
    service.clock.advance_ms(22 * 3_600_000);
    let answer = assume(&service, "ci", &token, &[]).await;
    answer.sts_refused(400, "IDPCommunicationError");
}

#[tokio::test]
async fn x01_a_provider_in_a_private_network_needs_the_operators_permission() {
    let service = Service::start().await;
    let issuer = Issuer::start().await;
    let new = catalog::NewOidcProvider {
        account: service.key.principal.account.clone(),
        issuer: issuer.url.clone(),
        audiences: vec!["sts.example".into()],
        allow_private_network: false,
        certificate_authorities: None,
    };
    let refused = service
        .catalog
        .create_oidc_provider(&service.root(), new)
        .await;
    let message = refused.unwrap_err().message;
    assert!(message.contains("private network"), "{message}");
}

#[tokio::test]
async fn the_provider_may_tag_the_session() {
    let (service, issuer) = start().await;
    let provider = service
        .catalog
        .list_oidc_providers(&service.key.principal.account)
        .await
        .unwrap();
    let arn = provider[0].arn();
    let mut trust = trust(&issuer, &arn, &json!({ "sub": SUBJECT }));
    trust["Statement"]["Action"] = json!(["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]);
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Action": "codeartifact:DescribeDomain", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/team": "a" } } } });
    service.make_role("tagged", &trust, &policy).await;
    let tags = json!({ "https://aws.amazon.com/tags": { "principal_tags": { "team": ["a"] } } });
    let token = issuer.token(&tags);
    let session = Temporary::of(&assume(&service, "tagged", &token, &[]).await);
    let describe = get("/v1/domain").query("domain", "acme");
    service.ask_in(&session, describe).await.ok();
    // A role that does not let its sessions be tagged does not take such a token.
    assume(&service, "ci", &token, &[])
        .await
        .sts_refused(403, "AccessDenied");
}

#[tokio::test]
async fn jobs_that_come_at_once_make_one_request_to_the_provider() {
    let (service, issuer) = start().await;
    let token = issuer.token(&json!({}));
    let jobs = (0..20).map(|_| assume(&service, "ci", &token, &[]));
    for answer in futures_util::future::join_all(jobs).await {
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    assert_eq!(
        issuer.fetches(),
        2,
        "the discovery document and the key set"
    );
}
