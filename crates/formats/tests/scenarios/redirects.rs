//! Downloads that the object store answers: who may read gets an address there, and nobody else.

use std::time::Duration;

use catalog::REDIRECT_TAG;
use model::PackageVersionStatus as Status;
use testkit::house::{House, Plan, follow};
use testkit::storage::{Bytes, Storage};

use crate::ecosystems::{Ecosystem, is_behind};

const NAME: &str = "left-pad";

/// A house whose bytes are in an object store whatever the run says.
async fn house_on_s3(redirect_lifetime: Option<Duration>) -> House {
    let storage = Storage {
        bytes: Bytes::S3,
        ..Storage::of_this_run()
    };
    let plan = Plan {
        redirect_lifetime,
        ..Plan::default()
    };
    let house = House::open_on(storage, plan, &[]).await;
    house.add_repository("main", &[]).await;
    house
}

pub(crate) async fn z07_an_asset_is_fetched_from_the_object_store_where_its_repository_asks_for_it<
    E: Ecosystem,
>() {
    let house = house_on_s3(Some(Duration::from_secs(60))).await;
    let bytes = E::published(&house, "main", NAME, "1.0.0").await;
    let main = E::at(&house, "main");
    let path = E::asset_path(NAME, "1.0.0");
    let sent = main.get(&path).await;
    assert_eq!((sent.status, sent.bytes()), (200, &bytes), "before the tag");

    house.tag_repository("main", REDIRECT_TAG, "true").await;
    for way in ["at first", "from memory"] {
        let answer = main.get(&path).await;
        assert_eq!((answer.status, answer.bytes().len()), (302, 0), "{way}");
        assert_eq!(answer.header("cache-control"), "no-store");
        let address = answer.header("location");
        assert!(address.contains("X-Amz-Expires=60&"), "{address}");
        let whole = follow(address, &[]).await;
        assert_eq!((whole.status, whole.bytes()), (200, &bytes), "{way}");
        assert_eq!(whole.header("content-disposition"), "attachment");
        assert_eq!(whole.header("content-type"), sent.header("content-type"));
        let part = follow(address, &[("Range", "bytes=1-3")]).await;
        assert_eq!((part.status, part.bytes()), (206, &bytes.slice(1..4)));
        let other = address.replace("X-Amz-Expires=60&", "X-Amz-Expires=61&");
        assert_eq!(follow(&other, &[]).await.status, 403, "it is signed");
    }

    // What needs no bytes is answered here, and so is everyone who may not have them.
    let head = main.head(&path).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-length"), bytes.len().to_string());
    let etag = head.header("etag");
    let known = main.get_with(&path, &[("if-none-match", etag)]).await;
    assert_eq!(known.status, 304);
    assert_eq!(E::listed(&house, "main", NAME).await, ["1.0.0"]);
    let strangers = format!("Bearer {}", house.strangers_token().await);
    for (authorization, status) in [(None, 401), (Some(strangers), 403)] {
        let client = E::at(&house, "main").with_authorization(authorization);
        assert_eq!(client.get(&path).await.status, status);
    }
    house
        .set_status("main", &E::coordinates(NAME), "1.0.0", Status::Archived)
        .await;
    let archived = main.get(&path).await;
    assert!(archived.status >= 400, "{}", archived.status);
    house
        .set_status("main", &E::coordinates(NAME), "1.0.0", Status::Published)
        .await;

    house.tag_repository("main", REDIRECT_TAG, "false").await;
    let sent = main.get(&path).await;
    assert_eq!((sent.status, sent.bytes()), (200, &bytes), "after the tag");
}

pub(crate) async fn nothing_is_redirected_where_the_operator_does_not_allow_it<E: Ecosystem>() {
    let house = house_on_s3(None).await;
    E::published(&house, "main", NAME, "1.0.0").await;
    house.tag_repository("main", REDIRECT_TAG, "true").await;
    let main = E::at(&house, "main");
    assert!(is_behind(&main, &E::asset_path(NAME, "1.0.0")).await);
}
