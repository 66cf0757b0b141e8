//! The security token service, as far as clients of this service need it: who am I, and temporary credentials.
//!
//! It speaks the query protocol: a form with `Action` and `Version` posted to `/`, XML back. Clients come here when their
//! endpoint of STS, or of all services, is this server (`AWS_ENDPOINT_URL_STS`, `AWS_ENDPOINT_URL`).
//! Public documents: <https://docs.aws.amazon.com/STS/latest/APIReference/welcome.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>.

mod assume_role;
mod assume_role_with_web_identity;
mod error;
mod form;
mod get_caller_identity;
mod get_session_token;
mod issued;
mod xml;

use catalog::{Caller, Catalog, RateLimiter, RequestFacts, RequestPlace};
use http::{Method, Response, header, request};

use crate::Body;
use crate::protocol::authentication::{Scope, SentBody, authenticate};
use crate::protocol::error::Place;
use crate::protocol::request_body;

use self::error::StsError;
use self::form::Form;
use self::xml::Xml;

const EVENT_SOURCE: &str = "sts.amazonaws.com";
const VERSION: &str = "2011-06-15";
const FORM: &str = "application/x-www-form-urlencoded";

/// The largest form: the longest web identity token and the longest policies fit, encoded.
const BODY_LIMIT_BYTES: usize = 128 * 1024;

/// Whether a request is one for this service: a form posted to the root.
pub(crate) fn is_for(method: &Method, path: &str, headers: &http::HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|value| value.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next());
    method == Method::POST
        && path == "/"
        && essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(FORM))
}

/// What an answer is made with.
pub(crate) struct Service<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) limiter: Option<&'a RateLimiter>,
}

/// The operations that are here, and those of them that need no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    AssumeRole,
    AssumeRoleWithWebIdentity,
    GetCallerIdentity,
    GetSessionToken,
}

impl Action {
    const ALL: [Self; 4] = [
        Self::AssumeRole,
        Self::AssumeRoleWithWebIdentity,
        Self::GetCallerIdentity,
        Self::GetSessionToken,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::AssumeRole => "AssumeRole",
            Self::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
            Self::GetCallerIdentity => "GetCallerIdentity",
            Self::GetSessionToken => "GetSessionToken",
        }
    }
}

/// Answers a request, and notes the facts of it. What goes wrong is an answer too.
pub(crate) async fn answer(
    service: &Service<'_>,
    parts: &request::Parts,
    body: Body,
    place: Place<'_>,
    facts: &mut RequestFacts,
) -> Response<Body> {
    facts.source = EVENT_SOURCE;
    let outcome = run(service, parts, body, facts).await;
    let operation = facts.event;
    let place = Place { operation, ..place };
    match outcome {
        Ok(xml) => xml.into_response(operation, place.request_id),
        Err(error) => {
            facts.failure = Some(error::failure_of(&error));
            error::render(&error, &place)
        }
    }
}

async fn run(
    service: &Service<'_>,
    parts: &request::Parts,
    body: Body,
    facts: &mut RequestFacts,
) -> Result<Xml, StsError> {
    let body = request_body::read(body, BODY_LIMIT_BYTES).await?;
    let form = Form::read(parts.uri.query(), &body)?;
    let action = read_action(&form)?;
    facts.event = action.name();
    facts.is_read_only = action == Action::GetCallerIdentity;
    let catalog = service.catalog;
    catalog.see_all_writes().await?;
    let origin = parts.extensions.get::<RequestPlace>().copied();
    let origin = origin.unwrap_or_default();
    if action == Action::AssumeRoleWithWebIdentity {
        return assume_role_with_web_identity::run(catalog, &form, origin).await;
    }
    let caller = authenticate(catalog, parts, SentBody::Whole(&body), Scope::STS).await?;
    let caller: Caller = caller.at(origin);
    facts.caller = Some(caller.clone());
    if let Some(limiter) = service.limiter {
        limiter.take(caller.account(), catalog.now())?;
    }
    match action {
        Action::AssumeRole => assume_role::run(catalog, &caller, &form).await,
        Action::GetSessionToken => get_session_token::run(catalog, &caller, &form).await,
        Action::GetCallerIdentity | Action::AssumeRoleWithWebIdentity => {
            get_caller_identity::run(catalog, &caller).await
        }
    }
}

fn read_action(form: &Form) -> Result<Action, StsError> {
    let name = form.text("Action").ok_or(StsError::MissingAction)?;
    let version = form.text("Version").unwrap_or_default();
    let known = Action::ALL.into_iter().find(|one| one.name() == name);
    known
        .filter(|_| version == VERSION)
        .ok_or_else(|| StsError::unknown_action(name, version))
}
