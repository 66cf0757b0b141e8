//! Managed policies: those of an account, and those that the program brings.

use access::policy::{managed, managed_policies};
use model::{AccountId, ChangeKind, EpochMillis, Page, PageLimit, Result};
use store::{Connection, ManagedPolicyRow};

use super::names::check_policy_name;
use super::policy_documents::check_identity_policy;
use super::{id_of, no_such_entity, refused};
use crate::change_log::{ChangeDetails as _, INSTALLATION, change};
use crate::failure::{Failure, from_store};
use crate::{Caller, Catalog};

/// The most that a managed policy may take.
const LIMIT: usize = 6_144;

/// A managed policy.
#[derive(Debug, Clone)]
pub struct ManagedPolicy {
    /// Its ARN.
    pub arn: String,
    /// Its unique id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub document: String,
    /// What its makers wrote about it.
    pub description: String,
    /// When it was made; the beginning of time for those that the program brings.
    pub created_at: EpochMillis,
    /// How many principals it is attached to.
    pub attachments: i64,
}

/// What a managed policy is made of.
#[derive(Debug, Clone)]
pub struct NewManagedPolicy {
    /// The account.
    pub account: AccountId,
    /// Its path, `/` or more.
    pub path: String,
    /// Its name.
    pub name: String,
    /// What it says.
    pub document: String,
    /// What to write about it.
    pub description: String,
}

/// The name at the end of a policy's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The document behind an ARN: one that the program brings, or one of an account.
pub(crate) async fn find_document(
    reader: &mut Connection,
    arn: &str,
) -> Result<Option<String>, Failure> {
    if let Some(document) = managed(arn) {
        return Ok(Some(document.to_owned()));
    }
    Ok(reader
        .find_managed_policy(arn)
        .await?
        .map(|row| row.document))
}

pub(super) fn not_found(arn: &str) -> model::Error {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

fn from_row(row: ManagedPolicyRow, attachments: i64) -> ManagedPolicy {
    ManagedPolicy {
        id: id_of("ANPA", &format!("{}#{}", row.arn, row.created_at_ms)),
        arn: row.arn,
        name: row.name,
        document: row.document,
        description: row.description,
        created_at: EpochMillis(row.created_at_ms),
        attachments,
    }
}

fn built_in(arn: &str) -> Option<ManagedPolicy> {
    Some(ManagedPolicy {
        id: id_of("ANPA", arn),
        arn: arn.to_owned(),
        name: name_of(arn).to_owned(),
        document: managed(arn)?.to_owned(),
        description: String::new(),
        created_at: EpochMillis(0),
        attachments: 0,
    })
}

impl Catalog {
    /// Makes a managed policy.
    pub async fn create_managed_policy(
        &self,
        actor: &Caller,
        new: NewManagedPolicy,
    ) -> Result<ManagedPolicy> {
        check_policy_name(&new.name)?;
        check_identity_policy(&new.document, LIMIT)?;
        let now = self.now();
        let row = ManagedPolicyRow {
            arn: format!(
                "arn:aws:iam::{}:policy{}{}",
                new.account, new.path, new.name
            ),
            account: new.account.to_string(),
            name: new.name,
            document: new.document,
            description: new.description,
            created_at_ms: now.0,
            updated_at_ms: now.0,
        };
        let log = change(ChangeKind::ManagedPolicyCreated, now, actor)
            .with(&serde_json::json!({ "policy": row.arn, "document": row.document }));
        let made: Result<ManagedPolicy, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.insert_managed_policy(&row).await? {
                        let name = &row.name;
                        return Err(refused(format!(
                            "A policy called {name} already exists. Duplicate names are not allowed."
                        ))
                        .into());
                    }
                    tx.append_change(INSTALLATION, &log).await?;
                    Ok(from_row(row, 0))
                })
            })
            .await;
        Ok(made?)
    }

    /// A managed policy: one of an account, or one that the program brings.
    pub async fn get_managed_policy(&self, arn: &str) -> Result<ManagedPolicy> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let attachments = reader.count_attachments(arn).await.map_err(from_store)?;
        if let Some(policy) = built_in(arn) {
            return Ok(ManagedPolicy {
                attachments,
                ..policy
            });
        }
        let row = reader.find_managed_policy(arn).await.map_err(from_store)?;
        row.map(|row| from_row(row, attachments))
            .ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))
    }

    /// An account's managed policies in order of their names.
    pub async fn list_managed_policies(
        &self,
        account: &AccountId,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<ManagedPolicy>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader
            .list_managed_policies(account, after.unwrap_or_default(), limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let mut items = Vec::with_capacity(page.items.len());
        for row in page.items {
            let attachments = reader.count_attachments(&row.arn).await;
            items.push(from_row(row, attachments.map_err(from_store)?));
        }
        Ok(Page {
            items,
            next: page.next,
        })
    }

    /// The policies that the program brings.
    #[must_use]
    pub fn built_in_policies(&self) -> Vec<ManagedPolicy> {
        managed_policies()
            .filter_map(|(name, _)| built_in(&format!("arn:aws:iam::aws:policy/{name}")))
            .collect()
    }

    /// Deletes a managed policy that is attached to nothing.
    pub async fn delete_managed_policy(&self, actor: &Caller, arn: &str) -> Result<()> {
        if managed(arn).is_some() {
            return Err(refused(format!(
                "{arn} is one of the policies that come with the program, and cannot be deleted."
            )));
        }
        let log = change(ChangeKind::ManagedPolicyDeleted, self.now(), actor)
            .with(&serde_json::json!({ "policy": arn }));
        let arn = arn.to_owned();
        let done: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // What is counted here must not be attached meanwhile.
                    tx.lock_log(INSTALLATION).await?;
                    if tx.find_managed_policy(&arn).await?.is_none() {
                        return Err(no_such_entity(format!("Policy {arn} was not found.")).into());
                    }
                    if tx.count_attachments(&arn).await? > 0 {
                        return Err(refused("Cannot delete a policy attached to entities.").into());
                    }
                    tx.delete_managed_policy(&arn).await?;
                    tx.append_change(INSTALLATION, &log).await?;
                    Ok(())
                })
            })
            .await;
        Ok(done?)
    }
}
