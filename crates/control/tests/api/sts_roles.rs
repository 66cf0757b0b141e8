//! AssumeRole: whom roles trust, and what sessions may do.

use model::PrincipalKind;
use serde_json::json;

use crate::support::{ACCOUNT, STRANGER, Service, Temporary, allows, get, post, principal, trusts};

fn arn(kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:{kind}/{name}")
}

fn describe() -> crate::support::Ask {
    get("/v1/domain").query("domain", "acme")
}

#[tokio::test]
async fn a_session_is_the_role_and_not_the_caller() {
    let service = Service::with_repository().await;
    let jane = service.make_user(ACCOUNT, "jane", None).await;
    let trust = trusts(&[&arn("user", "jane")]);
    service
        .make_role("reader", &trust, &allows(&["codeartifact:DescribeDomain"]))
        .await;
    let answer = service.assume(&jane, "reader", &[]).await;
    let session = Temporary::of(&answer);
    assert!(session.id.starts_with("ASIA"), "{}", session.id);
    assert_eq!(answer.xml("Expiration"), "2026-01-01T01:00:00Z");
    let session_arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/reader/run-7");
    assert_eq!(answer.xml("Arn"), session_arn);
    let id = answer.xml("AssumedRoleId");
    assert!(id.starts_with("AROA") && id.ends_with(":run-7"), "{id}");
    assert!(!answer.text().contains("PackedPolicySize"));

    let answer = service.sts_as(&session, "GetCallerIdentity", &[]).await;
    assert_eq!(answer.xml("Arn"), session_arn);
    assert_eq!(answer.xml("UserId"), id);
    assert_eq!(answer.xml("Account"), ACCOUNT);
    service.ask_in(&session, describe()).await.ok();
    let answer = service.ask_in(&session, post("/v1/domains")).await;
    let message = answer.refused(403, "AccessDeniedException")["message"].clone();
    assert_eq!(
        message,
        format!(
            "User: {session_arn} is not authorized to perform: codeartifact:ListDomains on resource: * because no \
             identity-based policy allows the codeartifact:ListDomains action"
        )
    );
    let answer = service
        .send(describe().signed_by(&jane, service.catalog.now()))
        .await;
    answer.refused(403, "AccessDeniedException");
}

#[tokio::test]
async fn presigned_requests_carry_the_session_token_too() {
    let service = Service::with_repository().await;
    let trust = trusts(&[ACCOUNT]);
    service
        .make_role("reader", &trust, &allows(&["codeartifact:*"]))
        .await;
    let session = Temporary::of(&service.assume(&service.key, "reader", &[]).await);
    let signing = crate::support::Signing {
        presigned: true,
        ..session.signing("codeartifact", service.catalog.now())
    };
    service.send(describe().signed(&signing)).await.ok();
}

#[tokio::test]
async fn within_an_account_the_role_names_the_caller_or_both_sides_must_agree() {
    let service = Service::with_repository().await;
    let may = allows(&["sts:AssumeRole"]);
    let without = service.make_user(ACCOUNT, "without", None).await;
    let with = service.make_user(ACCOUNT, "with", Some(&may)).await;
    let forbidden = json!({ "Version": "2012-10-17",
        "Statement": { "Effect": "Deny", "Action": "sts:*", "Resource": "*" } });
    let forbidden = service
        .make_user(ACCOUNT, "forbidden", Some(&forbidden))
        .await;
    let every = allows(&["codeartifact:*"]);
    service
        .make_role("account", &trusts(&[ACCOUNT]), &every)
        .await;
    let named = [arn("user", "without"), arn("user", "forbidden")];
    let named: Vec<&str> = named.iter().map(String::as_str).collect();
    service.make_role("named", &trusts(&named), &every).await;
    service
        .make_role("others", &trusts(&[STRANGER]), &every)
        .await;
    for (key, role, allowed) in [
        (&with, "account", true),
        (&without, "account", false),
        (&forbidden, "account", false),
        (&without, "named", true),
        (&with, "named", false),
        (&forbidden, "named", false),
        (&with, "others", false),
        (&service.key, "account", true),
        (&service.key, "others", false),
    ] {
        let answer = service.assume(key, role, &[]).await;
        let who = key.principal.to_string();
        if allowed {
            assert_eq!(answer.status, 200, "{who} {role}: {}", answer.text());
        } else {
            let message = answer.sts_refused(403, "AccessDenied");
            let begin = format!(
                "User: {who} is not authorized to perform: sts:AssumeRole on resource: {}",
                arn("role", role)
            );
            assert!(message.starts_with(&begin), "{message}");
        }
    }
}

