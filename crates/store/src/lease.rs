//! Leases: work that one node at a time does for all of them.
//!
//! Whoever has a lease renews it; who died renews nothing, and once the time is over another takes it. The time is the
//! database's, so that clocks of nodes need not agree.

use crate::engine::on_engine;
use crate::{StoreResult, Tx};

/// Takes a lease that is free, over or one's own. A pair, because each engine tells the time in its own way.
struct Acquire;

impl Acquire {
    const SQLITE: &'static str = "INSERT INTO lease (name, owner, expires_at_ms)
        VALUES ($1, $2, CAST(unixepoch('subsec') * 1000 AS INTEGER) + $3)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at_ms = excluded.expires_at_ms
        WHERE lease.owner = excluded.owner OR lease.expires_at_ms <= CAST(unixepoch('subsec') * 1000 AS INTEGER)
        RETURNING owner";
    const POSTGRES: &'static str = "INSERT INTO lease (name, owner, expires_at_ms)
        VALUES ($1, $2, CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) + $3)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, expires_at_ms = excluded.expires_at_ms
        WHERE lease.owner = excluded.owner
            OR lease.expires_at_ms <= CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)
        RETURNING owner";
}

/// Removes what dead nodes left. A pair for the same reason.
struct Forget;

impl Forget {
    const SQLITE: &'static str =
        "DELETE FROM lease WHERE expires_at_ms < CAST(unixepoch('subsec') * 1000 AS INTEGER) - $1";
    const POSTGRES: &'static str = "DELETE FROM lease
        WHERE expires_at_ms < CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) - $1";
}

const RELEASE: &str = "DELETE FROM lease WHERE name = $1 AND owner = $2";

pub(crate) const HOT: &[crate::HotStatement] = &[
    crate::HotStatement {
        noun: "lease",
        name: "Acquire",
        sqlite: Acquire::SQLITE,
        postgres: Acquire::POSTGRES,
    },
    crate::HotStatement {
        noun: "lease",
        name: "RELEASE",
        sqlite: RELEASE,
        postgres: RELEASE,
    },
    crate::HotStatement {
        noun: "lease",
        name: "Forget",
        sqlite: Forget::SQLITE,
        postgres: Forget::POSTGRES,
    },
];

impl Tx {
    /// Takes or renews a lease for so long from now. False when another has it.
    pub async fn acquire_lease(
        &mut self,
        name: &str,
        owner: &str,
        duration_ms: i64,
    ) -> StoreResult<bool> {
        let sql = if self.is_postgres() {
            Acquire::POSTGRES
        } else {
            Acquire::SQLITE
        };
        let taken: Option<String> = on_engine!(self, db => sqlx::query_scalar(sql)
            .bind(name).bind(owner).bind(duration_ms).fetch_optional(&mut *db).await)?;
        Ok(taken.is_some())
    }

    /// Gives a lease back, if it is still one's own.
    pub async fn release_lease(&mut self, name: &str, owner: &str) -> StoreResult<()> {
        on_engine!(self, db => sqlx::query(RELEASE).bind(name).bind(owner).execute(&mut *db).await.map(drop))
    }

    /// Removes the leases that have been over for longer than this.
    pub async fn forget_leases(&mut self, over_for_ms: i64) -> StoreResult<()> {
        let sql = if self.is_postgres() {
            Forget::POSTGRES
        } else {
            Forget::SQLITE
        };
        on_engine!(self, db => sqlx::query(sql).bind(over_for_ms).execute(&mut *db).await.map(drop))
    }
}
