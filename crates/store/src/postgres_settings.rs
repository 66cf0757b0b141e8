//! How a PostgreSQL server is reached, and what is asked of each connection to it.

use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

use crate::StoreResult;

/// How a PostgreSQL server is reached.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user@host:port/database`, with `sslmode` and `sslrootcert` as libpq has them.
    pub url: String,
    /// The password, where the URL has none.
    pub password: Option<String>,
    /// Connections at most, beside the two that follow the log.
    pub connections: u32,
    /// How long a request waits for a connection.
    pub connect_timeout: Duration,
    /// How long a statement of a request may take.
    pub statement_timeout: Duration,
    /// How long a connection that listens may hear nothing before the server is asked whether it is there, and how long
    /// that may take.
    pub silence: Duration,
}

/// What [`PostgresSettings::silence`] is for servers.
const SILENCE: Duration = Duration::from_secs(15);

/// How much longer than the server's own limit a node waits for the server's word about it.
const GRACE: Duration = Duration::from_secs(1);

impl PostgresSettings {
    /// The settings of this URL with so many connections; everything else as by default.
    #[must_use]
    pub fn new(url: impl Into<String>, connections: u32) -> Self {
        Self {
            url: url.into(),
            password: None,
            connections,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(20),
            silence: SILENCE,
        }
    }

    pub(crate) fn options(&self) -> StoreResult<PgConnectOptions> {
        let mut options: PgConnectOptions = self.url.parse()?;
        if let Some(password) = &self.password {
            options = options.password(password);
        }
        Ok(options.application_name("reliquary"))
    }

    /// The same for connections that requests use. A node that stands still, or is cut off, in the middle of a
    /// transaction holds the rows that it locked; the server ends that, and the node finds a closed connection.
    pub(crate) fn bounded_options(&self) -> StoreResult<PgConnectOptions> {
        let limit = format!("{}ms", self.statement_timeout.as_millis());
        Ok(self.options()?.options([
            ("idle_in_transaction_session_timeout", "15s"),
            ("statement_timeout", &limit),
            ("lock_timeout", &limit),
            ("tcp_keepalives_idle", "10"),
            ("tcp_keepalives_interval", "5"),
            ("tcp_keepalives_count", "3"),
        ]))
    }

    /// How long a node waits for the answer to a statement: past the server's own limit, nobody answers any more.
    pub(crate) const fn patience(&self) -> Duration {
        self.statement_timeout.saturating_add(GRACE)
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL may hold a password, too.
        f.debug_struct("PostgresSettings")
            .field("connections", &self.connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}
