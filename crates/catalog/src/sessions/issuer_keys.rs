//! The keys of identity providers, kept for a while.
//!
//! Where they are comes from the discovery document below the issuer's own URL, never from a token. A token with a key
//! that is not among them makes them be fetched again, at most once a minute, however many such tokens come.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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

/// What is known of one provider. Locked while it is asked, so that many who wait make one request.
#[derive(Debug, Default)]
struct Known {
    held: Option<Arc<HeldKeys>>,
    asked_at: Option<EpochMillis>,
    failure: Option<String>,
}

type Shared = Arc<tokio::sync::Mutex<Known>>;

/// What is known of all providers.
#[derive(Debug, Default)]
pub(crate) struct IssuerKeys(Mutex<HashMap<NamedParty, Shared>>);

impl IssuerKeys {
    fn of(&self, party: &NamedParty) -> Shared {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One for each way in which operators described a provider: few.
        Arc::clone(all.entry(party.clone()).or_default())
    }
}

impl Known {
    /// The keys to use without asking, if any. `refused` are keys that a token was checked with in vain.
    fn usable(&self, now: EpochMillis, refused: Option<&Arc<HeldKeys>>) -> Option<Arc<HeldKeys>> {
        let held = self.held.as_ref()?;
        let age = now.0.saturating_sub(held.fetched_at.0);
        let is_new = refused.is_none_or(|refused| !Arc::ptr_eq(refused, held));
        let may_not_ask = self
            .asked_at
            .is_some_and(|at| now.0.saturating_sub(at.0) < PAUSE_MS);
        (age < GOOD_MS && is_new || may_not_ask).then(|| Arc::clone(held))
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
        let shared = self.issuer_keys.of(&party);
        let mut known = shared.lock().await;
        let now = self.now();
        if let Some(keys) = known.usable(now, refused) {
            return Ok(keys);
        }
        let asked_just_now = known
            .asked_at
            .is_some_and(|at| now.0.saturating_sub(at.0) < RETRY_MS);
        if let (true, Some(failure)) = (asked_just_now, &known.failure) {
            return Err(unreachable(&party, failure));
        }
        known.asked_at = Some(now);
        match self.fetch_keys(&party).await {
            Ok(keys) => {
                let held = Arc::new(HeldKeys {
                    keys,
                    fetched_at: now,
                });
                known.failure = None;
                known.held = Some(Arc::clone(&held));
                Ok(held)
            }
            Err(reason) => {
                tracing::warn!(
                    issuer = party.base,
                    reason,
                    "the keys of an identity provider cannot be fetched"
                );
                let failure = unreachable(&party, &reason);
                known.failure = Some(reason);
                let held = known.held.as_ref();
                held.filter(|held| now.0.saturating_sub(held.fetched_at.0) < STALE_MS)
                    .cloned()
                    .ok_or(failure)
            }
        }
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
