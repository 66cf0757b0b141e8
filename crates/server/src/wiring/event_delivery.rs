//! Sending events to the endpoints of the configuration: in order, one at a time to each, until it is acknowledged.
//!
//! How far an endpoint has come is kept in the store after each acknowledgement, so whatever ends the process, nothing is
//! skipped, and at worst the last event comes twice. Of several nodes one delivers to an endpoint, under a lease; when it is
//! gone, another goes on. An endpoint that fails holds up only itself. Deliveries are signed as
//! Standard Webhooks has it (<https://www.standardwebhooks.com>).

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use catalog::{Catalog, Event, EventCursor};
use tokio::sync::watch;
use tokio::task::JoinSet;
use upstream::{Receiver, ReceiverConfig, Upstream};

use super::webhook_signature::WebhookSigner;
use crate::config::{Config, EventEndpoint, Events};
use crate::metrics::Metrics;
use crate::start_error::StartError;

/// Entries that are read at a time.
const PAGE: u16 = 100;

/// The deliveries under way. They end with this value.
pub(super) struct EventDelivery {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl EventDelivery {
    /// Begins to deliver. A new endpoint is told what happens from now on.
    ///
    /// # Errors
    /// An endpoint cannot be used as it is configured, or the database does not answer.
    pub(super) async fn start(
        config: &Config,
        catalog: &Arc<Catalog>,
        receivers: Vec<Receiver>,
        metrics: &Arc<Metrics>,
    ) -> Result<Self, StartError> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for (endpoint, receiver) in config.events.endpoints.iter().zip(receivers) {
            let failed = |error| {
                let message = format!("the event endpoint {} cannot be opened", endpoint.name);
                StartError::because(message, error)
            };
            catalog
                .open_event_destination(&endpoint.name)
                .await
                .map_err(failed)?;
            let delivery = Delivery {
                catalog: Arc::clone(catalog),
                signer: WebhookSigner::of(endpoint)?,
                receiver,
                endpoint: endpoint.clone(),
                settings: config.events.clone(),
                metrics: Arc::clone(metrics),
                chance: RandomState::new(),
            };
            tasks.spawn(delivery.run(stopped.clone()));
        }
        Ok(Self { stop, tasks })
    }

    /// Ends. A delivery that is not acknowledged yet is made again after the next start.
    pub(super) async fn close(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The receivers of the configured endpoints, in their order.
///
/// # Errors
/// An address or a certificate authority cannot be used.
pub(super) fn receivers(config: &Config, upstream: &Upstream) -> Result<Vec<Receiver>, StartError> {
    let receiver = |endpoint: &EventEndpoint| {
        let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
            let message = format!("the event endpoint {} cannot be used", endpoint.name);
            StartError::because(message, error)
        };
        let url = endpoint
            .url
            .clone()
            .ok_or_else(|| failed("it has no url".into()))?;
        let extra_ca_pem = match &endpoint.ca_file {
            Some(path) => Some(std::fs::read(path).map_err(|error| failed(error.into()))?),
            None => None,
        };
        let config = ReceiverConfig {
            name: endpoint.name.clone(),
            url,
            extra_ca_pem,
            // Whoever may write the configuration of this server may send events to where they like. Callers cannot.
            allow_private_network: true,
            timeout_ms: config.events.timeout_ms,
        };
        upstream
            .receiver(config)
            .map_err(|error| failed(error.into()))
    };
    config.events.endpoints.iter().map(receiver).collect()
}

/// Deliveries to one endpoint.
struct Delivery {
    catalog: Arc<Catalog>,
    receiver: Receiver,
    signer: WebhookSigner,
    endpoint: EventEndpoint,
    settings: Events,
    metrics: Arc<Metrics>,
    chance: RandomState,
}

/// Why an endpoint has not everything yet.
struct Setback {
    reason: String,
    retry_after: Duration,
}

impl From<model::Error> for Setback {
    fn from(error: model::Error) -> Self {
        let reason = error
            .source
            .map_or(error.message, |cause| cause.to_string());
        Self {
            reason,
            retry_after: Duration::ZERO,
        }
    }
}

impl Delivery {
    /// Delivers whenever no other node does.
    async fn run(self, mut stopped: watch::Receiver<bool>) {
        let name = format!("events/{}", self.endpoint.name);
        loop {
            match self.catalog.take_lease(&name).await {
                Ok(Some(lease)) => tokio::select! {
                    () = self.deliver_until(stopped.clone()) => return,
                    () = lease.lost() => {}
                },
                Ok(None) => {}
                Err(error) => {
                    let endpoint = self.endpoint.name.as_str();
                    let reason = Setback::from(error).reason;
                    tracing::warn!(endpoint, reason, "who sends events cannot be agreed on");
                }
            }
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(self.catalog.lease_pause()) => {}
            }
        }
    }

