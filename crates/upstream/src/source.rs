//! One source: asking it for documents, assets, and whether it is there.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, VIA};
use http::{Method, StatusCode};
use model::Clock;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use url::Url;

use crate::absence::Absences;
use crate::breaker::Breaker;
use crate::credentials::Credentials;
use crate::decoding::{self, Bounds, Encoding};
use crate::document::{self, DocumentAnswer, Validators};
use crate::download::{Download, FileDescription};
use crate::error::SourceError;
use crate::incoming::Incoming;
use crate::limits::Limits;
use crate::observer::Observer;
use crate::progress::Progress;
use crate::reachability::Reachability;
use crate::redirect::{Route, same_origin};
use crate::resolver::ForbiddenName;
use crate::visit::Visit;
use crate::{retry_after, via};

/// Assets are taken as they are.
const ANYTHING: &str = "*/*";
/// The pause after a 429 that names none.
const DEFAULT_PAUSE_SECONDS: u32 = 2;

/// Where a source is and how to speak to it.
#[derive(Debug, Clone)]
pub struct SourceConfig {
    /// Its name in logs and metrics, such as `public:npmjs`.
    pub name: String,
    /// Its address. With TLS here, nothing of this source is asked without.
    pub base: Url,
    /// What to show to the base's own origin, and to no other.
    pub credentials: Option<Credentials>,
    /// Certificate authorities to trust for this source beside the machine's own, as PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Whether this source, and everything it redirects to, may be in private networks, on this machine included. Cloud
    /// metadata services and addresses that stand for no one host stay closed.
    pub allow_private_network: bool,
}

/// A source that can be asked. Cheap to clone; clones share connections, breaker and memory, so make it once and keep it.
#[derive(Clone)]
pub struct Source {
    shared: Arc<Shared>,
    via: HeaderValue,
}

pub(crate) struct Shared {
    pub(crate) name: String,
    pub(crate) limits: Arc<Limits>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) base: Url,
    pub(crate) authorization: Option<HeaderValue>,
    pub(crate) allow_private_network: bool,
    pub(crate) client: reqwest::Client,
    /// For files on other hosts than the base's: never into a private network.
    pub(crate) client_elsewhere: reqwest::Client,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) instance: Arc<str>,
    pub(crate) absences: Absences,
    /// For the base's origin.
    pub(crate) breaker: Arc<Breaker>,
    /// For everything else that the source's documents point to, so that a dead file host does not close the index.
    pub(crate) breaker_elsewhere: Arc<Breaker>,
}

impl Source {
    pub(crate) fn new(shared: Shared) -> Self {
        let via = via::header(None, &shared.instance);
        Self {
            shared: Arc::new(shared),
            via,
        }
    }

    /// The source's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// The source's address.
    #[must_use]
    pub fn base(&self) -> &Url {
        &self.shared.base
    }

