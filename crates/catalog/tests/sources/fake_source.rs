//! A public source that has what a test gave it, and notes what it was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use url::Url;

/// How a path is answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: String,
    body: Bytes,
    is_announced: bool,
    gate: Option<Arc<Semaphore>>,
}

impl Reply {
    pub(crate) fn of(body: impl Into<Bytes>) -> Self {
        Self {
            status: 200,
            headers: String::new(),
            body: body.into(),
            is_announced: true,
            gate: None,
        }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::of("")
        }
    }

    pub(crate) fn header(mut self, line: &str) -> Self {
        self.headers.push_str(line);
        self.headers.push_str("\r\n");
        self
    }

    /// Without saying how many bytes come.
    pub(crate) fn unannounced(self) -> Self {
        Self {
            is_announced: false,
            ..self
        }
    }

    /// The second half of the body waits for the gate.
    pub(crate) fn behind(self, gate: &Arc<Semaphore>) -> Self {
        Self {
            gate: Some(Arc::clone(gate)),
            ..self
        }
    }
}

#[derive(Default)]
struct Shared {
    replies: Mutex<HashMap<String, Reply>>,
    requests: Mutex<Vec<String>>,
}

/// The source. It stops when it is dropped.
pub(crate) struct FakeSource {
    base: Url,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl FakeSource {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        let listening = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                open.spawn(serve(stream, Arc::clone(&accepting)));
            }
        });
        Self {
            base: Url::parse(&base).unwrap(),
            shared,
            listening,
        }
    }

    pub(crate) const fn base(&self) -> &Url {
        &self.base
    }

    pub(crate) fn url(&self, path: &str) -> String {
        self.base.join(path).unwrap().to_string()
    }

    pub(crate) fn set(&self, path: &str, reply: Reply) {
        let mut replies = self.shared.replies.lock().unwrap();
        replies.insert(path.to_owned(), reply);
    }

    pub(crate) fn remove(&self, path: &str) {
        self.shared.replies.lock().unwrap().remove(path);
    }

    /// Answers everything with this status from now on.
    pub(crate) fn fail_with(&self, status: u16) {
        for reply in self.shared.replies.lock().unwrap().values_mut() {
            *reply = Reply::status(status);
        }
    }

    /// Every request so far, as `GET /path`.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget_requests(&self) {
        self.shared.requests.lock().unwrap().clear();
    }

    pub(crate) fn count(&self, request: &str) -> usize {
        let requests = self.requests();
        requests.iter().filter(|seen| *seen == request).count()
    }

    /// Waits until it was asked for this.
    pub(crate) async fn asked(&self, request: &str) {
        let asked = async {
            while self.count(request) == 0 {
                tokio::task::yield_now().await;
            }
        };
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, asked).await.unwrap();
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let mut stream = BufReader::new(stream);
    let mut first = String::new();
    let mut line = String::new();
    while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
        if first.is_empty() {
            first.clone_from(&line);
        }
        line.clear();
    }
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return;
    };
    let seen = format!("{method} {path}");
    shared.requests.lock().unwrap().push(seen);
    let reply = shared.replies.lock().unwrap().get(path).cloned();
    let reply = reply.unwrap_or_else(|| Reply::status(404));
    let mut head = format!(
        "HTTP/1.1 {} Whatever\r\nconnection: close\r\n{}",
        reply.status, reply.headers
    );
    if reply.is_announced {
        head.push_str(&format!("content-length: {}\r\n", reply.body.len()));
    }
    head.push_str("\r\n");
    let stream = stream.get_mut();
    // Who was asked may have gone away.
    let _ = stream.write_all(head.as_bytes()).await;
    if method == "HEAD" {
        return;
    }
    let (first, second) = reply.body.split_at(reply.body.len() / 2);
    let _ = stream.write_all(first).await;
    if let Some(gate) = &reply.gate {
        let _ = stream.flush().await;
        gate.acquire().await.unwrap().forget();
    }
    let _ = stream.write_all(second).await;
    let _ = stream.shutdown().await;
}
