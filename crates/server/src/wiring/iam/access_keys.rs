//! Access keys.

use catalog::{AccessKey, KeyStatus};
use model::{Error, InvalidReason, Principal, Result};
use serde_json::{Value, json};

use super::{Answer, Desk, answer, done, instant};
use crate::iam::{AccessKeyVerb, Status};

fn shown_key(key: &AccessKey) -> Value {
    let mut shown = json!({});
    if !key.principal.name.is_empty() {
        shown["UserName"] = key.principal.short_name().into();
    }
    shown["AccessKeyId"] = key.id.as_str().into();
    shown["Status"] = if key.active { "Active" } else { "Inactive" }.into();
    shown
}

impl Desk {
    pub(super) async fn access_key(&self, verb: AccessKeyVerb) -> Answer {
        let (catalog, root) = (&self.catalog, &self.root);
        match verb {
            AccessKeyVerb::CreateAccessKey { user_name } => {
                let owner = self.key_owner(user_name).await?;
                let key = catalog.create_access_key(root, owner).await?;
                let mut shown = shown_key(&key);
                shown["SecretAccessKey"] = key.secret.expose().into();
                shown["CreateDate"] = instant(key.created_at).into();
                answer("AccessKey", shown)
            }
            AccessKeyVerb::UpdateAccessKey {
                access_key_id,
                status,
                user_name,
            } => {
                self.own_key(user_name, &access_key_id).await?;
                let status = match status {
                    Status::Active => KeyStatus::Active,
                    Status::Inactive => KeyStatus::Inactive,
                };
                done(
                    catalog
                        .update_access_key(root, &access_key_id, status)
                        .await,
                )
            }
            AccessKeyVerb::DeleteAccessKey {
                access_key_id,
                user_name,
            } => {
                self.own_key(user_name, &access_key_id).await?;
                done(catalog.delete_access_key(root, &access_key_id).await)
            }
            AccessKeyVerb::ListAccessKeys { user_name } => {
                let owner = self.key_owner(user_name).await?;
                let keys = catalog.list_access_keys_of(&owner).await?;
                let shown = keys.iter().map(|key| {
                    let mut shown = shown_key(key);
                    shown["CreateDate"] = instant(key.created_at).into();
                    shown
                });
                answer("AccessKeyMetadata", shown.collect())
            }
        }
    }

    /// The user of this name, who must be there, or the account's root.
    async fn key_owner(&self, user_name: Option<String>) -> Result<Principal> {
        match user_name {
            None => Ok(Principal::root(self.account.clone())),
            Some(name) => {
                let user = self.catalog.get_user(&self.user_named(name)).await?;
                Ok(user.principal)
            }
        }
    }

    /// Refuses a key of somebody else: whoever typed a wrong id should not end a stranger's work.
    async fn own_key(&self, user_name: Option<String>, id: &str) -> Result<()> {
        let owner = self.key_owner(user_name).await?;
        let keys = self.catalog.list_access_keys_of(&owner).await?;
        if keys.iter().any(|key| key.id == id) {
            return Ok(());
        }
        Err(Error::invalid(
            InvalidReason::Other,
            format!("The Access Key with id {id} cannot be found: {owner} has no such key."),
        ))
    }
}
