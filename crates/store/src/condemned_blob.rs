//! Bytes that nothing refers to, on their way out.
//!
//! The sweep notes what it finds unreferenced, and when. Before it removes bytes it marks them as going, in a
//! transaction in which no row refers to them; a row that would refer to what is going or gone is refused
//! ([`StoreError::BlobGoing`]). So of "nothing refers to it" and "something begins to refer to it" only one can be
//! committed. `catalog::sweep` has the whole argument.

use model::{EpochMillis, Sha256Digest};
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreError, StoreResult, Tx};

/// Bytes that the sweep has noted.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct CondemnedBlobRow {
    pub sha256: Vec<u8>,
    pub state: String,
    pub mark: String,
    pub since_ms: i64,
}

impl CondemnedBlobRow {
    /// Nothing referred to them then.
    pub const NOTICED: &'static str = "noticed";
    /// They are being removed.
    pub const GOING: &'static str = "going";
    /// They were removed then.
    pub const GONE: &'static str = "gone";

    /// The digest of the bytes.
    pub fn digest(&self) -> StoreResult<Sha256Digest> {
        Sha256Digest::from_slice(&self.sha256)
            .ok_or_else(|| StoreError::Corrupt("the digest of condemned bytes".into()))
    }
}

/// The number of the advisory lock on PostgreSQL that orders who begins to refer to bytes and who condemns them. Units
/// that refer share it, the sweep has it alone. SQLite has one writer.
const LOCK_NUMBER: i64 = 0x7265_6c69_7175_6172;
const SHARE_LOCK: &str = "SELECT pg_advisory_xact_lock_shared($1)";
const TAKE_LOCK: &str = "SELECT pg_advisory_xact_lock($1)";

const FIND_GOING: &str = "SELECT sha256, state, mark, since_ms FROM condemned_blob WHERE sha256 = $1 AND state <> 'noticed'";
const LIST: &str = "SELECT sha256, state, mark, since_ms FROM condemned_blob
    WHERE sha256 > $1 AND sha256 <= $2 ORDER BY sha256";
const TAKE_OVER: &str = "UPDATE condemned_blob SET mark = $3, since_ms = $2
    WHERE state = 'going' AND since_ms <= $1 RETURNING sha256";
const NOTICE: &str =
    "INSERT INTO condemned_blob (sha256, state, mark, since_ms) VALUES ($1, 'noticed', '', $2)
    ON CONFLICT (sha256) DO UPDATE SET since_ms = excluded.since_ms
    WHERE condemned_blob.state = 'noticed'";
const SPARE: &str = "DELETE FROM condemned_blob WHERE sha256 = $1 AND state = 'noticed'";
const CONDEMN: &str = "UPDATE condemned_blob SET state = 'going', mark = $4, since_ms = $2
    WHERE sha256 = $1 AND state = 'noticed' AND since_ms <= $3
      AND NOT EXISTS (SELECT 1 FROM asset WHERE sha256 = $1)
      AND NOT EXISTS (SELECT 1 FROM asset WHERE companion_sha256 = $1)
      AND NOT EXISTS (SELECT 1 FROM source_document WHERE sha256 = $1)
      AND NOT EXISTS (SELECT 1 FROM source_companion WHERE sha256 = $1)
    RETURNING state";
const REPRIEVE: &str =
    "DELETE FROM condemned_blob WHERE sha256 = $1 AND state = 'going' AND mark = $2";
const SETTLE: &str = "UPDATE condemned_blob SET state = 'gone', since_ms = $3
    WHERE sha256 = $1 AND state = 'going' AND mark = $2";
const WELCOME: &str =
    "DELETE FROM condemned_blob WHERE sha256 = $1 AND state = 'gone' AND mark = $2";
const FORGET_GONE: &str = "DELETE FROM condemned_blob WHERE state = 'gone' AND since_ms <= $1";
hot!["condemned_blob": FIND_GOING, WELCOME];

impl Connection {
    /// What is noted of bytes that are going or gone; none for all others.
    pub async fn find_going_blob(
        &mut self,
        sha256: &Sha256Digest,
    ) -> StoreResult<Option<CondemnedBlobRow>> {
        on_engine!(self, db => sqlx::query_as(FIND_GOING)
            .bind(sha256.as_bytes().as_slice()).fetch_optional(&mut *db).await)
    }

