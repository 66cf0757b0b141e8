//! The choke point: every request passes here before it touches anything.
//!
//! A question is made of who asks and from where, what for, and of what ([`Target`]); which policies speak about it is
//! decided here, what they say by `access`. Package endpoints get a [`Grant`], and the methods that read or write
//! packages take one: there is no way to them that does not come through [`Catalog::grant`].
//! Public document: <https://docs.aws.amazon.com/codeartifact/latest/ug/repo-policies.html>.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use access::{
    AuthorizeInput, Decision, DenyReason, Explanation, Judgement, Policies as Asked, Policy,
    PolicyKind, RequestContext, authorize, explain,
};
use model::{
    AccountId, Action, Arn, DomainRef, Error, PackageCoordinates, PrincipalKind, RepositoryName,
    Result,
};

use crate::failure::from_store;
use crate::identity_rights::IdentityRights;
use crate::repository_view::RepositoryView;
use crate::resource_rights::{Policies, ResourceRights};
use crate::{Caller, Catalog};

/// What a right is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// Nothing in particular, in the caller's own account.
    Any,
    /// A domain that is to be made, in the caller's own account.
    NewDomain(&'a DomainRef),
    /// A domain.
    Domain(&'a DomainRef),
    /// A repository that is to be made: the domain's policy decides for other accounts.
    NewRepository(&'a DomainRef, &'a RepositoryName),
    /// A repository.
    Repository(&'a DomainRef, &'a RepositoryName),
    /// A package: the repository's policy decides.
    Package(&'a DomainRef, &'a RepositoryName, &'a PackageCoordinates),
    /// A package group, by its ARN: the domain's policy decides.
    PackageGroup(&'a DomainRef, &'a Arn),
}

/// What else a request says that conditions of policies can see.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestDetails<'a> {
    /// The tags it brings: `aws:RequestTag/key` and `aws:TagKeys`.
    pub tags: &'a [(String, String)],
    /// The keys of tags that it names without values: `aws:TagKeys`.
    pub tag_keys: &'a [String],
    /// Other condition keys, in lower case, with their value.
    pub other: &'a [(&'a str, &'a str)],
}

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

/// One question, with the rights of the resource that decides about it.
struct Question<'a> {
    caller: &'a Caller,
    action: Action,
    target: Target<'a>,
    details: &'a RequestDetails<'a>,
    rights: Option<&'a ResourceRights>,
}

impl Question<'_> {
    /// The account whose principals need no policy of the resource: the owner of the domain, or whoever administers the
    /// repository.
    fn owner(&self) -> &AccountId {
        match self.target {
            Target::Any => self.caller.account(),
            Target::NewDomain(domain)
            | Target::Domain(domain)
            | Target::NewRepository(domain, _)
            | Target::PackageGroup(domain, _) => &domain.owner,
            Target::Repository(domain, _) | Target::Package(domain, ..) => {
                let administrator = self.rights.and_then(|rights| rights.administrator.as_ref());
                match administrator {
                    Some(account) if account == self.caller.account() => account,
                    _ => &domain.owner,
                }
            }
        }
    }

    /// The policies of the resource, where they count. Setting a policy is never a matter of the policy that is set, so
    /// that its author cannot be locked out and nobody else can be let in.
    fn resource_policies(&self) -> Option<&[Arc<Policy>]> {
        let is_setting = self.action == Action::PUT_DOMAIN_PERMISSIONS_POLICY
            || self.action == Action::PUT_REPOSITORY_PERMISSIONS_POLICY;
        match self.rights.map(|rights| &rights.policies) {
            _ if is_setting => Some(&[]),
            None => Some(&[]),
            Some(Policies::Known(policies)) => Some(policies),
            Some(Policies::Unreadable) => None,
        }
    }

    /// The question in the words of `access`.
    fn input<'i>(&'i self, arn: &'i Arn, context: &'i RequestContext) -> AuthorizeInput<'i> {
        AuthorizeInput {
            identity: self.caller.identity(),
            action: self.action,
            resource: arn,
            resource_owner: self.owner(),
            context,
        }
    }

    /// Whether the answer is yes without a look at any policy: the root of the owning account has every right that no
    /// policy of the resource takes from it.
    fn is_owners_root(&self) -> bool {
        let principal = self.caller.principal();
        principal.kind == PrincipalKind::Root
            && principal.account == *self.owner()
            && self.caller.identity().session.is_none()
            && self.caller.session_policies().is_empty()
            && self.resource_policies().is_some_and(<[_]>::is_empty)
    }
}

