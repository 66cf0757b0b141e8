//! A public source in this process: a table of documents over HTTP that counts who asked for what, and misbehaves in any
//! way a test asks for.
//!
//! It knows no format. What npm, PyPI or a Maven repository would serve is put on it by the shelves beside this module.

mod answer;
mod behaviour;
mod delivery;
mod document;
mod requests;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

pub use behaviour::Behaviour;
pub use document::Document;
pub use requests::RecordedRequest;

use behaviour::Behaviours;
use requests::RequestLog;

/// A fake public source. It stops when it is dropped.
#[derive(Debug)]
pub struct FakeSource {
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

/// What answers a path and a query that the table does not have.
type Lookup = dyn Fn(&str, &str) -> Option<Document> + Send + Sync;

/// What all connections of a fake source share.
struct Shared {
    /// With a slash at the end.
    base_url: String,
    /// By decoded path; of several forms of a document, what the client accepts best is served.
    documents: Mutex<BTreeMap<String, Arc<[Document]>>>,
    lookup: Mutex<Option<Arc<Lookup>>>,
    behaviours: Mutex<Behaviours>,
    requests: Mutex<RequestLog>,
    etags: AtomicBool,
    /// How often `release` was called; a held request waits for the next time.
    releases: watch::Sender<u64>,
    /// How many requests are held.
    held: watch::Sender<usize>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

impl FakeSource {
    /// Starts a source without documents on a free port.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("the loopback has a free port");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared {
            base_url: format!("http://{address}/"),
            documents: Mutex::default(),
            lookup: Mutex::default(),
            behaviours: Mutex::default(),
            requests: Mutex::default(),
            etags: AtomicBool::new(true),
            releases: watch::Sender::new(0),
            held: watch::Sender::new(0),
        });
        let listening = Some(tokio::spawn(serve(listener, Arc::clone(&shared))));
        Self {
            address,
            shared,
            listening,
        }
    }

    /// The source's address, with a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves a document at a path, which is written decoded and begins with a slash.
    pub fn put(&self, path: &str, document: Document) {
        self.put_forms(path, vec![document]);
    }

    /// Serves whichever of these a client accepts best, the first of those that it likes equally.
    pub fn put_forms(&self, path: &str, forms: Vec<Document>) {
        lock(&self.shared.documents).insert(path.to_owned(), forms.into());
    }

    /// Takes the document of a path away, as if the source had removed it.
    pub fn remove(&self, path: &str) {
        lock(&self.shared.documents).remove(path);
    }

    /// Takes away every document whose path begins so.
    pub fn remove_below(&self, prefix: &str) {
        lock(&self.shared.documents).retain(|path, _| !path.starts_with(prefix));
    }

    /// The bytes that are served at a path, in their first form.
    #[must_use]
    pub fn bytes(&self, path: &str) -> Option<Bytes> {
        let documents = lock(&self.shared.documents);
        documents.get(path)?.first().map(|form| form.body().clone())
    }

    /// Sets what answers the paths and queries that have no document, e.g. a search.
    pub fn set_lookup(
        &self,
        lookup: impl Fn(&str, &str) -> Option<Document> + Send + Sync + 'static,
    ) {
        *lock(&self.shared.lookup) = Some(Arc::new(lookup));
    }

    /// Sets how requests are answered whose path is `path`, or begins with it if `path` ends in `*`.
    ///
    /// Paths are written decoded (`/@scope/name`). An exact path goes before a prefix, a longer prefix before a shorter one.
    pub fn set_behaviour(&self, path: &str, behaviour: Behaviour) {
        lock(&self.shared.behaviours).set(path, behaviour);
    }

    /// Answers everything as it should be again.
    pub fn clear_behaviours(&self) {
        *lock(&self.shared.behaviours) = Behaviours::default();
    }

    /// Switches ETags and dates, and with them answers of status 304, on or off. They are on at first.
    pub fn set_etags(&self, on: bool) {
        self.shared.etags.store(on, Ordering::SeqCst);
    }

    /// Lets go on whatever [`Behaviour::Hold`] holds at this moment.
    pub fn release(&self) {
        self.shared.releases.send_modify(|times| *times += 1);
    }

    /// Waits until `count` requests are held at the same time.
    pub async fn wait_until_held(&self, count: usize) {
        let mut held = self.shared.held.subscribe();
        held.wait_for(|held| *held >= count)
            .await
            .expect("the source lives as long as this call");
    }

    /// How many requests there were for a path, written decoded and without its query.
    #[must_use]
    pub fn requests(&self, path: &str) -> usize {
        lock(&self.shared.requests).count(path)
    }

    /// How many requests there were for anything.
    #[must_use]
    pub fn requests_total(&self) -> usize {
        lock(&self.shared.requests).all().len()
    }

    /// Every request so far, oldest first.
    #[must_use]
    pub fn request_log(&self) -> Vec<RecordedRequest> {
        lock(&self.shared.requests).all().to_vec()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        *lock(&self.shared.requests) = RequestLog::default();
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
        self.listening = Some(tokio::spawn(serve(listener, Arc::clone(&self.shared))));
    }
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        if let Some(listening) = &self.listening {
            listening.abort();
        }
    }
}

/// Accepts connections until it is aborted, which aborts the connections too.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                // Without this small answers would wait for the client's acknowledgements; a failure only makes it slow.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let shared = Arc::clone(&shared);
                        async move { Ok::<_, io::Error>(answer::answer(shared, request).await) }
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

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
