//! Whether a role trusts who wants to assume it.

use std::sync::Arc;

use access::{Asker, Policy, PolicyKind, Question, RequestContext, Verdict};
use model::{AccountId, Action, Arn, Error, Principal, Result};

use crate::Catalog;
use crate::identities::Role;

/// Stands in for roles that do not exist: they are refused as those are that trust others.
const TRUSTS_NOBODY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow",
    "Principal":{"Service":"nobody"},"Action":"sts:AssumeRole"}}"#;

/// A role that someone wants to assume.
pub(super) struct Wanted {
    pub(super) account: AccountId,
    pub(super) arn: Arn,
    pub(super) trust: Arc<Policy>,
    /// None when there is no such role, and then nobody is trusted.
    pub(super) role: Option<(i64, Role)>,
}

impl Catalog {
    /// The role of an ARN, whether it exists or not.
    pub(super) async fn wanted_role(&self, principal: &Principal) -> Result<Wanted> {
        let role = self.find_role(principal).await?;
        let trust = role.as_ref().and_then(|(_, role)| {
            let parsed = Policy::parse(PolicyKind::Trust, &role.trust_policy);
            parsed
                .inspect_err(|error| {
                    tracing::error!(role = %principal, %error, "a trust policy cannot be read, so nobody is trusted");
                })
                .ok()
        });
        let (trust, role) = match trust {
            Some(trust) => (trust, role),
            None => {
                let nobody = Policy::parse(PolicyKind::Trust, TRUSTS_NOBODY);
                (nobody.map_err(Error::internal)?, None)
            }
        };
        Ok(Wanted {
            account: principal.account.clone(),
            arn: Arn::of_principal(principal),
            trust: Arc::new(trust.labelled("trust policy".to_owned())),
            role,
        })
    }
}

impl Wanted {
    /// Whether the role lets the holder of a provider's token do this.
    pub(super) fn trusts_provider(
        &self,
        provider_arn: &str,
        action: Action,
        context: &RequestContext,
    ) -> bool {
        let judgement = self.trust.judge(&Question {
            asker: Asker::Federated { provider_arn },
            action,
            resource: &self.arn,
            resource_owner: &self.account,
            context,
        });
        judgement.verdict == Verdict::Allow
    }
}
