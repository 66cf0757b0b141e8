//! Accepting connections and speaking HTTP on them: HTTP/1.1 and HTTP/2, plain or over TLS, within bounds.
//!
//! Nothing here knows what a request means; it hands each one to a function. The bounds are those of `limits.*`: slow heads,
//! idle connections and slow readers are cut (`activity`), headers have a size, HTTP/2 clients cannot open and
//! reset streams without end. See RFC 9112 and RFC 9113, section 10.5 on denial of service.

mod activity;
mod supervisor;
mod tls;
mod workers;

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

use self::activity::{Activity, InFlightBody, WatchedStream};
use self::supervisor::{Order, Supervisor};
use crate::config::Limits;
use crate::metrics::Metrics;

pub use self::tls::acceptor;
pub(crate) use self::workers::Workers;

/// What is known of the connection a request came on.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionInfo {
    /// The other end, as the system sees it.
    pub peer: SocketAddr,
    /// Whether TLS ends here.
    pub uses_tls: bool,
}

/// Where a listener is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Connections are taken.
    Running,
    /// No connection is taken; those open finish the request they are at.
    Draining,
    /// Everything is dropped.
    Cut,
}

/// Bounds on one connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    pub(crate) header_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) write_idle_timeout: Duration,
}

/// Streams that one HTTP/2 client may have open.
const MOST_STREAMS: u32 = 128;
/// Streams that it may have reset before we have looked at them (rapid reset).
const MOST_PENDING_RESETS: usize = 20;
/// What one HTTP/2 stream may have on its way to us.
const STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// What all streams of one HTTP/2 connection may have on their way to us.
const CONNECTION_WINDOW_BYTES: u32 = 2 << 20;
/// What one HTTP/2 stream may have waiting to be sent.
const SEND_BUFFER_BYTES: usize = 256 << 10;
/// A pause after the system refused a connection, e.g. because there are no file descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// One listening socket and all that its connections need.
pub(crate) struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
    http: Arc<auto::Builder<TokioExecutor>>,
    limits: ConnectionLimits,
    most_connections: u32,
    metrics: Option<Arc<Metrics>>,
    phase: watch::Receiver<Phase>,
    workers: Option<Workers>,
}

impl Listener {
    /// A listener on a bound socket. Connections are counted if there are `metrics`.
    pub(crate) fn new(
        socket: TcpListener,
        tls: Option<TlsAcceptor>,
        limits: &Limits,
        metrics: Option<Arc<Metrics>>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let most = limits.max_connections.min(Semaphore::MAX_PERMITS as u64);
        Self {
            socket,
            tls,
            http: Arc::new(http_builder(limits)),
            limits: ConnectionLimits {
                header_timeout: Duration::from_millis(limits.header_timeout_ms),
                idle_timeout: Duration::from_millis(limits.idle_timeout_ms),
                write_idle_timeout: Duration::from_millis(limits.write_idle_timeout_ms),
            },
            most_connections: u32::try_from(most).unwrap_or(u32::MAX),
            metrics,
            phase,
            workers: None,
        }
    }

    /// The same listener, its connections on threads of their own if there are some.
    pub(crate) fn on(mut self, workers: Option<Workers>) -> Self {
        self.workers = workers;
        self
    }