#[tokio::test]
async fn across_accounts_both_sides_must_agree() {
    let service = Service::with_repository().await;
    let may = allows(&["sts:AssumeRole"]);
    let with = service.make_user(STRANGER, "with", Some(&may)).await;
    let without = service.make_user(STRANGER, "without", None).await;
    let root = service.make_key(STRANGER, PrincipalKind::Root, "").await;
    let every = allows(&["codeartifact:*"]);
    service
        .make_role("open", &trusts(&[STRANGER]), &every)
        .await;
    service
        .make_role("closed", &trusts(&[ACCOUNT]), &every)
        .await;
    for (key, role, allowed) in [
        (&with, "open", true),
        (&without, "open", false),
        (&root, "open", true),
        (&with, "closed", false),
        (&root, "closed", false),
    ] {
        let answer = service.assume(key, role, &[]).await;
        let who = &key.principal;
        assert_eq!(
            answer.status == 200,
            allowed,
            "{who} {role}: {}",
            answer.text()
        );
    }
    // The session belongs to the account of the role.
    let session = Temporary::of(&service.assume(&with, "open", &[]).await);
    service.ask_in(&session, describe()).await.ok();
}

#[tokio::test]
async fn z12_roles_that_do_not_exist_and_roles_that_trust_others_look_alike() {
    let service = Service::start().await;
    let jane = service
        .make_user(STRANGER, "jane", Some(&allows(&["sts:*"])))
        .await;
    service
        .make_role("there", &trusts(&[ACCOUNT]), &allows(&["codeartifact:*"]))
        .await;
    let mut messages = Vec::new();
    for name in ["there", "absent", "path/there"] {
        let answer = service.assume(&jane, name, &[]).await;
        messages.push(
            answer
                .sts_refused(403, "AccessDenied")
                .replace(name, "NAME"),
        );
    }
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");
}

