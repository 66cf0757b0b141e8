//! The way of every package request: address, credentials, route, right, answer.
//!
//! One place does all of it for all formats, so that no format can forget a part. HTTP/1 and HTTP/2 themselves, request
//! ids and time-outs are the server's.

use std::sync::Arc;

use catalog::{
    Caller, Catalog, Grant, PackageRequest, RequestFacts, RequestFailure, RequestId, RequestLabels,
    RequestParameters, RequestPlace, Sight,
};
use http::header::WARNING;
use http::request::Parts;
use http::{HeaderValue, Method, Request};
use model::{
    AccountId, Action, DomainRef, Error, ErrorKind, FormatId, PackageCoordinates, RepositoryName,
    Result,
};

use crate::kit::address::{self, Address};
use crate::kit::body::{Body, Response, drain, waits};
use crate::kit::{bases, error_reply, path};
use crate::{Context, Endpoint, FORMATS, Format, Permission, PublicAddresses, Reply, Told};

/// The limits on what package clients may send.
#[derive(Debug, Clone, Copy)]
pub struct PackageLimits {
    /// The largest body of a publish.
    pub publish_body_bytes: u64,
    /// The largest part of a publish beside its assets, and the largest document of any other write.
    pub document_bytes: usize,
}

impl Default for PackageLimits {
    fn default() -> Self {
        Self {
            publish_body_bytes: 2 << 30,
            document_bytes: 32 << 20,
        }
    }
}

/// All package endpoints.
#[expect(missing_debug_implementations, reason = "holds the catalog")]
pub struct PackageEndpoints {
    catalog: Arc<Catalog>,
    addresses: PublicAddresses,
    limits: PackageLimits,
}

/// What clients are told of an answer that was given without a look at the database (RFC 7234, section 5.5).
const STALE: &str = "110 - \"Response is Stale\"";

/// What is known of a request before it is answered, for the log, the metrics and the audit record.
struct Known {
    format: Option<&'static dyn Format>,
    operation: &'static str,
    request_id: Option<RequestId>,
    place: RequestPlace,
    is_read_only: bool,
    /// Whether it is answered from what is held while the database is away.
    is_held: bool,
    action: Option<Action>,
    caller: Option<Caller>,
    administrator: Option<AccountId>,
    named: PackageRequest,
}

impl Known {
    fn of(parts: &mut Parts) -> Self {
        let format = find_format(parts.uri.path());
        Self {
            format,
            operation: "unknown",
            request_id: parts.extensions.remove(),
            place: parts.extensions.get().copied().unwrap_or_default(),
            is_read_only: matches!(parts.method, Method::GET | Method::HEAD),
            is_held: false,
            action: None,
            caller: None,
            administrator: None,
            named: PackageRequest {
                format: format.map_or("", |format| format.id().as_str()),
                ..PackageRequest::default()
            },
        }
    }

    /// A request that needs no more than the right to read is a read, whatever its method.
    fn decide(&mut self, action: Action) {
        self.action = Some(action);
        self.is_read_only = action == Action::READ_FROM_REPOSITORY;
    }

    fn into_facts(mut self, failure: Option<RequestFailure>, told: Option<Told>) -> RequestFacts {
        if let Some(told) = told {
            self.decide(told.action);
            self.named.package = told.package.or(self.named.package);
            self.named.version = told.version.or(self.named.version);
        }
        let event = match self.action {
            Some(action) => action.name(),
            // Refused before anyone knew what it would have needed.
            None if self.is_read_only => Action::READ_FROM_REPOSITORY.name(),
            None => "UnknownOperation",
        };
        RequestFacts {
            source: RequestFacts::SERVICE,
            event,
            is_read_only: self.is_read_only,
            caller: self.caller,
            owner: self
                .named
                .domain
                .as_ref()
                .map(|domain| domain.owner.clone()),
            administrator: self.administrator,
            parameters: RequestParameters::Package(Box::new(self.named)),
            failure,
        }
    }
}

