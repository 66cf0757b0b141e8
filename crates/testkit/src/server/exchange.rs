//! One request, byte for byte, and what came back.
//!
//! No HTTP library takes part: what a test sends is what arrives, malformed as it may be.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::TestServer;

/// Nothing on the loopback takes this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request to send.
#[derive(Debug, Clone)]
pub struct Ask {
    method: String,
    target: Vec<u8>,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// A request. The target goes out as it is.
    #[must_use]
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        Self {
            method: method.to_owned(),
            target: target.as_ref().to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A GET.
    #[must_use]
    pub fn get(target: impl AsRef<[u8]>) -> Self {
        Self::new("GET", target)
    }

    /// A PUT of a JSON document.
    #[must_use]
    pub fn put(target: impl AsRef<[u8]>, document: &Value) -> Self {
        Self::new("PUT", target)
            .header("content-type", "application/json")
            .body(document.to_string())
    }

    /// Adds a header field. `host`, `connection` and `content-length` given here stand in place of the usual ones.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a token as npm sends it.
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Adds a user name and a password.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The bytes that go out.
    #[must_use]
    pub fn bytes(&self, address: SocketAddr) -> Vec<u8> {
        let has = |name: &str| {
            self.headers
                .iter()
                .any(|(known, _)| known.eq_ignore_ascii_case(name))
        };
        let mut bytes = format!("{} ", self.method).into_bytes();
        bytes.extend_from_slice(&self.target);
        let mut head = " HTTP/1.1\r\n".to_owned();
        let mut line = |name: &str, value: &str| {
            write!(head, "{name}: {value}\r\n").expect("a String takes every write");
        };
        if !has("host") {
            line("host", &address.to_string());
        }
        if !has("connection") {
            line("connection", "close");
        }
        if !has("content-length") && !has("transfer-encoding") && !self.body.is_empty() {
            line("content-length", &self.body.len().to_string());
        }
        for (name, value) in &self.headers {
            line(name, value);
        }
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// What came back on a connection that the server closed.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status; 0 if nothing came that is an answer.
    pub status: u16,
    /// The header fields, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, chunks joined.
    pub body: Vec<u8>,
    /// Whether the body came to its announced end.
    pub is_whole: bool,
    /// Every byte as it came.
    pub raw: Vec<u8>,
}

impl Answer {
    /// A header field's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    fn read(raw: Vec<u8>, has_body: bool) -> Self {
        let end = raw.windows(4).position(|window| window == b"\r\n\r\n");
        let head_bytes = end.unwrap_or(raw.len());
        let head = String::from_utf8_lossy(&raw[..head_bytes]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 "))
            .and_then(|line| line.get(..3)?.parse().ok());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let body = raw.get(head_bytes + 4..).unwrap_or_default().to_owned();
        let mut answer = Self {
            status: status.unwrap_or(0),
            headers,
            body,
            // A connection that was cut before a head came has brought nothing whole.
            is_whole: end.is_some(),
            raw,
        };
        if answer.header("transfer-encoding") == "chunked" {
            (answer.body, answer.is_whole) = joined(&answer.body);
        } else if let Ok(length) = answer.header("content-length").parse::<usize>() {
            let is_bodiless = !has_body || answer.status == 304;
            answer.is_whole = is_bodiless || answer.body.len() == length;
        }
        answer
    }
}

/// The content of a chunked body, and whether its last chunk was there.
fn joined(mut chunks: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(end) = chunks.windows(2).position(|window| window == b"\r\n") else {
            return (body, false);
        };
        let size = std::str::from_utf8(&chunks[..end])
            .ok()
            .and_then(|size| usize::from_str_radix(size, 16).ok());
        match size {
            Some(0) => return (body, true),
            Some(size) if chunks.len() >= end + 2 + size + 2 => {
                body.extend_from_slice(&chunks[end + 2..end + 2 + size]);
                chunks = &chunks[end + 2 + size + 2..];
            }
            _ => {
                body.extend_from_slice(&chunks[(end + 2).min(chunks.len())..]);
                return (body, false);
            }
        }
    }
}

impl TestServer {
    /// Sends a request on a connection of its own.
    pub async fn ask(&self, ask: Ask) -> Answer {
        self.raw(&ask.bytes(self.address())).await
    }

    /// Sends bytes on a connection of their own and reads until the server closes it.
    pub async fn raw(&self, bytes: &[u8]) -> Answer {
        let stream = TcpStream::connect(self.address())
            .await
            .expect("the server listens");
        let (mut reading, mut writing) = stream.into_split();
        let send = async {
            // A server that has refused already may have closed its side; what it said is read all the same.
            let _ = writing.write_all(bytes).await;
            writing
        };
        let receive = async {
            let mut raw = Vec::new();
            // A reset is an end, too.
            let _ = reading.read_to_end(&mut raw).await;
            raw
        };
        let both = async { tokio::join!(send, receive).1 };
        let raw = tokio::time::timeout(PATIENCE, both)
            .await
            .expect("the connection stayed open");
        Answer::read(raw, !bytes.starts_with(b"HEAD "))
    }

    /// Whether it lives, as a load balancer asks.
    pub async fn is_healthy(&self) -> bool {
        self.ask(Ask::get("/healthz")).await.status == 200
            && self.ask(Ask::get("/readyz")).await.status == 200
    }
}
