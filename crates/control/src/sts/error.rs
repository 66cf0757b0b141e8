//! Errors of the query protocol: other names than the API's for the same faults, in XML.

use access::SignatureError;
use catalog::{RequestFailure, SessionFailure};
use http::{Response, StatusCode};
use model::{Error, ErrorKind};

use super::xml::Xml;
use crate::Body;
use crate::protocol::error::{Place, Refusal, log};

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(super) enum StsError {
    /// There is no `Action`.
    MissingAction,
    /// There is no such action here; the text is for whoever asked.
    UnknownAction(String),
    /// Who asks was not proved, or anything that any request can fail with.
    Refused(Refusal),
    /// No session was made.
    Session(SessionFailure),
}

impl StsError {
    pub(super) fn unknown_action(name: &str, version: &str) -> Self {
        let shown = |text: &str| -> String {
            let plain = text.chars().filter(|c| !c.is_control());
            plain.take(64).collect()
        };
        Self::UnknownAction(format!(
            "Could not find operation {} for version {}",
            shown(name),
            shown(version)
        ))
    }
}

impl From<Error> for StsError {
    fn from(error: Error) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Refusal> for StsError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<SessionFailure> for StsError {
    fn from(failure: SessionFailure) -> Self {
        match failure {
            SessionFailure::Other(error) => error.into(),
            other => Self::Session(other),
        }
    }
}

struct Shown {
    code: &'static str,
    status: StatusCode,
    message: String,
}

fn shown(code: &'static str, status: StatusCode, message: impl Into<String>) -> Shown {
    Shown {
        code,
        status,
        message: message.into(),
    }
}

/// What a failure is to its caller, as the audit record tells it.
pub(super) fn failure_of(error: &StsError) -> RequestFailure {
    let Shown { code, message, .. } = told(error);
    RequestFailure { code, message }
}

fn told(error: &StsError) -> Shown {
    match error {
        StsError::MissingAction => shown(
            "MissingAction",
            StatusCode::BAD_REQUEST,
            "The form has no Action. This address answers forms of the security token service.",
        ),
        StsError::UnknownAction(message)
        | StsError::Refused(Refusal::UnknownOperation(message)) => {
            shown("InvalidAction", StatusCode::BAD_REQUEST, message.clone())
        }
        StsError::Refused(Refusal::Failed(error)) => failure(error),
        StsError::Refused(Refusal::Signature(error)) => signature(error),
        StsError::Session(failure) => session(failure),
    }
}

/// Logs a failure and renders it.
pub(super) fn render(error: &StsError, place: &Place<'_>) -> Response<Body> {
    if let StsError::Refused(Refusal::Failed(error)) = error {
        log(error, place);
    }
    let Shown {
        code,
        status,
        message,
    } = told(error);
    let Place {
        request_id,
        operation,
        ref peer,
    } = *place;
    let peer = peer.0;
    tracing::info!(request_id, operation, %peer, code, "a request for a session or identity was refused");
    let sender = if status.is_server_error() {
        "Receiver"
    } else {
        "Sender"
    };
    let fault = Xml::default()
        .text("Type", sender)
        .text("Code", code)
        .text("Message", &message);
    Xml::default()
        .element("Error", &fault)
        .text("RequestId", request_id)
        .into_error(status)
}

fn failure(error: &Error) -> Shown {
    let message = error.message.as_str();
    match error.kind {
        ErrorKind::Invalid(_)
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::PreconditionFailed => {
            shown("ValidationError", StatusCode::BAD_REQUEST, message)
        }
        ErrorKind::Unauthenticated => shown("InvalidClientTokenId", StatusCode::FORBIDDEN, message),
        ErrorKind::AccessDenied => shown("AccessDenied", StatusCode::FORBIDDEN, message),
        ErrorKind::QuotaExceeded => shown("LimitExceeded", StatusCode::CONFLICT, message),
        ErrorKind::Throttled => shown("Throttling", StatusCode::BAD_REQUEST, message),
        ErrorKind::TooLarge => shown(
            "RequestEntityTooLarge",
            StatusCode::PAYLOAD_TOO_LARGE,
            message,
        ),
        ErrorKind::UpstreamUnavailable | ErrorKind::Unavailable => shown(
            "ServiceUnavailable",
            StatusCode::SERVICE_UNAVAILABLE,
            message,
        ),
        ErrorKind::Internal => shown(
            "InternalFailure",
            StatusCode::INTERNAL_SERVER_ERROR,
            "An internal error occurred.",
        ),
    }
}

fn signature(error: &SignatureError) -> Shown {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::FORBIDDEN);
    let code = match error {
        SignatureError::MissingAuthenticationToken => "MissingAuthenticationToken",
        SignatureError::Incomplete(_) => "IncompleteSignature",
        SignatureError::Invalid(_) | SignatureError::Mismatch => "SignatureDoesNotMatch",
        SignatureError::UnrecognizedClient => "InvalidClientTokenId",
        SignatureError::ExpiredToken => "ExpiredToken",
        SignatureError::PayloadMismatch { .. } | SignatureError::DeclaredHash(_) => {
            "ValidationError"
        }
    };
    shown(code, status, error.to_string())
}

fn session(failure: &SessionFailure) -> Shown {
    let code = match failure {
        SessionFailure::MalformedPolicy(_) => "MalformedPolicyDocument",
        SessionFailure::PackedPolicyTooLarge(_) => "PackedPolicyTooLarge",
        SessionFailure::InvalidIdentityToken(_) => "InvalidIdentityToken",
        SessionFailure::ExpiredIdentityToken(_) => "ExpiredTokenException",
        SessionFailure::ProviderUnreachable(_) => "IDPCommunicationError",
        SessionFailure::Other(error) => return self::failure(error),
    };
    shown(code, StatusCode::BAD_REQUEST, failure.to_string())
}
