//! Who asks: the signature of a request, checked against the access key it names.

use access::{Payload, RequestParts, Signature, SignatureError, VerifyInput};
use catalog::{Caller, Catalog};
use http::request;
use sha2::{Digest, Sha256};

use super::error::Refusal;

const SERVICE: &str = "codeartifact";

/// The marker of a body outside the signature. No operation here takes one.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What of the body there is while the signature is checked.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SentBody<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Nothing yet. Its declared hash is part of the signature, and whoever takes the bytes checks them against it.
    ToCome,
}

/// Checks a request's signature over all of it. In development mode everyone is the account's root, but a signature
/// that cannot be read is told all the same: it would fail everywhere else.
pub(crate) async fn authenticate(
    catalog: &Catalog,
    parts: &request::Parts,
    body: SentBody<'_>,
) -> Result<Caller, Refusal> {
    let headers = headers(parts);
    let request = RequestParts {
        method: parts.method.as_str(),
        raw_path: parts.uri.path(),
        raw_query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
    };
    let signature = Signature::read(&request)?;
    let settings = catalog.settings();
    if settings.dev {
        return Ok(Caller::root(settings.account.clone()));
    }
    let signature = signature.ok_or(SignatureError::MissingAuthenticationToken)?;
    if signature.payload_hash() == Some(UNSIGNED_PAYLOAD) {
        let message = "The body must be part of the signature: sign its SHA-256 instead of the marker \
            UNSIGNED-PAYLOAD.";
        return Err(SignatureError::Invalid(message.into()).into());
    }
    let id = signature.access_key_id();
    let key = if is_key_id(id) {
        catalog.find_access_key(id).await?
    } else {
        None
    };
    let key = key.filter(|key| key.active);
    let hash;
    let payload = match body {
        SentBody::Whole(body) => {
            hash = hex::encode(Sha256::digest(body));
            Payload::Known(&hash)
        }
        SentBody::ToCome => Payload::StreamedWithDeclaredHash,
    };
    // Without an active key the same work is done and refused.
    signature.verify(&VerifyInput {
        secret: key.as_ref().map(|key| key.secret.expose()),
        // Only long-term keys exist, and they have no session.
        session_token: None,
        payload,
        now: catalog.now(),
        service: SERVICE,
        region: Some(&settings.scope.region),
    })?;
    let key = key.ok_or(SignatureError::UnrecognizedClient)?;
    Ok(Caller::signed(key.principal.clone(), key.id.clone()))
}

/// The headers as the signature has them. HTTP/2 has the host in the target.
fn headers(parts: &request::Parts) -> Vec<(&str, &[u8])> {
    let mut headers: Vec<_> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .collect();
    if let Some(authority) = parts.uri.authority()
        && !parts.headers.contains_key(http::header::HOST)
    {
        headers.push(("host", authority.as_str().as_bytes()));
    }
    headers
}

/// What could be the id of an access key; anything else is not worth a look into the store.
fn is_key_id(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}
