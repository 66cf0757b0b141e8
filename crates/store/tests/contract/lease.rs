use crate::database::TestDatabase;

on_both_engines![
    a_lease_belongs_to_one_until_it_is_given_back,
    a_lease_that_is_over_goes_to_whoever_asks_and_is_lost_to_the_one_before,
    leases_that_were_over_for_long_are_forgotten,
    of_many_who_ask_at_once_one_gets_the_lease,
];

const LONG_MS: i64 = 3_600_000;

async fn acquire(db: &TestDatabase, name: &'static str, owner: &'static str, ms: i64) -> bool {
    db.write(move |tx| Box::pin(async move { tx.acquire_lease(name, owner, ms).await }))
        .await
}

async fn release(db: &TestDatabase, name: &'static str, owner: &'static str) {
    db.write(move |tx| Box::pin(async move { tx.release_lease(name, owner).await }))
        .await;
}

async fn a_lease_belongs_to_one_until_it_is_given_back(db: &TestDatabase) {
    assert!(acquire(db, "sweep", "a", LONG_MS).await);
    assert!(!acquire(db, "sweep", "b", LONG_MS).await);
    assert!(
        acquire(db, "sweep", "a", LONG_MS).await,
        "its owner renews it"
    );
    assert!(acquire(db, "other", "b", LONG_MS).await);
    release(db, "sweep", "b").await;
    assert!(
        !acquire(db, "sweep", "b", LONG_MS).await,
        "nobody gives back another's"
    );
    release(db, "sweep", "a").await;
    assert!(acquire(db, "sweep", "b", LONG_MS).await);
}

async fn a_lease_that_is_over_goes_to_whoever_asks_and_is_lost_to_the_one_before(
    db: &TestDatabase,
) {
    assert!(acquire(db, "sweep", "dead", 0).await);
    assert!(acquire(db, "sweep", "heir", LONG_MS).await);
    assert!(!acquire(db, "sweep", "dead", LONG_MS).await);
    release(db, "sweep", "dead").await;
    assert!(!acquire(db, "sweep", "dead", LONG_MS).await);
}

async fn leases_that_were_over_for_long_are_forgotten(db: &TestDatabase) {
    acquire(db, "old", "a", -LONG_MS).await;
    acquire(db, "young", "a", 0).await;
    db.write(|tx| Box::pin(async move { tx.forget_leases(LONG_MS / 2).await }))
        .await;
    let left: Vec<(String,)> = db.rows("SELECT name FROM lease ORDER BY name").await;
    assert_eq!(left, [("young".to_owned(),)]);
}

async fn of_many_who_ask_at_once_one_gets_the_lease(db: &TestDatabase) {
    let asked = ["a", "b", "c", "d", "e", "f"].map(|owner| acquire(db, "pull", owner, LONG_MS));
    let got = futures_util::future::join_all(asked).await;
    assert_eq!(got.iter().filter(|got| **got).count(), 1, "{got:?}");
}
