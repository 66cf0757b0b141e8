//! What a test looks at beside the running server: the change log, the audit records, the files, and tokens that nobody would be given.

use std::time::Duration;

use access::{TokenClaims, TokenKey, TokenKeys};
use model::{AccountId, DomainName, EpochMillis, Principal};
use serde_json::Value;
use store::{ChangeRow, Connection};

use super::{Answer, TestServer};
use crate::storage::files_below;

impl TestServer {
    async fn reader(&self) -> Connection {
        let rows = self.rows.get_or_init(|| self.ground.open_rows()).await;
        rows.read().await.expect("the database answers")
    }

    /// Every entry of every log.
    pub async fn changes(&self) -> Vec<ChangeRow> {
        let mut reader = self.reader().await;
        let logs = reader.list_logs(-1, i64::MAX).await;
        let mut changes = Vec::new();
        for log in logs.expect("the database answers") {
            let listed = reader.list_changes(log.id, 0, i64::MAX).await;
            changes.extend(listed.expect("the database answers"));
        }
        changes
    }

    /// The audit records up to that of a request, which are written a moment after its answer.
    pub async fn audited_until(&self, last: &Answer) -> Vec<Value> {
        let id = last.header("x-amzn-requestid");
        for _ in 0..2000 {
            let mut paths = files_below(&self.config().audit_folder());
            paths.sort();
            let texts = paths.iter().map(std::fs::read_to_string);
            let text: String = texts.filter_map(Result::ok).collect();
            // A line that is being written is none yet.
            let whole = text.rfind('\n').map_or("", |end| &text[..end]);
            let records: Vec<Value> = whole
                .lines()
                .map(|line| serde_json::from_str(line).expect("a record is JSON"))
                .collect();
            if records.iter().any(|record| record["requestID"] == id) {
                return records;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("request {id} was not recorded");
    }

    /// The SHA-256 names of the stored blobs, and the paths of what is staged, in order.
    pub async fn stored_files(&self) -> Vec<String> {
        self.ground.stored_files().await
    }

    /// A token as the server itself would make it, with any claims: of the past, of the future, of strangers.
    pub async fn mint(&self, claims: &TokenClaims) -> String {
        let mut reader = self.reader().await;
        let rows = reader
            .list_signing_keys()
            .await
            .expect("the database answers");
        drop(reader);
        let keys = rows
            .into_iter()
            .map(|row| TokenKey::new(row.id, &row.secret).expect("a stored key is whole"));
        TokenKeys::new(keys.collect())
            .expect("there is a key")
            .mint(claims)
    }

    /// Claims of a principal to a domain of this server's account, good from `from_ms` to `to_ms` after now.
    #[must_use]
    pub fn claims(
        &self,
        principal: Principal,
        domain: &str,
        (from_ms, to_ms): (i64, i64),
    ) -> TokenClaims {
        let now = model::Clock::now(&model::SystemClock);
        TokenClaims {
            principal,
            domain_owner: self.config().account.clone(),
            domain: DomainName::parse(domain).expect("the name of a domain"),
            issued_at: EpochMillis(now.0 + from_ms),
            expires_at: EpochMillis(now.0 + to_ms),
            access_key: None,
            session: None,
            serial: 1,
        }
    }

    /// The root of the server's account.
    #[must_use]
    pub fn root(&self) -> Principal {
        Principal::root(self.config().account.clone())
    }

    /// The root of another account, who may do nothing here.
    #[must_use]
    pub fn stranger(&self) -> Principal {
        Principal::root(AccountId::parse("999900001111").expect("twelve digits"))
    }
}
