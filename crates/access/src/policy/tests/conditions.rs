//! Conditions: every operator, every key, and what happens when a key is not there.
//!
//! The rules are those of
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>.

use model::EpochMillis;

use super::super::date::parse_date;
use super::super::network::Network;
use super::super::number::Number;
use super::*;

/// 2026-11-23T04:51:27.250Z.
const NOW: EpochMillis = EpochMillis(1_795_409_487_250);

fn request() -> Request {
    let mut request = Request::by(JANE);
    request.context = RequestContext {
        now: NOW,
        source_ip: Some("203.0.113.77".parse().unwrap()),
        secure_transport: true,
        principal_tags: vec![
            ("team".into(), "Blue".into()),
            ("empty".into(), String::new()),
        ],
        resource_tags: vec![("Stage".into(), "prod".into())],
        request_tags: vec![("cost".into(), "7".into()), ("owner".into(), "jane".into())],
        tag_keys: vec!["cost".into(), "owner".into()],
        principal_id: Some("AIDAJANE".into()),
        other: vec![
            ("aws:principalorgid".into(), vec!["o-acme".into()]),
            ("sts:durationseconds".into(), vec!["3600".into()]),
            ("test:binary".into(), vec!["hello".into()]),
            (
                "test:arn".into(),
                vec!["arn:aws:sns:us-west-2:111122223333:a/b:c".into()],
            ),
            ("test:date".into(), vec!["2026-11-23".into()]),
            ("test:ip".into(), vec!["2001:db8::1".into()]),
            ("test:none".into(), vec![]),
        ],
        ..RequestContext::default()
    };
    request
}

fn check(request: &Request, cases: &[(&str, bool)]) {
    for (condition, expected) in cases {
        let allowed = request.verdict(&reading_if(condition)) == Verdict::Allow;
        assert_eq!(allowed, *expected, "{condition}");
    }
}

