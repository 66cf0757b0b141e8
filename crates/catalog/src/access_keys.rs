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
use crate::identities::check_user_name;
use crate::stamps::Tick;
use crate::{Caller, Catalog};

/// How long a key is believed after it was read. The operator's command line may switch a key off from another
/// process beside SQLite; the server notices within this time. (On PostgreSQL it notices at once: the log tells.)
const BELIEVED_MS: i64 = 5_000;
const KEYS: usize = 1024;

/// As in IAM: one in use, and one that takes its place. The root's number is not bounded, because nobody could give a
/// root that locked itself out another one.
const MOST_KEYS_OF_A_USER: usize = 2;

fn too_many_keys() -> Error {
    Error::invalid(
        InvalidReason::Other,
        format!("Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS_OF_A_USER}."),
    )
}

/// Whether a key may be used, as IAM spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// It may.
    Active,
    /// It may not, until it is switched on again.
    Inactive,
}

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
pub(crate) struct KeyCache(Cache<String, (EpochMillis, Tick, Arc<AccessKey>)>);

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
        principal: Principal::at_path(account, kind, &row.path, &row.name),
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
        if let Some((read_at, made_at, key)) = self.keys.0.get(id)
            && (now.0.saturating_sub(read_at.0) < BELIEVED_MS || self.shows_what_is_held())
            && self.stamps.identities_are_valid(made_at)
        {
            return Ok(Some(key));
        }
        let made_at = self.stamps.now();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let Some(row) = reader.find_access_key(id).await.map_err(from_store)? else {
            return Ok(None);
        };
        let key = Arc::new(from_row(row)?);
        let entry = (now, made_at, Arc::clone(&key));
        self.keys.0.insert(id.to_owned(), entry);
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
        let made = self.add_access_key(actor, principal, false).await?;
        made.ok_or_else(|| Error::internal("an access key was not made, and nothing says why"))
    }

    /// Makes an access key for a principal, unless there is a key already, of whomever. Of several nodes that start on an
    /// empty database at once, one makes it.
    pub async fn create_first_access_key(
        &self,
        actor: &Caller,
        principal: Principal,
    ) -> Result<Option<AccessKey>> {
        self.add_access_key(actor, principal, true).await
    }

    async fn add_access_key(
        &self,
        actor: &Caller,
        principal: Principal,
        only_as_first: bool,
    ) -> Result<Option<AccessKey>> {
        if principal.kind != PrincipalKind::Root {
            check_user_name(principal.short_name())?;
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
        let made: Result<bool, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    if only_as_first {
                        tx.lock_log(INSTALLATION).await?;
                        if !tx.list_access_keys().await?.is_empty() {
                            return Ok(false);
                        }
                    }
                    tx.insert_principal(&unit_principal, now).await?;
                    let row = tx.find_principal(&unit_principal).await?;
                    let row = row
                        .ok_or_else(|| Error::internal("a principal vanished while it was made"))?;
                    if unit_principal.kind == PrincipalKind::User
                        && tx.list_access_keys_of(row.id).await?.len() >= MOST_KEYS_OF_A_USER
                    {
                        return Err(too_many_keys().into());
                    }
                    tx.insert_access_key(&unit_id, row.id, unit_secret.expose(), now)
                        .await?;
                    tx.append_change(INSTALLATION, &entry).await?;
                    Ok(true)
                })
            })
            .await;
        Ok(made?.then_some(AccessKey {
            id,
            secret,
            principal,
            active: true,
            created_at: now,
        }))
    }

    /// The access keys of one principal, oldest first.
    pub async fn list_access_keys_of(&self, principal: &Principal) -> Result<Vec<AccessKey>> {
        let mut reader = self.store.read().await.map_err(from_store)?;
        let row = reader.find_principal(principal).await.map_err(from_store)?;
        let Some(row) = row else {
            return Ok(Vec::new());
        };
        let rows = reader.list_access_keys_of(row.id).await;
        rows.map_err(from_store)?
            .into_iter()
            .map(from_row)
            .collect()
    }

    /// Switches an access key off.
    pub async fn disable_access_key(&self, actor: &Caller, id: &str) -> Result<()> {
        self.update_access_key(actor, id, KeyStatus::Inactive).await
    }

    /// Switches an access key on or off.
    pub async fn update_access_key(
        &self,
        actor: &Caller,
        id: &str,
        status: KeyStatus,
    ) -> Result<()> {
        let kind = match status {
            KeyStatus::Active => ChangeKind::AccessKeyEnabled,
            KeyStatus::Inactive => ChangeKind::AccessKeyDisabled,
        };
        let entry = change(kind, self.now(), actor).with(&serde_json::json!({ "id": id }));
        let unit_id = id.to_owned();
        let found: Result<bool, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let is_active = status == KeyStatus::Active;
                    let found = tx.update_access_key_active(&unit_id, is_active).await?;
                    if found {
                        tx.append_change(INSTALLATION, &entry).await?;
                    }
                    Ok(found)
                })
            })
            .await;
        self.stamps.identities_changed();
        found?.then_some(()).ok_or_else(|| no_such_key(id))
    }

    /// Deletes an access key. The tokens that it made, and the temporary credentials, end with it.
    pub async fn delete_access_key(&self, actor: &Caller, id: &str) -> Result<()> {
        let entry = change(ChangeKind::AccessKeyDeleted, self.now(), actor)
            .with(&serde_json::json!({ "id": id }));
        let unit_id = id.to_owned();
        let found: Result<bool, Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    let found = tx.delete_access_key(&unit_id).await?;
                    if found {
                        tx.append_change(INSTALLATION, &entry).await?;
                    }
                    Ok(found)
                })
            })
            .await;
        self.stamps.identities_changed();
        found?.then_some(()).ok_or_else(|| no_such_key(id))
    }
}

fn no_such_key(id: &str) -> Error {
    Error::invalid(
        InvalidReason::Other,
        format!("There is no access key '{id}'."),
    )
}
