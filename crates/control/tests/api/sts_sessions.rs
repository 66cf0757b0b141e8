//! Temporary credentials in use: what they prove, when they end, and the tokens that are made with them.

use model::{Action, EpochMillis};
use serde_json::json;

use crate::support::{
    ACCOUNT, Ask, NOW, NOW_SECONDS, Service, Signing, Temporary, acme, allows, get, post, trusts,
};

fn describe() -> Ask {
    get("/v1/domain").query("domain", "acme")
}

fn token() -> Ask {
    post("/v1/authorization-token").query("domain", "acme")
}

/// A service with a role that may do everything, and a session of it.
async fn start() -> (Service, Temporary) {
    let service = Service::with_repository().await;
    let every = allows(&["codeartifact:*", "sts:*"]);
    service.make_role("ci", &trusts(&[ACCOUNT]), &every).await;
    let session = Temporary::of(&service.assume(&service.key, "ci", &[]).await);
    (service, session)
}

#[tokio::test]
async fn s07_a_session_token_that_is_missing_wrong_or_anothers_is_refused() {
    let (service, session) = start().await;
    let other = Temporary::of(&service.assume(&service.key, "ci", &[]).await);
    let text = "The security token included in the request is invalid.";
    let signing = |token| Signing {
        token,
        ..session.signing("codeartifact", NOW)
    };
    let changed = format!("{}x", session.token);
    for token in [None, Some(other.token.as_str()), Some("x"), Some(&changed)] {
        let answer = service.send(describe().signed(&signing(token))).await;
        let body = answer.refused(403, "UnrecognizedClientException");
        assert_eq!(body["message"], text);
    }
    // The token without its secret, and with a long-term key.
    let guessed = Signing {
        secret: "x",
        ..session.signing("codeartifact", NOW)
    };
    let answer = service.send(describe().signed(&guessed)).await;
    answer.refused(403, "InvalidSignatureException");
    let long_term = Signing {
        token: Some(&session.token),
        ..Signing::by(&service.key, NOW)
    };
    let answer = service.send(describe().signed(&long_term)).await;
    answer.refused(403, "UnrecognizedClientException");
    let answer = service
        .send(describe().signed_by(&session.without_token(), NOW))
        .await;
    answer.refused(403, "UnrecognizedClientException");
    service.ask_in(&session, describe()).await.ok();
}

#[tokio::test]
async fn a06_a_session_ends_at_its_instant_in_the_words_of_each_protocol() {
    let (service, session) = start().await;
    service.clock.advance_ms(3_600_000 - 1);
    service.ask_in(&session, describe()).await.ok();
    service.clock.advance_ms(1);
    let answer = service.ask_in(&session, describe()).await;
    let body = answer.refused(403, "ExpiredTokenException");
    assert_eq!(
        body["message"],
        "The security token included in the request is expired"
    );
    let answer = service.sts_as(&session, "GetCallerIdentity", &[]).await;
    let message = answer.sts_refused(403, "ExpiredToken");
    assert_eq!(
        message,
        "The security token included in the request is expired"
    );
}

#[tokio::test]
async fn a06_a_deleted_role_ends_its_sessions_and_their_tokens_even_if_it_is_made_again() {
    let (service, session) = start().await;
    let answer = service.ask_in(&session, token()).await.ok();
    let package_token = answer["authorizationToken"].as_str().unwrap().to_owned();
    let catalog = &service.catalog;
    let (root, domain) = (service.root(), acme());
    let authenticate = || catalog.authenticate_token(Some(&package_token), &domain);
    assert!(authenticate().await.is_ok());
    let role = crate::support::principal(ACCOUNT, model::PrincipalKind::Role, "ci");
    let refused = catalog.delete_role(&root, &role).await.unwrap_err();
    assert!(
        refused.message.contains("must delete policies first"),
        "{refused}"
    );
    catalog
        .delete_inline_policy(&root, &role, "own")
        .await
        .unwrap();
    catalog.delete_role(&root, &role).await.unwrap();
    for _ in 0..2 {
        let answer = service.ask_in(&session, describe()).await;
        answer.refused(403, "UnrecognizedClientException");
        let answer = service.sts_as(&session, "GetCallerIdentity", &[]).await;
        answer.sts_refused(403, "InvalidClientTokenId");
        let error = authenticate().await.unwrap_err();
        assert_eq!(error.kind, model::ErrorKind::Unauthenticated);
        if catalog.get_role(&role).await.is_err() {
            service
                .make_role("ci", &trusts(&[ACCOUNT]), &allows(&["*:*"]))
                .await;
        }
    }
}

