//! What an operator can set of the rules.

use model::{AccountId, ArnScope};

/// Settings of the catalog.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account of the installation.
    pub account: AccountId,
    /// Partition and region in ARNs.
    pub scope: ArnScope,
    /// Limits on what may be made.
    pub quotas: Quotas,
    /// How old a public source's document may be before it is checked again, in the background.
    pub freshness_ms: i64,
    /// The bytes of ready documents kept in memory.
    pub document_cache_bytes: u64,
    /// The largest document of a public source that is read.
    pub source_document_limit_bytes: u64,
    /// Accepts every access key as the root of the account, and package clients without a token.
    pub dev: bool,
}

/// The service's limits (user guide, "Quotas").
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Quotas {
    pub domains_per_account: i64,
    pub repositories_per_domain: i64,
    pub external_connections_per_domain: i64,
    pub package_groups_per_domain: i64,
    pub direct_upstreams: usize,
    pub searched_repositories: usize,
    pub assets_per_version: usize,
    pub tags_per_resource: usize,
    pub asset_size_bytes: u64,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            domains_per_account: 10,
            repositories_per_domain: 1000,
            external_connections_per_domain: 1000,
            package_groups_per_domain: 10_000,
            direct_upstreams: 10,
            searched_repositories: 25,
            assets_per_version: 350,
            tags_per_resource: 50,
            asset_size_bytes: 5 * 1024 * 1024 * 1024,
        }
    }
}
