//! Requests to the package endpoint, and what comes back.

use bytes::Bytes;
use formats::Body;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{House, OWNER};

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body; an error when it was cut.
    pub body: Result<Bytes, String>,
}

impl Answer {
    /// The body, which must have come whole.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        self.body.as_ref().expect("the body came whole")
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }

    /// The body as JSON, which it must be.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(self.bytes())
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.bytes()))
    }

    /// A header field's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("header fields are text"))
    }

    /// The text of an error, in the shape that npm prints.
    #[must_use]
    pub fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["error"], body["message"]);
        body["error"].as_str().expect("an error is text").to_owned()
    }
}

/// Someone who speaks to one repository.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "holds the house")]
pub struct Client<'h> {
    house: &'h House,
    prefix: String,
    authorization: Option<String>,
}

impl House {
    /// A client of a repository's endpoint for a format, with the root's token.
    #[must_use]
    pub fn client(&self, format: &str, repository: &str) -> Client<'_> {
        Client {
            house: self,
            prefix: format!("/{format}/d/acme-{OWNER}/{repository}/"),
            authorization: Some(format!("Bearer {}", self.token)),
        }
    }
}

impl Client<'_> {
    /// The same with another `Authorization`, or with none.
    #[must_use]
    pub fn with_authorization(mut self, authorization: Option<String>) -> Self {
        self.authorization = authorization;
        self
    }

    /// The path of the repository's endpoint, with a slash at the end.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Sends a request for a path below the repository's endpoint.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.prefix));
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body).expect("tests send what can be sent");
        send(self.house, request).await
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], empty()).await
    }

    /// A GET with more header fields.
    pub async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, empty()).await
    }

    /// A HEAD.
    pub async fn head(&self, path: &str) -> Answer {
        self.ask(Method::HEAD, path, &[], empty()).await
    }

    /// A PUT of a JSON document.
    pub async fn put(&self, path: &str, document: &Value) -> Answer {
        self.ask(Method::PUT, path, &[], full(document.to_string()))
            .await
    }

    /// A DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &[], empty()).await
    }
}

/// Sends a request and reads the answer to its end.
pub async fn send(house: &House, request: Request<Body>) -> Answer {
    let (parts, body) = house.endpoints.handle(request).await.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .map_err(|error| error.to_string());
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body,
    }
}

/// No body.
#[must_use]
pub fn empty() -> Body {
    full("")
}

/// A body of these bytes.
pub fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that comes in these pieces and may end in a failure.
#[must_use]
pub fn pieces(chunks: Vec<std::io::Result<Bytes>>) -> Body {
    let frames = chunks.into_iter().map(|chunk| chunk.map(Frame::data));
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// A body of what is sent into a channel that holds one piece; it ends when the sender is dropped.
#[must_use]
pub fn piecemeal() -> (Body, mpsc::Sender<Bytes>) {
    let (sender, receiver) = mpsc::channel(1);
    let frames = stream::unfold(receiver, |mut receiver: mpsc::Receiver<Bytes>| async move {
        let piece = receiver.recv().await?;
        Some((Ok(Frame::data(piece)), receiver))
    });
    (StreamBody::new(frames.fuse()).boxed_unsync(), sender)
}

/// A plain GET over a socket, for what a fake source serves.
pub async fn fetch(address: &str, path: &str, accept: &str) -> Vec<u8> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let connected = tokio::net::TcpStream::connect(address).await;
    let mut socket = connected.expect("the fake source listens");
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    let sent = socket.write_all(request.as_bytes()).await;
    sent.expect("the fake source reads");
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer).await;
    read.expect("the fake source answers");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    answer.split_off(end.expect("the answer has a head") + 4)
}

/// A GET of an absolute URL over a socket, by someone without credentials: what a redirect leads to.
pub async fn follow(url: &str, headers: &[(&str, &str)]) -> Answer {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let url = url::Url::parse(url).expect("a redirect names an address");
    let place = format!(
        "{}:{}",
        url.host_str().expect("an address has a host"),
        url.port_or_known_default().expect("an address has a port")
    );
    let (path, query) = (url.path(), url.query().unwrap_or_default());
    let mut request = format!("GET {path}?{query} HTTP/1.1\r\nHost: {place}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("Connection: close\r\n\r\n");
    let connected = tokio::net::TcpStream::connect(&place).await;
    let mut socket = connected.expect("somebody listens");
    let sent = socket.write_all(request.as_bytes()).await;
    sent.expect("the request is read");
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer).await;
    read.expect("the request is answered");
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let body = answer.split_off(end.expect("the answer has a head") + 4);
    let head = String::from_utf8_lossy(&answer);
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let fields = lines.filter_map(|line| line.split_once(": "));
    let fields = fields.map(|(name, value)| {
        let name = http::HeaderName::try_from(name).expect("a header field");
        (name, value.try_into().expect("a header field's value"))
    });
    Answer {
        status: status
            .and_then(|status| status.parse().ok())
            .expect("a status line"),
        headers: fields.collect(),
        body: Ok(body.into()),
    }
}
