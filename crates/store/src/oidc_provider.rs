//! Issuers of OIDC tokens that roles may trust.

use model::AccountId;
use sqlx::FromRow;

use crate::engine::on_engine;
use crate::hot_statement::hot;
use crate::{Connection, StoreResult, Tx};

/// An identity provider of an account.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the schema documents the columns")]
pub struct OidcProviderRow {
    pub account: String,
    pub issuer: String,
    pub audiences: String,
    pub allow_private_network: bool,
    pub certificate_authorities: Option<String>,
    pub created_at_ms: i64,
}

const FIND: &str =
    "SELECT account, issuer, audiences, allow_private_network, certificate_authorities, created_at_ms
    FROM oidc_provider WHERE account = $1 AND issuer = $2";
const LIST: &str =
    "SELECT account, issuer, audiences, allow_private_network, certificate_authorities, created_at_ms
    FROM oidc_provider WHERE account = $1 ORDER BY issuer";
const INSERT: &str = "INSERT INTO oidc_provider
    (account, issuer, audiences, allow_private_network, certificate_authorities, created_at_ms)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (account, issuer) DO NOTHING";
const DELETE: &str =
    "DELETE FROM oidc_provider WHERE account = $1 AND issuer = $2 RETURNING issuer";
hot!["oidc_provider": FIND];

impl Connection {
    /// The provider of an account for an issuer.
    pub async fn find_oidc_provider(
        &mut self,
        account: &AccountId,
        issuer: &str,
    ) -> StoreResult<Option<OidcProviderRow>> {
        on_engine!(self, db => sqlx::query_as(FIND)
            .bind(account.as_str()).bind(issuer).fetch_optional(&mut *db).await)
    }

    /// An account's providers in order of their issuers. Few: their number is bounded.
    pub async fn list_oidc_providers(
        &mut self,
        account: &AccountId,
    ) -> StoreResult<Vec<OidcProviderRow>> {
        on_engine!(self, db => sqlx::query_as(LIST).bind(account.as_str()).fetch_all(&mut *db).await)
    }
}

impl Tx {
    /// Adds a provider unless the account has one for that issuer; whether it did.
    pub async fn insert_oidc_provider(&mut self, provider: &OidcProviderRow) -> StoreResult<bool> {
        on_engine!(self, db => sqlx::query(INSERT)
            .bind(provider.account.as_str()).bind(provider.issuer.as_str()).bind(provider.audiences.as_str())
            .bind(provider.allow_private_network).bind(provider.certificate_authorities.as_deref())
            .bind(provider.created_at_ms).execute(&mut *db).await.map(|done| done.rows_affected() > 0))
    }

    /// Deletes a provider; false when the account has none for that issuer.
    pub async fn delete_oidc_provider(
        &mut self,
        account: &AccountId,
        issuer: &str,
    ) -> StoreResult<bool> {
        let found: Option<String> = on_engine!(self, db => sqlx::query_scalar(DELETE)
            .bind(account.as_str()).bind(issuer).fetch_optional(&mut *db).await)?;
        Ok(found.is_some())
    }
}