    /// The same source, asked because of a request that came with this `Via` header. The names of Reliquary instances
    /// in it are passed on, so that a circle of several instances is noticed; nothing else of it is.
    #[must_use]
    pub fn after_via(&self, received: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            via: via::header(Some(received), &self.shared.instance),
        }
    }

    /// A whole document, unpacked and bounded. `validators` are those that came with the copy that is held; without any
    /// the document always comes.
    ///
    /// # Errors
    /// Everything of [`SourceError`] except [`SourceError::Absent`], which is an answer here.
    pub async fn document(
        &self,
        url: &Url,
        accept: &str,
        validators: &Validators,
    ) -> Result<DocumentAnswer, SourceError> {
        let route = self.route(url)?;
        let mut headers = self.headers(accept, "gzip")?;
        validators.write(&mut headers);
        let key = absence_key(&route, accept);
        if self.shared.absences.holds(&key, self.shared.clock.now()) {
            return Ok(DocumentAnswer::Absent);
        }
        let mut visit = Visit::begin(&self.shared, self.breaker(&route)).await?;
        let limit_ms = self.shared.limits.total_document_timeout_ms;
        let whole = self.fetch_document(route, headers, accept, validators);
        let outcome = match timeout(Duration::from_millis(limit_ms), whole).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unavailable(format!(
                "the document did not arrive within {limit_ms} ms"
            ))),
        };
        self.keep_absence(key, outcome.as_ref().err());
        match outcome {
            Ok(answer) => {
                visit.succeeded(answer.label());
                Ok(answer)
            }
            Err(SourceError::Absent) => {
                visit.succeeded(DocumentAnswer::Absent.label());
                Ok(DocumentAnswer::Absent)
            }
            Err(error) => {
                visit.failed(&error);
                Err(error)
            }
        }
    }

    /// An asset's bytes as they come. The source's documents may name files on other hosts, but only on the internet
    /// and behind TLS; see [`SourceError::ForbiddenUrl`].
    ///
    /// # Errors
    /// Everything of [`SourceError`] except what only a body can show.
    pub async fn open(&self, url: &Url) -> Result<Download, SourceError> {
        let route = self.route_to_file(url)?;
        let headers = self.headers(ANYTHING, "identity")?;
        let key = absence_key(&route, ANYTHING);
        if self.shared.absences.holds(&key, self.shared.clock.now()) {
            return Err(SourceError::Absent);
        }
        let mut visit = Visit::begin(&self.shared, self.breaker(&route)).await?;
        let outcome = self.fetch_asset(route, headers).await;
        self.keep_absence(key, outcome.as_ref().err());
        match outcome {
            Ok(incoming) => {
                visit.succeeded("opened");
                Ok(Download::new(incoming, visit))
            }
            Err(error) => {
                visit.failed(&error);
                Err(error)
            }
        }
    }

    /// What the source says of an asset without sending it: its length and its date. Where a source does not know the
    /// question, its asset is opened and dropped.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub async fn describe(&self, url: &Url) -> Result<FileDescription, SourceError> {
        let route = self.route_to_file(url)?;
        let headers = self.headers(ANYTHING, "identity")?;
        let key = absence_key(&route, ANYTHING);
        if self.shared.absences.holds(&key, self.shared.clock.now()) {
            return Err(SourceError::Absent);
        }
        let mut visit = Visit::begin(&self.shared, self.breaker(&route)).await?;
        let outcome = match self.send(Method::HEAD, route, headers).await {
            Ok(response) if is_unknown_method(response.status()) => {
                visit.succeeded("not-described");
                drop(visit);
                let download = self.open(url).await?;
                return Ok(FileDescription::of_headers(download.headers()));
            }
            Ok(response) => self
                .judge(&response)
                .map(|()| FileDescription::of_headers(response.headers())),
            Err(error) => Err(error),
        };
        self.keep_absence(key, outcome.as_ref().err());
        match &outcome {
            Ok(_) => visit.succeeded("described"),
            Err(error) => visit.failed(error),
        }
        outcome
    }

    /// A small file beside an asset, whole; refused when it is larger than the limit.
    ///
    /// # Errors
    /// Everything of [`SourceError`].
    pub async fn small_file(&self, url: &Url, limit_bytes: u64) -> Result<Bytes, SourceError> {
        let limit_ms = self.shared.limits.total_document_timeout_ms;
        let whole = async {
            let mut download = self.open(url).await?;
            let too_large = SourceError::TooLarge { limit_bytes };
            if download.length.is_some_and(|length| length > limit_bytes) {
                return Err(too_large);
            }
            let mut body = BytesMut::new();
            while let Some(bytes) = download.chunk().await? {
                if (body.len() + bytes.len()) as u64 > limit_bytes {
                    return Err(too_large);
                }
                body.extend_from_slice(&bytes);
            }
            Ok(body.freeze())
        };
        match timeout(Duration::from_millis(limit_ms), whole).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unavailable(format!(
                "the file did not arrive within {limit_ms} ms"
            ))),
        }
    }

    /// Asks whether the source is there, for the operator: past breaker, queue and memory.
    ///
    /// # Errors
    /// When no answer came, or the way to it is forbidden. Any status is an answer.
    pub async fn check(&self) -> Result<Reachability, SourceError> {
        let began = Instant::now();
        let headers = self.headers(ANYTHING, "identity")?;
        let mut response = self
            .send(
                Method::HEAD,
                self.route(&self.shared.base)?,
                headers.clone(),
            )
            .await?;
        if is_unknown_method(response.status()) {
            response = self
                .send(Method::GET, self.route(&self.shared.base)?, headers)
                .await?;
        }
        let latency_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(Reachability {
            status: response.status().as_u16(),
            latency_ms,
        })
    }

    fn route(&self, url: &Url) -> Result<Route, SourceError> {
        let shared = &self.shared;
        Route::start(
            url,
            &shared.base,
            shared.limits.redirects,
            shared.allow_private_network,
        )
    }

    /// The way to a file that a document of the source names, which is the source's word and nobody else's.
    fn route_to_file(&self, url: &Url) -> Result<Route, SourceError> {
        let shared = &self.shared;
        Route::start_at_file(
            url,
            &shared.base,
            shared.limits.redirects,
            shared.allow_private_network,
        )
    }

    fn breaker(&self, route: &Route) -> &Arc<Breaker> {
        if same_origin(route.current(), &self.shared.base) {
            &self.shared.breaker
        } else {
            &self.shared.breaker_elsewhere
        }
    }

    fn headers(&self, accept: &str, encoding: &'static str) -> Result<HeaderMap, SourceError> {
        let accept = HeaderValue::from_str(accept).map_err(|_| SourceError::ForbiddenUrl {
            reason: "the content types asked for do not fit a header",
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept);
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(encoding));
        headers.insert(VIA, self.via.clone());
        Ok(headers)
    }

    fn keep_absence(&self, key: String, error: Option<&SourceError>) {
        let absences = &self.shared.absences;
        match error {
            Some(SourceError::Absent) => absences.remember(key, self.shared.clock.now()),
            None => absences.forget(&key),
            Some(_) => {}
        }
    }

    async fn fetch_document(
        &self,
        route: Route,
        headers: HeaderMap,
        accept: &str,
        validators: &Validators,
    ) -> Result<DocumentAnswer, SourceError> {
        let response = self.send(Method::GET, route, headers).await?;
        if response.status() == StatusCode::NOT_MODIFIED && !validators.is_empty() {
            return Ok(DocumentAnswer::NotModified);
        }
        self.judge(&response)?;
        let content_type = document::content_type(response.headers());
        document::refuse_page(content_type.as_deref(), accept)?;
        let encoding = Encoding::of(response.headers())?;
        let validators = Validators::from_headers(response.headers());

        let limit_bytes = self.shared.limits.document_limit_bytes;
        let packed = collect(self.incoming(response, limit_bytes)?).await?;
        document::refuse_empty(&packed)?;
        let bounds = Bounds {
            limit_bytes,
            ratio: self.shared.limits.decompression_ratio,
        };
        let bytes = decoding::decode(packed, encoding, bounds).await?;
        document::refuse_empty(&bytes)?;
        Ok(DocumentAnswer::Modified {
            bytes,
            validators,
            content_type,
        })
    }

    async fn fetch_asset(&self, route: Route, headers: HeaderMap) -> Result<Incoming, SourceError> {
        let response = self.send(Method::GET, route, headers).await?;
        self.judge(&response)?;
        self.incoming(response, self.shared.limits.asset_limit_bytes)
    }

    fn incoming(
        &self,
        response: reqwest::Response,
        limit_bytes: u64,
    ) -> Result<Incoming, SourceError> {
        let limits = &self.shared.limits;
        let progress = Progress::new(
            Duration::from_millis(limits.idle_timeout_ms),
            limits.progress_bytes,
        );
        Incoming::new(response, progress, limit_bytes)
    }

    /// Sends a request along its route, to the first answer that is not a redirect.
    async fn send(
        &self,
        method: Method,
        mut route: Route,
        headers: HeaderMap,
    ) -> Result<reqwest::Response, SourceError> {
        let limit_ms = self.shared.limits.header_timeout_ms;
        let client = if route.is_open_to_private_networks() {
            &self.shared.client
        } else {
            &self.shared.client_elsewhere
        };
        loop {
            let mut request = reqwest::Request::new(method.clone(), route.current().clone());
            *request.headers_mut() = headers.clone();
            if let Some(authorization) = self
                .shared
                .authorization
                .as_ref()
                .filter(|_| route.may_show_credentials())
            {
                request
                    .headers_mut()
                    .insert(AUTHORIZATION, authorization.clone());
            }
            let answer = timeout(Duration::from_millis(limit_ms), client.execute(request)).await;
            let response = answer
                .map_err(|_| unavailable(format!("no answer came within {limit_ms} ms")))?
                .map_err(|error| fault(&error.without_url()))?;
            match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => route.follow(response.headers())?,
                _ => return Ok(response),
            }
        }
    }

    /// Whether an answer has the body that was asked for.
    fn judge(&self, response: &reqwest::Response) -> Result<(), SourceError> {
        let status = response.status().as_u16();
        let pause = || {
            let limit_ms = self.shared.limits.retry_after_limit_ms;
            retry_after::seconds(response.headers(), self.shared.clock.now(), limit_ms)
        };
        match status {
            200 | 203 => Ok(()),
            404 | 410 => Err(SourceError::Absent),
            401 | 403 => Err(SourceError::Refused { status }),
            429 => Err(SourceError::Throttled {
                retry_after_seconds: pause().unwrap_or(DEFAULT_PAUSE_SECONDS),
            }),
            503 => Err(
                pause().map_or(SourceError::Status { status }, |retry_after_seconds| {
                    SourceError::Throttled {
                        retry_after_seconds,
                    }
                }),
            ),
            _ => Err(SourceError::Status { status }),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source")
            .field("name", &self.shared.name)
            .field("base", &self.shared.base.as_str())
            .finish()
    }
}

