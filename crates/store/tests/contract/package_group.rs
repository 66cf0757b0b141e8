//! Package groups and their lists of repositories.

use model::{
    EpochMillis, GroupModes, GroupRestrictionMode, GroupRestrictionType, PackageGroupPattern,
    PageLimit,
};
use store::PackageGroupRow;

use crate::database::TestDatabase;
use crate::samples::{NOW, repository_name, walk};

on_both_engines![
    a_group_is_made_once_and_found_by_its_pattern_in_its_domain,
    groups_are_listed_in_the_order_of_bytes,
    texts_and_modes_of_a_group_are_replaced_apart,
    a_mode_that_is_none_is_told,
    repositories_are_put_on_lists_and_taken_off_once,
    lists_of_repositories_are_walked_by_name,
    a_deleted_repository_leaves_all_lists,
    a_deleted_domain_takes_its_groups_and_lists,
    changes_of_groups_are_counted_per_domain,
];

use GroupRestrictionType::{ExternalUpstream, InternalUpstream, Publish};

fn pattern(text: &str) -> PackageGroupPattern {
    PackageGroupPattern::parse(text).unwrap()
}

async fn add(db: &TestDatabase, domain: i64, text: &str) -> Option<PackageGroupRow> {
    let pattern = pattern(text);
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_package_group(domain, &pattern, ("us", "ours"), GroupModes::NEW, NOW)
                .await
        })
    })
    .await
}

async fn allow(
    db: &TestDatabase,
    group: i64,
    restriction: GroupRestrictionType,
    repository: (i64, &str),
) -> bool {
    let (id, name) = (repository.0, repository_name(repository.1));
    db.write(move |tx| {
        Box::pin(async move {
            tx.insert_allowed_repository(group, restriction, (id, &name))
                .await
        })
    })
    .await
}

async fn allowed(db: &TestDatabase, group: i64, restriction: GroupRestrictionType) -> Vec<String> {
    db.read()
        .await
        .list_allowed_repositories(group, restriction, "", PageLimit::MAX)
        .await
        .unwrap()
}

async fn a_group_is_made_once_and_found_by_its_pattern_in_its_domain(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let made = add(db, domain, "/npm//AsyncStorage$").await.unwrap();
    assert!(add(db, domain, "/npm//AsyncStorage$").await.is_none());
    assert!(add(db, domain, "/npm//asyncstorage$").await.is_some());
    assert!(add(db, other, "/npm//AsyncStorage$").await.is_some());
    let mut read = db.read().await;
    let found = read
        .find_package_group(domain, &pattern("/npm//AsyncStorage$"))
        .await
        .unwrap()
        .unwrap();
    for row in [&made, &found] {
        assert_eq!((row.id, row.domain_id), (made.id, domain));
        assert_eq!(row.pattern, "/npm//AsyncStorage$");
        assert_eq!(
            (row.contact_info.as_str(), row.description.as_str()),
            ("us", "ours")
        );
        assert_eq!(EpochMillis(row.created_at_ms), NOW);
        assert_eq!(row.modes().unwrap(), GroupModes::NEW);
    }
    let missing = read.find_package_group(domain, &pattern("/npm/*")).await;
    assert!(missing.unwrap().is_none());
    assert_eq!(read.count_package_groups(domain).await.unwrap(), 2);
}

async fn groups_are_listed_in_the_order_of_bytes(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    let mut texts = vec![
        "/*",
        "/npm/*",
        "/npm//a$",
        "/npm//A$",
        "/npm//é$",
        "/npm/a/*",
        "/npm/a~",
        "/npm/A~",
        "/pypi//a_b$",
        "/pypi//a-b$",
        "/npm//😀$",
        "/npm//日本~",
    ];
    for text in &texts {
        add(db, domain, text).await.unwrap();
        add(db, other, text).await.unwrap();
    }
    texts.sort_unstable();
    let rows = db.read().await.list_package_groups(domain).await.unwrap();
    let listed: Vec<&str> = rows.iter().map(|row| row.pattern.as_str()).collect();
    assert_eq!(listed, texts);
}

async fn texts_and_modes_of_a_group_are_replaced_apart(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let one = add(db, domain, "/npm/*").await.unwrap();
    let two = add(db, domain, "/pypi/*").await.unwrap();
    let mut modes = GroupModes::NEW;
    modes.set(Publish, GroupRestrictionMode::Block);
    modes.set(
        ExternalUpstream,
        GroupRestrictionMode::AllowSpecificRepositories,
    );
    modes.set(InternalUpstream, GroupRestrictionMode::Allow);
    let id = one.id;
    db.write(move |tx| {
        Box::pin(async move {
            tx.update_package_group_modes(id, modes).await?;
            tx.update_package_group_texts(id, "", "theirs").await
        })
    })
    .await;
    let rows = db.read().await.list_package_groups(domain).await.unwrap();
    assert_eq!((rows[0].id, rows[1].id), (one.id, two.id));
    assert_eq!(rows[0].modes().unwrap(), modes);
    assert_eq!(
        (rows[0].contact_info.as_str(), rows[0].description.as_str()),
        ("", "theirs")
    );
    assert_eq!(rows[1].modes().unwrap(), GroupModes::NEW);
    assert_eq!(rows[1].description, "ours");
}

