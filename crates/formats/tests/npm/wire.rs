//! Requests to the package endpoint, and what comes back.

use bytes::Bytes;
use formats::Body;
use futures_util::stream;
use http::{HeaderMap, Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full, StreamBody};
use serde_json::Value;

use crate::house::{House, OWNER};

pub(crate) const ABBREVIATED: &str = "application/vnd.npm.install-v1+json";

/// What came back. The body is an error when it was cut.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Bytes, String>,
}

impl Answer {
    pub(crate) fn bytes(&self) -> &Bytes {
        self.body.as_ref().unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.bytes())
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.bytes()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The text of an error, in the shape that npm prints.
    pub(crate) fn error(&self) -> String {
        let body = self.json();
        assert_eq!(body["error"], body["message"]);
        body["error"].as_str().unwrap().to_owned()
    }
}

/// Someone who speaks to one repository.
#[derive(Clone)]
pub(crate) struct Client<'h> {
    house: &'h House,
    prefix: String,
    authorization: Option<String>,
}

impl House {
    /// A client of a repository, with the root's token.
    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        let prefix = format!("/npm/d/acme-{OWNER}/{repository}/");
        Client {
            house: self,
            prefix,
            authorization: Some(format!("Bearer {}", self.token)),
        }
    }
}

impl Client<'_> {
    pub(crate) fn with_authorization(mut self, authorization: Option<String>) -> Self {
        self.authorization = authorization;
        self
    }

    pub(crate) async fn ask(
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
        send(self.house, request.body(body).unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], empty()).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, empty()).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.ask(Method::HEAD, path, &[], empty()).await
    }

    pub(crate) async fn put(&self, path: &str, document: &Value) -> Answer {
        self.ask(Method::PUT, path, &[], full(document.to_string()))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, &[], empty()).await
    }

    /// The full packument, which must be there.
    pub(crate) async fn packument(&self, name: &str) -> Value {
        let answer = self.get(&name.replace('/', "%2f")).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.json()
    }

    pub(crate) async fn tarball(&self, name: &str, version: &str) -> Answer {
        let base = name.rsplit('/').next().unwrap();
        self.get(&format!("{name}/-/{base}-{version}.tgz")).await
    }
}

/// Sends a request and reads the answer to its end.
pub(crate) async fn send(house: &House, request: Request<Body>) -> Answer {
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

pub(crate) fn empty() -> Body {
    full("")
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// A body that comes in these pieces and may end in a failure.
pub(crate) fn pieces(chunks: Vec<std::io::Result<Bytes>>) -> Body {
    let frames = chunks.into_iter().map(|chunk| chunk.map(Frame::data));
    StreamBody::new(stream::iter(frames)).boxed_unsync()
}

/// A plain GET over a socket, for what the fake source serves.
pub(crate) async fn fetch(address: &str, path: &str, accept: &str) -> Vec<u8> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\nConnection: close\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();
    let head_bytes = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap()
        + 4;
    answer.split_off(head_bytes)
}
