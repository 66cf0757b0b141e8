//! Conditions of policies: where a request comes from, tags of the resource and of the request.

use super::*;

#[tokio::test]
async fn conditions_see_where_a_request_comes_from() {
    let house = House::open().await;
    let mut from_office = allow(&["codeartifact:DescribeDomain"]);
    from_office["Condition"] = json!({
        "IpAddress": { "aws:SourceIp": "203.0.113.0/24" }, "Bool": { "aws:SecureTransport": "true" },
    });
    house.domain_policy(&[from_office]).await;
    for (ip, secure_transport, status) in [
        (Some("203.0.113.9"), true, 200),
        (Some("203.0.113.9"), false, 403),
        (Some("203.0.114.9"), true, 403),
        (None, true, 403),
    ] {
        let place = RequestPlace {
            source_ip: ip.map(|ip| ip.parse().unwrap()),
            secure_transport,
        };
        let ask = in_acme(get("/v1/domain")).signed_by(&house.guest, house.service.catalog.now());
        let answer = house.service.send_from(ask, place).await;
        assert_eq!(answer.status, status, "{ip:?} {secure_transport}");
    }
}

#[tokio::test]
async fn conditions_see_the_tags_of_the_resource_and_of_the_request() {
    let house = House::open().await;
    let tag = |ask: Ask, key: &str, value: &str| {
        ask.json(&json!({ "tags": [{ "key": key, "value": value }] }))
    };
    let arn = |resource: &str| format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
    let mut if_open = allow(&[
        "codeartifact:DescribeRepository",
        "codeartifact:ListPackages",
    ]);
    if_open["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/stage": "open" } });
    house.repository_policy("team-a", &[if_open]).await;
    let describe = || in_repository(get("/v1/repository"), "team-a");
    denied(
        &house.as_guest(describe()).await,
        "DescribeRepository",
        "repository/acme/team-a",
    );
    let target = post("/v1/tag").query("resourceArn", &arn("repository/acme/team-a"));
    house
        .service
        .ask(tag(target.clone(), "stage", "open"))
        .await
        .ok();
    house.as_guest(describe()).await.ok();
    house.service.ask(tag(target, "stage", "closed")).await.ok();
    denied(
        &house.as_guest(describe()).await,
        "DescribeRepository",
        "repository/acme/team-a",
    );

    // What is made may have to bring its tags.
    let mut with_team = allow(&["codeartifact:CreateRepository", "codeartifact:TagResource"]);
    with_team["Condition"] = json!({
        "StringEquals": { "aws:RequestTag/team": "guests" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] },
    });
    house.domain_policy(&[with_team]).await;
    let make = || in_repository(post("/v1/repository"), "guest-a");
    for refused in [
        make(),
        tag(make(), "team", "hosts"),
        tag(make(), "other", "guests"),
    ] {
        denied(
            &house.as_guest(refused).await,
            "CreateRepository",
            "repository/acme/guest-a",
        );
    }
    house.as_guest(tag(make(), "team", "guests")).await.ok();
}

#[tokio::test]
async fn guests_read_and_write_tags_where_the_policy_of_the_resource_lets_them() {
    let house = House::open().await;
    let arn = |resource: &str| format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:{resource}");
    let list = |resource: &str| post("/v1/tags").query("resourceArn", &arn(resource));
    let put = |resource: &str, key: &str| {
        post("/v1/tag")
            .query("resourceArn", &arn(resource))
            .json(&json!({ "tags": [{ "key": key, "value": "x" }] }))
    };
    let take = |resource: &str, key: &str| {
        post("/v1/untag")
            .query("resourceArn", &arn(resource))
            .json(&json!({ "tagKeys": [key] }))
    };
    let mut only_team = allow(&["codeartifact:TagResource", "codeartifact:UntagResource"]);
    only_team["Condition"] = json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } });
    let statements = [allow(&["codeartifact:ListTagsForResource"]), only_team];
    house.domain_policy(&statements).await;
    house.repository_policy("team-a", &statements).await;
    for resource in ["domain/acme", "repository/acme/team-a"] {
        house.as_guest(put(resource, "team")).await.ok();
        denied(
            &house.as_guest(put(resource, "cost")).await,
            "TagResource",
            resource,
        );
        let listed = house.as_guest(list(resource)).await.ok();
        assert_eq!(listed, json!({ "tags": [{ "key": "team", "value": "x" }] }));
        denied(
            &house.as_guest(take(resource, "cost")).await,
            "UntagResource",
            resource,
        );
        house.as_guest(take(resource, "team")).await.ok();
        let listed = house.as_guest(list(resource)).await.ok();
        assert_eq!(listed, json!({ "tags": [] }));
    }
}