impl Catalog {
    /// Allows or denies an action. Asked before anything is looked up for the caller, so that one without rights learns
    /// nothing about what exists.
    pub async fn allow(&self, caller: &Caller, action: Action, target: Target<'_>) -> Result<()> {
        self.allow_request(caller, action, target, &RequestDetails::default())
            .await
    }

    /// The same for a request with more that conditions can see.
    pub async fn allow_request(
        &self,
        caller: &Caller,
        action: Action,
        target: Target<'_>,
        details: &RequestDetails<'_>,
    ) -> Result<()> {
        let rights = self.rights_of(target).await?;
        let question = Question {
            caller,
            action,
            target,
            details,
            rights: rights.as_deref(),
        };
        self.answer(&question).await
    }

    /// The decision on an action with all that led to it. For administrators: it tells what policies say.
    pub(crate) async fn explain_target(
        &self,
        caller: &Caller,
        action: Action,
        target: Target<'_>,
    ) -> Result<Explanation> {
        let rights = self.rights_of(target).await?;
        let question = Question {
            caller,
            action,
            target,
            details: &RequestDetails::default(),
            rights: rights.as_deref(),
        };
        let own = self.identity_rights(caller.principal()).await?;
        let context = self.context_of(&question, &own).await?;
        let arn = self.arn_of(&question);
        let input = question.input(&arn, &context);
        let policies = Asked {
            identity: &own.policies,
            session: caller.session_policies(),
            resource: question.resource_policies().unwrap_or_default(),
        };
        Ok(Explanation {
            decision: decide(&question, &input, &own.policies),
            ..explain(&input, &policies)
        })
    }

    /// The rights that hang on what is asked for, or on what it will be part of.
    async fn rights_of(&self, target: Target<'_>) -> Result<Option<Arc<ResourceRights>>> {
        match target {
            Target::Any | Target::NewDomain(_) => Ok(None),
            Target::Domain(domain)
            | Target::NewRepository(domain, _)
            | Target::PackageGroup(domain, _) => self.resource_rights(domain, None).await.map(Some),
            Target::Repository(domain, repository) | Target::Package(domain, repository, _) => {
                let rights = self.resource_rights(domain, Some(repository)).await;
                rights.map(Some)
            }
        }
    }

    /// Allows or denies a creation: the action itself, and the right to put tags on what is made, where it gets any.
    pub async fn allow_creation(
        &self,
        caller: &Caller,
        action: Action,
        target: Target<'_>,
        tags: &[(String, String)],
    ) -> Result<()> {
        let details = RequestDetails {
            tags,
            ..RequestDetails::default()
        };
        self.allow_request(caller, action, target, &details).await?;
        if tags.is_empty() {
            return Ok(());
        }
        self.allow_request(caller, Action::TAG_RESOURCE, target, &details)
            .await
    }

