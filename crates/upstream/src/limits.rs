//! The bounds that every exchange with a source is held to. Each one answers a way in which a source can hurt:
//! silence, dripping, endless bodies, bombs, redirects without end, floods of names that do not exist.

/// How long, how much and how many. The defaults suit the large public sources over the internet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Time to resolve the name, connect and finish the TLS handshake.
    pub connect_timeout_ms: u64,
    /// Time from sending a request to the end of the answer's headers, for each hop.
    pub header_timeout_ms: u64,
    /// The progress window: while a body is read, each window must bring at least `progress_bytes`.
    pub idle_timeout_ms: u64,
    /// What a progress window must bring. A body that ends within the window is always fine.
    pub progress_bytes: u64,
    /// Time for a whole document: all hops, headers and body together.
    pub total_document_timeout_ms: u64,
    /// Time to wait for one of the `concurrent_per_source` places.
    pub queue_timeout_ms: u64,
    /// The largest document, counted after decompression.
    pub document_limit_bytes: u64,
    /// The largest asset.
    pub asset_limit_bytes: u64,
    /// How many times larger than sent a decompressed document may be. Looked at only beyond the first mebibyte,
    /// because a short document of blanks may rightly shrink a thousandfold.
    pub decompression_ratio: u64,
    /// The longest chain of redirects.
    pub redirects: usize,
    /// How long "not there" is remembered.
    pub negative_ttl_ms: u64,
    /// How many "not there" are remembered for each source; the oldest go first.
    pub negative_entries: usize,
    /// After how many failures in a row the breaker opens.
    pub breaker_failures: u32,
    /// How long the breaker stays open before it lets one request through.
    pub breaker_open_ms: u64,
    /// The longest pause that a source may ask for with `Retry-After`.
    pub retry_after_limit_ms: u64,
    /// How many requests may be open to one source at a time.
    pub concurrent_per_source: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 10_000,
            header_timeout_ms: 30_000,
            idle_timeout_ms: 30_000,
            progress_bytes: 1024,
            total_document_timeout_ms: 120_000,
            queue_timeout_ms: 30_000,
            document_limit_bytes: 256 * 1024 * 1024,
            asset_limit_bytes: 10 * 1024 * 1024 * 1024,
            decompression_ratio: 200,
            redirects: 5,
            negative_ttl_ms: 60_000,
            negative_entries: 10_000,
            breaker_failures: 5,
            breaker_open_ms: 15_000,
            retry_after_limit_ms: 3_600_000,
            concurrent_per_source: 64,
        }
    }
}
