//! Access keys: looked up on every signed request, made and switched off by the operator.

use std::sync::Arc;

use access::{AccessKeyId, SecretKey};
use model::{
    AccountId, ChangeKind, EpochMillis, Error, InvalidReason, Principal, PrincipalKind, Result,
};
use quick_cache::sync::Cache;
use store::AccessKeyRow;

use crate::change_log::{ChangeDetails, INSTALLATION, change};
use crate::failure::{Failure, from_store};
use crate::{Caller, Catalog};

/// How long a key is believed after it was read. The operator's command line may switch a key off from another
/// process; the server notices within this time.
const BELIEVED_MS: i64 = 5_000;
const KEYS: usize = 1024;

/// An access key.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// Its id, `AKIA...`.
    pub id: String,
    /// Its secret.
    pub secret: SecretKey,
    /// Whom it belongs to.
    pub principal: Principal,
    /// Whether it may be used.
    pub active: bool,
    /// When it was made.
    pub created_at: EpochMillis,
}

/// Keys read a short while ago.
#[derive(Debug)]
pub(crate) struct KeyCache(Cache<String, (EpochMillis, Arc<AccessKey>)>);

impl Default for KeyCache {
    fn default() -> Self {
        Self(Cache::new(KEYS))
    }
}

fn from_row(row: AccessKeyRow) -> Result<AccessKey> {
    let corrupt = || Error::internal(format!("the row of access key {} cannot be read", row.id));
    let account = AccountId::parse(&row.account).map_err(|_| corrupt())?;
    let kind = PrincipalKind::parse(&row.kind).ok_or_else(corrupt)?;
    Ok(AccessKey {
        principal: Principal {
            account,
            kind,
            name: row.name.clone(),
        },
        secret: SecretKey::from_stored(row.secret.clone()),
        active: row.active,
        created_at: EpochMillis(row.created_at_ms),
        id: row.id,
    })
}

impl Catalog {
    /// The access key of this id. A change made elsewhere is seen within five seconds.
    pub async fn find_access_key(&self, id: &str) -> Result<Option<Arc<AccessKey>>> {
        let now = self.now();
        if let Some((read_at, key)) = self.keys.0.get(id)
            && now.0.saturating_sub(read_at.0) < BELIEVED_MS
        {
            return Ok(Some(key));
        }
        let mut reader = self.store.read().await.map_err(from_store)?;
        let Some(row) = reader.find_access_key(id).await.map_err(from_store)? else {
            return Ok(None);
        };
        let key = Arc::new(from_row(row)?);
        self.keys.0.insert(id.to_owned(), (now, Arc::clone(&key)));
        Ok(Some(key))
    }

    /// All access keys.
    pub async fn list_access_keys(&self) -> Result<Vec<AccessKey>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let rows = reader.list_access_keys().await.map_err(from_store)?;
        rows.into_iter().map(from_row).collect()
    }

    /// Makes an access key for a principal, and the principal itself if it is new. The secret is shown this once.
    pub async fn create_access_key(
        &self,
        actor: &Caller,
        principal: Principal,
    ) -> Result<AccessKey> {
        if principal.kind != PrincipalKind::Root {
            check_principal_name(&principal.name)?;
        }
        let id = AccessKeyId::generate()
            .map_err(Error::internal)?
            .as_str()
            .to_owned();
        let secret = SecretKey::generate().map_err(Error::internal)?;
        let now = self.now();
        let entry = change(ChangeKind::AccessKeyCreated, now, actor)
            .with(&serde_json::json!({ "id": id, "principal": principal.to_string() }));
        let (unit_id, unit_secret, unit_principal) =
            (id.clone(), secret.clone(), principal.clone());
        let made: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    tx.insert_principal(&unit_principal, now).await?;
                    let row = tx.find_principal(&unit_principal).await?;
                    let row = row
                        .ok_or_else(|| Error::internal("a principal vanished while it was made"))?;
                    tx.insert_access_key(&unit_id, row.id, unit_secret.expose(), now)
                        .await?;
                    tx.append_change(INSTALLATION, &entry).await?;
                    Ok(())
                })
            })
            .await;
        made?;
        Ok(AccessKey {
            id,
            secret,
            principal,
            active: true,
            created_at: now,
        })
    }

    /// Switches an access key off for good.
    pub async fn disable_access_key(&self, actor: &Caller, id: &str) -> Result<()> {
        let entry = change(ChangeKind::AccessKeyDisabled, self.now(), actor)
            .with(&serde_json::json!({ "id": id }));
        let unit_id = id.to_owned();
        let found: Result<bool, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.update_access_key_active(&unit_id, false).await?;
                    if found {
                        tx.append_change(INSTALLATION, &entry).await?;
                    }
                    Ok(found)
                })
            })
            .await;
        self.keys.0.remove(id);
        if found? {
            Ok(())
        } else {
            Err(Error::invalid(
                InvalidReason::Other,
                format!("There is no access key '{id}'."),
            ))
        }
    }
}

/// User names follow IAM: 1 to 64 letters, digits and `+=,.@_-`.
fn check_principal_name(name: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if (1..=64).contains(&name.len()) && name.chars().all(good) {
        return Ok(());
    }
    let message = format!(
        "'{name}' is not a user name: use 1 to 64 letters, digits and the characters + = , . @ _ -"
    );
    Err(Error::invalid(InvalidReason::FieldValidation, message))
}
