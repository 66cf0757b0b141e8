//! Dependency confusion: what is internal stays internal, from the first request on.

use testkit::fake_source::FakeSource;

use crate::ecosystems::{Connected, LATER_MS, Pulled, is_behind};

const NAME: &str = "corp-secrets";

/// A house where `main` is connected, and `app` stands on `main`.
async fn world<E: Pulled>() -> Connected<E> {
    let world = Connected::<E>::main().await;
    world.house.add_repository("app", &["main"]).await;
    world
}

/// That exactly these versions exist, under every spelling of the name, and that the source was not even asked.
async fn assert_internal<E: Pulled>(world: &Connected<E>, versions: &[&str]) {
    for repository in ["main", "app"] {
        let client = E::at(&world.house, repository);
        for name in E::spellings(NAME) {
            assert_eq!(world.listed(repository, &name).await, versions, "{name}");
            let path = E::asset_path(&name, "99.0.0");
            assert!(!is_behind(&client, &path).await, "{repository}: {path}");
        }
    }
    let source: &FakeSource = &world.source;
    assert_eq!(source.requests_total(), 0, "the name never leaves");
}

pub(crate) async fn x17_y06_a_public_version_of_an_internal_name_is_neither_listed_nor_served<
    E: Pulled,
>() {
    let world = world::<E>().await;
    E::published(&world.house, "main", NAME, "1.0.0").await;
    // To publish, it had to be known that the version is not public; from now on nothing is asked.
    world.source.forget_requests();
    world.show(NAME, &["1.0.0", "99.0.0"]);
    assert_internal(&world, &["1.0.0"]).await;
    world.house.clock.advance(LATER_MS);
    assert_internal(&world, &["1.0.0"]).await;
    let content = format!("{NAME} 1.0.0 by main");
    for repository in ["main", "app"] {
        let ours = world.fetch(repository, NAME, "1.0.0").await;
        assert_eq!(ours.bytes(), &E::asset(NAME, "1.0.0", &content));
    }
}

pub(crate) async fn x17_y06_a_name_is_internal_from_the_moment_that_the_controls_say_so<
    E: Pulled,
>() {
    let world = world::<E>().await;
    world.show(NAME, &["99.0.0"]);
    // As an operator does before anything is published.
    let closed_above = (
        model::OriginRestriction::Allow,
        model::OriginRestriction::Block,
    );
    let package = E::coordinates(NAME);
    world
        .house
        .set_controls("main", &package, closed_above)
        .await;
    assert_internal(&world, &[]).await;
    E::published(&world.house, "main", NAME, "0.0.1").await;
    assert_internal(&world, &["0.0.1"]).await;
}

pub(crate) async fn x17_y06_a_name_stays_internal_when_no_version_is_left<E: Pulled>() {
    let world = world::<E>().await;
    let package = E::coordinates(NAME);
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        E::published(&world.house, "main", NAME, version).await;
    }
    world.source.forget_requests();
    world.show(NAME, &["1.0.0", "99.0.0"]);
    let archived = model::PackageVersionStatus::Archived;
    world
        .house
        .set_status("main", &package, "2.0.0", archived)
        .await;
    world.house.dispose("main", &package, "3.0.0").await;
    world.house.delete_version("main", &package, "1.0.0").await;
    assert_internal(&world, &[]).await;
    for version in ["2.0.0", "3.0.0"] {
        world.house.delete_version("main", &package, version).await;
    }
    assert_internal(&world, &[]).await;
    let client = E::at(&world.house, "main");
    assert!(!is_behind(&client, &E::asset_path(NAME, "1.0.0")).await);
    E::published(&world.house, "main", NAME, "1.0.0").await;
    assert_internal(&world, &["1.0.0"]).await;
}

pub(crate) async fn y06_an_archived_version_hides_the_public_one_of_its_number<E: Pulled>() {
    let world = world::<E>().await;
    let package = E::coordinates(NAME);
    world.show(NAME, &["1.0.0", "2.0.0"]);
    world.pull("main", NAME, "2.0.0").await;
    let archived = model::PackageVersionStatus::Archived;
    world
        .house
        .set_status("main", &package, "2.0.0", archived)
        .await;
    for repository in ["main", "app"] {
        assert_eq!(world.listed(repository, NAME).await, ["1.0.0"]);
        world.source.forget_requests();
        let client = E::at(&world.house, repository);
        assert!(!is_behind(&client, &E::asset_path(NAME, "2.0.0")).await);
        let asset = E::source_asset(NAME, "2.0.0");
        assert_eq!(world.source.requests(&asset), 0, "{repository}");
    }
}
