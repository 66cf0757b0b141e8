//! The work behind `reliquary iam`: calls of the catalog in the name of the account's root, and answers in the shapes
//! that the AWS command line prints.

mod access_keys;
mod explain;
mod policies;
mod principals;
mod providers;

use std::sync::Arc;

use catalog::{Caller, Catalog};
use jiff::Timestamp;
use model::{AccountId, EpochMillis, Page, PageLimit, Principal, PrincipalKind, Result};
use serde_json::{Value, json};

use crate::iam::Verb;

/// Who does it, where, and for which account.
struct Desk {
    catalog: Arc<Catalog>,
    account: AccountId,
    root: Caller,
}

/// What a verb gives: nothing, or something to print.
type Answer = Result<Option<Value>>;

/// Does what a verb says.
pub(super) async fn run(catalog: Arc<Catalog>, account: AccountId, verb: Verb) -> Answer {
    let desk = Desk {
        root: Caller::root(account.clone()),
        catalog,
        account,
    };
    match verb {
        Verb::User(verb) => desk.user(verb).await,
        Verb::Role(verb) => desk.role(verb).await,
        Verb::InlinePolicy(verb) => desk.inline_policy(verb).await,
        Verb::ManagedPolicy(verb) => desk.managed_policy(verb).await,
        Verb::AttachedPolicy(verb) => desk.attached_policy(verb).await,
        Verb::AccessKey(verb) => desk.access_key(verb).await,
        Verb::Provider(verb) => desk.provider(verb).await,
        Verb::Explain(question) => desk.explain(question).await,
    }
}

impl Desk {
    fn user_named(&self, name: String) -> Principal {
        self.named(PrincipalKind::User, name)
    }

    fn role_named(&self, name: String) -> Principal {
        self.named(PrincipalKind::Role, name)
    }

    fn named(&self, kind: PrincipalKind, name: String) -> Principal {
        Principal {
            account: self.account.clone(),
            kind,
            name,
        }
    }

    /// The principal of a name, with its path.
    fn new_principal(&self, kind: PrincipalKind, path: &str, name: &str) -> Result<Principal> {
        let path = catalog::read_path(path)?;
        Ok(Principal::at_path(self.account.clone(), kind, path, name))
    }
}

/// All items of a list, page by page.
async fn all<T>(
    mut page: impl AsyncFnMut(Option<String>, PageLimit) -> Result<Page<T>>,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut after = None;
    loop {
        let Page { items: more, next } = page(after, PageLimit::MAX).await?;
        items.extend(more);
        match next {
            Some(next) => after = Some(next),
            None => return Ok(items),
        }
    }
}

fn done(result: Result<()>) -> Answer {
    result.map(|()| None)
}

fn answer(name: &str, value: Value) -> Answer {
    let mut object = serde_json::Map::new();
    object.insert(name.to_owned(), value);
    Ok(Some(Value::Object(object)))
}

/// An instant as the AWS command line prints it.
fn instant(at: EpochMillis) -> String {
    Timestamp::from_second(at.0.div_euclid(1000)).map_or_else(
        |_| at.0.to_string(),
        |at| at.to_string().replace('Z', "+00:00"),
    )
}

fn tags(tags: &[(String, String)]) -> Value {
    tags.iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect()
}

/// A policy document as an object, as the AWS command line shows it.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
