//! Events of what package clients do, read from the change log.

use catalog::{Caller, Event, EventCursor, NewRepository};
use model::{AccountId, RepositoryName};
use serde_json::{Value, json};
use testkit::fake_npm::{FakePackage, FakeVersion};

use crate::house::{House, OWNER};
use crate::packages::Release;

const START: EventCursor = EventCursor {
    log_id: 1,
    sequence: 0,
};

/// All events of the one domain, read in pages of this many entries.
async fn events_by(house: &House, page_entries: u16) -> Vec<Event> {
    let (mut events, mut cursor) = (Vec::new(), START);
    loop {
        let page = house
            .catalog
            .list_events(cursor, page_entries)
            .await
            .unwrap();
        events.extend(page.events);
        if !page.has_more {
            return events;
        }
        cursor = page.next;
    }
}

async fn events(house: &House) -> Vec<Value> {
    let events = events_by(house, 100).await;
    events.into_iter().map(|event| event.body).collect()
}

/// Repository, version, state, kind, assets added and removed, metadata and status changed.
fn story(event: &Value) -> String {
    let detail = &event["detail"];
    let text = |name: &str| detail[name].as_str().unwrap().to_owned();
    let changes = &detail["changes"];
    format!(
        "{} {} {} {} +{} -{} ~{} metadata {} status {}",
        text("repositoryName"),
        text("packageVersion"),
        text("packageVersionState"),
        text("operationType"),
        changes["assetsAdded"],
        changes["assetsRemoved"],
        changes["assetsUpdated"],
        changes["metadataUpdated"],
        changes["statusChanged"],
    )
}

#[tokio::test]
async fn an_event_has_the_form_that_is_published() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("@team/widget", "1.0.0")).await;
    let found = events(&house).await;
    assert_eq!(found.len(), 1);
    let mut event = found[0].clone();
    let id = event["id"].take();
    assert_eq!(id.as_str().unwrap().len(), 36);
    let detail = &mut event["detail"];
    let deduplication_id = detail["eventDeduplicationId"].take();
    assert!(deduplication_id.as_str().unwrap().len() >= 20);
    let revision = detail["packageVersionRevision"].take();
    assert_eq!(revision.as_str().unwrap().len(), 44);
    let sequence = detail["sequenceNumber"].take();
    assert!(sequence.as_i64().unwrap() > 0);
    let arn = format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/main/npm/team/widget");
    let expected = json!({
        "version": "0",
        "id": null,
        "detail-type": "CodeArtifact Package Version State Change",
        "source": "aws.codeartifact",
        "account": OWNER,
        "time": "2023-11-14T22:13:20Z",
        "region": "us-west-2",
        "resources": [arn],
        "detail": {
            "domainName": "acme",
            "domainOwner": OWNER,
            "repositoryName": "main",
            "repositoryAdministrator": OWNER,
            "packageFormat": "npm",
            "packageNamespace": "team",
            "packageName": "widget",
            "packageVersion": "1.0.0",
            "packageVersionState": "Published",
            "packageVersionRevision": null,
            "changes": {
                "assetsAdded": 1, "assetsRemoved": 0, "assetsUpdated": 0, "metadataUpdated": true, "statusChanged": true,
            },
            "operationType": "Created",
            "sequenceNumber": null,
            "eventDeduplicationId": null,
        },
    });
    assert_eq!(event, expected);
    assert_eq!(
        events(&house).await,
        found,
        "an event is the same each time"
    );
}

#[tokio::test]
async fn every_change_of_a_version_is_told_once_and_nothing_else_is() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    main.publish(&Release::new("widget", "1.1.0")).await;
    let again = Release::new("widget", "1.1.0");
    assert_eq!(main.put("widget", &again.document()).await.status, 200);
    main.put("-/package/widget/dist-tags/next", &json!("1.0.0"))
        .await;
    let mut document = main.get("widget?write=true").await.json();
    document["versions"]["1.0.0"]["deprecated"] = "old".into();
    assert_eq!(main.put("widget", &document).await.status, 200);
    let revision = main.get("widget?write=true").await.json()["_rev"].clone();
    let target = format!("widget/-rev/{}", revision.as_str().unwrap());
    assert_eq!(main.delete(&target).await.status, 200);
    let found = events(&house).await;
    let told: Vec<_> = found.iter().map(story).collect();
    let expected = [
        "main 1.0.0 Published Created +1 -0 ~0 metadata true status true",
        "main 1.1.0 Published Created +1 -0 ~0 metadata true status true",
        "main 1.0.0 Published Updated +0 -0 ~0 metadata true status false",
        "main 1.0.0 Published Deleted +0 -1 ~0 metadata true status true",
        "main 1.1.0 Published Deleted +0 -1 ~0 metadata true status true",
    ];
    assert_eq!(told, expected);
    let numbers: Vec<i64> = found
        .iter()
        .map(|event| event["detail"]["sequenceNumber"].as_i64().unwrap())
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    for page_entries in [1, 2, 3] {
        let paged = events_by(&house, page_entries).await;
        let bodies: Vec<_> = paged.into_iter().map(|event| event.body).collect();
        assert_eq!(bodies, found, "pages of {page_entries}");
    }
}

