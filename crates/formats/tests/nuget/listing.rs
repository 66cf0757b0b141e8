//! Unlisting and relisting, as `nuget delete` does; what clients see of it.

use model::PackageVersionStatus as Status;
use testkit::packages::Nupkg;

use crate::house::{House, coordinates, file_path, relist, unlist};

#[tokio::test]
async fn f_nu_3_a_deleted_version_is_unlisted_and_goes_on_being_restored() {
    let house = House::private().await;
    for version in ["1.0.0", "2.0.0"] {
        house.publish(&Nupkg::new("Acme.Lib", version)).await;
    }
    let main = house.at("main");
    assert_eq!(unlist(&main, "ACME.Lib", "2.0").await.status, 204);
    assert_eq!(
        unlist(&main, "acme.lib", "2.0.0").await.status,
        204,
        "it is so already"
    );
    let statuses = house.statuses("main", &coordinates("acme.lib")).await;
    assert_eq!(statuses["2.0.0"], "Unlisted");
    let entry = house.entry("main", "acme.lib", "2.0.0").await;
    assert_eq!(entry["listed"], false);
    assert_eq!(entry["published"], "1900-01-01T00:00:00+00:00");
    assert_eq!(house.versions("main", "acme.lib").await, ["1.0.0", "2.0.0"]);
    assert_eq!(main.get(&file_path("acme.lib", "2.0.0")).await.status, 200);
    let found = main.get("v3/query?q=acme").await.json();
    assert_eq!(found["data"][0]["version"], "1.0.0", "y02");

    assert_eq!(relist(&main, "acme.lib", "2.0.0").await.status, 200);
    let entry = house.entry("main", "acme.lib", "2.0.0").await;
    assert_eq!(entry["listed"], true);
    let found = main.get("v3/query?q=acme").await.json();
    assert_eq!(found["data"][0]["version"], "2.0.0");
}

#[tokio::test]
async fn y01_what_is_archived_is_neither_unlisted_nor_relisted_by_clients() {
    let house = House::private().await;
    house.publish(&Nupkg::new("Acme.Lib", "1.0.0")).await;
    let package = coordinates("acme.lib");
    house
        .set_status("main", &package, "1.0.0", Status::Archived)
        .await;
    let main = house.at("main");
    assert_eq!(unlist(&main, "acme.lib", "1.0.0").await.status, 404);
    assert_eq!(relist(&main, "acme.lib", "1.0.0").await.status, 404);
    assert_eq!(house.statuses("main", &package).await["1.0.0"], "Archived");
    assert!(house.versions("main", "acme.lib").await.is_empty());
    for (id, version) in [("acme.lib", "9.0.0"), ("other", "1.0.0"), ("acme.lib", "x")] {
        assert_eq!(
            unlist(&main, id, version).await.status,
            404,
            "{id} {version}"
        );
    }
}
