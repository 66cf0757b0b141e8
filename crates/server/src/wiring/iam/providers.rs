//! Identity providers.

use catalog::NewOidcProvider;
use serde_json::json;

use super::{Answer, Desk, answer, done, instant};
use crate::iam::{Document, ProviderVerb};

impl Desk {
    pub(super) async fn provider(&self, verb: ProviderVerb) -> Answer {
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            ProviderVerb::CreateOpenIdConnectProvider {
                url,
                client_id_list,
                thumbprint_list: _,
                allow_private_network,
                certificate_authorities,
            } => {
                let new = NewOidcProvider {
                    account: self.account.clone(),
                    issuer: url,
                    audiences: client_id_list,
                    allow_private_network,
                    certificate_authorities: certificate_authorities.map(Document::into_text),
                };
                let made = catalog.create_oidc_provider(root, new).await?;
                answer("OpenIDConnectProviderArn", made.arn().into())
            }
            ProviderVerb::ListOpenIdConnectProviders => {
                let all = catalog.list_oidc_providers(&self.account).await?;
                let shown = all.iter().map(|provider| json!({ "Arn": provider.arn() }));
                answer("OpenIDConnectProviderList", shown.collect())
            }
            ProviderVerb::GetOpenIdConnectProvider {
                open_id_connect_provider_arn: arn,
            } => {
                let provider = catalog.get_oidc_provider(&self.account, &arn).await?;
                Ok(Some(json!({
                    "Url": provider.issuer,
                    "ClientIDList": provider.audiences,
                    "ThumbprintList": [],
                    "AllowPrivateNetwork": provider.allow_private_network,
                    "CreateDate": instant(provider.created_at),
                })))
            }
            ProviderVerb::DeleteOpenIdConnectProvider {
                open_id_connect_provider_arn: arn,
            } => done(
                catalog
                    .delete_oidc_provider(root, &self.account, &arn)
                    .await,
            ),
        }
    }
}
