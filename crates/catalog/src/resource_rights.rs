//! What decides about a domain or a repository beside the caller's own policies: its policy, its tags, and the account
//! that administers it. Parsed once and kept ready.
//!
//! What does not exist has rights too, namely none: who asks for it is refused as for what exists, in the same time.

use std::hash::Hash;
use std::sync::Arc;

use access::{Policy, PolicyKind};
use model::{AccountId, Arn, DomainRef, Error, RepositoryName, Result};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;

use crate::Catalog;
use crate::change_log::INSTALLATION;
use crate::failure::from_store;
use crate::stamps::Tick;

/// Domains and repositories whose rights are kept ready.
const READY: usize = 8192;

/// The rights that hang on one domain or repository. Immutable; made anew when the domain changes.
#[derive(Debug)]
pub(crate) struct ResourceRights {
    /// Its ARN.
    pub(crate) arn: Arn,
    /// The account that administers it: a repository's own. `None` for a domain, and for what does not exist.
    pub(crate) administrator: Option<AccountId>,
    /// Its policy, if it has one.
    pub(crate) policies: Policies,
    /// Its tags.
    pub(crate) tags: Vec<(String, String)>,
    /// The domain, or the installation while there is no such domain.
    domain_id: i64,
    made_at: Tick,
}

/// The policies of a resource.
#[derive(Debug)]
pub(crate) enum Policies {
    /// None or one.
    Known(Vec<Arc<Policy>>),
    /// There is one, and this program cannot read it: nobody is let in by it, nor past it.
    Unreadable,
}

/// The name that rights are kept by.
type Key = (DomainRef, Option<RepositoryName>);

/// The same name, borrowed.
#[derive(Hash)]
struct KeyRef<'a>(&'a DomainRef, Option<&'a RepositoryName>);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, (domain, repository): &Key) -> bool {
        self.0 == domain && self.1 == repository.as_ref()
    }
}

/// Rights by name.
#[derive(Debug)]
pub(crate) struct ResourceRightsCache(Cache<Key, Arc<ResourceRights>>);

impl Default for ResourceRightsCache {
    fn default() -> Self {
        Self(Cache::new(READY))
    }
}

impl Catalog {
    /// The rights of a domain, or of a repository in it, from memory while the domain stands as it is.
    pub(crate) async fn resource_rights(
        &self,
        domain: &DomainRef,
        repository: Option<&RepositoryName>,
    ) -> Result<Arc<ResourceRights>> {
        let key = KeyRef(domain, repository);
        if let Some(rights) = self.resource_rights.0.get(&key)
            && self.stamps.graph_is_valid(rights.made_at, rights.domain_id)
        {
            return Ok(rights);
        }
        let rights = Arc::new(self.read_rights(domain, repository).await?);
        let key = (domain.clone(), repository.cloned());
        self.resource_rights.0.insert(key, Arc::clone(&rights));
        Ok(rights)
    }

    async fn read_rights(
        &self,
        domain: &DomainRef,
        repository: Option<&RepositoryName>,
    ) -> Result<ResourceRights> {
        let made_at = self.stamps.now();
        let mut reader = self.store.read().await.map_err(from_store)?;
        let found = reader.find_domain(&domain.owner, &domain.name).await;
        let found = found.map_err(from_store)?;
        let arn = match repository {
            None => self.domain_arn(domain),
            Some(repository) => self.repository_arn(domain, repository),
        };
        let mut rights = ResourceRights {
            administrator: None,
            policies: Policies::Known(Vec::new()),
            tags: Vec::new(),
            domain_id: found.as_ref().map_or(INSTALLATION, |row| row.id),
            made_at,
            arn,
        };
        let Some(found) = found else {
            return Ok(rights);
        };
        if let Some(repository) = repository {
            let row = reader.find_repository(found.id, repository).await;
            let Some(row) = row.map_err(from_store)? else {
                return Ok(rights);
            };
            let corrupt = |e| Error::internal(format!("repository {}: {e}", row.id));
            rights.administrator = Some(AccountId::parse(&row.administrator).map_err(corrupt)?);
        }
        let arn = rights.arn.as_str();
        rights.tags = reader.list_resource_tags(arn).await.map_err(from_store)?;
        let policy = reader.find_resource_policy(arn).await.map_err(from_store)?;
        if let Some(policy) = policy {
            rights.policies = match Policy::parse(PolicyKind::Resource, &policy.document) {
                Ok(policy) => {
                    let label = format!("the permissions policy of {arn}");
                    Policies::Known(vec![Arc::new(policy.labelled(label))])
                }
                Err(error) => {
                    tracing::error!(resource = arn, %error, "a stored policy cannot be read");
                    Policies::Unreadable
                }
            };
        }
        Ok(rights)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn a_borrowed_name_is_found_where_the_owned_one_was_put() {
        let domain = DomainRef {
            owner: AccountId::parse("111122223333").unwrap(),
            name: model::DomainName::parse("acme").unwrap(),
        };
        let hasher = RandomState::new();
        for repository in [None, Some(RepositoryName::parse("team-a").unwrap())] {
            let borrowed = KeyRef(&domain, repository.as_ref());
            let owned: Key = (domain.clone(), repository.clone());
            assert_eq!(hasher.hash_one(&borrowed), hasher.hash_one(&owned));
            assert!(borrowed.equivalent(&owned));
            let other = (domain.clone(), RepositoryName::parse("team-b").ok());
            assert!(!borrowed.equivalent(&other));
        }
    }
}
