//! Roles: principals without keys, which others assume.

use model::{
    AccountId, ChangeKind, Constraint, EpochMillis, Error, InvalidReason, Page, PageLimit,
    Principal, PrincipalKind, Result, Violation, violations_message,
};
use serde_json::json;
use store::{Connection, PrincipalRow, RoleRow};

use super::names::check_role_name;
use super::policy_documents::check_trust_policy;
use super::{Tag, entry, get_row, principal_of, unique_id};
use crate::change_log::INSTALLATION;
use crate::failure::{Failure, from_store};
use crate::{Caller, Catalog};

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// The role, with its path.
    pub principal: Principal,
    /// Its unique id.
    pub id: String,
    /// When it was made.
    pub created_at: EpochMillis,
    /// Who may assume it: a policy document.
    pub trust_policy: String,
    /// The longest session.
    pub max_session_seconds: i64,
    /// What its makers wrote about it.
    pub description: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What a role is made of.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// The role, with its path.
    pub principal: Principal,
    /// Who may assume it: a policy document.
    pub trust_policy: String,
    /// The longest session, 3,600 to 43,200 seconds.
    pub max_session_seconds: i64,
    /// What to write about it.
    pub description: String,
    /// Its tags.
    pub tags: Vec<Tag>,
}

async fn from_row(reader: &mut Connection, row: &PrincipalRow) -> Result<Role, Failure> {
    let principal = principal_of(row)?;
    let role = reader.find_role(row.id).await?;
    let role = role.ok_or_else(|| {
        Error::internal(format!(
            "the role {} has no trust policy",
            principal.short_name()
        ))
    })?;
    let tags = reader.list_resource_tags(&principal.to_string()).await?;
    Ok(Role {
        id: unique_id(&principal, row.id),
        created_at: EpochMillis(row.created_at_ms),
        trust_policy: role.trust_policy,
        max_session_seconds: role.max_session_seconds,
        description: role.description,
        principal,
        tags,
    })
}

fn check_new(new: &NewRole) -> Result<()> {
    check_role_name(new.principal.short_name())?;
    super::principal_tags::check(&new.tags)?;
    let constraint = match new.max_session_seconds {
        ..3600 => Some(Constraint::AtLeast(3600)),
        3600..=43_200 => None,
        _ => Some(Constraint::AtMost(43_200)),
    };
    if let Some(constraint) = constraint {
        let violation = Violation {
            member: "maxSessionDuration".into(),
            value: Some(new.max_session_seconds.to_string()),
            constraint,
        };
        return Err(Error::invalid(
            InvalidReason::FieldValidation,
            violations_message(&[violation]),
        ));
    }
    if model::Description::parse(&new.description).is_err() {
        return Err(Error::invalid(
            InvalidReason::FieldValidation,
            "The description must be at most 1000 characters without control characters.",
        ));
    }
    check_trust_policy(&new.trust_policy)
}

impl Catalog {
    /// Makes a role.
    pub async fn create_role(&self, actor: &Caller, new: NewRole) -> Result<Role> {
        check_new(&new)?;
        let now = self.now();
        let detail = json!({
            "trustPolicy": new.trust_policy, "maxSessionSeconds": new.max_session_seconds, "tags": new.tags,
        });
        let log = entry(ChangeKind::RoleCreated, now, actor, &new.principal, &detail);
        let made: Result<Role, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    super::users::insert(tx, &new.principal, &new.tags, now).await?;
                    let (row, _) = get_row(tx, &new.principal).await?;
                    tx.insert_role(&RoleRow {
                        principal_id: row.id,
                        trust_policy: new.trust_policy,
                        max_session_seconds: new.max_session_seconds,
                        description: new.description,
                    })
                    .await?;
                    tx.append_change(INSTALLATION, &log).await?;
                    from_row(tx, &row).await
                })
            })
            .await;
        self.identities_changed();
        Ok(made?)
    }

    /// A role.
    pub async fn get_role(&self, principal: &Principal) -> Result<Role> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (row, _) = get_row(&mut reader, principal).await?;
        Ok(from_row(&mut reader, &row).await?)
    }

    /// The role of this ARN, with the number of its row. A path must be the role's own.
    pub(crate) async fn find_role(&self, principal: &Principal) -> Result<Option<(i64, Role)>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader.find_principal(principal).await.map_err(from_store)?;
        let Some(row) = row else {
            return Ok(None);
        };
        let role = from_row(&mut reader, &row).await?;
        Ok((role.principal == *principal).then_some((row.id, role)))
    }

    /// The roles of an account in order of their names.
    pub async fn list_roles(
        &self,
        account: &AccountId,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<Role>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let after = after.unwrap_or_default();
        let rows = reader
            .list_principals(account, PrincipalKind::Role, after, limit)
            .await
            .map_err(from_store)?;
        let page = Page::from_rows(rows, limit, |row| row.name.clone());
        let mut items = Vec::with_capacity(page.items.len());
        for row in &page.items {
            items.push(from_row(&mut reader, row).await?);
        }
        Ok(Page {
            items,
            next: page.next,
        })
    }

    /// Replaces who may assume a role. Sessions that were begun go on.
    pub async fn update_assume_role_policy(
        &self,
        actor: &Caller,
        principal: &Principal,
        document: &str,
    ) -> Result<()> {
        check_trust_policy(document)?;
        let (document, kind) = (document.to_owned(), ChangeKind::RoleUpdated);
        self.change_principal(actor, principal, kind, move |tx, row, _| {
            Box::pin(async move {
                tx.update_role_trust_policy(row, &document).await?;
                Ok(Some(json!({ "trustPolicy": document })))
            })
        })
        .await
    }

    /// Deletes a role that has no policies left. Its sessions end with it.
    pub async fn delete_role(&self, actor: &Caller, principal: &Principal) -> Result<()> {
        self.delete_principal(actor, principal, ChangeKind::RoleDeleted)
            .await
    }
}
