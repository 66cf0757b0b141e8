//! Tags of users and roles: what conditions see as `aws:PrincipalTag`.

use model::{ChangeKind, Principal, Result};
use serde_json::json;

use super::users::check_name;
use super::{MOST_TAGS, Tag, get_row, refused};
use crate::failure::from_store;
use crate::{Caller, Catalog};

/// Checks tags that were sent together, for a principal or for a session.
pub(crate) fn check(tags: &[Tag]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for (key, value) in tags {
        let good = |c: char| c.is_alphanumeric() || " _.:/=+-@".contains(c);
        if !(1..=128).contains(&key.chars().count()) || !key.chars().all(good) {
            return Err(refused(format!(
                "The tag key '{}' is not one: use 1 to 128 letters, digits, spaces and _ . : / = + - @",
                shown(key)
            )));
        }
        if value.chars().count() > 256 || !value.chars().all(good) {
            return Err(refused(format!(
                "The value of the tag '{key}' is not one: use at most 256 letters, digits, spaces and _ . : / = + - @"
            )));
        }
        let folded = key.to_lowercase();
        if folded.starts_with("aws:") {
            return Err(refused(format!(
                "Tag keys that begin with 'aws:' are reserved, and '{key}' was sent."
            )));
        }
        if !seen.insert(folded) {
            return Err(refused(format!(
                "Duplicate tag keys found: '{key}'. Tag keys of principals are not told apart by their case."
            )));
        }
    }
    if tags.len() > MOST_TAGS {
        return Err(refused(format!(
            "There can be at most {MOST_TAGS} tags, and {} were sent.",
            tags.len()
        )));
    }
    Ok(())
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(128).collect()
}

impl Catalog {
    /// Adds tags to a user or role; a key that is there gets the new value.
    pub async fn tag_principal(
        &self,
        actor: &Caller,
        principal: &Principal,
        tags: Vec<Tag>,
    ) -> Result<()> {
        check_name(principal)?;
        check(&tags)?;
        let kind = ChangeKind::PrincipalTagged;
        self.change_principal(actor, principal, kind, move |tx, _, principal| {
            Box::pin(async move {
                let arn = principal.to_string();
                let present = tx.list_resource_tags(&arn).await?;
                let mut all = present.clone();
                for (key, value) in &tags {
                    // Another spelling of a key takes the place of the old one.
                    let same = |old: &String| old.to_lowercase() == key.to_lowercase();
                    for (old, _) in present.iter().filter(|(old, _)| same(old)) {
                        tx.delete_resource_tag(&arn, old).await?;
                    }
                    all.retain(|(old, _)| !same(old));
                    all.push((key.clone(), value.clone()));
                    tx.upsert_resource_tag(&arn, key, value).await?;
                }
                check(&all)?;
                Ok(Some(json!({ "tags": tags })))
            })
        })
        .await
    }

    /// Takes tags from a user or role. Keys that are not there do not matter.
    pub async fn untag_principal(
        &self,
        actor: &Caller,
        principal: &Principal,
        keys: Vec<String>,
    ) -> Result<()> {
        let kind = ChangeKind::PrincipalUntagged;
        self.change_principal(actor, principal, kind, move |tx, _, principal| {
            Box::pin(async move {
                let arn = principal.to_string();
                for key in &keys {
                    tx.delete_resource_tag(&arn, key).await?;
                }
                Ok(Some(json!({ "tagKeys": keys })))
            })
        })
        .await
    }

    /// The tags of a user or role.
    pub async fn list_principal_tags(&self, principal: &Principal) -> Result<Vec<Tag>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let (_, found) = get_row(&mut reader, principal).await?;
        let tags = reader.list_resource_tags(&found.to_string()).await;
        tags.map_err(from_store)
    }
}
