//! What `gem signin` and `gem owner` ask for.

use http::Method;
use testkit::house::full;

use crate::house::{House, widget};

#[tokio::test]
async fn f_rb_3_the_key_of_who_signs_in_is_the_token_that_was_shown() {
    use base64::Engine as _;
    let house = House::private().await;
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("aws:{}", house.token));
    let client = house
        .main()
        .with_authorization(Some(format!("Basic {basic}")));
    assert_eq!(client.get("api/v1/api_key").await.text(), house.token);
    let body = full("name=laptop&push_rubygem=true");
    let made = client.ask(Method::POST, "api/v1/api_key", &[], body).await;
    assert_eq!((made.status, made.text()), (200, house.token.clone()));
    let yaml = client.get("api/v1/api_key.yaml").await.text();
    assert_eq!(yaml, format!("---\n:rubygems_api_key: {}\n", house.token));
    assert!(
        client
            .get("api/v1/profile/me.yaml")
            .await
            .text()
            .contains("mfa: disabled")
    );
    let nobody = house.main().with_authorization(None);
    assert_eq!(nobody.get("api/v1/api_key").await.status, 401);
}

#[tokio::test]
async fn f_rb_3_owners_are_not_kept_and_that_is_said() {
    let house = House::private().await;
    house.publish(&widget("1.0").build()).await;
    let main = house.main();
    let owners = main.get("api/v1/gems/widget/owners.yaml").await;
    assert_eq!((owners.status, owners.text()), (200, "[]".to_owned()));
    for method in [Method::POST, Method::DELETE] {
        let body = full("email=ann%40example.org");
        let refused = main
            .ask(method, "api/v1/gems/widget/owners", &[], body)
            .await;
        assert_eq!(refused.status, 400);
        assert!(refused.text().contains("policies"));
    }
}
