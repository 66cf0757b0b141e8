//! The life of one request to the API: route, body, signature, limit, parameters, operation, reply.

use std::net::SocketAddr;
use std::sync::Arc;

use catalog::{Caller, Catalog, RateLimiter, RequestFacts, RequestId, RequestLabels, RequestPlace};
use http::{HeaderValue, Request, Response, request};

use crate::operation::{Ctx, Row};
use crate::operations::OPERATIONS;
use crate::protocol::authentication::authenticate;
use crate::protocol::error::{Place, Refusal, render};
use crate::protocol::params::{Asking, Params};
use crate::protocol::{REQUEST_ID, facts, request_body};
use crate::{Body, ControlSettings};

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
        let place = parts.extensions.get().copied();
        let place = place.unwrap_or_else(|| RequestPlace {
            source_ip: Some(peer.0.ip().to_canonical()),
            secure_transport: false,
        });
        let mut facts = facts::of_call(operation, &parts);
        let outcome = match row {
            Some(row) => self.answer(row, &parts, body, place, &mut facts).await,
            None => Err(Refusal::unknown_operation(&parts)),
        };
        let place = Place {
            request_id: &id.0,
            operation,
            peer,
        };
        let mut response = outcome.unwrap_or_else(|refusal| {
            facts::add_refusal(&mut facts, &refusal);
            render(&refusal, &place)
        });
        // The server sets the header on every reply of the requests it gave an id to.
        if !is_given && let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response.extensions_mut().insert(RequestLabels {
            operation,
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
        let body = request_body::read(body, self.settings.body_limit_bytes).await?;
        let caller = match authenticate(&self.catalog, parts, &body).await {
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
        let params = Params::read(asking, parts, &body)?;
        let ctx = Ctx {
            catalog: Arc::clone(&self.catalog),
            settings: Arc::clone(&self.settings),
            caller,
        };
        Ok((row.run)(ctx, params).await?)
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
