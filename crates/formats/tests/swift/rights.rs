//! Who may do what, and how credentials come.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use testkit::house::empty;
use testkit::packages::SwiftReleaseForm;

use crate::house::{House, JSON, coordinates, list, problem, send};

#[tokio::test]
async fn a05_tokens_are_taken_as_bearer_and_as_password_at_every_address() {
    let house = House::open().await;
    house.publish("1.0.0").await;
    // `login token` in a netrc file comes as Bearer; curl and older keychains send Basic.
    let basic = |user: &str| {
        let pair = STANDARD.encode(format!("{user}:{}", house.token));
        Some(format!("Basic {pair}"))
    };
    let bearer = Some(format!("Bearer {}", house.token));
    for authorization in [bearer, basic("aws"), basic("token")] {
        let client = house.at("main").with_authorization(authorization);
        let login = client.ask(Method::POST, "login", &[], empty()).await;
        assert_eq!((login.status, login.bytes().len()), (200, 0));
        assert_eq!(login.header("content-version"), "1");
        assert_eq!(client.get("mona/LinkedList").await.status, 200);
        let form = SwiftReleaseForm::of(&list("1.0.0").archive());
        let path = "mona/LinkedList/1.0.0";
        assert_eq!(send(&client, path, &form, &[]).await.status, 201);
    }
    let wrong = Some("Bearer not-a-token".to_owned());
    let client = house.at("main").with_authorization(wrong);
    let login = client.ask(Method::POST, "login", &[], empty()).await;
    assert_eq!(login.status, 401);
    assert!(!problem(&login).is_empty());
}

#[tokio::test]
async fn z07_strangers_learn_nothing() {
    let house = House::open().await;
    house.publish("1.0.0").await;
    let strangers = format!("Bearer {}", house.strangers_token().await);
    let client = house.at("main").with_authorization(Some(strangers));
    for path in [
        "mona/LinkedList",
        "mona/LinkedList/1.0.0",
        "mona/LinkedList/1.0.0.zip",
        "mona/LinkedList/1.0.0/Package.swift",
        "identifiers?url=https://git.example/a",
        "mona/Unknown/1.0.0",
    ] {
        let answer = client.get_with(path, &[("accept", JSON)]).await;
        // What is asked for with the wrong media type is refused alike: nobody is told what there is.
        assert_eq!(answer.status, 403, "{path}");
        problem(&answer);
    }
    let login = client.ask(Method::POST, "login", &[], empty()).await;
    assert_eq!(login.status, 403);
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_archive_comes_publishes_nothing() {
    const MAY: &[&str] = &["ReadFromRepository", "PublishPackageVersion"];
    let house = House::open().await;
    let (content_type, body) = SwiftReleaseForm::of(&list("1.0.0").archive()).body();
    let headers = [("content-type", content_type.as_str()), ("accept", JSON)];
    for (then, status, held) in [(&MAY[..1], 403, 0), (MAY, 201, 1)] {
        house.allow_guest("main", MAY).await;
        let guest = house.guest("swift", "main").await;
        let meanwhile = house.allow_guest("main", then);
        let answer = guest
            .ask_and_meanwhile(
                (Method::PUT, "mona/LinkedList/1.0.0"),
                &headers,
                body.clone(),
                meanwhile,
            )
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(house.held("main", &coordinates()).await.len(), held);
        assert_eq!(house.stored().await.is_empty(), held == 0);
    }
}
