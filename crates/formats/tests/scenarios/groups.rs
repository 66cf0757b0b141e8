//! What package groups let in: each restriction, each mode, and variations of names.

use model::{GroupRestrictionMode as Mode, GroupRestrictionType as Kind};

use crate::ecosystems::{Connected, Ecosystem, Pulled, house, is_success};

const NAME: &str = "spicy-client";

fn everything_of<E: Ecosystem>() -> String {
    format!("/{}/*", E::FORMAT)
}

pub(crate) async fn a_publish_is_taken_where_the_group_says_so<E: Ecosystem>() {
    let house = house(&[("one", &[]), ("two", &[])]).await;
    let (all, group) = (everything_of::<E>(), E::group(NAME));
    house.add_group(&all).await;
    house.add_group(&group).await;
    let takes = async |repository: &str, version: &str| {
        let answer = E::publish(&E::at(&house, repository), NAME, version, repository).await;
        if !is_success(&answer) {
            assert_eq!(answer.status, 409, "{:?}", answer.body);
            assert!(answer.text().contains(&group), "{}", answer.text());
        }
        is_success(&answer)
    };
    assert!(takes("one", "1.0.0").await && takes("two", "1.0.0").await);

    house
        .restrict(&all, &[(Kind::Publish, Mode::Block)], &[])
        .await;
    assert!(!takes("one", "2.0.0").await, "it inherits");
    assert!(!takes("two", "2.0.0").await, "it inherits");
    house
        .restrict(&group, &[(Kind::Publish, Mode::Allow)], &[])
        .await;
    assert!(takes("one", "2.0.0").await);
    let list = [(Kind::Publish, Mode::AllowSpecificRepositories)];
    house
        .restrict(&group, &list, &[(Kind::Publish, "two")])
        .await;
    assert!(!takes("one", "3.0.0").await);
    assert!(takes("two", "3.0.0").await);
    house
        .restrict(&group, &[(Kind::Publish, Mode::Inherit)], &[])
        .await;
    assert!(!takes("two", "4.0.0").await);
    house.restrict(&all, &list, &[(Kind::Publish, "one")]).await;
    assert!(takes("one", "4.0.0").await, "it inherits the list");
    assert!(!takes("two", "4.0.0").await, "it inherits the list");
    // A refused publish leaves nothing behind.
    assert_eq!(
        E::listed(&house, "one", NAME).await,
        ["1.0.0", "2.0.0", "4.0.0"]
    );
    assert_eq!(E::listed(&house, "two", NAME).await, ["1.0.0", "3.0.0"]);
    assert_eq!(house.statuses("two", &E::coordinates(NAME)).await.len(), 2);
}

pub(crate) async fn y06_y07_a_variation_of_a_groups_name_is_not_published<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    house.add_group(&E::group(NAME)).await;
    let main = E::at(&house, "main");
    for name in E::variations(NAME) {
        let refused = E::publish(&main, &name, "1.0.0", "x").await;
        assert_eq!(refused.status, 409, "{name}: {:?}", refused.body);
        assert!(refused.text().contains("variation"), "{}", refused.text());
        assert!(house.held("main", &E::coordinates(&name)).await.is_empty());
    }
    E::published(&house, "main", NAME, "1.0.0").await;
    E::published(&house, "main", "spicyclient", "1.0.0").await;
}

pub(crate) async fn what_is_above_is_hidden_where_the_group_lets_nothing_be_retained<
    E: Ecosystem,
>() {
    let house = house(&[("base", &[]), ("app", &["base"]), ("tools", &["base"])]).await;
    let group = E::group(NAME);
    E::published(&house, "base", NAME, "1.0.0").await;
    E::published(&house, "base", NAME, "2.0.0").await;
    E::fetch(&house, "app", NAME, "1.0.0").await;
    let package = E::coordinates(NAME);
    house.wait_until_held("app", &package, &["1.0.0"]).await;

    house.add_group(&group).await;
    house
        .restrict(&group, &[(Kind::InternalUpstream, Mode::Block)], &[])
        .await;
    assert_eq!(
        E::listed(&house, "app", NAME).await,
        ["1.0.0"],
        "what is here stays"
    );
    assert_eq!(E::fetch(&house, "app", NAME, "1.0.0").await.status, 200);
    assert_eq!(E::fetch(&house, "app", NAME, "2.0.0").await.status, 404);
    assert!(E::listed(&house, "tools", NAME).await.is_empty());
    assert_eq!(E::listed(&house, "base", NAME).await, ["1.0.0", "2.0.0"]);

    let list = [(Kind::InternalUpstream, Mode::AllowSpecificRepositories)];
    house
        .restrict(&group, &list, &[(Kind::InternalUpstream, "tools")])
        .await;
    assert_eq!(E::listed(&house, "tools", NAME).await, ["1.0.0", "2.0.0"]);
    assert_eq!(E::fetch(&house, "tools", NAME, "2.0.0").await.status, 200);
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0"]);
    house
        .restrict(&group, &[(Kind::InternalUpstream, Mode::Inherit)], &[])
        .await;
    assert_eq!(E::listed(&house, "app", NAME).await, ["1.0.0", "2.0.0"]);
}

