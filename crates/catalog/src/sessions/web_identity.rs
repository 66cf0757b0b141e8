//! AssumeRoleWithWebIdentity: a session for the holder of an identity provider's token.

use access::web_identity::Expected;
use access::{RequestContext, WebIdentity, WebIdentityError, WebIdentityToken};
use model::{Action, Error, Result};

use super::assume_role::{check_seconds, read_role};
use super::issuing::{Order, check_session_tags};
use super::{IssuedSession, SessionFailure};
use crate::failure::from_store;
use crate::identities::{OidcProvider, check_session_name, provider_from_row};
use crate::{Catalog, RequestPlace};

/// What AssumeRoleWithWebIdentity is asked with.
#[derive(Clone, Default)]
pub struct AssumeRoleWithWebIdentity {
    /// The ARN of the role.
    pub role_arn: String,
    /// What to call the session.
    pub session_name: String,
    /// The provider's token. Secret.
    pub token: String,
    /// How long the session shall be, in seconds.
    pub seconds: Option<i64>,
    /// A policy that narrows it.
    pub policy: Option<String>,
    /// Managed policies that narrow it.
    pub policy_arns: Vec<String>,
    /// Where the request came from.
    pub place: RequestPlace,
}

impl std::fmt::Debug for AssumeRoleWithWebIdentity {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AssumeRoleWithWebIdentity")
            .field("role_arn", &self.role_arn)
            .finish_non_exhaustive()
    }
}

/// A session, and who it was made for.
#[derive(Debug)]
pub struct FederatedSession {
    /// The session.
    pub session: IssuedSession,
    /// Whom the provider's token was about.
    pub subject: String,
    /// The audience that it was made for.
    pub audience: String,
    /// The provider.
    pub provider_arn: String,
}

impl Catalog {
    /// Begins a session of a role that trusts the holder of this token.
    pub async fn assume_role_with_web_identity(
        &self,
        asked: AssumeRoleWithWebIdentity,
    ) -> Result<FederatedSession, SessionFailure> {
        let role = read_role(&asked.role_arn)?;
        check_session_name(&asked.session_name)?;
        let (provider, identity) = self.check_web_identity(&role.account, &asked.token).await?;
        let (tags, transitive_tag_keys) = identity
            .tags()
            .map_err(|error| SessionFailure::InvalidIdentityToken(error.to_string()))?;
        check_session_tags(&tags)?;
        let provider_arn = provider.arn();
        let wanted = self.wanted_role(&role).await?;
        let context = self.federated_context(&asked, &identity, &tags);
        let mut actions = vec![Action::sts("AssumeRoleWithWebIdentity")];
        if !tags.is_empty() {
            actions.push(Action::sts("TagSession"));
        }
        for action in actions {
            if !wanted.trusts_provider(&provider_arn, action, &context) {
                return Err(
                    Error::access_denied(format!("Not authorized to perform {action}")).into(),
                );
            }
        }
        let (principal_id, role) = wanted
            .role
            .ok_or_else(|| Error::internal("a role that does not exist was about to be assumed"))?;
        let policies = self
            .session_policies(
                &role.principal.account,
                asked.policy.as_deref(),
                &asked.policy_arns,
            )
            .await?;
        let session = self.issue(Order {
            seconds: check_seconds(asked.seconds, role.max_session_seconds, false)?,
            principal: role.principal,
            principal_id,
            unique_id: role.id,
            name: Some(asked.session_name),
            policies,
            tags,
            transitive_tag_keys,
            access_key: None,
        })?;
        Ok(FederatedSession {
            session,
            subject: identity.subject,
            audience: identity.audience,
            provider_arn,
        })
    }

    /// Checks a token with the keys of the provider that the account knows under its issuer's name.
    async fn check_web_identity(
        &self,
        account: &model::AccountId,
        token: &str,
    ) -> Result<(OidcProvider, WebIdentity), SessionFailure> {
        let read = || WebIdentityToken::read(token).map_err(|error| refused(&error));
        let issuer = read()?
            .issuer()
            .map_err(|error| refused(&error))?
            .to_owned();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader.find_oidc_provider(account, &issuer).await;
        drop(reader);
        let Some(row) = row.map_err(from_store)? else {
            let shown: String = issuer
                .chars()
                .filter(|c| !c.is_control())
                .take(255)
                .collect();
            return Err(SessionFailure::InvalidIdentityToken(format!(
                "No OpenIDConnect provider found in your account for {shown}"
            )));
        };
        let provider = provider_from_row(row)?;
        let expected = Expected {
            issuer: &provider.issuer,
            audiences: &provider.audiences,
            now: self.now(),
        };
        let held = self.issuer_keys(&provider, None).await?;
        let identity = match read()?.verify(&held.keys, &expected) {
            // The provider may have begun to use a new key since its keys were fetched.
            Err(WebIdentityError::UnknownKey) => {
                let fresh = self.issuer_keys(&provider, Some(&held)).await?;
                read()?
                    .verify(&fresh.keys, &expected)
                    .map_err(|error| refused(&error))?
            }
            checked => checked.map_err(|error| refused(&error))?,
        };
        Ok((provider, identity))
    }

    fn federated_context(
        &self,
        asked: &AssumeRoleWithWebIdentity,
        identity: &WebIdentity,
        tags: &[(String, String)],
    ) -> RequestContext {
        let mut other = identity.condition_keys();
        other.push((
            "sts:rolesessionname".to_owned(),
            vec![asked.session_name.clone()],
        ));
        RequestContext {
            now: self.now(),
            source_ip: asked.place.source_ip,
            secure_transport: asked.place.secure_transport,
            request_tags: tags.to_vec(),
            tag_keys: tags.iter().map(|(key, _)| key.clone()).collect(),
            other,
            ..RequestContext::default()
        }
    }
}

fn refused(error: &WebIdentityError) -> SessionFailure {
    let message = format!("The web identity token is refused: {error}.");
    match error {
        WebIdentityError::Expired(_) => SessionFailure::ExpiredIdentityToken(message),
        _ => SessionFailure::InvalidIdentityToken(message),
    }
}
