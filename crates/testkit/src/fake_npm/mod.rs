//! A public npm registry in this process: real packages, real digests, and any misbehaviour a test asks for.
//!
//! It serves documents and tarballs and counts who asked for what; it takes no publishes and knows no users. The protocol
//! is described in the npm project's `registry` repository, `docs/REGISTRY-API.md` and
//! `docs/responses/package-metadata.md`.

mod answer;
mod behaviour;
mod delivery;
mod package;
mod packument;
mod requests;
mod tarball;

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use behaviour::Behaviour;
pub use package::{FakePackage, FakeVersion};
pub use requests::RecordedRequest;
pub use tarball::tgz;

use behaviour::Behaviours;
use packument::RenderedPackage;
use requests::RequestLog;

/// A fake public npm registry. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeNpm {
    address: SocketAddr,
    registry: Arc<Registry>,
    listening: Option<JoinHandle<()>>,
}

/// What all connections of a fake registry share.
#[derive(Debug)]
struct Registry {
    /// With a slash at the end.
    base_url: String,
    packages: Mutex<BTreeMap<String, Arc<RenderedPackage>>>,
    behaviours: Mutex<Behaviours>,
    requests: Mutex<RequestLog>,
    etags: AtomicBool,
    /// How often `release` was called; a held request waits for the next time.
    releases: watch::Sender<u64>,
    /// How many requests are held.
    held: watch::Sender<usize>,
}

impl FakeNpm {
    /// Starts an empty registry on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("the loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let registry = Arc::new(Registry {
            base_url: format!("http://{address}/"),
            packages: Mutex::default(),
            behaviours: Mutex::default(),
            requests: Mutex::default(),
            etags: AtomicBool::new(true),
            releases: watch::Sender::new(0),
            held: watch::Sender::new(0),
        });
        let listening = Some(tokio::spawn(serve(listener, Arc::clone(&registry))));
        Self {
            address,
            registry,
            listening,
        }
    }

    /// The registry's address, with a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.registry.base_url
    }

    /// Adds a package, or replaces the one of its name.
    pub fn add_package(&self, package: FakePackage) {
        let name = package.name().to_owned();
        let rendered = Arc::new(RenderedPackage::new(package, &self.registry.base_url));
        lock(&self.registry.packages).insert(name, rendered);
    }

    /// Takes a package away, as if the public registry had removed it.
    pub fn remove_package(&self, name: &str) {
        lock(&self.registry.packages).remove(name);
    }

    /// The bytes of a version's tarball as the registry would serve them.
    #[must_use]
    pub fn tarball(&self, name: &str, version: &str) -> Option<bytes::Bytes> {
        lock(&self.registry.packages).get(name)?.tarball(version)
    }

    /// Sets how requests are answered whose path is `path`, or begins with it if `path` ends in `*`.
    ///
    /// Paths are written decoded (`/@scope/name`). An exact path goes before a prefix, a longer prefix before a shorter one.
    pub fn set_behaviour(&self, path: &str, behaviour: Behaviour) {
        lock(&self.registry.behaviours).set(path, behaviour);
    }

    /// Answers everything as it should be again.
    pub fn clear_behaviours(&self) {
        *lock(&self.registry.behaviours) = Behaviours::default();
    }

    /// Switches ETags, and with them answers of status 304, on or off. They are on at first.
    pub fn set_etags(&self, on: bool) {
        self.registry.etags.store(on, Ordering::SeqCst);
    }

    /// Lets go on whatever [`Behaviour::Hold`] holds at this moment.
    pub fn release(&self) {
        self.registry.releases.send_modify(|times| *times += 1);
    }

    /// Waits until `count` requests are held at the same time.
    pub async fn wait_until_held(&self, count: usize) {
        let mut held = self.registry.held.subscribe();
        held.wait_for(|held| *held >= count)
            .await
            .expect("the registry lives as long as this call");
    }

    /// How many requests there were for a path, written decoded and without its query.
    #[must_use]
    pub fn requests(&self, path: &str) -> usize {
        lock(&self.registry.requests).count(path)
    }

    /// How many requests there were for anything.
    #[must_use]
    pub fn requests_total(&self) -> usize {
        lock(&self.registry.requests).all().len()
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn request_log(&self) -> Vec<RecordedRequest> {
        lock(&self.registry.requests).all().to_vec()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        *lock(&self.registry.requests) = RequestLog::default();
    }

    /// Stops listening and cuts every connection. New connections are refused from now on.
    pub async fn shutdown(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            // Its end is the cancellation asked for above.
            let _ = listening.await;
        }
    }

    /// Listens again on the same port after [`shutdown`](Self::shutdown), with everything that was set before.
    pub async fn restart(&mut self) {
        self.shutdown().await;
        let listener = TcpListener::bind(self.address)
            .await
            .expect("nobody else took the port");
        self.listening = Some(tokio::spawn(serve(listener, Arc::clone(&self.registry))));
    }
}

impl Drop for FakeNpm {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

/// Accepts connections until it is aborted, which aborts the connections too.
async fn serve(listener: TcpListener, registry: Arc<Registry>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Without this small answers would wait for the client's acknowledgements; a failure only makes it slow.
                let _ = stream.set_nodelay(true);
                let registry = Arc::clone(&registry);
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let registry = Arc::clone(&registry);
                        async move { Ok::<_, io::Error>(answer::answer(registry, request).await) }
                    });
                    // A client that goes away, and a cut that a test asked for, end in an error here.
                    let _ = hyper::server::conn::http1::Builder::new()
                        .timer(TokioTimer::new())
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
