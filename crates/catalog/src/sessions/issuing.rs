//! Making temporary credentials, and GetSessionToken.

use access::session::PACKED_LIMIT_BYTES;
use access::{AccessKeyId, SecretKey, Session, TemporaryCredentials};
use model::{EpochMillis, Error, Identity, InvalidReason, Principal, PrincipalKind, Result};

use super::SessionFailure;
use crate::failure::from_store;
use crate::identities::{Tag, check_identity_policy, check_tags, find_policy_document};
use crate::{Caller, Catalog};

/// The most that the policies of a session may take, as they are written.
const POLICIES_LIMIT: usize = 2_048;
const MOST_POLICY_ARNS: usize = 10;

/// What GetSessionToken gives when nothing is asked for.
const TOKEN_SECONDS: i64 = 43_200;
/// And to the root of an account, at most.
const ROOT_TOKEN_SECONDS: i64 = 3_600;

/// Temporary credentials, fresh.
#[derive(Debug)]
pub struct IssuedSession {
    /// The id of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret: SecretKey,
    /// What must go with every request.
    pub session_token: String,
    /// When they end.
    pub expires_at: EpochMillis,
    /// Who acts with them.
    pub identity: Identity,
    /// The id of that: the role's, and the session's name behind it.
    pub identity_id: String,
    /// How much of the room for policies and tags they take, in percent. None when there are neither.
    pub packed_percent: Option<usize>,
}

/// What a session is made with.
pub(super) struct Order {
    pub(super) principal: Principal,
    pub(super) principal_id: i64,
    pub(super) unique_id: String,
    pub(super) name: Option<String>,
    pub(super) policies: Vec<String>,
    pub(super) tags: Vec<Tag>,
    pub(super) transitive_tag_keys: Vec<String>,
    pub(super) access_key: Option<String>,
    pub(super) seconds: i64,
}

impl Catalog {
    pub(super) fn issue(&self, order: Order) -> Result<IssuedSession, SessionFailure> {
        let now = self.now();
        let session = Session {
            principal_id: order.principal_id,
            name: order.name,
            policies: order.policies,
            tags: order.tags,
            transitive_tag_keys: order.transitive_tag_keys,
            started_at: now,
        };
        let packed = session.packed_bytes();
        let percent = (packed * 100).div_ceil(PACKED_LIMIT_BYTES);
        if packed > PACKED_LIMIT_BYTES {
            return Err(SessionFailure::PackedPolicyTooLarge(percent));
        }
        let id = AccessKeyId::generate_temporary().map_err(Error::internal)?;
        let credentials = TemporaryCredentials {
            access_key_id: id.to_string(),
            secret: SecretKey::generate().map_err(Error::internal)?,
            principal: order.principal,
            session,
            access_key: order.access_key,
            expires_at: now.plus_ms(order.seconds * 1000),
        };
        let session_token = self.session_keys.seal(&credentials);
        let name = credentials.session.name;
        Ok(IssuedSession {
            identity_id: match &name {
                Some(name) => format!("{}:{name}", order.unique_id),
                None => order.unique_id,
            },
            access_key_id: credentials.access_key_id,
            secret: credentials.secret,
            expires_at: credentials.expires_at,
            identity: Identity {
                principal: credentials.principal,
                session: name,
            },
            session_token,
            packed_percent: (packed > 0).then_some(percent),
        })
    }

    /// Temporary credentials of a caller's own: the same rights, for a while. They end with the access key that asked.
    pub async fn get_session_token(
        &self,
        caller: &Caller,
        seconds: Option<i64>,
    ) -> Result<IssuedSession, SessionFailure> {
        if caller.session().is_some() {
            return Err(Error::access_denied(
                "Cannot call GetSessionToken with session credentials",
            )
            .into());
        }
        let is_root = caller.principal().kind == PrincipalKind::Root;
        let longest = if is_root {
            ROOT_TOKEN_SECONDS
        } else {
            i64::MAX
        };
        let rights = self.identity_rights(caller.principal()).await?;
        let principal_id = rights
            .row_id
            .ok_or_else(|| Error::access_denied("The caller is not there any more."))?;
        self.issue(Order {
            principal: caller.principal().clone(),
            principal_id,
            unique_id: rights.unique_id.clone(),
            name: None,
            policies: Vec::new(),
            tags: Vec::new(),
            transitive_tag_keys: Vec::new(),
            access_key: caller.long_term_key().map(str::to_owned),
            seconds: seconds.unwrap_or(TOKEN_SECONDS).min(longest),
        })
    }

    /// The documents of the policies that a session is narrowed with: one that was sent, and managed ones by ARN. They
    /// become part of the session: a later change of a managed one does not change it.
    pub(super) async fn session_policies(
        &self,
        account: &model::AccountId,
        inline: Option<&str>,
        arns: &[String],
    ) -> Result<Vec<String>, SessionFailure> {
        let malformed = |error: Error| SessionFailure::MalformedPolicy(error.message);
        if arns.len() > MOST_POLICY_ARNS {
            return Err(invalid(format!(
                "At most {MOST_POLICY_ARNS} policy ARNs can be passed, and {} were.",
                arns.len()
            ))
            .into());
        }
        let mut policies = Vec::new();
        if let Some(document) = inline {
            check_identity_policy(document, POLICIES_LIMIT).map_err(malformed)?;
            policies.push(compact(document));
        }
        if !arns.is_empty() {
            let mut reader = self.store.read().await.map_err(from_store)?;
            let own = format!("arn:aws:iam::{account}:policy/");
            for arn in arns {
                let is_near = arn.starts_with(&own) || arn.starts_with("arn:aws:iam::aws:");
                let found = find_policy_document(&mut reader, arn).await?;
                let Some(document) = found.filter(|_| is_near) else {
                    return Err(invalid(format!(
                        "The policy {arn} is not in the account of the role."
                    ))
                    .into());
                };
                policies.push(compact(&document));
            }
        }
        Ok(policies)
    }
}

/// A document without white space. What cannot be read was refused before.
fn compact(document: &str) -> String {
    serde_json::from_str::<serde_json::Value>(document)
        .map_or_else(|_| document.to_owned(), |value| value.to_string())
}

/// Checks the tags of a session.
pub(super) fn check_session_tags(tags: &[Tag]) -> Result<(), SessionFailure> {
    check_tags(tags).map_err(SessionFailure::Other)
}

pub(super) fn invalid(message: String) -> Error {
    Error::invalid(InvalidReason::FieldValidation, message)
}
