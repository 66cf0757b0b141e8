//! Who may push: asked before a gem comes, and once more when it is there.

use http::Method;

use crate::house::{House, coordinates, widget};

#[tokio::test]
async fn z11_a_right_that_ends_while_the_gem_comes_publishes_nothing() {
    const MAY: &[&str] = &["ReadFromRepository", "PublishPackageVersion"];
    let house = House::private().await;
    let headers = [("content-type", "application/octet-stream")];
    let body = widget("1.0").build().bytes;
    for (then, status, held) in [(&MAY[..1], 403, 0), (MAY, 200, 1)] {
        house.allow_guest("main", MAY).await;
        let guest = house.guest("ruby", "main").await;
        let meanwhile = house.allow_guest("main", then);
        let answer = guest
            .ask_and_meanwhile(
                (Method::POST, "api/v1/gems"),
                &headers,
                body.clone(),
                meanwhile,
            )
            .await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_eq!(house.held("main", &coordinates("widget")).await.len(), held);
        assert_eq!(house.stored().await.is_empty(), held == 0);
    }
}
