//! Domains.

use model::{EpochMillis, PageLimit};

use crate::database::TestDatabase;
use crate::samples::{NOW, account, domain_name, owner, walk};

on_both_engines![
    a_domain_is_found_as_it_was_made,
    a_second_domain_of_the_same_name_is_not_made,
    owners_do_not_see_each_others_domains,
    domains_are_listed_by_name_without_repeats_or_gaps,
    the_count_of_repositories_goes_up_and_down,
    a_deleted_domain_is_gone_and_its_id_is_never_reused,
    a_domain_with_repositories_is_not_deleted,
    locking_tells_whether_the_domain_is_there,
    a_locked_domain_makes_other_writers_wait,
    of_many_who_make_one_domain_at_once_one_succeeds,
];

async fn a_domain_is_found_as_it_was_made(db: &TestDatabase) {
    let name = domain_name("my-domain");
    assert!(
        db.read()
            .await
            .find_domain(&owner(), &name)
            .await
            .unwrap()
            .is_none()
    );
    let made = db
        .write(move |tx| {
            Box::pin(async move {
                let made = tx
                    .insert_domain(
                        &owner(),
                        &domain_name("my-domain"),
                        "arn:key/1",
                        EpochMillis(77),
                    )
                    .await?;
                let seen = tx.find_domain(&owner(), &domain_name("my-domain")).await?;
                assert_eq!(
                    seen.unwrap().id,
                    made.as_ref().unwrap().id,
                    "a transaction sees what it wrote"
                );
                Ok(made)
            })
        })
        .await
        .unwrap();
    let mut read = db.read().await;
    let found = read.find_domain(&owner(), &name).await.unwrap().unwrap();
    let same = read.find_domain_by_id(made.id).await.unwrap().unwrap();
    for row in [&made, &found, &same] {
        let names = (row.id, row.owner.as_str(), row.name.as_str());
        assert_eq!(names, (made.id, "111122223333", "my-domain"));
        assert_eq!(
            (row.encryption_key.as_str(), row.created_at_ms),
            ("arn:key/1", 77)
        );
        assert_eq!((row.repository_count, row.asset_size_bytes), (0, 0));
    }
    assert!(read.find_domain_by_id(made.id + 1).await.unwrap().is_none());
}

