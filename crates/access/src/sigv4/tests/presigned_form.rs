//! The signature in the query string.

use super::*;

#[test]
fn s05_a_presigned_request_lives_as_long_as_it_says() {
    let wire = Wire::new().presigned();
    assert_eq!(wire.verify(), Ok(()));
    for (offset_ms, good) in [
        (60_000, true),
        (60_001, false),
        (-900_000, true),
        (-900_001, false),
    ] {
        let outcome = wire.verify_by(|input| input.now = NOW.plus_ms(offset_ms));
        assert_eq!(outcome.is_ok(), good, "{offset_ms}");
    }
    assert_eq!(
        wire.verify_by(|input| input.now = NOW.plus_ms(61_000))
            .unwrap_err()
            .to_string(),
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000001Z (20260101T000101Z - 60 sec.)"
    );
    let payload = sha256(BODY);
    let week = Wire::new().presigned_with(&[("X-Amz-Expires", "604800")], &payload);
    assert_eq!(
        week.verify_by(|input| input.now = NOW.plus_ms(604_800_000)),
        Ok(())
    );
    for bad in [
        "0",
        "604801",
        "-1",
        "%2B60",
        "6e1",
        "60.5",
        "",
        "99999999999999999999",
    ] {
        let wire = Wire::new().presigned_with(&[("X-Amz-Expires", bad)], &payload);
        assert_incomplete(wire.verify(), "X-Amz-Expires");
    }
}

#[test]
fn s05_every_query_parameter_of_a_presigned_request_is_signed() {
    let wire = Wire::new().presigned();
    for (from, to) in [
        ("X-Amz-Expires=60", "X-Amz-Expires=61"),
        ("X-Amz-Date=20260101T000000Z", "X-Amz-Date=20260101T000001Z"),
        ("domain=acme", "domain=acme2"),
        ("domain=acme", "domain=acme&extra=1"),
        ("domain=acme&", ""),
        (KEY, "AKIAABCDEFGHIJKLMNOQ"),
    ] {
        let changed = wire.query.replace(from, to);
        assert_ne!(changed, wire.query);
        assert_eq!(
            wire.clone().query(changed).verify(),
            Err(SignatureError::Mismatch),
            "{from}"
        );
    }
    let longer = format!("{}&x-amz-expires=604800", wire.query);
    assert_eq!(
        wire.clone().query(longer).verify(),
        Err(SignatureError::Mismatch)
    );
    let token = format!("{}&X-Amz-Security-Token=x", wire.query);
    assert_eq!(wire.query(token).verify(), Err(SignatureError::Mismatch));
}

#[test]
fn s05_the_presigned_form_must_be_whole_and_alone() {
    let wire = Wire::new().presigned();
    for name in [
        "Algorithm",
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
    ] {
        let name = format!("X-Amz-{name}");
        let kept: Vec<&str> = wire
            .query
            .split('&')
            .filter(|pair| !pair.starts_with(&name))
            .collect();
        assert_incomplete(
            wire.clone().query(kept.join("&")).verify(),
            &format!("must include '{name}'"),
        );
        let pair = wire
            .query
            .split('&')
            .find(|pair| pair.starts_with(&name))
            .unwrap();
        let twice = format!("{}&{pair}", wire.query);
        assert_incomplete(wire.clone().query(twice).verify(), "more than once");
    }
    let other = wire.query.replace(ALGORITHM, "AWS4-ECDSA-P256-SHA256");
    assert_incomplete(
        wire.clone().query(other).verify(),
        "Unsupported AWS 'algorithm'",
    );
    let both = wire
        .clone()
        .header("x-amz-date", AT)
        .header("content-type", "x")
        .signed();
    assert_incomplete(both.verify(), "Only one way");
    let bearer = wire.header("authorization", "Bearer x");
    assert_incomplete(bearer.verify(), "Only one way");
}
