//! A wire between a client and a server that can be cut when it carried too much, at once or when the test says so, can
//! stall, and can speak TLS to the client.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// The wire. Cut for good when it is dropped.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    rules: Arc<Rules>,
    _connections: JoinSet<()>,
}

#[derive(Default)]
struct Rules {
    /// How many connections are still to be cut for what they carried.
    cuts: AtomicUsize,
    /// A connection that carried more than this to the server is cut.
    up_bytes: AtomicU64,
    /// The same for what comes back.
    down_bytes: AtomicU64,
    /// Whether connections that are to be cut stay open, and carry nothing more, until this is over.
    holding: watch::Sender<bool>,
    /// Whether nothing passes at all, while connections stay open.
    stalled: AtomicBool,
}

impl Proxy {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        Self::start(server, None).await
    }

    /// Speaks TLS to clients, as `localhost`. Beside it the certificate to trust, PEM.
    pub(crate) async fn with_tls(server: SocketAddr) -> (Self, Vec<u8>) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let proxy = Self::start(server, Some(acceptor)).await;
        (proxy, made.cert.pem().into_bytes())
    }

    async fn start(server: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let rules = Arc::new(Rules::default());
        let mut connections = JoinSet::new();
        let shared = Arc::clone(&rules);
        connections.spawn(async move {
            let mut inner = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let (rules, tls) = (Arc::clone(&shared), tls.clone());
                inner.spawn(async move {
                    match tls {
                        None => carry(client, server, rules).await,
                        Some(tls) => {
                            if let Ok(client) = tls.accept(client).await {
                                carry(client, server, rules).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            rules,
            _connections: connections,
        }
    }

    /// Cuts the next connections that carry more than this many bytes to the server.
    pub(crate) fn cut_uploads(&self, times: usize, after_bytes: u64) {
        self.rules.up_bytes.store(after_bytes, Ordering::SeqCst);
        self.rules.down_bytes.store(u64::MAX, Ordering::SeqCst);
        self.rules.cuts.store(times, Ordering::SeqCst);
    }

    /// Cuts the next connections that bring more than this many bytes back.
    pub(crate) fn cut_downloads(&self, times: usize, after_bytes: u64) {
        self.rules.up_bytes.store(u64::MAX, Ordering::SeqCst);
        self.rules.down_bytes.store(after_bytes, Ordering::SeqCst);
        self.rules.cuts.store(times, Ordering::SeqCst);
    }

    /// Connections that carry more than this many bytes to the server stop there, until they are let go on and cut.
    pub(crate) fn hold_uploads(&self, after_bytes: u64) {
        self.rules.holding.send_replace(true);
        self.cut_uploads(usize::MAX, after_bytes);
    }

    /// Cuts what is held.
    pub(crate) fn cut_held(&self) {
        self.rules.holding.send_replace(false);
    }

    /// Connections are taken and stay open, but nothing passes.
    pub(crate) fn stall(&self, stalled: bool) {
        self.rules.stalled.store(stalled, Ordering::SeqCst);
    }

    /// How many of the cuts that were asked for were not made.
    pub(crate) fn cuts_left(&self) -> usize {
        self.rules.cuts.load(Ordering::SeqCst)
    }
}

async fn carry(client: impl AsyncRead + AsyncWrite, server: SocketAddr, rules: Arc<Rules>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (client_reads, client_writes) = tokio::io::split(client);
    let (server_reads, server_writes) = server.into_split();
    // Whichever ends first takes the other with it.
    tokio::select! {
        () = pass(client_reads, server_writes, &rules, &rules.up_bytes) => {}
        () = pass(server_reads, client_writes, &rules, &rules.down_bytes) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    rules: &Rules,
    limit_bytes: &AtomicU64,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut carried = 0_u64;
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if rules.stalled.load(Ordering::SeqCst) {
            return std::future::pending().await;
        }
        carried += length as u64;
        let one_less = |cuts: usize| cuts.checked_sub(1);
        if carried > limit_bytes.load(Ordering::SeqCst)
            && rules
                .cuts
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less)
                .is_ok()
        {
            let mut holding = rules.holding.subscribe();
            // The rules live as long as this connection.
            let _ = holding.wait_for(|holding| !*holding).await;
            return;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