#[test]
fn operators_on_strings() {
    check(
        &request(),
        &[
            (r#"{"StringEquals": {"aws:username": "jane"}}"#, true),
            (r#"{"StringEquals": {"aws:username": "Jane"}}"#, false),
            (r#"{"StringEquals": {"aws:username": "jan*"}}"#, false),
            (
                r#"{"StringEquals": {"aws:username": ["bob", "jane"]}}"#,
                true,
            ),
            (r#"{"StringNotEquals": {"aws:username": "bob"}}"#, true),
            (
                r#"{"StringNotEquals": {"aws:username": ["bob", "jane"]}}"#,
                false,
            ),
            (
                r#"{"StringEqualsIgnoreCase": {"aws:username": "JANE"}}"#,
                true,
            ),
            (
                r#"{"StringEqualsIgnoreCase": {"aws:username": "JANEX"}}"#,
                false,
            ),
            (
                r#"{"StringNotEqualsIgnoreCase": {"aws:username": "JANE"}}"#,
                false,
            ),
            (r#"{"StringLike": {"aws:username": "j*e"}}"#, true),
            (r#"{"StringLike": {"aws:username": "J*e"}}"#, false),
            (r#"{"StringLike": {"aws:username": "jan?"}}"#, true),
            (r#"{"StringLike": {"aws:username": "an"}}"#, false),
            (r#"{"StringNotLike": {"aws:username": "j*"}}"#, false),
            (r#"{"StringNotLike": {"aws:username": ["b*", "c*"]}}"#, true),
            // Whatever a key holds can be compared as text.
            (r#"{"StringEquals": {"aws:SecureTransport": true}}"#, true),
            (r#"{"StringLike": {"aws:SourceIp": "203.0.113.*"}}"#, true),
            (
                r#"{"StringEquals": {"aws:CurrentTime": "2026-11-23T04:51:27Z"}}"#,
                true,
            ),
            (r#"{"StringEquals": {"aws:EpochTime": 1795409487}}"#, true),
            (r#"{"StringEquals": {"sts:DurationSeconds": 3600}}"#, true),
        ],
    );
}

#[test]
fn operators_on_numbers() {
    check(
        &request(),
        &[
            (
                r#"{"NumericEquals": {"sts:DurationSeconds": "3600.0"}}"#,
                true,
            ),
            (r#"{"NumericEquals": {"sts:DurationSeconds": 3601}}"#, false),
            (
                r#"{"NumericNotEquals": {"sts:DurationSeconds": 3600}}"#,
                false,
            ),
            (
                r#"{"NumericNotEquals": {"sts:DurationSeconds": [1, 2]}}"#,
                true,
            ),
            (
                r#"{"NumericLessThan": {"sts:DurationSeconds": 3600}}"#,
                false,
            ),
            (
                r#"{"NumericLessThan": {"sts:DurationSeconds": "3600.5"}}"#,
                true,
            ),
            (
                r#"{"NumericLessThanEquals": {"sts:DurationSeconds": 3600}}"#,
                true,
            ),
            (
                r#"{"NumericGreaterThan": {"sts:DurationSeconds": 3600}}"#,
                false,
            ),
            (
                r#"{"NumericGreaterThan": {"sts:DurationSeconds": -3600}}"#,
                true,
            ),
            (
                r#"{"NumericGreaterThanEquals": {"sts:DurationSeconds": 3600}}"#,
                true,
            ),
            (
                r#"{"NumericGreaterThan": {"aws:EpochTime": 1795409486}}"#,
                true,
            ),
            (r#"{"NumericEquals": {"aws:username": 1}}"#, false),
            (r#"{"NumericNotEquals": {"aws:username": 1}}"#, true),
        ],
    );
    for text in [
        "",
        "-",
        ".",
        "1.",
        ".5",
        "1e3",
        " 1",
        "0x1",
        "1,5",
        "NaN",
        "123456789012345678901",
    ] {
        assert_eq!(Number::parse(text), None, "{text}");
    }
    let ordered = [
        "-2",
        "-1.5",
        "-1.000000000000001",
        "0",
        "0.1",
        "0.25",
        "1",
        "10",
        "99999999999999999999",
    ];
    for pair in ordered.windows(2) {
        assert!(
            Number::parse(pair[0]).unwrap() < Number::parse(pair[1]).unwrap(),
            "{pair:?}"
        );
    }
    assert_eq!(Number::parse("007.50"), Number::parse("+7.5"));
    assert_eq!(Number::parse("-0"), Number::parse("0"));
}

#[test]
fn operators_on_dates() {
    check(
        &request(),
        &[
            (
                r#"{"DateGreaterThan": {"aws:CurrentTime": "2026-11-23T04:51:27Z"}}"#,
                true,
            ),
            (
                r#"{"DateGreaterThan": {"aws:CurrentTime": "2026-11-23T04:51:28Z"}}"#,
                false,
            ),
            (
                r#"{"DateLessThan": {"aws:CurrentTime": "2026-11-24"}}"#,
                true,
            ),
            (r#"{"DateLessThan": {"aws:CurrentTime": "2026"}}"#, false),
            (
                r#"{"DateLessThanEquals": {"aws:CurrentTime": 1795409488}}"#,
                true,
            ),
            (
                r#"{"DateGreaterThanEquals": {"aws:EpochTime": "1795409487"}}"#,
                true,
            ),
            (
                r#"{"DateEquals": {"aws:CurrentTime": "2026-11-23T05:51:27+01:00"}}"#,
                true,
            ),
            (r#"{"DateEquals": {"aws:EpochTime": "1795409487"}}"#, true),
            (
                r#"{"DateNotEquals": {"aws:CurrentTime": "2026-11-23T04:51:27Z"}}"#,
                false,
            ),
            (
                r#"{"DateEquals": {"test:date": "2026-11-23T00:00Z"}}"#,
                true,
            ),
            (r#"{"DateEquals": {"aws:username": "2026"}}"#, false),
            // Both ends, as in the documented example.
            (
                r#"{"DateGreaterThan": {"aws:CurrentTime": "2026-04-01T00:00:00Z"}, "DateLessThan": {"aws:CurrentTime": "2026-12-30T23:59:59Z"}}"#,
                true,
            ),
            // Long-term credentials have no time of issue.
            (
                r#"{"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}"#,
                false,
            ),
            (r#"{"Null": {"aws:TokenIssueTime": "true"}}"#, true),
        ],
    );
    let mut session = Request::by(BUILD);
    session.context.token_issued_at = Some(NOW);
    check(
        &session,
        &[
            (
                r#"{"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}"#,
                true,
            ),
            (r#"{"Null": {"aws:TokenIssueTime": "true"}}"#, false),
            (
                r#"{"DateLessThan": {"aws:TokenIssueTime": "2026-11-23T04:51:27.5Z"}}"#,
                true,
            ),
        ],
    );
    for (text, ms) in [
        ("1970", 0),
        ("1970-02", 2_678_400_000),
        ("1970-01-02", 86_400_000),
        ("1970-01-01T00:01Z", 60_000),
        ("1970-01-01T00:00:01.5Z", 1_500),
        ("0", 0),
        ("12345", 12_345_000),
    ] {
        assert_eq!(parse_date(text), Some(EpochMillis(ms)), "{text}");
    }
    for text in [
        "",
        "-",
        "1970-1-1",
        "1970-01-01-01",
        "1970-00",
        "1970-02-30",
        "99999999999999999999",
        "+1970",
        "-1",
    ] {
        assert_eq!(parse_date(text), None, "{text}");
    }
}

#[test]
fn operators_on_booleans_bytes_and_absence() {
    check(
        &request(),
        &[
            (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, true),
            (r#"{"Bool": {"aws:SecureTransport": false}}"#, false),
            (r#"{"Bool": {"aws:username": "true"}}"#, false),
            (
                r#"{"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}"#,
                true,
            ),
            (r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#, false),
            (
                r#"{"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#,
                false,
            ),
            (
                r#"{"Bool": {"aws:PrincipalIsAWSService": "false", "aws:ViaAWSService": "false"}}"#,
                true,
            ),
            (r#"{"BinaryEquals": {"test:binary": "aGVsbG8="}}"#, true),
            (r#"{"BinaryEquals": {"test:binary": "aGVsbG9v"}}"#, false),
            (r#"{"Null": {"aws:username": "false"}}"#, true),
            (r#"{"Null": {"aws:username": "true"}}"#, false),
            (r#"{"Null": {"aws:PrincipalTag/none": true}}"#, true),
            (r#"{"Null": {"aws:PrincipalTag/empty": true}}"#, false),
            (r#"{"Null": {"test:none": "true"}}"#, true),
            (r#"{"Null": {"aws:username": ["true", "false"]}}"#, true),
        ],
    );
}

#[test]
fn operators_on_addresses() {
    check(
        &request(),
        &[
            (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#, true),
            (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.77"}}"#, true),
            (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.78"}}"#, false),
            (
                r#"{"IpAddress": {"aws:SourceIp": ["2001:DB8:1234:5678::/64", "203.0.112.0/23"]}}"#,
                true,
            ),
            (r#"{"IpAddress": {"aws:SourceIp": "::/0"}}"#, false),
            (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, true),
            (
                r#"{"IpAddress": {"aws:SourceIp": "::ffff:203.0.113.0/120"}}"#,
                true,
            ),
            (
                r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
                false,
            ),
            (
                r#"{"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}}"#,
                true,
            ),
            (r#"{"IpAddress": {"test:ip": "2001:db8::/32"}}"#, true),
            (r#"{"IpAddress": {"aws:username": "0.0.0.0/0"}}"#, false),
        ],
    );
    let mut mapped = request();
    mapped.context.source_ip = Some("::ffff:203.0.113.77".parse().unwrap());
    check(
        &mapped,
        &[
            (r#"{"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#, true),
            (
                r#"{"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:SourceIp": "203.0.113.77"}}"#,
                true,
            ),
        ],
    );
    for (network, address, inside) in [
        ("203.0.113.200/25", "203.0.113.129", true),
        ("203.0.113.200/25", "203.0.113.127", false),
        ("10.0.0.0/8", "10.255.255.255", true),
        ("10.0.0.0/8", "11.0.0.0", false),
        ("2001:db8::/127", "2001:db8::1", true),
        ("2001:db8::/127", "2001:db8::2", false),
        ("2001:db8::1", "2001:db8::1", true),
        ("::/0", "ff::", true),
    ] {
        let network = Network::parse(network).unwrap();
        assert_eq!(
            network.contains(address.parse().unwrap()),
            inside,
            "{network:?} {address}"
        );
    }
}

#[test]
fn operators_on_arns_compare_segment_by_segment() {
    check(
        &request(),
        &[
            (
                r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/jane"}}"#,
                true,
            ),
            (
                r#"{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:user/j*"}}"#,
                true,
            ),
            (
                r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:user/Jane"}}"#,
                false,
            ),
            (
                r#"{"ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::444455556666:user/user-name"}}"#,
                true,
            ),
            (
                r#"{"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}"#,
                false,
            ),
            (
                r#"{"ArnLike": {"test:arn": "arn:aws:sns:*:*:a/b:?"}}"#,
                true,
            ),
            (r#"{"ArnLike": {"test:arn": "arn:aws:sns:*:c:*"}}"#, false),
            (r#"{"ArnLike": {"aws:username": "arn:*:*:*:*:*"}}"#, false),
        ],
    );
    // The documented example: what a string operator would match.
    let mut request = request();
    request.context.other = vec![(
        "test:arn".into(),
        vec!["arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt".into()],
    )];
    check(
        &request,
        &[
            (
                r#"{"StringLike": {"test:arn": "arn:aws:someservice:*:111122223333:finance/*"}}"#,
                true,
            ),
            (
                r#"{"ArnLike": {"test:arn": "arn:aws:someservice:*:111122223333:finance/*"}}"#,
                false,
            ),
        ],
    );
}

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
fn operators_and_keys_must_all_hold_and_one_value_of_each() {
    check(
        &request(),
        &[
            ("{}", true),
            (r#"{"StringEquals": {}}"#, true),
            (
                r#"{"StringEquals": {"aws:username": ["a", "jane"], "aws:PrincipalTag/team": ["Blue", "b"]}}"#,
                true,
            ),
            (
                r#"{"StringEquals": {"aws:username": ["a", "jane"], "aws:PrincipalTag/team": ["a", "b"]}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:username": "jane"}, "Bool": {"aws:SecureTransport": "false"}}"#,
                false,
            ),
            (
                r#"{"StringEquals": {"aws:username": "jane"}, "StringNotEquals": {"aws:username": "bob"}}"#,
                true,
            ),
        ],
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
fn s09_set_operators_ask_every_value_or_any() {
    check(
        &request(),
        &[
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "owner", "team"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost"]}}"#,
                false,
            ),
            (
                r#"{"ForAllValues:StringLike": {"aws:TagKeys": ["c*", "o*"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringNotEquals": {"aws:TagKeys": ["team"]}}"#,
                true,
            ),
            (
                r#"{"ForAllValues:StringNotEquals": {"aws:TagKeys": ["cost"]}}"#,
                false,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["Cost", "team"]}}"#,
                false,
            ),
            (
                r#"{"ForAnyValue:StringEqualsIgnoreCase": {"aws:TagKeys": ["Cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["cost"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringNotEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
                false,
            ),
            // An empty value is no value.
            (
                r#"{"ForAllValues:StringEquals": {"aws:PrincipalTag/empty": ["x"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:PrincipalTag/empty": [""]}}"#,
                false,
            ),
            (r#"{"StringEquals": {"aws:PrincipalTag/empty": ""}}"#, true),
        ],
    );
    // Where the keys of tags were not listed, they are those of the tags.
    let mut unlisted = request();
    unlisted.context.tag_keys.clear();
    check(
        &unlisted,
        &[
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
                true,
            ),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}"#,
                false,
            ),
        ],
    );
}

#[test]
fn s09_a_key_with_several_values_and_no_set_operator_allows_less_and_forbids_more() {
    for (condition, allows, forbids) in [
        (r#"{"StringEquals": {"aws:TagKeys": "cost"}}"#, false, true),
        (
            r#"{"StringEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
            true,
            true,
        ),
        (r#"{"StringEquals": {"aws:TagKeys": "team"}}"#, false, false),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": "cost"}}"#,
            false,
            true,
        ),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": "team"}}"#,
            true,
            true,
        ),
        (
            r#"{"StringNotEquals": {"aws:TagKeys": ["cost", "owner"]}}"#,
            false,
            false,
        ),
    ] {
        let request = request();
        assert_eq!(
            request.verdict(&reading_if(condition)) == Verdict::Allow,
            allows,
            "{condition}"
        );
        let deny = own(&format!(
            r#"{{"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {condition}}}"#
        ));
        assert_eq!(
            request.verdict(&deny) == Verdict::Deny,
            forbids,
            "{condition}"
        );
    }
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
