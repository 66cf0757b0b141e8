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
        StoreError::Full(_) | StoreError::Disk(_) => disk_trouble(error),
        StoreError::Backend(_)
        | StoreError::Migration(_)
        | StoreError::NewerSchema(_)
        | StoreError::Corrupt(_)
        | StoreError::Abandoned(_) => Error::internal(error),
    }
}

pub(crate) fn from_blobs(error: BlobError) -> Error {
    match error {
        BlobError::Unavailable { .. } => Error::storage_unavailable(error),
        BlobError::DiskFull { .. } | BlobError::ReadOnly { .. } | BlobError::Io { .. } => {
            disk_trouble(error)
        }
        _ => Error::internal(error),
    }
}

/// How long who is told that the disk takes nothing is asked to wait: an operator has to do something first.
const DISK_RETRY_SECONDS: u32 = 30;

/// The disk is full, read-only or broken. Nothing is wrong with the request, and every client tries again after a 503;
/// hardly one knows 507.
fn disk_trouble(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    let mut failure = Error::unavailable(
        "The storage of this service cannot take this at the moment: its disk is full, read-only or failing. Nothing \
         was changed. Try again later.",
    )
    .caused_by(cause);
    failure.retry_after_seconds = Some(DISK_RETRY_SECONDS);
    failure
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
        let Some(nearest) = std::error::Error::source(&*self.0) else {
            return write!(f, "{}", self.0);
        };
        write!(f, "{nearest}")?;
        let mut deeper = nearest.source();
        while let Some(cause) = deeper {
            write!(f, ": {cause}")?;
            deeper = cause.source();
        }
        Ok(())
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

    #[test]
    fn d03_a_disk_that_takes_nothing_is_a_reason_to_come_back_and_damage_is_not() {
        let action = "writing a staged file";
        for trouble in [
            BlobError::DiskFull { action },
            BlobError::ReadOnly { action },
            BlobError::Io {
                action,
                source: std::sync::Arc::new(std::io::Error::other("the sync failed")),
            },
        ] {
            let told = from_blobs(trouble);
            assert_eq!(told.kind, ErrorKind::Unavailable);
            assert!(told.retry_after_seconds.is_some());
        }
        let damaged = from_blobs(BlobError::Damaged {
            digest: model::Sha256Digest::from_bytes([7; 32]),
            detail: "a bit was flipped".to_owned(),
        });
        assert_eq!(damaged.kind, ErrorKind::Internal);
    }

    #[test]
    fn causes_that_many_wait_for_are_told_down_to_the_last() {
        let gone = StoreError::unavailable(std::io::Error::other("the cable was cut"));
        let copy = copy_of(&std::sync::Arc::new(from_store(gone)));
        let cause = copy.source.map(|cause| cause.to_string());
        let cause = cause.unwrap_or_default();
        assert!(
            cause.starts_with("the database does not answer: "),
            "{cause}"
        );
        assert!(cause.ends_with("the cable was cut"), "{cause}");
    }
}
