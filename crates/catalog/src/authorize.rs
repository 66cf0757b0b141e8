//! The choke point: every request passes here before it touches anything.
//!
//! Package endpoints get a [`Grant`], and the methods that read or write packages take one: there is no way to
//! them that does not come through [`Catalog::grant`].

use std::sync::Arc;

use access::{AuthorizeInput, Policies, RequestContext, authorize};
use model::{AccountId, Action, Arn, DomainRef, Error, PackageCoordinates, RepositoryName, Result};

use crate::repository_view::RepositoryView;
use crate::{Caller, Catalog};

/// The right to do one thing with one repository, and the repository as it was when the right was given.
#[derive(Debug, Clone)]
pub struct Grant {
    caller: Caller,
    view: Arc<RepositoryView>,
}

impl Grant {
    /// Who has it.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The administrator of the repository.
    #[must_use]
    pub fn administrator(&self) -> &AccountId {
        &self.view.administrator
    }

    pub(crate) const fn view(&self) -> &Arc<RepositoryView> {
        &self.view
    }
}

impl Catalog {
    /// Allows or denies an action on a resource. Asked before the resource is looked up, so a caller without
    /// rights learns nothing about what exists.
    pub async fn allow(
        &self,
        caller: &Caller,
        action: Action,
        resource: &Arn,
        owner: &AccountId,
    ) -> Result<()> {
        let rights = self.identity_rights(caller.principal()).await?;
        let place = caller.place();
        let context = RequestContext {
            now: self.now(),
            source_ip: place.source_ip,
            secure_transport: place.secure_transport,
            principal_tags: rights.tags.clone(),
            ..RequestContext::default()
        };
        let input = AuthorizeInput {
            identity: caller.identity(),
            action,
            resource,
            resource_owner: owner,
            context: &context,
        };
        let policies = Policies {
            identity: &rights.policies,
            ..Policies::default()
        };
        authorize(&input, &policies).into_result(&input)
    }

    /// Allows or denies an action of a package client on a repository, or on a package in it.
    pub async fn grant(
        &self,
        caller: Caller,
        action: Action,
        domain: &DomainRef,
        repository: &RepositoryName,
        package: Option<&PackageCoordinates>,
    ) -> Result<Grant> {
        let resource = match package {
            // Reading is a right on the repository; everything else is a right on the package.
            Some(package) if action != Action::READ_FROM_REPOSITORY => {
                self.package_arn(domain, repository, package)
            }
            _ => self.repository_arn(domain, repository),
        };
        self.allow(&caller, action, &resource, &domain.owner)
            .await?;
        let view = self.repository_view(domain, repository).await?;
        // A domain that was deleted and made anew is another one: what was handed out for the old one ended with it.
        if caller
            .token_issued_at()
            .is_some_and(|issued_at| issued_at < view.domain_created_at)
        {
            return Err(Error::unauthenticated(
                "The authorization token is older than the domain. Get a new one with GetAuthorizationToken.",
            ));
        }
        Ok(Grant { caller, view })
    }
}
