//! A server in this process with a stand-in behind the shell, and a raw client that can send anything.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use server::Body;
use server::config::Config;
use server::listener::ConnectionInfo;
use server::metrics::Metrics;
use server::request::{RequestId, RequestLabels, RequestPlace, Service};
use server::running::{Server, Sockets};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

pub(crate) const VIA_NAME: &str = "reliquary-under-test";
/// Nothing on loopback takes this long; a test that waits for it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the stand-in shares with the test.
pub(crate) struct Props {
    /// Told when `/hold` has been entered.
    pub(crate) entered: Semaphore,
    /// Lets requests to `/hold` go on.
    pub(crate) release: Notify,
    pub(crate) is_ready: AtomicBool,
    /// What became of the bodies that `/read` was sent.
    pub(crate) bodies: Mutex<Vec<Result<usize, std::io::ErrorKind>>>,
    pub(crate) body_read: Semaphore,
}

pub(crate) struct StandIn(pub(crate) Arc<Props>);

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

fn endless() -> Body {
    let piece = Bytes::from(vec![b'x'; 64 << 10]);
    let pieces = futures_util::stream::repeat_with(move || Ok(Frame::data(piece.clone())));
    BodyExt::boxed_unsync(StreamBody::new(pieces))
}

fn broken() -> Body {
    let pieces = [
        Ok(Frame::data(Bytes::from("half"))),
        Err(std::io::Error::other("the source lied")),
    ];
    BodyExt::boxed_unsync(StreamBody::new(futures_util::stream::iter(pieces)))
}

impl Service for StandIn {
    async fn call(&self, request: Request<Body>, connection: ConnectionInfo) -> Response<Body> {
        let id = request
            .extensions()
            .get::<RequestId>()
            .map(|id| id.0.to_string());
        match request.uri().path() {
            "/panic" => panic!("planted panic"),
            "/hold" => {
                self.0.entered.add_permits(1);
                self.0.release.notified().await;
                Response::new(full("held"))
            }
            "/read" => {
                let result = request.into_body().collect().await;
                let result = result
                    .map(|body| body.to_bytes().len())
                    .map_err(|error| error.kind());
                self.0.bodies.lock().unwrap().push(result);
                self.0.body_read.add_permits(1);
                let mut reply = Response::new(full(format!("{result:?}")));
                if result.is_err() {
                    *reply.status_mut() = StatusCode::BAD_REQUEST;
                }
                reply
            }
            "/endless" => Response::new(endless()),
            "/broken" => Response::new(broken()),
            "/log" => {
                tracing::warn!("a line from inside");
                Response::new(full(id.unwrap_or_default()))
            }
            "/labelled" => {
                let mut reply = Response::new(full("12345"));
                reply.extensions_mut().insert(RequestLabels {
                    operation: "ReadAsset",
                    format: "npm",
                    cache: None,
                });
                reply
            }
            "/place" => {
                let place = request.extensions().get::<RequestPlace>().unwrap();
                let ip = place.source_ip.unwrap();
                Response::new(full(format!("{ip} {}", place.secure_transport)))
            }
            "/tls" => Response::new(full(connection.uses_tls.to_string())),
            _ => {
                let host = request
                    .headers()
                    .get(header::HOST)
                    .and_then(|host| host.to_str().ok())
                    .unwrap_or("none");
                Response::new(full(format!("{} {host}", request.uri().path())))
            }
        }
    }

    async fn check_ready(&self) -> Result<(), String> {
        if self.0.is_ready.load(Ordering::SeqCst) {
            Ok(())
        } else {
            Err("planted reason".to_owned())
        }
    }
}

/// A running server and its props.
pub(crate) struct Stage {
    pub(crate) server: Server,
    pub(crate) props: Arc<Props>,
    pub(crate) metrics: Arc<Metrics>,
}

pub(crate) fn config() -> Config {
    Config {
        listen: "127.0.0.1:0".parse().unwrap(),
        metrics_listen: Some("127.0.0.1:0".parse().unwrap()),
        ..Config::default()
    }
}

pub(crate) async fn start() -> Stage {
    start_with(&config()).await
}

pub(crate) async fn start_with(config: &Config) -> Stage {
    let props = Arc::new(Props {
        entered: Semaphore::new(0),
        release: Notify::new(),
        is_ready: AtomicBool::new(true),
        bodies: Mutex::default(),
        body_read: Semaphore::new(0),
    });
    let metrics = Arc::new(Metrics::new());
    let sockets = Sockets::bind(config).await.unwrap();
    let stand_in = StandIn(Arc::clone(&props));
    let server = sockets.serve(config, stand_in, Arc::clone(&metrics), VIA_NAME.to_owned());
    Stage {
        server,
        props,
        metrics,
    }
}

impl Stage {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    /// Sends bytes on a new connection and gives all that comes back until the server closes it.
    pub(crate) async fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        // The server may close before it has read everything; the reply is what counts.
        let _ = stream.write_all(bytes.as_ref()).await;
        read_to_end(&mut stream).await
    }

    /// A GET on a connection of its own.
    pub(crate) async fn get(&self, target: &str) -> String {
        self.get_with(target, "").await
    }

    /// A GET with more header lines, each with its line end.
    pub(crate) async fn get_with(&self, target: &str, headers: &str) -> String {
        self.raw(format!(
            "GET {target} HTTP/1.1\r\nHost: h.example\r\nConnection: close\r\n{headers}\r\n"
        ))
        .await
    }
}

pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end, too.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection stayed open");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads until what has come contains `end`.
pub(crate) async fn read_until(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(end) {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut piece))
            .await
            .expect("nothing came")
            .unwrap();
        assert!(
            read > 0,
            "closed after {:?}",
            String::from_utf8_lossy(&bytes)
        );
        bytes.extend_from_slice(&piece[..read]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) fn status(reply: &str) -> u16 {
    reply
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no reply but {reply:?}"))
}

pub(crate) fn header_of<'a>(reply: &'a str, name: &str) -> Option<&'a str> {
    let head = reply.split("\r\n\r\n").next()?;
    head.lines().find_map(|line| {
        let (found, value) = line.split_once(": ")?;
        found.eq_ignore_ascii_case(name).then_some(value)
    })
}
