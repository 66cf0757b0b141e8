//! The names of packages over the graph.

use model::OriginRestriction::{Allow, Block};
use model::{FormatId, Namespace, PackageCoordinates, PackageName, PackageVersionStatus};

use crate::house::{House, kit, of};
use crate::parts::{PARTS, SEALED};

async fn publish(house: &House, repository: &str, package: &PackageCoordinates) {
    house
        .add_to(repository, package, "1.0", "a", b"1", true)
        .await
        .unwrap();
}

/// All names, by pages of this many.
async fn names(house: &House, repository: &str, format: FormatId, limit: usize) -> Vec<String> {
    let grant = house.grant(repository).await;
    let mut all: Vec<PackageName> = Vec::new();
    loop {
        let page = house
            .catalog
            .package_names(&grant, format, None, all.last(), limit)
            .await
            .unwrap();
        assert!(page.len() <= limit);
        let is_last = page.len() < limit;
        all.extend(page);
        if is_last {
            return all.iter().map(ToString::to_string).collect();
        }
    }
}

#[tokio::test]
async fn names_are_those_of_the_whole_graph_each_once_and_in_order() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    for name in ["b", "d", "a"] {
        publish(&house, "main", &of(PARTS, name)).await;
    }
    for name in ["c", "d2"] {
        publish(&house, "near", &of(PARTS, name)).await;
    }
    publish(&house, "main", &of(SEALED, "sealed")).await;
    let spaced = PackageCoordinates {
        namespace: Some(Namespace::parse("space").unwrap()),
        ..of(PARTS, "spaced")
    };
    publish(&house, "main", &spaced).await;
    for limit in [1, 2, 5, 6, 1000] {
        assert_eq!(
            names(&house, "near", PARTS, limit).await,
            ["a", "b", "c", "d", "d2"],
            "pages of {limit}"
        );
    }
    assert_eq!(names(&house, "main", PARTS, 10).await, ["a", "b", "d"]);
    assert_eq!(names(&house, "near", SEALED, 10).await, ["sealed"]);
    let grant = house.grant("near").await;
    let space = spaced.namespace.as_ref();
    let found = house
        .catalog
        .package_names(&grant, PARTS, space, None, 10)
        .await
        .unwrap();
    assert_eq!(found, std::slice::from_ref(&spaced.name));
    let none = house.catalog.package_names(&grant, PARTS, None, None, 0);
    assert!(none.await.unwrap().is_empty());
}

#[tokio::test]
async fn names_without_a_version_to_show_are_left_out_and_pages_go_on_behind_them() {
    let house = House::open().await;
    for index in 0..150 {
        let package = of(PARTS, &format!("hidden-{index:03}"));
        house
            .add_to("main", &package, "1.0", "a", b"1", false)
            .await
            .unwrap();
    }
    publish(&house, "main", &of(PARTS, "z")).await;
    publish(&house, "main", &kit()).await;
    assert_eq!(names(&house, "main", PARTS, 1).await, ["kit", "z"]);
    house
        .set_status(&["1.0"], PackageVersionStatus::Archived)
        .await;
    assert_eq!(names(&house, "main", PARTS, 5).await, ["z"]);
}

#[tokio::test]
async fn y01_a_name_that_is_blocked_on_the_way_is_not_listed_from_above() {
    let house = House::open().await;
    house.add_repository("near", &["main"]).await;
    for name in ["a", "b"] {
        publish(&house, "main", &of(PARTS, name)).await;
    }
    // Known here, with nothing to show, and not to be looked for above.
    house
        .add_to("near", &of(PARTS, "a"), "2.0", "a", b"1", false)
        .await
        .unwrap();
    assert_eq!(names(&house, "near", PARTS, 10).await, ["b"]);
    house
        .set_origin("near", &of(PARTS, "a"), Block, Allow)
        .await;
    assert_eq!(names(&house, "near", PARTS, 10).await, ["a", "b"]);
}
