//! Clocks, dates and the credential scope.

use super::*;

#[test]
fn s03_the_clock_may_be_fifteen_minutes_off_and_no_more() {
    let wire = Wire::new().signed();
    for (offset_ms, good) in [
        (0, true),
        (900_000, true),
        (-900_000, true),
        (900_001, false),
        (-900_001, false),
    ] {
        let outcome = wire.verify_by(|input| input.now = NOW.plus_ms(offset_ms));
        assert_eq!(outcome.is_ok(), good, "{offset_ms}");
    }
    assert_eq!(
        wire.verify_by(|input| input.now = NOW.plus_ms(20 * 60_000))
            .unwrap_err()
            .to_string(),
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000500Z (20260101T002000Z - 15 min.)"
    );
    assert_eq!(
        wire.verify_by(|input| input.now = NOW.plus_ms(-20 * 60_000))
            .unwrap_err()
            .to_string(),
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235500Z (20251231T234000Z + 15 min.)"
    );
    assert_invalid(
        wire.verify_by(|input| input.now = EpochMillis(i64::MAX)),
        "Signature expired",
    );
    assert_invalid(
        wire.verify_by(|input| input.now = EpochMillis(i64::MIN)),
        "Signature not yet current",
    );
}

#[test]
fn s03_every_part_of_the_credential_scope_is_checked() {
    for (scope, text) in [
        (
            "20260102/us-west-2/codeartifact/aws4_request",
            "'20260102' != '20260101', from '20260101T000000Z'",
        ),
        (
            "20260101/us-east-1/codeartifact/aws4_request",
            "region: 'us-west-2'",
        ),
        (
            "20260101/us-west-2/s3/aws4_request",
            "service: 'codeartifact'",
        ),
        (
            "20260101/us-west-2/codeartifact/aws5_request",
            "terminator: 'aws4_request'",
        ),
        (
            "2026010/us-west-2/codeartifact/aws4_request",
            "'2026010' != '20260101'",
        ),
    ] {
        assert_invalid(Wire::new().signed_as(SIGNED, scope, AT).verify(), text);
    }
    let elsewhere =
        Wire::new().signed_as(SIGNED, "20260101/eu-west-1/codeartifact/aws4_request", AT);
    assert_eq!(elsewhere.verify_by(|input| input.region = None), Ok(()));
}

#[test]
fn s03_the_date_headers_must_be_there_readable_and_of_one_mind() {
    assert_incomplete(
        Wire::new()
            .without("x-amz-date")
            .signed_as("content-type;host", SCOPE, AT)
            .verify(),
        "X-Amz-Date",
    );
    let unreadable = Wire::new()
        .replaced("x-amz-date", "2026-01-01T00:00:00Z")
        .signed();
    assert_incomplete(unreadable.verify(), "ISO-8601");
    let date = |text: &str| Wire::new().without("x-amz-date").header("date", text);
    let good = date("Thu, 01 Jan 2026 00:00:00 GMT");
    assert_eq!(
        good.clone()
            .signed_as("content-type;date;host", SCOPE, AT)
            .verify(),
        Ok(())
    );
    assert_invalid(
        good.signed_as("content-type;host", SCOPE, AT).verify(),
        "'Date' must be a 'SignedHeader'",
    );
    let unreadable = date("new year").signed_as("content-type;date;host", SCOPE, AT);
    assert_incomplete(unreadable.verify(), "'Date'");

    let both = Wire::new()
        .signed()
        .header("date", "Thu, 01 Jan 2026 00:00:03 GMT");
    assert_eq!(both.verify(), Ok(()));
    let apart = Wire::new()
        .signed()
        .header("date", "Thu, 01 Jan 2026 00:16:00 GMT");
    assert_invalid(apart.verify(), "different times");
    let unreadable = Wire::new().signed().header("date", "new year");
    assert_incomplete(unreadable.verify(), "'Date'");
}
