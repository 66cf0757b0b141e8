//! The HTTP client under the object-store client: hyper, and rustls on ring with the machine's certificate authorities,
//! as everywhere in this program. `object_store` signs and retries; this sends, and gives up when nothing moves.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector as ObjectStoreConnector, HttpError, HttpErrorKind, HttpRequest,
    HttpRequestBody, HttpResponse, HttpResponseBody, HttpService,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::{Instant, Sleep};

use super::settings::S3Patience;

/// Connections that wait for the next request.
const IDLE_CONNECTIONS: usize = 64;
/// Shorter than stores keep an idle connection, so that few requests meet one that was just closed.
const IDLE_CONNECTION_FOR: Duration = Duration::from_secs(15);
/// The rate below which an upload counts as stuck.
const SLOWEST_BYTES_PER_MS: u64 = 128;

/// One pool of connections, for the store and for whoever hands out its credentials.
#[derive(Debug, Clone)]
pub(super) struct Connections {
    client: Client<HttpsConnector<HttpConnector>, HttpRequestBody>,
    patience: S3Patience,
}

impl Connections {
    /// An error is a sentence about the certificates.
    pub(super) fn new(ca_pem: Option<&[u8]>, patience: S3Patience) -> Result<Self, String> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(patience.connect));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls(ca_pem)?)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION_FOR)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .build(connector);
        Ok(Self { client, patience })
    }

    /// Sends a request once.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let upload_ms = request.body().content_length() as u64 / SLOWEST_BYTES_PER_MS;
        let within =
            self.patience.connect + self.patience.response + Duration::from_millis(upload_ms);
        let answer = tokio::time::timeout(within, self.client.request(request)).await;
        let response = answer
            .map_err(|_| timed_out())?
            .map_err(|error| failed(&error))?;
        let idle = self.patience.idle;
        Ok(response.map(|body| HttpResponseBody::new(Paced::new(body, idle))))
    }
}

impl HttpService for Connections {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.send(request))
    }
}

impl ObjectStoreConnector for Connections {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

fn tls(ca_pem: Option<&[u8]>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    // What cannot be used is left out; a store without TLS needs none.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca_pem {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| error.to_string())?;
            roots.add(certificate).map_err(|error| error.to_string())?;
        }
        if roots.len() == before {
            return Err("it holds no certificate".to_owned());
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn timed_out() -> HttpError {
    let late = io::Error::new(io::ErrorKind::TimedOut, "no answer came in time");
    HttpError::new(HttpErrorKind::Timeout, late)
}

/// A request that failed: what may be sent again is told apart from what may have been carried out.
fn failed(error: &ClientError) -> HttpError {
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else {
        HttpErrorKind::Interrupted
    };
    HttpError::new(kind, WithCauses::of(error))
}

/// An error whose text tells its causes too: hyper's own says only "client error".
#[derive(Debug)]
struct WithCauses(String);

impl WithCauses {
    fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut text = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        Self(text)
    }
}

impl std::fmt::Display for WithCauses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl StdError for WithCauses {}

/// The body of an answer, which fails when it is awaited and nothing comes for too long. Time in which nobody awaits it
/// does not count, so a slow client is not taken for a slow store.
struct Paced<B> {
    body: B,
    idle: Duration,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    const fn new(body: B, idle: Duration) -> Self {
        Self {
            body,
            idle,
            deadline: None,
        }
    }
}

impl<B> Body for Paced<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: StdError + Send + Sync + 'static,
{
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let paced = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut paced.body).poll_frame(cx) {
            paced.deadline = None;
            let as_error = |error: B::Error| {
                HttpError::new(HttpErrorKind::Interrupted, WithCauses::of(&error))
            };
            return Poll::Ready(frame.map(|frame| frame.map_err(as_error)));
        }
        let idle = paced.idle;
        let deadline = paced
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(Instant::now() + idle)));
        match deadline.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Some(Err(timed_out()))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