fn is_unknown_method(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
    )
}

/// An absence is one of a URL in one form: that there is no page does not mean that there is no JSON.
fn absence_key(route: &Route, accept: &str) -> String {
    format!("{accept}\n{}", route.current())
}

async fn collect(mut incoming: Incoming) -> Result<Bytes, SourceError> {
    // What was announced is only a hint: memory is taken as bytes come.
    const FIRST_RESERVE_BYTES: u64 = 1024 * 1024;
    let reserve = incoming.expected().unwrap_or(0).min(FIRST_RESERVE_BYTES);
    let mut body = BytesMut::with_capacity(usize::try_from(reserve).unwrap_or(0));
    while let Some(bytes) = incoming.chunk().await? {
        body.extend_from_slice(&bytes);
    }
    Ok(body.freeze())
}

pub(crate) const fn unavailable(reason: String) -> SourceError {
    SourceError::Unavailable { reason }
}

/// Why no answer came. The client's error has lost its URL already; its causes speak of names, addresses and TLS.
pub(crate) fn fault(error: &reqwest::Error) -> SourceError {
    const REASON_LIMIT_CHARS: usize = 300;
    let mut innermost: &dyn std::error::Error = error;
    while let Some(cause) = innermost.source() {
        if let Some(forbidden) = cause.downcast_ref::<ForbiddenName>() {
            return SourceError::ForbiddenAddress {
                host: forbidden.host.clone(),
            };
        }
        innermost = cause;
    }
    let what = if error.is_timeout() {
        "the connection was not made in time"
    } else if error.is_connect() {
        "the connection failed"
    } else {
        "the exchange failed"
    };
    unavailable(
        format!("{what}: {innermost}")
            .chars()
            .take(REASON_LIMIT_CHARS)
            .collect(),
    )
}
