//! The life of one request to the API: route, body, signature, limit, parameters, operation, reply.

use std::net::SocketAddr;
use std::sync::Arc;

use catalog::{Catalog, RequestId, RequestLabels, RequestPlace};
use http::{HeaderValue, Request, Response, request};

use crate::operation::{Ctx, Row, Run};
use crate::operations::OPERATIONS;
use crate::protocol::authentication::{Scope, SentBody, authenticate};
use crate::protocol::error::{Place, Refusal, render};
use crate::protocol::params::{Asking, Params};
use crate::protocol::throttle::Throttle;
use crate::protocol::upload::Upload;
use crate::protocol::{REQUEST_ID, request_body};
use crate::{Body, ControlSettings, sts};

/// Where a request came from.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The API.
#[expect(missing_debug_implementations, reason = "holds the catalog")]
pub struct ControlPlane {
    catalog: Arc<Catalog>,
    settings: Arc<ControlSettings>,
    throttle: Throttle,
}

impl ControlPlane {
    /// The API over a catalog.
    #[must_use]
    pub fn new(catalog: Arc<Catalog>, settings: ControlSettings) -> Self {
        Self {
            catalog,
            throttle: Throttle::new(settings.requests_per_second),
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
        let place = Place {
            request_id: &id.0,
            operation,
            peer,
        };
        let (mut response, operation) =
            if sts::is_for(&parts.method, parts.uri.path(), &parts.headers) {
                let service = sts::Service {
                    catalog: &self.catalog,
                    throttle: &self.throttle,
                };
                sts::answer(&service, &parts, body, place).await
            } else {
                let outcome = match row {
                    Some(row) => self.answer(row, &parts, body).await,
                    None => Err(Refusal::unknown_operation(&parts)),
                };
                (
                    outcome.unwrap_or_else(|refusal| render(&refusal, &place)),
                    operation,
                )
            };
        // The server sets the header on every reply of the requests it gave an id to.
        if !is_given && let Ok(value) = HeaderValue::from_str(&id.0) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response.extensions_mut().insert(RequestLabels {
            operation,
            ..RequestLabels::default()
        });
        response
    }

    async fn answer(
        &self,
        row: &Row,
        parts: &request::Parts,
        body: Body,
    ) -> Result<Response<Body>, Refusal> {
        match row.run {
            Run::Whole(run) => {
                let body = request_body::read(body, self.settings.body_limit_bytes).await?;
                let (ctx, asking) = self.admit(row, parts, SentBody::Whole(&body)).await?;
                let params = Params::read(asking, parts, &body)?;
                Ok(run(ctx, params).await?)
            }
            Run::Streamed(run) => {
                let mut upload = Upload::new(parts, body);
                let outcome = async {
                    let (ctx, asking) = self.admit(row, parts, SentBody::ToCome).await?;
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
    ) -> Result<(Ctx, Asking), Refusal> {
        let place: Option<&RequestPlace> = parts.extensions.get();
        let place = place.copied().unwrap_or_default();
        let caller = authenticate(&self.catalog, parts, body, Scope::API)
            .await?
            .at(place);
        self.throttle.take(caller.account(), self.catalog.now())?;
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
}
