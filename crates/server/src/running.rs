//! A server that runs: its sockets, its phases, its end. The binary runs one; a test may run several in its own process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::Body;
use crate::config::{Config, Limits};
use crate::listener::{self, Listener, Phase, Workers};
use crate::metrics::{self, Metrics};
use crate::request::{self, RequestLayer, Service};
use crate::start_error::StartError;

/// Sockets that are bound, so that addresses are known before anything is built on them.
pub struct Sockets {
    service: TcpListener,
    metrics: Option<TcpListener>,
    tls: Option<TlsAcceptor>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    public_url: String,
    workers: Option<Workers>,
}

impl Sockets {
    /// Binds what the configuration asks for.
    ///
    /// # Errors
    /// An address is taken or not ours, or the TLS files cannot be used.
    pub async fn bind(config: &Config) -> Result<Self, StartError> {
        let tls = match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => Some(listener::acceptor(certificate, key)?),
            _ => None,
        };
        let (service, address) = bind("listen", config.listen).await?;
        let metrics = match config.metrics_listen {
            Some(address) => Some(bind("metrics_listen", address).await?),
            None => None,
        };
        // A runtime of one thread, as tests have it, is meant to stay one.
        let workers = match Handle::current().runtime_flavor() {
            RuntimeFlavor::CurrentThread => None,
            _ => Some(
                Workers::start()
                    .map_err(|error| StartError::because("threads cannot be started", error))?,
            ),
        };
        let public_url = config.public_url_at(address);
        let metrics_address = metrics.as_ref().map(|(_, address)| *address);
        Ok(Self {
            service,
            metrics: metrics.map(|(socket, _)| socket),
            tls,
            address,
            metrics_address,
            public_url,
            workers,
        })
    }

    /// Where the service listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address that clients use, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Begins to answer. `via_name` is how this server calls itself in `Via` when it asks another.
    #[must_use]
    pub fn serve<S: Service>(
        self,
        config: &Config,
        service: S,
        metrics: Arc<Metrics>,
        via_name: String,
    ) -> Server {
        let (phase, phases) = watch::channel(Phase::Running);
        let mut listeners = JoinSet::new();
        let layer = Arc::new(RequestLayer::new(
            service,
            Arc::clone(&metrics),
            config,
            via_name,
        ));
        let counted = Some(Arc::clone(&metrics));
        let main = Listener::new(
            self.service,
            self.tls,
            &config.limits,
            counted,
            phases.clone(),
        )
        .on(self.workers);
        let closing = Arc::clone(&layer);
        listeners.spawn(main.serve(move |request, connection| {
            let layer = Arc::clone(&layer);
            // Boxed where it begins: it is handed on several times, and is large.
            Box::pin(async move { layer.call(request, connection).await })
        }));
        if let Some(socket) = self.metrics {
            // Whoever reads the metrics needs few connections and must not use up those of the service.
            let limits = Limits {
                max_connections: 32,
                ..config.limits.clone()
            };
            let listener = Listener::new(socket, None, &limits, None, phases);
            listeners.spawn(listener.serve(move |request, _| {
                let reply = metrics_reply(&request, &metrics);
                async move { reply }
            }));
        }
        Server {
            address: self.address,
            metrics_address: self.metrics_address,
            public_url: self.public_url,
            grace: Duration::from_millis(config.shutdown_grace_ms),
            phase,
            listeners,
            close: async move { closing.close().await }.boxed(),
        }
    }
}

async fn bind(key: &str, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| {
        let advice = if address.port() == 0 {
            String::new()
        } else {
            format!(" (choose another with {key})")
        };
        StartError::because(format!("cannot listen on {address}{advice}"), error)
    };
    let socket = TcpListener::bind(address).await.map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    Ok((socket, bound))
}

fn metrics_reply(request: &Request<Incoming>, metrics: &Metrics) -> Response<Body> {
    let (status, content_type, text) = match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            (StatusCode::OK, metrics::CONTENT_TYPE, metrics.render())
        }
        (_, "/metrics") => (
            StatusCode::METHOD_NOT_ALLOWED,
            "text/plain",
            "Use GET.\n".to_owned(),
        ),
        _ => (
            StatusCode::NOT_FOUND,
            "text/plain",
            "See /metrics.\n".to_owned(),
        ),
    };
    let mut reply = Response::new(request::full(text));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// A server that answers. Dropping it cuts everything at once; [`Server::stop`] lets requests finish.
pub struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    public_url: String,
    grace: Duration,
    phase: watch::Sender<Phase>,
    listeners: JoinSet<()>,
    /// Ends what goes on beside requests.
    close: BoxFuture<'static, ()>,
}

impl Server {
    /// Where the service listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics` is, if anywhere.
    #[must_use]
    pub fn metrics_url(&self) -> Option<String> {
        self.metrics_address
            .map(|address| format!("http://{address}/metrics"))
    }

    /// The address that clients use, without a slash at its end.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// Takes no more connections and waits for the requests in flight, but not longer than the grace, nor than until
    /// `hurry` resolves. Tells whether all of them finished.
    pub async fn stop(mut self, hurry: impl Future<Output = ()>) -> bool {
        self.phase.send_replace(Phase::Draining);
        let is_drained = tokio::select! {
            () = async { while self.listeners.join_next().await.is_some() {} } => true,
            () = tokio::time::sleep(self.grace) => false,
            () = hurry => false,
        };
        if !is_drained {
            self.phase.send_replace(Phase::Cut);
            while self.listeners.join_next().await.is_some() {}
        }
        self.close.await;
        is_drained
    }
}
