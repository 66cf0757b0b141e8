//! A registry for one test: speaks just enough HTTP/1.1 over a plain socket to lie about everything, and keeps what it
//! was asked.

use std::collections::HashMap;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model::{Clock, EpochMillis};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use upstream::{
    Credentials, Limits, Lookup, LookupFuture, Source, SourceConfig, Upstream, Url, Validators,
};

/// What a registry does after a request, in this order; then it closes the connection.
pub(crate) enum Step {
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends these bytes again and again, until the client goes away.
    Forever(Vec<u8>),
    /// Sends this byte every so often, until the client goes away.
    Drip { byte: u8, every_ms: u64 },
    /// Waits until the test gives a permit.
    Gate(Arc<Semaphore>),
    /// Does nothing until the client goes away.
    Hang,
}

/// A request as it was received.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

type Answer = dyn Fn(&Request) -> Vec<Step> + Send + Sync;

/// What a registry has seen.
#[derive(Default)]
pub(crate) struct Seen {
    requests: Mutex<Vec<Request>>,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl Seen {
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    pub(crate) fn paths(&self) -> Vec<String> {
        self.requests()
            .into_iter()
            .map(|request| request.path)
            .collect()
    }

    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn most_open(&self) -> usize {
        self.most_open.load(Ordering::SeqCst)
    }
}

pub(crate) struct Registry {
    pub(crate) address: SocketAddr,
    pub(crate) seen: Arc<Seen>,
    accepting: JoinHandle<()>,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Registry {
    pub(crate) async fn start(
        answer: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let answer: Arc<Answer> = Arc::new(answer);
        let accepting = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&seen)));
                }
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    /// A registry that always gives the same whole answer.
    pub(crate) async fn replying(status: u16, headers: &str, body: &str) -> Self {
        let bytes = reply(status, headers, body.as_bytes());
        Self::start(move |_| vec![Step::Send(bytes.clone())]).await
    }

    /// A registry with TLS.
    pub(crate) async fn with_tls(
        config: rustls::ServerConfig,
        answer: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Seen::default());
        let answer: Arc<Answer> = Arc::new(answer);
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let accepting = tokio::spawn({
            let seen = Arc::clone(&seen);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    let (acceptor, answer, seen) =
                        (acceptor.clone(), Arc::clone(&answer), Arc::clone(&seen));
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, answer, seen).await;
                        }
                    });
                }
            }
        });
        Self {
            address,
            seen,
            accepting,
        }
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        Url::parse(&format!("http://{}{path}", self.address)).unwrap()
    }
}

/// Counts one open exchange for as long as it lives.
struct Exchange<'a>(&'a Seen);

impl<'a> Exchange<'a> {
    fn begin(seen: &'a Seen) -> Self {
        let now_open = seen.open.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_open.fetch_max(now_open, Ordering::SeqCst);
        Self(seen)
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: Arc<Answer>,
    seen: Arc<Seen>,
) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    let _exchange = Exchange::begin(&seen);
    seen.requests.lock().unwrap().push(request.clone());
    for step in answer(&request) {
        // A client that has had enough hangs up; nothing more is to be done then.
        if perform(&mut stream, step).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

async fn perform(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    step: Step,
) -> std::io::Result<()> {
    match step {
        Step::Send(bytes) => stream.write_all(&bytes).await?,
        Step::Forever(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Step::Drip { byte, every_ms } => loop {
            stream.write_all(&[byte]).await?;
            stream.flush().await?;
            tokio::time::sleep(Duration::from_millis(every_ms)).await;
        },
        Step::Gate(gate) => gate.acquire().await.unwrap().forget(),
        Step::Hang => while stream.read(&mut [0; 1024]).await? > 0 {},
    }
    stream.flush().await
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Request {
        method,
        path,
        headers,
    })
}

/// A whole answer with its length. `headers` are lines, each with its line end.
pub(crate) fn reply(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = head(status, &format!("{headers}content-length: {length}\r\n"));
    bytes.extend_from_slice(body);
    bytes
}

/// The head of an answer.
pub(crate) fn head(status: u16, headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status} Whatever\r\nconnection: close\r\n{headers}\r\n").into_bytes()
}

/// One piece of a body in the chunked coding.
pub(crate) fn piece(bytes: &[u8]) -> Vec<u8> {
    let mut piece = format!("{:x}\r\n", bytes.len()).into_bytes();
    piece.extend_from_slice(bytes);
    piece.extend_from_slice(b"\r\n");
    piece
}

/// A clock that the test turns.
#[derive(Default)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn advance_ms(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> EpochMillis {
        EpochMillis(self.0.load(Ordering::SeqCst))
    }
}

/// Answers for names, and counts. Unknown names do not exist.
#[derive(Default)]
pub(crate) struct Names {
    addresses: Mutex<HashMap<String, Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Names {
    pub(crate) fn of(entries: &[(&str, &[&str])]) -> Arc<Self> {
        let names = Arc::new(Self::default());
        for (name, addresses) in entries {
            names.set(name, addresses);
        }
        names
    }

    pub(crate) fn set(&self, name: &str, addresses: &[&str]) {
        let addresses = addresses
            .iter()
            .map(|address| address.parse().unwrap())
            .collect();
        self.addresses
            .lock()
            .unwrap()
            .insert(name.to_owned(), addresses);
    }

    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Lookup for Names {
    fn lookup(&self, host: &str) -> LookupFuture {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let found = self.addresses.lock().unwrap().get(host).cloned();
        Box::pin(async move { found.ok_or_else(|| std::io::Error::other("no such name")) })
    }
}

/// Limits that are long enough never to strike by accident.
pub(crate) fn limits() -> Limits {
    Limits {
        breaker_failures: 1000,
        ..Limits::default()
    }
}

pub(crate) fn client(limits: Limits) -> (Arc<HandClock>, Upstream) {
    let clock = Arc::new(HandClock::default());
    let upstream = Upstream::new(limits, "test", Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    (clock, upstream)
}

pub(crate) fn config(base: Url) -> SourceConfig {
    SourceConfig {
        name: "test:source".to_owned(),
        base,
        credentials: None,
        extra_ca_pem: None,
        allow_private_network: true,
    }
}

/// A source on the loopback.
pub(crate) fn source(registry: &Registry, limits: Limits) -> (Arc<HandClock>, Source) {
    let (clock, upstream) = client(limits);
    (clock, upstream.source(config(registry.url("/"))).unwrap())
}

/// A source on the loopback that has a token.
pub(crate) fn source_with_token(registry: &Registry, token: &str) -> Source {
    let credentials = Some(Credentials::Bearer(token.to_owned()));
    client(limits())
        .1
        .source(SourceConfig {
            credentials,
            ..config(registry.url("/"))
        })
        .unwrap()
}

pub(crate) const JSON: &str = "application/json";

/// Asks for a document for the first time.
pub(crate) async fn ask(
    source: &Source,
    url: &Url,
) -> Result<upstream::DocumentAnswer, upstream::SourceError> {
    source.document(url, JSON, &Validators::default()).await
}

/// Waits for something that is about to happen, and fails when it does not.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    within(what, async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await;
}

/// Fails when something does not end.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future)
        .await
        .unwrap_or_else(|_| panic!("never happened: {what}"))
}