async fn a_second_domain_of_the_same_name_is_not_made(db: &TestDatabase) {
    let first = db.domain("acme").await;
    let second = db.write(|tx| {
        Box::pin(async move {
            tx.insert_domain(&owner(), &domain_name("acme"), "another key", NOW)
                .await
        })
    });
    assert!(second.await.is_none());
    let found = db
        .read()
        .await
        .find_domain(&owner(), &domain_name("acme"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((found.id, found.encryption_key.as_str()), (first.id, "key"));
}

async fn owners_do_not_see_each_others_domains(db: &TestDatabase) {
    let other = account("444455556666");
    db.domain("acme").await;
    let theirs = db.write(|tx| {
        let other = account("444455556666");
        Box::pin(async move {
            tx.insert_domain(&other, &domain_name("acme"), "key", NOW)
                .await
        })
    });
    theirs.await.unwrap();
    db.domain("only-ours").await;
    let mut read = db.read().await;
    assert_eq!(read.count_domains(&owner()).await.unwrap(), 2);
    assert_eq!(read.count_domains(&other).await.unwrap(), 1);
    assert_eq!(
        read.count_domains(&account("000000000000")).await.unwrap(),
        0
    );
    assert!(
        read.find_domain(&other, &domain_name("only-ours"))
            .await
            .unwrap()
            .is_none()
    );
    let listed = read.list_domains(&other, "", PageLimit::MAX).await.unwrap();
    assert_eq!(
        listed
            .iter()
            .map(|row| row.name.as_str())
            .collect::<Vec<_>>(),
        ["acme"]
    );
}

async fn domains_are_listed_by_name_without_repeats_or_gaps(db: &TestDatabase) {
    let mut names = ["zz", "aa", "a-b", "a0", "ab", "b9", "b10", "b-1"];
    for name in names {
        db.domain(name).await;
    }
    names.sort_unstable();
    let mut read = db.read().await;
    for limit in [1, 2, 3, 8, 9] {
        let page = async |after: String, limit| read.list_domains(&owner(), &after, limit).await;
        assert_eq!(
            walk(limit, String::new(), page, |row| row.name.clone()).await,
            names,
            "pages of {limit}"
        );
    }
}

async fn the_count_of_repositories_goes_up_and_down(db: &TestDatabase) {
    let (id, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    db.write(move |tx| {
        Box::pin(async move {
            tx.add_repository_count(id, 3).await?;
            tx.add_repository_count(id, -1).await?;
            tx.add_repository_count(other, 1).await
        })
    })
    .await;
    let found = db
        .read()
        .await
        .find_domain(&owner(), &domain_name("acme"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.repository_count, 2);
}

async fn a_deleted_domain_is_gone_and_its_id_is_never_reused(db: &TestDatabase) {
    let (kept, first) = (db.domain("kept").await, db.domain("acme").await);
    db.write(move |tx| Box::pin(async move { tx.delete_domain(first.id).await }))
        .await;
    let mut read = db.read().await;
    assert!(
        read.find_domain(&owner(), &domain_name("acme"))
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        read.find_domain(&owner(), &domain_name("kept"))
            .await
            .unwrap()
            .is_some()
    );
    let second = db.domain("acme").await;
    assert!(
        second.id > first.id && first.id > kept.id,
        "{} {} {}",
        kept.id,
        first.id,
        second.id
    );
}

async fn a_domain_with_repositories_is_not_deleted(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let repository = db.repository(domain, "store").await.id;
    let refused = db
        .try_write(move |tx| Box::pin(async move { tx.delete_domain(domain).await }))
        .await;
    assert!(refused.is_err());
    assert!(
        db.read()
            .await
            .find_repository_by_id(repository)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        db.read()
            .await
            .find_domain(&owner(), &domain_name("acme"))
            .await
            .unwrap()
            .is_some()
    );
}

async fn locking_tells_whether_the_domain_is_there(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let locked = db.write(move |tx| {
        Box::pin(async move {
            Ok((
                tx.lock_domain(domain).await?,
                tx.lock_domain(domain + 1).await?,
            ))
        })
    });
    assert_eq!(locked.await, (true, false));
}

async fn a_locked_domain_makes_other_writers_wait(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let (locked, is_locked) = tokio::sync::oneshot::channel();
    let (open, opened) = tokio::sync::oneshot::channel::<()>();
    let store = db.store.clone();
    let first = tokio::spawn(async move {
        let unit = store.write::<(), store::StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.order_writes(domain).await?;
                locked.send(()).unwrap();
                opened.await.unwrap();
                tx.append_change(domain, &crate::samples::change("first"))
                    .await
                    .map(drop)
            })
        });
        unit.await.unwrap();
    });
    is_locked.await.unwrap();
    let store = db.store.clone();
    let mut second = tokio::spawn(async move {
        let unit = store.write::<(), store::StoreError, _>(move |tx| {
            Box::pin(async move {
                tx.order_writes(domain).await?;
                tx.append_change(domain, &crate::samples::change("second"))
                    .await
                    .map(drop)
            })
        });
        unit.await.unwrap();
    });
    // However slow the machine: while the first one holds the lock, the second cannot end.
    let early = tokio::time::timeout(std::time::Duration::from_millis(150), &mut second).await;
    assert!(early.is_err(), "the second writer did not wait");
    open.send(()).unwrap();
    first.await.unwrap();
    second.await.unwrap();
    let changes = db.read().await.list_changes(domain, 0, 10).await.unwrap();
    assert_eq!(
        changes
            .iter()
            .map(|row| row.detail.as_str())
            .collect::<Vec<_>>(),
        ["first", "second"]
    );
}

async fn of_many_who_make_one_domain_at_once_one_succeeds(db: &TestDatabase) {
    let makes = (0..16).map(|_| {
        db.write(|tx| {
            Box::pin(async move {
                tx.insert_domain(&owner(), &domain_name("acme"), "key", NOW)
                    .await
            })
        })
    });
    let made = futures_util::future::join_all(makes).await;
    assert_eq!(made.iter().flatten().count(), 1);
    assert_eq!(db.read().await.count_domains(&owner()).await.unwrap(), 1);
}
