use super::*;
use crate::sealing::NONCE_BYTES;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::AeadInOut as _;
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use model::PrincipalKind;
use proptest::prelude::*;

const NOW: EpochMillis = EpochMillis(1_767_225_600_123);

fn key(id: &str, seed: u8) -> TokenKey {
    let secret: Vec<u8> = (0..32).map(|i| seed.wrapping_add(i * 7)).collect();
    TokenKey::new(id, &secret).unwrap()
}

fn keys() -> TokenKeys {
    TokenKeys::new(vec![key("new", 1), key("old", 2)]).unwrap()
}

fn claims() -> TokenClaims {
    TokenClaims {
        principal: Principal {
            account: AccountId::parse("111122223333").unwrap(),
            kind: PrincipalKind::User,
            name: "jane \"q\" doe".into(),
        },
        domain_owner: AccountId::parse("444455556666").unwrap(),
        domain: DomainName::parse("acme").unwrap(),
        issued_at: NOW,
        expires_at: NOW.plus_ms(43_200_000),
        access_key: None,
        session: None,
        serial: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef,
    }
}

/// The token with its header replaced by this JSON.
fn with_header(token: &str, json: &str) -> String {
    let (_, rest) = token.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(json))
}

fn header_of(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
}

#[test]
fn a_token_says_what_it_was_made_with() {
    let mut role = claims();
    role.principal = Principal {
        kind: PrincipalKind::Role,
        name: "ci".into(),
        ..role.principal
    };
    role.session = Some(Session {
        principal_id: 7,
        name: Some("build-7".into()),
        policies: vec![r#"{"Version":"2012-10-17"}"#.into()],
        tags: vec![("team".into(), "\"a\"".into())],
        transitive_tag_keys: vec!["team".into()],
        started_at: NOW,
    });
    role.access_key = Some("AKIAEXAMPLE".into());
    let mut root = claims();
    root.principal = Principal::root(root.principal.account);
    root.serial = u128::MAX;
    for claims in [claims(), role, root] {
        let token = keys().mint(&claims);
        assert_eq!(keys().verify(&token, NOW), Ok(claims));
    }
}

#[test]
fn a_token_has_the_form_that_clients_can_carry() {
    let token = keys().mint(&claims());
    assert!(token.starts_with("eyJ"));
    assert!(
        token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')),
        "{token}"
    );
    assert_eq!(
        header_of(&token),
        r#"{"ver":1,"isu":1767225600,"exp":1767268800,"kid":"new"}"#
    );
    assert!(token.len() < 1024, "{}", token.len());
}

#[test]
fn nothing_of_the_claims_can_be_read_from_a_token() {
    let token = keys().mint(&claims());
    let decoded: Vec<u8> = token
        .split('.')
        .flat_map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    for secret in [
        "jane",
        "acme",
        "111122223333",
        "444455556666",
        "0123456789abcdef",
    ] {
        assert!(
            !decoded
                .windows(secret.len())
                .any(|window| window == secret.as_bytes()),
            "{secret}"
        );
    }
}

#[test]
fn space_and_line_ends_around_a_token_are_ignored_but_not_inside() {
    let token = keys().mint(&claims());
    for padded in [
        format!("{token}\r\n"),
        format!(" \t{token} \n\n"),
        format!("\r\n{token}"),
    ] {
        assert_eq!(keys().verify(&padded, NOW), Ok(claims()), "{padded:?}");
    }
    let (head, tail) = token.split_at(40);
    for broken in [format!("{head} {tail}"), format!("{head}\r\n{tail}")] {
        assert_eq!(keys().verify(&broken, NOW), Err(TokenError::Malformed));
    }
}

#[test]
fn older_keys_still_open_and_the_newest_mints() {
    let old = TokenKeys::new(vec![key("old", 2)]).unwrap().mint(&claims());
    assert_eq!(keys().verify(&old, NOW), Ok(claims()));
    assert!(header_of(&keys().mint(&claims())).contains(r#""kid":"new""#));
}

#[test]
fn a02_no_header_field_chooses_an_algorithm_or_brings_a_key() {
    let token = keys().mint(&claims());
    let base = r#""ver":1,"isu":1767225600,"exp":1767268800,"kid":"new""#;
    for extra in [
        r#""alg":"none""#,
        r#""alg":"HS256""#,
        r#""alg":"RS256""#,
        r#""enc":"A128GCM""#,
        r#""jwk":{"kty":"oct","k":"AAAA"}"#,
        r#""jku":"https://keys.example/set""#,
        r#""x5u":"https://keys.example/chain""#,
        r#""kid":"new""#,
    ] {
        let forged = with_header(&token, &format!("{{{base},{extra}}}"));
        assert_eq!(
            keys().verify(&forged, NOW),
            Err(TokenError::Malformed),
            "{extra}"
        );
    }
    for version in ["0", "2", "255", "256", "-1", "null", "\"1\""] {
        let forged = with_header(
            &token,
            &format!(r#"{{"ver":{version},"isu":1,"exp":2,"kid":"new"}}"#),
        );
        assert_eq!(
            keys().verify(&forged, NOW),
            Err(TokenError::Malformed),
            "{version}"
        );
    }
}

#[test]
fn a02_unsigned_tokens_in_the_form_of_jwts_are_refused() {
    let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let none = part(r#"{"alg":"none","typ":"JWT"}"#);
    let body = part(r#"{"a":"111122223333","k":"root","n":"","o":"111122223333","d":"acme"}"#);
    let header = part(r#"{"ver":1,"isu":1767225600,"exp":1767268800,"kid":"new"}"#);
    assert_eq!(
        keys().verify(&format!("{none}.{body}."), NOW),
        Err(TokenError::Malformed)
    );
    assert_eq!(
        keys().verify(&format!("{header}..{body}"), NOW),
        Err(TokenError::Malformed)
    );
    let nonce = URL_SAFE_NO_PAD.encode([0; NONCE_BYTES]);
    assert_eq!(
        keys().verify(&format!("{header}.{nonce}."), NOW),
        Err(TokenError::BadSignature)
    );
    assert_eq!(
        keys().verify(&format!("{header}.{nonce}.{body}"), NOW),
        Err(TokenError::BadSignature)
    );
}

#[test]
fn a02_an_unknown_key_id_is_refused_and_a_known_one_does_not_help() {
    let foreign = TokenKeys::new(vec![key("elsewhere", 1)])
        .unwrap()
        .mint(&claims());
    assert_eq!(keys().verify(&foreign, NOW), Err(TokenError::UnknownKey));
    let renamed = with_header(&foreign, &header_of(&foreign).replace("elsewhere", "new"));
    assert_eq!(keys().verify(&renamed, NOW), Err(TokenError::BadSignature));
    let other_secret = TokenKeys::new(vec![key("new", 9)]).unwrap().mint(&claims());
    assert_eq!(
        keys().verify(&other_secret, NOW),
        Err(TokenError::BadSignature)
    );
    let other_key = with_header(
        &keys().mint(&claims()),
        &header_of(&keys().mint(&claims())).replace("new", "old"),
    );
    assert_eq!(
        keys().verify(&other_key, NOW),
        Err(TokenError::BadSignature)
    );
}

#[test]
fn a03_a_token_is_for_one_domain_of_one_owner() {
    let claims = keys().verify(&keys().mint(&claims()), NOW).unwrap();
    let owner = AccountId::parse("444455556666").unwrap();
    let domain = DomainName::parse("acme").unwrap();
    assert!(claims.is_for(&owner, &domain));
    assert!(!claims.is_for(&owner, &DomainName::parse("acme2").unwrap()));
    assert!(!claims.is_for(&owner, &DomainName::parse("acm").unwrap()));
    assert!(!claims.is_for(&claims.principal.account, &domain));
}

#[test]
fn a03_something_sealed_with_the_same_secret_for_another_purpose_is_no_token() {
    let key = key("new", 1);
    let header = sealed::write_header("new", &claims());
    let mut body = sealed::write_claims(&claims());
    let nonce = XNonce::default();
    let raw = XChaCha20Poly1305::new_from_slice(key.secret()).unwrap();
    raw.encrypt_in_place(&nonce, header.as_bytes(), &mut body)
        .unwrap();
    let token = format!(
        "{header}.{}.{}",
        URL_SAFE_NO_PAD.encode(nonce),
        URL_SAFE_NO_PAD.encode(&body)
    );
    assert_eq!(keys().verify(&token, NOW), Err(TokenError::BadSignature));
    // The same by the purpose's own key, but without the header as associated data.
    let mut body = sealed::write_claims(&claims());
    let cipher = &key.sealer.cipher;
    cipher.encrypt_in_place(&nonce, b"", &mut body).unwrap();
    let token = format!(
        "{header}.{}.{}",
        URL_SAFE_NO_PAD.encode(nonce),
        URL_SAFE_NO_PAD.encode(&body)
    );
    assert_eq!(keys().verify(&token, NOW), Err(TokenError::BadSignature));
}

#[test]
fn a06_a_token_ends_at_its_instant_and_says_when_that_was() {
    let token = keys().mint(&claims());
    let end = claims().expires_at;
    assert!(keys().verify(&token, EpochMillis(end.0 - 1)).is_ok());
    for late in [end, end.plus_ms(1), EpochMillis(i64::MAX)] {
        let error = keys().verify(&token, late).unwrap_err();
        assert_eq!(error, TokenError::Expired { at: end });
        assert!(
            error.to_string().contains("2026-01-01T12:00:00.123Z"),
            "{error}"
        );
    }
    assert_eq!(
        model::Error::from(TokenError::Malformed).kind,
        model::ErrorKind::Unauthenticated
    );
}

#[test]
fn a06_a_token_from_the_future_is_refused_beyond_what_clocks_differ() {
    let token = keys().mint(&claims());
    assert!(
        keys()
            .verify(&token, EpochMillis(NOW.0 - ISSUED_AHEAD_MAX_MS))
            .is_ok()
    );
    let early = EpochMillis(NOW.0 - ISSUED_AHEAD_MAX_MS - 1);
    assert_eq!(
        keys().verify(&token, early),
        Err(TokenError::NotYetValid { from: NOW })
    );
}

#[test]
fn a10_a_later_expiry_in_the_header_does_not_lengthen_a_token() {
    let token = keys().mint(&claims());
    let longer = with_header(
        &token,
        &header_of(&token).replace("1767268800", "1999999999"),
    );
    assert_ne!(longer, token);
    assert_eq!(keys().verify(&longer, NOW), Err(TokenError::BadSignature));
    let mut endless = claims();
    endless.expires_at = EpochMillis(endless.issued_at.0);
    assert!(matches!(
        keys().verify(&keys().mint(&endless), NOW),
        Err(TokenError::Expired { .. })
    ));
}

#[test]
fn a02_a_token_cut_anywhere_is_refused() {
    let token = keys().mint(&claims());
    for end in 0..token.len() {
        let cut = &token[..end];
        assert!(keys().verify(cut, NOW).is_err(), "{end}");
        assert!(keys().verify(&token[end + 1..], NOW).is_err(), "{end}");
    }
    for longer in [
        format!("{token}A"),
        format!("{token}."),
        format!("{token}.A"),
        format!("{token}="),
    ] {
        assert!(keys().verify(&longer, NOW).is_err(), "{longer}");
    }
    assert_eq!(
        keys().verify(&"eyJ".repeat(100_000), NOW),
        Err(TokenError::Malformed)
    );
}

#[test]
fn a02_a_token_with_any_bit_changed_is_refused() {
    let token = keys().mint(&claims());
    for index in 0..token.len() {
        for bit in 0..7 {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            if changed.trim_ascii() != token {
                assert!(
                    keys().verify(&changed, NOW).is_err(),
                    "byte {index}, bit {bit}: {changed}"
                );
            }
        }
    }
}

#[test]
fn a01_blank_or_misshapen_keys_are_refused() {
    assert_eq!(
        TokenKey::new("k", &[0; 32]).unwrap_err(),
        TokenKeyError::BlankSecret("k".into())
    );
    assert_eq!(
        TokenKey::new("k", &[b' '; 32]).unwrap_err(),
        TokenKeyError::BlankSecret("k".into())
    );
    for bytes in [0, 16, 31, 33, 64] {
        let wrong = TokenKey::new("k", &vec![7; bytes]).unwrap_err();
        assert_eq!(
            wrong,
            TokenKeyError::WrongLength {
                id: "k".into(),
                bytes
            }
        );
    }
    let secret = *key("k", 3).secret();
    for id in ["", "a b", "a\"", "a.b", "ü", &"x".repeat(65)] {
        assert!(
            matches!(TokenKey::new(id, &secret), Err(TokenKeyError::BadId(_))),
            "{id}"
        );
    }
    assert_eq!(TokenKeys::new(vec![]).unwrap_err(), TokenKeyError::NoKeys);
    let twice = TokenKeys::new(vec![key("k", 1), key("j", 2), key("k", 3)]);
    assert_eq!(twice.unwrap_err(), TokenKeyError::DuplicateId("k".into()));
}

#[test]
fn new_keys_are_random_and_can_be_kept() {
    let made = TokenKey::generate("k").unwrap();
    assert_ne!(made.secret(), TokenKey::generate("k").unwrap().secret());
    let kept = TokenKey::new(made.id(), made.secret()).unwrap();
    let token = made.mint(&claims());
    assert_eq!(
        TokenKeys::new(vec![kept]).unwrap().verify(&token, NOW),
        Ok(claims())
    );
}

#[test]
fn o01_debug_output_of_keys_hides_their_secrets() {
    let shown = key("shown", 65);
    let text = format!(
        "{shown:?} {:?}",
        TokenKeys::new(vec![key("shown", 65)]).unwrap()
    );
    assert!(text.contains("shown"));
    assert!(
        !text.contains(&hex::encode(shown.secret())) && !text.contains("65, 72"),
        "{text}"
    );
}

proptest! {
    #[test]
    fn any_text_as_a_token_is_refused_without_a_panic(text in "\\PC*") {
        prop_assert!(keys().verify(&text, NOW).is_err());
    }

    #[test]
    fn any_claims_come_back_as_they_were(
        name in "\\PC{0,80}", session in proptest::option::of("\\PC{0,80}"), serial: u128, life_ms in 1..1_i64 << 40
    ) {
        let mut made = claims();
        made.principal.name = name;
        made.access_key = session;
        made.serial = serial;
        made.expires_at = NOW.plus_ms(life_ms);
        prop_assert_eq!(keys().verify(&keys().mint(&made), NOW), Ok(made));
    }
}