#[tokio::test]
async fn a_token_carries_its_session_with_its_policies() {
    let (service, _) = start().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["sts:*", "codeartifact:GetAuthorizationToken"], "Resource": "*" },
        { "Effect": "Allow", "Action": "codeartifact:ReadFromRepository", "Resource": "*" }] });
    let answer = service
        .assume(&service.key, "ci", &[("Policy", &policy.to_string())])
        .await;
    let session = Temporary::of(&answer);
    let answer = service.ask_in(&session, token()).await.ok();
    let made = answer["authorizationToken"].as_str().unwrap();
    assert!(made.len() < 8192);
    let caller = service
        .catalog
        .authenticate_token(Some(made), &acme())
        .await
        .unwrap();
    assert_eq!(
        caller.to_string(),
        format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run-7")
    );
    let repository = model::RepositoryName::parse("team-a").unwrap();
    let domain = acme();
    let ask = async |action| {
        let caller = caller.clone();
        service
            .catalog
            .grant(caller, action, &domain, &repository, None)
            .await
    };
    assert!(ask(Action::READ_FROM_REPOSITORY).await.is_ok());
    let error = ask(Action::PUBLISH_PACKAGE_VERSION).await.unwrap_err();
    assert_eq!(error.kind, model::ErrorKind::AccessDenied);
    assert!(error.message.contains("assumed-role/ci/run-7"), "{error}");
}

#[tokio::test]
async fn a10_duration_zero_is_the_rest_of_the_session() {
    let (service, session) = start().await;
    service.clock.advance_ms(600_000);
    let answer = service
        .ask_in(&session, token().query("duration", "0"))
        .await
        .ok();
    let expiration = answer["expiration"].as_f64().unwrap();
    assert!(
        (expiration - NOW_SECONDS - 3600.0).abs() < 0.001,
        "{expiration}"
    );
    // Any other lifetime is independent of the session's.
    let answer = service
        .ask_in(&session, token().query("duration", "43200"))
        .await
        .ok();
    let expiration = answer["expiration"].as_f64().unwrap();
    assert!(
        (expiration - NOW_SECONDS - 600.0 - 43_200.0).abs() < 0.001,
        "{expiration}"
    );
    let message = service
        .ask(token().query("duration", "0"))
        .await
        .invalid("OTHER");
    assert!(message.contains("long-term"), "{message}");
}

