//! What clients see of versions that are not simply published, and what may be published in their place.

use model::PackageVersionStatus as Status;

use crate::ecosystems::{Ecosystem, house, is_behind, is_success};

const NAME: &str = "left-pad";

pub(crate) async fn y01_y02_each_status_is_seen_at_once_at_every_door_and_can_be_taken_back<
    E: Ecosystem,
>() {
    let house = house(&[("main", &[])]).await;
    for version in ["1.0.0", "2.0.0"] {
        E::published(&house, "main", NAME, version).await;
    }
    let path = E::asset_path(NAME, "2.0.0");
    for (status, is_listed, is_downloadable) in [
        (Status::Published, true, true),
        (Status::Unlisted, false, true),
        (Status::Archived, false, false),
        (Status::Published, true, true),
        (Status::Archived, false, false),
        (Status::Unlisted, false, true),
        (Status::Published, true, true),
    ] {
        // What is shown before the change may lie ready.
        E::listed(&house, "main", NAME).await;
        E::fetch(&house, "main", NAME, "2.0.0").await;
        house
            .set_status("main", &E::coordinates(NAME), "2.0.0", status)
            .await;
        let expected: &[&str] = if is_listed {
            &["1.0.0", "2.0.0"]
        } else {
            &["1.0.0"]
        };
        assert_eq!(E::listed(&house, "main", NAME).await, expected, "{status}");
        let main = E::at(&house, "main");
        assert_eq!(is_behind(&main, &path).await, is_downloadable, "{status}");
    }
}

pub(crate) async fn y01_an_archived_or_disposed_version_keeps_its_number<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let package = E::coordinates(NAME);
    for version in ["1.0.0", "2.0.0", "3.0.0"] {
        E::published(&house, "main", NAME, version).await;
    }
    house
        .set_status("main", &package, "2.0.0", Status::Archived)
        .await;
    house.dispose("main", &package, "3.0.0").await;
    let main = E::at(&house, "main");
    for version in ["2.0.0", "3.0.0"] {
        let path = E::asset_path(NAME, version);
        assert!(!is_behind(&main, &path).await, "{version}");
        let again = E::publish(&main, NAME, version, "other").await;
        assert_eq!(again.status, 409, "{version}: {:?}", again.body);
        assert!(!is_behind(&main, &path).await, "{version}");
    }
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);
    let statuses = house.statuses("main", &package).await;
    assert_eq!(statuses["2.0.0"], "Archived");
    assert_eq!(statuses["3.0.0"], "Disposed");
}

pub(crate) async fn y02_a_package_of_which_everything_is_hidden_lists_nothing<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let package = E::coordinates(NAME);
    for (version, status) in [("1.0.0", Status::Unlisted), ("2.0.0", Status::Archived)] {
        E::published(&house, "main", NAME, version).await;
        house.set_status("main", &package, version, status).await;
    }
    assert!(E::listed(&house, "main", NAME).await.is_empty());
    let main = E::at(&house, "main");
    assert!(is_behind(&main, &E::asset_path(NAME, "1.0.0")).await);
    assert!(!is_behind(&main, &E::asset_path(NAME, "2.0.0")).await);
}

pub(crate) async fn a_deleted_version_is_gone_and_its_number_is_free<E: Ecosystem>() {
    let house = house(&[("main", &[])]).await;
    let package = E::coordinates(NAME);
    for version in ["1.0.0", "2.0.0"] {
        E::published(&house, "main", NAME, version).await;
    }
    let first = E::fetch(&house, "main", NAME, "2.0.0").await;
    house.delete_version("main", &package, "2.0.0").await;
    let main = E::at(&house, "main");
    assert!(!is_behind(&main, &E::asset_path(NAME, "2.0.0")).await);
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);

    let again = E::publish(&main, NAME, "2.0.0", "something else").await;
    assert!(is_success(&again), "{} {:?}", again.status, again.body);
    let second = E::fetch(&house, "main", NAME, "2.0.0").await;
    assert_eq!(second.bytes(), &E::asset(NAME, "2.0.0", "something else"));
    assert_ne!(second.bytes(), first.bytes());
    assert_ne!(second.header("etag"), first.header("etag"));
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0", "2.0.0"]);
}
