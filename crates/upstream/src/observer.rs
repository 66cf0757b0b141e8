//! Where numbers about exchanges with sources go. The server turns them into metrics; this crate knows none.

/// Told about every exchange. Calls are made on the async threads and must be quick.
pub trait Observer: Send + Sync + 'static {
    /// An exchange ended. For a document the duration includes the body; for a download it ends with the headers, and
    /// a body that fails afterwards is told again with its own outcome and the duration up to then. `outcome` is one of
    /// `modified`, `not-modified`, `absent`, `opened`, `abandoned`, or a label of [`crate::SourceError`].
    fn on_request(&self, source: &str, outcome: &'static str, duration_ms: u64);

    /// An exchange began: one more is open.
    fn on_open(&self, source: &str);

    /// An exchange is over, its body included: one fewer is open.
    fn on_close(&self, source: &str);
}

/// Listens to nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn on_request(&self, _source: &str, _outcome: &'static str, _duration_ms: u64) {}
    fn on_open(&self, _source: &str) {}
    fn on_close(&self, _source: &str) {}
}
