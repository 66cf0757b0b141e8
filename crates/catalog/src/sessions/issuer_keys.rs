//! The keys of identity providers, kept for a while.
//!
//! Where they are comes from the discovery document below the issuer's own URL, never from a token. A token with a key
//! that is not among them makes them be fetched again, at most once a minute, however many such tokens come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::KeySet;
use access::web_identity::read_discovery;
use model::EpochMillis;
use upstream::Url;

use super::SessionFailure;
use crate::Catalog;
use crate::connections::NamedParty;
use crate::identities::OidcProvider;

/// How long keys are good without asking again.
const GOOD_MS: i64 = 3_600_000;
/// How long they are good when the provider cannot be asked.
const STALE_MS: i64 = 86_400_000;
/// How often keys are asked for again because of a token.
const PAUSE_MS: i64 = 60_000;
/// How often a provider is asked that never answered.
const RETRY_MS: i64 = 5_000;

/// Keys and when they were fetched.
#[derive(Debug)]
pub(crate) struct HeldKeys {
    pub(super) keys: KeySet,
    fetched_at: EpochMillis,
}

/// What is known of one provider.
#[derive(Debug, Default)]
struct Known {
    state: Mutex<State>,
    /// Held while the provider is asked, so that many who wait make one request. Who has keys does not wait.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<Arc<HeldKeys>>,
    asked_at: Option<EpochMillis>,
    failure: Option<String>,
}

/// What is known of all providers.
#[derive(Debug, Default)]
pub(crate) struct IssuerKeys(Mutex<HashMap<NamedParty, Arc<Known>>>);

impl IssuerKeys {
    fn of(&self, party: &NamedParty) -> Arc<Known> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One for each way in which operators described a provider: few.
        Arc::clone(all.entry(party.clone()).or_default())
    }
}

/// What can be said without asking the provider.
enum Unasked {
    Keys(Arc<HeldKeys>),
    Failed(String),
    Unknown,
}

impl Known {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known at this instant. `refused` are keys that a token was checked with in vain.
    fn unasked(&self, now: EpochMillis, refused: Option<&Arc<HeldKeys>>) -> Unasked {
        let state = self.state();
        let since = |at: EpochMillis| now.0.saturating_sub(at.0);
        let asked_within = |ms| state.asked_at.is_some_and(|at| since(at) < ms);
        if let Some(held) = &state.held {
            let is_new = refused.is_none_or(|refused| !Arc::ptr_eq(refused, held));
            let age = since(held.fetched_at);
            if age < GOOD_MS && is_new || age < STALE_MS && asked_within(PAUSE_MS) {
                return Unasked::Keys(Arc::clone(held));
            }
        }
        match &state.failure {
            Some(failure) if asked_within(RETRY_MS) => Unasked::Failed(failure.clone()),
            _ => Unasked::Unknown,
        }
    }

    /// Notes what the provider answered; gives the keys to use, if any.
    fn note(
        &self,
        now: EpochMillis,
        answer: Result<KeySet, String>,
    ) -> Result<Arc<HeldKeys>, String> {
        let mut state = self.state();
        match answer {
            Ok(keys) => {
                let held = Arc::new(HeldKeys {
                    keys,
                    fetched_at: now,
                });
                state.failure = None;
                state.held = Some(Arc::clone(&held));
                Ok(held)
            }
            Err(reason) => {
                state.failure = Some(reason.clone());
                let held = state.held.clone();
                held.filter(|held| now.0.saturating_sub(held.fetched_at.0) < STALE_MS)
                    .ok_or(reason)
            }
        }
    }
}

impl Catalog {
    /// The keys of a provider.
    pub(super) async fn issuer_keys(
        &self,
        provider: &OidcProvider,
        refused: Option<&Arc<HeldKeys>>,
    ) -> Result<Arc<HeldKeys>, SessionFailure> {
        let party = NamedParty {
            base: provider.issuer.clone(),
            allow_private_network: provider.allow_private_network,
            extra_ca_pem: provider.certificate_authorities.clone(),
        };
        let known = self.issuer_keys.of(&party);
        let fail = |reason: String| unreachable(&party, &reason);
        match known.unasked(self.now(), refused) {
            Unasked::Keys(keys) => return Ok(keys),
            Unasked::Failed(reason) => return Err(fail(reason)),
            Unasked::Unknown => {}
        }
        let _turn = known.asking.lock().await;
        // Whoever had the turn before may have learned what is needed.
        let now = self.now();
        match known.unasked(now, refused) {
            Unasked::Keys(keys) => return Ok(keys),
            Unasked::Failed(reason) => return Err(fail(reason)),
            Unasked::Unknown => known.state().asked_at = Some(now),
        }
        let answer = self.fetch_keys(&party).await;
        if let Err(reason) = &answer {
            let issuer = party.base.as_str();
            tracing::warn!(
                issuer,
                reason,
                "the keys of an identity provider cannot be fetched"
            );
        }
        known.note(now, answer).map_err(fail)
    }

    async fn fetch_keys(&self, party: &NamedParty) -> Result<KeySet, String> {
        let base = party.base.trim_end_matches('/');
        let discovery = read_url(&format!("{base}/.well-known/openid-configuration"))?;
        let document = self.connections.small_document(party, &discovery).await;
        let document = document.map_err(|error| format!("its discovery document: {error}"))?;
        let keys = read_url(&read_discovery(&document, &party.base)?)?;
        let document = self.connections.small_document(party, &keys).await;
        KeySet::read(&document.map_err(|error| format!("its key set: {error}"))?)
    }
}

fn read_url(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|_| "it names an address that is none".to_owned())
}

fn unreachable(party: &NamedParty, reason: &str) -> SessionFailure {
    SessionFailure::ProviderUnreachable(format!(
        "The keys of the identity provider {} cannot be had: {reason}. Try again in a moment.",
        party.base
    ))
}
