//! Errors as AWS clients know them: the only place with exception names and statuses.
//!
//! The exceptions are those of the API reference, and those that any AWS service gives before it looks at the
//! operation. An error is logged here, once.

use access::SignatureError;
use http::{HeaderName, HeaderValue, Response, StatusCode, header, request};
use http_body_util::{BodyExt, Empty};
use model::{Error, ErrorKind, InvalidReason, Resource};
use serde::Serialize;

use super::json;
use crate::{Body, Peer};

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The operation, or reading its members, failed.
    Failed(Error),
    /// Who asks was not proved.
    Signature(SignatureError),
    /// No operation has this method and path; the text is for whoever asked.
    UnknownOperation(String),
}

impl Refusal {
    pub(crate) fn unknown_operation(parts: &request::Parts) -> Self {
        let path: String = parts.uri.path().chars().take(200).collect();
        Self::UnknownOperation(format!("There is no operation {} {path}.", parts.method))
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

/// Where an error happened, for the log.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) request_id: &'a str,
    pub(crate) operation: &'static str,
    pub(crate) peer: Peer,
}

/// An exception, ready to be written.
struct Exception<'a> {
    name: &'static str,
    status: StatusCode,
    body: ExceptionBody<'a>,
    retry_after_seconds: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExceptionBody<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

impl<'a> Exception<'a> {
    fn new(name: &'static str, status: StatusCode, message: &'a str) -> Self {
        Self {
            name,
            status,
            body: ExceptionBody {
                message,
                resource_id: None,
                resource_type: None,
                reason: None,
            },
            retry_after_seconds: None,
        }
    }

    fn because(mut self, reason: InvalidReason) -> Self {
        self.body.reason = Some(reason.as_str());
        self
    }

    fn about(mut self, resource: Option<&'a Resource>) -> Self {
        self.body.resource_id = resource.map(|resource| resource.id.as_str());
        self.body.resource_type = resource.map(|resource| resource.kind.as_str());
        self
    }
}

/// Logs a refusal and renders it.
pub(crate) fn render(refusal: &Refusal, place: &Place<'_>) -> Response<Body> {
    match refusal {
        Refusal::Failed(error) => {
            log(error, place);
            write(&failure(error))
        }
        Refusal::Signature(error) => {
            let Place {
                request_id,
                operation,
                peer: Peer(peer),
            } = place;
            let message = error.to_string();
            let exception = signature_failure(error, &message);
            let name = exception.name;
            tracing::info!(request_id, operation, %peer, exception = name, "a signature was refused");
            write(&exception)
        }
        Refusal::UnknownOperation(message) => write(
            &Exception::new("UnknownOperationException", StatusCode::NOT_FOUND, message)
                .because(InvalidReason::UnknownOperation),
        ),
    }
}

fn failure(error: &Error) -> Exception<'_> {
    let message = error.message.as_str();
    let exception = |name, status| Exception::new(name, status, message);
    let resource = error.resource.as_ref();
    match error.kind {
        ErrorKind::Invalid(reason) => {
            exception("ValidationException", StatusCode::BAD_REQUEST).because(reason)
        }
        // Credentials that were good when the request came in and are not any more.
        ErrorKind::Unauthenticated => {
            exception("UnrecognizedClientException", StatusCode::FORBIDDEN)
        }
        ErrorKind::AccessDenied => exception("AccessDeniedException", StatusCode::FORBIDDEN),
        ErrorKind::NotFound => {
            exception("ResourceNotFoundException", StatusCode::NOT_FOUND).about(resource)
        }
        // No operation takes conditions of HTTP.
        ErrorKind::Conflict | ErrorKind::PreconditionFailed => {
            exception("ConflictException", StatusCode::CONFLICT).about(resource)
        }
        ErrorKind::QuotaExceeded => exception(
            "ServiceQuotaExceededException",
            StatusCode::PAYMENT_REQUIRED,
        )
        .about(resource),
        ErrorKind::Throttled => Exception {
            retry_after_seconds: error.retry_after_seconds.or(Some(1)),
            ..exception("ThrottlingException", StatusCode::TOO_MANY_REQUESTS)
        },
        ErrorKind::TooLarge => exception(
            "RequestEntityTooLargeException",
            StatusCode::PAYLOAD_TOO_LARGE,
        ),
        ErrorKind::UpstreamUnavailable => Exception {
            retry_after_seconds: error.retry_after_seconds,
            ..exception("InternalServerException", StatusCode::INTERNAL_SERVER_ERROR)
        },
        // The API has no exception of its own for it; its clients try again after a 503.
        ErrorKind::Unavailable => Exception {
            retry_after_seconds: error.retry_after_seconds,
            ..exception("InternalServerException", StatusCode::SERVICE_UNAVAILABLE)
        },
        ErrorKind::Internal => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Exception::new(
                "InternalServerException",
                status,
                "An internal error occurred.",
            )
        }
    }
}

fn signature_failure<'a>(error: &SignatureError, message: &'a str) -> Exception<'a> {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::FORBIDDEN);
    let exception = Exception::new(error.exception(), status, message);
    match error {
        SignatureError::PayloadMismatch { .. } | SignatureError::DeclaredHash(_) => {
            exception.because(InvalidReason::FieldValidation)
        }
        SignatureError::MissingAuthenticationToken
        | SignatureError::Incomplete(_)
        | SignatureError::Invalid(_)
        | SignatureError::Mismatch
        | SignatureError::UnrecognizedClient
        | SignatureError::ExpiredToken => exception,
    }
}

/// Logs an error, once.
pub(crate) fn log(error: &Error, place: &Place<'_>) {
    let Place {
        request_id,
        operation,
        peer: Peer(peer),
    } = place;
    let kind = error.kind.label();
    match error.kind {
        ErrorKind::Internal => {
            let cause = causes(error);
            tracing::error!(request_id, operation, %peer, kind, cause, "a request failed");
        }
        ErrorKind::UpstreamUnavailable => {
            let cause = causes(error);
            tracing::warn!(request_id, operation, %peer, kind, cause, "a public source failed a request");
        }
        ErrorKind::Unavailable => {
            let cause = causes(error);
            tracing::warn!(request_id, operation, %peer, kind, cause, "the storage could not be reached for a request");
        }
        ErrorKind::Invalid(_)
        | ErrorKind::Unauthenticated
        | ErrorKind::AccessDenied
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::PreconditionFailed
        | ErrorKind::QuotaExceeded
        | ErrorKind::Throttled
        | ErrorKind::TooLarge => {
            tracing::debug!(request_id, operation, %peer, kind, "a request was refused");
        }
    }
}

/// All causes of an error, the nearest first.
fn causes(error: &Error) -> String {
    let mut texts = Vec::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.push(error.to_string());
        cause = error.source();
    }
    texts.join(": ")
}

fn write(exception: &Exception<'_>) -> Response<Body> {
    let mut response = json::reply(exception.status, &exception.body).unwrap_or_else(|_| {
        let mut bare = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
        *bare.status_mut() = exception.status;
        bare
    });
    let headers = response.headers_mut();
    headers.insert(ERROR_TYPE, HeaderValue::from_static(exception.name));
    if let Some(seconds) = exception.retry_after_seconds {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
