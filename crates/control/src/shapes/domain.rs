//! Domains.

use model::{AccountId, ArnScope, Domain};
use serde::Serialize;

/// A domain's status. Only the answer of DeleteDomain has the second.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) enum DomainStatus {
    Active,
    Deleted,
}

/// `DomainDescription`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DomainDescription {
    #[serde(flatten)]
    summary: DomainSummary,
    repository_count: i64,
    asset_size_bytes: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    s3_bucket_arn: Option<String>,
}

impl DomainDescription {
    pub(crate) fn of(domain: &Domain, status: DomainStatus) -> Self {
        Self {
            summary: DomainSummary::of(domain, status),
            repository_count: domain.repository_count,
            asset_size_bytes: domain.asset_size_bytes,
            s3_bucket_arn: None,
        }
    }

    /// The same with the place of its assets. There is no bucket, but clients expect a name that stays the same.
    pub(crate) fn with_bucket(mut self, scope: &ArnScope, owner: &AccountId) -> Self {
        let ArnScope { partition, region } = scope;
        self.s3_bucket_arn = Some(format!("arn:{partition}:s3:::assets-{owner}-{region}"));
        self
    }
}

/// `DomainSummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DomainSummary {
    name: String,
    owner: String,
    arn: String,
    status: DomainStatus,
    created_time: f64,
    encryption_key: String,
}

impl DomainSummary {
    pub(crate) fn of(domain: &Domain, status: DomainStatus) -> Self {
        Self {
            name: domain.domain.name.to_string(),
            owner: domain.domain.owner.to_string(),
            arn: domain.arn.to_string(),
            status,
            created_time: domain.created_at.as_seconds(),
            encryption_key: domain.encryption_key.clone(),
        }
    }
}
