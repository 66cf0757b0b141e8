//! Identities: users and roles of accounts, their policies, tags and access keys, and the providers that roles trust.
//!
//! The operator's command line calls these methods in the name of an account's root. What they change is seen by other
//! processes over the same store within five seconds ([`crate::identity_rights`]). Names, limits and messages are those of
//! IAM. Public document: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.

mod attached_policies;
mod inline_policies;
mod managed_policies;
mod names;
mod oidc_providers;
mod policy_documents;
mod principal_tags;
mod roles;
mod users;

use futures_util::future::BoxFuture;
use model::{
    Change, ChangeKind, EpochMillis, Error, InvalidReason, Principal, PrincipalKind, Result,
};
use sha2::{Digest as _, Sha256};
use store::{Connection, PrincipalRow, Tx};

use crate::change_log::{ChangeDetails as _, INSTALLATION, change};
use crate::failure::Failure;
use crate::{Caller, Catalog};

pub use attached_policies::AttachedPolicy;
pub use managed_policies::{ManagedPolicy, NewManagedPolicy};
pub use names::{check_session_name, read_path};
pub use oidc_providers::{NewOidcProvider, OidcProvider};
pub use roles::{NewRole, Role};
pub use users::User;

pub(crate) use managed_policies::find_document as find_policy_document;
pub(crate) use names::check_user_name;
pub(crate) use oidc_providers::from_row as provider_from_row;
pub(crate) use policy_documents::check_identity_policy;
pub(crate) use principal_tags::check as check_tags;

/// What a change of a principal has to tell, once it is made.
type Told<'t> = BoxFuture<'t, Result<Option<serde_json::Value>, Failure>>;

/// A tag: key and value.
pub type Tag = (String, String);

/// The most tags that a principal can have.
const MOST_TAGS: usize = 50;

/// The word for a principal in messages.
pub(crate) const fn noun(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Root => "root",
        PrincipalKind::User => "user",
        PrincipalKind::Role => "role",
    }
}

/// The id that IAM gives beside the name, and that changes when a name is given to another: `AIDA...` for users,
/// `AROA...` for roles, the account for its root.
pub(crate) fn unique_id(principal: &Principal, row_id: i64) -> String {
    let prefix = match principal.kind {
        PrincipalKind::Root => return principal.account.to_string(),
        PrincipalKind::User => "AIDA",
        PrincipalKind::Role => "AROA",
    };
    id_of(prefix, &format!("{principal}#{row_id}"))
}

/// An id in the form of IAM's, made of what it stands for.
fn id_of(prefix: &str, text: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let digest = Sha256::digest(text);
    let tail = digest.iter().take(17);
    let tail = tail.map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
    prefix.chars().chain(tail).collect()
}

/// The principal that a row is about.
pub(crate) fn principal_of(row: &PrincipalRow) -> Result<Principal> {
    let corrupt = || Error::internal(format!("the row of principal {} cannot be read", row.id));
    let account = model::AccountId::parse(&row.account).map_err(|_| corrupt())?;
    let kind = PrincipalKind::parse(&row.kind).ok_or_else(corrupt)?;
    Ok(Principal::at_path(account, kind, &row.path, &row.name))
}

/// The row of a principal that must be there. A path, where one is given, must be the principal's own.
async fn get_row(
    reader: &mut Connection,
    principal: &Principal,
) -> Result<(PrincipalRow, Principal), Failure> {
    if let Some(row) = reader.find_principal(principal).await? {
        let found = principal_of(&row)?;
        if found == *principal || !principal.name.contains('/') {
            return Ok((row, found));
        }
    }
    Err(no_such_entity(format!(
        "The {} with name {} cannot be found.",
        noun(principal.kind),
        principal.short_name()
    ))
    .into())
}

fn no_such_entity(message: impl Into<String>) -> Error {
    Error::invalid(InvalidReason::Other, message)
}

fn refused(message: impl Into<String>) -> Error {
    Error::invalid(InvalidReason::Other, message)
}

/// An entry of the installation's log about a principal.
fn entry(
    kind: ChangeKind,
    at: EpochMillis,
    actor: &Caller,
    principal: &Principal,
    more: &serde_json::Value,
) -> Change {
    let mut detail = serde_json::json!({ "principal": principal.to_string() });
    if let (Some(detail), Some(more)) = (detail.as_object_mut(), more.as_object()) {
        detail.extend(more.clone());
    }
    change(kind, at, actor).with(&detail)
}

impl Catalog {
    /// Changes something of a principal that must be there, by a unit that is given its row's id, with one entry in the
    /// installation's log. What the unit returns is said of the change there; nothing, where nothing changed.
    async fn change_principal<F>(
        &self,
        actor: &Caller,
        principal: &Principal,
        kind: ChangeKind,
        unit: F,
    ) -> Result<()>
    where
        F: for<'t> FnOnce(&'t mut Tx, i64, &'t Principal) -> Told<'t> + Send + 'static,
    {
        let (now, actor, principal) = (self.now(), actor.clone(), principal.clone());
        let done: Result<(), Failure> = self
            .store
            .write(move |tx| {
                Box::pin(async move {
                    // Of units that look at the same at once, each would see it without the other.
                    tx.lock_log(INSTALLATION).await?;
                    let (row, principal) = get_row(tx, &principal).await?;
                    if let Some(detail) = unit(tx, row.id, &principal).await? {
                        let log = entry(kind, now, &actor, &principal, &detail);
                        tx.append_change(INSTALLATION, &log).await?;
                    }
                    Ok(())
                })
            })
            .await;
        self.identities_changed();
        Ok(done?)
    }

    /// Forgets what was kept of identities, after one of them changed here.
    fn identities_changed(&self) {
        self.stamps.identities_changed();
    }
}