    async fn deliver_until(&self, mut stopped: watch::Receiver<bool>) {
        let mut commits = self.catalog.commits();
        let mut failures = 0;
        loop {
            commits.mark_unchanged();
            let mut acknowledged = 0;
            let outcome = tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                outcome = self.deliver_all(&mut acknowledged) => outcome,
            };
            let (pause, may_wake) = match outcome {
                Ok(()) => {
                    failures = 0;
                    (Duration::from_millis(self.settings.poll_ms), true)
                }
                Err(setback) => {
                    failures = if acknowledged > 0 { 1 } else { failures + 1 };
                    let pause = self.pause_after(failures).max(setback.retry_after);
                    let endpoint = self.endpoint.name.as_str();
                    let (reason, pause_ms) = (setback.reason, pause.as_millis());
                    tracing::warn!(
                        endpoint,
                        reason,
                        failures,
                        pause_ms,
                        "an event was not delivered"
                    );
                    (pause, false)
                }
            };
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                // A store that is gone commits nothing; then only the timer counts.
                Ok(()) = commits.changed(), if may_wake => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Delivers what there is.
    async fn deliver_all(&self, acknowledged: &mut u64) -> Result<(), Setback> {
        let lag = self.lag().await?;
        self.metrics.event_lag(&self.endpoint.name, lag);
        if lag == 0 {
            return Ok(());
        }
        let mut after_log = 0;
        loop {
            let name = self.endpoint.name.as_str();
            let logs = self
                .catalog
                .list_event_backlog(name, after_log, PAGE)
                .await?;
            let Some(last) = logs.last() else {
                self.metrics.event_lag(name, 0);
                return Ok(());
            };
            after_log = last.cursor.log_id;
            for log in logs {
                self.deliver_log(log.cursor, acknowledged).await?;
            }
        }
    }

    async fn lag(&self) -> Result<u64, Setback> {
        let (mut entries, mut after_log) = (0, 0);
        loop {
            let name = self.endpoint.name.as_str();
            let logs = self
                .catalog
                .list_event_backlog(name, after_log, PAGE)
                .await?;
            let Some(last) = logs.last() else {
                return Ok(entries);
            };
            after_log = last.cursor.log_id;
            entries += logs.iter().map(|log| log.entries).sum::<u64>();
        }
    }

    /// Delivers the events of one log behind a place.
    async fn deliver_log(&self, from: EventCursor, acknowledged: &mut u64) -> Result<(), Setback> {
        let mut saved = from;
        loop {
            let page = self.catalog.list_events(saved, PAGE).await?;
            for event in &page.events {
                if !self.wants(event) {
                    continue;
                }
                self.send(event).await?;
                *acknowledged += 1;
                if event.cursor.sequence > saved.sequence {
                    self.save(event.cursor).await?;
                    saved = event.cursor;
                }
            }
            if page.next != saved {
                self.save(page.next).await?;
                saved = page.next;
            }
            if !page.has_more {
                return Ok(());
            }
        }
    }

    fn wants(&self, event: &Event) -> bool {
        let EventEndpoint {
            account, domain, ..
        } = &self.endpoint;
        account
            .as_ref()
            .is_none_or(|account| *account == event.account)
            && domain
                .as_ref()
                .is_none_or(|domain| *domain == event.domain.name)
    }

    async fn send(&self, event: &Event) -> Result<(), Setback> {
        let body = Bytes::from(event.body.to_string());
        let seconds = self.catalog.now().0.div_euclid(1000);
        let headers = self.signer.headers(&event.id, seconds, &body);
        let outcome = self.receiver.post(headers, body).await;
        let setback = match outcome {
            Ok(answer) if answer.status.is_success() => None,
            Ok(answer) => Some(Setback {
                reason: format!(
                    "the endpoint answered with status {}",
                    answer.status.as_u16()
                ),
                retry_after: Duration::from_secs(answer.retry_after_seconds.unwrap_or(0).into()),
            }),
            Err(error) => Some(Setback {
                reason: error.to_string(),
                retry_after: Duration::ZERO,
            }),
        };
        self.metrics
            .event_sent(&self.endpoint.name, setback.is_none());
        setback.map_or(Ok(()), Err)
    }

    async fn save(&self, cursor: EventCursor) -> Result<(), Setback> {
        let saved = self.catalog.save_event_cursor(&self.endpoint.name, cursor);
        Ok(saved.await?)
    }

    /// The pause after a number of failures in a row: twice as long each time, and by chance a little shorter, so that
    /// many who lost the same receiver do not all come back at the same instant.
    fn pause_after(&self, failures: u32) -> Duration {
        let Events {
            first_retry_ms,
            longest_retry_ms,
            ..
        } = self.settings;
        let doubled = 1_u64
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u64::MAX);
        let whole = first_retry_ms.saturating_mul(doubled).min(longest_retry_ms);
        let half = whole / 2;
        let chance = self.chance.hash_one((failures, std::time::Instant::now()));
        Duration::from_millis(whole - half + chance % (half + 1))
    }
}
