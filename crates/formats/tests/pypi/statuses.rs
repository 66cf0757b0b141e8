//! What statuses of versions mean for installers.

use model::PackageVersionStatus;

use crate::house::{House, coordinates, file_path, release};

#[tokio::test]
async fn y01_an_unlisted_version_is_off_the_page_and_its_files_stay() {
    let house = House::private().await;
    let (old, new) = (
        release("widget", "1.0").wheel(),
        release("widget", "2.0").wheel(),
    );
    house.publish(&old).await;
    house.publish(&new).await;
    let main = house.at("main");
    let package = coordinates("widget");
    house
        .set_status("main", &package, "2.0", PackageVersionStatus::Unlisted)
        .await;
    assert_eq!(
        house.files("main", "widget").await,
        [old.file_name.as_str()]
    );
    assert_eq!(
        main.get("widget/json").await.json()["info"]["version"],
        "1.0"
    );
    assert_eq!(main.get(&file_path(&new)).await.status, 200);
    let metadata = format!("{}.metadata", file_path(&new));
    assert_eq!(main.get(&metadata).await.status, 200);
    house
        .set_status("main", &package, "2.0", PackageVersionStatus::Archived)
        .await;
    assert_eq!(main.get(&file_path(&new)).await.status, 404);
    assert_eq!(main.get(&metadata).await.status, 404);
    assert_eq!(house.upload(&new).await.status, 409, "its number is taken");
    let sdist = release("widget", "2.0").sdist();
    assert_eq!(house.upload(&sdist).await.status, 409);
    house
        .set_status("main", &package, "2.0", PackageVersionStatus::Published)
        .await;
    assert_eq!(house.files("main", "widget").await.len(), 2);
}
