//! Inline policies of users and roles.

use model::{ChangeKind, Principal, PrincipalKind, Result};
use serde_json::json;

use super::names::check_policy_name;
use super::policy_documents::{check_identity_policy, size};
use super::users::check_name;
use super::{get_row, no_such_entity, noun, refused};
use crate::failure::from_store;
use crate::{Caller, Catalog};

/// The most that all inline policies of one principal may take.
const fn limit(kind: PrincipalKind) -> usize {
    match kind {
        PrincipalKind::Root => 0,
        PrincipalKind::User => 2_048,
        PrincipalKind::Role => 10_240,
    }
}

fn not_found(principal: &Principal, name: &str) -> model::Error {
    no_such_entity(format!(
        "The {} policy with name {name} cannot be found.",
        noun(principal.kind)
    ))
}

impl Catalog {
    /// Adds an inline policy to a user or role, or replaces the one of that name.
    pub async fn put_inline_policy(
        &self,
        actor: &Caller,
        principal: &Principal,
        name: &str,
        document: &str,
    ) -> Result<()> {
        check_name(principal)?;
        check_policy_name(name)?;
        let limit = limit(principal.kind);
        check_identity_policy(document, limit)?;
        let (name, document) = (name.to_owned(), document.to_owned());
        let kind = ChangeKind::InlinePolicyPut;
        self.change_principal(actor, principal, kind, move |tx, row, principal| {
            Box::pin(async move {
                let present = tx.list_principal_policies(row).await?;
                let others = present.iter().filter(|policy| policy.name != name);
                let others: usize = others.map(|policy| size(&policy.document)).sum();
                if others + size(&document) > limit {
                    return Err(refused(format!(
                        "Maximum policy size of {limit} characters exceeded for {} {}.",
                        noun(principal.kind),
                        principal.short_name()
                    ))
                    .into());
                }
                tx.upsert_principal_policy(row, &name, &document).await?;
                Ok(Some(json!({ "policy": name, "document": document })))
            })
        })
        .await
    }

    /// The document of an inline policy.
    pub async fn get_inline_policy(&self, principal: &Principal, name: &str) -> Result<String> {
        let policies = self.inline_policies(principal).await?;
        let found = policies.into_iter().find(|(known, _)| known == name);
        found
            .map(|(_, document)| document)
            .ok_or_else(|| not_found(principal, name))
    }

    /// The names of a principal's inline policies.
    pub async fn list_inline_policies(&self, principal: &Principal) -> Result<Vec<String>> {
        let policies = self.inline_policies(principal).await?;
        Ok(policies.into_iter().map(|(name, _)| name).collect())
    }

    async fn inline_policies(&self, principal: &Principal) -> Result<Vec<(String, String)>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (row, _) = get_row(&mut reader, principal).await?;
        let rows = reader
            .list_principal_policies(row.id)
            .await
            .map_err(from_store)?;
        Ok(rows
            .into_iter()
            .map(|row| (row.name, row.document))
            .collect())
    }

    /// Deletes an inline policy.
    pub async fn delete_inline_policy(
        &self,
        actor: &Caller,
        principal: &Principal,
        name: &str,
    ) -> Result<()> {
        let (name, kind) = (name.to_owned(), ChangeKind::InlinePolicyDeleted);
        self.change_principal(actor, principal, kind, move |tx, row, principal| {
            Box::pin(async move {
                if !tx.delete_principal_policy(row, &name).await? {
                    return Err(not_found(principal, &name).into());
                }
                Ok(Some(json!({ "policy": name })))
            })
        })
        .await
    }
}
