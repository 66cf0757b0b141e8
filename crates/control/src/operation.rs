//! What an operation is, and its row in the table.

use std::pin::Pin;
use std::sync::Arc;

use catalog::{Caller, Catalog, RequestDetails, Target};
use http::{Response, StatusCode};
use model::{
    Action, DomainRef, PackageCoordinates, PackageGroupPattern, RepositoryName, Result,
    TaggableResource,
};
use serde::Serialize;

use crate::protocol::json;
#[cfg(test)]
use crate::protocol::member::Member;
use crate::protocol::params::{Params, Read};
use crate::protocol::route::Route;
use crate::protocol::upload::Upload;
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

/// An operation whose body is bytes, taken as they come and never whole in memory.
pub(crate) trait StreamedOperation: 'static {
    /// Its name, which is also its permission's.
    const NAME: &'static str;
    /// Where it is.
    const ROUTE: Route;
    /// What it takes beside the body.
    type Input: Send;
    /// What it gives.
    type Output: Reply;

    /// Reads its members, as [`Operation::read`].
    fn read(p: &mut Params) -> Read<Self::Input>;

    /// Does it: allow, then one call of the catalog, which takes the bytes; output.
    fn run(
        ctx: &Ctx,
        input: Self::Input,
        upload: &mut Upload,
    ) -> impl Future<Output = Result<Self::Output>> + Send;
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
    PackageGroup(&'a DomainRef, &'a PackageGroupPattern),
}

impl Ctx {
    /// Asks for the permission of an operation, before anything is looked up.
    pub(crate) async fn allow<O: Operation>(&self, resource: Resource<'_>) -> Result<()> {
        self.allow_action(Action::of(O::NAME), resource).await
    }

    /// Asks for a permission that an operation needs beside its own.
    pub(crate) async fn allow_action(&self, action: Action, resource: Resource<'_>) -> Result<()> {
        let arn;
        let target = match resource {
            Resource::Any => Target::Any,
            Resource::Domain(domain) => Target::Domain(domain),
            Resource::Repository(domain, repository) => Target::Repository(domain, repository),
            Resource::Package(domain, repository, package) => {
                Target::Package(domain, repository, package)
            }
            Resource::PackageGroup(domain, pattern) => {
                arn = self.catalog.package_group_arn(domain, pattern);
                Target::PackageGroup(domain, &arn)
            }
        };
        self.catalog.allow(&self.caller, action, target).await
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

/// The reply of an operation, to come.
type Replying<'f> = Pin<Box<dyn Future<Output = Result<Response<Body>>> + Send + 'f>>;

/// An operation in the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) route: Route,
    pub(crate) run: Run,
    /// The members that it reads.
    #[cfg(test)]
    pub(crate) members: fn(Params) -> Vec<(Member, bool)>,
}

/// How an operation takes the body of its request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    /// As JSON, read whole before the operation begins.
    Whole(fn(Ctx, Params) -> Replying<'static>),
    /// As bytes, taken while it runs.
    Streamed(for<'u> fn(Ctx, Params, &'u mut Upload) -> Replying<'u>),
}

/// The row of an operation.
pub(crate) const fn row<O: Operation>() -> Row {
    Row {
        name: O::NAME,
        route: O::ROUTE,
        run: Run::Whole(run::<O>),
        #[cfg(test)]
        members: members::<O>,
    }
}

/// The row of an operation whose body is bytes.
pub(crate) const fn streamed_row<O: StreamedOperation>() -> Row {
    Row {
        name: O::NAME,
        route: O::ROUTE,
        run: Run::Streamed(run_streamed::<O>),
        #[cfg(test)]
        members: streamed_members::<O>,
    }
}

fn run<O: Operation>(ctx: Ctx, mut params: Params) -> Replying<'static> {
    Box::pin(async move {
        let input = O::read(&mut params);
        let input = params.finish(input)?;
        O::run(&ctx, input).await?.into_response()
    })
}

fn run_streamed<O: StreamedOperation>(
    ctx: Ctx,
    mut params: Params,
    upload: &mut Upload,
) -> Replying<'_> {
    Box::pin(async move {
        let input = O::read(&mut params);
        let input = params.finish(input)?;
        O::run(&ctx, input, upload).await?.into_response()
    })
}

#[cfg(test)]
fn members<O: Operation>(mut params: Params) -> Vec<(Member, bool)> {
    // Whether anything was refused does not matter: all members were asked for.
    drop(O::read(&mut params));
    params.asked
}

#[cfg(test)]
fn streamed_members<O: StreamedOperation>(mut params: Params) -> Vec<(Member, bool)> {
    drop(O::read(&mut params));
    params.asked
}
