//! Users.

use model::{
    AccountId, ChangeKind, EpochMillis, Page, PageLimit, Principal, PrincipalKind, Result,
};
use serde_json::json;
use store::{Connection, PrincipalRow};

use super::names::{check_role_name, check_user_name};
use super::{Tag, entry, get_row, noun, principal_of, refused, unique_id};
use crate::failure::{Failure, from_store};
use crate::{Caller, Catalog};

/// A user.
#[derive(Debug, Clone)]
pub struct User {
    /// The user, with its path.
    pub principal: Principal,
    /// Its unique id.
    pub id: String,
    /// When it was made.
    pub created_at: EpochMillis,
    /// Its tags.
    pub tags: Vec<Tag>,
}

async fn from_row(reader: &mut Connection, row: &PrincipalRow) -> Result<User, Failure> {
    let principal = principal_of(row)?;
    let tags = reader.list_resource_tags(&principal.to_string()).await?;
    Ok(User {
        id: unique_id(&principal, row.id),
        created_at: EpochMillis(row.created_at_ms),
        principal,
        tags,
    })
}

impl Catalog {
    /// Makes a user. Without policies it may do nothing.
    pub async fn create_user(
        &self,
        actor: &Caller,
        principal: Principal,
        tags: Vec<Tag>,
    ) -> Result<User> {
        check_user_name(principal.short_name())?;
        super::principal_tags::check(&tags)?;
        let now = self.now();
        let log = entry(
            ChangeKind::UserCreated,
            now,
            actor,
            &principal,
            &json!({ "tags": tags }),
        );
        let made: Result<User, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    insert(tx, &principal, &tags, now).await?;
                    tx.append_change(crate::change_log::INSTALLATION, &log)
                        .await?;
                    let (row, _) = get_row(tx, &principal).await?;
                    from_row(tx, &row).await
                })
            })
            .await;
        self.identities_changed();
        Ok(made?)
    }

    /// A user.
    pub async fn get_user(&self, principal: &Principal) -> Result<User> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (row, _) = get_row(&mut reader, principal).await?;
        Ok(from_row(&mut reader, &row).await?)
    }

    /// The users of an account in order of their names.
    pub async fn list_users(
        &self,
        account: &AccountId,
        after: Option<&str>,
        limit: PageLimit,
    ) -> Result<Page<User>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let after = after.unwrap_or_default();
        let rows = reader
            .list_principals(account, PrincipalKind::User, after, limit)
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

    /// Deletes a user that has neither access keys nor policies left.
    pub async fn delete_user(&self, actor: &Caller, principal: &Principal) -> Result<()> {
        self.delete_principal(actor, principal, ChangeKind::UserDeleted)
            .await
    }

    pub(super) async fn delete_principal(
        &self,
        actor: &Caller,
        principal: &Principal,
        kind: ChangeKind,
    ) -> Result<()> {
        self.change_principal(actor, principal, kind, |tx, row, principal| {
            Box::pin(async move {
                let keys = tx.list_access_keys_of(row).await?.len();
                let inline = tx.list_principal_policies(row).await?.len();
                let attached = tx.list_attached_policies(row).await?.len();
                for (count, what, how) in [
                    (keys, "access keys", "delete"),
                    (inline, "policies", "delete"),
                    (attached, "policies", "detach all"),
                ] {
                    if count > 0 {
                        return Err(refused(format!(
                            "Cannot delete entity, must {how} {what} first: the {} {} has {count}.",
                            noun(principal.kind),
                            principal.short_name()
                        ))
                        .into());
                    }
                }
                tx.delete_resource_tags(&principal.to_string()).await?;
                tx.delete_principal(row).await?;
                Ok(Some(json!({})))
            })
        })
        .await
    }
}

/// Adds the rows that every new principal has.
pub(super) async fn insert(
    tx: &mut store::Tx,
    principal: &Principal,
    tags: &[Tag],
    now: EpochMillis,
) -> Result<(), Failure> {
    if !tx.insert_principal(principal, now).await? {
        let (noun, name) = (noun(principal.kind), principal.short_name());
        let upper = noun[..1].to_uppercase() + &noun[1..];
        return Err(refused(format!("{upper} with name {name} already exists.")).into());
    }
    let arn = principal.to_string();
    for (key, value) in tags {
        tx.upsert_resource_tag(&arn, key, value).await?;
    }
    Ok(())
}

/// Checks the name of a principal that operators name.
pub(super) fn check_name(principal: &Principal) -> Result<()> {
    match principal.kind {
        PrincipalKind::Root => Err(refused(
            "The root of an account has every right in it and takes no policies.",
        )),
        PrincipalKind::User => check_user_name(principal.short_name()),
        PrincipalKind::Role => check_role_name(principal.short_name()),
    }
}
