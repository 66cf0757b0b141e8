//! Managed policies attached to users and roles.

use model::{ChangeKind, Principal, Result};
use serde_json::json;

use super::managed_policies::{find_document, name_of, not_found};
use super::users::check_name;
use super::{get_row, no_such_entity, noun, refused};
use crate::failure::from_store;
use crate::{Caller, Catalog};

/// The most policies that can be attached to one principal.
const MOST_ATTACHED: usize = 10;

/// A policy that is attached to a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

impl Catalog {
    /// Attaches a managed policy of the principal's account, or one that the program brings, to a user or role.
    pub async fn attach_policy(
        &self,
        actor: &Caller,
        principal: &Principal,
        arn: &str,
    ) -> Result<()> {
        check_name(principal)?;
        let (arn, kind) = (arn.to_owned(), ChangeKind::PolicyAttached);
        self.change_principal(actor, principal, kind, move |tx, row, principal| {
            Box::pin(async move {
                let own = format!("arn:aws:iam::{}:policy/", principal.account);
                let is_near = arn.starts_with(&own) || arn.starts_with("arn:aws:iam::aws:");
                if !is_near || find_document(tx, &arn).await?.is_none() {
                    return Err(not_found(&arn).into());
                }
                let attached = tx.list_attached_policies(row).await?;
                if attached.contains(&arn) {
                    return Ok(None);
                }
                if attached.len() >= MOST_ATTACHED {
                    return Err(refused(format!(
                        "Cannot exceed quota for PoliciesPer{}: {MOST_ATTACHED}.",
                        noun(principal.kind)
                    ))
                    .into());
                }
                tx.attach_policy(row, &arn).await?;
                Ok(Some(json!({ "policy": arn })))
            })
        })
        .await
    }

    /// Detaches a managed policy from a user or role.
    pub async fn detach_policy(
        &self,
        actor: &Caller,
        principal: &Principal,
        arn: &str,
    ) -> Result<()> {
        let (arn, kind) = (arn.to_owned(), ChangeKind::PolicyDetached);
        self.change_principal(actor, principal, kind, move |tx, row, _| {
            Box::pin(async move {
                if !tx.detach_policy(row, &arn).await? {
                    return Err(no_such_entity(format!("Policy {arn} was not found.")).into());
                }
                Ok(Some(json!({ "policy": arn })))
            })
        })
        .await
    }

    /// The policies attached to a user or role.
    pub async fn list_attached_policies(
        &self,
        principal: &Principal,
    ) -> Result<Vec<AttachedPolicy>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (row, _) = get_row(&mut reader, principal).await?;
        let arns = reader.list_attached_policies(row.id).await;
        let arns = arns.map_err(from_store)?.into_iter();
        Ok(arns
            .map(|arn| AttachedPolicy {
                name: name_of(&arn).to_owned(),
                arn,
            })
            .collect())
    }
}