#[tokio::test]
async fn conditions_see_the_external_id_and_the_sessions_name() {
    let service = Service::start().await;
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole",
        "Condition": { "StringEquals": { "sts:ExternalId": "ours" }, "StringLike": { "sts:RoleSessionName": "run-*" } } } });
    service
        .make_role("vendor", &trust, &allows(&["codeartifact:*"]))
        .await;
    let key = &service.key;
    for (more, allowed) in [
        (vec![("ExternalId", "ours")], true),
        (vec![("ExternalId", "theirs")], false),
        (vec![], false),
        (
            vec![("ExternalId", "ours"), ("RoleSessionName", "other")],
            false,
        ),
    ] {
        let answer = service.assume(key, "vendor", &more).await;
        assert_eq!(answer.status == 200, allowed, "{more:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn a07_session_policies_narrow_and_never_widen() {
    let service = Service::with_repository().await;
    let key = &service.key;
    let role = allows(&["codeartifact:DescribeDomain", "codeartifact:ListDomains"]);
    service
        .make_role("reader", &trusts(&[ACCOUNT]), &role)
        .await;
    let describes =
        allows(&["codeartifact:DescribeDomain", "codeartifact:DeleteDomain"]).to_string();
    let answer = service
        .assume(key, "reader", &[("Policy", &describes)])
        .await;
    assert!(answer.xml("PackedPolicySize").parse::<u32>().unwrap() > 0);
    let session = Temporary::of(&answer);
    service.ask_in(&session, describe()).await.ok();
    let answer = service.ask_in(&session, post("/v1/domains")).await;
    let message = answer.refused(403, "AccessDeniedException")["message"].to_string();
    assert!(message.contains("no session policy"), "{message}");
    let delete = crate::support::delete("/v1/domain").query("domain", "acme");
    service
        .ask_in(&session, delete)
        .await
        .refused(403, "AccessDeniedException");

    let read_only = "arn:aws:iam::aws:policy/AWSCodeArtifactReadOnlyAccess";
    let answer = service
        .assume(key, "reader", &[("PolicyArns.member.1.arn", read_only)])
        .await;
    let session = Temporary::of(&answer);
    service.ask_in(&session, describe()).await.ok();
    service
        .ask_in(&session, post("/v1/domains").json(&json!({})))
        .await
        .ok();

    for (member, value, code) in [
        ("Policy", "{", "MalformedPolicyDocument"),
        (
            "Policy",
            r#"{"Version":"2012-10-17"}"#,
            "MalformedPolicyDocument",
        ),
        (
            "PolicyArns.member.1.arn",
            "arn:aws:iam::aws:policy/None",
            "ValidationError",
        ),
        ("PolicyArns.member.2.arn", read_only, "ValidationError"),
    ] {
        let answer = service.assume(key, "reader", &[(member, value)]).await;
        answer.sts_refused(400, code);
    }
    let long = allows(&[&format!("codeartifact:{}", "A".repeat(2100))]).to_string();
    let answer = service.assume(key, "reader", &[("Policy", &long)]).await;
    answer.sts_refused(400, "MalformedPolicyDocument");
    let (key_a, key_b) = ("k".repeat(128), "l".repeat(128));
    let wide = "v".repeat(256);
    let some = allows(&[&format!("codeartifact:{}", "A".repeat(1900))]).to_string();
    let more = [
        ("Policy", some.as_str()),
        ("Tags.member.1.Key", &key_a),
        ("Tags.member.1.Value", &wide),
        ("Tags.member.2.Key", &key_b),
        ("Tags.member.2.Value", &wide),
        ("Tags.member.3.Key", "three"),
        ("Tags.member.3.Value", &wide),
        ("Tags.member.4.Key", "four"),
        ("Tags.member.4.Value", &wide),
    ];
    let answer = service.assume(key, "reader", &more).await;
    let message = answer.sts_refused(400, "PackedPolicyTooLarge");
    assert!(message.contains('%'), "{message}");
}

#[tokio::test]
async fn tags_of_role_and_session_are_tags_of_the_principal() {
    let service = Service::with_repository().await;
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Action": "codeartifact:DescribeDomain", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/team": "a", "aws:PrincipalTag/stage": "test" } } } });
    let role = service
        .make_role("tagged", &trusts(&[ACCOUNT]), &policy)
        .await;
    let tag = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let tags = vec![tag("stage", "test"), tag("team", "b")];
    service
        .catalog
        .tag_principal(&service.root(), &role, tags)
        .await
        .unwrap();
    let team_a = [("Tags.member.1.Key", "Team"), ("Tags.member.1.Value", "a")];
    for (more, allowed) in [(&team_a[..], true), (&[], false)] {
        let session = Temporary::of(&service.assume(&service.key, "tagged", more).await);
        let answer = service.ask_in(&session, describe()).await;
        assert_eq!(answer.status == 200, allowed, "{}", answer.text());
    }
}

#[tokio::test]
async fn tagging_a_session_is_a_right_of_its_own() {
    let service = Service::start().await;
    let trust = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "AWS": ACCOUNT }, "Action": "sts:AssumeRole" } });
    service
        .make_role("plain", &trust, &allows(&["codeartifact:*"]))
        .await;
    let tags = [("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")];
    let answer = service.assume(&service.key, "plain", &tags).await;
    let message = answer.sts_refused(403, "AccessDenied");
    assert!(message.contains("sts:TagSession"), "{message}");
    assert_eq!(service.assume(&service.key, "plain", &[]).await.status, 200);
}

#[tokio::test]
async fn s20_tags_of_sessions_are_checked() {
    let service = Service::start().await;
    service
        .make_role("ci", &trusts(&[ACCOUNT]), &allows(&["codeartifact:*"]))
        .await;
    for (key, value) in [("aws:team", "a"), ("", "a"), ("a*", "b"), ("a", "b*")] {
        let tags = [("Tags.member.1.Key", key), ("Tags.member.1.Value", value)];
        let answer = service.assume(&service.key, "ci", &tags).await;
        answer.sts_refused(400, "ValidationError");
    }
    let twice = [
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "a"),
        ("Tags.member.2.Key", "Team"),
        ("Tags.member.2.Value", "b"),
    ];
    let answer = service.assume(&service.key, "ci", &twice).await;
    answer.sts_refused(400, "ValidationError");
}

