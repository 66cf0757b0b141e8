//! Users with policies of their own, in the host's account and in the guest's.

use super::*;

/// Gives a user a policy, in place of the one it has.
async fn give(house: &House, user: &AccessKey, statements: &[Value]) {
    let document = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    house
        .service
        .catalog
        .put_inline_policy(&house.service.root(), &user.principal, "own", &document)
        .await
        .unwrap();
}

fn own(effect: &str, actions: &[&str], resource: &str) -> Value {
    json!({ "Effect": effect, "Action": actions, "Resource": resource })
}

fn tail(answer: &Answer) -> String {
    let body = answer.refused(403, "AccessDeniedException");
    let message = body["message"].as_str().unwrap();
    message.split_once(" on resource: ").unwrap().1.to_owned()
}

#[tokio::test]
async fn s10_a_user_of_another_account_needs_its_own_policy_and_that_of_the_resource() {
    let house = House::open().await;
    let kim = house
        .service
        .make_key(STRANGER, PrincipalKind::User, "kim")
        .await;
    let packages = || in_repository(post("/v1/packages"), "team-a");
    let all = own("Allow", &["codeartifact:*"], "*");
    let arn = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/team-a");
    let none_of = |kind: &str| {
        format!("{arn} because no {kind}-based policy allows the codeartifact:ListPackages action")
    };
    // Neither, its own alone, the resource's alone, both.
    let ask = || house.service.ask_as(&kim, packages());
    assert_eq!(tail(&ask().await), none_of("resource"));
    give(&house, &kim, std::slice::from_ref(&all)).await;
    assert_eq!(tail(&ask().await), none_of("resource"));
    house.repository_policy("team-a", &[allow(&["*"])]).await;
    ask().await.ok();
    give(&house, &kim, &[own("Allow", &["s3:*"], "*")]).await;
    assert_eq!(tail(&ask().await), none_of("identity"));
    // An explicit deny of its own wins over both.
    give(
        &house,
        &kim,
        &[all, own("Deny", &["codeartifact:List*"], &arn)],
    )
    .await;
    assert_eq!(
        tail(&ask().await),
        format!("{arn} with an explicit deny in an identity-based policy")
    );
    let describe = in_repository(get("/v1/repository"), "team-a");
    house.service.ask_as(&kim, describe).await.ok();
}

#[tokio::test]
async fn s10_a_user_of_the_owning_account_needs_either() {
    let house = House::open().await;
    let jane = house
        .service
        .make_key(ACCOUNT, PrincipalKind::User, "jane")
        .await;
    let describe = |repository: &str| in_repository(get("/v1/repository"), repository);
    let ask = |repository: &str| house.service.ask_as(&jane, describe(repository));
    let refused = tail(&ask("team-a").await);
    assert_eq!(tail(&ask("none").await), refused.replace("team-a", "none"));
    let mut to_jane = allow(&["codeartifact:DescribeRepository"]);
    to_jane["Principal"] = json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:user/jane") });
    house.repository_policy("team-a", &[to_jane]).await;
    ask("team-a").await.ok();
    house.drop_repository_policy().await;
    assert_eq!(tail(&ask("team-a").await), refused);
    let arn = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:repository/acme/*");
    give(
        &house,
        &jane,
        &[own("Allow", &["codeartifact:Describe*"], &arn)],
    )
    .await;
    ask("team-a").await.ok();
    // With the right to ask comes the right to know.
    let missing = ask("none").await;
    missing.refused_about(404, "ResourceNotFoundException", "repository", "none");
}

#[tokio::test]
async fn z12_a_new_user_of_the_owning_account_cannot_tell_what_exists() {
    let house = House::open().await;
    let jane = house
        .service
        .make_key(ACCOUNT, PrincipalKind::User, "jane")
        .await;
    let mut requests = domain_requests();
    requests.extend(repository_requests());
    for (name, ask) in requests {
        let existing = tail(&house.service.ask_as(&jane, ask.clone()).await);
        let missing = tail(
            &house
                .service
                .ask_as(&jane, ask.with("domain", "none"))
                .await,
        );
        assert_eq!(missing, existing.replace("acme", "none"), "{name}");
    }
}

#[tokio::test]
async fn a10_the_lifetime_of_tokens_can_be_a_condition_of_a_policy() {
    let house = House::open().await;
    let jane = house
        .service
        .make_key(ACCOUNT, PrincipalKind::User, "jane")
        .await;
    let mut bearer = own("Allow", &["sts:GetServiceBearerToken"], "*");
    bearer["Condition"] = json!({
        "StringEquals": { "sts:AWSServiceName": "codeartifact.amazonaws.com" },
        "NumericLessThanEquals": { "sts:DurationSeconds": "3600" },
    });
    let token = own("Allow", &["codeartifact:GetAuthorizationToken"], "*");
    give(&house, &jane, &[bearer, token]).await;
    let ask = |duration: Option<&str>| {
        let ask = in_acme(post("/v1/authorization-token"));
        let ask = match duration {
            None => ask,
            Some(duration) => ask.query("duration", duration),
        };
        house.service.ask_as(&jane, ask)
    };
    for allowed in ["900", "3600"] {
        ask(Some(allowed)).await.ok();
    }
    for refused in [None, Some("3601"), Some("43200")] {
        let answer = ask(refused).await;
        assert!(tail(&answer).contains("sts:GetServiceBearerToken"));
    }
    // Long-term keys have no session whose rest could be asked for.
    ask(Some("0")).await.invalid("OTHER");
}

#[tokio::test]
async fn a_user_makes_tagged_domains_only_with_the_tags_its_policy_asks_for() {
    let house = House::open().await;
    let jane = house
        .service
        .make_key(ACCOUNT, PrincipalKind::User, "jane")
        .await;
    let mut making = own(
        "Allow",
        &["codeartifact:CreateDomain", "codeartifact:TagResource"],
        "*",
    );
    making["Condition"] = json!({ "StringEquals": { "aws:RequestTag/team": "tools" } });
    give(&house, &jane, &[making]).await;
    let make = |tags: Value| {
        let ask = post("/v1/domain").query("domain", "tools");
        house
            .service
            .ask_as(&jane, ask.json(&json!({ "tags": tags })))
    };
    for refused in [json!([]), json!([{ "key": "team", "value": "other" }])] {
        let answer = make(refused).await;
        assert!(tail(&answer).contains("codeartifact:CreateDomain"));
    }
    make(json!([{ "key": "team", "value": "tools" }]))
        .await
        .ok();
    // Tags that are there already are no tags of a request.
    let arn = format!("arn:aws:codeartifact:us-west-2:{ACCOUNT}:domain/tools");
    let retag = post("/v1/tag")
        .query("resourceArn", &arn)
        .json(&json!({ "tags": [{ "key": "stage", "value": "x" }] }));
    let answer = house.service.ask_as(&jane, retag).await;
    assert!(tail(&answer).contains("codeartifact:TagResource"));
}
