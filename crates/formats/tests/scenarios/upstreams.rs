//! The graph of upstreams: order, merging, statuses, and what is retained where.

use model::PackageVersionStatus as Status;

use crate::ecosystems::{Connected, Ecosystem, Pulled, house, is_behind};

const NAME: &str = "left-pad";

pub(crate) async fn a_version_is_taken_from_the_nearest_repository_in_search_order<E: Ecosystem>() {
    let house = house(&[
        ("ee", &[]),
        ("dd", &["ee"]),
        ("cc", &[]),
        ("bb", &[]),
        ("aa", &["cc", "dd"]),
        ("my", &["aa", "bb"]),
    ])
    .await;
    // Each version is in all of these, in the order in which they are searched.
    for (version, holders) in [
        ("1.0.0", &["cc", "ee", "bb"][..]),
        ("1.1.0", &["ee", "bb"]),
        ("1.2.0", &["bb"]),
    ] {
        for holder in holders {
            E::published(&house, holder, NAME, version).await;
        }
        let nearest = format!("{NAME} {version} by {}", holders[0]);
        let found = E::fetch(&house, "my", NAME, version).await;
        assert_eq!(
            found.bytes(),
            &E::asset(NAME, version, &nearest),
            "{version}"
        );
    }
    let everything = ["1.0.0", "1.1.0", "1.2.0"];
    assert_eq!(E::listed(&house, "my", NAME).await, everything);
    let package = E::coordinates(NAME);
    house.wait_until_held("my", &package, &everything).await;
    let origins = house.held("my", &package).await;
    assert_eq!(origins["1.1.0"], "ee", "where it entered the domain");
}

pub(crate) async fn a_repository_reached_twice_counts_where_it_is_reached_first<E: Ecosystem>() {
    let house = house(&[
        ("base", &[]),
        ("left", &["base"]),
        ("right", &["base"]),
        ("my", &["left", "right"]),
    ])
    .await;
    for repository in ["right", "base"] {
        E::published(&house, repository, NAME, "1.0.0").await;
    }
    E::published(&house, "right", NAME, "2.0.0").await;
    assert_eq!(E::listed(&house, "my", NAME).await, ["1.0.0", "2.0.0"]);
    let found = E::fetch(&house, "my", NAME, "1.0.0").await;
    let content = format!("{NAME} 1.0.0 by base");
    assert_eq!(found.bytes(), &E::asset(NAME, "1.0.0", &content));
}

pub(crate) async fn versions_of_all_repositories_are_listed_and_a_nearer_one_hides_a_farther<
    E: Ecosystem,
>() {
    let house = house(&[("base", &[]), ("app", &["base"])]).await;
    let package = E::coordinates(NAME);
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        E::published(&house, "base", NAME, version).await;
    }
    for version in ["1.0.0", "2.0.0"] {
        E::fetch(&house, "app", NAME, version).await;
    }
    house
        .wait_until_held("app", &package, &["1.0.0", "2.0.0"])
        .await;
    E::published(&house, "base", NAME, "4.0.0").await;
    assert_eq!(
        E::listed(&house, "app", NAME).await,
        ["1.0.0", "2.0.0", "3.0.0", "4.0.0"]
    );
    // What is held here has a status of its own, in both directions.
    house
        .set_status("app", &package, "1.0.0", Status::Archived)
        .await;
    house
        .set_status("base", &package, "2.0.0", Status::Archived)
        .await;
    assert_eq!(
        E::listed(&house, "app", NAME).await,
        ["2.0.0", "3.0.0", "4.0.0"]
    );
    let app = E::at(&house, "app");
    assert!(!is_behind(&app, &E::asset_path(NAME, "1.0.0")).await);
    assert!(is_behind(&app, &E::asset_path(NAME, "2.0.0")).await);
}

pub(crate) async fn y01_a_version_blocked_above_is_blocked_here_and_not_looked_for_farther_up<
    E: Ecosystem,
>() {
    let house = house(&[("far", &[]), ("near", &[]), ("app", &["near", "far"])]).await;
    let package = E::coordinates(NAME);
    for repository in ["far", "near"] {
        for version in ["1.0.0", "2.0.0", "3.0.0", "4.0.0"] {
            E::published(&house, repository, NAME, version).await;
        }
    }
    house
        .set_status("near", &package, "2.0.0", Status::Archived)
        .await;
    house.dispose("near", &package, "3.0.0").await;
    house
        .set_status("near", &package, "4.0.0", Status::Unlisted)
        .await;
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0"]);
    let app = E::at(&house, "app");
    for version in ["2.0.0", "3.0.0"] {
        assert!(
            !is_behind(&app, &E::asset_path(NAME, version)).await,
            "{version}"
        );
    }
    assert!(house.held("app", &package).await.is_empty());
    // Not offered, but there for who names it; then it is held here, under a status of its own.
    let unlisted = E::fetch(&house, "app", NAME, "4.0.0").await;
    let content = format!("{NAME} 4.0.0 by near");
    assert_eq!(unlisted.bytes(), &E::asset(NAME, "4.0.0", &content));
    house.wait_until_held("app", &package, &["4.0.0"]).await;
}

