//! How policies combine: the cases of the public documents, one row each, with where they are documented.

use super::*;
use crate::decision::DenyReason;

/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html and its parts.
const LOGIC: &str = "reference_policies_evaluation-logic";
const WITHIN: &str = "reference_policies_evaluation-logic_policy-eval-basics";
const ALLOWS: &str = "reference_policies_evaluation-logic_policy-eval-denyallow";
const ACROSS: &str = "reference_policies_evaluation-logic-cross-account";
const NAMES: &str = "reference_policies_elements_principal";
const DELEGATES: &str =
    "access_policies-cross-account-resource-access#about-delegation-resourcepolicy";
const SESSIONS: &str = "access_policies#policies_session";
const ROLES: &str = "id_roles_update-role-trust-policy, STS: API_AssumeRole";

const ALLOW: &str = r#"{"Effect": "Allow", "Action": "codeartifact:*", "Resource": "*"}"#;
const DENY: &str = r#"{"Effect": "Deny", "Action": "codeartifact:Read*", "Resource": "*"}"#;
const OTHER: &str =
    r#"{"Effect": "Allow", "Action": "codeartifact:DescribeDomain", "Resource": "*"}"#;

/// A statement of a resource's policy about reading.
fn to(effect: &str, principal: &str) -> String {
    format!(
        r#"{{"Effect": "{effect}", "Principal": {principal}, "Action": "codeartifact:ReadFromRepository", "Resource": "*"}}"#
    )
}

/// A row: where it is documented, who asks, and what the policies of principal, session and resource say.
struct Row<'a>(
    &'a str,
    &'a str,
    &'a [&'a str],
    &'a [&'a str],
    &'a [&'a str],
    Decision,
);

const YES: Decision = Decision::Allow;

const fn no(reason: DenyReason) -> Decision {
    Decision::Deny(reason)
}

