//! What an operator can set of the rules.

use std::time::Duration;

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
    /// Whether sources that name a freshness of their own have it instead: so as long as the operator set none.
    pub uses_source_freshness: bool,
    /// Once one asset of a version was pulled through, the others follow if they have no more bytes than this together;
    /// 0 for never.
    pub whole_version_bytes: u64,
    /// The bytes of ready documents kept in memory.
    pub document_cache_bytes: u64,
    /// The largest document of a public source that is read.
    pub source_document_limit_bytes: u64,
    /// For how long an address is good to which downloads are redirected, in the repositories that ask for it
    /// ([`REDIRECT_TAG`](crate::REDIRECT_TAG)); none where none are.
    pub redirect_lifetime: Option<Duration>,
    /// For how long after the database was heard last what is held in memory is shown without it; zero for never.
    pub held_reads: Duration,
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
    pub rates: Rates,
}

/// Requests in a second; `None` for any number. By default nothing is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Rates {
    pub reads_per_account: Option<u32>,
    pub writes_per_account: Option<u32>,
    pub per_token: Option<u32>,
    pub per_address_without_token: Option<u32>,
    pub get_authorization_token: Option<u32>,
    pub get_package_version_asset: Option<u32>,
    pub list_packages: Option<u32>,
    pub list_package_versions: Option<u32>,
    pub list_package_version_assets: Option<u32>,
    pub publish_package_version: Option<u32>,
    pub copy_package_versions: Option<u32>,
}

impl Rates {
    /// The operations that have a rate of their own, for each account.
    pub(crate) const fn of_operations(&self) -> [(&'static str, Option<u32>); 7] {
        [
            ("GetAuthorizationToken", self.get_authorization_token),
            ("GetPackageVersionAsset", self.get_package_version_asset),
            ("ListPackages", self.list_packages),
            ("ListPackageVersions", self.list_package_versions),
            ("ListPackageVersionAssets", self.list_package_version_assets),
            ("PublishPackageVersion", self.publish_package_version),
            ("CopyPackageVersions", self.copy_package_versions),
        ]
    }
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
            rates: Rates::default(),
        }
    }
}
