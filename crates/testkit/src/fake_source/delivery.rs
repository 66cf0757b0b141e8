//! From a good answer to what really goes out.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use tokio::sync::mpsc;

use super::answer::Good;
use super::behaviour::Behaviour;
use super::document::gzip;

pub(super) type Body = UnsyncBoxBody<Bytes, io::Error>;

const HTML: &str = "text/html; charset=utf-8";
const ENDLESS_PIECE_BYTES: usize = 64 * 1024;
/// More than any client reads: a hundred fields of the longest length that the server side allows.
const ENDLESS_HEADER_FIELDS: u16 = 100;
const ENDLESS_HEADER_BYTES: usize = 65_000;
/// Before a connection is cut, so that what was sent before is on its way.
const BEFORE_A_CUT: Duration = Duration::from_millis(20);

/// Sends a good answer the way that was asked for.
pub(super) async fn deliver(mut good: Good, behaviour: Behaviour, path: &str) -> Response<Body> {
    match behaviour {
        Behaviour::Normal | Behaviour::Hold | Behaviour::HoldThen(_) | Behaviour::Sequence(_) => {
            whole(&good)
        }
        Behaviour::Status(status) => whole(&Good::error(status_code(status))),
        Behaviour::StatusWithRetryAfter { status, seconds } => with_header(
            whole(&Good::error(status_code(status))),
            header::RETRY_AFTER,
            &seconds.to_string(),
        ),
        Behaviour::Slow { first_byte_ms } => {
            tokio::time::sleep(Duration::from_millis(first_byte_ms)).await;
            whole(&good)
        }
        Behaviour::Drip { bytes, every_ms } => {
            drip(&good, bytes.max(1), Duration::from_millis(every_ms))
        }
        Behaviour::CutShort { after_bytes } => cut(&good, after_bytes, true),
        Behaviour::NoLengthCut { after_bytes } => cut(&good, after_bytes, false),
        Behaviour::WrongBytes => {
            let mut bytes = good.body.to_vec();
            let middle = bytes.len() / 2;
            if let Some(byte) = bytes.get_mut(middle) {
                *byte ^= 0x55;
            }
            good.body = bytes.into();
            whole(&good)
        }
        Behaviour::Shortened { bytes } => {
            good.body.truncate(good.body.len().saturating_sub(bytes));
            whole(&good)
        }
        Behaviour::Lengthened { bytes } => {
            good.body = [&good.body[..], &vec![b' '; bytes]].concat().into();
            whole(&good)
        }
        Behaviour::EndlessBody => endless(&good),
        Behaviour::EndlessHeaders => endless_headers(&good),
        Behaviour::RedirectLoop => redirect(path),
        Behaviour::RedirectTo(location) => redirect(&location),
        Behaviour::HtmlLogin => {
            let page = "<!DOCTYPE html><title>Log in</title><form><input type=password></form>";
            whole(&Good::new(HTML, page.into()))
        }
        Behaviour::HtmlError(status) => {
            let page = "<!DOCTYPE html><title>Sorry</title><h1>Something is wrong</h1>";
            whole(&Good {
                status: status_code(status),
                ..Good::new(HTML, page.into())
            })
        }
        Behaviour::GzipBomb { decoded_bytes } => {
            // Spaces, because a reader of JSON passes over them without an end.
            whole(&Good {
                gzip: true,
                ..Good::new(&good.content_type, gzip(&vec![b' '; decoded_bytes]))
            })
        }
        Behaviour::WrongContentType => {
            good.content_type = "text/plain".to_owned();
            whole(&good)
        }
        Behaviour::EmptyBody => {
            good.body = Bytes::new();
            good.gzip = false;
            whole(&good)
        }
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("tests ask for statuses between 100 and 999")
}

fn with_header(mut response: Response<Body>, name: HeaderName, value: &str) -> Response<Body> {
    let value = HeaderValue::from_str(value).expect("tests use header values that can be sent");
    response.headers_mut().insert(name, value);
    response
}

/// The head of an answer, without saying how long the body is.
fn head(good: &Good, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = good.status;
    if good.status != StatusCode::NOT_MODIFIED {
        response = with_header(response, header::CONTENT_TYPE, &good.content_type);
        if good.gzip {
            response = with_header(response, header::CONTENT_ENCODING, "gzip");
        }
    }
    if let Some(etag) = &good.etag {
        response = with_header(response, header::ETAG, etag);
        response = with_header(response, header::CACHE_CONTROL, "public, max-age=300");
    }
    if let Some(date) = &good.last_modified {
        response = with_header(response, header::LAST_MODIFIED, date);
    }
    with_header(response, header::VARY, "accept-encoding, accept")
}

fn whole(good: &Good) -> Response<Body> {
    let body = Full::new(good.body.clone())
        .map_err(|never| match never {})
        .boxed_unsync();
    head(good, body)
}

fn redirect(location: &str) -> Response<Body> {
    let good = Good {
        status: StatusCode::FOUND,
        ..Good::new("text/plain", Bytes::new())
    };
    with_header(whole(&good), header::LOCATION, location)
}

fn drip(good: &Good, piece_bytes: usize, pause: Duration) -> Response<Body> {
    let length = good.body.len();
    let bytes = good.body.clone();
    let body = scripted(move |out| async move {
        for start in (0..bytes.len()).step_by(piece_bytes) {
            tokio::time::sleep(pause).await;
            let piece = bytes.slice(start..bytes.len().min(start + piece_bytes));
            if out.send(Ok(piece)).await.is_err() {
                return;
            }
        }
    });
    with_header(
        head(good, body),
        header::CONTENT_LENGTH,
        &length.to_string(),
    )
}

fn cut(good: &Good, after_bytes: usize, promise: bool) -> Response<Body> {
    let sent = good.body.slice(..after_bytes.min(good.body.len()));
    // Even when everything is sent, more was promised.
    let promised = good.body.len().max(sent.len() + 1);
    let body = scripted(move |out| async move {
        if !sent.is_empty() && out.send(Ok(sent)).await.is_err() {
            return;
        }
        tokio::time::sleep(BEFORE_A_CUT).await;
        // Whether anybody still listens does not matter.
        let _ = out.send(Err(io::Error::other("cut, as asked for"))).await;
    });
    let response = head(good, body);
    if promise {
        with_header(response, header::CONTENT_LENGTH, &promised.to_string())
    } else {
        response
    }
}

fn endless(good: &Good) -> Response<Body> {
    let piece = Bytes::from(vec![b' '; ENDLESS_PIECE_BYTES]);
    let body =
        scripted(move |out| async move { while out.send(Ok(piece.clone())).await.is_ok() {} });
    let mut response = head(good, body);
    // Spaces are not gzip.
    response.headers_mut().remove(header::CONTENT_ENCODING);
    response
}

fn endless_headers(good: &Good) -> Response<Body> {
    let mut response = whole(good);
    let value =
        HeaderValue::from_str(&"x".repeat(ENDLESS_HEADER_BYTES)).expect("letters can be sent");
    for field in 0..ENDLESS_HEADER_FIELDS {
        let name = HeaderName::try_from(format!("x-more-{field}"))
            .expect("letters and digits make a name");
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// A body that a script writes; the script ends early when nobody reads any more.
fn scripted<F, S>(script: F) -> Body
where
    F: FnOnce(mpsc::Sender<io::Result<Bytes>>) -> S,
    S: Future<Output = ()> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(script(sender));
    ScriptedBody { pieces: receiver }.boxed_unsync()
}

struct ScriptedBody {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
}

impl http_body::Body for ScriptedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<io::Result<http_body::Frame<Bytes>>>> {
        self.pieces
            .poll_recv(cx)
            .map(|piece| piece.map(|piece| piece.map(http_body::Frame::data)))
    }
}
