//! From a canonical request to its signature.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::ALGORITHM;

/// The end of every credential scope.
pub(super) const TERMINATOR: &str = "aws4_request";

/// What a signature is good for.
pub(super) struct Scope<'a> {
    pub(super) date: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) terminator: &'a str,
}

/// The text whose HMAC is the signature.
pub(super) fn string_to_sign(scope: &Scope<'_>, signed_at: &str, canonical: &[u8]) -> String {
    let Scope {
        date,
        region,
        service,
        terminator,
    } = scope;
    let mut digest = [0; 64];
    hex::encode_to_slice(Sha256::digest(canonical), &mut digest)
        .expect("64 characters for 32 bytes");
    let digest = std::str::from_utf8(&digest).expect("hex is text");
    format!("{ALGORITHM}\n{signed_at}\n{date}/{region}/{service}/{terminator}\n{digest}")
}

/// The signature of a canonical request.
pub(super) fn signature(
    secret: &str,
    scope: &Scope<'_>,
    signed_at: &str,
    canonical: &[u8],
) -> [u8; 32] {
    let mut first = Vec::with_capacity(4 + secret.len());
    first.extend_from_slice(b"AWS4");
    first.extend_from_slice(secret.as_bytes());
    let key = hmac(&first, scope.date.as_bytes());
    let key = hmac(&key, scope.region.as_bytes());
    let key = hmac(&key, scope.service.as_bytes());
    let key = hmac(&key, scope.terminator.as_bytes());
    hmac(&key, string_to_sign(scope, signed_at, canonical).as_bytes())
}

/// Equality in time that does not depend on where the two differ.
pub(super) fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.chain_update(text).finalize().into_bytes().into()
}
