use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, DomainName, PrincipalKind};

use super::*;
use crate::token::{TokenClaims, TokenError, TokenKey};

const NOW: EpochMillis = EpochMillis(1_767_225_600_123);

fn token_keys(ids: &[(&str, u8)]) -> TokenKeys {
    let key = |(id, seed): &(&str, u8)| {
        let secret: Vec<u8> = (0..32).map(|i| seed.wrapping_add(i * 7)).collect();
        TokenKey::new(*id, &secret).unwrap()
    };
    TokenKeys::new(ids.iter().map(key).collect()).unwrap()
}

fn keys() -> SessionKeys {
    SessionKeys::of(&token_keys(&[("new", 1), ("old", 2)]))
}

fn credentials() -> TemporaryCredentials {
    TemporaryCredentials {
        access_key_id: "ASIAEXAMPLE".into(),
        secret: SecretKey::from_stored("wJalrXUtnFEMI".into()),
        principal: Principal {
            account: AccountId::parse("111122223333").unwrap(),
            kind: PrincipalKind::Role,
            name: "team/ci".into(),
        },
        session: Session {
            principal_id: 7,
            name: Some("build-7".into()),
            policies: vec![r#"{"Version":"2012-10-17","Statement":[]}"#.into()],
            tags: vec![("team".into(), "a \"b\"".into())],
            transitive_tag_keys: vec!["team".into()],
            started_at: NOW,
        },
        access_key: Some("AKIAEXAMPLE".into()),
        expires_at: NOW.plus_ms(900_000),
    }
}

#[test]
fn a_session_token_says_what_it_was_made_with_on_any_node() {
    let token = keys().seal(&credentials());
    let opened = keys().open(&token).unwrap();
    let made = credentials();
    assert_eq!(opened.access_key_id, made.access_key_id);
    assert!(opened.secret.matches(made.secret.expose()));
    assert_eq!(opened.principal, made.principal);
    assert_eq!(opened.session, made.session);
    assert_eq!(
        (opened.access_key, opened.expires_at),
        (made.access_key, made.expires_at)
    );
    let only_old = SessionKeys::of(&token_keys(&[("old", 2)]));
    assert_eq!(only_old.open(&token).unwrap_err(), SessionError::UnknownKey);
    let newer = SessionKeys::of(&token_keys(&[("newer", 3), ("new", 1)]));
    assert!(newer.open(&token).is_ok());
}

#[test]
fn nothing_of_a_session_can_be_read_from_its_token() {
    let token = keys().seal(&credentials());
    let decoded: Vec<u8> = token
        .split('.')
        .flat_map(|part| URL_SAFE_NO_PAD.decode(part).unwrap())
        .collect();
    for secret in ["wJalr", "111122223333", "build-7", "Version", "ASIA"] {
        let found = decoded
            .windows(secret.len())
            .any(|window| window == secret.as_bytes());
        assert!(!found, "{secret}");
    }
    assert!(!format!("{:?} {:?}", credentials(), keys()).contains("wJalr"));
}

#[test]
fn a02_a_session_token_changed_anywhere_is_refused() {
    let token = keys().seal(&credentials());
    for at in 0..token.len() {
        let mut changed = token.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        assert!(keys().open(&changed).is_err(), "changed at {at}");
        assert!(keys().open(&token[..at]).is_err(), "cut at {at}");
    }
    for bad in ["", ".", "..", "a.b.c", &"a".repeat(10_000)] {
        assert_eq!(keys().open(bad).unwrap_err(), SessionError::Malformed);
    }
}

#[test]
fn a03_neither_kind_of_token_is_taken_for_the_other() {
    let all = token_keys(&[("new", 1)]);
    let keys = SessionKeys::of(&all);
    let made = credentials();
    let claims = TokenClaims {
        principal: made.principal.clone(),
        domain_owner: made.principal.account.clone(),
        domain: DomainName::parse("acme").unwrap(),
        issued_at: NOW,
        expires_at: made.expires_at,
        access_key: None,
        session: Some(made.session.clone()),
        serial: 1,
    };
    let (authorization, session) = (all.mint(&claims), keys.seal(&made));
    assert!(keys.open(&authorization).is_err());
    assert!(all.verify(&session, NOW).is_err());
    // Not even behind the other's header, which is only a hint.
    let swap = |header: &str, body: &str| {
        let (header, _) = header.split_once('.').unwrap();
        let (_, body) = body.split_once('.').unwrap();
        format!("{header}.{body}")
    };
    assert_eq!(
        keys.open(&swap(&session, &authorization)).unwrap_err(),
        SessionError::NotGenuine
    );
    assert_eq!(
        all.verify(&swap(&authorization, &session), NOW),
        Err(TokenError::BadSignature)
    );
}

#[test]
fn a_token_with_the_largest_session_still_fits() {
    let mut made = credentials();
    made.session.policies = vec!["\"".repeat(2048)];
    made.session.tags = vec![("k".repeat(128), "v".repeat(256)); 2];
    assert!(made.session.packed_bytes() <= PACKED_LIMIT_BYTES);
    let token = keys().seal(&made);
    assert!(token.len() < TOKEN_MAX_BYTES, "{}", token.len());
    assert_eq!(keys().open(&token).unwrap().session, made.session);
}
