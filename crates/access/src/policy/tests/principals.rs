//! Whom `Principal` and `NotPrincipal` name, and what naming them gives.

use super::*;

const CI: &str = "arn:aws:iam::111122223333:role/ci";

fn judgement(who: &str, element: &str, effect: &str) -> Judgement {
    let policy = on_resource(&format!(
        r#"{{"Effect": "{effect}", {element}, "Action": "codeartifact:*", "Resource": "*"}}"#
    ));
    policy.judge(&Request::by(who).question())
}

#[test]
fn a_principal_names_an_account_a_user_a_role_a_session_or_everyone() {
    let account = Some(Grant::Account);
    let principal = Some(Grant::Principal);
    let direct = Some(Grant::Direct);
    for (element, who, grant) in [
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts
        (r#"{"AWS": "111122223333"}"#, JANE, account),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:root"}"#,
            JANE,
            account,
        ),
        (r#"{"AWS": "111122223333"}"#, ROOT, account),
        (r#"{"AWS": "111122223333"}"#, BUILD, account),
        (r#"{"AWS": "111122223333"}"#, STRANGER, None),
        (
            r#"{"AWS": ["111122223333", "444455556666"]}"#,
            STRANGER,
            account,
        ),
        // ...#principal-users
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#,
            JANE,
            principal,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/Jane"}"#,
            JANE,
            None,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/jan"}"#,
            JANE,
            None,
        ),
        (
            r#"{"AWS": "arn:aws:iam::444455556666:user/jane"}"#,
            JANE,
            None,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:role/jane"}"#,
            JANE,
            None,
        ),
        // ...#principal-roles
        (
            r#"{"AWS": "arn:aws:iam::111122223333:role/ci"}"#,
            BUILD,
            principal,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:role/ci"}"#,
            CI,
            principal,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/ci"}"#,
            BUILD,
            None,
        ),
        // ...#principal-role-session
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-7"}"#,
            BUILD,
            direct,
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-8"}"#,
            BUILD,
            None,
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-7"}"#,
            CI,
            None,
        ),
        // The strongest counts.
        (
            r#"{"AWS": ["111122223333", "arn:aws:iam::111122223333:role/ci", "arn:aws:sts::111122223333:assumed-role/ci/build-7"]}"#,
            BUILD,
            direct,
        ),
        // ...#principal-anonymous
        (r#""*""#, STRANGER, direct),
        (r#"{"AWS": "*"}"#, STRANGER, direct),
        // Nobody here.
        (r#"{"Service": "codebuild.amazonaws.com"}"#, JANE, None),
        (
            r#"{"CanonicalUser": "79a59df900b949e55d96a1e698fbaced"}"#,
            JANE,
            None,
        ),
        (
            r#"{"AWS": "arn:aws:sts::111122223333:federated-user/jane"}"#,
            JANE,
            None,
        ),
        (
            r#"{"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example"}"#,
            JANE,
            None,
        ),
        (r#"{"Federated": "*"}"#, JANE, None),
        (r#"{"Service": "*", "AWS": "111122223333"}"#, JANE, account),
    ] {
        let allowed = judgement(who, &format!(r#""Principal": {element}"#), "Allow");
        assert_eq!(allowed.grant, grant, "{element} {who}");
        // Who is named by an allowing statement is named by a forbidding one.
        let denied = judgement(who, &format!(r#""Principal": {element}"#), "Deny");
        assert_eq!(denied.forbids(), grant.is_some(), "{element} {who}");
    }
}

#[test]
fn s09_not_principal_with_deny_spares_only_who_is_named_with_role_and_account() {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
    for (element, who, denied) in [
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:user/jane", "111122223333"]}"#,
            JANE,
            false,
        ),
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:user/jane", "111122223333"]}"#,
            BUILD,
            true,
        ),
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:user/jane", "111122223333"]}"#,
            STRANGER,
            true,
        ),
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:user/bob", "111122223333"]}"#,
            JANE,
            true,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#,
            JANE,
            true,
        ),
        (r#"{"AWS": "111122223333"}"#, JANE, true),
        (r#"{"AWS": "111122223333"}"#, ROOT, false),
        (
            r#"{"AWS": ["arn:aws:sts::111122223333:assumed-role/ci/build-7", "arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:root"]}"#,
            BUILD,
            false,
        ),
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:root"]}"#,
            BUILD,
            true,
        ),
        (
            r#"{"AWS": ["arn:aws:iam::111122223333:role/ci", "arn:aws:iam::111122223333:root"]}"#,
            CI,
            false,
        ),
        (r#""*""#, JANE, false),
        (r#"{"AWS": "*"}"#, STRANGER, false),
        (r#"{"Service": "codebuild.amazonaws.com"}"#, JANE, true),
    ] {
        let said = judgement(who, &format!(r#""NotPrincipal": {element}"#), "Deny");
        assert_eq!(said.forbids(), denied, "{element} {who}");
    }
}

#[test]
fn s09_not_principal_with_allow_gives_nothing_to_who_is_named_in_any_way() {
    for (element, who, allowed) in [
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#,
            JANE,
            false,
        ),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#,
            JANE,
            true,
        ),
        (r#"{"AWS": "111122223333"}"#, JANE, false),
        (r#"{"AWS": "111122223333"}"#, STRANGER, true),
        (
            r#"{"AWS": "arn:aws:iam::111122223333:role/ci"}"#,
            BUILD,
            false,
        ),
        (r#""*""#, STRANGER, false),
    ] {
        let said = judgement(who, &format!(r#""NotPrincipal": {element}"#), "Allow");
        assert_eq!(said.allows(), allowed, "{element} {who}");
    }
}

#[test]
fn a_trust_policy_lets_in_whom_a_provider_vouches_for_when_the_claims_fit() {
    const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/ci.example";
    let policy = on_role(
        r#"{
            "Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/ci.example"},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {"ci.example:aud": "sts.example"},
                "StringLike": {"ci.example:sub": "repo:acme/*:ref:refs/heads/main"}
            }
        }"#,
    );
    let owner = AccountId::parse(HOME).unwrap();
    let any = Arn::any();
    let judge = |provider_arn: &str, action: Action, aud: &str, sub: &str| {
        let context = RequestContext {
            other: vec![
                ("ci.example:aud".into(), vec![aud.into()]),
                ("ci.example:sub".into(), vec![sub.into()]),
            ],
            ..RequestContext::default()
        };
        let question = Question {
            asker: Asker::Federated { provider_arn },
            action,
            resource: &any,
            resource_owner: &owner,
            context: &context,
        };
        policy.judge(&question).allows()
    };
    let assume = Action::sts("AssumeRoleWithWebIdentity");
    let main = "repo:acme/app:ref:refs/heads/main";
    assert!(judge(PROVIDER, assume, "sts.example", main));
    assert!(!judge(
        "arn:aws:iam::111122223333:oidc-provider/ci.example2",
        assume,
        "sts.example",
        main
    ));
    assert!(!judge(
        PROVIDER,
        Action::sts("AssumeRole"),
        "sts.example",
        main
    ));
    assert!(!judge(PROVIDER, assume, "other.example", main));
    assert!(!judge(
        PROVIDER,
        assume,
        "sts.example",
        "repo:acmeevil/app:ref:refs/heads/main"
    ));
    assert!(!judge(
        PROVIDER,
        assume,
        "sts.example",
        "repo:acme/app:ref:refs/heads/main2"
    ));
}

#[test]
fn a_federated_asker_has_no_principal_of_its_own() {
    let owner = AccountId::parse(HOME).unwrap();
    let any = Arn::any();
    let context = RequestContext::default();
    let question = Question {
        asker: Asker::Federated {
            provider_arn: "arn:aws:iam::111122223333:oidc-provider/ci.example",
        },
        action: Action::sts("AssumeRoleWithWebIdentity"),
        resource: &any,
        resource_owner: &owner,
        context: &context,
    };
    for (principal, condition, allowed) in [
        (r#""*""#, "{}", true),
        (r#"{"Federated": "*"}"#, "{}", true),
        (r#"{"AWS": "*"}"#, "{}", false),
        (r#"{"AWS": "111122223333"}"#, "{}", false),
        (r#""*""#, r#"{"Null": {"aws:PrincipalArn": "true"}}"#, true),
        (
            r#""*""#,
            r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333"}}"#,
            false,
        ),
    ] {
        let policy = on_role(&format!(
            r#"{{"Effect": "Allow", "Principal": {principal}, "Action": "sts:*", "Condition": {condition}}}"#
        ));
        assert_eq!(
            policy.judge(&question).allows(),
            allowed,
            "{principal} {condition}"
        );
    }
}

#[test]
fn the_path_of_a_role_stands_in_its_own_arn_and_not_in_those_of_its_sessions() {
    let mut session = identity(BUILD);
    session.principal.name = "team/ci".into();
    let allows = |element: &str| {
        let policy = Policy::parse(
            PolicyKind::Resource,
            &format!(
                r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{element}"}},
                    "Action": "codeartifact:*", "Resource": "*"}}}}"#
            ),
        )
        .unwrap();
        let resource = resource("domain/acme");
        let owner = AccountId::parse(HOME).unwrap();
        let context = RequestContext::default();
        let question = Question {
            asker: Asker::Identity(&session),
            action: Action::of("DescribeDomain"),
            resource: &resource,
            resource_owner: &owner,
            context: &context,
        };
        policy.judge(&question).allows()
    };
    assert!(allows(BUILD));
    assert!(allows("arn:aws:iam::111122223333:role/team/ci"));
    assert!(!allows("arn:aws:iam::111122223333:role/ci"));
    assert!(!allows("arn:aws:sts::111122223333:assumed-role/ci/build-8"));
}
