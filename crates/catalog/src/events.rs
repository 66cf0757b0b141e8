//! Events: what the service tells the outside of changes of package versions, read from the change log.
//!
//! Nothing is written for an event but its change; here the entries that carry one become envelopes. Each is told to the
//! account that owns the domain and to the one that administers the repository. The envelope is EventBridge's, the detail
//! CodeArtifact's (user guide, "CodeArtifact event format and example").

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use model::{
    AccountId, DomainName, DomainRef, Error, Namespace, PackageCoordinates, PackageName,
    RepositoryName, Result,
};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::{ChangeRow, Connection};
use uuid::Uuid;

use crate::Catalog;
use crate::failure::from_store;

const SOURCE: &str = "aws.codeartifact";
const DETAIL_TYPE: &str = "CodeArtifact Package Version State Change";

/// A place in the log of one domain: behind this entry. Its text is `LOG:ENTRY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventCursor {
    /// The log.
    pub log_id: i64,
    /// The entry; 0 is before the first.
    pub sequence: i64,
}

impl fmt::Display for EventCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.log_id, self.sequence)
    }
}

impl FromStr for EventCursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.parse::<i64>().ok().filter(|number| *number >= 0);
        text.split_once(':')
            .and_then(|(log, entry)| {
                Some(Self {
                    log_id: number(log)?,
                    sequence: number(entry)?,
                })
            })
            .ok_or_else(|| format!("'{text}' is not a place in a log, as 7:12"))
    }
}

/// One event, for one account.
#[derive(Debug, Clone)]
pub struct Event {
    /// Where to go on behind it. The first of two events of one change names the place before the change: who has only
    /// that one is told both again.
    pub cursor: EventCursor,
    /// Its id, the same however often it is told.
    pub id: String,
    /// The account that receives it.
    pub account: AccountId,
    /// The domain it is of.
    pub domain: DomainRef,
    /// The envelope.
    pub body: Value,
}

/// The events of a stretch of one log.
#[derive(Debug)]
pub struct EventPage {
    /// The events, in order.
    pub events: Vec<Event>,
    /// Where to go on: behind the stretch, also where its last entries carried no event.
    pub next: EventCursor,
    /// Whether the log went on behind the stretch when it was read.
    pub has_more: bool,
}

/// The member `event` of an entry's detail.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Carried {
    state: String,
    revision: String,
    operation_type: String,
    assets_added: u64,
    assets_removed: u64,
    assets_updated: u64,
    metadata_updated: bool,
    status_changed: bool,
}

#[derive(Deserialize)]
struct Detail {
    event: Option<Carried>,
}

/// What an entry that made or deleted a domain says of it.
#[derive(Deserialize)]
struct DomainDetail {
    name: String,
    owner: String,
}

impl Catalog {
    /// The events behind a place, of at most `limit` entries of its log.
    pub async fn list_events(&self, after: EventCursor, limit: u16) -> Result<EventPage> {
        let EventCursor { log_id, sequence } = after;
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_changes(log_id, sequence, i64::from(limit))
            .await
            .map_err(from_store)?;
        let mut page = EventPage {
            events: Vec::new(),
            next: after,
            has_more: rows.len() == usize::from(limit),
        };
        let Some(last) = rows.last() else {
            return Ok(page);
        };
        page.next.sequence = last.sequence;
        let Some(domain) = find_domain(&mut reader, log_id).await? else {
            return Ok(page);
        };
        drop(reader);
        for row in &rows {
            self.push_events(row, &domain, &mut page.events)?;
        }
        Ok(page)
    }

