//! What an operation is, and its row in the table.

use std::pin::Pin;
use std::sync::Arc;

use catalog::{Caller, Catalog, RequestDetails, Target};
use http::{Response, StatusCode};
use model::{Action, DomainRef, PackageCoordinates, RepositoryName, Result, TaggableResource};
use serde::Serialize;

use crate::protocol::json;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::Route;
use crate::{Body, ControlSettings};

/// One operation of the API.
pub(crate) trait Operation: 'static {
    /// Its name, which is also its permission's.
    const NAME: &'static str;
    /// Where it is.
    const ROUTE: Route;
    /// What it takes.
    type Input: Send;
    /// What it gives.
    type Output: Reply;

    /// Reads its members: all of them first, then `?` on each, so that one reply tells all that is wrong.
    fn read(p: &mut Params) -> Read<Self::Input>;

    /// Does it: allow, one call of the catalog, output.
    fn run(ctx: &Ctx, input: Self::Input) -> impl Future<Output = Result<Self::Output>> + Send;
}

/// What can be sent back: JSON, or what makes its own response.
pub(crate) trait Reply {
    fn into_response(self) -> Result<Response<Body>>;
}

impl<T: Serialize> Reply for T {
    fn into_response(self) -> Result<Response<Body>> {
        json::reply(StatusCode::OK, &self)
    }
}

/// What an operation runs with.
pub(crate) struct Ctx {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) settings: Arc<ControlSettings>,
    pub(crate) caller: Caller,
}

/// What a permission is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Resource<'a> {
    /// Nothing in particular, in the caller's own account.
    Any,
    Domain(&'a DomainRef),
    Repository(&'a DomainRef, &'a RepositoryName),
    Package(&'a DomainRef, &'a RepositoryName, &'a PackageCoordinates),
}

impl<'a> Resource<'a> {
    const fn target(self) -> Target<'a> {
        match self {
            Self::Any => Target::Any,
            Self::Domain(domain) => Target::Domain(domain),
            Self::Repository(domain, repository) => Target::Repository(domain, repository),
            Self::Package(domain, repository, package) => {
                Target::Package(domain, repository, package)
            }
        }
    }
}

impl Ctx {
    /// Asks for the permission of an operation, before anything is looked up.
    pub(crate) async fn allow<O: Operation>(&self, resource: Resource<'_>) -> Result<()> {
        self.allow_action(Action::of(O::NAME), resource).await
    }

    /// Asks for a permission that an operation needs beside its own.
    pub(crate) async fn allow_action(&self, action: Action, resource: Resource<'_>) -> Result<()> {
        self.catalog
            .allow(&self.caller, action, resource.target())
            .await
    }

    /// Asks for the permission of an operation that makes something, and for that to put tags on it, if it gets any.
    pub(crate) async fn allow_creation<O: Operation>(
        &self,
        target: Target<'_>,
        tags: &[(String, String)],
    ) -> Result<()> {
        self.catalog
            .allow_creation(&self.caller, Action::of(O::NAME), target, tags)
            .await
    }

    /// Asks for the permission of an operation on what an ARN in the request names.
    pub(crate) async fn allow_tagging<O: Operation>(
        &self,
        resource: &TaggableResource,
        details: &RequestDetails<'_>,
    ) -> Result<()> {
        let arn = resource.arn(&self.catalog.settings().scope);
        let target = match resource {
            TaggableResource::Domain(domain) => Target::Domain(domain),
            TaggableResource::Repository(domain, name) => Target::Repository(domain, name),
            TaggableResource::PackageGroup(domain, _) => Target::PackageGroup(domain, &arn),
        };
        self.catalog
            .allow_request(&self.caller, Action::of(O::NAME), target, details)
            .await
    }
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An operation in the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) route: Route,
    pub(crate) run: fn(Ctx, Params) -> BoxFuture<Result<Response<Body>>>,
    /// The members that it reads.
    #[cfg(test)]
    pub(crate) members: fn(Params) -> Vec<(crate::protocol::member::Member, bool)>,
}

/// The row of an operation.
pub(crate) const fn row<O: Operation>() -> Row {
    Row {
        name: O::NAME,
        route: O::ROUTE,
        run: run::<O>,
        #[cfg(test)]
        members: members::<O>,
    }
}

fn run<O: Operation>(ctx: Ctx, mut params: Params) -> BoxFuture<Result<Response<Body>>> {
    Box::pin(async move {
        let input = O::read(&mut params);
        let input = params.finish(input)?;
        O::run(&ctx, input).await?.into_response()
    })
}

#[cfg(test)]
fn members<O: Operation>(mut params: Params) -> Vec<(crate::protocol::member::Member, bool)> {
    // Whether anything was refused does not matter: all members were asked for.
    drop(O::read(&mut params));
    params.asked
}
