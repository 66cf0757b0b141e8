//! Who asks: the signature of a request, checked against the access key it names.

use std::sync::Arc;

use access::{Payload, RequestParts, Signature, SignatureError, VerifyInput};
use catalog::{AccessKey, Caller, Catalog, OpenedSession};
use http::request;
use sha2::{Digest, Sha256};

use super::error::Refusal;

/// What a request must have been signed for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    service: &'static str,
    /// Clients ask the security token service in one region for all.
    any_region: bool,
}

impl Scope {
    pub(crate) const API: Self = Self {
        service: "codeartifact",
        any_region: false,
    };
    pub(crate) const STS: Self = Self {
        service: "sts",
        any_region: true,
    };
}

/// What proves who signed.
enum Proof {
    Key(Arc<AccessKey>),
    Session(Arc<OpenedSession>),
}

impl Proof {
    fn secret(&self) -> &str {
        match self {
            Self::Key(key) => key.secret.expose(),
            Self::Session(session) => session.secret(),
        }
    }
}

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
    scope: Scope,
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
    let proof = find_proof(catalog, &signature).await?;
    let token = signature.session_token();
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
        secret: proof.as_ref().map(Proof::secret),
        session_token: match proof {
            Some(Proof::Session(_)) => token,
            Some(Proof::Key(_)) | None => None,
        },
        payload,
        now: catalog.now(),
        service: scope.service,
        region: (!scope.any_region).then_some(settings.scope.region.as_str()),
    })?;
    match proof {
        None => Err(SignatureError::UnrecognizedClient.into()),
        Some(Proof::Key(key)) => Ok(Caller::signed(key.principal.clone(), key.id.clone())),
        Some(Proof::Session(session)) => {
            if session.has_ended(catalog.now()) {
                return Err(SignatureError::ExpiredToken.into());
            }
            let caller = catalog.session_caller(&session).await?;
            caller.ok_or_else(|| SignatureError::UnrecognizedClient.into())
        }
    }
}

/// The key that a request is said to be signed with: an active one of its id, or one inside of its session token.
async fn find_proof(
    catalog: &Catalog,
    signature: &Signature<'_>,
) -> Result<Option<Proof>, Refusal> {
    let id = signature.access_key_id();
    if let Some(token) = signature.session_token() {
        let session = catalog.open_session(token);
        let own = session.filter(|session| session.access_key_id() == id);
        return Ok(own.map(Proof::Session));
    }
    if !is_key_id(id) {
        return Ok(None);
    }
    let key = catalog.find_access_key(id).await?;
    Ok(key.filter(|key| key.active).map(Proof::Key))
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
