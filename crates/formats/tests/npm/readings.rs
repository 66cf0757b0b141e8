//! What is being made while something is written: who comes after the write is not given what was begun before it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use bytes::Bytes;
use catalog::{Encoding, Grant, PackageView};
use model::Action;

use crate::house::{House, coordinates};
use crate::packages::Release;

static BEGUN: AtomicUsize = AtomicUsize::new(0);
static MAY_END: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// The number of versions; the first to be asked for it waits until it may answer.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the form in which the catalog takes it"
)]
fn count(package: &PackageView, _: &str, _: u8) -> model::Result<Bytes> {
    let count = package.versions.len().to_string();
    if BEGUN.fetch_add(1, Ordering::SeqCst) == 0 {
        let (may_end, told) = &MAY_END;
        let mut may_end = may_end.lock().unwrap_or_else(PoisonError::into_inner);
        while !*may_end {
            may_end = told.wait(may_end).unwrap_or_else(PoisonError::into_inner);
        }
    }
    Ok(count.into())
}

async fn counted(house: &House, grant: &Grant) -> Bytes {
    let (widget, base) = (coordinates("widget"), Arc::from("http://packages.example/"));
    let made = house
        .catalog
        .document(grant, &widget, 200, &base, Encoding::Identity, count);
    made.await.unwrap().0.bytes.clone()
}

#[tokio::test]
async fn i03_a_document_that_was_in_the_making_during_a_publish_is_not_given_to_who_comes_after_it()
{
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let name = model::RepositoryName::parse("main").unwrap();
    let grant = house.catalog.grant(
        house.root().clone(),
        Action::READ_FROM_REPOSITORY,
        &house.domain,
        &name,
        None,
    );
    let grant = grant.await.unwrap();
    let late = async {
        while BEGUN.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        main.publish(&Release::new("widget", "2.0.0")).await;
        let after = counted(&house, &grant);
        let release = async {
            // The one above waits for what is in the making by now.
            tokio::task::yield_now().await;
            let (may_end, told) = &MAY_END;
            *may_end.lock().unwrap_or_else(PoisonError::into_inner) = true;
            told.notify_all();
        };
        tokio::join!(after, release).0
    };
    let (before, after) = tokio::join!(counted(&house, &grant), late);
    assert_eq!(after, "2", "it came after the publish");
    assert_eq!(before, "1", "it came before, and may be told so");
    assert_eq!(counted(&house, &grant).await, "2");
}