#[tokio::test]
async fn ingesting_and_retaining_are_told_by_the_repositories_that_gained() {
    let house = House::open().await;
    house.add_connected("store").await;
    house.add_repository("middle", &["store"]).await;
    house.add_repository("app", &["middle"]).await;
    house
        .source
        .add_package(FakePackage::new("left-pad").version(FakeVersion::new("1.0.0")));
    assert_eq!(
        house.at("app").tarball("left-pad", "1.0.0").await.status,
        200
    );
    for repository in ["store", "app"] {
        house
            .wait_until_held(repository, "left-pad", &["1.0.0"])
            .await;
    }
    let found = events(&house).await;
    let told: Vec<_> = found.iter().map(story).collect();
    let expected = [
        "store 1.0.0 Published Created +1 -0 ~0 metadata true status true",
        "app 1.0.0 Published Created +1 -0 ~0 metadata true status true",
    ];
    assert_eq!(told, expected);
    assert_eq!(found[0]["detail"]["packageNamespace"], Value::Null);
    let arn = format!("arn:aws:codeartifact:us-west-2:{OWNER}:package/acme/store/npm//left-pad");
    assert_eq!(found[0]["resources"], json!([arn]));
}

#[tokio::test]
async fn owner_and_administrator_are_told_each_also_after_the_repository_is_gone() {
    const ADMINISTRATOR: &str = "444455556666";
    let house = House::private().await;
    let other = Caller::root(AccountId::parse(ADMINISTRATOR).unwrap());
    let name = RepositoryName::parse("theirs").unwrap();
    let new = NewRepository {
        name: name.clone(),
        description: String::new(),
        upstreams: Vec::new(),
        tags: Vec::new(),
    };
    house
        .catalog
        .create_repository(&other, &house.domain, new)
        .await
        .unwrap();
    house
        .at("theirs")
        .publish(&Release::new("widget", "1.0.0"))
        .await;
    let check = async |house: &House| {
        let found = events_by(house, 100).await;
        let accounts: Vec<_> = found.iter().map(|event| event.account.as_str()).collect();
        assert_eq!(accounts, [OWNER, ADMINISTRATOR]);
        assert_ne!(found[0].id, found[1].id);
        for event in &found {
            assert_eq!(event.body["account"], event.account.as_str());
            assert_eq!(
                event.body["detail"]["repositoryAdministrator"],
                ADMINISTRATOR
            );
            assert_eq!(event.body["detail"]["domainOwner"], OWNER);
        }
        let [first, second] = [&found[0], &found[1]];
        assert_ne!(
            first.body["detail"]["eventDeduplicationId"],
            second.body["detail"]["eventDeduplicationId"]
        );
        // Who has the first alone is told both again.
        let rest = house.catalog.list_events(first.cursor, 100).await.unwrap();
        assert_eq!(rest.events.len(), 2);
        let rest = house.catalog.list_events(second.cursor, 100).await.unwrap();
        assert!(rest.events.is_empty());
        found
            .into_iter()
            .map(|event| event.body)
            .collect::<Vec<_>>()
    };
    let before = check(&house).await;
    let main = RepositoryName::parse("main").unwrap();
    for repository in [&name, &main] {
        house
            .catalog
            .delete_repository(&other, &house.domain, repository)
            .await
            .unwrap();
    }
    assert_eq!(check(&house).await, before);
    house
        .catalog
        .delete_domain(&other, &house.domain)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(check(&house).await, before, "and after the domain is gone");
    let domain = house.catalog.find_event_domain(1).await.unwrap();
    assert_eq!(domain.as_ref(), Some(&house.domain));
    assert_eq!(house.catalog.find_event_domain(99).await.unwrap(), None);
}

#[tokio::test]
async fn a_new_destination_begins_now_and_a_known_one_where_it_was() {
    let house = House::private().await;
    let main = house.at("main");
    main.publish(&Release::new("widget", "1.0.0")).await;
    let backlog = async |name: &str| {
        let logs = house.catalog.list_event_backlog(name, 0, 10).await.unwrap();
        logs.iter().map(|log| log.entries).sum::<u64>()
    };
    house.catalog.open_event_destination("hook").await.unwrap();
    assert_eq!(backlog("hook").await, 0);
    main.publish(&Release::new("widget", "1.1.0")).await;
    assert_eq!(backlog("hook").await, 1);
    house.catalog.open_event_destination("hook").await.unwrap();
    assert_eq!(backlog("hook").await, 1, "it was known");
    house.catalog.open_event_destination("other").await.unwrap();
    assert_eq!(backlog("other").await, 0);
    let logs = house
        .catalog
        .list_event_backlog("hook", 0, 10)
        .await
        .unwrap();
    let page = house.catalog.list_events(logs[0].cursor, 10).await.unwrap();
    assert_eq!(page.events[0].body["detail"]["packageVersion"], "1.1.0");
    house
        .catalog
        .save_event_cursor("hook", page.next)
        .await
        .unwrap();
    assert_eq!(backlog("hook").await, 0);
    let logs = house.catalog.list_event_logs(0, 10).await.unwrap();
    assert_eq!(
        logs,
        [page.next],
        "the domain's log, and not the installation's"
    );
}
