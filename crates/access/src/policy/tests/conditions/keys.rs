//! What each key stands for, and what happens when it is not there.

use super::*;

#[test]
fn a_session_is_its_role_in_conditions() {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
    let mut session = Request::by(BUILD);
    session.context.principal_id = Some("AROACI".into());
    check(
        &session,
        &[
            (
                r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/ci"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:userid": "AROACI:build-7"}}"#,
                true,
            ),
            (r#"{"StringLike": {"aws:userid": "AROACI:*"}}"#, true),
            (
                r#"{"StringEquals": {"aws:PrincipalType": "AssumedRole"}}"#,
                true,
            ),
            (r#"{"Null": {"aws:username": "true"}}"#, true),
        ],
    );
    check(
        &request(),
        &[(
            r#"{"StringEquals": {"aws:userid": "AIDAJANE", "aws:PrincipalType": "User"}}"#,
            true,
        )],
    );
    check(
        &Request::by(ROOT),
        &[
            (
                r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:userid": "111122223333", "aws:PrincipalType": "Account"}}"#,
                true,
            ),
            (r#"{"Null": {"aws:username": "true"}}"#, true),
        ],
    );
    check(
        &Request::by(JANE),
        &[(r#"{"Null": {"aws:userid": "true"}}"#, true)],
    );
}

#[test]
fn the_keys_of_a_request() {
    check(
        &request(),
        &[
            (r#"{"StringEquals": {"AWS:UserName": "jane"}}"#, true),
            (
                r#"{"StringEquals": {"aws:PrincipalAccount": "111122223333", "aws:ResourceAccount": "111122223333"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:PrincipalOrgID": "o-acme"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:RequestedRegion": "us-west-2"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:PrincipalTag/team": "Blue"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:PrincipalTag/TEAM": "Blue"}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:PrincipalTag/team": "blue"}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:ResourceTag/stage": "prod"}}"#,
                true,
            ),
            (r#"{"StringEquals": {"aws:RequestTag/cost": "7"}}"#, true),
            (
                r#"{"StringEquals": {"aws:RequestTag/stage": "prod"}}"#,
                false,
            ),
            // Not supported by the service.
            (
                r#"{"Null": {"aws:Referer": "true", "aws:UserAgent": "true"}}"#,
                true,
            ),
            (r#"{"StringLike": {"aws:UserAgent": "*"}}"#, false),
            (r#"{"Null": {"aws:SourceVpc": "true"}}"#, true),
            (r#"{"Null": {"sts:AWSServiceName": "true"}}"#, true),
        ],
    );
    let mut elsewhere = request();
    elsewhere.context.requested_region = Some("eu-north-1".into());
    check(
        &elsewhere,
        &[(
            r#"{"StringEquals": {"aws:RequestedRegion": "eu-north-1"}}"#,
            true,
        )],
    );
    // A local request has no address, and what has no resource no region.
    let local = Request::by(JANE).of(Action::READ_FROM_REPOSITORY, "*");
    check(
        &local,
        &[
            (
                r#"{"Null": {"aws:SourceIp": "true", "aws:RequestedRegion": "true"}}"#,
                true,
            ),
            (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, false),
            (r#"{"NotIpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, true),
        ],
    );
    // Of two tags that differ in case, the one that is written so counts.
    let mut twice = request();
    twice.context.principal_tags = vec![("Team".into(), "a".into()), ("team".into(), "b".into())];
    check(
        &twice,
        &[(
            r#"{"StringEquals": {"aws:PrincipalTag/team": "b", "aws:PrincipalTag/Team": "a"}}"#,
            true,
        )],
    );
}

#[test]
fn an_absent_key_fails_a_condition_unless_it_is_negated_or_may_be_absent() {
    let absent = [
        (r#"{"StringEquals": {"KEY": "x"}}"#, false),
        (r#"{"StringEqualsIgnoreCase": {"KEY": "x"}}"#, false),
        (r#"{"StringLike": {"KEY": "*"}}"#, false),
        (r#"{"NumericLessThan": {"KEY": 1}}"#, false),
        (r#"{"DateLessThan": {"KEY": "2099"}}"#, false),
        (r#"{"Bool": {"KEY": "false"}}"#, false),
        (r#"{"BinaryEquals": {"KEY": ""}}"#, false),
        (r#"{"IpAddress": {"KEY": "0.0.0.0/0"}}"#, false),
        (r#"{"ArnLike": {"KEY": "arn:*:*:*:*:*"}}"#, false),
        (r#"{"StringNotEquals": {"KEY": "x"}}"#, true),
        (r#"{"StringNotEqualsIgnoreCase": {"KEY": "x"}}"#, true),
        (r#"{"StringNotLike": {"KEY": "*"}}"#, true),
        (r#"{"NumericNotEquals": {"KEY": 1}}"#, true),
        (r#"{"DateNotEquals": {"KEY": "2099"}}"#, true),
        (r#"{"NotIpAddress": {"KEY": "0.0.0.0/0"}}"#, true),
        (r#"{"ArnNotEquals": {"KEY": "arn:*:*:*:*:*"}}"#, true),
        (r#"{"ArnNotLike": {"KEY": "arn:*:*:*:*:*"}}"#, true),
        (r#"{"Null": {"KEY": "true"}}"#, true),
        (r#"{"Null": {"KEY": "false"}}"#, false),
        (r#"{"StringEqualsIfExists": {"KEY": "x"}}"#, true),
        (r#"{"StringNotEqualsIfExists": {"KEY": "x"}}"#, true),
        (r#"{"NumericLessThanIfExists": {"KEY": 1}}"#, true),
        (r#"{"IpAddressIfExists": {"KEY": "10.0.0.0/8"}}"#, true),
        (r#"{"ForAllValues:StringEquals": {"KEY": "x"}}"#, true),
        (r#"{"ForAllValues:StringNotEquals": {"KEY": "x"}}"#, true),
        (r#"{"ForAnyValue:StringEquals": {"KEY": "x"}}"#, false),
        (r#"{"ForAnyValue:StringNotEquals": {"KEY": "x"}}"#, false),
        (
            r#"{"ForAnyValue:StringEqualsIfExists": {"KEY": "x"}}"#,
            true,
        ),
        // The documented way to ask for both.
        (
            r#"{"ForAllValues:StringEquals": {"KEY": "x"}, "Null": {"KEY": "false"}}"#,
            false,
        ),
    ];
    for key in ["aws:PrincipalTag/none", "test:absent", "aws:TagKeys"] {
        for (condition, expected) in absent {
            let condition = condition.replace("KEY", key);
            let allowed = Request::by(JANE).verdict(&reading_if(&condition)) == Verdict::Allow;
            assert_eq!(allowed, expected, "{condition}");
        }
    }
    // With the key there, IfExists changes nothing.
    check(
        &request(),
        &[
            (
                r#"{"StringEqualsIfExists": {"aws:username": "jane"}}"#,
                true,
            ),
            (
                r#"{"StringEqualsIfExists": {"aws:username": "bob"}}"#,
                false,
            ),
            (
                r#"{"StringNotEqualsIfExists": {"aws:username": "jane"}}"#,
                false,
            ),
        ],
    );
}

#[test]
fn a_bearer_token_is_for_this_service() {
    let token = |who| Request::by(who).of(Action::GET_SERVICE_BEARER_TOKEN, "*");
    for name in [
        "AWSCodeArtifactAdminAccess",
        "AWSCodeArtifactReadOnlyAccess",
        "AdministratorAccess",
    ] {
        let document = managed(&format!("arn:aws:iam::aws:policy/{name}")).unwrap();
        let policy = Policy::parse(PolicyKind::Identity, document).unwrap();
        let may = |request: Request| request.verdict(&policy) == Verdict::Allow;
        assert!(may(token(JANE)), "{name}");
        assert!(may(Request::by(JANE)), "{name}");
        let describe = Action::of("DescribePackageVersion");
        assert!(
            may(Request::by(JANE).of(describe, "repository/acme/team-a")),
            "{name}"
        );
        let publish = Request::by(JANE).of(
            Action::PUBLISH_PACKAGE_VERSION,
            "package/acme/team-a/npm//react",
        );
        assert_eq!(
            may(publish),
            name != "AWSCodeArtifactReadOnlyAccess",
            "{name}"
        );
        let assume = Request::by(JANE).of(Action::sts("AssumeRole"), "*");
        assert_eq!(may(assume), name == "AdministratorAccess", "{name}");
    }
    assert_eq!(managed_policies().count(), 3);
    assert_eq!(managed("arn:aws:iam::aws:policy/NoSuchAccess"), None);
    assert_eq!(
        managed("arn:aws:iam::111122223333:policy/AdministratorAccess"),
        None
    );
    assert_eq!(managed("AdministratorAccess"), None);
}
