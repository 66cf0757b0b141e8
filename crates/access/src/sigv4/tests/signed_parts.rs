//! What must be signed, and how it is named.

use super::*;

#[test]
fn s01_signed_headers_are_sorted_unique_lower_case_and_present() {
    for signed in [
        "host;content-type;x-amz-date",
        "content-type;content-type;host;x-amz-date",
        "content-type;Host;x-amz-date",
        "content-type;host;x-amz-date;",
        ";content-type;host;x-amz-date",
        "content-type;host;;x-amz-date",
        "content-type; host;x-amz-date",
        "",
    ] {
        assert_invalid(
            Wire::new().signed_as(signed, SCOPE, AT).verify(),
            "SignedHeaders must be",
        );
    }
    let absent = Wire::new().signed_as("accept;content-type;host;x-amz-date", SCOPE, AT);
    assert_invalid(absent.verify(), "'accept' is not in the request");
    let removed = Wire::new().signed().without("content-type");
    assert_invalid(removed.verify(), "'content-type' is not in the request");
}

#[test]
fn s01_the_host_and_every_amz_header_must_be_signed() {
    assert_invalid(
        Wire::new()
            .signed_as("content-type;x-amz-date", SCOPE, AT)
            .verify(),
        "'Host'",
    );
    assert_invalid(
        Wire::new()
            .signed_as("content-type;host", SCOPE, AT)
            .verify(),
        "'x-amz-date'",
    );
    for name in [
        "x-amz-security-token",
        "x-amz-content-sha256",
        "x-amz-meta-anything",
    ] {
        assert_invalid(Wire::new().signed().header(name, "x").verify(), name);
    }
    assert_eq!(
        Wire::new()
            .signed()
            .header("x-amzn-trace-id", "Root=1")
            .verify(),
        Ok(())
    );
    assert_eq!(
        Wire::new()
            .signed()
            .header("user-agent", "aws-cli")
            .verify(),
        Ok(())
    );
}

#[test]
fn s01_headers_that_decide_must_come_once() {
    let twice = Wire::new().signed().changed(|wire| {
        let again = wire.authorization().clone();
        wire.headers.push(("authorization".into(), again));
    });
    assert_incomplete(twice.verify(), "'authorization' was sent more than once");
    let bearer = Wire::new().header("authorization", "Bearer x").signed();
    assert_incomplete(bearer.verify(), "'authorization' was sent more than once");
    for (name, value) in [("host", "other.example"), ("x-amz-date", AT)] {
        let before = Wire::new().header(name, value).signed();
        assert_incomplete(
            before.verify(),
            &format!("'{name}' was sent more than once"),
        );
    }
}

#[test]
fn s01_an_unreadable_authorization_header_is_refused_without_repeating_it() {
    for (value, text) in [
        ("AWS4-HMAC-SHA256", "key=value"),
        ("AWS4-HMAC-SHA256 hunter2", "key=value"),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/c/d/aws4_request, SignedHeaders=host",
            "'Signature'",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/20260101/c/d/aws4_request, Signature=hunter2",
            "'SignedHeaders'",
        ),
        (
            "AWS4-HMAC-SHA256 SignedHeaders=host, Signature=hunter2",
            "'Credential'",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=hunter2",
            "5 slash-delimited",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a/b/c/d/e/f, SignedHeaders=host, Signature=hunter2",
            "5 slash-delimited",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=/b/c/d/e, SignedHeaders=host, Signature=hunter2",
            "5 slash-delimited",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a, Credential=a, SignedHeaders=host, Signature=hunter2",
            "more than once",
        ),
        (
            "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=hunter2, x=hunter2",
            "none of",
        ),
        (
            "AWS4-ECDSA-P256-SHA256 Credential=hunter2",
            "Unsupported AWS 'algorithm'",
        ),
        ("AWS AKID:hunter2", "Unsupported AWS 'algorithm'"),
    ] {
        let outcome = Wire::new().header("authorization", value).verify();
        assert!(
            !outcome.clone().unwrap_err().to_string().contains("hunter2"),
            "{value}"
        );
        assert_incomplete(outcome, text);
    }
}