    /// The last places of the logs of domains behind a log's id, those of deleted domains among them.
    pub async fn list_event_logs(&self, after_log: i64, limit: u16) -> Result<Vec<EventCursor>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_logs(after_log, i64::from(limit))
            .await
            .map_err(from_store)?;
        let end = |row: &store::LogRow| EventCursor {
            log_id: row.id,
            sequence: row.sequence,
        };
        Ok(rows.iter().map(end).collect())
    }

    /// The domain whose log this is, also when it was deleted.
    pub async fn find_event_domain(&self, log_id: i64) -> Result<Option<DomainRef>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        find_domain(&mut reader, log_id).await
    }

    /// Adds the events of an entry, if it carries any: one for each account that is told.
    fn push_events(
        &self,
        row: &ChangeRow,
        domain: &DomainRef,
        events: &mut Vec<Event>,
    ) -> Result<()> {
        // Most entries without an event are told apart before their detail, which may be long, is read.
        if row.version.is_none() || row.package.is_none() {
            return Ok(());
        }
        let corrupt = |what: &dyn fmt::Display| {
            Error::internal(format!(
                "entry {} of log {}: {what}",
                row.sequence, row.log_id
            ))
        };
        let detail: Detail = serde_json::from_str(&row.detail).map_err(|e| corrupt(&e))?;
        let Some(carried) = detail.event else {
            return Ok(());
        };
        let administrator = match row.administrator.as_deref() {
            Some(text) => AccountId::parse(text).map_err(|e| corrupt(&e))?,
            None => domain.owner.clone(),
        };
        let mut accounts = vec![domain.owner.clone()];
        if administrator != domain.owner {
            accounts.push(administrator.clone());
        }
        let body = self
            .event_body(row, domain, &administrator, &carried)
            .map_err(|e| corrupt(&e))?;
        let end = events.len() + accounts.len();
        for account in accounts {
            let mut body = body.clone();
            let (id, deduplication_id) =
                event_ids(self.scope().region.as_str(), row, domain, &account);
            body["id"] = id.clone().into();
            body["account"] = account.as_str().into();
            body["detail"]["eventDeduplicationId"] = deduplication_id.into();
            let is_last = events.len() + 1 == end;
            events.push(Event {
                cursor: EventCursor {
                    log_id: row.log_id,
                    sequence: row.sequence - i64::from(!is_last),
                },
                id,
                account,
                domain: domain.clone(),
                body,
            });
        }
        Ok(())
    }

    /// The envelope of an entry's event, but for what differs between accounts.
    fn event_body(
        &self,
        row: &ChangeRow,
        domain: &DomainRef,
        administrator: &AccountId,
        carried: &Carried,
    ) -> Result<Value, String> {
        let said = |text: &Option<String>| text.clone().unwrap_or_default();
        let wrong = |e: model::Constraint| e.to_string();
        let repository = RepositoryName::parse(&said(&row.repository)).map_err(wrong)?;
        let namespace = row.namespace.as_deref().filter(|text| !text.is_empty());
        let format = self.format(&said(&row.format)).map_err(|e| e.to_string())?;
        let package = PackageCoordinates {
            format: format.id(),
            namespace: namespace.map(Namespace::parse).transpose().map_err(wrong)?,
            name: PackageName::parse(&said(&row.package)).map_err(wrong)?,
        };
        let time = jiff::Timestamp::from_second(row.at_ms.div_euclid(1000))
            .map_err(|e| e.to_string())?
            .to_string();
        let scope = self.scope();
        let arn = scope.package(&domain.owner, &domain.name, &repository, &package);
        Ok(json!({
            "version": "0",
            "id": null,
            "detail-type": DETAIL_TYPE,
            "source": SOURCE,
            "account": null,
            "time": time,
            "region": scope.region,
            "resources": [arn.as_str()],
            "detail": {
                "domainName": domain.name.as_str(),
                "domainOwner": domain.owner.as_str(),
                "repositoryName": repository.as_str(),
                "repositoryAdministrator": administrator.as_str(),
                "packageFormat": package.format.as_str(),
                "packageNamespace": namespace,
                "packageName": package.name.as_str(),
                "packageVersion": row.version,
                "packageVersionState": carried.state,
                "packageVersionRevision": carried.revision,
                "changes": {
                    "assetsAdded": carried.assets_added,
                    "assetsRemoved": carried.assets_removed,
                    "assetsUpdated": carried.assets_updated,
                    "metadataUpdated": carried.metadata_updated,
                    "statusChanged": carried.status_changed,
                },
                "operationType": carried.operation_type,
                "sequenceNumber": row.sequence,
                "eventDeduplicationId": null,
            },
        }))
    }
}

/// The id and the deduplication id of the event of an entry for an account: made from them, so always the same.
fn event_ids(
    region: &str,
    row: &ChangeRow,
    domain: &DomainRef,
    account: &AccountId,
) -> (String, String) {
    let ChangeRow {
        log_id,
        sequence,
        at_ms,
        ..
    } = row;
    let digest: [u8; 32] = Sha256::digest(format!(
        "event {region} {domain} {log_id} {sequence} {at_ms} {account}",
        domain = domain_text(domain)
    ))
    .into();
    let (first, rest) = digest.split_at(16);
    let first = first.try_into().expect("sixteen of thirty-two bytes");
    let id: Uuid = uuid::Builder::from_custom_bytes(first).into_uuid();
    (id.to_string(), URL_SAFE_NO_PAD.encode(rest))
}

fn domain_text(domain: &DomainRef) -> String {
    format!("{}/{}", domain.owner, domain.name)
}

/// The domain of a log: as it is, or as the first entry of its log says that it was.
async fn find_domain(reader: &mut Connection, log_id: i64) -> Result<Option<DomainRef>> {
    let found = reader.find_domain_by_id(log_id).await.map_err(from_store)?;
    let (owner, name) = match found {
        Some(row) => (row.owner, row.name),
        None => {
            let first = reader
                .list_changes(log_id, 0, 1)
                .await
                .map_err(from_store)?;
            let detail = first
                .first()
                .and_then(|row| serde_json::from_str::<DomainDetail>(&row.detail).ok());
            match detail {
                Some(DomainDetail { name, owner }) => (owner, name),
                None => return Ok(None),
            }
        }
    };
    let corrupt = |e: model::Constraint| Error::internal(format!("domain {log_id}: {e}"));
    Ok(Some(DomainRef {
        owner: AccountId::parse(&owner).map_err(corrupt)?,
        name: DomainName::parse(&name).map_err(corrupt)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_as_it_is_written() {
        let cursor = EventCursor {
            log_id: 7,
            sequence: 12,
        };
        assert_eq!(cursor.to_string(), "7:12");
        assert_eq!("7:12".parse(), Ok(cursor));
        for bad in [
            "",
            "7",
            "7:",
            ":7",
            "7:x",
            "-7:1",
            "7:-1",
            "7:1:2",
            "7:99999999999999999999",
        ] {
            assert!(bad.parse::<EventCursor>().is_err(), "{bad}");
        }
    }
}