    /// Allows or denies using repositories as upstreams: a right on each of them.
    pub async fn allow_upstreams(
        &self,
        caller: &Caller,
        domain: &DomainRef,
        upstreams: &[RepositoryName],
    ) -> Result<()> {
        let action = Action::ASSOCIATE_WITH_DOWNSTREAM_REPOSITORY;
        for upstream in upstreams {
            self.allow(caller, action, Target::Repository(domain, upstream))
                .await?;
        }
        Ok(())
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
        let target = match package {
            // Reading is a right on the repository; everything else is a right on the package.
            Some(package) if action != Action::READ_FROM_REPOSITORY => {
                Target::Package(domain, repository, package)
            }
            _ => Target::Repository(domain, repository),
        };
        let ready = self.ready_view(domain, repository);
        let rights = match &ready {
            Some(view) => Arc::clone(&view.rights),
            None => self.resource_rights(domain, Some(repository)).await?,
        };
        let details = &RequestDetails::default();
        let question = |rights| Question {
            caller: &caller,
            action,
            target,
            details,
            rights: Some(rights),
        };
        self.answer(&question(&rights)).await?;
        let view = match ready {
            Some(view) => view,
            None => self.repository_view(domain, repository).await?,
        };
        if !Arc::ptr_eq(&view.rights, &rights) {
            // The repository changed in between: what is touched is what is asked about.
            self.answer(&question(&view.rights)).await?;
        }
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

    async fn answer(&self, question: &Question<'_>) -> Result<()> {
        if question.is_owners_root() {
            return Ok(());
        }
        let own = self.identity_rights(question.caller.principal()).await?;
        let context = self.context_of(question, &own).await?;
        let arn = self.arn_of(question);
        let input = question.input(&arn, &context);
        decide(question, &input, &own.policies).into_result(&input)
    }

    /// What conditions see.
    async fn context_of(
        &self,
        question: &Question<'_>,
        own: &IdentityRights,
    ) -> Result<RequestContext> {
        let RequestDetails {
            tags,
            tag_keys,
            other,
        } = question.details;
        let mut context = self.caller_context(question.caller, own);
        context.resource_tags = self.resource_tags_of(question).await?;
        context.request_tags = tags.to_vec();
        let keys = tags.iter().map(|(key, _)| key).chain(*tag_keys);
        context.tag_keys = keys.cloned().collect();
        let other = other
            .iter()
            .map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()]));
        context.other.extend(other);
        if matches!(question.target, Target::Any) {
            // Any other resource names the region itself.
            context.requested_region = Some(self.scope().region.clone());
        }
        Ok(context)
    }

    /// The name of what is asked for.
    fn arn_of<'q>(&self, question: &'q Question<'_>) -> Cow<'q, Arn> {
        match (question.target, question.rights) {
            (Target::Any, _) => Cow::Owned(Arn::any()),
            (Target::NewDomain(domain), _) | (Target::Domain(domain), None) => {
                Cow::Owned(self.domain_arn(domain))
            }
            (Target::Domain(_) | Target::Repository(..), Some(rights)) => {
                Cow::Borrowed(&rights.arn)
            }
            (Target::NewRepository(domain, name), _) | (Target::Repository(domain, name), None) => {
                Cow::Owned(self.repository_arn(domain, name))
            }
            (Target::Package(domain, repository, package), _) => {
                Cow::Owned(self.package_arn(domain, repository, package))
            }
            (Target::PackageGroup(_, arn), _) => Cow::Borrowed(arn),
        }
    }

    /// The tags of what is asked for. What is to be made has none yet, and packages never have any.
    async fn resource_tags_of(&self, question: &Question<'_>) -> Result<Vec<(String, String)>> {
        match (question.target, question.rights) {
            (Target::Domain(_) | Target::Repository(..), Some(rights)) => Ok(rights.tags.clone()),
            (Target::PackageGroup(_, arn), _) => {
                let mut reader = self.store.read().await.map_err(from_store)?;
                let tags = reader.list_resource_tags(arn.as_str()).await;
                tags.map_err(from_store)
            }
            _ => Ok(Vec::new()),
        }
    }
}

/// The decision, as the caller may hear it.
fn decide(question: &Question<'_>, input: &AuthorizeInput<'_>, own: &[Arc<Policy>]) -> Decision {
    let Some(of_resource) = question.resource_policies() else {
        return Decision::Deny(DenyReason::NoResourcePolicy);
    };
    let policies = Asked {
        identity: own,
        session: question.caller.session_policies(),
        resource: of_resource,
    };
    let is_guest = question.caller.account() != input.resource_owner;
    let decision = match (question.target, question.rights) {
        (Target::NewRepository(..), Some(rights)) if !of_resource.is_empty() => {
            decide_by_domain(input, &policies, &rights.arn, is_guest)
        }
        _ => authorize(input, &policies),
    };
    match decision {
        // That a policy names a stranger is known to those whom the resource belongs to.
        Decision::Deny(DenyReason::ExplicitResourceDeny) if is_guest => {
            Decision::Deny(DenyReason::NoResourcePolicy)
        }
        decision => decision,
    }
}

/// The decision about a repository that is to be made. A domain's policy may speak of it by the ARN it will have or
/// by the domain's own, which is what the policy hangs on.
fn decide_by_domain(
    input: &AuthorizeInput<'_>,
    policies: &Asked<'_>,
    domain: &Arn,
    is_guest: bool,
) -> Decision {
    let of_domain = AuthorizeInput {
        resource: domain,
        ..*input
    };
    let judged = |policy: &Arc<Policy>| policy.judge(&of_domain.question());
    let by_domain: Vec<_> = policies.resource.iter().map(judged).collect();
    if by_domain.iter().any(Judgement::forbids) {
        return Decision::Deny(DenyReason::ExplicitResourceDeny);
    }
    if !(is_guest && by_domain.iter().any(Judgement::allows)) {
        return authorize(input, policies);
    }
    // Let in by that name: what is left to ask is what forbids it, and the caller's own policies.
    let all = policies.resource.iter().chain([&*EVERYONE]);
    let let_in: Vec<_> = all.cloned().collect();
    authorize(
        input,
        &Asked {
            resource: &let_in,
            ..policies.clone()
        },
    )
}

/// A resource's policy that lets everyone in, so that the caller's policies alone decide.
static EVERYONE: LazyLock<Arc<Policy>> = LazyLock::new(|| {
    let document =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}"#;
    let policy = Policy::parse(PolicyKind::Resource, document);
    Arc::new(policy.expect("a constant that a test reads"))
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_policy_can_be_read() {
        assert_eq!(EVERYONE.kind(), PolicyKind::Resource);
    }
}