    /// What is noted of the bytes behind a digest, up to another and with that one. An empty one stands before all.
    pub async fn list_condemned_blobs(
        &mut self,
        after: &[u8],
        through: &Sha256Digest,
    ) -> StoreResult<Vec<CondemnedBlobRow>> {
        on_engine!(self, db => sqlx::query_as(LIST)
            .bind(after).bind(through.as_bytes().as_slice()).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// To be called before a row refers to bytes: from here to the end of the unit the sweep condemns nothing. An error
    /// when these are going, or gone since they were last looked for.
    pub(crate) async fn hold_blob(&mut self, sha256: &Sha256Digest) -> StoreResult<()> {
        if !self.holds_off_sweep {
            on_engine!(self, db => sqlx::query(SHARE_LOCK).bind(LOCK_NUMBER).execute(&mut *db).await.map(drop))?;
            self.holds_off_sweep = true;
        }
        match self.find_going_blob(sha256).await? {
            None => Ok(()),
            Some(_) => Err(StoreError::BlobGoing(*sha256)),
        }
    }

    /// Notes that nothing refers to these bytes now. The note of bytes that are going or gone stays as
    /// it is.
    pub async fn notice_blob(
        &mut self,
        sha256: &Sha256Digest,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(NOTICE)
            .bind(sha256.as_bytes().as_slice()).bind(now.0).execute(&mut *db).await.map(drop))
    }

    /// Takes back the note that nothing refers to these bytes.
    pub async fn spare_blob(&mut self, sha256: &Sha256Digest) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(SPARE)
            .bind(sha256.as_bytes().as_slice()).execute(&mut *db).await.map(drop))
    }

    /// Marks bytes as going, those of them that nothing refers to and that were noticed at `noticed_by` or before. Gives
    /// those. Once this unit is committed they are the caller's to remove, under a mark that nobody else has.
    ///
    /// An error when a later release has changed the schema: it may have tables that refer to bytes, too.
    pub async fn condemn_blobs(
        &mut self,
        digests: &[Sha256Digest],
        noticed_by: EpochMillis,
        now: EpochMillis,
        mark: &str,
    ) -> StoreResult<Vec<Sha256Digest>> {
        if self.is_postgres() {
            on_engine!(self, db => sqlx::query(TAKE_LOCK).bind(LOCK_NUMBER).execute(&mut *db).await.map(drop))?;
        }
        let schema = self.find_schema_number().await?;
        if schema > crate::SCHEMA {
            return Err(StoreError::NewerSchema(schema));
        }
        let mut condemned = Vec::new();
        for sha256 in digests {
            let state: Option<String> = on_engine!(self, db => sqlx::query_scalar(CONDEMN)
                .bind(sha256.as_bytes().as_slice()).bind(now.0).bind(noticed_by.0).bind(mark)
                .fetch_optional(&mut *db).await)?;
            if state.is_some() {
                condemned.push(*sha256);
            }
        }
        Ok(condemned)
    }

    /// Makes bytes the caller's to remove that have been going since this instant or longer: whoever had them has died.
    pub async fn take_over_blobs(
        &mut self,
        since: EpochMillis,
        now: EpochMillis,
        mark: &str,
    ) -> StoreResult<Vec<Sha256Digest>> {
        let taken: Vec<Vec<u8>> = on_engine!(self, db => sqlx::query_scalar(TAKE_OVER)
            .bind(since.0).bind(now.0).bind(mark).fetch_all(&mut *db).await)?;
        let corrupt = || StoreError::Corrupt("the digest of condemned bytes".into());
        let digests = taken
            .iter()
            .map(|sha256| Sha256Digest::from_slice(sha256).ok_or_else(corrupt));
        digests.collect()
    }

    /// Notes that bytes that were going under this mark have stayed after all.
    pub async fn reprieve_blob(&mut self, sha256: &Sha256Digest, mark: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(REPRIEVE)
            .bind(sha256.as_bytes().as_slice()).bind(mark).execute(&mut *db).await.map(drop))
    }

    /// Notes that bytes that were going under this mark are gone.
    pub async fn settle_blob(
        &mut self,
        sha256: &Sha256Digest,
        mark: &str,
        now: EpochMillis,
    ) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(SETTLE)
            .bind(sha256.as_bytes().as_slice()).bind(mark).bind(now.0).execute(&mut *db).await.map(drop))
    }

    /// Lets rows refer again to bytes that were gone under this mark: to be called when they have been stored anew after
    /// it was seen. If they went once more meanwhile, that mark is another, and stays.
    pub async fn welcome_blob(&mut self, sha256: &Sha256Digest, mark: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(WELCOME)
            .bind(sha256.as_bytes().as_slice()).bind(mark).execute(&mut *db).await.map(drop))
    }

    /// Forgets what was gone at this instant or before.
    pub async fn forget_gone_blobs(&mut self, by: EpochMillis) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(FORGET_GONE).bind(by.0).execute(&mut *db).await.map(drop))
    }
}
