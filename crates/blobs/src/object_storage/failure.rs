//! What a failure of the object store means to whoever asked for bytes.

use object_store::Error as StoreError;

use crate::error::{BlobError, Result};

/// The code with which S3 says that the bucket itself is not there.
const NO_BUCKET: &str = "NoSuchBucket";
/// Codes that come with a status of their own choosing and mean that asking again will not help.
const REFUSALS: [&str; 9] = [
    NO_BUCKET,
    "AccessDenied",
    "AuthorizationHeaderMalformed",
    "InvalidAccessKeyId",
    "InvalidBucketName",
    "PermanentRedirect",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    // What `object_store` says of a redirect to another region.
    "incorrectly configured region",
];
/// How much of a store's words is repeated.
const LONGEST_TEXT: usize = 600;

/// Sorts an error by what can be done about it.
pub(super) fn sorted(action: &'static str, error: &StoreError) -> BlobError {
    let detail = text(error);
    let refused = matches!(
        error,
        StoreError::PermissionDenied { .. }
            | StoreError::Unauthenticated { .. }
            | StoreError::InvalidPath { .. }
            | StoreError::NotSupported { .. }
            | StoreError::NotImplemented { .. }
            | StoreError::UnknownConfigurationKey { .. }
    ) || REFUSALS.iter().any(|code| detail.contains(code));
    if refused {
        BlobError::Refused { action, detail }
    } else {
        BlobError::Unavailable { action, detail }
    }
}

/// None when the object is not there; an error when its bucket is not, or for any other reason.
pub(super) fn found<T>(action: &'static str, result: object_store::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error @ StoreError::NotFound { .. }) if !text(&error).contains(NO_BUCKET) => Ok(None),
        Err(error) => Err(sorted(action, &error)),
    }
}

/// The error's words on one line, in bounded length.
fn text(error: &StoreError) -> String {
    let text = error.to_string();
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT)
            .rev()
            .find(|end| line.is_char_boundary(*end))
            .unwrap_or(0);
        line.truncate(end);
        line.push_str(" ...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(words: &str) -> object_store::Result<()> {
        Err(StoreError::NotFound {
            path: "blobs/00/11".to_owned(),
            source: words.to_owned().into(),
        })
    }

    #[test]
    fn d04_a_bucket_that_is_gone_is_not_taken_for_a_blob_that_is_gone() {
        assert!(
            found("reading", not_found("<Code>NoSuchKey</Code>"))
                .unwrap()
                .is_none()
        );
        let error = found("reading", not_found("<Code>NoSuchBucket</Code>")).unwrap_err();
        assert!(matches!(error, BlobError::Refused { .. }), "{error}");
    }

    #[test]
    fn the_words_of_a_store_are_cut_to_one_bounded_line() {
        let error = StoreError::Generic {
            store: "S3",
            source: "gr\u{fc}n\n".repeat(1_000).into(),
        };
        let error = sorted("reading", &error);
        assert!(matches!(error, BlobError::Unavailable { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.len() < LONGEST_TEXT + 200 && !text.contains('\n'),
            "{text}"
        );
    }
}
