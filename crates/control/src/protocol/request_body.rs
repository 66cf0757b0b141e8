//! The body of a request: read whole, because the signature is over all of it, and never more than the limit.

use bytes::Bytes;
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use model::{Error, InvalidReason, Result};

use crate::Body;

/// Reads a body to its end.
pub(crate) async fn read(body: Body, limit_bytes: usize) -> Result<Bytes> {
    if body.size_hint().lower() > limit_bytes as u64 {
        return Err(too_large(limit_bytes));
    }
    match Limited::new(body, limit_bytes).collect().await {
        Ok(whole) => Ok(whole.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit_bytes)),
        Err(error) => Err(Error::invalid(
            InvalidReason::CannotParse,
            "The request body broke off before its end.",
        )
        .caused_by(error)),
    }
}

fn too_large(limit_bytes: usize) -> Error {
    Error::too_large(format!(
        "The request body is larger than the limit of {limit_bytes} bytes."
    ))
}