pub(crate) async fn what_is_fetched_is_retained_where_it_was_asked_for_and_not_between<
    E: Ecosystem,
>() {
    let house = house(&[("base", &[]), ("middle", &["base"]), ("app", &["middle"])]).await;
    let package = E::coordinates(NAME);
    let bytes = E::published(&house, "base", NAME, "1.0.0").await;
    E::published(&house, "base", NAME, "2.0.0").await;
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0", "2.0.0"]);
    let head = E::at(&house, "app")
        .head(&E::asset_path(NAME, "1.0.0"))
        .await;
    assert_eq!(head.status, 200);
    assert!(
        house.held("app", &package).await.is_empty(),
        "looking retains nothing"
    );
    let stored = house.stored().await;
    let fetched = E::fetch(&house, "app", NAME, "1.0.0").await;
    assert_eq!(fetched.bytes(), &bytes);
    house.wait_until_held("app", &package, &["1.0.0"]).await;
    assert_eq!(house.held("app", &package).await["1.0.0"], "base");
    assert!(house.held("middle", &package).await.is_empty());
    assert_eq!(house.stored().await, stored, "bytes are held once");

    // It outlives its upstream: there deleted, and the upstream itself out of reach.
    house.delete_version("base", &package, "1.0.0").await;
    assert_eq!(E::fetch(&house, "app", NAME, "1.0.0").await.bytes(), &bytes);
    assert_eq!(E::fetch(&house, "middle", NAME, "1.0.0").await.status, 404);
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0", "2.0.0"]);
    house.set_upstreams("app", &[]).await;
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0"]);
    assert_eq!(E::fetch(&house, "app", NAME, "1.0.0").await.bytes(), &bytes);
    assert_eq!(E::fetch(&house, "app", NAME, "2.0.0").await.status, 404);
}

pub(crate) async fn what_upstreams_hold_is_copied_on_request<E: Ecosystem>() {
    let house = house(&[("base", &[]), ("app", &["base"]), ("prod", &[])]).await;
    let package = E::coordinates(NAME);
    let bytes = E::published(&house, "base", NAME, "1.0.0").await;
    let copied = house
        .copy_versions(("app", "prod"), &package, &["1.0.0"], true)
        .await;
    assert!(copied.failed.is_empty(), "{copied:?}");
    assert_eq!(
        E::fetch(&house, "prod", NAME, "1.0.0").await.bytes(),
        &bytes
    );
    assert!(house.held("app", &package).await.is_empty());
}

pub(crate) async fn what_is_pulled_is_retained_at_both_ends_and_not_between<E: Pulled>() {
    let world = Connected::<E>::open().await;
    let (house, package) = (&world.house, E::coordinates(NAME));
    world.connect("store").await;
    house.add_repository("middle", &["store"]).await;
    house.add_repository("app", &["middle"]).await;
    world.show(NAME, &["1.0.0", "2.0.0"]);
    assert_eq!(world.listed("app", NAME).await, ["1.0.0", "2.0.0"]);
    for repository in ["store", "app"] {
        assert!(house.held(repository, &package).await.is_empty());
    }
    let bytes = world.pull("app", NAME, "1.0.0").await;
    assert_eq!(bytes, E::bytes_at_source(&world.source, NAME, "1.0.0"));
    house.wait_until_held("store", &package, &["1.0.0"]).await;
    for repository in ["store", "app"] {
        let origins = house.held(repository, &package).await;
        assert_eq!(origins["1.0.0"], E::CONNECTION, "{repository}");
    }
    assert!(house.held("middle", &package).await.is_empty());

    // Deleted there, removed from the source, and out of reach: what is held here stays.
    house.delete_version("store", &package, "1.0.0").await;
    E::withdraw(&world.source, NAME);
    house.set_upstreams("app", &[]).await;
    assert_eq!(world.fetch("app", NAME, "1.0.0").await.bytes(), &bytes);
    assert_eq!(world.listed("app", NAME).await, ["1.0.0"]);
}

pub(crate) async fn what_was_pulled_outlives_its_connection<E: Pulled>() {
    let world = Connected::<E>::main().await;
    world.show(NAME, &["1.0.0", "2.0.0"]);
    let bytes = world.pull("main", NAME, "1.0.0").await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    world.house.disconnect("main", E::CONNECTION).await;
    world.source.forget_requests();
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    assert_eq!(world.fetch("main", NAME, "1.0.0").await.bytes(), &bytes);
    assert_eq!(world.fetch("main", NAME, "2.0.0").await.status, 404);
    // What else the first version has may still be on its way, behind the answer.
    for path in [
        E::source_index(NAME),
        E::source_asset(NAME, "1.0.0"),
        E::source_asset(NAME, "2.0.0"),
    ] {
        assert_eq!(world.source.requests(&path), 0, "{path}");
    }
}
