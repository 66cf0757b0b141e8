//! Reading events for the command line, beside a server that runs or without one.

use std::collections::HashMap;
use std::sync::Arc;

use catalog::{Catalog, EventCursor};
use model::DomainRef;

use super::{NoConnections, open_beside};
use crate::config::Config;
use crate::start_error::StartError;

/// Entries that are read at a time, and logs that are.
const PAGE: u16 = 200;

/// Reads the events of all logs, or of the domains of one name, each log from a place of its own.
pub struct EventReader {
    catalog: Arc<Catalog>,
    domain: Option<String>,
    /// How far each log was read.
    read: HashMap<i64, i64>,
    /// Whose log each is, as far as known.
    domains: HashMap<i64, Option<DomainRef>>,
}

impl EventReader {
    /// A reader that begins behind these places, and where there is none at the beginning.
    ///
    /// # Errors
    /// The data folder cannot be used.
    pub async fn open(
        config: &Config,
        domain: Option<String>,
        after: &[EventCursor],
    ) -> Result<Self, StartError> {
        let catalog = open_beside(config, Arc::new(NoConnections)).await?;
        let read = after.iter().map(|cursor| (cursor.log_id, cursor.sequence));
        Ok(Self {
            catalog,
            domain,
            read: read.collect(),
            domains: HashMap::new(),
        })
    }

    /// The lines of the events that came since the last call; `None` when there are none. Not all of them come at once.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn next_lines(&mut self) -> Result<Option<Vec<String>>, StartError> {
        let failed = |error: model::Error| StartError::because("events cannot be read", error);
        let mut after_log = 0;
        loop {
            let logs = self
                .catalog
                .list_event_logs(after_log, PAGE)
                .await
                .map_err(failed)?;
            let Some(last) = logs.last() else {
                return Ok(None);
            };
            after_log = last.log_id;
            for log in logs {
                let read = self.read.get(&log.log_id).copied().unwrap_or(0);
                if !self.wants(log.log_id).await.map_err(failed)? || read >= log.sequence {
                    continue;
                }
                let lines = self.lines_of(log.log_id, read).await.map_err(failed)?;
                if !lines.is_empty() {
                    return Ok(Some(lines));
                }
            }
        }
    }

    /// Whether there is, or was, a domain whose events were asked for.
    #[must_use]
    pub fn knows_domain(&self) -> bool {
        let is_asked_for = |domain: &DomainRef| self.is_asked_for(domain);
        self.domain.is_none() || self.domains.values().flatten().any(is_asked_for)
    }

    /// Ends the reader.
    pub async fn close(self) {
        self.catalog.close().await;
    }

    /// The lines of the next events of a log, if there are any behind a place.
    async fn lines_of(&mut self, log_id: i64, mut sequence: i64) -> model::Result<Vec<String>> {
        loop {
            let cursor = EventCursor { log_id, sequence };
            let page = self.catalog.list_events(cursor, PAGE).await?;
            sequence = page.next.sequence;
            self.read.insert(log_id, sequence);
            let numbered = |event: catalog::Event| {
                let mut line = event.body;
                line["cursor"] = event.cursor.to_string().into();
                line.to_string()
            };
            let lines: Vec<String> = page.events.into_iter().map(numbered).collect();
            if !lines.is_empty() || !page.has_more {
                return Ok(lines);
            }
        }
    }

    async fn wants(&mut self, log_id: i64) -> model::Result<bool> {
        if self.domain.is_none() {
            return Ok(true);
        }
        if !self.domains.contains_key(&log_id) {
            let domain = self.catalog.find_event_domain(log_id).await?;
            self.domains.insert(log_id, domain);
        }
        let domain = self.domains.get(&log_id).and_then(Option::as_ref);
        Ok(domain.is_some_and(|domain| self.is_asked_for(domain)))
    }

    /// Whether the words of the command line mean this domain: `acme`, or `111122223333/acme`.
    fn is_asked_for(&self, domain: &DomainRef) -> bool {
        let asked = self.domain.as_deref().unwrap_or_default();
        match asked.split_once('/') {
            Some((owner, name)) => domain.owner.as_str() == owner && domain.name.as_str() == name,
            None => domain.name.as_str() == asked,
        }
    }
}