    /// Takes connections until the phase changes, then waits until those open have ended.
    pub(crate) async fn serve<F, R, B>(mut self, handler: F)
    where
        F: Fn(Request<Incoming>, ConnectionInfo) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<B>> + Send + 'static,
        B: http_body::Body<Data = Bytes, Error = std::io::Error> + Send + Unpin + 'static,
    {
        let permits = Arc::new(Semaphore::new(self.most_connections as usize));
        loop {
            // The permit comes first: with all taken, new connections wait in the system's backlog.
            let accepted = async {
                let permit = Arc::clone(&permits)
                    .acquire_owned()
                    .await
                    .expect("the semaphore is never closed");
                self.socket
                    .accept()
                    .await
                    .map(|accepted| (accepted, permit))
            };
            let accepted = tokio::select! {
                accepted = accepted => accepted,
                () = left_phase(&mut self.phase, Phase::Running) => break,
            };
            match accepted {
                Ok(((stream, peer), permit)) => {
                    // Detached from this thread's reactor: it belongs to the thread that will serve it.
                    let connection = match stream.into_std() {
                        Ok(stream) => self.connection(stream, peer, handler.clone()),
                        Err(error) => {
                            tracing::debug!(%peer, %error, "a connection was gone before it began");
                            continue;
                        }
                    };
                    let connection = async move {
                        connection.await;
                        drop(permit);
                    };
                    match &mut self.workers {
                        Some(workers) => workers.spawn(connection),
                        None => drop(tokio::spawn(connection)),
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
        drop(self.socket);
        let _all = permits.acquire_many(self.most_connections).await;
        if let Some(workers) = self.workers {
            // Joining threads blocks, if only for a moment.
            tokio::task::spawn_blocking(move || drop(workers))
                .await
                .ok();
        }
    }

    /// One connection, from its first byte to its last.
    fn connection<F, R, B>(
        &self,
        stream: std::net::TcpStream,
        peer: SocketAddr,
        handler: F,
    ) -> impl Future<Output = ()> + Send + use<F, R, B>
    where
        F: Fn(Request<Incoming>, ConnectionInfo) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<B>> + Send + 'static,
        B: http_body::Body<Data = Bytes, Error = std::io::Error> + Send + Unpin + 'static,
    {
        let (http, limits, tls) = (Arc::clone(&self.http), self.limits, self.tls.clone());
        let (metrics, phase) = (self.metrics.clone(), self.phase.clone());
        async move {
            let _open = metrics.as_ref().map(|metrics| metrics.connection_opened());
            let stream = stream
                .set_nodelay(true)
                .and_then(|()| TcpStream::from_std(stream));
            let stream = match stream {
                Ok(stream) => stream,
                Err(error) => {
                    tracing::debug!(%peer, %error, "a connection was gone before it began");
                    return;
                }
            };
            let info = ConnectionInfo {
                peer,
                uses_tls: tls.is_some(),
            };
            let Some(tls) = tls else {
                return speak(stream, http, limits, phase, info, handler).await;
            };
            // Boxed, so that a plain connection does not carry the size of a handshake.
            match tokio::time::timeout(limits.header_timeout, Box::pin(tls.accept(stream))).await {
                Ok(Ok(stream)) => Box::pin(speak(stream, http, limits, phase, info, handler)).await,
                Ok(Err(error)) => tracing::debug!(%peer, %error, "a TLS handshake failed"),
                Err(_) => tracing::debug!(%peer, "a TLS handshake took too long"),
            }
        }
    }
}

fn http_builder(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    let head_bytes = usize::try_from(limits.header_bytes + limits.url_bytes).unwrap_or(usize::MAX);
    // One buffer bounds a request head and one read of a body. The exact limits are checked on the parsed request.
    builder
        .http1()
        .max_buf_size(head_bytes.max(64 << 10))
        // Slow heads have a bound of ours (`activity`), which costs a request no timer.
        .header_read_timeout(None);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MOST_STREAMS)
        .max_pending_accept_reset_streams(MOST_PENDING_RESETS)
        .max_header_list_size(u32::try_from(head_bytes).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .keep_alive_interval(Duration::from_millis(limits.idle_timeout_ms))
        .keep_alive_timeout(Duration::from_millis(limits.write_idle_timeout_ms));
    builder
}

/// Resolves once the phase is no longer `phase`, or nobody can change it any more.
async fn left_phase(receiver: &mut watch::Receiver<Phase>, phase: Phase) {
    // An error means that the sender is gone: nobody is left to serve for.
    let _ = receiver.wait_for(|now| *now != phase).await;
}

/// Speaks HTTP on a stream until it ends, is cut by a bound, or the server stops.
async fn speak<S, F, R, B>(
    stream: S,
    http: Arc<auto::Builder<TokioExecutor>>,
    limits: ConnectionLimits,
    phase: watch::Receiver<Phase>,
    info: ConnectionInfo,
    handler: F,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>, ConnectionInfo) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<B>> + Send + 'static,
    B: http_body::Body<Data = Bytes, Error = std::io::Error> + Send + Unpin + 'static,
{
    let activity = Arc::new(Activity::new());
    let watched = WatchedStream::new(stream, Arc::clone(&activity));
    let service = service_fn({
        let activity = Arc::clone(&activity);
        move |request: Request<Incoming>| {
            let in_flight = activity.request_begins(request.version() == Version::HTTP_2);
            let closes = must_close(&request);
            let reply = handler(request, info);
            async move {
                let mut reply = reply.await;
                if closes {
                    reply
                        .headers_mut()
                        .insert(header::CONNECTION, HeaderValue::from_static("close"));
                }
                Ok::<_, Infallible>(reply.map(|body| InFlightBody::new(body, in_flight)))
            }
        }
    });
    let mut connection = pin!(http.serve_connection(TokioIo::new(watched), service));
    let supervisor = Supervisor::start(activity, limits, phase, info.peer);
    let ended = poll_fn(|cx| match supervisor.order(cx) {
        Some(Order::Cut) => Poll::Ready(Ok(())),
        Some(Order::Drain) => {
            connection.as_mut().graceful_shutdown();
            connection.as_mut().poll(cx)
        }
        None => connection.as_mut().poll(cx),
    });
    if let Err(error) = ended.await {
        tracing::debug!(peer = %info.peer, %error, "a connection ended early");
    }
}

/// Whether nothing more may be read from this connection once the request is answered.
///
/// `hyper` takes `Transfer-Encoding` over `Content-Length` and forgets the latter, so a request that carried both cannot be
/// told from an honest one. RFC 9112, section 6.1, then asks for the connection to be closed; we do it for every chunked
/// request, so that bytes a proxy took for the rest of a body are never read as a request.
fn must_close(request: &Request<Incoming>) -> bool {
    request.version() < Version::HTTP_2 && request.headers().contains_key(header::TRANSFER_ENCODING)
}
