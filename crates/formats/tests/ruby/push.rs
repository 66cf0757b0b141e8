//! `gem push`.

use bytes::Bytes;
use http::Method;
use testkit::house::{full, pieces};
use testkit::packages::{GemBuild, gz};

use crate::house::{House, coordinates, widget};

#[tokio::test]
async fn a_gem_is_pushed_and_is_in_the_index_at_once() {
    let house = House::private().await;
    let gem = widget("1.0").build();
    let answer = house.push(gem.bytes.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.text(), "Successfully registered gem: widget (1.0)\n");
    let info = house.text("info/widget").await;
    assert_eq!(info, format!("---\n{}\n", gem.info_line()));
    let got = house.main().get("gems/widget-1.0.gem").await;
    assert_eq!(got.bytes(), &gem.bytes);
    assert_eq!(got.header("content-type"), "application/octet-stream");
}

#[tokio::test]
async fn gems_for_platforms_are_files_of_one_version() {
    let house = House::private().await;
    for platform in ["ruby", "java", "x86_64-linux-gnu"] {
        house
            .publish(&widget("1.0").platform(platform).build())
            .await;
    }
    let java = house
        .push(widget("1.0").platform("java").build().bytes)
        .await;
    assert_eq!(
        java.text(),
        "Successfully registered gem: widget (1.0-java)\n"
    );
    let held = house
        .held_assets("main", &coordinates("widget"), "1.0")
        .await;
    assert_eq!(
        held,
        [
            "widget-1.0-java.gem",
            "widget-1.0-x86_64-linux-gnu.gem",
            "widget-1.0.gem"
        ]
    );
    let info = house.text("info/widget").await;
    let rests: Vec<&str> = info
        .lines()
        .skip(1)
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(rests, ["1.0-java", "1.0", "1.0-x86_64-linux-gnu"]);
    let answer = house.main().get("gems/widget-1.0-java.gem").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn f_rb_3_a_version_is_never_pushed_again_with_other_contents() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    let other = widget("1.0").file("x", b"y").build();
    let refused = house.push(other.bytes).await;
    assert_eq!(refused.status, 409);
    let text = refused.text();
    assert!(
        text.contains("Repushing of gem versions is not allowed")
            && text.contains("widget-1.0.gem"),
        "{text}"
    );
    // The same version in another spelling is another file of it, and the version is one.
    house
        .publish(&widget("1.0.0").platform("java").build())
        .await;
    let package = coordinates("widget");
    assert_eq!(house.held("main", &package).await.len(), 1);
}

#[tokio::test]
async fn a_gem_that_comes_in_small_pieces_is_the_same() {
    let house = House::private().await;
    let gem = widget("1.0").file("data", &[7; 5000]).build();
    let chunks = gem.bytes.chunks(97).map(Bytes::copy_from_slice).map(Ok);
    let body = pieces(chunks.collect());
    let answer = house
        .main()
        .ask(Method::POST, "api/v1/gems", &[], body)
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let got = house.main().get("gems/widget-1.0.gem").await;
    assert_eq!(got.bytes(), &gem.bytes);
}

#[tokio::test]
async fn a_gem_of_old_with_its_metadata_last_is_taken_while_it_is_small() {
    let house = House::private().await;
    let build = widget("1.0");
    let (metadata, data) = (gz(build.yaml().as_bytes()), gz(b"data"));
    let old = build.with_members(&[("data.tar.gz", &data), ("metadata.gz", &metadata)]);
    assert_eq!(house.push(old.bytes).await.status, 200);
}

#[tokio::test]
async fn z07_who_may_not_publish_learns_so_before_the_gem_is_kept() {
    let house = House::private().await;
    let stored = house.stored().await;
    let token = format!("Bearer {}", house.strangers_token().await);
    let client = house.main().with_authorization(Some(token));
    let body = full(widget("1.0").build().bytes);
    let refused = client.ask(Method::POST, "api/v1/gems", &[], body).await;
    assert_eq!(refused.status, 403);
    assert_eq!(house.stored().await, stored);
}

#[tokio::test]
async fn f_rb_3_a05_tokens_are_taken_in_every_form_that_clients_send() {
    use base64::Engine as _;
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    let basic = |text: String| {
        let encoded = base64::engine::general_purpose::STANDARD.encode(text);
        format!("Basic {encoded}")
    };
    for authorization in [
        format!("Bearer {}", house.token),
        house.token.clone(),
        basic(format!("aws:{}", house.token)),
        basic(format!("{}:", house.token)),
        basic(format!("{}:x-oauth-basic", house.token)),
    ] {
        let client = house.main().with_authorization(Some(authorization.clone()));
        let answer = client.get("info/widget").await;
        assert_eq!(answer.status, 200, "{authorization}");
    }
    let client = house.main().with_authorization(None);
    let refused = client.get("info/widget").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").starts_with("Basic "));
}

#[tokio::test]
async fn attestations_are_refused_with_a_way_out() {
    let house = House::private().await;
    let headers = [("content-type", "multipart/form-data; boundary=x")];
    let refused = house
        .main()
        .ask(Method::POST, "api/v1/gems", &headers, full("--x--"))
        .await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("--attestation"));
}

#[tokio::test]
async fn names_with_case_and_dots_stay_as_they_are() {
    let house = House::private().await;
    house
        .publish(&GemBuild::new("JSON-ld.x_1", "1.0.rc1").build())
        .await;
    assert_eq!(house.main().get("info/JSON-ld.x_1").await.status, 200);
    assert_eq!(house.main().get("info/json-ld.x_1").await.status, 404);
    let got = house.main().get("gems/JSON-ld.x_1-1.0.rc1.gem").await;
    assert_eq!(got.status, 200);
}