#[tokio::test]
async fn a_session_token_of_a_users_own_has_the_users_rights_and_ends_with_its_key() {
    let service = Service::with_repository().await;
    let policy = allows(&["codeartifact:*", "sts:*"]);
    let jane = service.make_user(ACCOUNT, "jane", Some(&policy)).await;
    let answer = service
        .sts(&jane, "GetSessionToken", &[("DurationSeconds", "900")])
        .await;
    assert_eq!(answer.xml("Expiration"), "2026-01-01T00:15:00Z");
    let session = Temporary::of(&answer);
    let answer = service.sts_as(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(
        answer.xml("Arn"),
        format!("arn:aws:iam::{ACCOUNT}:user/jane")
    );
    assert!(answer.xml("UserId").starts_with("AIDA"));
    service.ask_in(&session, describe()).await.ok();
    let answer = service
        .ask_in(&session, token().query("duration", "0"))
        .await
        .ok();
    let made = answer["authorizationToken"].as_str().unwrap().to_owned();
    let answer = service.sts_as(&session, "GetSessionToken", &[]).await;
    answer.sts_refused(403, "AccessDenied");

    let root = service.root();
    service
        .catalog
        .disable_access_key(&root, &jane.id)
        .await
        .unwrap();
    let answer = service.ask_in(&session, describe()).await;
    answer.refused(403, "UnrecognizedClientException");
    let refused = service
        .catalog
        .authenticate_token(Some(&made), &acme())
        .await;
    assert_eq!(refused.unwrap_err().kind, model::ErrorKind::Unauthenticated);
    let on = catalog::KeyStatus::Active;
    service
        .catalog
        .update_access_key(&root, &jane.id, on)
        .await
        .unwrap();
    service.ask_in(&session, describe()).await.ok();
    service
        .catalog
        .delete_access_key(&root, &jane.id)
        .await
        .unwrap();
    let answer = service.ask_in(&session, describe()).await;
    answer.refused(403, "UnrecognizedClientException");
}

#[tokio::test]
async fn the_root_has_temporary_credentials_for_an_hour_at_most() {
    let service = Service::start().await;
    let answer = service.sts(&service.key, "GetSessionToken", &[]).await;
    assert_eq!(answer.xml("Expiration"), "2026-01-01T01:00:00Z");
    let session = Temporary::of(&answer);
    service
        .ask_in(&session, post("/v1/domain").query("domain", "acme"))
        .await
        .ok();
    for (seconds, status) in [("899", 400), ("129601", 400), ("129600", 200)] {
        let answer = service
            .sts(
                &service.key,
                "GetSessionToken",
                &[("DurationSeconds", seconds)],
            )
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_policy_change_is_seen_at_once_here_and_within_five_seconds_elsewhere() {
    let (service, session) = start().await;
    service.ask_in(&session, describe()).await.ok();
    let role = crate::support::principal(ACCOUNT, model::PrincipalKind::Role, "ci");
    let root = service.root();
    service
        .catalog
        .delete_inline_policy(&root, &role, "own")
        .await
        .unwrap();
    service
        .ask_in(&session, describe())
        .await
        .refused(403, "AccessDeniedException");
    // As another process does it: past the catalog.
    let write = async |document: &'static str| {
        let role = role.clone();
        let written: Result<(), store::StoreError> = service
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let id = tx.find_principal(&role).await?.unwrap().id;
                    tx.upsert_principal_policy(id, "own", document).await
                })
            })
            .await;
        written.unwrap();
    };
    const EVERYTHING: &str =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    write(EVERYTHING).await;
    service.clock.advance_ms(4_999);
    service
        .ask_in(&session, describe())
        .await
        .refused(403, "AccessDeniedException");
    service.clock.advance_ms(1);
    service.ask_in(&session, describe()).await.ok();
    // What cannot be read forbids everything, whatever else allows it.
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    service
        .catalog
        .attach_policy(&root, &role, admin)
        .await
        .unwrap();
    service.ask_in(&session, describe()).await.ok();
    write("{").await;
    service.clock.advance_ms(5_000);
    let answer = service.ask_in(&session, describe()).await;
    let message = answer.refused(403, "AccessDeniedException")["message"].to_string();
    assert!(message.contains("explicit deny"), "{message}");
}

#[tokio::test]
async fn sessions_are_good_on_every_node_of_the_installation() {
    let (service, session) = start().await;
    let opened = service.catalog.open_session(&session.token).unwrap();
    assert_eq!(opened.access_key_id(), session.id);
    assert_eq!(opened.secret(), session.secret);
    assert!(!opened.has_ended(NOW) && opened.has_ended(EpochMillis(NOW.0 + 3_600_000)));
    assert!(!format!("{opened:?}").contains(&session.secret));
    // Another installation's tokens are nothing here.
    let (elsewhere, foreign) = start().await;
    assert!(service.catalog.open_session(&foreign.token).is_none());
    let answer = service.ask_in(&foreign, describe()).await;
    answer.refused(403, "UnrecognizedClientException");
    drop(elsewhere);
}

#[tokio::test]
async fn a03_a_session_token_is_no_authorization_token_and_the_reverse() {
    let (service, session) = start().await;
    let refused = service
        .catalog
        .authenticate_token(Some(&session.token), &acme())
        .await;
    assert_eq!(refused.unwrap_err().kind, model::ErrorKind::Unauthenticated);
    let answer = service.ask_in(&session, token()).await.ok();
    let made = answer["authorizationToken"].as_str().unwrap();
    assert!(service.catalog.open_session(made).is_none());
}
