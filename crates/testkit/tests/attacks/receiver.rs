//! A receiver of events on the loopback: keeps what it is sent, and fails as it is told to.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use server::config::{EventEndpoint, Secret};
use sha2::Sha256;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const KEY: &[u8] = b"a key of thirty-two bytes, no more";

/// How a delivery is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Status(u16),
    /// With more header lines.
    With(u16, String),
    /// Not at all.
    Silence,
}

/// A delivery as it came.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) status: u16,
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    always: Option<Reply>,
    delivered: Vec<Delivered>,
}

/// The receiver. It acknowledges whatever it was not told to answer otherwise.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Receiver {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            replies: replies.into_iter().collect(),
            ..State::default()
        }));
        let accepting = tokio::spawn({
            let state = Arc::clone(&state);
            async move {
                loop {
                    let (stream, _) = listener.accept().await.unwrap();
                    tokio::spawn(serve(stream, Arc::clone(&state)));
                }
            }
        });
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Answers everything like this from now on.
    pub(crate) fn always(&self, reply: Option<Reply>) {
        self.state.lock().unwrap().always = reply;
    }

    /// The endpoint of the configuration that leads here.
    pub(crate) fn endpoint(&self, name: &str) -> EventEndpoint {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(KEY);
        EventEndpoint {
            name: name.to_owned(),
            url: Some(
                format!("http://{}/hook?key=planted-hook-query", self.address)
                    .parse()
                    .unwrap(),
            ),
            secret: Some(Secret::new(format!("whsec_{encoded}"))),
            ..EventEndpoint::default()
        }
    }

    /// Every attempt.
    pub(crate) fn attempts(&self) -> Vec<Delivered> {
        self.state.lock().unwrap().delivered.clone()
    }

    /// What was acknowledged, as versions with what became of them.
    pub(crate) fn story(&self) -> Vec<String> {
        let attempts = self.attempts();
        let acknowledged = attempts
            .iter()
            .filter(|one| one.status < 300 && one.status > 0);
        let told = |one: &Delivered| {
            let detail = &one.json()["detail"];
            format!(
                "{} {}",
                detail["packageVersion"].as_str().unwrap(),
                detail["operationType"].as_str().unwrap()
            )
        };
        acknowledged.map(told).collect()
    }
}

impl Delivered {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// Whether the signature is what a receiver computes.
    pub(crate) fn is_signed(&self) -> bool {
        use base64::Engine as _;
        let (id, timestamp) = (self.header("webhook-id"), self.header("webhook-timestamp"));
        let mut mac = Hmac::<Sha256>::new_from_slice(KEY).unwrap();
        mac.update(format!("{id}.{timestamp}.{}", self.text).as_bytes());
        let encoded = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
        self.header("webhook-signature") == format!("v1,{encoded}")
    }
}

async fn serve(mut stream: TcpStream, state: Arc<Mutex<State>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let headers: Vec<(String, String)> = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.unwrap().1.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    let reply = {
        let mut state = state.lock().unwrap();
        let scripted = state.always.clone().or_else(|| state.replies.pop_front());
        let reply = scripted.unwrap_or(Reply::Status(204));
        let status = match &reply {
            Reply::Status(status) | Reply::With(status, _) => *status,
            Reply::Silence => 0,
        };
        state.delivered.push(Delivered {
            headers,
            text: String::from_utf8(body).unwrap(),
            status,
        });
        reply
    };
    let (status, more) = match reply {
        Reply::Status(status) => (status, String::new()),
        Reply::With(status, more) => (status, more),
        Reply::Silence => {
            // Until the sender has had enough.
            while stream.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {}
            return;
        }
    };
    let text =
        format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n{more}\r\n");
    stream.write_all(text.as_bytes()).await.ok();
}
