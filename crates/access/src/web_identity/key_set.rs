//! The public keys of a provider, and which signatures they check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;

use super::WebIdentityError;

/// Providers have a handful of keys.
const MOST_KEYS: usize = 100;

/// Where a provider's keys are, by its discovery document. The document must be about the very issuer.
pub fn read_discovery(document: &[u8], issuer: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Discovery {
        issuer: String,
        jwks_uri: String,
    }
    let found: Discovery = serde_json::from_slice(document)
        .map_err(|error| format!("its discovery document cannot be read: {error}"))?;
    if found.issuer == issuer {
        Ok(found.jwks_uri)
    } else {
        Err("its discovery document is about another issuer".into())
    }
}

/// The keys of a provider.
#[derive(Debug, Clone, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Debug, Clone)]
struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, where the set says so.
    algorithm: Option<String>,
    material: Material,
}

#[derive(Debug, Clone)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// An uncompressed point.
    P256(Vec<u8>),
    P384(Vec<u8>),
}

/// A key as the set spells it (RFC 7517). What is not for checking signatures is passed over.
#[derive(Deserialize)]
struct Spelled {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Spelled {
    fn read(self) -> Option<Key> {
        if self.r#use.is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        if self
            .key_ops
            .is_some_and(|uses| uses.iter().all(|one| one != "verify"))
        {
            return None;
        }
        let bytes = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?.trim_end_matches('=')).ok();
        let point = |x: Option<String>, y: Option<String>, length: usize| {
            let (x, y) = (bytes(x)?, bytes(y)?);
            (x.len() == length && y.len() == length).then(|| [&[4], &*x, &*y].concat())
        };
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Material::Rsa {
                n: without_leading_zeros(&bytes(self.n)?),
                e: without_leading_zeros(&bytes(self.e)?),
            },
            ("EC", Some("P-256")) => Material::P256(point(self.x, self.y, 32)?),
            ("EC", Some("P-384")) => Material::P384(point(self.x, self.y, 48)?),
            _ => return None,
        };
        Some(Key {
            id: self.kid,
            algorithm: self.alg,
            material,
        })
    }
}

fn without_leading_zeros(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

/// How a key of a kind checks a signature, by the name of the algorithm. Names of symmetric algorithms, `none`, and
/// whatever else are not in the list.
fn rsa(algorithm: &str) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        "RS256" => &signature::RSA_PKCS1_2048_8192_SHA256,
        "RS384" => &signature::RSA_PKCS1_2048_8192_SHA384,
        "RS512" => &signature::RSA_PKCS1_2048_8192_SHA512,
        "PS256" => &signature::RSA_PSS_2048_8192_SHA256,
        "PS384" => &signature::RSA_PSS_2048_8192_SHA384,
        "PS512" => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

impl Key {
    /// `None` when the key is not one for the algorithm.
    fn check(&self, algorithm: &str, signed: &[u8], bytes: &[u8]) -> Option<bool> {
        if self.algorithm.as_ref().is_some_and(|own| own != algorithm) {
            return None;
        }
        let outcome = match (&self.material, algorithm) {
            (Material::Rsa { n, e }, _) => {
                RsaPublicKeyComponents { n, e }.verify(rsa(algorithm)?, signed, bytes)
            }
            (Material::P256(point), "ES256") => {
                UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
                    .verify(signed, bytes)
            }
            (Material::P384(point), "ES384") => {
                UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point)
                    .verify(signed, bytes)
            }
            _ => return None,
        };
        Some(outcome.is_ok())
    }
}

impl KeySet {
    /// Reads a key set. Keys of kinds that are not known are passed over.
    pub fn read(document: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Document {
            keys: Vec<Value>,
        }
        let document: Document = serde_json::from_slice(document)
            .map_err(|error| format!("its key set cannot be read: {error}"))?;
        let keys = document.keys.into_iter().take(MOST_KEYS);
        let read = |key| serde_json::from_value::<Spelled>(key).ok()?.read();
        let keys: Vec<Key> = keys.filter_map(read).collect();
        if keys.is_empty() {
            return Err("its key set has no key that checks signatures".into());
        }
        Ok(Self(keys))
    }

    /// Checks a signature with the key that the header names; without a name, with any key for the algorithm.
    pub(super) fn check(
        &self,
        algorithm: &str,
        key_id: Option<&str>,
        signed: &[u8],
        bytes: &[u8],
    ) -> Result<(), WebIdentityError> {
        if rsa(algorithm).is_none() && !matches!(algorithm, "ES256" | "ES384") {
            let name = algorithm.chars().filter(|c| !c.is_control()).take(20);
            return Err(WebIdentityError::Algorithm(name.collect()));
        }
        let mut tried = self
            .0
            .iter()
            .filter(|key| key_id.is_none() || key.id.as_deref() == key_id)
            .filter_map(|key| key.check(algorithm, signed, bytes))
            .peekable();
        if tried.peek().is_none() {
            return Err(WebIdentityError::UnknownKey);
        }
        if tried.any(|good| good) {
            Ok(())
        } else {
            Err(WebIdentityError::BadSignature)
        }
    }
}
