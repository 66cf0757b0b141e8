//! What happens to every request, whatever it asks: an id, a look at its outer form, a log line, counters.
//!
//! The layer stands between the listener and the rooms behind ([`Service`]). It refuses what no route could mean
//! (`target`), answers `/healthz` and `/readyz`, turns a panic into a 500, and notices its own name in `Via`. It decides
//! nothing about who may do what, and it never decodes a path for anyone else.

mod body;
mod ids;
mod place;
mod record;
mod target;

use std::future::poll_fn;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use uuid::Uuid;

use crate::Body;
use crate::audit::{AuditEntry, AuditLog};
use crate::config::{AddressRange, Config};
use crate::listener::ConnectionInfo;
use crate::metrics::Metrics;

use self::body::{RequestBody, Sending};
use self::ids::RequestIds;
use self::place::place_of;
use self::record::Record;
pub use self::record::RecordedBody;
use self::target::Refusal;
pub use catalog::{RequestFacts, RequestId, RequestLabels, RequestPlace};

/// The header that carries a request's id on every reply.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// What answers requests: everything behind the shell.
pub trait Service: Send + Sync + 'static {
    /// Answers one request. Its id and its place are in its extensions.
    fn call(
        &self,
        request: Request<Body>,
        connection: ConnectionInfo,
    ) -> impl Future<Output = Response<Body>> + Send;

    /// Whether requests can be served now; if not, why, for the log.
    fn check_ready(&self) -> impl Future<Output = Result<(), String>> + Send;

    /// Whether a request changes nothing, whoever sends it.
    fn only_reads<B>(&self, request: &Request<B>) -> bool {
        matches!(*request.method(), Method::GET | Method::HEAD)
    }

    /// Where requests are recorded, if anywhere.
    fn audit(&self) -> Option<&AuditLog> {
        None
    }

    /// Ends what goes on beside requests. None come any more.
    fn close(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// The layer around a service.
pub struct RequestLayer<S> {
    service: S,
    metrics: Arc<Metrics>,
    header_bytes: u64,
    url_bytes: usize,
    body_idle_timeout: Duration,
    logs_access: bool,
    trusted_proxies: Vec<AddressRange>,
    via_name: String,
    ids: RequestIds,
}

impl<S: Service> RequestLayer<S> {
    /// A layer. `via_name` is how this server calls itself in `Via` when it asks another.
    pub fn new(service: S, metrics: Arc<Metrics>, config: &Config, via_name: String) -> Self {
        Self {
            service,
            metrics,
            header_bytes: config.limits.header_bytes,
            url_bytes: usize::try_from(config.limits.url_bytes).unwrap_or(usize::MAX),
            body_idle_timeout: Duration::from_millis(config.limits.request_body_idle_timeout_ms),
            logs_access: config.log.access,
            trusted_proxies: config.trusted_proxies.clone(),
            via_name,
            ids: RequestIds::default(),
        }
    }

    /// Ends what goes on beside requests.
    pub async fn close(&self) {
        self.service.close().await;
    }

    /// Answers one request.
    pub async fn call(
        &self,
        mut request: Request<Incoming>,
        connection: ConnectionInfo,
    ) -> Response<RecordedBody> {
        let started = Instant::now();
        let mut id_buffer = Uuid::encode_buffer();
        let id: Arc<str> = self
            .ids
            .next()
            .hyphenated()
            .encode_lower(&mut id_buffer)
            .into();
        let mut record = Record::new(
            &request,
            Arc::clone(&id),
            connection,
            started,
            Arc::clone(&self.metrics),
        );
        record.is_logged = self.logs_access;
        let is_probe = matches!(request.uri().path(), "/healthz" | "/readyz");
        let audit = self.service.audit().filter(|_| !is_probe);
        let place = place_of(request.headers(), connection, &self.trusted_proxies);
        let source_ip = place.source_ip.unwrap_or_else(|| connection.peer.ip());
        let entry = audit.map(|_| entry_of(&request, source_ip, &id));
        let mut reply = match self.check(&mut request) {
            Err(refusal) => refusal_reply(&refusal),
            Ok(()) if is_probe => self.probe(&request).await,
            Ok(()) => self.ask(request, connection, place, &id).await,
        };
        // Before the reply: what the caller is told was done has been handed over.
        if let (Some(audit), Some(mut entry)) = (audit, entry) {
            entry.status = reply.status();
            entry.facts = reply.extensions_mut().remove();
            audit.record(entry).await;
        }
        if let Some(phrase) = reply.extensions_mut().remove::<formats::ReasonPhrase>()
            && let Ok(phrase) = ReasonPhrase::try_from(phrase.as_str().as_bytes())
        {
            reply.extensions_mut().insert(phrase);
        }
        let headers = reply.headers_mut();
        headers.insert(
            REQUEST_ID,
            HeaderValue::from_str(&id).expect("a UUID is visible ASCII"),
        );
        headers.insert(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
        record.attach(reply)
    }

    fn check(&self, request: &mut Request<Incoming>) -> Result<(), Refusal> {
        let head_bytes: usize = request
            .headers()
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if head_bytes as u64 > self.header_bytes {
            return Err(Refusal::new(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "The request headers are too large.",
            ));
        }
        target::check(request, self.url_bytes)?;
        if names_us(request.headers(), &self.via_name) {
            return Err(Refusal::new(
                StatusCode::LOOP_DETECTED,
                "The request has come through this server before.",
            ));
        }
        Ok(())
    }

    async fn ask(
        &self,
        request: Request<Incoming>,
        connection: ConnectionInfo,
        place: RequestPlace,
        id: &Arc<str>,
    ) -> Response<Body> {
        // HTTP/2 has a way of its own to say that no more of a body is wanted. What is framed in an odd way is not read on.
        let headers = request.headers();
        let coding = headers.get(header::TRANSFER_ENCODING);
        let is_framed_plainly = coding.is_none_or(|coding| {
            coding == "chunked" && !headers.contains_key(header::CONTENT_LENGTH)
        });
        let is_ours_to_read = request.version() < Version::HTTP_2 && is_framed_plainly;
        let asked = (is_ours_to_read && headers.contains_key(header::EXPECT))
            .then(|| Arc::new(AtomicBool::new(false)));
        let sending = match &asked {
            Some(is_asked) => Sending::Asked(Arc::clone(is_asked)),
            None if is_ours_to_read => Sending::Unasked,
            None => Sending::Unclear,
        };
        let mut request =
            request.map(|body| RequestBody::boxed(body, self.body_idle_timeout, sending));
        request
            .extensions_mut()
            .insert(RequestId(id.as_ref().to_owned()));
        request.extensions_mut().insert(place);
        // No tracing span: it would cost every request for the few that log. Who logs names the request's id.
        let answering = async {
            let audit = self.service.audit();
            if audit.is_some_and(AuditLog::refuses_changes) && !self.service.only_reads(&request) {
                return not_recorded_reply();
            }
            self.service.call(request, connection).await
        };
        let mut reply = match catch_panic(pin!(answering)).await {
            Ok(reply) => reply,
            Err(panic) => {
                tracing::error!(
                    request_id = &**id,
                    panic = panic_text(&*panic),
                    "a request ended in a panic"
                );
                let message = "An internal error occurred.";
                refusal_reply(&Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message))
            }
        };
        // Said, so that the client does not send its next request where nobody listens.
        if asked.is_some_and(|is_asked| !is_asked.load(Ordering::Relaxed)) {
            let close = HeaderValue::from_static("close");
            reply.headers_mut().insert(header::CONNECTION, close);
        }
        reply
    }

    async fn probe(&self, request: &Request<Incoming>) -> Response<Body> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return refusal_reply(&Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "Use GET or HEAD.",
            ));
        }
        if request.uri().path() == "/healthz" {
            return text_reply(StatusCode::OK, "ok");
        }
        match catch_panic(pin!(self.service.check_ready())).await {
            Ok(Ok(())) => text_reply(StatusCode::OK, "ready"),
            Ok(Err(reason)) => {
                tracing::warn!(reason, "not ready");
                text_reply(StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
            Err(panic) => {
                tracing::error!(
                    panic = panic_text(&*panic),
                    "the check for readiness ended in a panic"
                );
                text_reply(StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
        }
    }
}

const NOT_RECORDED: Refusal = Refusal::new(
    StatusCode::SERVICE_UNAVAILABLE,
    "Nothing can be changed now, because it could not be recorded. Try again later.",
);

/// When to come back after that, in seconds: somebody has to make room first.
const RECORDED_AFTER: HeaderValue = HeaderValue::from_static("10");

fn not_recorded_reply() -> Response<Body> {
    let mut reply = refusal_reply(&NOT_RECORDED);
    reply
        .headers_mut()
        .insert(header::RETRY_AFTER, RECORDED_AFTER);
    reply
}

/// What the audit record needs of a request that goes on to be answered.
fn entry_of<B>(request: &Request<B>, source_ip: IpAddr, id: &Arc<str>) -> AuditEntry {
    AuditEntry {
        at: SystemTime::now(),
        request_id: Arc::clone(id),
        method: request.method().clone(),
        uri: request.uri().clone(),
        user_agent: request.headers().get(header::USER_AGENT).cloned(),
        source_ip: source_ip.to_canonical(),
        status: StatusCode::OK,
        facts: None,
    }
}

/// Whether a `Via` header names this server: `1.1 NAME`, several with commas between.
fn names_us(headers: &HeaderMap, via_name: &str) -> bool {
    headers
        .get_all(header::VIA)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .any(|hop| hop.split_ascii_whitespace().nth(1) == Some(via_name))
        })
}

type Panic = Box<dyn std::any::Any + Send>;

/// Runs a future to its end, or to its panic. It stays where it is: moving it about costs more than a small reply.
async fn catch_panic<F: Future>(mut future: Pin<&mut F>) -> Result<F::Output, Panic> {
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        },
    )
    .await
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message")
}

/// A body with bytes that are there.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

fn text_reply(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut reply = Response::new(full(text));
    *reply.status_mut() = status;
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    reply
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

/// A refusal in the shape that most clients show: npm prints `error`, the AWS clients `message`.
fn refusal_reply(refusal: &Refusal) -> Response<Body> {
    let text =
        serde_json::json!({ "error": refusal.message, "message": refusal.message }).to_string();
    let mut reply = Response::new(full(text));
    *reply.status_mut() = refusal.status;
    let kind = if refusal.status.is_server_error() {
        "InternalServerException"
    } else {
        "ValidationException"
    };
    reply
        .headers_mut()
        .insert(ERROR_TYPE, HeaderValue::from_static(kind));
    reply.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    reply
}