fn check(rows: &[Row<'_>]) {
    let all =
        |texts: &[&str], read: fn(&str) -> Policy| texts.iter().map(|text| read(text)).collect();
    for Row(place, who, identity, session, resource, expected) in rows {
        let decision = decide(
            &Request::by(who),
            all(identity, own),
            all(session, own),
            all(resource, on_resource),
        );
        assert_eq!(
            decision, *expected,
            "{place}: {who} {identity:?} {session:?} {resource:?}"
        );
    }
}

#[test]
fn s10_within_an_account_one_allow_is_enough_and_a_deny_too_much() {
    let jane = to("Allow", r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#);
    let bob = to("Allow", r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#);
    let everyone = to("Allow", r#""*""#);
    let account = to("Allow", r#"{"AWS": "111122223333"}"#);
    let no_jane = to("Deny", r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#);
    let no_account = to("Deny", r#"{"AWS": "arn:aws:iam::111122223333:root"}"#);
    let no_bob = to("Deny", r#"{"AWS": "arn:aws:iam::111122223333:user/bob"}"#);
    check(&[
        Row(LOGIC, JANE, &[], &[], &[], no(DenyReason::NoIdentityPolicy)),
        Row(
            LOGIC,
            JANE,
            &[OTHER],
            &[],
            &[],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(LOGIC, JANE, &[ALLOW], &[], &[], YES),
        Row(LOGIC, JANE, &[OTHER, ALLOW], &[], &[], YES),
        Row(
            LOGIC,
            JANE,
            &[ALLOW, DENY],
            &[],
            &[],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        Row(
            LOGIC,
            JANE,
            &[DENY, ALLOW],
            &[],
            &[],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        Row(WITHIN, JANE, &[], &[], &[&jane], YES),
        Row(WITHIN, JANE, &[ALLOW], &[], &[&jane], YES),
        Row(WITHIN, JANE, &[ALLOW], &[], &[&bob], YES),
        Row(
            WITHIN,
            JANE,
            &[],
            &[],
            &[&bob],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            WITHIN,
            JANE,
            &[DENY],
            &[],
            &[&jane],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        Row(
            WITHIN,
            JANE,
            &[ALLOW],
            &[],
            &[&no_jane],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(
            WITHIN,
            JANE,
            &[ALLOW],
            &[],
            &[&no_account],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(WITHIN, JANE, &[ALLOW], &[], &[&no_bob], YES),
        Row(
            WITHIN,
            JANE,
            &[ALLOW],
            &[],
            &[&jane, &no_jane],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(
            WITHIN,
            JANE,
            &[DENY],
            &[],
            &[&no_jane],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        // "no other permissions are required" within the account.
        Row(NAMES, JANE, &[], &[], &[&everyone], YES),
        // An account that is named may hand on what it got; it has not done so by being named.
        Row(
            DELEGATES,
            JANE,
            &[],
            &[],
            &[&account],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(DELEGATES, JANE, &[ALLOW], &[], &[&account], YES),
        Row(
            DELEGATES,
            BUILD,
            &[],
            &[],
            &[&account],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(DELEGATES, JANE, &[], &[], &[&account, &jane], YES),
    ]);
}

#[test]
fn the_root_of_an_account_needs_no_policy_of_its_own_but_is_bound_by_a_deny() {
    let away_root = format!("arn:aws:iam::{AWAY}:root");
    let away = to("Allow", r#"{"AWS": "444455556666"}"#);
    let sam = to("Allow", r#"{"AWS": "arn:aws:iam::444455556666:user/sam"}"#);
    let no_one = to("Deny", r#""*""#);
    let no_home = to("Deny", r#"{"AWS": "111122223333"}"#);
    check(&[
        Row(ALLOWS, ROOT, &[], &[], &[], YES),
        Row(ALLOWS, ROOT, &[], &[], &[&away], YES),
        Row(
            ALLOWS,
            ROOT,
            &[],
            &[],
            &[&no_one],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(
            ALLOWS,
            ROOT,
            &[],
            &[],
            &[&no_home],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(
            DELEGATES,
            &away_root,
            &[],
            &[],
            &[],
            no(DenyReason::NoResourcePolicy),
        ),
        Row(DELEGATES, &away_root, &[], &[], &[&away], YES),
        Row(
            DELEGATES,
            &away_root,
            &[],
            &[],
            &[&sam],
            no(DenyReason::NoResourcePolicy),
        ),
    ]);
}

#[test]
fn s10_across_accounts_both_sides_must_allow() {
    let session = format!("arn:aws:sts::{AWAY}:assumed-role/ci/build-7");
    let away = to("Allow", r#"{"AWS": "444455556666"}"#);
    let sam = to("Allow", r#"{"AWS": "arn:aws:iam::444455556666:user/sam"}"#);
    let no_sam = to("Deny", r#"{"AWS": "arn:aws:iam::444455556666:user/sam"}"#);
    let everyone = to("Allow", r#""*""#);
    let build = to("Allow", &format!(r#"{{"AWS": "{session}"}}"#));
    let home = to("Allow", r#"{"AWS": "111122223333"}"#);
    check(&[
        Row(
            ACROSS,
            STRANGER,
            &[],
            &[],
            &[],
            no(DenyReason::NoResourcePolicy),
        ),
        Row(
            ACROSS,
            STRANGER,
            &[ALLOW],
            &[],
            &[],
            no(DenyReason::NoResourcePolicy),
        ),
        Row(
            ACROSS,
            STRANGER,
            &[ALLOW],
            &[],
            &[&home],
            no(DenyReason::NoResourcePolicy),
        ),
        Row(
            ACROSS,
            STRANGER,
            &[],
            &[],
            &[&away],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            ACROSS,
            STRANGER,
            &[],
            &[],
            &[&sam],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            NAMES,
            STRANGER,
            &[],
            &[],
            &[&everyone],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(ACROSS, STRANGER, &[ALLOW], &[], &[&away], YES),
        Row(ACROSS, STRANGER, &[ALLOW], &[], &[&sam], YES),
        Row(ACROSS, STRANGER, &[ALLOW], &[], &[&everyone], YES),
        Row(
            ACROSS,
            STRANGER,
            &[ALLOW],
            &[],
            &[&away, &no_sam],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(
            ACROSS,
            STRANGER,
            &[ALLOW, DENY],
            &[],
            &[&away],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        Row(
            ACROSS,
            &session,
            &[ALLOW],
            &[OTHER],
            &[&build],
            no(DenyReason::NoSessionPolicy),
        ),
        Row(ACROSS, &session, &[ALLOW], &[ALLOW], &[&build], YES),
        Row(
            ACROSS,
            &session,
            &[],
            &[ALLOW],
            &[&build],
            no(DenyReason::NoIdentityPolicy),
        ),
    ]);
}

#[test]
fn s10_session_policies_narrow_and_never_widen() {
    let role = to("Allow", r#"{"AWS": "arn:aws:iam::111122223333:role/ci"}"#);
    let session = to(
        "Allow",
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-7"}"#,
    );
    let other_session = to(
        "Allow",
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-8"}"#,
    );
    let account = to("Allow", r#"{"AWS": "111122223333"}"#);
    let everyone = to("Allow", r#""*""#);
    let no_session = to(
        "Deny",
        r#"{"AWS": "arn:aws:sts::111122223333:assumed-role/ci/build-7"}"#,
    );
    check(&[
        Row(SESSIONS, BUILD, &[ALLOW], &[], &[], YES),
        Row(SESSIONS, BUILD, &[ALLOW], &[ALLOW], &[], YES),
        Row(SESSIONS, BUILD, &[ALLOW], &[OTHER, ALLOW], &[], YES),
        Row(
            SESSIONS,
            BUILD,
            &[ALLOW],
            &[OTHER],
            &[],
            no(DenyReason::NoSessionPolicy),
        ),
        Row(
            SESSIONS,
            BUILD,
            &[],
            &[ALLOW],
            &[],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            SESSIONS,
            BUILD,
            &[OTHER],
            &[ALLOW],
            &[],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            SESSIONS,
            BUILD,
            &[ALLOW],
            &[ALLOW, DENY],
            &[],
            no(DenyReason::ExplicitSessionDeny),
        ),
        Row(
            SESSIONS,
            BUILD,
            &[DENY],
            &[DENY],
            &[],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        // The role named: limited by the session's policies. The session named: by nothing but a deny.
        Row(WITHIN, BUILD, &[], &[], &[&role], YES),
        Row(
            WITHIN,
            BUILD,
            &[],
            &[OTHER],
            &[&role],
            no(DenyReason::NoSessionPolicy),
        ),
        Row(WITHIN, BUILD, &[], &[ALLOW], &[&role], YES),
        Row(WITHIN, BUILD, &[], &[OTHER], &[&session], YES),
        Row(WITHIN, BUILD, &[], &[OTHER], &[&role, &session], YES),
        Row(
            WITHIN,
            BUILD,
            &[],
            &[OTHER],
            &[&other_session],
            no(DenyReason::NoIdentityPolicy),
        ),
        Row(
            WITHIN,
            BUILD,
            &[],
            &[DENY],
            &[&session],
            no(DenyReason::ExplicitSessionDeny),
        ),
        Row(
            WITHIN,
            BUILD,
            &[DENY],
            &[],
            &[&session],
            no(DenyReason::ExplicitIdentityDeny),
        ),
        Row(
            WITHIN,
            BUILD,
            &[ALLOW],
            &[ALLOW],
            &[&no_session],
            no(DenyReason::ExplicitResourceDeny),
        ),
        Row(NAMES, BUILD, &[], &[OTHER], &[&everyone], YES),
        Row(
            DELEGATES,
            BUILD,
            &[ALLOW],
            &[OTHER],
            &[&account],
            no(DenyReason::NoSessionPolicy),
        ),
        Row(DELEGATES, BUILD, &[ALLOW], &[ALLOW], &[&account], YES),
    ]);
}

#[test]
fn s10_a_role_is_assumed_only_by_whom_it_trusts() {
    const MAY: &str = r#"{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}"#;
    const MUST_NOT: &str = r#"{"Effect": "Deny", "Action": "sts:*", "Resource": "*"}"#;
    let trust = |effect: &str, principal: &str| {
        on_role(&format!(
            r#"{{"Effect": "{effect}", "Principal": {principal}, "Action": "sts:AssumeRole"}}"#
        ))
    };
    let jane = trust("Allow", r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#);
    let home = trust("Allow", r#"{"AWS": "111122223333"}"#);
    let away = trust("Allow", r#"{"AWS": "444455556666"}"#);
    let no_jane = trust("Deny", r#"{"AWS": "arn:aws:iam::111122223333:user/jane"}"#);
    let service = trust("Allow", r#"{"Service": "codebuild.amazonaws.com"}"#);
    for (who, identity, trusted, expected) in [
        // Trust is needed within the account, too.
        (JANE, vec![MAY], &service, no(DenyReason::NoTrustPolicy)),
        (JANE, vec![MAY], &away, no(DenyReason::NoTrustPolicy)),
        (ROOT, vec![], &away, no(DenyReason::NoTrustPolicy)),
        // A user named needs nothing else, an account named hands on.
        (JANE, vec![], &jane, YES),
        (JANE, vec![], &home, no(DenyReason::NoIdentityPolicy)),
        (JANE, vec![MAY], &home, YES),
        (
            JANE,
            vec![MUST_NOT],
            &jane,
            no(DenyReason::ExplicitIdentityDeny),
        ),
        (JANE, vec![MAY], &no_jane, no(DenyReason::ExplicitTrustDeny)),
        (STRANGER, vec![], &away, no(DenyReason::NoIdentityPolicy)),
        (STRANGER, vec![MAY], &away, YES),
        (STRANGER, vec![MAY], &home, no(DenyReason::NoTrustPolicy)),
    ] {
        let request = Request::by(who).of(Action::sts("AssumeRole"), "*");
        let policies = identity.iter().map(|text| own(text)).collect();
        let decision = decide(&request, policies, vec![], vec![trusted.clone()]);
        assert_eq!(
            decision, expected,
            "{ROLES}: {who} {identity:?} {trusted:?}"
        );
    }
}

/// Carlos of "Example identity-based and resource-based policy evaluation", with repositories for buckets.
#[test]
fn s10_the_documented_example_of_both_sorts_of_policies() {
    let carlos = "arn:aws:iam::111122223333:user/carlossalazar";
    let identity = || {
        own(r#"
            {"Sid": "AllowList", "Effect": "Allow", "Action": ["codeartifact:ListRepositories"], "Resource": "*"},
            {"Sid": "AllowSelf", "Effect": "Allow", "Action": "codeartifact:*", "Resource": [
                "arn:aws:codeartifact:*:*:repository/acme/carlossalazar",
                "arn:aws:codeartifact:*:*:package/acme/carlossalazar/*"
            ]},
            {"Sid": "DenyLogs", "Effect": "Deny", "Action": "codeartifact:*", "Resource": "arn:aws:codeartifact:*:*:*log*"}
        "#)
    };
    let resource = || {
        on_resource(&format!(
            r#"{{"Effect": "Allow", "Principal": {{"AWS": "{carlos}"}}, "Action": "codeartifact:*", "Resource": "*"}}"#
        ))
    };
    let read = |path: &str| Request::by(carlos).of(Action::READ_FROM_REPOSITORY, path);
    let own_repository = read("repository/acme/carlossalazar");
    let logs = read("repository/acme/carlossalazar-logs");
    assert_eq!(
        decide(&logs, vec![identity()], vec![], vec![resource()]),
        no(DenyReason::ExplicitIdentityDeny)
    );
    assert_eq!(
        decide(&own_repository, vec![identity()], vec![], vec![resource()]),
        YES
    );
    assert_eq!(
        decide(&own_repository, vec![identity()], vec![], vec![]),
        YES
    );
    assert_eq!(
        decide(&own_repository, vec![], vec![], vec![resource()]),
        YES
    );
    let publish = Request::by(carlos).of(
        Action::PUBLISH_PACKAGE_VERSION,
        "package/acme/carlossalazar/npm//left-pad",
    );
    assert_eq!(decide(&publish, vec![identity()], vec![], vec![]), YES);
}

/// "The difference between explicit and implicit denies".
#[test]
fn s10_the_documented_example_of_explicit_and_implicit_denies() {
    let policy = own(r#"
        {"Sid": "AllowGetList", "Effect": "Allow", "Action": ["codeartifact:Get*", "codeartifact:List*"], "Resource": "*"},
        {"Sid": "DenyAssets", "Effect": "Deny", "Action": "codeartifact:*Asset", "Resource": "*"}
        "#);
    for (action, expected) in [
        ("ListPackages", Verdict::Allow),
        ("GetPackageVersionReadme", Verdict::Allow),
        ("GetPackageVersionAsset", Verdict::Deny),
        ("PublishPackageVersion", Verdict::Silent),
    ] {
        let request = Request::by(JANE).of(Action::of(action), "repository/acme/team-a");
        assert_eq!(request.verdict(&policy), expected, "{action}");
    }
}

/// The examples of CodeArtifact's own guide: repository-policies, auth-and-access-control-iam-identity-based-access-control.
#[test]
fn s10_the_documented_examples_of_the_service() {
    let publish = |path: &str| Request::by(STRANGER).of(Action::PUBLISH_PACKAGE_VERSION, path);
    let all = || own(ALLOW);
    let team = || {
        on_resource(
            r#"{
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                "Action": "codeartifact:PublishPackageVersion",
                "Resource": "arn:aws:codeartifact:us-west-2:111122223333:package/acme/team-a/npm/parity/*"
            }"#,
        )
    };
    let inside = publish("package/acme/team-a/npm/parity/ui");
    assert_eq!(decide(&inside, vec![all()], vec![], vec![team()]), YES);
    for path in [
        "package/acme/team-a/npm//ui",
        "package/acme/team-a/npm/parityx/ui",
        "package/acme/team-b/npm/parity/ui",
    ] {
        let decision = decide(&publish(path), vec![all()], vec![], vec![team()]);
        assert_eq!(decision, no(DenyReason::NoResourcePolicy), "{path}");
    }
    let in_organization = || {
        on_resource(
            r#"{
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["codeartifact:ReadFromRepository", "codeartifact:DescribeRepository"],
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-xxxxxxxxxxx"]}}
            }"#,
        )
    };
    let mut request = Request::by(STRANGER);
    assert_eq!(
        decide(&request, vec![all()], vec![], vec![in_organization()]),
        no(DenyReason::NoResourcePolicy)
    );
    request.context.other = vec![("aws:principalorgid".into(), vec!["o-xxxxxxxxxxx".into()])];
    assert_eq!(
        decide(&request, vec![all()], vec![], vec![in_organization()]),
        YES
    );
}

/// "Example policy that can be used instead of NotPrincipal with Deny".
#[test]
fn s10_everyone_but_one_can_be_forbidden_by_a_condition() {
    let policy = || {
        on_resource(
            r#"{
                "Effect": "Deny", "Principal": "*", "Action": "codeartifact:*", "Resource": "*",
                "Condition": {"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/ci"}}
            }"#,
        )
    };
    for (who, expected) in [
        (BUILD, YES),
        (JANE, no(DenyReason::ExplicitResourceDeny)),
        (ROOT, no(DenyReason::ExplicitResourceDeny)),
    ] {
        let decision = decide(&Request::by(who), vec![own(ALLOW)], vec![], vec![policy()]);
        assert_eq!(decision, expected, "{who}");
    }
}

#[test]
fn a_judgement_names_the_statement_that_decided_and_matched_all_that_applied() {
    let policy = own(r#"
        {"Sid": "Other", "Effect": "Allow", "Action": "sts:*", "Resource": "*"},
        {"Sid": "Read", "Effect": "Allow", "Action": "codeartifact:Read*", "Resource": "*"},
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
        "#)
    .labelled("arn:aws:iam::111122223333:policy/reading".into());
    let request = Request::by(JANE);
    let judgement = policy.judge(&request.question());
    assert_eq!(
        (judgement.verdict, judgement.statement),
        (Verdict::Allow, Some(1))
    );
    let matched = policy.matched(&request.question());
    let seen: Vec<_> = matched
        .iter()
        .map(|one| (one.index, one.sid.as_deref(), one.effect))
        .collect();
    assert_eq!(
        seen,
        [(1, Some("Read"), Effect::Allow), (2, None, Effect::Allow)]
    );
    assert_eq!(policy.label(), "arn:aws:iam::111122223333:policy/reading");
    assert_eq!(policy.kind(), PolicyKind::Identity);
    assert_eq!(own(DENY).judge(&request.question()).statement, Some(0));
    let silent = own(OTHER).judge(&request.question());
    assert_eq!(
        (silent.verdict, silent.grant, silent.statement),
        (Verdict::Silent, None, None)
    );
}
