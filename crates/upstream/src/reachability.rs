//! The answer to "is this source there?", for the operator.

/// A source answered; whether the status is good is for the reader to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reachability {
    /// The status of the answer after redirects.
    pub status: u16,
    /// Time to the end of the answer's headers.
    pub latency_ms: u64,
}
