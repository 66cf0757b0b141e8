//! Request rates of the API, and what the audit record is told of a call.

use catalog::{Quotas, Rates, RequestFacts, RequestParameters};
use model::PrincipalKind;

use crate::support::{ACCOUNT, Ask, STRANGER, Service, Setup, get, post, put};

async fn with_rates(rates: Rates) -> Service {
    let quotas = Quotas {
        rates,
        ..Quotas::default()
    };
    let setup = Setup {
        quotas,
        ..Setup::default()
    };
    let service = Service::start_with(setup).await;
    service.make_domain("acme").await;
    service.clock.advance_ms(1000);
    service.make_repository("team-a").await;
    service.clock.advance_ms(1000);
    service
}

fn describe() -> Ask {
    get("/v1/domain").query("domain", "acme")
}

fn list_packages() -> Ask {
    post("/v1/packages")
        .query("domain", "acme")
        .query("repository", "team-a")
}

fn update() -> Ask {
    put("/v1/repository")
        .query("domain", "acme")
        .query("repository", "team-a")
        .json(&serde_json::json!({ "description": "x" }))
}

fn token() -> Ask {
    post("/v1/authorization-token").query("domain", "acme")
}

#[tokio::test]
async fn reads_and_writes_of_an_account_are_counted_apart() {
    let service = with_rates(Rates {
        reads_per_account: Some(2),
        writes_per_account: Some(1),
        ..Rates::default()
    })
    .await;
    service.ask(update()).await.ok();
    let before = service.change_count().await;
    let answer = service.ask(update()).await;
    answer.refused(429, "ThrottlingException");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(service.change_count().await, before);
    // A list reads, though it is a POST; a token is no read, though its name begins so.
    service.ask(list_packages()).await.ok();
    service.ask(describe()).await.ok();
    service
        .ask(describe())
        .await
        .refused(429, "ThrottlingException");
    service
        .ask(token())
        .await
        .refused(429, "ThrottlingException");
    let stranger = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let ask = post("/v1/domains").signed_by(&stranger, service.catalog.now());
    service.send(ask).await.ok();
    service.clock.advance_ms(1000);
    service.ask(describe()).await.ok();
    service.ask(token()).await.ok();
}

#[tokio::test]
async fn some_operations_have_rates_of_their_own() {
    let service = with_rates(Rates {
        get_authorization_token: Some(1),
        list_packages: Some(2),
        ..Rates::default()
    })
    .await;
    for (ask, rate) in [(token(), 1), (list_packages(), 2)] {
        for _ in 0..rate {
            service.ask(ask.clone()).await.ok();
        }
        service.ask(ask).await.refused(429, "ThrottlingException");
    }
    for _ in 0..50 {
        service.ask(describe()).await.ok();
    }
}

#[tokio::test]
async fn a11_d07_who_proves_nothing_is_counted_by_address() {
    let service = with_rates(Rates {
        per_address_without_token: Some(2),
        ..Rates::default()
    })
    .await;
    for _ in 0..2 {
        let answer = service.send(describe()).await;
        answer.refused(403, "MissingAuthenticationTokenException");
    }
    service
        .send(describe())
        .await
        .refused(429, "ThrottlingException");
    for _ in 0..10 {
        service.ask(describe()).await.ok();
    }
}

fn members(facts: &RequestFacts) -> Vec<(&str, &str)> {
    let RequestParameters::Call(members) = &facts.parameters else {
        panic!("a call of the API");
    };
    members
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

#[tokio::test]
async fn the_record_is_told_who_called_what_about_which_resource() {
    let service = with_rates(Rates::default()).await;
    let answer = service.ask(update()).await;
    let facts = answer.facts.unwrap();
    assert_eq!(
        (facts.event, facts.is_read_only),
        ("UpdateRepository", false)
    );
    let expected = [
        ("domainName", "acme"),
        ("repositoryName", "team-a"),
        ("domainOwner", ACCOUNT),
    ];
    assert_eq!(members(&facts), expected);
    assert_eq!(facts.owner.unwrap().as_str(), ACCOUNT);
    assert_eq!(facts.administrator.unwrap().as_str(), ACCOUNT);
    let caller = facts.caller.unwrap();
    assert_eq!(caller.access_key(), Some(service.key.id.as_str()));
    assert_eq!(caller.place().source_ip, Some([127, 0, 0, 1].into()));
    assert_eq!(facts.failure, None);
    let read = service.ask(list_packages()).await.facts.unwrap();
    assert_eq!((read.event, read.is_read_only), ("ListPackages", true));
}

#[tokio::test]
async fn the_record_of_a_refusal_says_what_the_caller_was_told() {
    let service = with_rates(Rates::default()).await;
    let stranger = service.make_key(STRANGER, PrincipalKind::User, "eve").await;
    let ask = describe()
        .query("domain-owner", ACCOUNT)
        .signed_by(&stranger, service.catalog.now());
    let missing = service.ask(describe().with("domain", "none")).await;
    let invalid = service.ask(describe().with("domain", "NO")).await;
    let denied = service.send(ask).await;
    let unsigned = service.send(describe()).await;
    let unknown = service.ask(post("/v1/unheard-of")).await;
    for (answer, code, event) in [
        (missing, "ResourceNotFoundException", "DescribeDomain"),
        (invalid, "ValidationException", "DescribeDomain"),
        (denied, "AccessDeniedException", "DescribeDomain"),
        (
            unsigned,
            "MissingAuthenticationTokenException",
            "DescribeDomain",
        ),
        (unknown, "UnknownOperationException", "UnknownOperation"),
    ] {
        let message = answer.json()["message"].clone();
        let is_proved = !matches!(
            code,
            "MissingAuthenticationTokenException" | "UnknownOperationException"
        );
        let facts = answer.facts.unwrap();
        assert_eq!(facts.event, event);
        assert_eq!(facts.caller.is_some(), is_proved, "{code}");
        let failure = facts.failure.unwrap();
        assert_eq!((failure.code, message), (code, failure.message.into()));
    }
}
