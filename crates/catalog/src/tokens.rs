//! Authorization tokens: minted over the API, presented by package managers.

use std::sync::Arc;

use access::{TokenClaims, TokenError, TokenLifetime};
use model::{Action, DomainRef, EpochMillis, Error, Identity, Result};
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::failure::from_store;
use crate::repository_view::domain_not_found;
use crate::sessions::{CallerSession, session_is_gone};
use crate::{Caller, Catalog, RequestDetails, Target};

/// A token and when it ends.
#[derive(Debug, Clone)]
pub struct AuthorizationToken {
    /// The token. Secret.
    pub token: String,
    /// When it ends.
    pub expires_at: EpochMillis,
}

/// Tokens remembered after they were opened.
const OPENED: usize = 4096;

/// What was found in tokens when they were opened, by their SHA-256: a token's contents cannot change, so opening it
/// once is enough. Whether it has expired, and what its principal may do, is asked every time.
#[derive(Debug)]
pub(crate) struct OpenedTokens(Cache<[u8; 32], Arc<Opened>>);

#[derive(Debug)]
struct Opened {
    claims: TokenClaims,
    identity: Arc<Identity>,
    session: Option<Arc<CallerSession>>,
}

impl Default for OpenedTokens {
    fn default() -> Self {
        Self(Cache::new(OPENED))
    }
}

impl Catalog {
    /// Allows or denies a token that lives so long, whatever it is for: a right of the security token service.
    pub async fn allow_bearer_token(&self, caller: &Caller, lifetime: TokenLifetime) -> Result<()> {
        let now = self.now();
        let seconds = (token_end(caller, now, lifetime)?.0 - now.0) / 1000;
        let details = RequestDetails {
            other: &[
                ("sts:awsservicename", "codeartifact.amazonaws.com"),
                ("sts:durationseconds", &seconds.to_string()),
            ],
            ..RequestDetails::default()
        };
        let action = Action::GET_SERVICE_BEARER_TOKEN;
        self.allow_request(caller, action, Target::Any, &details)
            .await
    }

    /// Mints a token for a domain.
    pub async fn create_authorization_token(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        lifetime: TokenLifetime,
    ) -> Result<AuthorizationToken> {
        let issued_at = self.now();
        let session = caller.session();
        let expires_at = token_end(caller, issued_at, lifetime)?;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader
            .find_domain(&domain.owner, &domain.name)
            .await
            .map_err(from_store)?;
        if found.is_none() {
            return Err(domain_not_found(domain));
        }
        let claims = TokenClaims {
            principal: caller.principal().clone(),
            domain_owner: domain.owner.clone(),
            domain: domain.name.clone(),
            issued_at,
            expires_at,
            access_key: caller.long_term_key().map(str::to_owned),
            session: session.map(|session| session.session().clone()),
            serial: uuid::Uuid::new_v4().as_u128(),
        };
        let token = self.token_keys.mint(&claims);
        Ok(AuthorizationToken { token, expires_at })
    }

    /// Who presents this token at a package endpoint of this domain. Without a token nobody does, except in
    /// development mode, where everybody is the root of the account.
    pub async fn authenticate_token(
        &self,
        token: Option<&str>,
        domain: &DomainRef,
    ) -> Result<Caller> {
        if self.settings.dev {
            return Ok(Caller::root(self.settings.account.clone()));
        }
        let token = token.ok_or_else(|| {
            Error::unauthenticated(
                "Credentials are needed: an authorization token, as made by GetAuthorizationToken, sent as the \
                 password of the user 'aws' or as a bearer token.",
            )
        })?;
        let opened = self.open_token(token)?;
        let claims = &opened.claims;
        if !claims.is_for(&domain.owner, &domain.name) {
            return Err(Error::access_denied(format!(
                "The authorization token is for another domain than '{}' of account '{}'.",
                domain.name, domain.owner
            )));
        }
        let caller = Caller::known(Arc::clone(&opened.identity)).by_token_of(claims.issued_at);
        let key = claims.access_key.as_deref();
        if let Some(session) = &opened.session {
            let is_alive = self.is_session_alive(&claims.principal, session.session(), key);
            return if is_alive.await? {
                Ok(caller.in_session(Arc::clone(session)))
            } else {
                Err(session_is_gone())
            };
        }
        if let Some(key) = key
            && !self
                .find_access_key(key)
                .await?
                .is_some_and(|key| key.active)
        {
            return Err(Error::unauthenticated(
                "The access key that made this authorization token is not active.",
            ));
        }
        Ok(caller)
    }

    fn open_token(&self, token: &str) -> Result<Arc<Opened>> {
        let now = self.now();
        let key: [u8; 32] = Sha256::digest(token.trim_ascii()).into();
        if let Some(opened) = self.opened_tokens.0.get(&key) {
            if now < opened.claims.expires_at {
                return Ok(opened);
            }
            self.opened_tokens.0.remove(&key);
            return Err(expired(opened.claims.expires_at));
        }
        let claims = self.token_keys.verify(token, now).map_err(|error| match error {
            TokenError::Expired { at } => expired(at),
            _ => Error::unauthenticated(
                "The authorization token is not valid. Get a new one with GetAuthorizationToken.",
            ),
        })?;
        let identity = Arc::new(Identity {
            principal: claims.principal.clone(),
            session: claims
                .session
                .as_ref()
                .and_then(|session| session.name.clone()),
        });
        let session = match claims.session.clone() {
            None => None,
            Some(session) => {
                let read = CallerSession::new(session, claims.access_key.clone(), None);
                Some(Arc::new(read.ok_or_else(session_is_gone)?))
            }
        };
        let opened = Arc::new(Opened {
            claims,
            identity,
            session,
        });
        self.opened_tokens.0.insert(key, Arc::clone(&opened));
        Ok(opened)
    }
}

/// When a token ends that this caller asks for now.
fn token_end(caller: &Caller, now: EpochMillis, lifetime: TokenLifetime) -> Result<EpochMillis> {
    let session_end = caller.session().and_then(CallerSession::expires_at);
    lifetime.expires_at(now, session_end)
}

fn expired(at: EpochMillis) -> Error {
    Error::unauthenticated(format!(
        "The authorization token expired at {}. Get a new one with GetAuthorizationToken.",
        rfc3339(at)
    ))
}

/// An instant as people read it, in whole seconds of UTC.
fn rfc3339(at: EpochMillis) -> String {
    jiff::Timestamp::from_second(at.0.div_euclid(1000))
        .map_or_else(|_| at.0.to_string(), |t| t.to_string())
}
