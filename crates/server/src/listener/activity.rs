//! What a connection is doing, and when it has been doing it for too long.
//!
//! One small record is shared by the stream (bytes come and go), the requests in flight (begin and end) and a watch that
//! looks now and then. So a slow head, an idle connection and a client that does not read have bounds of their
//! own, alike in HTTP/1 and HTTP/2, and no request pays for a timer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::ConnectionLimits;

/// No instant.
const NEVER: u64 = 0;

/// Instants are milliseconds since the connection began, plus one; zero is none.
pub(super) struct Activity {
    began: Instant,
    requests: AtomicUsize,
    is_http2: AtomicBool,
    idle_since: AtomicU64,
    head_since: AtomicU64,
    write_blocked_since: AtomicU64,
}

/// Which bound a connection overran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overrun {
    SlowHead,
    Idle,
    SlowReader,
}

impl Overrun {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::SlowHead => "slow request head",
            Self::Idle => "idle",
            Self::SlowReader => "client does not read",
        }
    }
}

impl Activity {
    /// A connection begins; its first request is due at once.
    pub(super) fn new() -> Self {
        Self {
            began: Instant::now(),
            requests: AtomicUsize::new(0),
            is_http2: AtomicBool::new(false),
            idle_since: AtomicU64::new(1),
            head_since: AtomicU64::new(1),
            write_blocked_since: AtomicU64::new(NEVER),
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX - 1) + 1
    }

    /// A request head is complete. The request lasts until what is returned is dropped.
    pub(super) fn request_begins(self: &Arc<Self>, is_http2: bool) -> InFlight {
        self.is_http2.store(is_http2, Ordering::Relaxed);
        self.head_since.store(NEVER, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(self))
    }

    fn bytes_came(&self) {
        let between_requests =
            self.requests.load(Ordering::Relaxed) == 0 && !self.is_http2.load(Ordering::Relaxed);
        if between_requests && self.head_since.load(Ordering::Relaxed) == NEVER {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    fn write_progress(&self, is_blocked: bool) {
        let was_blocked = self.write_blocked_since.load(Ordering::Relaxed) != NEVER;
        if is_blocked != was_blocked {
            let since = if is_blocked { self.now() } else { NEVER };
            self.write_blocked_since.store(since, Ordering::Relaxed);
        }
    }

    fn check(&self, limits: &ConnectionLimits) -> Option<Overrun> {
        let now = self.now();
        let longer = |since: &AtomicU64, limit: Duration| {
            let since = since.load(Ordering::Relaxed);
            since != NEVER && u128::from(now.saturating_sub(since)) >= limit.as_millis()
        };
        if longer(&self.write_blocked_since, limits.write_idle_timeout) {
            return Some(Overrun::SlowReader);
        }
        if self.requests.load(Ordering::Relaxed) > 0 {
            return None;
        }
        if longer(&self.head_since, limits.header_timeout) {
            return Some(Overrun::SlowHead);
        }
        longer(&self.idle_since, limits.idle_timeout).then_some(Overrun::Idle)
    }

    /// Resolves when a bound is overrun, up to a quarter of the bound late.
    pub(super) async fn overrun(&self, limits: ConnectionLimits) -> Overrun {
        let shortest = limits
            .header_timeout
            .min(limits.idle_timeout)
            .min(limits.write_idle_timeout);
        let pause = (shortest / 4).clamp(Duration::from_millis(5), Duration::from_secs(5));
        loop {
            tokio::time::sleep(pause).await;
            if let Some(overrun) = self.check(&limits) {
                return overrun;
            }
        }
    }
}

/// A request that is being answered.
pub(super) struct InFlight(Arc<Activity>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of a reply; the request lasts as long as it does.
pub(super) struct InFlightBody<B> {
    body: B,
    _in_flight: InFlight,
}

impl<B> InFlightBody<B> {
    pub(super) const fn new(body: B, in_flight: InFlight) -> Self {
        Self {
            body,
            _in_flight: in_flight,
        }
    }
}

impl<B: http_body::Body<Data = Bytes> + Unpin> http_body::Body for InFlightBody<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream that tells when bytes come and go.
pub(super) struct WatchedStream<S> {
    stream: S,
    activity: Arc<Activity>,
}

impl<S> WatchedStream<S> {
    pub(super) const fn new(stream: S, activity: Arc<Activity>) -> Self {
        Self { stream, activity }
    }

    fn wrote<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.activity.write_progress(result.is_pending());
        result
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.activity.bytes_came();
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_flush(cx);
        self.wrote(result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.wrote(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: ConnectionLimits = ConnectionLimits {
        header_timeout: Duration::from_secs(10),
        idle_timeout: Duration::from_secs(60),
        write_idle_timeout: Duration::from_secs(30),
    };

    async fn cut_after(activity: &Activity) -> (Overrun, u64) {
        let start = Instant::now();
        let overrun = activity.overrun(LIMITS).await;
        (overrun, start.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn d01_a_connection_that_sends_no_request_is_cut_by_the_head_bound() {
        let (overrun, seconds) = cut_after(&Activity::new()).await;
        assert_eq!(overrun, Overrun::SlowHead);
        assert!((10..=13).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn d01_an_idle_connection_outlives_the_head_bound_and_not_the_idle_one() {
        let activity = Arc::new(Activity::new());
        drop(activity.request_begins(false));
        let (overrun, seconds) = cut_after(&activity).await;
        assert_eq!(overrun, Overrun::Idle);
        assert!((60..=63).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn d01_a_second_head_that_drips_is_cut_by_the_head_bound() {
        let activity = Arc::new(Activity::new());
        drop(activity.request_begins(false));
        activity.bytes_came();
        let (overrun, seconds) = cut_after(&activity).await;
        assert_eq!(overrun, Overrun::SlowHead);
        assert!((10..=13).contains(&seconds), "{seconds}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_request_is_not_cut() {
        let activity = Arc::new(Activity::new());
        let _request = activity.request_begins(false);
        assert!(
            tokio::time::timeout(Duration::from_secs(3600), activity.overrun(LIMITS))
                .await
                .is_err()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn d01_a_client_that_does_not_read_is_cut() {
        let activity = Arc::new(Activity::new());
        let _request = activity.request_begins(false);
        activity.write_progress(true);
        let (overrun, seconds) = cut_after(&activity).await;
        assert_eq!(overrun, Overrun::SlowReader);
        assert!((30..=33).contains(&seconds), "{seconds}");
        activity.write_progress(false);
        assert_eq!(activity.check(&LIMITS), None);
    }

    #[tokio::test(start_paused = true)]
    async fn http2_control_frames_between_requests_are_no_request_head() {
        let activity = Arc::new(Activity::new());
        drop(activity.request_begins(true));
        activity.bytes_came();
        assert_eq!(cut_after(&activity).await.0, Overrun::Idle);
    }
}
