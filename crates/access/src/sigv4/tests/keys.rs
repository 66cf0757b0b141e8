//! Secrets, session tokens, unknown keys.

use super::*;

#[test]
fn s07_a_session_token_must_be_signed_and_the_keys_own() {
    let signed = "content-type;host;x-amz-date;x-amz-security-token";
    let wire = Wire::new()
        .header("x-amz-security-token", "session-1")
        .signed_as(signed, SCOPE, AT);
    let by = |wire: &Wire, expected: Option<&'static str>| {
        wire.verify_by(|input| input.session_token = expected)
    };
    assert_eq!(by(&wire, Some("session-1")), Ok(()));
    wire.with(|parts| {
        assert_eq!(
            Signature::read(parts).unwrap().unwrap().session_token(),
            Some("session-1")
        );
    });
    // Of another key, of a long-term key, and left out where the key needs one.
    for (wire, expected) in [
        (wire.clone(), Some("session-2")),
        (wire.clone(), None),
        (Wire::new().signed(), Some("session-1")),
    ] {
        let error = by(&wire, expected).unwrap_err();
        assert_eq!(
            (error.exception(), error.status()),
            ("UnrecognizedClientException", 403)
        );
        assert_eq!(
            error.to_string(),
            "The security token included in the request is invalid."
        );
    }
    let exchanged = wire.replaced("x-amz-security-token", "session-2");
    assert_eq!(
        by(&exchanged, Some("session-2")),
        Err(SignatureError::Mismatch)
    );
    let unsigned = Wire::new()
        .signed()
        .header("x-amz-security-token", "session-1");
    assert_invalid(by(&unsigned, Some("session-1")), "'x-amz-security-token'");

    let presigned =
        Wire::new().presigned_with(&[("X-Amz-Security-Token", "session%2B1")], &sha256(BODY));
    assert_eq!(by(&presigned, Some("session+1")), Ok(()));
    assert_eq!(
        by(&presigned, Some("session 1")),
        Err(SignatureError::UnrecognizedClient)
    );
    assert_eq!(
        by(&presigned, None),
        Err(SignatureError::UnrecognizedClient)
    );
    let expired = SignatureError::ExpiredToken;
    assert_eq!(
        (expired.exception(), expired.status()),
        ("ExpiredTokenException", 403)
    );
}

#[test]
fn s08_an_unknown_key_differs_from_a_wrong_signature_only_in_its_code() {
    let wire = Wire::new().signed();
    assert_eq!(
        wire.verify_by(|input| input.secret = None),
        Err(SignatureError::UnrecognizedClient)
    );
    assert_eq!(
        wire.verify_by(|input| input.secret = Some("wrong")),
        Err(SignatureError::Mismatch)
    );
    // Whatever is refused before the signature is refused alike for both.
    for broken in [
        Wire::new().signed_as(SIGNED, "20260101/us-east-1/codeartifact/aws4_request", AT),
        Wire::new()
            .replaced("x-amz-date", "20250101T000000Z")
            .signed_as(
                SIGNED,
                "20250101/us-west-2/codeartifact/aws4_request",
                "20250101T000000Z",
            ),
        Wire::new().signed().query("%zz"),
    ] {
        let known = broken.verify_by(|input| input.secret = Some("wrong"));
        assert_eq!(broken.verify_by(|input| input.secret = None), known);
        assert!(!matches!(known, Err(SignatureError::Mismatch) | Ok(())));
    }
}

#[test]
fn a12_nothing_but_the_whole_secret_and_the_whole_signature_will_do() {
    let wire = Wire::new().signed();
    for secret in [
        &SECRET[1..],
        &SECRET[..39],
        &SECRET.to_lowercase(),
        " ",
        "",
        "-",
    ] {
        assert!(
            wire.verify_by(|input| input.secret = Some(secret)).is_err(),
            "{secret}"
        );
    }
    let (head, signature) = wire.headers.last().unwrap().1.rsplit_once('=').unwrap();
    for index in 0..signature.len() {
        let mut changed = signature.to_owned();
        let digit = if signature.as_bytes()[index] == b'0' {
            "1"
        } else {
            "0"
        };
        changed.replace_range(index..=index, digit);
        let changed = wire
            .clone()
            .replaced("authorization", &format!("{head}={changed}"));
        assert_eq!(changed.verify(), Err(SignatureError::Mismatch), "{index}");
    }
    for bad in [
        String::new(),
        signature[1..].to_owned(),
        format!("{signature}00"),
        signature.to_uppercase(),
        "zz".repeat(32),
    ] {
        let changed = wire
            .clone()
            .replaced("authorization", &format!("{head}={bad}"));
        assert_eq!(changed.verify(), Err(SignatureError::Mismatch), "{bad}");
    }
    let shown = wire.with(|_| {
        let input = VerifyInput {
            secret: Some(SECRET),
            session_token: Some("session-1"),
            payload: Payload::StreamedWithDeclaredHash,
            now: NOW,
            service: "codeartifact",
            region: None,
        };
        format!("{input:?}")
    });
    assert!(
        !shown.contains(SECRET) && !shown.contains("session-1"),
        "{shown}"
    );
}

#[test]
fn a01_an_empty_secret_is_no_secret() {
    let wire = Wire::new();
    let canonical =
        wire.with(|parts| canonical::request(parts, SIGNED, false, &sha256(BODY)).unwrap());
    let scope = signing::Scope {
        date: "20260101",
        region: "us-west-2",
        service: "codeartifact",
        terminator: "aws4_request",
    };
    for secret in ["", "-"] {
        let signature = hex::encode(signing::signature(secret, &scope, AT, &canonical));
        let value = format!(
            "{ALGORITHM} Credential={KEY}/{SCOPE}, SignedHeaders={SIGNED}, Signature={signature}"
        );
        let forged = wire.clone().header("authorization", &value);
        assert_eq!(
            forged.verify_by(|input| input.secret = Some("")),
            Err(SignatureError::UnrecognizedClient)
        );
        assert_eq!(
            forged.verify_by(|input| input.secret = None),
            Err(SignatureError::UnrecognizedClient)
        );
    }
}