impl PackageEndpoints {
    /// The endpoints over a catalog.
    #[must_use]
    pub const fn new(
        catalog: Arc<Catalog>,
        addresses: PublicAddresses,
        limits: PackageLimits,
    ) -> Self {
        Self {
            catalog,
            addresses,
            limits,
        }
    }

    /// The address of a repository for one format, as GetRepositoryEndpoint gives it.
    #[must_use]
    pub fn endpoint(
        &self,
        domain: &DomainRef,
        repository: &RepositoryName,
        format: FormatId,
    ) -> String {
        self.addresses.endpoint(domain, repository, format)
    }

    /// Answers a request. Failures are answers too: in the format's shape, and logged once.
    pub async fn handle(&self, request: Request<Body>) -> Response {
        let (mut parts, body) = request.into_parts();
        let mut known = Known::of(&mut parts);
        let mut failure = None;
        let reply = match self.answer(parts, body, &mut known).await {
            Ok(mut reply) => {
                if known.is_held {
                    let headers = reply.response.headers_mut();
                    headers.insert(WARNING, HeaderValue::from_static(STALE));
                }
                reply
            }
            Err(error) => {
                log(&error, &known);
                failure = Some(RequestFailure::of(&error));
                known
                    .format
                    .map_or_else(
                        || error_reply::plain(&error),
                        |format| format.render_error(&error),
                    )
                    .into()
            }
        };
        let Reply {
            mut response,
            cache,
        } = reply;
        response.extensions_mut().insert(RequestLabels {
            operation: known.operation,
            format: known.format.map_or("", |format| format.id().as_str()),
            cache,
        });
        let told = response.extensions_mut().remove();
        response
            .extensions_mut()
            .insert(known.into_facts(failure, told));
        response
    }

    async fn answer(&self, parts: Parts, mut body: Body, known: &mut Known) -> Result<Reply> {
        let body_waits = waits(&parts.headers);
        let (endpoint, cx) = match self.admit(parts, &mut body, known).await {
            Ok(admitted) => admitted,
            Err(error) => {
                // Who has sent nothing yet would take a read for leave to send all of it.
                if !body_waits {
                    drain(body).await;
                }
                return Err(error);
            }
        };
        endpoint.run(cx, body).await
    }

    /// Everything that comes before the endpoint runs. Of the body nothing is taken, but where it alone tells what the
    /// request is about.
    async fn admit(
        &self,
        parts: Parts,
        body: &mut Body,
        known: &mut Known,
    ) -> Result<(Box<dyn Endpoint>, Context)> {
        let host = bases::host_of(&parts.uri, &parts.headers)?;
        let sight = match known.is_read_only {
            true => self.catalog.see_for_reading().await?,
            false => {
                self.catalog.see_all_writes().await?;
                Sight::Whole
            }
        };
        let Some(format) = known.format else {
            return Err(no_format());
        };
        let Address {
            domain,
            repository,
            form,
            head,
        } = address::read(&parts, host, &self.addresses)?;
        known.named.domain = Some(domain.clone());
        known.named.repository = Some(repository.clone());
        known.named.address_segments = form.segments();
        let caller = self.authenticate(format, &parts, &domain, known).await?;
        let mut endpoint = format.route(&head)?;
        known.operation = endpoint.label();
        let more = endpoint.counts_for().saturating_sub(1);
        if more > 0 {
            let token = format.token(&parts.headers).unwrap_or_default();
            let token = token.as_deref();
            self.catalog
                .count_package_request(&caller, token, more, known.is_read_only)?;
        }
        endpoint.look_into(body, &self.limits).await?;
        let mut permission = endpoint.permission();
        if let Some(action) = permission.actions.first() {
            known.decide(*action);
        }
        if let Sight::Held(failure) = sight {
            // Who may write, and what, nobody can say now.
            if *permission.actions != [Action::READ_FROM_REPOSITORY] {
                return Err(failure);
            }
            known.is_held = true;
        }
        let subject = endpoint.subject();
        known.named.version = subject.version.cloned();
        known.named.package = subject.package.cloned();
        let granted = self.grant(caller, &domain, &repository, &permission).await;
        if known.named.package.is_none() {
            known.named.package = permission.package.take();
        }
        let grant = granted?;
        known.administrator = Some(grant.administrator().clone());
        let base = self
            .addresses
            .base(form, host, (&domain, &repository, format.id()));
        let Parts {
            method, headers, ..
        } = parts;
        let catalog = Arc::clone(&self.catalog);
        let cx = Context {
            catalog,
            grant,
            domain,
            repository,
            base,
            method,
            headers,
            limits: self.limits,
        };
        Ok((endpoint, cx))
    }

