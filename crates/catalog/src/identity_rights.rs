//! What a principal's own policies and tags say, kept ready.
//!
//! They are read again every five seconds at most, because the operator's command line changes them from another process;
//! what has not changed since is not parsed again.

use std::sync::Arc;

use access::{Policy, PolicyKind, RequestContext};
use model::{EpochMillis, Error, Principal, PrincipalKind, Result};
use quick_cache::sync::Cache;
use store::Connection;

use crate::failure::{Failure, from_store};
use crate::identities::{find_policy_document, principal_of, unique_id};
use crate::stamps::Tick;
use crate::{Caller, Catalog};

/// How long rights are believed after they were read.
const BELIEVED_MS: i64 = 5_000;
const PRINCIPALS: usize = 1024;

/// What takes the place of a policy that cannot be read: nobody knows what it forbade.
const DENY_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#;

/// The policies and tags of one principal.
#[derive(Debug, Default)]
pub(crate) struct IdentityRights {
    /// Its policies: inline and attached.
    pub(crate) policies: Vec<Arc<Policy>>,
    /// Its tags.
    pub(crate) tags: Vec<(String, String)>,
    /// The number of its row. None when there is no such principal (any more); roots are always there, as 0.
    pub(crate) row_id: Option<i64>,
    /// Its unique id.
    pub(crate) unique_id: String,
    /// What the policies were parsed from.
    documents: Vec<Document>,
}

/// A policy's name in explanations, and its text.
#[derive(Debug, PartialEq, Eq)]
struct Document {
    label: String,
    text: String,
}

/// Rights read a short while ago.
#[derive(Debug)]
pub(crate) struct RightsCache(Cache<Principal, (EpochMillis, Tick, Arc<IdentityRights>)>);

impl Default for RightsCache {
    fn default() -> Self {
        Self(Cache::new(PRINCIPALS))
    }
}

impl Catalog {
    /// What a principal's policies say. A change made by another process is seen within five seconds.
    pub(crate) async fn identity_rights(
        &self,
        principal: &Principal,
    ) -> Result<Arc<IdentityRights>> {
        let now = self.now();
        let kept = self.rights.0.get(principal);
        if let Some((read_at, made_at, rights)) = &kept
            && (now.0.saturating_sub(read_at.0) < BELIEVED_MS || self.shows_what_is_held())
            && self.stamps.identities_are_valid(*made_at)
        {
            return Ok(Arc::clone(rights));
        }
        let made_at = self.stamps.now();
        let rights = if principal.kind == PrincipalKind::Root {
            Arc::new(IdentityRights {
                row_id: Some(0),
                unique_id: unique_id(principal, 0),
                ..IdentityRights::default()
            })
        } else {
            let mut reader = self.store.read().await.map_err(from_store)?;
            let last = kept.map(|(_, _, rights)| rights);
            read(&mut reader, principal, last).await?
        };
        // Who does not exist is not remembered: it may exist in a moment.
        if rights.row_id.is_some() {
            let entry = (now, made_at, Arc::clone(&rights));
            self.rights.0.insert(principal.clone(), entry);
        }
        Ok(rights)
    }

    /// What conditions can see of a caller, whatever it asks for.
    pub(crate) fn caller_context(
        &self,
        caller: &Caller,
        rights: &IdentityRights,
    ) -> RequestContext {
        let place = caller.place();
        let mut context = RequestContext {
            now: self.now(),
            source_ip: place.source_ip,
            secure_transport: place.secure_transport,
            principal_tags: rights.tags.clone(),
            principal_id: Some(rights.unique_id.clone()),
            ..RequestContext::default()
        };
        if let Some(session) = caller.session() {
            session.add_to(&mut context);
        }
        context
    }

    /// The id that AWS gives a caller beside its ARN: the principal's, and the session's name behind it.
    pub async fn caller_id(&self, caller: &Caller) -> Result<String> {
        let rights = self.identity_rights(caller.principal()).await?;
        Ok(match &caller.identity().session {
            Some(name) => format!("{}:{name}", rights.unique_id),
            None => rights.unique_id.clone(),
        })
    }
}

async fn read(
    reader: &mut Connection,
    principal: &Principal,
    last: Option<Arc<IdentityRights>>,
) -> Result<Arc<IdentityRights>> {
    let row = reader.find_principal(principal).await.map_err(from_store)?;
    let Some(row) = row else {
        return Ok(Arc::default());
    };
    // One of the same name under another path is another one.
    if principal_of(&row)? != *principal {
        return Ok(Arc::default());
    }
    let documents = documents(reader, row.id).await?;
    let tags = reader.list_resource_tags(&principal.to_string()).await;
    let tags = tags.map_err(from_store)?;
    if let Some(last) = last
        && last.row_id == Some(row.id)
        && (&last.documents, &last.tags) == (&documents, &tags)
    {
        return Ok(last);
    }
    let parsed = documents.iter().map(|document| parse(principal, document));
    Ok(Arc::new(IdentityRights {
        policies: parsed.collect::<Result<_>>()?,
        tags,
        row_id: Some(row.id),
        unique_id: unique_id(principal, row.id),
        documents,
    }))
}

async fn documents(reader: &mut Connection, principal_id: i64) -> Result<Vec<Document>, Failure> {
    let inline = reader.list_principal_policies(principal_id).await?;
    let mut documents: Vec<Document> = inline
        .into_iter()
        .map(|row| Document {
            label: format!("inline policy {}", row.name),
            text: row.document,
        })
        .collect();
    for arn in reader.list_attached_policies(principal_id).await? {
        // An attached policy that is gone is read as one that cannot be: the empty text is no policy.
        let text = find_policy_document(reader, &arn).await?;
        documents.push(Document {
            label: arn,
            text: text.unwrap_or_default(),
        });
    }
    Ok(documents)
}

fn parse(principal: &Principal, document: &Document) -> Result<Arc<Policy>> {
    let policy = Policy::parse(PolicyKind::Identity, &document.text).or_else(|error| {
        tracing::error!(
            %principal,
            policy = document.label,
            %error,
            "a policy cannot be read, so its principal is denied everything"
        );
        Policy::parse(PolicyKind::Identity, DENY_ALL)
    });
    let policy = policy.map_err(Error::internal)?;
    Ok(Arc::new(policy.labelled(document.label.clone())))
}