pub(crate) async fn x17_a_group_is_ingested_through_one_path_only<E: Pulled>() {
    // The worked example of the user guide: `repo-a` has `repo-b` above it, which has the connection.
    let world = Connected::<E>::open().await;
    let house = &world.house;
    world.connect("repo-b").await;
    world.connect("repo-c").await;
    for (name, upstream) in [
        ("repo-a", "repo-b"),
        ("repo-d", "repo-b"),
        ("repo-e", "repo-a"),
    ] {
        house.add_repository(name, &[upstream]).await;
    }
    for name in [NAME, "left-pad"] {
        world.show(name, &["1.0.0", "2.0.0"]);
    }
    let group = E::group(NAME);
    house.add_group(&group).await;
    let modes = [
        (Kind::Publish, Mode::Block),
        (Kind::ExternalUpstream, Mode::AllowSpecificRepositories),
        (Kind::InternalUpstream, Mode::AllowSpecificRepositories),
    ];
    let lists = [
        (Kind::ExternalUpstream, "repo-b"),
        (Kind::InternalUpstream, "repo-a"),
    ];
    house.restrict(&group, &modes, &lists).await;

    let shut = ["repo-c", "repo-d", "repo-e"];
    for repository in shut {
        assert!(
            world.listed(repository, NAME).await.is_empty(),
            "{repository}"
        );
        let asset = world.fetch(repository, NAME, "1.0.0").await;
        assert_eq!(asset.status, 404, "{repository}");
    }
    assert_eq!(world.source.requests_total(), 0, "the name never leaves");
    assert_eq!(world.listed("repo-a", NAME).await, ["1.0.0", "2.0.0"]);
    world.pull("repo-a", NAME, "1.0.0").await;
    let package = E::coordinates(NAME);
    house.wait_until_held("repo-b", &package, &["1.0.0"]).await;
    // What `repo-b` holds by now is not for others to retain.
    for repository in shut {
        assert!(
            world.listed(repository, NAME).await.is_empty(),
            "{repository}"
        );
        let asset = world.fetch(repository, NAME, "1.0.0").await;
        assert_eq!(asset.status, 404, "{repository}");
        assert!(house.held(repository, &package).await.is_empty());
    }
    for repository in ["repo-a", "repo-b", "repo-c", "repo-d", "repo-e"] {
        let versions = world.listed(repository, "left-pad").await;
        assert_eq!(versions, ["1.0.0", "2.0.0"], "{repository}");
        let asset = world.fetch(repository, "left-pad", "2.0.0").await;
        assert_eq!(asset.status, 200, "{repository}");
    }
}

pub(crate) async fn i09_a_change_of_a_group_is_seen_at_once_and_leaves_what_is_here<E: Pulled>() {
    let world = Connected::<E>::main().await;
    let (house, group) = (&world.house, everything_of::<E>());
    world.show(NAME, &["1.0.0", "2.0.0"]);
    world.pull("main", NAME, "1.0.0").await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    house
        .restrict("/*", &[(Kind::ExternalUpstream, Mode::Block)], &[])
        .await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    assert_eq!(world.fetch("main", NAME, "1.0.0").await.status, 200);
    assert_eq!(world.fetch("main", NAME, "2.0.0").await.status, 404);
    house.add_group(&group).await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"], "it inherits");
    house
        .restrict(&group, &[(Kind::ExternalUpstream, Mode::Allow)], &[])
        .await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0", "2.0.0"]);
    house.remove_group(&group).await;
    assert_eq!(world.listed("main", NAME).await, ["1.0.0"]);
    assert_eq!(world.fetch("main", NAME, "2.0.0").await.status, 404);
}

pub(crate) async fn y06_y07_x17_a_public_variation_of_a_groups_name_is_never_asked_for<
    E: Pulled,
>() {
    let world = Connected::<E>::main().await;
    world.house.add_group(&E::group(NAME)).await;
    for name in E::variations(NAME) {
        world.show(&name, &["9.0.0"]);
        assert!(world.listed("main", &name).await.is_empty(), "{name}");
        let asset = world.fetch("main", &name, "9.0.0").await;
        assert_eq!(asset.status, 404, "{name}");
    }
    assert_eq!(world.source.requests_total(), 0, "the names never leave");
    for name in [NAME, "spicyclient"] {
        world.show(name, &["9.0.0"]);
        assert_eq!(world.listed("main", name).await, ["9.0.0"], "{name}");
    }
}
