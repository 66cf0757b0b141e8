//! The security token service on the wire: forms, signatures, XML, who am I.

use model::PrincipalKind;

use crate::support::{ACCOUNT, NOW, STRANGER, Service, Setup, Signing, get, post, sts};

#[tokio::test]
async fn everyone_may_ask_who_they_are() {
    let service = Service::start().await;
    let answer = service.sts(&service.key, "GetCallerIdentity", &[]).await;
    assert_eq!(answer.status, 200);
    let id = answer.header("x-amzn-requestid").unwrap().to_owned();
    assert_eq!(
        answer.text(),
        format!(
            "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::{ACCOUNT}:root</Arn><UserId>{ACCOUNT}</UserId><Account>{ACCOUNT}</Account>\
             </GetCallerIdentityResult><ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata>\
             </GetCallerIdentityResponse>"
        )
    );
    assert_eq!(answer.labels.unwrap().operation, "GetCallerIdentity");
    // Without any policy, and of another account.
    let jane = service.make_user(STRANGER, "jane", None).await;
    let answer = service.sts(&jane, "GetCallerIdentity", &[]).await;
    assert_eq!(
        answer.xml("Arn"),
        format!("arn:aws:iam::{STRANGER}:user/jane")
    );
    let id = answer.xml("UserId");
    assert!(id.starts_with("AIDA") && id.len() == 21, "{id}");
    let again = service.sts(&jane, "GetCallerIdentity", &[]).await;
    assert_eq!(again.xml("UserId"), id);
}

#[tokio::test]
async fn any_region_is_right_and_any_other_service_is_not() {
    let service = Service::start().await;
    for region in ["us-east-1", "eu-west-1", "aws-global"] {
        let signing = Signing {
            service: "sts",
            region,
            ..Signing::by(&service.key, NOW)
        };
        let answer = service
            .send(sts("GetCallerIdentity", &[]).signed(&signing))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let signing = Signing::by(&service.key, NOW);
    let answer = service
        .send(sts("GetCallerIdentity", &[]).signed(&signing))
        .await;
    let message = answer.sts_refused(403, "SignatureDoesNotMatch");
    assert!(message.contains("&apos;sts&apos;"), "{message}");
    // And a signature for this service is none for the API.
    let signing = Signing {
        service: "sts",
        ..Signing::by(&service.key, NOW)
    };
    let answer = service.send(post("/v1/domains").signed(&signing)).await;
    answer.refused(403, "InvalidSignatureException");
}

#[tokio::test]
async fn s02_s03_s08_bad_signatures_are_told_in_the_words_of_the_query_protocol() {
    let service = Service::start().await;
    let signing = || Signing {
        service: "sts",
        ..Signing::by(&service.key, NOW)
    };
    let ask = || sts("GetCallerIdentity", &[]);
    let answer = service.send(ask()).await;
    answer.sts_refused(403, "MissingAuthenticationToken");
    let unknown = Signing {
        id: "AKIAAAAAAAAAAAAAAAAA",
        ..signing()
    };
    let answer = service.send(ask().signed(&unknown)).await;
    let message = answer.sts_refused(403, "InvalidClientTokenId");
    assert_eq!(
        message,
        "The security token included in the request is invalid."
    );
    let wrong = Signing {
        secret: "x",
        ..signing()
    };
    let answer = service.send(ask().signed(&wrong)).await;
    answer.sts_refused(403, "SignatureDoesNotMatch");
    let old = Signing {
        at: NOW.plus_ms(-16 * 60_000),
        ..signing()
    };
    let answer = service.send(ask().signed(&old)).await;
    answer.sts_refused(403, "SignatureDoesNotMatch");
    let changed = ask()
        .signed(&signing())
        .body(b"Action=GetSessionToken&Version=2011-06-15");
    let answer = service.send(changed).await;
    answer.sts_refused(403, "SignatureDoesNotMatch");
    let half = ask().header("authorization", "AWS4-HMAC-SHA256 Credential=x");
    let answer = service.send(half).await;
    answer.sts_refused(400, "IncompleteSignature");
}

#[tokio::test]
async fn actions_that_are_not_there_are_named_without_being_trusted() {
    let service = Service::start().await;
    let key = &service.key;
    let answer = service.sts(key, "GetFederationToken", &[]).await;
    let message = answer.sts_refused(400, "InvalidAction");
    assert!(message.contains("GetFederationToken"), "{message}");
    let answer = service.sts(key, "<b>&", &[]).await;
    let message = answer.sts_refused(400, "InvalidAction");
    assert!(message.contains("&lt;b&gt;&amp;"), "{message}");
    for (body, code) in [
        (&b""[..], "MissingAction"),
        (b"Version=2011-06-15", "MissingAction"),
        (b"Action=GetCallerIdentity", "InvalidAction"),
        (
            b"Action=GetCallerIdentity&Version=2010-05-08",
            "InvalidAction",
        ),
        (
            b"Action=GetCallerIdentity&Action=AssumeRole&Version=2011-06-15",
            "ValidationError",
        ),
        (b"Action=%ff", "ValidationError"),
    ] {
        let kind = "application/x-www-form-urlencoded";
        let ask = post("/").header("content-type", kind).body(body);
        service.send(ask).await.sts_refused(400, code);
    }
    let large = sts("GetCallerIdentity", &[("Policy", &"x".repeat(200_000))]);
    let answer = service.send(large).await;
    answer.sts_refused(413, "RequestEntityTooLarge");
}

#[tokio::test]
async fn only_a_form_posted_to_the_root_is_for_this_service() {
    use control::{Body, ControlPlane};
    let is_for = |ask: crate::support::Ask| {
        let request: http::Request<Body> = ask.into_request();
        ControlPlane::is_for(&request)
    };
    let form = |ask: crate::support::Ask| {
        ask.header(
            "content-type",
            "application/x-www-form-urlencoded; charset=utf-8",
        )
    };
    assert!(is_for(form(post("/"))));
    assert!(is_for(post("/v1/domains")));
    for other in [
        post("/"),
        form(get("/")),
        form(post("//")),
        form(post("/npm/")),
        form(post("/x")),
    ] {
        assert!(!is_for(other.clone()), "{other:?}");
    }
}

#[tokio::test]
async fn in_development_mode_everyone_is_the_root() {
    let service = Service::start_with(Setup {
        dev: true,
        ..Setup::default()
    })
    .await;
    let answer = service.send(sts("GetCallerIdentity", &[])).await;
    assert_eq!(answer.xml("Arn"), format!("arn:aws:iam::{ACCOUNT}:root"));
}

#[tokio::test]
async fn requests_are_counted_as_those_of_the_api() {
    let service = Service::start_with(Setup {
        requests_per_second: Some(1),
        ..Setup::default()
    })
    .await;
    let jane = service
        .make_key(STRANGER, PrincipalKind::User, "jane")
        .await;
    assert_eq!(
        service.sts(&jane, "GetCallerIdentity", &[]).await.status,
        200
    );
    let answer = service.sts(&jane, "GetCallerIdentity", &[]).await;
    answer.sts_refused(400, "Throttling");
}
