//! What a format is to the rest of the program: the protocol half.
//!
//! The other half, what the rules need to know, is [`catalog::FormatRules`]. A format turns the head of a request into
//! an [`Endpoint`]; the endpoint says which right it needs, and runs once that right is granted.

use std::borrow::Cow;
use std::sync::Arc;

use catalog::{CacheOutcome, Caller, Catalog, FormatRules, Grant, Target};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use model::{
    Action, DomainRef, Error, ErrorKind, PackageCoordinates, RepositoryName, Result, VersionName,
};

use crate::PackageLimits;
use crate::kit::address::RequestHead;
use crate::kit::body::{Body, Response};
use crate::kit::{credentials, error_reply};

/// A package format's protocol.
pub trait Format: FormatRules {
    /// What a request is for. Fails when the protocol has no such request.
    fn route(&self, head: &RequestHead<'_>) -> Result<Box<dyn Endpoint>>;

    /// The token that a request carries, if it carries one.
    fn token<'h>(&self, headers: &'h HeaderMap) -> Result<Option<Cow<'h, str>>> {
        credentials::token(headers)
    }

    /// An error in the shape that the format's clients print.
    fn render_error(&self, error: &Error) -> Response {
        error_reply::plain(error)
    }
}

/// The right a request needs.
#[derive(Debug, Clone)]
pub struct Permission {
    /// Any of these lets the request in. With more than one, the endpoint asks again for the one its body calls for.
    pub actions: &'static [Action],
    /// The package it is about, for rights on packages.
    pub package: Option<PackageCoordinates>,
}

impl Permission {
    /// The right to read the repository.
    #[must_use]
    pub const fn read() -> Self {
        const READ: &[Action] = &[Action::READ_FROM_REPOSITORY];
        Self {
            actions: READ,
            package: None,
        }
    }

    /// A right on a package.
    #[must_use]
    pub const fn on(actions: &'static [Action], package: PackageCoordinates) -> Self {
        Self {
            actions,
            package: Some(package),
        }
    }
}

/// What a request is about. A package that its permission names need not be named again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'e> {
    /// The package.
    pub package: Option<&'e PackageCoordinates>,
    /// The version.
    pub version: Option<&'e VersionName>,
}

impl<'e> Subject<'e> {
    /// A package.
    #[must_use]
    pub const fn package(package: &'e PackageCoordinates) -> Self {
        Self {
            package: Some(package),
            version: None,
        }
    }

    /// A version of a package.
    #[must_use]
    pub const fn version(package: &'e PackageCoordinates, version: &'e VersionName) -> Self {
        Self {
            package: Some(package),
            version: Some(version),
        }
    }
}

/// What only the body of a request told, for the audit record. Travels in the extensions of the reply.
#[derive(Debug, Clone)]
pub struct Told {
    /// The right that the body called for.
    pub action: Action,
    /// The package that the body named, where neither the address nor the right did.
    pub package: Option<PackageCoordinates>,
    /// The version that the body named.
    pub version: Option<VersionName>,
}

/// One request of a protocol, its address understood.
pub trait Endpoint: Send {
    /// A fixed word for metrics and logs.
    fn label(&self) -> &'static str;

    /// Reads as much of the body as it takes to know what the request is about, where its address does not say. Comes
    /// before the right is asked for: nothing may be looked up or kept here.
    fn look_into<'b>(
        &'b mut self,
        _body: &'b mut Body,
        _limits: &'b PackageLimits,
    ) -> BoxFuture<'b, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// The right it needs.
    fn permission(&self) -> Permission {
        Permission::read()
    }

    /// The package and the version that it is about, as far as its address names them: the audit record says it.
    fn subject(&self) -> Subject<'_> {
        Subject::default()
    }

    /// How many requests it counts for, where rates are limited: one that asks for many packages, as many.
    fn counts_for(&self) -> u32 {
        1
    }

    /// Answers it. The body is what is left of it.
    fn run(self: Box<Self>, cx: Context, body: Body) -> BoxFuture<'static, Result<Reply>>;
}

/// What an endpoint answers with.
#[derive(Debug)]
pub struct Reply {
    /// The response.
    pub response: Response,
    /// Whether what was asked for lay ready, where a cache was asked.
    pub cache: Option<CacheOutcome>,
}

impl From<Response> for Reply {
    fn from(response: Response) -> Self {
        Self {
            response,
            cache: None,
        }
    }
}

/// What an endpoint runs with: who asks, where, and the head of the request.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the catalog")]
pub struct Context {
    /// The rules.
    pub catalog: Arc<Catalog>,
    /// The right that was given.
    pub grant: Grant,
    /// The domain of the address.
    pub domain: DomainRef,
    /// The repository of the address.
    pub repository: RepositoryName,
    /// The repository's address as this client uses it; ends with a slash.
    pub base: Arc<str>,
    /// The method.
    pub method: Method,
    /// The header fields.
    pub headers: HeaderMap,
    /// The limits that the operator set.
    pub limits: PackageLimits,
}

impl Context {
    /// Who asks.
    #[must_use]
    pub const fn caller(&self) -> &Caller {
        self.grant.caller()
    }

    /// A grant for another right than the one the request came in with.
    pub async fn grant_for(&self, action: Action, package: &PackageCoordinates) -> Result<Grant> {
        let caller = self.caller().clone();
        // Much may have changed, on other nodes too, while a body came in.
        self.catalog.see_all_writes().await?;
        self.catalog
            .grant(
                caller,
                action,
                &self.domain,
                &self.repository,
                Some(package),
            )
            .await
    }

    /// Whether the caller has another right on a package. Changes nothing.
    pub async fn may(&self, action: Action, package: &PackageCoordinates) -> Result<bool> {
        let target = Target::Package(&self.domain, &self.repository, package);
        let answer = self.catalog.allow(self.caller(), action, target).await;
        match answer {
            Err(error) if error.kind == ErrorKind::AccessDenied => Ok(false),
            answer => answer.map(|()| true),
        }
    }
}
