//! Requests to the endpoint, and what comes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use formats::Body;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, Method};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use serde_json::Value;

use crate::house::House;

pub(crate) use testkit::house::{full, piecemeal};

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    /// The names of what a listing shows.
    pub(crate) fn names(&self, list: &str, member: &str) -> Vec<String> {
        assert_eq!(self.status, 200, "{:?}", self.body);
        let document = self.json();
        let list = document[list].as_array().unwrap().iter();
        list.map(|entry| entry[member].as_str().unwrap().to_owned())
            .collect()
    }
}

/// Someone who speaks to one repository.
#[derive(Clone)]
pub(crate) struct Client<'h>(testkit::house::Client<'h>);

impl House {
    /// A client of a repository, with the root's token.
    pub(crate) fn at(&self, repository: &str) -> Client<'_> {
        Client(self.client("generic", repository))
    }
}

impl Client<'_> {
    pub(crate) fn with_token(self, token: Option<String>) -> Self {
        let bearer = token.map(|token| format!("Bearer {token}"));
        Self(self.0.with_authorization(bearer))
    }

    /// The address of something as listings spell it.
    pub(crate) fn address(&self, path: &str) -> String {
        format!("http://packages.example{}{path}", self.0.prefix())
    }

    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let answer = self.0.ask(method, path, headers, body).await;
        Answer {
            status: answer.status,
            headers: answer.headers,
            body: answer.body.unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], full("")).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, headers, full("")).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.ask(Method::HEAD, path, &[], full("")).await
    }

    pub(crate) async fn put(&self, path: &str, bytes: impl Into<Bytes>) -> Answer {
        self.put_with(path, &[], bytes).await
    }

    pub(crate) async fn put_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        bytes: impl Into<Bytes>,
    ) -> Answer {
        self.ask(Method::PUT, path, headers, full(bytes)).await
    }

    /// Puts what must be taken as new.
    pub(crate) async fn put_new(&self, path: &str, bytes: &'static [u8]) {
        let answer = self.put(path, bytes).await;
        assert_eq!(answer.status, 201, "{path}: {:?}", answer.body);
    }
}

/// A body of such pieces, and how many of them were taken.
pub(crate) fn pieces(
    pieces: impl Iterator<Item = std::io::Result<Bytes>> + Send + 'static,
) -> (Body, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let frames = stream::iter(pieces).map(move |piece| {
        counter.fetch_add(1, Ordering::SeqCst);
        piece.map(Frame::data)
    });
    (StreamBody::new(frames).boxed_unsync(), taken)
}

/// A body that does not end.
pub(crate) fn endless() -> (Body, Arc<AtomicUsize>) {
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    pieces(std::iter::repeat_with(move || Ok(piece.clone())))
}