    /// Who asks, counted. A token that nobody made is worth no more than none.
    async fn authenticate(
        &self,
        format: &dyn Format,
        parts: &Parts,
        domain: &DomainRef,
        known: &mut Known,
    ) -> Result<Caller> {
        let proved = async {
            let token = match format.token(&parts.headers) {
                // In development mode every token is accepted, unreadable ones too.
                Err(_) if self.catalog.settings().dev => None,
                token => token?,
            };
            let proved = self.catalog.authenticate_token(token.as_deref(), domain);
            Ok((proved.await?.at(known.place), token))
        };
        let (caller, token) = match proved.await {
            Ok(proved) => proved,
            Err(error) => {
                self.catalog.count_stranger(known.place.source_ip)?;
                return Err(error);
            }
        };
        known.caller = Some(caller.clone());
        let token = token.as_deref();
        self.catalog
            .count_package_request(&caller, token, 1, known.is_read_only)?;
        Ok(caller)
    }

    /// A grant for the first of the rights that the caller has.
    async fn grant(
        &self,
        caller: Caller,
        domain: &DomainRef,
        repository: &RepositoryName,
        permission: &Permission,
    ) -> Result<Grant> {
        let package: Option<&PackageCoordinates> = permission.package.as_ref();
        let Some((last, others)) = permission.actions.split_last() else {
            return Err(Error::internal("an endpoint names no right"));
        };
        for action in others {
            match self
                .catalog
                .grant(caller.clone(), *action, domain, repository, package)
                .await
            {
                Err(error) if error.kind == ErrorKind::AccessDenied => {}
                decided => return decided,
            }
        }
        self.catalog
            .grant(caller, *last, domain, repository, package)
            .await
    }
}

fn find_format(path: &str) -> Option<&'static dyn Format> {
    let id = path::first_segment(path);
    FORMATS
        .into_iter()
        .find(|format| format.id().as_str() == id)
}

fn no_format() -> Error {
    let ids: Vec<&str> = FORMATS.iter().map(|format| format.id().as_str()).collect();
    let message = format!(
        "The address names no package format. Formats are {}.",
        ids.join(", ")
    );
    Error::not_found(model::ResourceType::Repository, "", message)
}

fn log(error: &Error, known: &Known) {
    let (kind, operation) = (error.kind.label(), known.operation);
    let format = known.format.map_or("", |format| format.id().as_str());
    let source = error.source.as_ref().map(tracing::field::display);
    let request_id = known.request_id.as_ref().map_or("", |id| id.0.as_str());
    match error.kind {
        ErrorKind::Internal => {
            tracing::error!(
                request_id,
                kind,
                format,
                operation,
                source,
                "a package request failed"
            );
        }
        ErrorKind::UpstreamUnavailable => {
            tracing::warn!(
                request_id,
                kind,
                format,
                operation,
                source,
                "a public source could not answer for a package request"
            );
        }
        ErrorKind::Unavailable => {
            tracing::warn!(
                request_id,
                kind,
                format,
                operation,
                source,
                "the storage could not be reached for a package request"
            );
        }
        ErrorKind::Invalid(_)
        | ErrorKind::Unauthenticated
        | ErrorKind::AccessDenied
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::PreconditionFailed
        | ErrorKind::QuotaExceeded
        | ErrorKind::Throttled
        | ErrorKind::TooLarge => tracing::debug!(
            request_id,
            kind,
            format,
            operation,
            source,
            "a package request was refused"
        ),
    }
}
