//! Origin controls: their defaults, and what they stop.

use model::{OriginRestriction as Control, OriginRestrictions};

use crate::ecosystems::{Connected, Ecosystem, Pulled, house, is_success};

const NAME: &str = "left-pad";
const OPEN: (Control, Control) = (Control::Allow, Control::Allow);

pub(crate) async fn s18_a_package_that_was_published_first_takes_publishes_and_nothing_from_above<
    E: Ecosystem,
>() {
    let house = house(&[("main", &[])]).await;
    let package = E::coordinates(NAME);
    E::published(&house, "main", NAME, "1.0.0").await;
    let controls = house.controls("main", &package).await;
    assert_eq!(controls, Some(OriginRestrictions::PUBLISHED_FIRST));

    let closed = (Control::Block, Control::Block);
    house.set_controls("main", &package, closed).await;
    let main = E::at(&house, "main");
    let refused = E::publish(&main, NAME, "2.0.0", "two").await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);
    assert!(
        refused.text().contains("origin controls"),
        "{}",
        refused.text()
    );
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);
    assert!(house.statuses("main", &package).await.len() == 1);
    assert_eq!(E::fetch(&house, "main", NAME, "1.0.0").await.status, 200);

    house.set_controls("main", &package, OPEN).await;
    let taken = E::publish(&main, NAME, "2.0.0", "two").await;
    assert!(is_success(&taken), "{} {:?}", taken.status, taken.body);
}

pub(crate) async fn s18_a_package_that_came_from_above_takes_no_publishes<E: Ecosystem>() {
    let house = house(&[("base", &[]), ("app", &["base"])]).await;
    let package = E::coordinates(NAME);
    E::published(&house, "base", NAME, "1.0.0").await;
    E::fetch(&house, "app", NAME, "1.0.0").await;
    house.wait_until_held("app", &package, &["1.0.0"]).await;
    let controls = house.controls("app", &package).await;
    assert_eq!(controls, Some(OriginRestrictions::INGESTED_FIRST));
    let refused = E::publish(&E::at(&house, "app"), NAME, "2.0.0", "two").await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0"]);
}

pub(crate) async fn s18_a_version_that_can_be_reached_above_is_not_published_again<E: Ecosystem>() {
    let house = house(&[("base", &[]), ("app", &["base"])]).await;
    let package = E::coordinates(NAME);
    E::published(&house, "base", NAME, "1.0.0").await;
    house.set_controls("app", &package, OPEN).await;
    let app = E::at(&house, "app");
    let refused = E::publish(&app, NAME, "1.0.0", "mine").await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);
    let other = E::publish(&app, NAME, "2.0.0", "mine").await;
    assert!(is_success(&other), "{} {:?}", other.status, other.body);
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0", "2.0.0"]);

    let closed_above = (Control::Allow, Control::Block);
    house.set_controls("app", &package, closed_above).await;
    assert_eq!(E::listed(&house, "app", NAME).await, ["2.0.0"]);
    assert_eq!(E::fetch(&house, "app", NAME, "1.0.0").await.status, 404);
    let own = E::publish(&app, NAME, "1.0.0", "mine").await;
    assert!(is_success(&own), "{} {:?}", own.status, own.body);
    assert_eq!(
        E::fetch(&house, "app", NAME, "1.0.0").await.bytes(),
        &E::asset(NAME, "1.0.0", "mine")
    );
}

pub(crate) async fn s18_a_public_package_takes_no_publishes_and_a_public_version_none_anywhere<
    E: Pulled,
>() {
    let world = Connected::<E>::main().await;
    let (house, package) = (&world.house, E::coordinates(NAME));
    world.show(NAME, &["1.0.0", "2.0.0"]);
    let main = E::at(house, "main");
    // Nothing of it is here yet, but it can be had.
    let public = E::publish(&main, NAME, "1.0.0", "mine").await;
    assert_eq!(public.status, 409, "{:?}", public.body);
    world.pull("main", NAME, "1.0.0").await;
    let controls = house.controls("main", &package).await;
    assert_eq!(controls, Some(OriginRestrictions::INGESTED_FIRST));
    let refused = E::publish(&main, NAME, "3.0.0", "mine").await;
    assert_eq!(refused.status, 409, "{:?}", refused.body);

    house.set_controls("main", &package, OPEN).await;
    let reachable = E::publish(&main, NAME, "2.0.0", "mine").await;
    assert_eq!(reachable.status, 409, "{:?}", reachable.body);
    let own = E::publish(&main, NAME, "3.0.0", "mine").await;
    assert!(is_success(&own), "{} {:?}", own.status, own.body);
    let expected = ["1.0.0", "2.0.0", "3.0.0"];
    assert_eq!(world.listed("main", NAME).await, expected);

    let closed_above = (Control::Allow, Control::Block);
    house.set_controls("main", &package, closed_above).await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "3.0.0"]);
    let own = E::publish(&main, NAME, "2.0.0", "mine").await;
    assert!(is_success(&own), "{} {:?}", own.status, own.body);
}
