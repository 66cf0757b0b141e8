//! What is inside a session token. Names are short, because every request carries them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{AccountId, EpochMillis, Principal, PrincipalKind};
use serde::{Deserialize, Serialize};

use super::{Session, TemporaryCredentials};
use crate::secret::SecretKey;

/// The one version of the layout.
const VERSION: u8 = 1;
const USE: &str = "session";

/// The header says which key to try, and nothing else.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    ver: u8,
    r#use: String,
    kid: String,
}

pub(super) fn write_header(key_id: &str) -> String {
    let header = Header {
        ver: VERSION,
        r#use: USE.into(),
        kid: key_id.into(),
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).expect("strings always have a JSON form"))
}

pub(super) fn read_key_id(header: &str) -> Option<String> {
    let json = URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: Header = serde_json::from_slice(&json).ok()?;
    (header.ver == VERSION && header.r#use == USE).then_some(header.kid)
}

/// A session as it is sealed, in session tokens and in authorization tokens.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SessionDocument {
    #[serde(rename = "i")]
    principal_id: i64,
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(rename = "l", default, skip_serializing_if = "Vec::is_empty")]
    policies: Vec<String>,
    #[serde(rename = "t", default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<(String, String)>,
    #[serde(rename = "v", default, skip_serializing_if = "Vec::is_empty")]
    transitive_tag_keys: Vec<String>,
    #[serde(rename = "b")]
    started_at_ms: i64,
}

impl SessionDocument {
    pub(crate) fn of(session: &Session) -> Self {
        Self {
            principal_id: session.principal_id,
            name: session.name.clone(),
            policies: session.policies.clone(),
            tags: session.tags.clone(),
            transitive_tag_keys: session.transitive_tag_keys.clone(),
            started_at_ms: session.started_at.0,
        }
    }

    pub(crate) fn read(self) -> Session {
        Session {
            principal_id: self.principal_id,
            name: self.name,
            policies: self.policies,
            tags: self.tags,
            transitive_tag_keys: self.transitive_tag_keys,
            started_at: EpochMillis(self.started_at_ms),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "k")]
    access_key_id: String,
    #[serde(rename = "x")]
    secret: String,
    #[serde(rename = "a")]
    account: String,
    #[serde(rename = "p")]
    kind: String,
    #[serde(rename = "n")]
    name: String,
    #[serde(rename = "q")]
    session: SessionDocument,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    access_key: Option<String>,
    #[serde(rename = "e")]
    expires_at_ms: i64,
}

pub(super) fn write(credentials: &TemporaryCredentials) -> Vec<u8> {
    let document = Document {
        access_key_id: credentials.access_key_id.clone(),
        secret: credentials.secret.expose().to_owned(),
        account: credentials.principal.account.to_string(),
        kind: credentials.principal.kind.as_str().into(),
        name: credentials.principal.name.clone(),
        session: SessionDocument::of(&credentials.session),
        access_key: credentials.access_key.clone(),
        expires_at_ms: credentials.expires_at.0,
    };
    serde_json::to_vec(&document).expect("strings and numbers always have a JSON form")
}

pub(super) fn read(json: &[u8]) -> Option<TemporaryCredentials> {
    let document: Document = serde_json::from_slice(json).ok()?;
    Some(TemporaryCredentials {
        access_key_id: document.access_key_id,
        secret: SecretKey::from_stored(document.secret),
        principal: Principal {
            account: AccountId::parse(&document.account).ok()?,
            kind: PrincipalKind::parse(&document.kind)?,
            name: document.name,
        },
        session: document.session.read(),
        access_key: document.access_key,
        expires_at: EpochMillis(document.expires_at_ms),
    })
}
