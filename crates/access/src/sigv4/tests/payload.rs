//! The body and its hash.

use super::*;

#[test]
fn s02_a_changed_body_is_refused() {
    assert_eq!(
        Wire::new().signed().changed(|w| w.body.push(b' ')).verify(),
        Err(SignatureError::Mismatch)
    );
    assert_eq!(
        Wire::new().presigned().changed(|w| w.body.clear()).verify(),
        Err(SignatureError::Mismatch)
    );
}

#[test]
fn s02_a_declared_hash_that_contradicts_the_body_is_an_error_of_its_own() {
    let signed = "content-type;host;x-amz-content-sha256;x-amz-date";
    let declared = sha256(BODY);
    for hash in [declared.clone(), declared.to_uppercase()] {
        let wire = Wire::new()
            .header("x-amz-content-sha256", &hash)
            .signed_as(signed, SCOPE, AT);
        assert_eq!(wire.verify(), Ok(()));
        let changed = wire.clone().changed(|w| w.body.push(b' '));
        let error = changed.verify().unwrap_err();
        assert!(
            matches!(error, SignatureError::PayloadMismatch { .. }),
            "{error}"
        );
        assert_eq!(
            (error.exception(), error.status()),
            ("ValidationException", 400)
        );
        // Changing both needs the secret.
        let both = changed.replaced("x-amz-content-sha256", &sha256(b"{} "));
        assert_eq!(both.verify(), Err(SignatureError::Mismatch));
    }
}

#[test]
fn s02_markers_of_unsigned_and_streamed_bodies_are_refused_in_the_header_form() {
    let signed = "content-type;host;x-amz-content-sha256;x-amz-date";
    for marker in [
        UNSIGNED_PAYLOAD,
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "",
        "e3b0",
        &"g".repeat(64),
    ] {
        let wire = Wire::new()
            .header("x-amz-content-sha256", marker)
            .signed_as(signed, SCOPE, AT);
        assert_invalid(wire.verify(), "x-amz-content-sha256");
        let streamed = wire
            .verify_by(|input| input.payload = Payload::StreamedWithDeclaredHash)
            .unwrap_err();
        assert_eq!(
            (streamed.exception(), streamed.status()),
            ("ValidationException", 400),
            "{marker}"
        );
    }
}

#[test]
fn s02_an_unsigned_body_is_accepted_only_where_a_presigned_request_says_so() {
    let parameter = Wire::new().presigned_with(
        &[("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD)],
        UNSIGNED_PAYLOAD,
    );
    let header = Wire::new().header("x-amz-content-sha256", UNSIGNED_PAYLOAD);
    let header = header.presigned_with(
        &[("X-Amz-SignedHeaders", "host%3Bx-amz-content-sha256")],
        UNSIGNED_PAYLOAD,
    );
    for wire in [parameter, header] {
        assert_eq!(wire.verify(), Ok(()));
        wire.with(|parts| {
            assert_eq!(
                Signature::read(parts).unwrap().unwrap().payload_hash(),
                Some(UNSIGNED_PAYLOAD)
            );
        });
        assert_eq!(wire.changed(|w| w.body.clear()).verify(), Ok(()));
    }
    let unsaid = Wire::new().presigned_with(&[], UNSIGNED_PAYLOAD);
    assert_eq!(unsaid.verify(), Err(SignatureError::Mismatch));
}

#[test]
fn s02_a_streamed_body_needs_a_declared_hash_of_64_lower_case_hex_digits() {
    let signed = "content-type;host;x-amz-content-sha256;x-amz-date";
    let streamed =
        |wire: &Wire| wire.verify_by(|input| input.payload = Payload::StreamedWithDeclaredHash);
    let hash = sha256(b"the asset");
    let wire = Wire::new()
        .header("x-amz-content-sha256", &hash)
        .signed_as(signed, SCOPE, AT);
    assert_eq!(streamed(&wire), Ok(()));
    wire.with(|parts| {
        assert_eq!(
            Signature::read(parts).unwrap().unwrap().payload_hash(),
            Some(&*hash)
        );
    });
    let other = wire.replaced("x-amz-content-sha256", &sha256(b"another asset"));
    assert_eq!(streamed(&other), Err(SignatureError::Mismatch));

    let message = |wire: &Wire| streamed(wire).unwrap_err().to_string();
    let text = message(&Wire::new().signed());
    assert_eq!(
        text,
        "1 validation error detected: Value null at 'assetSHA256' failed to satisfy constraint: Member must not be null"
    );
    for (bad, rule) in [
        (hash.to_uppercase(), "regular expression pattern: [0-9a-f]+"),
        (hash[1..].to_owned(), "length greater than or equal to 64"),
        (format!("{hash}0"), "length less than or equal to 64"),
    ] {
        let wire = Wire::new()
            .header("x-amz-content-sha256", &bad)
            .signed_as(signed, SCOPE, AT);
        assert!(message(&wire).ends_with(rule), "{}", message(&wire));
    }
    let in_query = Wire::new().presigned_with(&[("X-Amz-Content-Sha256", &hash)], &hash);
    assert!(matches!(
        streamed(&in_query),
        Err(SignatureError::DeclaredHash(_))
    ));
}

#[test]
fn s02_a_body_that_was_signed_unread_needs_the_signed_header_with_its_hash() {
    let signed = "content-type;host;x-amz-content-sha256;x-amz-date";
    let streamed =
        |wire: &Wire| wire.verify_by(|input| input.payload = Payload::StreamedWithDeclaredHash);
    let hash = sha256(b"the asset");
    let unread = |signed| {
        Wire::new()
            .header("x-amz-content-sha256", &hash)
            .signed_over(UNSIGNED_PAYLOAD, signed, SCOPE, AT)
    };
    assert_eq!(streamed(&unread(signed)), Ok(()));
    // What is declared cannot be changed afterwards, nor be left out of the signature.
    let other = unread(signed).replaced("x-amz-content-sha256", &sha256(b"another asset"));
    assert_eq!(streamed(&other), Err(SignatureError::Mismatch));
    assert!(streamed(&unread("content-type;host;x-amz-date")).is_err());
    // Where the whole body is at hand it must be part of the signature.
    assert_eq!(unread(signed).verify(), Err(SignatureError::Mismatch));
}
