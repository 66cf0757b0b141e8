//! What a request and its reply say of themselves to logs and metrics. Travels in their extensions.

/// The id of a request, as logs and the header `x-amzn-RequestId` have it. Travels in the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// Fixed words only: they become metric labels.
#[derive(Debug, Clone, Copy, Default)]
pub struct RequestLabels {
    /// The API operation or the package manager's request.
    pub operation: &'static str,
    /// The package format, empty for the API.
    pub format: &'static str,
    /// Whether a cache answered, where one was asked.
    pub cache: Option<CacheOutcome>,
}

/// Whether what was asked for lay ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It did.
    Hit,
    /// It had to be made or fetched.
    Miss,
}
