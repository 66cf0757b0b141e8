//! Identity providers: issuers of OIDC tokens that roles of an account may trust.

use model::{AccountId, ChangeKind, EpochMillis, Error, Result};
use store::OidcProviderRow;
use upstream::Url;

use super::{no_such_entity, refused};
use crate::change_log::{ChangeDetails as _, INSTALLATION, change};
use crate::failure::{Failure, from_store};
use crate::{Caller, Catalog};

const MOST_PROVIDERS: usize = 100;
const MOST_AUDIENCES: usize = 100;

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// The account whose roles may trust it.
    pub account: AccountId,
    /// The issuer, as its tokens spell it.
    pub issuer: String,
    /// The audiences that its tokens may be made for.
    pub audiences: Vec<String>,
    /// Whether it, and its keys, may be in a private network.
    pub allow_private_network: bool,
    /// Certificate authorities to trust for it beside the machine's own, as PEM.
    pub certificate_authorities: Option<String>,
    /// When it was made.
    pub created_at: EpochMillis,
}

impl OidcProvider {
    /// Its ARN: what trust policies name as the federated principal.
    #[must_use]
    pub fn arn(&self) -> String {
        arn(&self.account, &self.issuer)
    }
}

fn arn(account: &AccountId, issuer: &str) -> String {
    let name = access::WebIdentity::provider(issuer);
    format!("arn:aws:iam::{account}:oidc-provider/{name}")
}

/// What a provider is made of.
#[derive(Debug, Clone)]
pub struct NewOidcProvider {
    /// The account.
    pub account: AccountId,
    /// The issuer's URL.
    pub issuer: String,
    /// The audiences.
    pub audiences: Vec<String>,
    /// Whether it may be in a private network, and speak without TLS there.
    pub allow_private_network: bool,
    /// Certificate authorities for it, as PEM.
    pub certificate_authorities: Option<String>,
}

pub(crate) fn from_row(row: OidcProviderRow) -> Result<OidcProvider> {
    let corrupt = || Error::internal(format!("the row of provider {} cannot be read", row.issuer));
    Ok(OidcProvider {
        account: AccountId::parse(&row.account).map_err(|_| corrupt())?,
        audiences: serde_json::from_str(&row.audiences).map_err(|_| corrupt())?,
        issuer: row.issuer,
        allow_private_network: row.allow_private_network,
        certificate_authorities: row.certificate_authorities,
        created_at: EpochMillis(row.created_at_ms),
    })
}

fn check(new: &NewOidcProvider) -> Result<()> {
    let issuer = &new.issuer;
    let bad = |why: &str| {
        Err(refused(format!(
            "'{issuer}' is not the URL of an issuer: {why}"
        )))
    };
    let Ok(url) = Url::parse(issuer) else {
        return bad("write it as its tokens do, such as https://id.example/realm");
    };
    match url.scheme() {
        "https" => {}
        "http" if new.allow_private_network => {}
        "http" => return bad("without TLS it must be in a private network, and be allowed to"),
        _ => return bad("it must begin with https://"),
    }
    if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return bad("it must have neither a query, nor a fragment, nor a user");
    }
    if issuer.len() > 255
        || issuer
            .chars()
            .any(|c| !c.is_ascii_graphic() || "*?$".contains(c))
    {
        return bad("it must be at most 255 plain characters");
    }
    // What is compared with tokens is the text, so it must be the one text for that URL.
    let normal = url.as_str();
    if normal != issuer && normal.strip_suffix('/') != Some(issuer) {
        return bad(&format!("it is spelled {normal}"));
    }
    if new.audiences.is_empty() || new.audiences.len() > MOST_AUDIENCES {
        return Err(refused(format!(
            "A provider has 1 to {MOST_AUDIENCES} client ids (audiences), and {} were sent.",
            new.audiences.len()
        )));
    }
    let bad = |audience: &&String| audience.is_empty() || audience.len() > 255;
    match new.audiences.iter().find(bad) {
        Some(_) => Err(refused("A client id has 1 to 255 characters.")),
        None => Ok(()),
    }
}

impl Catalog {
    /// Makes an identity provider. Nothing is fetched by it.
    pub async fn create_oidc_provider(
        &self,
        actor: &Caller,
        new: NewOidcProvider,
    ) -> Result<OidcProvider> {
        check(&new)?;
        let now = self.now();
        let row = OidcProviderRow {
            account: new.account.to_string(),
            issuer: new.issuer,
            audiences: serde_json::to_string(&new.audiences).map_err(Error::internal)?,
            allow_private_network: new.allow_private_network,
            certificate_authorities: new.certificate_authorities,
            created_at_ms: now.0,
        };
        let account = new.account;
        let arn = arn(&account, &row.issuer);
        let detail = serde_json::json!({
            "provider": arn, "audiences": new.audiences, "allowPrivateNetwork": row.allow_private_network,
        });
        let log = change(ChangeKind::IdentityProviderCreated, now, actor).with(&detail);
        let made: Result<OidcProvider, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // Of those who count at once, each would count the same.
                    tx.lock_log(INSTALLATION).await?;
                    let present = tx.list_oidc_providers(&account).await?;
                    if present.len() >= MOST_PROVIDERS {
                        return Err(refused(format!(
                            "Cannot exceed quota for OpenIdConnectProvidersPerAccount: {MOST_PROVIDERS}."
                        ))
                        .into());
                    }
                    let name = access::WebIdentity::provider(&row.issuer);
                    let same = |other: &OidcProviderRow| {
                        access::WebIdentity::provider(&other.issuer) == name
                    };
                    if present.iter().any(same) || !tx.insert_oidc_provider(&row).await? {
                        return Err(refused(format!(
                            "Provider with url {} already exists.",
                            row.issuer
                        ))
                        .into());
                    }
                    tx.append_change(INSTALLATION, &log).await?;
                    Ok(from_row(row)?)
                })
            })
            .await;
        Ok(made?)
    }

    /// The identity providers of an account.
    pub async fn list_oidc_providers(&self, account: &AccountId) -> Result<Vec<OidcProvider>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader.list_oidc_providers(account).await;
        rows.map_err(from_store)?
            .into_iter()
            .map(from_row)
            .collect()
    }

    /// The identity provider of this ARN.
    pub async fn get_oidc_provider(
        &self,
        account: &AccountId,
        wanted: &str,
    ) -> Result<OidcProvider> {
        let all = self.list_oidc_providers(account).await?;
        let found = all.into_iter().find(|provider| provider.arn() == wanted);
        found.ok_or_else(|| {
            no_such_entity(format!(
                "OpenIDConnect Provider not found for arn {wanted}."
            ))
        })
    }

    /// Deletes an identity provider. Sessions that were begun with its tokens go on.
    pub async fn delete_oidc_provider(
        &self,
        actor: &Caller,
        account: &AccountId,
        arn: &str,
    ) -> Result<()> {
        let provider = self.get_oidc_provider(account, arn).await?;
        let log = change(ChangeKind::IdentityProviderDeleted, self.now(), actor)
            .with(&serde_json::json!({ "provider": arn }));
        let done: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.delete_oidc_provider(&provider.account, &provider.issuer)
                        .await?;
                    tx.append_change(INSTALLATION, &log).await?;
                    Ok(())
                })
            })
            .await;
        Ok(done?)
    }
}
