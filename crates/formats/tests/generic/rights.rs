//! Who may read, who may put, and what a refusal tells.

use http::Method;

use crate::house::{House, OWNER};
use crate::wire::{endless, full, piecemeal};

const FILE: &str = "tools/installer/1.0.0/a";
const PATHS: [&str; 5] = [
    FILE,
    "",
    "tools/",
    "tools/installer/",
    "tools/installer/1.0.0/",
];

fn packages(pattern: &str) -> String {
    format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/generic/{pattern}")
}

#[tokio::test]
async fn a04_z05_reading_and_putting_are_rights_of_their_own() {
    let house = House::open().await;
    house.at("main").put_new(FILE, b"1").await;
    let token = house.guests_token().await;
    let guest = house.at("main").with_token(Some(token));
    // No policy: nothing, there or not.
    for path in PATHS.into_iter().chain(["absent/", "a/b/1/c"]) {
        assert_eq!(guest.get(path).await.status, 403, "{path}");
        assert_eq!(guest.head(path).await.status, 403, "{path}");
    }
    assert_eq!(guest.put("tools/installer/2.0.0/a", "1").await.status, 403);
    // To read is not to put.
    house
        .set_policy("main", &[("Allow", "codeartifact:ReadFromRepository", "*")])
        .await;
    for path in PATHS {
        assert_eq!(guest.get(path).await.status, 200, "{path}");
    }
    assert_eq!(guest.put("tools/installer/2.0.0/a", "1").await.status, 403);
    assert_eq!(guest.put(FILE, "1").await.status, 403);
    // To put is not to read, and is for the packages that are named.
    let pattern = packages("tools/*");
    house
        .set_policy(
            "main",
            &[("Allow", "codeartifact:PublishPackageVersion", &pattern)],
        )
        .await;
    for path in PATHS {
        assert_eq!(guest.get(path).await.status, 403, "{path}");
        assert_eq!(guest.head(path).await.status, 403, "{path}");
    }
    assert_eq!(guest.put("tools/installer/2.0.0/a", "1").await.status, 201);
    assert_eq!(guest.put("toolsx/installer/2.0.0/a", "1").await.status, 403);
    assert_eq!(guest.put("data/installer/2.0.0/a", "1").await.status, 403);
    // What was there stays, and a conflict repeats nothing of it.
    let conflict = guest.put(FILE, "other").await;
    assert_eq!(conflict.status, 409);
    assert_eq!(house.at("main").get(FILE).await.body, "1");
}

#[tokio::test]
async fn a05_without_a_token_nobody_reads_or_puts() {
    let house = House::open().await;
    house.at("main").put_new(FILE, b"1").await;
    let nobody = house.at("main").with_token(None);
    for path in PATHS {
        let answer = nobody.get(path).await;
        assert_eq!(answer.status, 401, "{path}");
        assert!(answer.header("www-authenticate").starts_with("Basic "));
    }
    assert_eq!(nobody.put("tools/installer/2.0.0/a", "1").await.status, 401);
    assert_eq!(house.held("main").await.len(), 1);
}

#[tokio::test]
async fn z09_an_unfinished_version_is_continued_by_whoever_may_publish_and_by_nobody_else() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(&format!("{FILE}?unfinished=true"), b"1").await;
    house.add_repository("other", &[]).await;
    let token = house.guests_token().await;
    let guest = house.at("main").with_token(Some(token.clone()));
    house
        .set_policy("main", &[("Allow", "codeartifact:ReadFromRepository", "*")])
        .await;
    house
        .set_policy("other", &[("Allow", "codeartifact:*", "*")])
        .await;
    let changes = house.changes().await;
    for path in [
        FILE.to_owned(),
        format!("{FILE}?unfinished=true"),
        "tools/installer/1.0.0/b".to_owned(),
        "tools/installer/1.0.0/b?unfinished=true".to_owned(),
    ] {
        assert_eq!(guest.put(&path, "1").await.status, 403, "{path}");
    }
    assert_eq!(house.changes().await, changes);
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Unfinished".into())]
    );
    // The same name in another repository is another version, with nothing of this one.
    let elsewhere = house.at("other").with_token(Some(token));
    assert_eq!(
        elsewhere.put("tools/installer/1.0.0/b", "2").await.status,
        201
    );
    let listed = elsewhere.get("tools/installer/1.0.0/").await;
    assert_eq!(listed.names("assets", "name"), ["b"]);
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Unfinished".into())]
    );
    // With the right, whoever it is.
    house
        .set_policy(
            "main",
            &[("Allow", "codeartifact:PublishPackageVersion", "*")],
        )
        .await;
    assert_eq!(guest.put("tools/installer/1.0.0/b", "2").await.status, 201);
    assert_eq!(
        house.held("main").await,
        [("1.0.0".into(), "Published".into())]
    );
}

#[tokio::test]
async fn z11_a_right_that_ends_while_the_bytes_come_publishes_nothing() {
    let house = House::open().await;
    let token = house.guests_token().await;
    let guest = house.at("main").with_token(Some(token));
    let may = [("Allow", "codeartifact:PublishPackageVersion", "*")];
    let may_not = [("Deny", "codeartifact:PublishPackageVersion", "*")];
    for (policy, status, held) in [(may_not, 403, 0), (may, 201, 1)] {
        house.set_policy("main", &may).await;
        let (body, sender) = piecemeal();
        let put = guest.ask(Method::PUT, FILE, &[], body);
        let meanwhile = async {
            // Taken: so the put is under way.
            sender.send("first ".into()).await.unwrap();
            sender.reserve().await.unwrap().send("second".into());
            house.set_policy("main", &policy).await;
            drop(sender);
        };
        let (answer, ()) = tokio::join!(put, meanwhile);
        assert_eq!(answer.status, status, "{:?}", answer.body);
        assert_eq!(house.held("main").await.len(), held);
        assert_eq!(house.stored().await, held);
    }
}

#[tokio::test]
async fn what_may_not_be_put_is_not_read() {
    let house = House::open().await;
    house.at("main").put_new(FILE, b"1").await;
    let strangers = house.guests_token().await;
    let stranger = house.at("main").with_token(Some(strangers));
    let path = "tools/installer/1.0.0/b";
    for (client, status) in [(stranger, 403), (house.at("main"), 409)] {
        let (body, taken) = endless();
        let waits = [("expect", "100-continue")];
        let answer = client.ask(Method::PUT, path, &waits, body).await;
        assert_eq!(answer.status, status);
        // A single read would have told the client to send all of it.
        assert_eq!(taken.load(std::sync::atomic::Ordering::SeqCst), 0);
    }
}

#[tokio::test]
async fn files_are_not_deleted_over_plain_http() {
    let house = House::open().await;
    let main = house.at("main");
    main.put_new(FILE, b"1").await;
    for (method, path, status) in [
        (Method::DELETE, FILE, 400),
        (Method::DELETE, "tools/installer/1.0.0/", 404),
        (Method::POST, FILE, 404),
        (Method::PATCH, FILE, 404),
        (Method::OPTIONS, FILE, 404),
    ] {
        let answer = main.ask(method.clone(), path, &[], full("")).await;
        assert_eq!(answer.status, status, "{method} {path}");
    }
    assert_eq!(main.get(FILE).await.body, "1");
}
