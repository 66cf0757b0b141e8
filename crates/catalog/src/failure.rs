//! Turning failures of the lower rooms into the one error value.

use blobs::BlobError;
use model::Error;
use store::StoreError;
use upstream::SourceError;

/// A failure inside a unit of work: the database's, or a rule that stood against it.
#[derive(Debug)]
pub(crate) struct Failure(Error);

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self(from_store(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.0
    }
}

/// How long who is told that the database does not answer is asked to wait.
const DATABASE_RETRY_SECONDS: u32 = 2;

pub(crate) fn from_store(error: StoreError) -> Error {
    match error {
        StoreError::Unavailable(_) | StoreError::Busy(_) => {
            let mut failure = Error::unavailable(
                "The service is temporarily unavailable: its database does not answer. Try again in a moment.",
            )
            .caused_by(error);
            failure.retry_after_seconds = Some(DATABASE_RETRY_SECONDS);
            failure
        }
        StoreError::BlobGoing(sha256) => crate::stored_bytes::being_removed(sha256),
        StoreError::Full(_)
        | StoreError::Backend(_)
        | StoreError::Migration(_)
        | StoreError::NewerSchema(_)
        | StoreError::Corrupt(_)
        | StoreError::Abandoned(_) => Error::internal(error),
    }
}

pub(crate) fn from_blobs(error: BlobError) -> Error {
    if error.may_pass() {
        Error::storage_unavailable(error)
    } else {
        Error::internal(error)
    }
}

/// A public source's failure, when nothing held can answer instead.
pub(crate) fn from_source(connection: &str, error: &SourceError) -> Error {
    let mut failure = Error::upstream_unavailable(format!(
        "The public source {connection} could not be reached or did not answer as it should, and the requested \
         version is not stored. Try again later."
    ))
    .caused_by(error.clone());
    failure.retry_after_seconds = error.retry_after_seconds();
    failure
}

/// Another copy of an error that many callers wait for: same kind, same words, same cause.
pub(crate) fn copy_of(error: &std::sync::Arc<Error>) -> Error {
    Error {
        kind: error.kind,
        message: error.message.clone(),
        resource: error.resource.clone(),
        source: Some(Box::new(SharedCause(std::sync::Arc::clone(error)))),
        retry_after_seconds: error.retry_after_seconds,
    }
}

/// The cause of an error that many callers got.
#[derive(Debug)]
struct SharedCause(std::sync::Arc<Error>);

impl std::fmt::Display for SharedCause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match std::error::Error::source(&*self.0) {
            Some(cause) => write!(f, "{cause}"),
            None => write!(f, "{}", self.0),
        }
    }
}

impl std::error::Error for SharedCause {}

#[cfg(test)]
mod tests {
    use model::ErrorKind;

    use super::*;

    #[test]
    fn d04_a_store_of_bytes_that_does_not_answer_is_told_apart_from_one_that_refuses() {
        let detail = || "http://store.example said nothing".to_owned();
        let away = from_blobs(BlobError::Unavailable {
            action: "reading a blob",
            detail: detail(),
        });
        assert_eq!(away.kind, ErrorKind::Unavailable);
        assert!(away.retry_after_seconds.is_some());
        assert!(
            !away.message.contains("store.example"),
            "where bytes are kept is nobody's business: {}",
            away.message
        );
        let refused = from_blobs(BlobError::Refused {
            action: "reading a blob",
            detail: detail(),
        });
        assert_eq!(refused.kind, ErrorKind::Internal);
    }
}