async fn a_mode_that_is_none_is_told(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    add(db, domain, "/npm/*").await.unwrap();
    db.execute("UPDATE package_group SET publish_mode = 'MAYBE'")
        .await;
    let rows = db.read().await.list_package_groups(domain).await.unwrap();
    assert!(rows[0].modes().unwrap_err().to_string().contains("MAYBE"));
}

async fn repositories_are_put_on_lists_and_taken_off_once(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let group = add(db, domain, "/npm/*").await.unwrap().id;
    let other = add(db, domain, "/pypi/*").await.unwrap().id;
    let one = db.repository(domain, "one").await.id;
    assert!(allow(db, group, Publish, (one, "one")).await);
    assert!(!allow(db, group, Publish, (one, "one")).await);
    assert!(allow(db, group, InternalUpstream, (one, "one")).await);
    assert!(allow(db, other, Publish, (one, "one")).await);
    let rows = db
        .read()
        .await
        .list_allowed_repositories_in_domain(domain)
        .await
        .unwrap();
    let rows: Vec<_> = rows
        .iter()
        .map(|row| (row.group_id, row.restriction.as_str(), row.repository_id))
        .collect();
    assert_eq!(
        rows,
        [
            (group, "INTERNAL_UPSTREAM", one),
            (group, "PUBLISH", one),
            (other, "PUBLISH", one)
        ]
    );
    for expected in [true, false] {
        let name = repository_name("one");
        let removed = db.write(move |tx| {
            Box::pin(async move { tx.delete_allowed_repository(group, Publish, &name).await })
        });
        assert_eq!(removed.await, expected);
    }
    assert!(allowed(db, group, Publish).await.is_empty());
    assert_eq!(allowed(db, group, InternalUpstream).await, ["one"]);
    assert_eq!(allowed(db, other, Publish).await, ["one"]);
    db.write(move |tx| Box::pin(async move { tx.delete_package_group(group).await }))
        .await;
    assert!(allowed(db, group, InternalUpstream).await.is_empty());
    assert_eq!(
        db.number("SELECT COUNT(*) FROM package_group_repository")
            .await,
        1
    );
}

async fn lists_of_repositories_are_walked_by_name(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let group = add(db, domain, "/npm/*").await.unwrap().id;
    let mut names = vec!["aa", "Ab", "a-b", "a.b", "a_b", "00", "zz"];
    for name in &names {
        let id = db.repository(domain, name).await.id;
        allow(db, group, ExternalUpstream, (id, name)).await;
    }
    names.sort_unstable();
    let mut read = db.read().await;
    for limit in [1, 3, 7, 8] {
        let page = async |after: String, limit| {
            read.list_allowed_repositories(group, ExternalUpstream, &after, limit)
                .await
        };
        assert_eq!(walk(limit, String::new(), page, String::clone).await, names);
    }
}

async fn a_deleted_repository_leaves_all_lists(db: &TestDatabase) {
    let domain = db.domain("acme").await.id;
    let group = add(db, domain, "/npm/*").await.unwrap().id;
    let (one, two) = (
        db.repository(domain, "one").await.id,
        db.repository(domain, "two").await.id,
    );
    for (id, name) in [(one, "one"), (two, "two")] {
        allow(db, group, Publish, (id, name)).await;
        allow(db, group, ExternalUpstream, (id, name)).await;
    }
    db.write(move |tx| Box::pin(async move { tx.delete_repository(one).await }))
        .await;
    assert_eq!(allowed(db, group, Publish).await, ["two"]);
    assert_eq!(allowed(db, group, ExternalUpstream).await, ["two"]);
    // i06: another repository of that name is not on the lists, and can be put there.
    let again = db.repository(domain, "one").await.id;
    assert_eq!(allowed(db, group, Publish).await, ["two"]);
    assert!(allow(db, group, Publish, (again, "one")).await);
}

async fn a_deleted_domain_takes_its_groups_and_lists(db: &TestDatabase) {
    let (domain, kept) = (db.domain("acme").await.id, db.domain("kept").await.id);
    add(db, domain, "/npm/*").await.unwrap();
    add(db, kept, "/npm/*").await.unwrap();
    db.write(move |tx| Box::pin(async move { tx.delete_domain(domain).await }))
        .await;
    let mut read = db.read().await;
    assert_eq!(read.count_package_groups(domain).await.unwrap(), 0);
    assert_eq!(read.count_package_groups(kept).await.unwrap(), 1);
}

async fn changes_of_groups_are_counted_per_domain(db: &TestDatabase) {
    let (domain, other) = (db.domain("acme").await.id, db.domain("other").await.id);
    for _ in 0..2 {
        db.write(move |tx| {
            Box::pin(async move { tx.advance_package_group_revision(domain).await })
        })
        .await;
    }
    let mut read = db.read().await;
    assert_eq!(
        read.find_package_group_revision(domain).await.unwrap(),
        Some(2)
    );
    assert_eq!(
        read.find_package_group_revision(other).await.unwrap(),
        Some(0)
    );
    assert_eq!(
        read.find_package_group_revision(other + 99).await.unwrap(),
        None
    );
}
