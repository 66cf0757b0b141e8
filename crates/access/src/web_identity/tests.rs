//! The signed tokens and public keys of `testdata` were made once, by another implementation; their private keys were
//! not kept. The claims in them are those of [`claims`].

use proptest::prelude::*;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use super::*;

const NOW: EpochMillis = EpochMillis(1_767_225_600_123);
const ISSUER: &str = "https://id.example/ci";
const SUBJECT: &str = "repo:acme/app:ref:refs/heads/main";
const SIGNED: &str = include_str!("testdata/signed_tokens.json");

fn audiences() -> Vec<String> {
    vec!["other.example".into(), "sts.example".into()]
}

fn check(token: &str, keys: &KeySet) -> Result<WebIdentity, WebIdentityError> {
    check_at(token, keys, NOW)
}

fn check_at(token: &str, keys: &KeySet, now: EpochMillis) -> Result<WebIdentity, WebIdentityError> {
    let audiences = audiences();
    let expected = Expected {
        issuer: ISSUER,
        audiences: &audiences,
        now,
    };
    WebIdentityToken::read(token)?.verify(keys, &expected)
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "sub": SUBJECT, "aud": "sts.example",
        "iat": 1_767_225_500, "nbf": 1_767_225_500, "exp": 1_767_225_900,
    })
}

/// A provider of this test alone.
struct Provider(EcdsaKeyPair);

