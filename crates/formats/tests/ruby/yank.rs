//! `gem yank`.

use crate::house::{House, coordinates, widget};

#[tokio::test]
async fn f_rb_3_a_yanked_version_leaves_the_index_and_its_file_stays() {
    let house = House::private().await;
    for version in ["1.0", "2.0"] {
        house.publish(&widget(version).build()).await;
    }
    let answer = house.yank("gem_name=widget&version=2.0", false).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.text(), "Successfully deleted gem: widget (2.0)\n");
    let package = coordinates("widget");
    assert_eq!(house.statuses("main", &package).await["2.0"], "Unlisted");
    assert!(!house.text("info/widget").await.contains("\n2.0 "));
    assert_eq!(house.main().get("gems/widget-2.0.gem").await.status, 200);
    let again = house.yank("gem_name=widget&version=2.0", false).await;
    assert_eq!(again.status, 200, "a second time changes nothing");

    let refused = house.push(widget("2.0").build().bytes).await;
    assert_eq!(refused.status, 409, "yanked is yanked");
    assert!(refused.text().contains("was yanked"), "{}", refused.text());

    let back = house.yank("gem_name=widget&version=2.0", true).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert!(house.text("info/widget").await.contains("\n2.0 "));
}

#[tokio::test]
async fn f_rb_3_one_of_several_platforms_is_yanked_alone() {
    let house = House::private().await;
    for platform in ["ruby", "java"] {
        house
            .publish(&widget("1.0").platform(platform).build())
            .await;
    }
    let package = coordinates("widget");
    let form = "gem_name=widget&version=1.0&platform=java";
    assert_eq!(house.yank(form, false).await.status, 200);
    let info = house.text("info/widget").await;
    assert!(
        info.contains("\n1.0 ") && !info.contains("1.0-java"),
        "{info}"
    );
    assert_eq!(house.statuses("main", &package).await["1.0"], "Published");
    let file = house.main().get("gems/widget-1.0-java.gem").await;
    assert_eq!(file.status, 200);

    let rest = house.yank("gem_name=widget&version=1.0", false).await;
    assert_eq!(rest.status, 200);
    assert_eq!(house.statuses("main", &package).await["1.0"], "Unlisted");

    assert_eq!(house.yank(form, true).await.status, 200);
    let info = house.text("info/widget").await;
    assert!(info.contains("1.0-java"), "{info}");
}

#[tokio::test]
async fn f_rb_3_what_is_not_here_or_not_allowed_is_not_yanked() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    for (form, status) in [
        ("gem_name=widget&version=2.0", 404),
        ("gem_name=widget&version=1.0&platform=java", 404),
        ("gem_name=gadget&version=1.0", 404),
        ("gem_name=a%2Fb&version=1.0", 404),
        ("gem_name=widget", 400),
        ("version=1.0", 400),
        ("gem_name=widget&version=../1", 400),
        ("", 400),
    ] {
        let answer = house.yank(form, false).await;
        assert_eq!(answer.status, status, "{form}: {}", answer.text());
    }
    let long = format!("gem_name=widget&version={}", "1".repeat(100_000));
    assert_eq!(house.yank(&long, false).await.status, 413);
    let package = coordinates("widget");
    assert_eq!(house.statuses("main", &package).await["1.0"], "Published");
    let token = format!("Bearer {}", house.strangers_token().await);
    let stranger = house.main().with_authorization(Some(token));
    let body = testkit::house::full("gem_name=widget&version=1.0");
    let refused = stranger
        .ask(http::Method::DELETE, "api/v1/gems/yank", &[], body)
        .await;
    assert_eq!(refused.status, 403);
}
