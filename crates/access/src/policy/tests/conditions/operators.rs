//! What each operator compares, and how.

use super::super::super::date::parse_date;
use super::super::super::network::Network;
use super::super::super::number::Number;
use super::*;

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