impl Provider {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    fn key(&self, id: &str) -> Value {
        let point = self.0.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        json!({ "kty": "EC", "kid": id, "crv": "P-256", "use": "sig", "alg": "ES256",
            "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
    }

    fn keys(&self) -> KeySet {
        key_set(&[self.key("one")])
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self
            .0
            .sign(&SystemRandom::new(), signed.as_bytes())
            .unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A token that is right but for these claims; null takes one away.
    fn with(&self, changes: &Value) -> String {
        let mut all = claims();
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        let all = all.as_object().unwrap().clone();
        let kept: Map<_, _> = all.into_iter().filter(|(_, v)| !v.is_null()).collect();
        self.token(&header(), &Value::Object(kept))
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "one", "typ": "JWT" })
}

fn key_set(keys: &[Value]) -> KeySet {
    KeySet::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

#[test]
fn tokens_signed_by_another_implementation_are_taken_and_changed_ones_are_not() {
    let all: Value = serde_json::from_str(SIGNED).unwrap();
    let keys = KeySet::read(all["keys"].to_string().as_bytes()).unwrap();
    let tokens = all["tokens"].as_object().unwrap();
    assert_eq!(tokens.len(), 8);
    for (algorithm, token) in tokens {
        let token = token.as_str().unwrap();
        let identity = check(token, &keys).unwrap();
        assert_eq!(identity.subject, SUBJECT, "{algorithm}");
        assert_eq!(identity.audience, "sts.example");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[7] ^= 1;
        let changed = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(check(&changed, &keys), Err(WebIdentityError::BadSignature));
        // Under another name of an algorithm it is another signature.
        for other in tokens.keys().filter(|other| *other != algorithm) {
            let json = format!(r#"{{"alg":"{other}","typ":"JWT"}}"#);
            let (_, rest) = token.split_once('.').unwrap();
            let renamed = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(json));
            assert!(check(&renamed, &keys).is_err(), "{algorithm} as {other}");
        }
    }
}

#[test]
fn claims_become_condition_keys_under_the_providers_name() {
    let all: Value = serde_json::from_str(SIGNED).unwrap();
    let keys = KeySet::read(all["keys"].to_string().as_bytes()).unwrap();
    let identity = check(all["tokens"]["RS256"].as_str().unwrap(), &keys).unwrap();
    let found = identity.condition_keys();
    let values = |name: &str| {
        let key = format!("id.example/ci:{name}");
        let mut all = found.iter().filter(|(found, _)| *found == key);
        let values = all.next().map(|(_, values)| values.clone());
        assert!(all.next().is_none(), "{name} is there twice");
        values
    };
    assert_eq!(values("sub"), Some(vec![SUBJECT.into()]));
    assert_eq!(values("aud"), Some(vec!["sts.example".into()]));
    assert_eq!(values("repository_id"), Some(vec!["42".into()]));
    assert_eq!(values("groups"), Some(vec!["a".into(), "b".into()]));
    assert_eq!(values("verified"), Some(vec!["true".into()]));
    assert_eq!(values("nested"), None);

    let provider = Provider::new();
    let token = provider.with(&json!({ "azp": "client", "oaud": "forged" }));
    let found = check(&token, &provider.keys()).unwrap().condition_keys();
    let pair = |name: &str, value: &str| (format!("id.example/ci:{name}"), vec![value.to_owned()]);
    assert!(found.contains(&pair("aud", "client")), "{found:?}");
    assert!(found.contains(&pair("oaud", "sts.example")), "{found:?}");
    assert!(!found.contains(&pair("oaud", "forged")), "{found:?}");
}

#[test]
fn a02_a16_only_signatures_with_the_providers_public_keys_are_taken() {
    let (provider, other) = (Provider::new(), Provider::new());
    let keys = provider.keys();
    assert!(check(&provider.with(&json!({})), &keys).is_ok());
    assert_eq!(
        check(&other.with(&json!({})), &keys),
        Err(WebIdentityError::BadSignature)
    );
    for algorithm in [
        "none", "None", "HS256", "HS512", "es256", "ES512", "", "EdDSA",
    ] {
        let token = provider.token(&json!({ "alg": algorithm, "kid": "one" }), &claims());
        let error = check(&token, &keys).unwrap_err();
        assert_eq!(error, WebIdentityError::Algorithm(algorithm.into()));
    }
    // Without a signature at all.
    let token = provider.token(&json!({ "alg": "ES256", "kid": "one" }), &claims());
    let bare = format!("{}.", token.rsplit_once('.').unwrap().0);
    assert_eq!(check(&bare, &keys), Err(WebIdentityError::BadSignature));
    // A key that the token brings along, or points to, is not looked at.
    let header = json!({ "alg": "ES256", "kid": "theirs", "jwk": other.key("theirs"),
        "jku": "https://evil.example/keys", "x5u": "https://evil.example/chain", "x5c": ["AAAA"] });
    assert_eq!(
        check(&other.token(&header, &claims()), &keys),
        Err(WebIdentityError::UnknownKey)
    );
    let header = json!({ "alg": "ES256", "kid": "one", "crit": ["exp"] });
    assert!(check(&provider.token(&header, &claims()), &keys).is_err());
}

#[test]
fn keys_are_chosen_by_id_and_only_for_what_they_are_for() {
    let (first, second) = (Provider::new(), Provider::new());
    let both = key_set(&[first.key("one"), second.key("two")]);
    let token = second.token(&json!({ "alg": "ES256", "kid": "two" }), &claims());
    assert!(check(&token, &both).is_ok());
    let token = second.token(&json!({ "alg": "ES256" }), &claims());
    assert!(
        check(&token, &both).is_ok(),
        "without an id any key may fit"
    );
    let token = second.token(&json!({ "alg": "ES256", "kid": "one" }), &claims());
    assert_eq!(check(&token, &both), Err(WebIdentityError::BadSignature));
    let mut sealing = first.key("one");
    sealing["use"] = "enc".into();
    let mut deriving = first.key("one");
    deriving["key_ops"] = json!(["deriveKey"]);
    for bad in [
        json!({ "keys": [sealing, deriving] }),
        json!({ "keys": [] }),
        json!({ "keys": [{ "kty": "oct", "k": "AAAA" }, { "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }, 7] }),
        json!({}),
        json!([]),
    ] {
        assert!(KeySet::read(bad.to_string().as_bytes()).is_err(), "{bad}");
    }
    let mut rsa_only = first.key("one");
    rsa_only["alg"] = "RS256".into();
    let token = first.with(&json!({}));
    assert_eq!(
        check(&token, &key_set(&[rsa_only])),
        Err(WebIdentityError::UnknownKey)
    );
}

#[test]
fn a16_wrong_issuers_audiences_and_missing_claims_are_refused() {
    let provider = Provider::new();
    let keys = provider.keys();
    let refused = |changes: Value| check(&provider.with(&changes), &keys).unwrap_err();
    for issuer in [
        "https://id.example/ci/",
        "https://id.example",
        "https://id.example/CI",
        "http://id.example/ci",
        "https://id.example/ci.evil",
    ] {
        assert_eq!(refused(json!({ "iss": issuer })), WebIdentityError::Issuer);
    }
    for audience in [
        json!("sts.example.evil"),
        json!("sts"),
        json!(["x", "STS.example"]),
    ] {
        let error = refused(json!({ "aud": audience }));
        assert!(matches!(error, WebIdentityError::Audience(_)), "{error}");
    }
    assert!(
        check(
            &provider.with(&json!({ "aud": ["x", "sts.example"] })),
            &keys
        )
        .is_ok()
    );
    for name in ["iss", "sub", "aud", "exp", "iat"] {
        for value in [Value::Null, json!({})] {
            let error = refused(json!({ name: value }));
            assert_eq!(error, WebIdentityError::Claim(name), "{value}");
        }
    }
    assert_eq!(refused(json!({ "sub": 7 })), WebIdentityError::Claim("sub"));
    let kind = json!({ "alg": "ES256", "kid": "one", "typ": "at+jwt" });
    assert!(check(&provider.token(&kind, &claims()), &keys).is_err());
}

#[test]
fn a06_a16_tokens_of_the_past_and_of_the_future_are_refused() {
    let provider = Provider::new();
    let (keys, token) = (provider.keys(), provider.with(&json!({})));
    let end = EpochMillis(1_767_225_900_000);
    assert!(check_at(&token, &keys, EpochMillis(end.0 - 1)).is_ok());
    assert_eq!(
        check_at(&token, &keys, end),
        Err(WebIdentityError::Expired(end))
    );
    let begin = EpochMillis(1_767_225_500_000);
    assert!(check_at(&token, &keys, begin.plus_ms(-60_000)).is_ok());
    assert_eq!(
        check_at(&token, &keys, begin.plus_ms(-60_001)),
        Err(WebIdentityError::NotYetValid(begin))
    );
    let later = provider.with(&json!({ "nbf": 1_767_225_700 }));
    assert!(matches!(
        check(&later, &keys),
        Err(WebIdentityError::NotYetValid(_))
    ));
    let forever = provider.with(&json!({ "exp": 1e300 }));
    assert!(check(&forever, &keys).is_ok(), "and does not overflow");
}

#[test]
fn the_discovery_document_must_be_the_issuers_own() {
    let document =
        |issuer: &str| json!({ "issuer": issuer, "jwks_uri": "https://id.example/k" }).to_string();
    let read = |text: &str| read_discovery(text.as_bytes(), ISSUER);
    assert_eq!(read(&document(ISSUER)).unwrap(), "https://id.example/k");
    for bad in [
        document("https://id.example/ci/"),
        "{}".into(),
        "<html>".into(),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_reading_panic(text in ".{0,200}", parts in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        let _ = WebIdentityToken::read(&text);
        prop_assert!(WebIdentityToken::read(&parts).is_err());
    }
}
