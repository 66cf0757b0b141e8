//! Repositories.

use model::{ExternalConnection, Page, Repository, RepositoryName};
use serde::Serialize;

use crate::ControlSettings;
use crate::protocol::page_token::Cursor;

/// `RepositoryDescription`. Its lists are there even when they are empty.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryDescription {
    #[serde(flatten)]
    summary: RepositorySummary,
    upstreams: Vec<UpstreamRepositoryInfo>,
    external_connections: Vec<RepositoryExternalConnectionInfo>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UpstreamRepositoryInfo {
    repository_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RepositoryExternalConnectionInfo {
    external_connection_name: String,
    package_format: &'static str,
    status: String,
}

impl RepositoryDescription {
    pub(crate) fn of(repository: &Repository, settings: &ControlSettings) -> Self {
        let upstream = |name: &RepositoryName| UpstreamRepositoryInfo {
            repository_name: name.to_string(),
        };
        let connection = |connection: &ExternalConnection| RepositoryExternalConnectionInfo {
            external_connection_name: connection.name.to_string(),
            package_format: connection.format.as_str(),
            status: settings.connection_status_text.clone(),
        };
        Self {
            summary: RepositorySummary::of(repository),
            upstreams: repository.upstreams.iter().map(upstream).collect(),
            external_connections: repository
                .external_connections
                .iter()
                .map(connection)
                .collect(),
        }
    }
}

/// `RepositorySummary`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositorySummary {
    name: String,
    administrator_account: String,
    domain_name: String,
    domain_owner: String,
    arn: String,
    description: String,
    created_time: f64,
}

impl RepositorySummary {
    pub(crate) fn of(repository: &Repository) -> Self {
        Self {
            name: repository.name.to_string(),
            administrator_account: repository.administrator.to_string(),
            domain_name: repository.domain.name.to_string(),
            domain_owner: repository.domain.owner.to_string(),
            arn: repository.arn.to_string(),
            description: repository.description.clone(),
            created_time: repository.created_at.as_seconds(),
        }
    }
}

/// One page of repositories.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RepositoryPage {
    repositories: Vec<RepositorySummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl RepositoryPage {
    pub(crate) fn of(page: Page<Repository>, cursor: &Cursor) -> Self {
        Self {
            repositories: page.items.iter().map(RepositorySummary::of).collect(),
            next_token: cursor.next_token(page.next),
        }
    }
}
