//! Versions that are copied between repositories, as clients of the destination see them.

use crate::ecosystems::{Ecosystem, house, is_success};

const NAME: &str = "left-pad";

pub(crate) async fn a_copied_version_is_read_at_its_destination_and_stands_alone<E: Ecosystem>() {
    let house = house(&[("dev", &[]), ("prod", &[])]).await;
    let package = E::coordinates(NAME);
    let bytes = E::published(&house, "dev", NAME, "1.0.0").await;
    E::published(&house, "dev", NAME, "1.1.0").await;
    assert!(E::listed(&house, "prod", NAME).await.is_empty());
    let stored = house.stored().await;
    let copied = house
        .copy_versions(("dev", "prod"), &package, &["1.0.0"], false)
        .await;
    assert!(copied.failed.is_empty(), "{copied:?}");
    assert_eq!(E::listed(&house, "prod", NAME).await, ["1.0.0"]);
    let fetched = E::fetch(&house, "prod", NAME, "1.0.0").await;
    assert_eq!(fetched.bytes(), &bytes);
    assert_eq!(
        E::fetch(&house, "prod", NAME, "1.1.0").await.status,
        404,
        "only what was named is copied"
    );
    assert_eq!(house.stored().await, stored, "no byte was written");

    house.delete_version("dev", &package, "1.0.0").await;
    assert_eq!(
        E::fetch(&house, "prod", NAME, "1.0.0").await.bytes(),
        &bytes
    );
    assert_eq!(E::listed(&house, "dev", NAME).await, ["1.1.0"]);
}

pub(crate) async fn a_copy_never_takes_the_place_of_other_bytes_unasked<E: Ecosystem>() {
    let house = house(&[("dev", &[]), ("prod", &[])]).await;
    let package = E::coordinates(NAME);
    E::published(&house, "dev", NAME, "1.0.0").await;
    let kept = E::published(&house, "prod", NAME, "1.0.0").await;
    let copied = house
        .copy_versions(("dev", "prod"), &package, &["1.0.0"], false)
        .await;
    assert_eq!(copied.failed.len(), 1, "{copied:?}");
    assert_eq!(E::fetch(&house, "prod", NAME, "1.0.0").await.bytes(), &kept);
    // The number is taken at the destination, whoever publishes.
    let refused = E::publish(&E::at(&house, "prod"), NAME, "1.0.0", "third").await;
    assert!(!is_success(&refused), "{}", refused.status);
}