#[tokio::test]
async fn a07_a_session_out_of_a_session_is_an_hour_long_and_keeps_transitive_tags() {
    let service = Service::with_repository().await;
    let may = allows(&["sts:*"]);
    service.make_role("first", &trusts(&[ACCOUNT]), &may).await;
    let trust = trusts(&[&arn("role", "first")]);
    let policy = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Action": "codeartifact:DescribeDomain", "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/team": "a" } } } });
    service.make_role("second", &trust, &policy).await;
    let mut tags = vec![("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a")];
    let target = arn("role", "second");
    let members = |more: &[(&'static str, &'static str)]| {
        let mut all = vec![
            ("RoleArn", target.clone()),
            ("RoleSessionName", "run-8".to_owned()),
        ];
        all.extend(
            more.iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        all
    };
    for transitive in [false, true] {
        if transitive {
            tags.push(("TransitiveTagKeys.member.1", "team"));
        }
        let first = Temporary::of(&service.assume(&service.key, "first", &tags).await);
        let ask = async |more: &[(&'static str, &'static str)]| {
            let all = members(more);
            let all: Vec<(&str, &str)> = all.iter().map(|(n, v)| (*n, v.as_str())).collect();
            service.sts_as(&first, "AssumeRole", &all).await
        };
        let second = Temporary::of(&ask(&[]).await);
        let answer = service.ask_in(&second, describe()).await;
        assert_eq!(answer.status == 200, transitive, "{}", answer.text());
        let answer = ask(&[("DurationSeconds", "3601")]).await;
        let message = answer.sts_refused(400, "ValidationError");
        assert!(message.contains("role chaining"), "{message}");
        if transitive {
            let answer = ask(&[("Tags.member.1.Key", "TEAM"), ("Tags.member.1.Value", "b")]).await;
            answer.sts_refused(400, "ValidationError");
        }
    }
}

#[tokio::test]
async fn a10_sessions_are_as_long_as_the_role_allows() {
    let service = Service::start().await;
    service
        .make_role("ci", &trusts(&[ACCOUNT]), &allows(&["codeartifact:*"]))
        .await;
    let key = &service.key;
    for (asked, end) in [("900", "00:15:00"), ("7200", "02:00:00")] {
        let answer = service
            .assume(key, "ci", &[("DurationSeconds", asked)])
            .await;
        assert_eq!(answer.xml("Expiration"), format!("2026-01-01T{end}Z"));
    }
    for bad in ["0", "899", "7201", "43201", "-1", "x", ""] {
        let answer = service.assume(key, "ci", &[("DurationSeconds", bad)]).await;
        answer.sts_refused(400, "ValidationError");
    }
}

#[tokio::test]
async fn members_that_cannot_be_are_refused() {
    let service = Service::start().await;
    service
        .make_role("ci", &trusts(&[ACCOUNT]), &allows(&["codeartifact:*"]))
        .await;
    let user = arn("user", "jane-long-enough");
    for (member, value) in [
        ("RoleSessionName", "x"),
        ("RoleSessionName", "a b"),
        ("RoleSessionName", "a/b"),
        ("RoleArn", "ci"),
        ("RoleArn", user.as_str()),
        ("RoleArn", "arn:aws:iam::1:role/some-name"),
        ("ExternalId", "x"),
        ("SourceIdentity", "jane"),
        ("TransitiveTagKeys.member.1", "absent"),
    ] {
        let answer = service.assume(&service.key, "ci", &[(member, value)]).await;
        answer.sts_refused(400, "ValidationError");
    }
    let answer = service.sts(&service.key, "AssumeRole", &[]).await;
    let message = answer.sts_refused(400, "ValidationError");
    assert!(message.contains("&apos;roleArn&apos;"), "{message}");
    let answer = service
        .assume(&service.key, "ci", &[("TokenCode", "123456")])
        .await;
    answer.sts_refused(403, "AccessDenied");
}

#[tokio::test]
async fn a_trust_policy_that_cannot_be_read_trusts_nobody() {
    let service = Service::start().await;
    let role = service
        .make_role("ci", &trusts(&[ACCOUNT]), &allows(&["codeartifact:*"]))
        .await;
    let found = service
        .store
        .read()
        .await
        .unwrap()
        .find_principal(&role)
        .await
        .unwrap();
    let id = found.unwrap().id;
    let written: Result<(), store::StoreError> = service
        .store
        .write(move |tx| Box::pin(async move { tx.update_role_trust_policy(id, "{").await }))
        .await;
    written.unwrap();
    let answer = service.assume(&service.key, "ci", &[]).await;
    answer.sts_refused(403, "AccessDenied");
    assert_eq!(role, principal(ACCOUNT, PrincipalKind::Role, "ci"));
}
