//! The life of one request to the API: route, body, signature, limit, parameters, operation, reply.

use std::net::SocketAddr;
use std::sync::Arc;

use catalog::{Caller, Catalog, RateLimiter, RequestFacts, RequestId, RequestLabels, RequestPlace};
use http::{HeaderValue, Request, Response, request};

use crate::operation::{Ctx, Row, Run};
use crate::operations::OPERATIONS;
use crate::protocol::authentication::{Scope, SentBody, authenticate};
use crate::protocol::error::{Place, Refusal, render};
use crate::protocol::params::{Asking, Params};
use crate::protocol::upload::Upload;
use crate::protocol::{REQUEST_ID, facts, request_body};
use crate::{Body, ControlSettings, sts};

/// Accounts that are counted apart at a time.
const ACCOUNTS: usize = 4096;

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The API.
#[expect(missing_debug_implementations, reason = "holds the catalog")]
pub struct ControlPlane {
    catalog: Arc<Catalog>,
    settings: Arc<ControlSettings>,
    limiter: Option<RateLimiter>,
}

impl ControlPlane {
    /// The API over a catalog.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, settings: ControlSettings) -> Self {
        Self {
            catalog,
            limiter: settings
                .requests_per_second
                .map(|rate| RateLimiter::new(rate, ACCOUNTS)),
            settings: Arc::new(settings),
        }
    }

    /// Whether a path is the API's, and not a package manager's.
    #[must_use]
    pub fn owns(path: &str) -> bool {
        path.starts_with("/v1/")
    }

    /// Whether a request is the API's, or the security token service's beside it.
    #[must_use]
    pub fn is_for<B>(request: &Request<B>) -> bool {
        let path = request.uri().path();
        Self::owns(path) || sts::is_for(request.method(), path, request.headers())
    }

    /// Whether a request is for an operation that changes nothing. Lists are asked for by POST, too.
    #[must_use]
    pub fn only_reads<B>(request: &Request<B>) -> bool {
        let (method, path) = (request.method(), request.uri().path());
        let row = OPERATIONS.iter().find(|row| row.route.is_at(method, path));
        row.is_some_and(|row| facts::is_read_only(row.name))
    }

    /// The names of the operations that are here.
    pub fn operation_names() -> impl Iterator<Item = &'static str> {
        OPERATIONS.iter().map(|row| row.name)
    }

    /// Answers a request. What goes wrong is an answer too.
    pub async fn handle(&self, request: Request<Body>, peer: Peer) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let given = parts.extensions.get::<RequestId>().cloned();
        let is_given = given.is_some();
        let id = given.unwrap_or_else(|| RequestId(uuid::Uuid::new_v4().to_string()));
        let row = OPERATIONS.iter().find(|row| row.route.is(&parts));
        let operation = row.map_or("UnknownOperation", |row| row.name);
        let origin = parts.extensions.get().copied();
        let origin = origin.unwrap_or_else(|| RequestPlace {
            source_ip: Some(peer.0.ip().to_canonical()),
            secure_transport: false,
        });
        let mut facts = facts::of_call(operation, &parts);
        let place = Place {
            request_id: &id.0,
            operation,
            peer,
        };
        let mut response = if sts::is_for(&parts.method, parts.uri.path(), &parts.headers) {
            let service = sts::Service {
                catalog: &self.catalog,
                limiter: self.limiter.as_ref(),
            };
            sts::answer(&service, &parts, body, place, &mut facts).await
        } else {
            let outcome = match row {
                Some(row) => self.answer(row, &parts, body, origin, &mut facts).await,
                None => Err(Refusal::unknown_operation(&parts)),
            };
            outcome.unwrap_or_else(|refusal| {
                facts::add_refusal(&mut facts, &refusal);
                render(&refusal, &place)
            })
        };
        // The server sets the header on every reply of the requests it gave an id to.
        if !is_given && let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response.extensions_mut().insert(RequestLabels {
            operation: facts.event,
            ..RequestLabels::default()
        });
        response.extensions_mut().insert(facts);
        response
    }

    async fn answer(
        &self,
        row: &Row,
        parts: &request::Parts,
        body: Body,
        place: RequestPlace,
        facts: &mut RequestFacts,
    ) -> Result<Response<Body>, Refusal> {
        match row.run {
            Run::Whole(run) => {
                let body = request_body::read(body, self.settings.body_limit_bytes).await?;
                let body_sent = SentBody::Whole(&body);
                let (ctx, asking) = self.admit(row, parts, body_sent, place, facts).await?;
                let params = Params::read(asking, parts, &body)?;
                Ok(run(ctx, params).await?)
            }
            Run::Streamed(run) => {
                let mut upload = Upload::new(parts, body);
                let outcome = async {
                    let to_come = SentBody::ToCome;
                    let (ctx, asking) = self.admit(row, parts, to_come, place, facts).await?;
                    let params = Params::read_head(asking, parts)?;
                    Ok(run(ctx, params, &mut upload).await?)
                };
                let outcome = outcome.await;
                if outcome.is_err() {
                    upload.drain().await;
                }
                outcome
            }
        }
    }

    /// Lets a request in whose signature is right and whose account has requests left.
    async fn admit(
        &self,
        row: &Row,
        parts: &request::Parts,
        body: SentBody<'_>,
        place: RequestPlace,
        facts: &mut RequestFacts,
    ) -> Result<(Ctx, Asking), Refusal> {
        self.catalog.see_all_writes().await?;
        let caller = match authenticate(&self.catalog, parts, body, Scope::API).await {
            Ok(caller) => caller.at(place),
            Err(refusal) => {
                self.catalog.count_stranger(place.source_ip)?;
                return Err(refusal);
            }
        };
        facts::add_caller(facts, &caller);
        self.count(&caller, row.name)?;
        facts::add_administrator(facts, &self.catalog).await;
        let asking = Asking {
            operation: row.name,
            account: caller.account().clone(),
            scope: self.catalog.settings().scope.clone(),
            formats: self.catalog.formats(),
        };
        let ctx = Ctx {
            catalog: Arc::clone(&self.catalog),
            settings: Arc::clone(&self.settings),
            caller,
        };
        Ok((ctx, asking))
    }

    /// Counts a call of someone who proved who he is, or refuses it.
    fn count(&self, caller: &Caller, operation: &str) -> model::Result<()> {
        if let Some(limiter) = &self.limiter {
            limiter.take(caller.account(), self.catalog.now())?;
        }
        let is_read_only = facts::is_read_only(operation);
        self.catalog.count_call(caller, operation, is_read_only)
    }
}
