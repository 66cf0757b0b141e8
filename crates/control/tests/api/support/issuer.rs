//! An identity provider of one test: publishes keys, makes tokens with them, and misbehaves on demand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::NOW;

/// What the provider answers to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// The truth.
    Honest,
    /// A failure.
    Broken,
    /// A discovery document of another issuer.
    Impostor,
    /// A discovery document that points to a cloud's metadata service.
    Aiming,
    /// Megabytes.
    Endless,
}

struct State {
    keys: Vec<(String, EcdsaKeyPair)>,
    mood: Mood,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
    fetches: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

fn new_key() -> EcdsaKeyPair {
    let (random, algorithm) = (SystemRandom::new(), &ECDSA_P256_SHA256_FIXED_SIGNING);
    let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap()
}

impl State {
    fn answer(&self, url: &str, path: &str) -> (u16, String) {
        let discovery = |issuer: &str, keys: &str| {
            let document = json!({ "issuer": issuer, "jwks_uri": keys });
            (200, document.to_string())
        };
        let is_discovery = path.ends_with("/.well-known/openid-configuration");
        match self.mood {
            Mood::Broken => (500, "{}".into()),
            Mood::Endless => (200, " ".repeat(1 << 20)),
            Mood::Impostor if is_discovery => {
                discovery("https://id.example", &format!("{url}/keys"))
            }
            Mood::Aiming if is_discovery => discovery(url, "http://169.254.169.254/keys"),
            _ if is_discovery => discovery(url, &format!("{url}/keys")),
            _ => {
                let keys: Vec<Value> = self
                    .keys
                    .iter()
                    .map(|(id, pair)| public(id, pair))
                    .collect();
                (200, json!({ "keys": keys }).to_string())
            }
        }
    }
}

fn public(id: &str, pair: &EcdsaKeyPair) -> Value {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id,
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/realm", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State {
            keys: vec![("one".into(), new_key())],
            mood: Mood::Honest,
        }));
        let fetches = Arc::new(AtomicUsize::new(0));
        let (shared, counter, base) = (Arc::clone(&state), Arc::clone(&fetches), url.clone());
        let accepting = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(stream.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                let path = head.split(' ').nth(1).unwrap();
                let (status, body) = shared.lock().unwrap().answer(&base, path);
                counter.fetch_add(1, Ordering::SeqCst);
                let reply = format!(
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
                // A client that has read enough goes away.
                let _ = stream.write_all(reply.as_bytes()).await;
            }
        });
        Self {
            url,
            state,
            fetches,
            accepting,
        }
    }

    /// How many documents were fetched.
    pub(crate) fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    pub(crate) fn set_mood(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Begins to use a new key in the place of all others.
    pub(crate) fn rotate(&self, id: &str) {
        self.state.lock().unwrap().keys = vec![(id.into(), new_key())];
    }

    /// A token like a CI system's, with these claims changed; null takes one away.
    pub(crate) fn token(&self, changes: &Value) -> String {
        let state = self.state.lock().unwrap();
        let (id, pair) = &state.keys[0];
        self.token_by(id, pair, changes)
    }

    /// The same, by a key that the provider does not publish.
    pub(crate) fn forged_token(&self, id: &str) -> String {
        self.token_by(id, &new_key(), &json!({}))
    }

    fn token_by(&self, id: &str, pair: &EcdsaKeyPair, changes: &Value) -> String {
        let seconds = NOW.0 / 1000;
        let mut claims = json!({
            "iss": self.url, "sub": "repo:acme/app:ref:refs/heads/main", "aud": "sts.example",
            "iat": seconds, "exp": seconds + 100_000, "repository_id": "42", "ref": "refs/heads/main",
        });
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                claims.as_object_mut().unwrap().shift_remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "alg": "ES256", "kid": id, "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = pair.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}
